"""`suan`: the one command. Whatever happens, a person reads a sentence and never a traceback."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from typing import Any, NoReturn

import typer

from suanwang.basics.errors import SuanwangError
from suanwang.basics.languages import Texts, load_texts
from suanwang.client.command import translate
from suanwang.client.commands import shell
from suanwang.client.errors import EXIT_INTERRUPTED, Declined, ServerUnreachable
from suanwang.client.talk import language
from suanwang.client.tree import tree, whole

EXIT_FAILED = 1
EXIT_USAGE = 2
_CANNOT_WRITE = (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT)
_NEGATIVE = r"-[.\d]"  # no option of ours begins with a digit
EXIT_BROKEN_PIPE = 141  # what a shell shows for a program ended by SIGPIPE


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run `suan` and leave with its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    say = load_texts("suanwang.client", language(_wished_language(args)))
    # Commands of other rooms, and processes that they start, speak the same language.
    os.environ["SUANWANG_LANG"] = say.lang
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows its number; it never ends the command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = _run(args, say)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        code = EXIT_BROKEN_PIPE
    except OSError as error:
        _complain(say("Cannot write the result: {reason}", reason=error.strerror or error), say)
        _forget_stdout()
        code = EXIT_FAILED
    sys.exit(code)


@cache
def _command(lang: str, noun: str | None) -> Any:  # noqa: ANN401 - Typer's own
    """Build what a command line needs of the tree; whoever calls main() again has it at once."""
    command = whole() if noun is None else tree(noun)
    if lang == "zh":
        translate(command, load_texts("suanwang.client", lang))
    return command


def _noun(args: Sequence[str]) -> str | None:
    """Find the noun of a command line, "" if it has none; None: a shell completes, so all count."""
    if "_SUAN_COMPLETE" in os.environ:
        return None
    words = iter(args)
    for word in words:
        if word == "--lang":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def _run(args: list[str], say: Texts) -> int:
    """Run the command; turn everything that can happen into an exit code."""
    try:
        command = _command(say.lang, _noun(args))
        if "_SUAN_COMPLETE" in os.environ:
            shell.prepare_completion()
        code = command.main(args=args, prog_name="suan", standalone_mode=False, obj=say)
    except Declined as error:
        typer.echo(error.message(say.lang), err=True)
        return error.exit_code
    except SuanwangError as error:
        _complain(error.message(say.lang), say)
        if isinstance(error, ServerUnreachable):
            hint = "suan login --url https://…"
            typer.echo(say("Another address: {command}", command=hint), err=True)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _complain(say("Interrupted."), say)
        return EXIT_INTERRUPTED
    except SystemExit as left:
        return _left(left)
    except BrokenPipeError:
        _forget_stdout()
        return EXIT_BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last line of defence before a traceback
        return _unexpected(error, args, say)
    return code if isinstance(code, int) else 0


def _left(left: SystemExit) -> int:
    """Return the code of a command that left by itself; Typer leaves so at a broken pipe."""
    if type(sys.stdout).__name__ == "PacifyFlushWrapper":
        return EXIT_BROKEN_PIPE
    return left.code if isinstance(left.code, int) else EXIT_FAILED if left.code else 0


def _unexpected(error: Exception, args: Sequence[str], say: Texts) -> int:
    if isinstance(error, OSError) and error.errno in _CANNOT_WRITE and error.filename is None:
        _complain(say("Cannot write the result: {reason}", reason=error.strerror), say)
        _forget_stdout()
        return EXIT_FAILED
    if hasattr(error, "format_message"):
        return _usage(error, args, say)
    if os.environ.get("SUANWANG_DEBUG"):
        traceback.print_exc()
    found = f"{type(error).__name__}: {error}".strip().splitlines()[0][:300]
    _complain(
        say("This is a mistake of ours ({found}); SUANWANG_DEBUG=1 shows where.", found=found), say
    )
    return EXIT_FAILED


def _usage(error: Any, args: Sequence[str], say: Texts) -> int:  # noqa: ANN401 - Typer's own
    """Say what is wrong with the command line, and where its help is."""
    kind, ctx = type(error).__name__, getattr(error, "ctx", None)
    if kind == "NoArgsIsHelpError" and ctx is not None:
        typer.echo(ctx.get_help(), err=True)
        return EXIT_USAGE
    param = getattr(error, "param", None)
    if kind == "NoSuchOption":
        near = ", ".join(getattr(error, "possibilities", None) or ())
        name = getattr(error, "option_name", "")
        text = say("There is no option {name}.", name=name)
        text += say(" Did you mean {near}?", near=near) if near else ""
        if re.match(_NEGATIVE, name):
            text = _below_zero(args, ctx, say) or text
    elif kind == "MissingParameter" and param is not None:
        text = say("Missing: {name}", name=_name_of(param))
    elif kind == "BadParameter" and param is not None:
        text = say("{name} is not valid: {why}", name=_name_of(param), why=error.message)
    elif kind == "UsageError" and "No such command" in str(error):
        name, near = _quoted(str(error))
        text = say("There is no command {name}.", name=name)
        text += say(" Did you mean {near}?", near=near) if near else ""
    elif kind == "UsageError" and "Missing command" in str(error):
        text = say("Missing command.")
    else:
        text = str(error.format_message())
    _complain(text, say)
    if ctx is not None:
        typer.echo(say("Help: {command} --help", command=ctx.command_path), err=True)
    return int(getattr(error, "exit_code", EXIT_USAGE))


def _below_zero(args: Sequence[str], ctx: Any, say: Texts) -> str:  # noqa: ANN401 - Typer's own
    """Say what was expected where somebody wrote a number below zero: it reads as an option."""
    found = next((word for word in args if re.match(_NEGATIVE, word)), "")
    places = [_name_of(each) for each in ctx.command.params if each.param_type_name == "argument"]
    if not places:
        return ""
    return say(
        "Expected a number that does not begin with - ({names}), found {found}.",
        names=" ".join(places),
        found=found,
    )


def _quoted(text: str) -> tuple[str, str]:
    """Return the wrong command's name, and the names that were suggested after it."""
    found = re.findall(r"'([^']*)'", text)
    return (found[0] if found else "", ", ".join(found[1:]))


def _name_of(param: Any) -> str:  # noqa: ANN401 - Typer's own
    name = max(param.opts, key=len) if param.opts else ""
    return str(name if name.startswith("-") else param.metavar or param.name.upper())


def _complain(text: str, say: Texts) -> None:
    typer.echo(say("Error: {message}", message=text), err=True)


def _wished_language(args: Sequence[str]) -> str | None:
    """Find --lang wherever it stands: help and mistakes are written before options are read."""
    for place, word in enumerate(args):
        if word == "--":
            return None
        if word == "--lang" and place + 1 < len(args):
            return args[place + 1]
        if word.startswith("--lang="):
            return word.partition("=")[2]
    return None


def _forget_stdout() -> None:
    """Let nobody write to the broken pipe again, not even the interpreter at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
