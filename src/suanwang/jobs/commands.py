"""`suan job check`: says what is wrong with a job file and where, without server or network."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from pathlib import Path
from typing import Annotated

import typer

from suanwang.basics.languages import Texts, choose_language, load_texts
from suanwang.jobs.check import Checked, Mistake, check_bytes, unreadable
from suanwang.jobs.document import BYTES_MAX
from suanwang.jobs.errors import Wrong
from suanwang.jobs.values import format_duration

EXIT_BAD = 2
_SHOWN_COLUMNS = 100
_LANGUAGE_NAMES = ("SUANWANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_STDIN = "-"


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", show_default=False)],
    *,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
    lang: Annotated[str | None, typer.Option("--lang", help="en or zh; else LANG.")] = None,
) -> None:
    """Check job files and explain every mistake with its line. Needs no server and no login.

    Exit code 0: all good. 2: at least one is bad. FILE - reads standard input.
    """
    say = load_texts("suanwang.jobs", _language(lang))
    # A terminal that cannot show a character shows its number; it never ends the command.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    bad = 0
    for name in files:
        data, checked = _checked(name)
        bad += not checked.ok
        if json_:
            typer.echo(json.dumps(_wire(checked), ensure_ascii=False))
        else:
            typer.echo(_report(checked, data.decode("utf-8", "replace"), say))
    if bad:
        raise typer.Exit(EXIT_BAD)


def _language(wish: str | None) -> str:
    return choose_language(wish, *(os.environ.get(n) for n in _LANGUAGE_NAMES))


def _checked(name: str) -> tuple[bytes, Checked]:
    """Read at most one byte too many: a pipe or a device may have no end."""
    try:
        if name == _STDIN:
            data = sys.stdin.buffer.read(BYTES_MAX + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        return b"", unreadable(name, Wrong("file-missing"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return b"", unreadable(name, Wrong("file-unreadable", reason=reason))
    return data, check_bytes(data, name=name)


def _wire(checked: Checked) -> dict[str, object]:
    return {
        "file": checked.name,
        "ok": checked.ok,
        "mistakes": [each.to_wire() for each in checked.mistakes],
        "warnings": [each.to_wire() for each in checked.warnings],
    }


def _report(checked: Checked, text: str, say: Texts) -> str:
    lines = text.removeprefix("\ufeff").split("\n")
    parts = [_explain(checked.name, each, lines, say, warning=False) for each in checked.mistakes]
    parts += [_explain(checked.name, each, lines, say, warning=True) for each in checked.warnings]
    if checked.ok:
        parts.append(_good(checked, say))
    return "\n".join(parts)


def _good(checked: Checked, say: Texts) -> str:
    spec = checked.spec
    assert spec is not None, "only a good file has a spec"
    return say(
        "{file}: good: {name} ({kind}), cards {cards}, members {members}, time limit {limit}",
        file=checked.name,
        kind=spec.kind,
        name=spec.name,
        cards=spec.resources.cards,
        members=len(spec.array) if spec.array else 1,
        limit=format_duration(spec.time_limit),
    )


def _explain(file: str, mistake: Mistake, lines: list[str], say: Texts, *, warning: bool) -> str:
    """Write `file:line:column: message`, the line itself, and a caret below the place."""
    place = "" if mistake.line is None else f":{mistake.line}:{mistake.column}"
    kind = say("note: ") if warning else ""
    head = f"{_printable(file)}{place}: {kind}{mistake.message(say.lang)}"
    if mistake.line is None or mistake.column is None or mistake.line > len(lines):
        return head
    shown, offset = _window(lines[mistake.line - 1].rstrip("\r"), mistake.column)
    if not shown.strip():
        return head
    caret = " " * sum(_width(character) for character in shown[:offset]) + "^"
    return f"{head}\n    {shown}\n    {caret}"


def _window(line: str, column: int) -> tuple[str, int]:
    """Cut a long line around the column, and show control characters as a mark."""
    start = max(0, column - 1 - _SHOWN_COLUMNS // 2) if len(line) > _SHOWN_COLUMNS else 0
    shown = _printable(line[start : start + _SHOWN_COLUMNS])
    return shown, column - 1 - start


def _printable(text: str) -> str:
    # A file name or line must not steer the terminal.
    return "".join(c if c.isprintable() else "�" if c != "\t" else " " for c in text)


def _width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
