"""`suan ledger anchor`: puts a head of the log on an EVM chain, or compares it with the chain."""

from __future__ import annotations

import json
import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import httpx
import typer

from suanwang.basics.errors import Invalid, SuanwangError
from suanwang.basics.languages import Texts, choose_language, load_texts
from suanwang.ledger.log.notes import NOTE_BYTES_MAX, Checkpoint, Verifier, open_checkpoint
from suanwang.ledger.log.tiles import HEIGHT, TILE_BYTES, WIDTH, tile_path
from suanwang.server.anchor_errors import HeadUnavailable
from suanwang.server.anchoring import Agreement, Anchor, Read, connect, deploy

EXIT_NOT_SAME = 1
HTTP_SECONDS = 30
_LANGUAGE_NAMES = ("SUANWANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_PRIVATE = re.compile(r"(0x)?[0-9a-fA-F]{64}\s*")
# The order of the curve secp256k1 (SEC 2, §2.4.1): private keys are the numbers below it.
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class Job(StrEnum):
    """What the command does."""

    ADD = "add"
    CHECK = "check"
    DEPLOY = "deploy"


def anchor(
    *,
    rpc: Annotated[str, typer.Option("--rpc", help="URL of the chain's JSON-RPC.")],
    contract: Annotated[str, typer.Option("--contract", help="Address of the contract.")] = "",
    head: Annotated[
        str, typer.Option("--head", help="Signed head: a file, - or the exchange's URL.")
    ] = "",
    key: Annotated[
        Path | None, typer.Option("--key", help="File with the exchange's key.", dir_okay=False)
    ] = None,
    account: Annotated[
        Path | None,
        typer.Option(
            "--account", help="File with the account's private key, else the node's own account."
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only compare with the chain.")] = False,
    deploy_: Annotated[bool, typer.Option("--deploy", help="Put a new contract there.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put a signed head of the log on an EVM chain; --check compares it with what is there.

    Exit code 0: on the chain, or --check found it there or continuing what is there. 1: not.
    """
    say = load_texts(
        "suanwang.server", choose_language(*(os.environ.get(n) for n in _LANGUAGE_NAMES))
    )
    job = Job.DEPLOY if deploy_ else Job.CHECK if check else Job.ADD
    try:
        web3 = connect(rpc)
        private_key = None if account is None else _private_key(account)
        if job is Job.DEPLOY:
            address = deploy(web3, url=rpc, private_key=private_key)
            _print(
                {"contract": address}, say("The contract is at {address}", address=address), json_
            )
            return
        there = Anchor(web3, contract, url=rpc, private_key=private_key)
        told = _head(head, key)
        if job is Job.ADD:
            _add(there, told, say, as_json=json_)
        else:
            _check(there, told, head, say, as_json=json_)
    except SuanwangError as problem:
        typer.echo(say("Error: {message}", message=problem.message(say.lang)), err=True)
        raise typer.Exit(problem.exit_code) from None
    except OSError as problem:
        where = f"{problem.filename or ''} {problem.strerror or problem}".strip()
        typer.echo(say("Error: {message}", message=where), err=True)
        raise typer.Exit(1) from None


def _add(there: Anchor, head: Checkpoint, say: Texts, *, as_json: bool) -> None:
    sent = there.add(head)
    text = say(
        "The head of {size} leaves is on the chain: {sent}", size=head.size, sent=sent
    )  # fmt: skip
    _print({"origin": head.origin, "size": head.size, "transaction": sent}, text, as_json)


def _check(there: Anchor, head: Checkpoint, source: str, say: Texts, *, as_json: bool) -> None:
    read = _tiles(source, head, there) if _is_url(source) else None
    found = there.check(head, read=read)
    last = there.latest(head.origin)
    size = 0 if last is None else last.size
    texts = {
        Agreement.SAME: say("The head of {size} leaves is on the chain.", size=head.size),
        Agreement.CONTINUES: say("The head continues what is on the chain."),
        Agreement.BEFORE: say("What is on the chain continues the head."),
        Agreement.NEWER: say("NOT SHOWN: the chain has {size} leaves, the head more.", size=size),
        Agreement.OLDER: say("NOT SHOWN: the chain has {size} leaves, the head less.", size=size),
        Agreement.NONE: say("NOT THERE: no head of {origin} is on the chain.", origin=head.origin),
        Agreement.FORKED: say("FORKED: the head and the chain are of two different logs."),
    }
    document = {"origin": head.origin, "size": head.size, "chain_size": size, "found": found.value}
    _print(document, texts[found], as_json)
    if found not in (Agreement.SAME, Agreement.CONTINUES, Agreement.BEFORE):
        raise typer.Exit(EXIT_NOT_SAME)


def _print(document: dict[str, object], text: str, as_json: bool) -> None:  # noqa: FBT001 - --json
    typer.echo(json.dumps(document, ensure_ascii=False) if as_json else text)


def _head(source: str, key: Path | None) -> Checkpoint:
    """Read a head and check its signature with the exchange's key."""
    if not source or key is None:
        raise Invalid(reason="give the signed head with --head and the exchange's key with --key")
    log = Verifier.parse(_read(str(key)).strip())
    note = _get(source, "checkpoint").decode() if _is_url(source) else _read(source)
    return open_checkpoint(note, log)


def _tiles(source: str, head: Checkpoint, there: Anchor) -> Read:
    """Read the log's tiles by HTTP; what they say is proven by the roots, so nobody is trusted."""
    last = there.latest(head.origin)
    size = max(head.size, last.size if last else 0)

    def read(level: int, number: int) -> bytes:
        width = min(WIDTH, (size >> HEIGHT * level) - number * WIDTH)
        return _get(source, tile_path(level, number, width))[:TILE_BYTES]

    return read


def _is_url(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def _get(source: str, path: str) -> bytes:
    url = f"{source.rstrip('/')}/v1/ledger/{path}"
    try:
        answer = httpx.get(url, timeout=HTTP_SECONDS)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise HeadUnavailable(url=url, reason=str(error).split("\n", 1)[0]) from None
    return answer.content


def _read(name: str) -> str:
    if name == "-":
        return sys.stdin.read(NOTE_BYTES_MAX)
    with Path(name).open("rb") as file:
        return file.read(NOTE_BYTES_MAX).decode("utf-8", "replace")


def _private_key(path: Path) -> str:
    text = _read(str(path))
    if not _PRIVATE.fullmatch(text) or not 0 < int(text.strip(), 16) < _ORDER:
        raise Invalid(reason=f"{path.name}: expected a private key of 64 hex digits")
    return text.strip()
