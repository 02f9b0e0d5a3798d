"""Writes a RESULT, whole or not at all, and sums it up for people and programs."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer

from suanwang.basics.languages import Texts
from suanwang.market.command_errors import OutputHasNoPlace, OutputIsCase

Document = dict[str, Any]
STDOUT = "-"


def check_output(out: str, case: Path) -> None:
    """Refuse a place where RESULT cannot go, before any work is done.

    Raises OutputHasNoPlace or OutputIsCase.
    """
    if out == STDOUT:
        return
    path = Path(out)
    if path.is_dir() or not path.parent.is_dir():
        raise OutputHasNoPlace(file=out)
    if path.exists() and case.exists() and path.samefile(case):
        raise OutputIsCase(file=out)


def write_result(out: str, document: Document) -> None:
    """Write RESULT to a file or, for "-", to stdout.

    A file is there whole or as it was before: the text goes to a file beside it, which then takes
    its name.
    """
    # Late: it needs numpy.
    from suanwang.market.case.write import case_to_json  # noqa: PLC0415

    content = case_to_json(document)
    if out == STDOUT:
        typer.echo(content.decode(), nl=False)
        return
    path = Path(out).resolve()
    if path.exists() and not path.is_file():
        path.write_bytes(content)  # a pipe or a device keeps its place
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def summary_of(document: Document, *, orders: int, out: str) -> Document:
    """Return what a program wants to know of a RESULT at once."""
    accepted = len(document["accepted"]) + sum(job["accepted"] for job in document["jobs"])
    keys = ("case_sha256", "status", "work", "welfare", "bound", "gap", "congestion_rent")
    return {
        "result": out,
        **{key: document[key] for key in keys},
        "orders": orders,
        "accepted": accepted,
        "rejected": orders - accepted,
        "rejected_profitable": len(document["rejected_profitable"]),
    }


def summary_text(summary: Document, say: Texts) -> str:
    """Return the summary for people."""
    missed = summary["rejected_profitable"]
    lines = [
        say("Welfare: {amount} yuan", amount=_money(summary["welfare"])),
        say("Proven bound: {amount} yuan", amount=_money(summary["bound"])),
        say("Gap: {amount} yuan, {part} of the bound", amount=_money(summary["gap"]),
            part=_part(summary)),
        say("Accepted: {accepted} of {count} orders, in whole or in part",
            accepted=summary["accepted"], count=summary["orders"]),
    ]  # fmt: skip
    if missed:
        lines.append(say("Rejected though they would gain at these prices: {count}", count=missed))
    return "\n".join([*lines, say("RESULT: {file}", file=summary["result"])])


def _money(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _part(summary: Document) -> str:
    """Write gap ÷ bound in per cent with three digits."""
    gap, bound = Decimal(summary["gap"]), abs(Decimal(summary["bound"]))
    if not gap:
        return "0 %"
    return f"{float(gap / bound * 100):.3g} %" if bound else "?"
