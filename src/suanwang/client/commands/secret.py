"""`suan secret set|list|remove`: what jobs are given by name; no value is ever an argument."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from suanwang.client import files
from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.errors import ConfirmationNeeded, Declined
from suanwang.client.talk import Talk

app = typer.Typer(
    cls=LateGroup,
    help="Secrets that jobs are given by name.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
# An editor or echo ends a file with a line break, which no token has.
LINE_BREAKS = b"\r\n"


@app.command("set", cls=ClientCommand, epilog="Example: suan secret set hf-token < token.txt")
def set_(
    ctx: typer.Context,
    name: Name,
    *,
    from_file: Annotated[
        str | None,
        typer.Option("--from-file", metavar="FILE", help="Read the value from a file."),
    ] = None,
) -> None:
    """Keep a secret; its value comes from stdin, without line breaks at its end."""
    talk: Talk = ctx.obj
    found = talk.grid.secrets.set(name, _value(talk, from_file).rstrip(LINE_BREAKS))
    if talk.json_:
        talk.write_json(found.raw)
    elif talk.quiet:
        talk.write(found.name)
    else:
        used = f"secrets: {{{variable_for(found.name)}: {found.name}}}"
        talk.tell(talk.say("Kept. In a job file: {key}", key=used))


@app.command("list", cls=ClientCommand)
def list_(ctx: typer.Context) -> None:
    """List the secrets by name; nobody is shown a value."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.grid import secret_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.secrets.list()
    talk.show_all(found, lambda items: secret_list(items, talk.say), id_key="name")


@app.command(cls=ClientCommand)
def remove(ctx: typer.Context, name: Name, *, yes: Yes = False) -> None:
    """Forget a secret; jobs that name it and have not started will fail."""
    talk: Talk = ctx.obj
    if not yes and not talk.ask(talk.say("Remove the secret {name}?", name=name)):
        raise Declined
    talk.grid.secrets.remove(name)
    if talk.quiet:
        talk.write(name)
    else:
        talk.tell(talk.say("Removed: {name}", name=name))


def variable_for(name: str) -> str:
    """Suggest the variable that a secret may fill: team/hf-token is HF_TOKEN."""
    word = name.rpartition("/")[2].upper().replace("-", "_").replace(".", "_")
    return word if word.isascii() and not word[:1].isdigit() else "TOKEN"


def _value(talk: Talk, path: str | None) -> bytes:
    """Read the value from a file, a pipe or the keyboard; never from an argument."""
    if path is not None:
        return files.read_text(path)
    if not sys.stdin.isatty():
        return files.read_text(files.STDIN)
    if talk.no_input:
        raise ConfirmationNeeded
    return getpass.getpass(talk.say("Value (not shown): "), stream=sys.stderr).encode()
