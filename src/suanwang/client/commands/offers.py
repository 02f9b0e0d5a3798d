"""`suan offers QUERY`: what can be had now."""

from __future__ import annotations

from typing import Annotated

import typer

from suanwang.client.talk import Talk


def offers(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]",
            show_default=False,
            help="card=a100* price<9 zone=guian cards>=8",
        ),
    ] = None,
    *,
    most: Annotated[
        int | None, typer.Option("--limit", min=1, max=10_000, help="At most so many.")
    ] = None,
) -> None:
    """List what can be had now, cheapest first.

    Terms: card zone city province centre pool (= or !=, with * and ?), price free cards nodes
    cores memory (= != < <= > >=). Put the query in quotes: < and > are the shell's own.
    """
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.grid import offer_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.offers.list(" ".join(query or ()), most=most)
    talk.show_all(found, lambda each: offer_list(each, talk.say), id_key="pool_id")
