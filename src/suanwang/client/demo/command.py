"""`suan demo`: the main job in one command."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from suanwang.basics.errors import SuanwangError
from suanwang.basics.languages import Texts, load_texts
from suanwang.client.demo.errors import WorkMissing
from suanwang.client.demo.play import Played, fresh_folder, play
from suanwang.client.demo.screen import Screen
from suanwang.client.talk import language

WIDTH_WITHOUT_TERMINAL = 120
NEEDED = ("fastapi", "psutil", "numpy", "sklearn", "openmm", "pyradiance", "PIL")


def demo(
    *,
    folder: Annotated[
        Path, typer.Option("--dir", help="Where everything is kept; created if it is not there.")
    ] = Path("suanwang-demo"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, nothing else.")
    ] = False,
    no_sandbox: Annotated[
        bool,
        typer.Option("--no-sandbox", help="Run jobs without bubblewrap, as containers may need."),
    ] = False,
    lang: Annotated[str | None, typer.Option(help="en or zh.")] = None,
) -> None:
    """Start a control plane and three centres, do four kinds of real work, settle the money."""
    say = load_texts("suanwang.client.demo", language(lang))
    width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
    screen = Screen(Console(stderr=as_json, width=width), say)
    try:
        _look_for_work()
        played = play(fresh_folder(folder), screen, sandbox=not no_sandbox)
    except SuanwangError as error:
        print(error.message(say.lang), file=sys.stderr)  # noqa: T201 - talk goes to stderr
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        print(say("Stopped; nothing is left running."), file=sys.stderr)  # noqa: T201
        raise typer.Exit(130) from None
    if as_json:
        print(json.dumps(played.record(), ensure_ascii=False))  # noqa: T201 - the result
    else:
        screen.note(_verdict(played, say))
        screen.note(say("Results, bills and logs: {dir}", dir=played.folder))
    raise typer.Exit(0 if played.good else 1)


def _verdict(played: Played, say: Texts) -> str:
    if not played.good:
        return say("Not everything settled; see the table and the logs.")
    return say(
        "All {count} jobs settled; the ledger balances over {transfers} transfers; {seconds} s.",
        count=len(played.jobs),
        transfers=played.ledger.transfers,
        seconds=round(played.seconds),
    )


def _look_for_work() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise WorkMissing(missing=", ".join(missing))
