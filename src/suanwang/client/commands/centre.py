"""`suan centre list|show|correct-usage`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from suanwang.basics.errors import Invalid
from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.talk import Talk

app = typer.Typer(
    cls=LateGroup,
    help="Compute centres.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)


@app.command("list", cls=ClientCommand)
def list_(ctx: typer.Context) -> None:
    """List the compute centres."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.grid import centre_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.centres.list(), lambda found: centre_list(found, talk.say))


@app.command(cls=ClientCommand)
def show(
    ctx: typer.Context,
    centre_id: Annotated[str, typer.Argument(metavar="CENTRE", show_default=False)],
) -> None:
    """Show a centre and its pools."""
    # Late, as above.
    from suanwang.client.screen.grid import centre_page  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.centres.get(centre_id)
    talk.show(found, lambda: centre_page(found, talk.say))


@app.command("correct-usage", cls=ClientCommand)
def correct_usage(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; operators must say.")] = "",
) -> None:
    """Send a corrected usage record that its centre has signed: JSON with usage and signature."""
    talk: Talk = ctx.obj
    said = _signed(file)
    usage = said["usage"]
    done = talk.grid.settlement.correct_usage(
        str(usage["lease_id"]), usage, signature=str(said["signature"]), reason=reason
    )
    talk.show(done, lambda: "  ".join(filter(None, (done.id, done.state, done.day, done.why))))


def _signed(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_text("utf-8"))
        if "lease_id" in said["usage"] and "signature" in said:
            return dict(said)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise Invalid(reason=f"expected {file} to be JSON with usage, its lease_id, and signature")
