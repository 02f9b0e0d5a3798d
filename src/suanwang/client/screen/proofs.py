"""Heads of the log, on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from suanwang.basics.languages import Texts
from suanwang.client.screen.figures import clock, printable
from suanwang.client.screen.plan import a_table
from suanwang.client.wire_proofs import Head

_ROOT_LINE = 2  # of a checkpoint: origin, size, root


def head_list(found: Sequence[Head], say: Texts) -> RenderableType:
    """Draw heads: size, time, root, and how many witnesses cosigned."""
    table = a_table(say("leaves"), say("signed"), say("root"), say("witnesses"))
    for each in found:
        text, _, signatures = each.note.partition("\n\n")
        root = text.split("\n")[_ROOT_LINE] if text.count("\n") >= _ROOT_LINE else "?"
        witnesses = max(0, signatures.count("\n") - 1)
        table.add_row(str(each.size), clock(each.at), printable(root), str(witnesses))
    return table
