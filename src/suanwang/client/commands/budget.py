"""`suan budget …`: what an organisation, a project or a member may spend in a month.

set    list    show    remove
"""

from __future__ import annotations

from typing import Annotated

import typer

from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.talk import Talk

app = typer.Typer(
    cls=LateGroup,
    help="Budgets: what may be spent in a month.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
BudgetId = Annotated[str, typer.Argument(metavar="BUDGET", show_default=False)]
Month = Annotated[
    str | None, typer.Option("--month", metavar="MONTH", help="Such as 2026-11; else this month.")
]
JOBS_MAX = 50


@app.command(
    "set",
    cls=ClientCommand,
    epilog="Example: suan budget set 5000 --project vision --warn-at 50 --warn-at 90",
)
def set_budget(
    ctx: typer.Context,
    amount: Annotated[str, typer.Argument(metavar="YUAN", show_default=False)],
    *,
    project: Annotated[
        str | None, typer.Option("--project", help="Its name or id; else everybody's jobs.")
    ] = None,
    member: Annotated[
        str | None, typer.Option("--member", metavar="MEMBER", help="One member's jobs.")
    ] = None,
    organisation: Annotated[
        str | None, typer.Option("--organisation", help="Whose, for operators.")
    ] = None,
    stop: Annotated[
        str, typer.Option("--stop", help="hard: nothing more is accepted; warn: only told.")
    ] = "hard",
    warn_at: Annotated[
        list[int] | None,
        typer.Option("--warn-at", metavar="PERCENT", help="When to tell; may be repeated."),
    ] = None,
    job_max: Annotated[
        str | None, typer.Option("--job-max", metavar="YUAN", help="The most for one job.")
    ] = None,
    hourly_max: Annotated[
        str | None,
        typer.Option("--hourly-max", metavar="YUAN", help="The most for a job's cards an hour."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="MONTH", help="Its first month.")
    ] = None,
) -> None:
    """Set a monthly budget, or change the one there is; this month's spending so far counts."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.budgets import budget_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.budgets.set(
        amount, project=project, member_id=member, organisation_id=organisation, stop=stop,
        warn_at=warn_at or None, job_max=job_max, hourly_max=hourly_max, since=since,
    )  # fmt: skip
    talk.show(found, lambda: budget_list([found], talk.say))


@app.command("list", cls=ClientCommand)
def list_budgets(ctx: typer.Context, *, month: Month = None) -> None:
    """List budgets: used, held, left."""
    # Late, as above.
    from suanwang.client.screen.budgets import budget_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.budgets.list(month=month), lambda found: budget_list(found, talk.say))


@app.command(cls=ClientCommand, epilog="Example: suan budget show bdg_01JB… --month 2026-11")
def show(ctx: typer.Context, budget: BudgetId, *, month: Month = None) -> None:
    """Show a budget in a month, and which jobs took how much of it."""
    # Late, as above.
    from suanwang.client.screen.budgets import budget_page  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.budgets.get(budget, month=month)
    jobs = list(talk.grid.budgets.jobs(budget, month=month, most=JOBS_MAX))
    if talk.json_:
        talk.write_json({**found.raw, "jobs": [each.raw for each in jobs]})
        return
    talk.show(found, lambda: budget_page(found, jobs, talk.say))


@app.command(cls=ClientCommand)
def remove(ctx: typer.Context, budget: BudgetId) -> None:
    """Remove a budget; what it holds goes on until its jobs are paid."""
    talk: Talk = ctx.obj
    talk.grid.budgets.remove(budget)
    talk.tell(talk.say("Removed: {name}", name=budget))
