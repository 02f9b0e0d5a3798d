"""`suan login`: keeps the key for an exchange in a file that only its owner may read."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from suanwang.client import files
from suanwang.client.errors import ConfirmationNeeded, NotSignedInAnswered
from suanwang.client.profiles import Access, find_access, read_key, read_url, save
from suanwang.client.talk import Talk


def login(
    ctx: typer.Context,
    *,
    key_file: Annotated[
        str | None,
        typer.Option("--key-file", metavar="FILE", help="Read the key from a file; - is stdin."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Ask the exchange whether the key is good.")
    ] = True,
) -> None:
    """Keep an exchange's address and a key for it (file mode 0600)."""
    talk: Talk = ctx.obj
    known = find_access(talk.url, key="placeholder-key", profile=talk.profile)
    access = Access(read_url(talk.url or known.url), _the_key(talk, key_file), known.profile)
    if check:
        _check(talk, access)
    path = save(access)
    talk.tell(talk.say("Saved: profile {name}, key in {path}", name=access.profile, path=path))
    talk.tell(talk.say("Next: {command}", command="suan job submit FILE"))


def _the_key(talk: Talk, key_file: str | None) -> str:
    """Read the key from a file, a pipe or the keyboard; never from an argument."""
    if key_file is not None:
        return read_key(files.read_text(key_file).decode("utf-8", "replace"))
    if not sys.stdin.isatty():
        return read_key(sys.stdin.read())
    if talk.no_input:
        raise ConfirmationNeeded
    return read_key(getpass.getpass(talk.say("Key (not shown): "), stream=sys.stderr))


def _check(talk: Talk, access: Access) -> None:
    # Late: the HTTP library takes 0.3 s to load.
    from suanwang.client.sync.client import Client  # noqa: PLC0415

    watch = talk.explain_request if talk.explain else None
    with Client(access.url, access.key, lang=talk.say.lang, watch=watch) as grid:
        try:
            me = grid.me()
        except NotSignedInAnswered as error:
            talk.tell(talk.say("Nothing was saved."))
            raise error from None
    talk.tell(
        talk.say(
            "Signed in at {exchange} as {organisation} ({role}).",
            exchange=me.exchange or access.url,
            organisation=me.organisation or me.organisation_id,
            role=me.role,
        )
    )
    if talk.json_:
        talk.write_json(me.raw)
    elif talk.quiet:
        talk.write(me.organisation_id)
