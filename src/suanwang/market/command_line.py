"""How the market commands speak: help and errors in the reader's language, never a traceback."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from types import FrameType
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from suanwang.basics.errors import SuanwangError
from suanwang.basics.languages import Texts, choose_language, load_texts
from suanwang.market.errors import MarketExtraMissing

F = TypeVar("F", bound=Callable[..., None])
LANGUAGE_NAMES = ("SUANWANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_EXTRA = {"numpy", "numba", "llvmlite", "highspy", "scipy", "pyarrow"}
_PATIENCE_SECONDS = 1.0


def texts(lang: str | None = None) -> Texts:
    """Return the room's texts in the wished language, else in the environment's."""
    return load_texts(
        "suanwang.market", choose_language(lang, *(os.environ.get(n) for n in LANGUAGE_NAMES))
    )


def tell(text: str) -> None:
    """Say something beside the result."""
    typer.echo(text, err=True)


def plainly(command: F) -> F:
    """Let a command end with one sentence instead of a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the command takes
        say = texts(kwargs.get("lang"))
        try:
            command(*args, **kwargs)
        except ImportError as error:
            package = (error.name or "").partition(".")[0]
            if package not in _EXTRA:
                raise
            _leave(MarketExtraMissing(package=package), say)
        except SuanwangError as error:
            _leave(error, say)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            where = f"{error.filename}: " if error.filename else ""
            tell(say("Error: {message}", message=f"{where}{error.strerror or error}"))
            raise typer.Exit(1) from None
        except MemoryError:
            tell(say("Error: {message}", message=say("there is not enough memory")))
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            # Typer would leave without a word.
            raise typer.Abort from None

    return run  # type: ignore[return-value] # the same signature, kept by wraps


def _leave(error: SuanwangError, say: Texts) -> None:
    tell(say("Error: {message}", message=error.message(say.lang)))
    raise typer.Exit(error.exit_code) from None


@contextmanager
def patience(text: str) -> Iterator[None]:
    """Say `text` on stderr when what is done inside takes longer than a second."""
    started = False

    def speak(_signal: int, _frame: FrameType | None) -> None:
        tell(text)

    try:
        before = signal.signal(signal.SIGALRM, speak)
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE_SECONDS)
        started = True
    except (AttributeError, ValueError):
        pass  # no such timer on this system, or not the main thread: then nothing is said
    try:
        yield
    finally:
        if started:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def peak_memory_mb() -> int | None:
    """Return the most memory that this process has held, in MB; None where nobody counts it."""
    try:
        # Late: not every system has it.
        import resource  # noqa: PLC0415
    except ImportError:
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(used / (1e6 if sys.platform == "darwin" else 1e3))


def seconds_since(start: float) -> float:
    """Return seconds since an earlier call with 0; for people only, nothing is decided by it."""
    return os.times().elapsed - start


def _spoken(command: Any, say: Texts) -> Any:  # noqa: ANN401 - a command or a group
    """Return a copy with its help, its options' and its subcommands' in the reader's language."""
    found = copy(command)
    for attribute in ("help", "short_help", "epilog"):
        if getattr(found, attribute, None):
            setattr(found, attribute, say(getattr(found, attribute)))
    found.params = [copy(param) for param in found.params]
    for param in found.params:
        if getattr(param, "help", None):
            param.help = say(param.help)
    if isinstance(found, TyperGroup):
        found.commands = {name: _spoken(each, say) for name, each in found.commands.items()}
    return found


def _headed(text: str, say: Texts) -> str:
    headings = {
        "Usage: ": say("Usage: "),
        "Options:": say("Options:"),
        "Commands:": say("Commands:"),
        "Arguments:": say("Arguments:"),
        "[required]": say("[required]"),
        "Show this message and exit.": say("Show this message and exit."),
    }
    for english, ours in headings.items():
        text = text.replace(english, ours)
    return text


class MarketCommand(TyperCommand):
    """A command whose help is in the reader's language."""

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - Typer's own
        """Return the help."""
        say = texts(ctx.params.get("lang"))
        return _headed(TyperCommand.get_help(_spoken(self, say), ctx), say)


class MarketGroup(TyperGroup):
    """The noun `market`, its help in the reader's language."""

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - Typer's own
        """Return the help."""
        say = texts()
        return _headed(TyperGroup.get_help(_spoken(self, say), ctx), say)
