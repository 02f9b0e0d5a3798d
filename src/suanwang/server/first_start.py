"""The first start: opens the exchange's own organisation and leaves its operator's key in a file.

Beside it lie the key under which secrets are sealed and the one that signs the log's heads, made at
the first start as well.

The key is written beside its place before the database commits, and moved there afterwards; a crash
in between is repaired at the next start, so the only copy of a working key is never lost.
"""

from __future__ import annotations

import os
from pathlib import Path

import structlog

from suanwang.basics.errors import NotSignedIn
from suanwang.flows.act import Act, Role
from suanwang.flows.identity_errors import ExchangeOpenAlready
from suanwang.flows.issue_key import NewKey
from suanwang.flows.open_organisation import NewOrganisation, open_organisation
from suanwang.flows.publish_head import is_signed_with
from suanwang.server.parts import Parts
from suanwang.server.secrets import new_key_secret
from suanwang.store import identity, secrets
from suanwang.store import log as heads
from suanwang.store.identity import (
    OrganisationKind,
    actor_by_key_hash,
    hash_secret,
    read_key,
    write_key,
)
from suanwang.store.tx import Tx

log = structlog.get_logger()
KEY_FILE = "operator.key"


def open_exchange(parts: Parts) -> Path | None:
    """Open the exchange unless it is; return the file of a new operator's key."""
    data_dir = parts.settings.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    _prepare_secrets(parts)
    _prepare_log_key(parts)
    path, waiting = data_dir / KEY_FILE, data_dir / f"{KEY_FILE}.new"
    if parts.store.read_now(identity.exchange) is not None:
        return _finish(parts, path, waiting)
    act, secret = parts.act(), new_key_secret()
    try:
        parts.store.run_now(lambda tx: _open(tx, parts, act, secret=secret))
    except ExchangeOpenAlready:
        return None  # another server was quicker
    _put(waiting, path)
    log.info("exchange opened", name=parts.settings.name, operator_key=str(path))
    return path


def _open(tx: Tx, parts: Parts, act: Act, *, secret: str) -> None:
    key = NewKey(role=Role.OPERATOR, secret_hash=hash_secret(secret))
    new = NewOrganisation(name=parts.settings.name, keys=(key,), kind=OrganisationKind.EXCHANGE)
    opened = open_organisation(tx, new, act=act)
    text = write_key(opened.keys[0].key_id, secret)
    _write_private(parts.settings.data_dir / f"{KEY_FILE}.new", text + "\n")


def _prepare_secrets(parts: Parts) -> None:
    """Read or make the key of the secrets, and say so if it is not the one that sealed them."""
    parts.secret_box.prepare()
    sealed = parts.store.read_now(secrets.sample)
    if sealed is not None and parts.secret_box.open(sealed) is None:
        # Jobs without secrets run well, so this is no reason not to start.
        log.error("stored secrets do not open with this key", key=str(parts.secret_box.path))


def _prepare_log_key(parts: Parts) -> None:
    """Read or make the key of the log, and say so if it is not the one that signed its heads."""
    parts.log_key.prepare()
    head = parts.store.read_now(heads.last_head)
    if head is not None and not is_signed_with(head, parts.log_key.signer.verifier):
        # Everything else goes on; only heads and bundles wait until the right key is here.
        log.error("the log's heads are signed with another key", key=str(parts.log_key.path))


def _finish(parts: Parts, path: Path, waiting: Path) -> Path | None:
    """Move a key into place that a crash left waiting, if it is good."""
    if not waiting.exists():
        return None
    try:
        key_id, secret = read_key(waiting.read_text("utf-8").strip())
        parts.store.read_now(lambda tx: actor_by_key_hash(tx, key_id, hash_secret(secret)))
    except NotSignedIn:
        waiting.unlink()
        return None
    _put(waiting, path)
    return path


def _put(waiting: Path, path: Path) -> None:
    """Put the new key in its place; another exchange's only key, if it lies there, is kept."""
    if path.exists():
        number = 1
        while (kept := path.with_name(f"{path.name}.{number}")).exists():
            number += 1
        path.rename(kept)
        log.warning("another exchange's key was here and is kept", path=str(kept))
    waiting.replace(path)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
