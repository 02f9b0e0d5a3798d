"""Jobs, timelines, outputs and bills as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from suanwang.basics.languages import Texts
from suanwang.client.results import Fetched
from suanwang.client.screen.figures import (
    STATE_STYLES,
    ago,
    clock,
    duration,
    exact_money,
    figure,
    money,
    printable,
    size,
)
from suanwang.client.screen.plan import a_table
from suanwang.client.wire import Bill, JobView, TimelineLine


def state_text(state: str) -> Text:
    """Draw a state in its colour."""
    return Text(state, style=STATE_STYLES.get(state, ""))


def where(job: JobView) -> str:
    """Write where a job runs: zone/centre."""
    return "–" if job.centre is None else printable(f"{job.centre.zone}/{job.centre.name}")


def cost(job: JobView) -> str:
    """Write what a job cost, or at most may cost."""
    if job.charge is not None:
        return money(job.charge, job.currency)
    return "–" if job.limit is None else f"≤ {money(job.limit, job.currency)}"


def job_list(jobs: Sequence[JobView], say: Texts) -> RenderableType:
    """Draw a list of jobs, or what to do when there is none."""
    if not jobs:
        return Text(say("No jobs. Hand one in: suan job submit FILE"))
    table = a_table(
        "id", say("name"), say("kind"), say("state"), say("where"), say("exit"), say("cost"),
        say("age"), right=(5, 6, 7),
    )  # fmt: skip
    for job in jobs:
        code = "–" if job.exit_code is None else str(job.exit_code)
        name = job.name if job.array_index is None else f"{job.name}[{job.array_index}]"
        table.add_row(job.id, printable(name), job.kind, state_text(job.state), where(job), code,
                      cost(job), ago(job.created_at))  # fmt: skip
    return table


def job_page(
    job: JobView, lines: Sequence[TimelineLine], bill: Bill | None, say: Texts
) -> RenderableType:
    """Draw one job: facts, timeline, bill."""
    parts: list[RenderableType] = [_facts(job, say)]
    if lines:
        parts += ["", timeline(lines)]
    if bill is not None:
        parts += ["", bill_table(bill, say)]
    return Group(*parts)


def _facts(job: JobView, say: Texts) -> Table:
    table = Table.grid(padding=(0, 2))
    facts: list[tuple[str, Any]] = [
        (say("job"), f"{job.id}  {printable(job.name)}  ({job.kind})"),
        (
            say("array"),
            f"{job.array_id} [{job.array_index}]" if job.array_id is not None else None,
        ),
        (say("state"), state_text(job.state)),
        (say("where"), where(job)),
        (say("cards"), None if job.pool is None else f"{job.cards} × {job.pool.card_class}"),
        (say("start"), None if job.start_at is None else clock(job.start_at)),
        (say("finished"), None if job.finished_at is None else clock(job.finished_at)),
        (say("deadline"), None if job.deadline_at is None else clock(job.deadline_at)),
        (
            say("price"),
            None
            if job.price is None
            else say("{price}/card-hour", price=money(job.price, job.currency)),
        ),
        (say("cost"), cost(job)),
        (say("exit"), job.exit_code),
        (say("attempts"), job.attempt if job.attempt > 1 else None),
        (say("reason"), None if job.reason is None else Text(printable(job.reason.message))),
        *_usage(job.usage or {}, say),
    ]
    for name, value in facts:
        if value is not None:
            table.add_row(
                Text(name, style="bold"), value if isinstance(value, Text) else str(value)
            )
    return table


def _usage(usage: dict[str, Any] | Any, say: Texts) -> list[tuple[str, Any]]:  # noqa: ANN401 - JSON
    def number(key: str) -> float | None:
        try:
            return float(usage[key])
        except (KeyError, TypeError, ValueError):
            return None

    energy = number("energy_wh")
    wall, cpu = number("wall_seconds"), number("cpu_seconds")
    basis = f" ({usage.get('energy_basis')})" if usage.get("energy_basis") else ""
    return [
        (say("ran for"), None if wall is None else duration(wall)),
        (say("CPU time"), None if cpu is None else duration(cpu)),
        (say("energy"), None if energy is None else f"{figure(energy, 2)} Wh{basis}"),
    ]


def timeline(lines: Sequence[TimelineLine]) -> Table:
    """Draw what happened to a job, one line each."""
    table = Table.grid(padding=(0, 2))
    for line in lines:
        table.add_row(*timeline_row(line))
    return table


def timeline_row(line: TimelineLine) -> tuple[str, Text, Text, Text]:
    """Draw one line of a timeline."""
    shown = {k: v for k, v in line.detail.items() if v not in (None, "", [], {})}
    facts = "  ".join(f"{k}={_plain(v)}" for k, v in shown.items())
    return (clock(line.at), Text(line.verb, style="bold"), state_text(line.state),
            Text(printable(facts), style="dim"))  # fmt: skip


def _plain(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_plain(v)}" for k, v in value.items()) + "}"
    return str(value)


def bill_table(bill: Bill, say: Texts) -> Table:
    """Draw a bill: quantity × price = amount, and the total."""
    table = a_table(
        say("bill"), say("quantity"), say("unit"), say("price"), say("amount"), right=(1, 3, 4)
    )
    for line in bill.lines:
        price, amount = (exact_money(each, bill.currency) for each in (line.price, line.amount))
        table.add_row(line.kind, f"{line.quantity.normalize():f}", line.unit, price, amount)
    table.add_row(say("total"), "", "", "", exact_money(bill.total, bill.currency), style="bold")
    for part in bill.parts:
        amount = exact_money(Decimal(part["amount"]), bill.currency)
        table.add_row(f"→ {part['role']}", "", str(part["organisation_id"]), "", amount)
    return table


def results_table(found: Sequence[Fetched], say: Texts) -> RenderableType:
    """Draw what was fetched, and where the rest lies."""
    if not found:
        return Text(say("This job has no outputs."))
    table = a_table(say("output"), say("size"), "SHA-256", say("where"), right=(1,))
    for each in found:
        output = each.output
        place = str(each.path) if each.path else printable(output.location or "–")
        if each.path and not each.fresh:
            place += f" {say('(was here)')}"
        table.add_row(printable(output.name), size(output.bytes), (output.sha256 or "–")[:12],
                      place)  # fmt: skip
    return table
