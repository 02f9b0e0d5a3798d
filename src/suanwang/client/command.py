"""What every command has: the same options, its help in two languages, and late loading.

ClientCommand   a leaf of ours: --json -q --lang --explain --no-input --profile --url → `Talk`
LateGroup       a noun; besides its own commands it lists those of other rooms
LateCommand     stands for one of these; loaded when it is called, then it speaks as ours do
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from suanwang.basics.languages import Texts, load_texts
from suanwang.client.errors import CommandMissing, ExtraMissing
from suanwang.client.json_fields import with_json_value
from suanwang.client.talk import Talk

GROUP = "suanwang.commands"
# What brings the packages that a room needs beside the plain install.
_EXTRAS = {"server": "server", "agent": "agent", "simulate": "simulate",
           "client": "server,agent,simulate"}  # fmt: skip
# Said without loading the rooms; a test compares the names with the entry points.
LATE_HELP = {
    "serve": "Run the exchange's server.",
    "db": "Back up, restore, upgrade or check the server's database.",
    "agent": "Join a centre to an exchange and run its agent.",
    "demo": "Run the main job on this machine: an exchange, three centres, real work.",
    "market": "Clear a case of asks, bids and jobs; verify and explain the result.",
    "job check": "Check job files and explain every mistake; needs no server.",
    "ledger anchor": "Put a head of the log on an EVM chain, or compare it with what is there.",
    "ledger cosign": "Be a witness: sign a head that continues the last one signed.",
    "ledger verify": "Check a bundle offline, or that a whole database adds up.",
    "ledger": "Check the ledger.",
}


def _every(
    *,
    json_: Annotated[
        str,
        typer.Option(
            "--json", metavar="[FIELDS]", help="Print JSON: all fields, or some (id,state)."
        ),
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print ids only.")] = False,
    lang: Annotated[str | None, typer.Option("--lang", help="Language: en or zh.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the HTTP requests as curl commands.")
    ] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask.")] = False,
    profile: Annotated[
        str | None, typer.Option("--profile", help="Profile to use (suan login makes them).")
    ] = None,
    url: Annotated[str | None, typer.Option("--url", help="Address of the exchange.")] = None,
) -> None:
    """Take the options that every command has."""


@cache
def every_option() -> tuple[Any, ...]:
    """Return the options that every command has."""
    app = typer.Typer(add_completion=False)
    app.command()(_every)
    return tuple(typer.main.get_command(app).params)


def _in_its_language(text: str, ctx: Any) -> str:  # noqa: ANN401 - Typer's own
    """Put the headings of a help text into the reader's language."""
    say = ctx.find_root().obj
    if not isinstance(say, Texts) or say.lang == "en":
        return text
    headings = {
        "Usage: ": say("Usage: "),
        "Options:": say("Options:"),
        "Commands:": say("Commands:"),
        "Arguments:": say("Arguments:"),
        "Show this message and exit.": say("Show this message and exit."),
        "[required]": say("[required]"),
        "[default: ": say("[default: "),
    }
    for english, ours in headings.items():
        text = text.replace(english, ours)
    return text


class ClientCommand(TyperCommand):
    """A command with the options that all have; its function finds a `Talk` as `ctx.obj`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(*args, **kwargs)
        own = {each.name for each in self.params}
        # Copies, since translating changes them.
        self.params += [copy(each) for each in every_option() if each.name not in own]

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - Typer's own
        """Return the help in the reader's language."""
        return _in_its_language(super().get_help(ctx), ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's own
        """Give a bare --json its value, then read the rest as ever."""
        return list(super().parse_args(ctx, with_json_value(args)))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own
        """Make the `Talk` and run the command."""
        names = {each.name for each in every_option()}
        wishes = {name: ctx.params.pop(name) for name in names & ctx.params.keys()}
        wishes["lang"] = wishes.get("lang") or (ctx.find_root().params.get("lang"))
        ctx.obj = Talk(**wishes)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # Typer would leave without a word.
            raise typer.Abort from None


class LateCommand(TyperCommand):
    """Stands for another room's command: listed at once, loaded when it is called."""

    def __init__(self, path: str, entry: EntryPoint) -> None:
        name = path.rpartition(" ")[2]
        super().__init__(name=name, help=LATE_HELP.get(path, entry.value), rich_markup_mode=None)
        self.path, self.entry = path, entry

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401 - Typer's own
        **extra: Any,  # noqa: ANN401 - Typer's own
    ) -> Any:  # noqa: ANN401 - Typer's own
        """Load the command and let it take over, in the language of the line it stands on."""
        found, say = self.load(), parent.find_root().obj if parent is not None else None
        if isinstance(say, Texts) and say.lang != "en":
            # What its room says goes first: it is the nearer one.
            with suppress(FileNotFoundError):
                room = self.entry.module.rpartition(".")[0] or self.entry.module
                translate(found, load_texts(room, say.lang))
            translate(found, say)
        return found.make_context(info_name, args, parent=parent, **extra)

    def load(self) -> Any:  # noqa: ANN401 - a command or a group
        """Load the command. Raises ExtraMissing or CommandMissing."""
        try:
            found = self.entry.load()
        except ImportError as error:
            raise self._missing(error) from None
        except AttributeError as error:
            raise CommandMissing(command=self.path, reason=error) from None
        if not isinstance(found, typer.Typer):
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            app.command(self.name)(found)
            found = app
        found.rich_markup_mode = None
        command = typer.main.get_command(found)
        _like_ours(command)
        return command

    def _missing(self, error: ImportError) -> Exception:
        room = self.entry.module.removeprefix("suanwang.").partition(".")[0]
        if (error.name or "").partition(".")[0] == "suanwang" or room not in _EXTRAS:
            return CommandMissing(command=self.path, reason=error)
        return ExtraMissing(command=self.path, package=f"suanwang[{_EXTRAS[room]}]")


class LateGroup(TyperGroup):
    """A noun with its own commands and those that other rooms bring."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(*args, **kwargs)
        _take_lang(self)

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - Typer's own
        """Return the help in the reader's language."""
        return _in_its_language(super().get_help(ctx), ctx)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - Typer's own
        """Return the names of all commands, in the order in which people need them."""
        late = [name for name in _late_below(_path(ctx)) if name not in self.commands]
        return [*super().list_commands(ctx), *late]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - Typer's own
        """Return a command; one of another room as its stand-in."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found, say = _late_below(_path(ctx)).get(cmd_name), ctx.find_root().obj
        if found is not None and isinstance(say, Texts):
            found = copy(found)
            found.params = [copy(param) for param in found.params]
            translate(found, say)
        return found


def _path(ctx: Any) -> str:  # noqa: ANN401 - Typer's own
    """Return the nouns so far: "" at the root, "job" below it."""
    return str(ctx.command_path).partition(" ")[2]


@cache
def _late_below(path: str) -> Mapping[str, Any]:
    """Return what other rooms bring below `path`; a noun of theirs becomes a group."""
    found: dict[str, Any] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        head, _, name = entry.name.rpartition(" ")
        if head == path:
            found[name] = LateCommand(entry.name, entry)
        elif not path and head:
            found.setdefault(head, _a_noun(head))
    return found


def _a_noun(name: str) -> LateGroup:
    text = LATE_HELP.get(name, name)
    return LateGroup(name=name, help=text, no_args_is_help=True, rich_markup_mode=None)


def _take_lang(command: Any) -> None:  # noqa: ANN401 - a command or group
    if not any("--lang" in param.opts for param in command.params):
        lang = next(copy(param) for param in every_option() if param.name == "lang")
        lang.expose_value = False  # read before the command line is, into SUANWANG_LANG
        command.params.append(lang)


def _like_ours(command: Any) -> None:  # noqa: ANN401 - a command or group
    """Let another room's command, and each below it, take --lang and head its help as ours do."""
    _take_lang(command)
    written = command.get_help
    command.get_help = lambda ctx: _in_its_language(written(ctx), ctx)
    for each in getattr(command, "commands", {}).values():
        _like_ours(each)


def translate(command: Any, say: Texts) -> None:  # noqa: ANN401 - a command or group
    """Put a command's help, its options' and its subcommands' into the reader's language."""
    for attribute in ("help", "short_help", "epilog"):
        text = getattr(command, attribute, None)
        if text:
            setattr(command, attribute, say(text))
    for param in command.params:
        if getattr(param, "help", None):
            param.help = say(param.help)
    for each in getattr(command, "commands", {}).values():
        translate(each, say)
