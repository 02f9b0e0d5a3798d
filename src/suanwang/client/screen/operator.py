"""What operators see: organisations, projects, members, keys, records."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import RenderableType

from suanwang.basics.languages import Texts
from suanwang.client.screen.figures import clock, printable
from suanwang.client.screen.plan import a_table
from suanwang.client.wire_money import Key, Member, OperatorRecord, Organisation, Project


def organisation_list(found: Sequence[Organisation], say: Texts) -> RenderableType:
    """Draw organisations."""
    table = a_table("id", say("name"), say("kind"), say("state"))
    for each in found:
        table.add_row(each.id, printable(each.name), each.kind, each.state)
    return table


def project_list(found: Sequence[Project], say: Texts) -> RenderableType:
    """Draw projects."""
    table = a_table("id", say("name"), say("made"))
    for each in found:
        table.add_row(each.id, printable(each.name), clock(each.created_at))
    return table


def member_list(found: Sequence[Member], say: Texts) -> RenderableType:
    """Draw members."""
    table = a_table("id", say("name"), say("roles"), say("made"), say("removed"))
    for each in found:
        row = (printable(each.name), ", ".join(each.roles) or "–", clock(each.created_at))
        table.add_row(each.id, *row, clock(each.removed_at))
    return table


def key_list(found: Sequence[Key], say: Texts) -> RenderableType:
    """Draw keys."""
    table = a_table("id", say("role"), say("member"), say("made"), say("revoked"))
    for each in found:
        made, gone = (clock(at) if at else "–" for at in (each.created_at, each.revoked_at))
        table.add_row(each.id, each.role, each.member_id or "–", made, gone)
    return table


def record_list(found: Sequence[OperatorRecord], say: Texts) -> RenderableType:
    """Draw what operators did."""
    table = a_table("#", say("at"), say("action"), say("key"), say("what"), right=(0,))
    for each in found:
        what = json.dumps(dict(each.body), ensure_ascii=False)
        table.add_row(
            str(each.seq), clock(each.at), each.action, each.key_id or "–", printable(what)
        )
    return table
