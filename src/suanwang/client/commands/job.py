"""`suan job …`: hand in, look, follow, fetch, wait, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.errors import Declined
from suanwang.client.talk import Talk

app = typer.Typer(
    help="Jobs: hand in work and follow it.",
    cls=LateGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
JobIds = Annotated[
    list[str],
    typer.Argument(metavar="JOB...", show_default=False, help="Jobs, or arrays of jobs."),
]
OneJob = Annotated[str, typer.Argument(metavar="JOB", show_default=False)]
ARRAY_MARK = "arr_"
Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", show_default=False, help="- reads stdin.")
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a key of the file (deadline=6h)."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def each_job(talk: Talk, job_ids: Sequence[str]) -> list[str]:
    """Return the ids of jobs; an array's id stands for its members."""
    found: list[str] = []
    for each in job_ids:
        if each.startswith(ARRAY_MARK):
            members = talk.grid.jobs.list(array_id=each, sort="created")
            found += [job.id for job in members] or [each]
        else:
            found.append(each)
    return list(dict.fromkeys(found))


@app.command(cls=ClientCommand, epilog="Example: suan job submit train.yaml --yes --follow")
def submit(
    ctx: typer.Context,
    files: Files,
    *,
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the plan; hand nothing in.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Then follow timeline and output.")
    ] = False,
    changes: Changes = None,
) -> None:
    """Hand in jobs: check, plan with prices, ask, hold the money, run."""
    # Late: checking, drawing and HTTP take half a second to load, which --help must not pay.
    from suanwang.client.commands.submission import quote_files, submit_files  # noqa: PLC0415

    if dry_run:
        quote_files(ctx.obj, files, changes or ())
        return
    jobs = submit_files(ctx.obj, files, changes or (), yes=yes)
    if follow:
        # Late, as above.
        from suanwang.client.commands.following import follow_jobs  # noqa: PLC0415

        raise typer.Exit(follow_jobs(ctx.obj, jobs))


@app.command(cls=ClientCommand, epilog="Example: suan job quote train.yaml --set deadline=6h")
def quote(ctx: typer.Context, files: Files, *, changes: Changes = None) -> None:
    """Show plan and price without handing anything in."""
    # Late, as above.
    from suanwang.client.commands.submission import quote_files  # noqa: PLC0415

    quote_files(ctx.obj, files, changes or ())


@app.command(
    "list", cls=ClientCommand, epilog="Example: suan job list --state running --json id,state"
)
def list_(
    ctx: typer.Context,
    *,
    state: Annotated[str | None, typer.Option(help="Only in this state, such as RUNNING.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind, such as train.")] = None,
    name: Annotated[str | None, typer.Option(help="Only with this name.")] = None,
    array: Annotated[str | None, typer.Option(help="Only members of this array.")] = None,
    most: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 50,
) -> None:
    """List jobs, newest first."""
    # Late, as above.
    from suanwang.client.screen.jobs import job_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.jobs.list(
        state=state.upper() if state else None, kind=kind, name=name, array_id=array, most=most
    )
    talk.show_all(found, lambda jobs: job_list(jobs, talk.say))


@app.command(cls=ClientCommand)
def show(ctx: typer.Context, job_ids: JobIds) -> None:
    """Show jobs with their timeline and bill."""
    # Late, as above.
    from suanwang.client.commands.looking import show_job  # noqa: PLC0415

    for job_id in each_job(ctx.obj, job_ids):
        show_job(ctx.obj, job_id)


@app.command(cls=ClientCommand, epilog="Example: suan job logs -f job_01JB3…")
def logs(
    ctx: typer.Context,
    job_id: OneJob,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")
    ] = False,
    after: Annotated[str, typer.Option(help="Only lines after this cursor.")] = "",
) -> None:
    """Print what a job prints: its stdout to stdout, its stderr to stderr."""
    # Late, as above.
    from suanwang.client.commands.looking import print_logs  # noqa: PLC0415

    code = print_logs(ctx.obj, job_id, follow=follow, after=after)
    raise typer.Exit(code)


@app.command(cls=ClientCommand, epilog="Example: suan job results job_01JB3… --dir results")
def results(
    ctx: typer.Context,
    job_ids: JobIds,
    *,
    folder: Annotated[
        Path, typer.Option("--dir", "-d", metavar="DIR", help="Where to; made if missing.")
    ] = Path(),
) -> None:
    """Fetch outputs, each checked against its SHA-256. Several jobs: a folder for each."""
    # Late, as above.
    from suanwang.client.commands.looking import fetch_results  # noqa: PLC0415

    found = each_job(ctx.obj, job_ids)
    for job_id in found:
        fetch_results(ctx.obj, job_id, folder / job_id if len(found) > 1 else folder)


@app.command(
    cls=ClientCommand, epilog="Example: suan job submit train.yaml -yq | xargs suan job wait"
)
def wait(
    ctx: typer.Context,
    job_ids: JobIds,
    *,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0, metavar="SECONDS", help="Then exit with 6.")
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with the job's own code.")
    ] = False,
    settled: Annotated[
        bool, typer.Option("--settled", help="Wait for the bill's settlement, too.")
    ] = False,
) -> None:
    """Wait until jobs have ended: exit 0 if all went well, 10 if one did not."""
    # Late, as above.
    from suanwang.client.commands.following import wait_for_jobs  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = each_job(talk, job_ids)
    code = wait_for_jobs(talk, found, timeout=timeout, own_code=exit_code, settled=settled)
    raise typer.Exit(code)


@app.command(cls=ClientCommand)
def cancel(ctx: typer.Context, job_ids: JobIds, *, yes: Yes = False) -> None:
    """End jobs; what they have used is billed."""
    talk: Talk = ctx.obj
    say, found = talk.say, each_job(talk, job_ids)
    if not yes and not talk.ask(say("Cancel {count} job(s)?", count=len(found))):
        raise Declined
    for job_id in found:
        done = talk.grid.jobs.cancel(job_id)
        if done.is_final:
            talk.tell(say("{id} is cancelled.", id=done.id))
        else:
            talk.tell(say("{id} ({state}) is asked to stop.", id=done.id, state=done.state))
        talk.show(done, lambda: None)
