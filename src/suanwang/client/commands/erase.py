"""`suan operator erase member|record`: a person's data, taken out of records for good."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from suanwang.client.command import ClientCommand
from suanwang.client.commands.operator import noun
from suanwang.client.errors import Declined
from suanwang.client.talk import Talk

app = noun("Erase a person's data from records; what accounting must keep is refused.")


class Ground(StrEnum):
    """The cases of PIPL art. 47."""

    PURPOSE_SERVED = "purpose-served"
    SERVICE_ENDED = "service-ended"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    UNLAWFUL = "unlawful"
    REQUIRED_BY_LAW = "required-by-law"


GroundOption = Annotated[
    Ground, typer.Option("--ground", help="Why, by PIPL art. 47.", show_default=False)
]
Reference = Annotated[
    str | None, typer.Option("--reference", help="The request's number; never a name.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_EXAMPLE = "Example: suan operator erase {} --ground consent-withdrawn --reference 2026-17"


@app.command(cls=ClientCommand, epilog=_EXAMPLE.format("member mbr_01JB…"))
def member(
    ctx: typer.Context,
    member_id: Annotated[str, typer.Argument(metavar="MEMBER", show_default=False)],
    *,
    ground: GroundOption,
    reference: Reference = None,
    yes: Yes = False,
) -> None:
    """Erase a removed member's name, and the orders of their jobs."""
    talk: Talk = ctx.obj
    more = _erase(talk, "member", member_id, ground=ground, reference=reference, asked=yes)
    while more:
        more = _erase(talk, "member", member_id, ground=ground, reference=reference, asked=True)


@app.command(cls=ClientCommand, epilog=_EXAMPLE.format("record order job_01JB…"))
def record(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", show_default=False)],
    record_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    *,
    ground: GroundOption,
    reference: Reference = None,
    yes: Yes = False,
) -> None:
    """Erase one record: KIND is order, party or voucher_party."""
    _erase(ctx.obj, kind, record_id, ground=ground, reference=reference, asked=yes)


def _erase(
    talk: Talk,
    kind: str,
    record_id: str,
    *,
    ground: Ground,
    reference: str | None,
    asked: bool,
) -> bool:
    if not asked and not talk.ask(talk.say("Erase {id} for good?", id=record_id)):
        raise Declined
    found = talk.grid.operator.erase(kind, record_id, ground=ground.value, reference=reference)
    talk.show(found, lambda: found.id)
    if not talk.quiet and not talk.json_:
        talk.tell(talk.say("{count} records erased", count=len(found.records)))
    return found.more
