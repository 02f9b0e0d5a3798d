"""`suan ledger cosign`: a small witness. It signs a head only after the one that it signed before.

    --state   the last head that it saw     written before the cosignature is handed in
    --key     its private key               made at the first start, beside its public half

Run it elsewhere than the exchange, by somebody else, as often as heads are signed.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from suanwang.basics.errors import SuanwangError
from suanwang.basics.languages import Texts, choose_language, load_texts
from suanwang.ledger.log.errors import NoteWrong
from suanwang.ledger.log.notes import KEY_BYTES, Checkpoint, KeyKind, Note, Signer, Verifier
from suanwang.ledger.log.witness import cosign as sign_after
from suanwang.server.errors import WitnessTrouble
from suanwang.server.sealing import write_once

HTTP_SECONDS = 30.0
_LANGUAGE_NAMES = ("SUANWANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def cosign(
    *,
    url: Annotated[str, typer.Option("--url", help="Address of the exchange.")],
    exchange_key: Annotated[
        Path, typer.Option("--exchange-key", help="File with the exchange's key.", dir_okay=False)
    ],
    key: Annotated[
        Path, typer.Option("--key", help="The witness's private key; made if missing.")
    ] = Path("witness.key"),
    state: Annotated[Path, typer.Option("--state", help="The last head that was cosigned.")] = Path(
        "witness.state"
    ),
    name: Annotated[
        str, typer.Option("--name", help="The witness's name, in a key that is made.")
    ] = "witness",
    token: Annotated[
        Path | None,
        typer.Option("--access-key", help="File with a key of the exchange's API, to hand it in."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Cosign the newest head, if it continues the one that was cosigned before.

    Exit code 0: cosigned, or nothing new. 5: the log has forked or gone back; keep the state file
    and the head, together they prove it.
    """
    wishes = (os.environ.get(each) for each in _LANGUAGE_NAMES)
    say = load_texts("suanwang.server", choose_language(*wishes))
    try:
        document = _cosign(
            _signer(key, name), url, exchange_key=exchange_key, state=state, token=token
        )
    except SuanwangError as problem:
        typer.echo(say("Error: {message}", message=problem.message(say.lang)), err=True)
        raise typer.Exit(problem.exit_code) from None
    _tell(document, say, as_json=json_)


def _cosign(
    signer: Signer, url: str, *, exchange_key: Path, state: Path, token: Path | None
) -> dict[str, Any]:
    log = Verifier.parse(_text(exchange_key).strip())
    last = Checkpoint.parse(Note.parse(_text(state)).text) if state.exists() else None
    document: dict[str, Any] = {"witness": signer.verifier.vkey}
    with httpx.Client(base_url=url, timeout=HTTP_SECONDS) as http:
        note = _get(http, "/v1/ledger/checkpoint").text
        head = Checkpoint.parse(Note.parse(note).text)
        proof: list[bytes] = []
        if last is not None and 0 < last.size < head.size:
            query = {"first": str(last.size), "second": str(head.size)}
            found = _get(http, "/v1/ledger/proofs/consistency", query).json()
            proof = [bytes.fromhex(each) for each in found["path"]]
        seen = sign_after(note, signer, log=log, last=last, proof=proof, seconds=int(time.time()))
        document |= {"size": head.size, "root": head.root.hex(), "line": str(seen.line).strip()}
        # First remembered, then handed in: a witness never forgets what it has signed.
        _remember(state, note)
        document["handed_in"] = token is not None
        if token is not None:
            _hand_in(http, document, token)
    return document


def _hand_in(http: httpx.Client, document: dict[str, Any], token: Path) -> None:
    headers = {
        "Authorization": f"Bearer {_text(token).strip()}",
        "Idempotency-Key": secrets.token_hex(16),
    }
    body = {"size": document["size"], "line": document["line"]}
    try:
        answer = http.post("/v1/ledger/cosignatures", json=body, headers=headers)
    except httpx.HTTPError as error:
        raise WitnessTrouble(what=str(http.base_url), reason=error) from None
    if answer.is_error:
        raise WitnessTrouble(what=str(http.base_url), reason=_reason(answer))


def _get(http: httpx.Client, path: str, query: dict[str, str] | None = None) -> httpx.Response:
    try:
        answer = http.get(path, params=query)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WitnessTrouble(what=str(http.base_url), reason=error) from None
    if answer.is_error:
        raise WitnessTrouble(what=f"{http.base_url}{path}", reason=_reason(answer))
    return answer


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code)


def _signer(path: Path, name: str) -> Signer:
    try:
        if not path.exists():
            fresh = Signer(name=name, private=secrets.token_bytes(KEY_BYTES), kind=KeyKind.WITNESS)
            write_once(path, fresh.skey + "\n")
        found = Signer.parse(_text(path).strip())
    except OSError as error:
        raise WitnessTrouble(what=path, reason=error.strerror or error) from None
    if found.kind is not KeyKind.WITNESS:
        raise NoteWrong(place=str(path), expected="a witness's key", found="a log's")
    return found


def _remember(path: Path, note: str) -> None:
    part = path.with_name(f"{path.name}.new")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise WitnessTrouble(what=path, reason=error.strerror or error) from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WitnessTrouble(
            what=path, reason=getattr(error, "strerror", None) or "no text"
        ) from None


def _tell(document: dict[str, Any], say: Texts, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    typer.echo(document["line"])
    text = "Cosigned: {size} leaves, root {root}"
    typer.echo(say(text, size=document["size"], root=document["root"]), err=True)
    if not document["handed_in"]:
        typer.echo(say("Not handed in: give a key of its API with --access-key."), err=True)
    typer.echo(say("The witness's key: {key}", key=document["witness"]), err=True)
