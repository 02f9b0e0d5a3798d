"""Jobs, quotes, timelines, logs, outputs and bills, as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import TypedDict

from suanwang.basics.slots import Instant
from suanwang.flows import reasons
from suanwang.flows.show_budgets import Shown
from suanwang.grid.demand import Option
from suanwang.grid.explain import explain
from suanwang.server.wire.budgets import BudgetLeftOut, budgets_left
from suanwang.server.wire.places import CentreName, PlaceNames, PoolName
from suanwang.server.wire.texts import CURRENCY, always, amount, instant, seconds, shown
from suanwang.store.jobs import Job
from suanwang.store.logs import LogLine
from suanwang.store.outputs import Output
from suanwang.store.quotes import Quote
from suanwang.store.timeline import Line


class ReasonOut(TypedDict):
    """Why a job ended as it did."""

    code: str
    message: str


class JobOut(TypedDict):
    """One job. Amounts are decimal strings of `currency`; `price` is per card-hour."""

    id: str
    name: str
    kind: str
    state: str
    organisation_id: str
    project_id: str | None
    member_id: str | None
    array_id: str | None
    array_index: int | None
    array_count: int | None
    created_at: str
    updated_at: str
    finished_at: str | None
    deadline_at: str | None
    accepted: bool
    waits: bool
    quote_expires_at: str | None
    centre: CentreName | None
    pool: PoolName | None
    cards: int | None
    start_at: str | None
    end_at: str | None
    price: str | None
    limit: str | None
    charge: str | None
    currency: str
    exit_code: int | None
    reason: ReasonOut | None
    usage: dict[str, Any] | None
    attempt: int
    token: int
    cancel_asked: bool


class JobsOut(TypedDict):
    """A page of jobs."""

    items: list[JobOut]
    next_cursor: str | None


class OptionOut(TypedDict):
    """One pool that could run the job, or the reason why it cannot (`why_not`)."""

    pool_id: str
    centre_id: str
    centre: str
    zone: str
    card_class: str
    cards: int
    start: str | None
    finish: str | None
    run_seconds: int | None
    data_seconds: int | None
    price: str
    compute_cost: str
    data_cost: str
    store_cost: str
    cost: str
    cost_at_most: str
    energy_wh: float
    carbon_g: float
    carbon_intensity: float
    latency_ms: float | None
    score: float | None
    why: str
    why_not: str | None
    why_detail: dict[str, str]
    why_text: str
    chosen: bool


class QuoteOut(TypedDict):
    """What a job could run on, best first; `hold` is reserved when it is accepted."""

    options: list[OptionOut]
    chosen: OptionOut | None
    hold: str | None
    currency: str
    expires_at: str | None
    budgets: list[BudgetLeftOut]


class TimelineItem(TypedDict):
    """One thing that happened to a job."""

    seq: int
    at: str
    verb: str
    state: str
    detail: dict[str, Any]


class TimelineOut(TypedDict):
    """A job's history, oldest first."""

    items: list[TimelineItem]
    next_cursor: str | None


class OutputOut(TypedDict):
    """One output of a job: `blob` lies here, `url` where the buyer said, `cold` in a cold store."""

    name: str
    kind: str
    sha256: str | None
    bytes: int | None
    location: str | None
    at: str


class OutputsOut(TypedDict):
    """A job's outputs."""

    items: list[OutputOut]
    next_cursor: str | None


class LogOut(TypedDict):
    """One line that a job printed; `cursor` continues after it."""

    token: int
    seq: int
    at: str
    stream: str
    text: str
    cursor: str


def job_out(job: Job, names: PlaceNames, *, lang: str) -> JobOut:
    """Write a job."""
    message = reasons.message(job, lang)
    return {
        "id": job.id,
        "name": job.name,
        "kind": job.kind,
        "state": job.state.value,
        "organisation_id": job.organisation_id,
        "project_id": job.project_id,
        "member_id": job.member_id,
        "array_id": job.array_id,
        "array_index": job.array_index,
        "array_count": job.array_count,
        "created_at": always(job.created_at),
        "updated_at": always(job.updated_at),
        "finished_at": instant(job.finished_at),
        "deadline_at": instant(job.deadline_at),
        "accepted": job.accepted_at is not None or job.accept,
        "waits": job.waits,
        "quote_expires_at": instant(job.quote_expires_at),
        "centre": names.centre(job.centre_id),
        "pool": names.pool(job.pool_id),
        "cards": job.cards,
        "start_at": instant(job.start_at),
        "end_at": instant(job.end_at),
        "price": amount(job.price),
        "limit": amount(job.limit),
        "charge": amount(job.charge),
        "currency": CURRENCY,
        "exit_code": job.exit_code,
        "reason": None
        if job.reason_code is None
        else {"code": job.reason_code, "message": message or ""},
        "usage": None if job.usage is None else dict(job.usage),
        "attempt": job.attempt,
        "token": job.token,
        "cancel_asked": job.cancel_at is not None,
    }


def option_out(option: Option, *, lang: str) -> OptionOut:
    """Write one row of a plan."""
    return {
        "pool_id": option.pool_id,
        "centre_id": option.centre_id,
        "centre": option.centre,
        "zone": option.zone,
        "card_class": option.card_class,
        "cards": option.cards,
        "start": instant(option.start),
        "finish": instant(option.finish),
        "run_seconds": seconds(option.run_time),
        "data_seconds": seconds(option.data_time),
        "price": shown(option.price),
        "compute_cost": shown(option.compute_cost),
        "data_cost": shown(option.data_cost),
        "store_cost": shown(option.store_cost),
        "cost": shown(option.cost),
        "cost_at_most": shown(option.cost_at_most),
        "energy_wh": round(option.energy_wh, 3),
        "carbon_g": round(option.carbon_g, 3),
        "carbon_intensity": round(option.carbon_intensity, 1),
        "latency_ms": None if option.latency_ms is None else round(option.latency_ms, 2),
        "score": None if option.score is None else round(option.score, 6),
        "why": option.why,
        "why_not": None if option.why_not is None else option.why_not.value,
        "why_detail": {key: str(value) for key, value in option.why_detail.items()},
        "why_text": explain(option, lang),
        "chosen": option.chosen,
    }


def quote_out(quote: Quote, *, lang: str, budgets: Sequence[Shown], held: bool) -> QuoteOut:
    """Write a quote. `held`: it was accepted, so nothing more is asked of budgets."""
    document = options_out(quote.options, lang=lang, expires_at=quote.expires_at, budgets=budgets)
    return {**document, "budgets": budgets_left(budgets, None)} if held else document


def options_out(
    options: Sequence[Option],
    *,
    lang: str,
    expires_at: Instant | None,
    budgets: Sequence[Shown] = (),
) -> QuoteOut:
    """Write the rows of a plan; a plan without obligation does not expire."""
    rows = [option_out(option, lang=lang) for option in options]
    chosen = next((row for row in rows if row["chosen"]), None)
    return {
        "options": rows,
        "chosen": chosen,
        "hold": None if chosen is None else chosen["cost_at_most"],
        "currency": CURRENCY,
        "expires_at": instant(expires_at),
        "budgets": budgets_left(budgets, next((each for each in options if each.chosen), None)),
    }


def timeline_item(line: Line) -> TimelineItem:
    """Write one line of a job's history."""
    return {
        "seq": line.seq,
        "at": always(line.at),
        "verb": line.verb,
        "state": line.state,
        "detail": dict(line.detail),
    }


def log_out(line: LogLine) -> LogOut:
    """Write one printed line."""
    return {
        "token": line.token,
        "seq": line.seq,
        "at": always(line.at),
        "stream": line.stream,
        "text": line.text,
        "cursor": f"{line.token}.{line.seq}",
    }


def output_out(output: Output) -> OutputOut:
    """Write one output."""
    return {
        "name": output.name,
        "kind": output.kind,
        "sha256": output.sha256,
        "bytes": output.bytes,
        "location": output.location,
        "at": always(output.at),
    }
