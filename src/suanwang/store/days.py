"""Market days, their settlement runs, and what members were paid in them, as rows and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from suanwang.basics.ids import OrganisationId, SettlementId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.ledger.settlement import DayState
from suanwang.store import evidence
from suanwang.store.evidence import Evidence
from suanwang.store.outbox import Moment
from suanwang.store.tx import Row, Tx
from suanwang.store.values import NEWEST, instant, micros

UNFINISHED_MAX = 1_000
MEMBERS_MAX = 100_000
_NOTHING = Money.zero(CNY)
_SINCE = {
    DayState.PRELIMINARY: "preliminary_at",
    DayState.FINAL: "final_at",
    DayState.RESETTLED: "resettled_at",
    DayState.CLOSED: "closed_at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDay:
    """A market day and when it took its steps."""

    day: date
    state: DayState = DayState.OPEN
    preliminary_at: Instant | None = None
    final_at: Instant | None = None
    resettled_at: Instant | None = None
    closed_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A settlement run of a market day, and how far it has come."""

    id: str
    day: date
    state: str
    becomes: DayState  # the day's state with it; OPEN where it is one of several
    before: Instant
    bills: int = 0
    steps: int = 0
    done_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What one member was paid for a market day, as one net amount."""

    id: SettlementId
    organisation_id: OrganisationId
    day: str
    amount: Money
    at: Instant
    run_id: str | None = None
    state: str = "preliminary"
    bills: int = 0
    earned: Money = _NOTHING
    kept: Money = _NOTHING
    corrections: Money = _NOTHING


def opened(tx: Tx, day: date, *, act: Moment) -> MarketDay:
    """Return a market day, opened where it is not yet, and kept as it is until the end."""
    if tx.do("day_add", day=day.isoformat()):
        _say(tx, MarketDay(day=day), at=act.now)
    return _day(tx.one("day_to_share", day=day.isoformat()))


def shared(tx: Tx, day: date) -> MarketDay:
    """Return a market day, kept as it is until the transaction ends."""
    return _day(tx.one("day_to_share", day=day.isoformat()))


def for_update(tx: Tx, day: date) -> MarketDay:
    """Return a market day, locked until the transaction ends."""
    return _day(tx.one("day_for_update", day=day.isoformat()))


def enter(tx: Tx, day: MarketDay, state: DayState, *, act: Moment) -> MarketDay:
    """Let a market day take a step: its row, and its word on record."""
    after = replace(day, state=state, **{_SINCE[state]: act.now})
    tx.do(
        "day_save",
        day=after.day.isoformat(),
        state=after.state.value,
        **{name: micros(getattr(after, name)) for name in _SINCE.values()},
    )
    _say(tx, after, at=act.now)
    return after


def unfinished(tx: Tx) -> list[MarketDay]:
    """Return market days that are not closed, oldest first."""
    return [_day(row) for row in tx.all("days_unfinished", limit=UNFINISHED_MAX)]


def before(tx: Tx, day: str | None, *, limit: int) -> list[MarketDay]:
    """Return market days before one, newest first."""
    return [_day(row) for row in tx.all("days_before", before=day or NEWEST, limit=limit)]


def run_under_way(tx: Tx) -> Run | None:
    """Return the settlement run that is not done, locked."""
    row = tx.first("run_unfinished")
    return None if row is None else _run(row)


def begin_run(tx: Tx, day: date, *, becomes: DayState, before: Instant, at: Instant) -> Run:
    """Begin a settlement run; the caller has the day locked."""
    number = int(tx.one("run_last_number", day=day.isoformat()).number) + 1
    run = Run(id=f"{day}/{number}", day=day, state="gathering", becomes=becomes, before=before)
    tx.do(
        "run_add",
        id=run.id,
        day=day.isoformat(),
        number=number,
        state=run.state,
        becomes=becomes.value,
        before_at=to_micros(before),
        started_at=to_micros(at),
    )
    return run


def save_run(tx: Tx, run: Run) -> Run:
    """Write how far a run has come."""
    tx.do(
        "run_save",
        id=run.id,
        state=run.state,
        bills=run.bills,
        steps=run.steps,
        done_at=micros(run.done_at),
    )
    return run


def gather(tx: Tx, some: Iterable[Settlement]) -> None:
    """Add what members have earned by some bills to what they have in the run already."""
    tx.many(
        "settlement_gather",
        [
            {
                "id": each.id,
                "organisation_id": each.organisation_id,
                "day": each.day,
                "amount_units": each.amount.units,
                "at": to_micros(each.at),
                "run_id": each.run_id,
                "bills": each.bills,
                "earned_units": each.earned.units,
                "kept_units": each.kept.units,
            }
            for each in some
        ],
    )


def unpaid(tx: Tx, run: Run, *, limit: int) -> list[Settlement]:
    """Return members that a run has not paid yet."""
    rows = tx.all("settlements_unpaid", run_id=run.id, limit=limit)
    return [_settlement(row) for row in rows]


def unpaid_of(tx: Tx, run_id: str) -> list[Settlement]:
    """Return the statements of a run of corrections that are not on record yet."""
    rows = tx.all("settlements_unpaid", run_id=run_id, limit=MEMBERS_MAX)
    return [_settlement(row) for row in rows]


def correction_id(tx: Tx, run_id: str, member: OrganisationId) -> SettlementId | None:
    """Return the statement to which corrections of a member are added, if there is one yet."""
    row = tx.first("settlement_of_run", run_id=run_id, organisation_id=member)
    return None if row is None else SettlementId(row.id)


def correct(
    tx: Tx,
    settlement_id: SettlementId,
    member: OrganisationId,
    *,
    run_id: str,
    day: date,
    amount: Money,
    at: Instant,
) -> None:
    """Add what a correction moved to a member's statement."""
    tx.do(
        "settlement_correct",
        id=settlement_id,
        organisation_id=member,
        run_id=run_id,
        day=day.isoformat(),
        amount_units=amount.units,
        at=to_micros(at),
        state="resettled" if run_id.endswith("/resettlement") else "final",
        bills=1,
    )


def paid(tx: Tx, some: Iterable[Settlement], *, at: Instant) -> None:
    """Note that members are paid, and put their statements on record; each is paid once."""
    batch = list(some)
    rows = [{"id": each.id, "at": to_micros(at)} for each in batch]
    done = tx.many("settlement_paid", rows)
    assert done == len(rows), f"{len(rows) - done} members were paid before"
    evidence.add(tx, [statement(each, at=at) for each in batch])


def statement(each: Settlement, *, at: Instant) -> Evidence:
    """Write a member's settlement statement."""
    return Evidence(
        kind="settlement",
        id=each.id,
        record={
            "settlement_id": str(each.id),
            "organisation_id": str(each.organisation_id),
            "day": each.day,
            "run_id": each.run_id,
            "state": each.state,
            "bills": each.bills,
            "earned": str(each.earned),
            "kept": str(each.kept),
            "corrections": str(each.corrections),
            "net": str(each.amount),
            "currency": CNY.code,
        },
        at=at,
        organisation_id=each.organisation_id,
    )


def settlements_of(
    tx: Tx, organisation_id: str | None, *, before: str | None = None, limit: int = 100
) -> list[Settlement]:
    """Return what an organisation was paid (None: everybody), newest first."""
    rows = tx.all(
        "settlements_of", organisation_id=organisation_id, before=before or NEWEST, limit=limit
    )
    return [_settlement(row) for row in rows]


def _say(tx: Tx, day: MarketDay, *, at: Instant) -> None:
    record = {"day": day.day.isoformat(), "state": day.state.value}
    evidence.add_word(tx, Evidence(kind="market_day", id=day.day.isoformat(), record=record, at=at))


def _day(row: Row) -> MarketDay:
    return MarketDay(
        day=date.fromisoformat(row.day),
        state=DayState(row.state),
        preliminary_at=instant(row.preliminary_at),
        final_at=instant(row.final_at),
        resettled_at=instant(row.resettled_at),
        closed_at=instant(row.closed_at),
    )


def _run(row: Row) -> Run:
    return Run(
        id=row.id,
        day=date.fromisoformat(row.day),
        state=row.state,
        becomes=DayState(row.becomes),
        before=from_micros(row.before_at),
        bills=row.bills,
        steps=row.steps,
        done_at=instant(row.done_at),
    )


def _settlement(row: Row) -> Settlement:
    return Settlement(
        id=SettlementId(row.id),
        organisation_id=OrganisationId(row.organisation_id),
        day=row.day,
        amount=Money(row.amount_units, CNY),
        at=from_micros(row.at),
        run_id=row.run_id,
        state=row.state,
        bills=row.bills,
        earned=Money(row.earned_units, CNY),
        kept=Money(row.kept_units, CNY),
        corrections=Money(row.corrections_units, CNY),
    )
