"""`suan ledger verify`: of a bundle here, with no server, database or network; else of a database.

A bundle is checked by this room alone, so that a plain install can do it on any machine. What
checks a database lives in the server's room and is found by the entry-point group
`suanwang.checks`, loaded only when it is asked for.
"""

from __future__ import annotations

import json
import os
import sys
from copy import copy
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from suanwang.basics.errors import SuanwangError
from suanwang.basics.languages import Texts, choose_language, load_texts
from suanwang.ledger.archive.verify import ExportVerdict, verify_export
from suanwang.ledger.log.bundle import BYTES_MAX, verify_bundle
from suanwang.ledger.log.errors import BundleWrong, DatabaseCheckMissing
from suanwang.ledger.log.notes import NOTE_BYTES_MAX
from suanwang.ledger.log.verdict import Verdict
from suanwang.ledger.reports import plain, report_of_bundle, report_of_export

EXIT_NOT_PROVEN = 1
_LANGUAGE_NAMES = ("SUANWANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_STDIN = "-"
_HEADINGS = ("Usage: ", "Options:", "Show this message and exit.")


def _texts(lang: str | None = None) -> Texts:
    wishes = (os.environ.get(name) for name in _LANGUAGE_NAMES)
    return load_texts("suanwang.ledger", choose_language(lang, *wishes))


def _database_check() -> Any:  # noqa: ANN401 - a command of Typer's
    """Load the command that checks a database. Raises DatabaseCheckMissing."""
    for entry in entry_points(group="suanwang.checks", name="ledger"):
        try:
            check = entry.load()
        except ImportError:
            break
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command("verify")(check)
        return typer.main.get_command(app)
    raise DatabaseCheckMissing


class VerifyCommand(TyperCommand):
    """Lets the database's check take over the command line where no --bundle is on it."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401 - Typer's own
        **extra: Any,  # noqa: ANN401 - Typer's own
    ) -> Any:  # noqa: ANN401 - Typer's own
        """Choose by the command line who reads it."""
        ours = {"--bundle", "--export", "--help", "-h"}
        command: Any = super()
        if not any(each.partition("=")[0] in ours for each in args):
            try:
                command = _database_check()
            except DatabaseCheckMissing as problem:
                _tell_error(problem, _texts())
                raise typer.Exit(problem.exit_code) from None
        return command.make_context(info_name, args, parent=parent, **extra)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own
        """Run the command that read the command line."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - Typer's own
        """Return the help, with the options of the database's check where it is installed."""
        say = _texts(ctx.params.get("lang"))
        shown = copy(self)
        shown.help = say(self.help) if self.help else None
        params: list[Any] = [copy(each) for each in self.params]
        for param in params:
            text = getattr(param, "help", None)
            param.help = say(text) if text else text
            param.required = False  # the database's check does without
        own = {each.name for each in self.params}
        try:
            theirs = _database_check().params
        except DatabaseCheckMissing:
            theirs = []
        for param in theirs:
            param.help = say(param.help) if getattr(param, "help", None) else None
        shown.params = params + [each for each in theirs if each.name not in own]
        text = TyperCommand.get_help(shown, ctx)
        for heading in _HEADINGS:
            text = text.replace(heading, say(heading))
        return text


verify = typer.Typer(add_completion=False, rich_markup_mode=None)


@verify.command("verify", cls=VerifyCommand)
def verify_(
    *,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Check this bundle, offline; - is stdin.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="DIR", help="Check this export of the log, offline."),
    ] = None,
    since: Annotated[
        list[Path] | None,
        typer.Option("--since", metavar="DIR", help="What it continues, oldest first; repeatable."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", help="File with the exchange's key, which the bundle must have."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    lang: Annotated[str | None, typer.Option("--lang", help="Language: en or zh.")] = None,
) -> None:
    """Check a bundle or an export, needing nothing else; without them, a whole database.

    Exit code 0: proven. 1: not proven, with the first record that is wrong, or not readable.
    """
    say = _texts(lang)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        pin = None if key is None else _read(key, NOTE_BYTES_MAX).decode("utf-8", "replace")
        if export is not None:
            verdict: Verdict | ExportVerdict = verify_export(export, since=since or (), key=pin)
        else:
            assert bundle is not None, "without both the database's check reads the command line"
            verdict = verify_bundle(_read(bundle, BYTES_MAX), key=pin)
    except OSError as problem:
        facts = {
            "place": problem.filename or str(export or bundle),
            "expected": say("a file to read"),
        }
        _leave(BundleWrong(**facts, found=problem.strerror or problem), say, json_=json_)
    except BundleWrong as problem:
        _leave(problem, say, json_=json_)
    else:
        if json_:
            typer.echo(json.dumps(verdict.to_document(), ensure_ascii=False, indent=2))
        else:
            typer.echo("\n".join(_lines(verdict, say)))


def _lines(verdict: Verdict | ExportVerdict, say: Texts) -> list[str]:
    if isinstance(verdict, ExportVerdict):
        return report_of_export(verdict, say)
    return report_of_bundle(verdict, say)


def _read(path: Path, most: int) -> bytes:
    """Read at most one byte too many: a pipe or a device may have no end."""
    if str(path) == _STDIN:
        return sys.stdin.buffer.read(most + 1)
    with path.open("rb") as file:
        return file.read(most + 1)


def _leave(problem: BundleWrong, say: Texts, *, json_: bool) -> None:
    if json_:
        document = {"proven": False} | {each: str(fact) for each, fact in problem.facts.items()}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        typer.echo(say("NOT PROVEN. {message}", message=plain(problem.message(say.lang))), err=True)
    raise typer.Exit(EXIT_NOT_PROVEN)


def _tell_error(problem: SuanwangError, say: Texts) -> None:
    typer.echo(say("Error: {message}", message=problem.message(say.lang)), err=True)
