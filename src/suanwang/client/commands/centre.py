"""`suan centre list|show`."""

from __future__ import annotations

from typing import Annotated

import typer

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
