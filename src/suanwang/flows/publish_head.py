"""Publish a head: the exchange signs how many leaves its log has, and their root.

A head that did not continue the last one would be the exchange's own forgery, signed by itself:
so the last head's root is computed again before a new one is signed.
"""

from __future__ import annotations

from suanwang.basics.errors import Conflict, Invalid
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.extend_log import extend_now
from suanwang.flows.log_errors import HeadUnknown, LogForked, LogKeyWrong, WitnessUnknown
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.ledger.log import tiles
from suanwang.ledger.log.errors import NoteWrong
from suanwang.ledger.log.notes import (
    Checkpoint,
    KeyKind,
    Note,
    Signature,
    Signer,
    Verifier,
    cosignatures_of,
    open_checkpoint,
    sign_checkpoint,
    with_cosignature,
)
from suanwang.ledger.log.tree import EMPTY_ROOT
from suanwang.store import log
from suanwang.store.log import Head
from suanwang.store.tx import Tx


def publish_head(tx: Tx, *, signer: Signer, act: Act) -> Head | None:
    """Sign a head if the log has grown since the last one.

    Raises: LogForked where the log no longer leads to the root of the last head; LogKeyWrong where
    another key than `signer` signed that.
    """
    size, last, read = log.size(tx), log.last_head(tx), log.reader(tx)
    said = Checkpoint(origin=signer.name, size=0, root=EMPTY_ROOT)
    if last is not None:
        said = read_head(last, signer.verifier)
    if size == said.size:
        return None
    if size < said.size or tiles.root_at(said.size, read) != said.root:
        raise LogForked(size=size, signed=said.size)
    root = tiles.root_at(size, read)
    note = sign_checkpoint(Checkpoint(origin=signer.name, size=size, root=root), signer)
    return log.add_head(tx, size=size, note=note, at=act.now)


def publish_head_now(tx: Tx, *, signer: Signer, act: Act) -> Head:
    """Extend the log by everything committed and sign it, for an operator who asks.

    Raises: NotAllowed; LogForked; Conflict while the log is empty.
    """
    must_be(act, Role.OPERATOR)
    extend_now(tx, act=act)
    head = publish_head(tx, signer=signer, act=act) or log.last_head(tx)
    if head is None:
        raise Conflict(kind="log", id=signer.name, found="empty", expected="at least one record")
    return head


def add_witness(tx: Tx, vkey: str, *, act: Act) -> Verifier:
    """Take a witness's cosignatures from now on; the same one again changes nothing.

    Raises: NotAllowed; NoteWrong; Invalid for a key of another kind; Conflict for a name taken.
    """
    witness = Verifier.parse(vkey)
    if witness.kind is not KeyKind.WITNESS:
        raise Invalid(reason="expected a witness's key (kind 04), found a log's")
    record_operator_action(tx, "add-witness", {"vkey": witness.vkey}, act=act)
    if not log.add_witness(tx, name=witness.name, vkey=witness.vkey, at=act.now):
        known = {Verifier.parse(each).name: each for each in log.witnesses(tx)}
        if known[witness.name] != witness.vkey:
            raise Conflict(
                kind="witness", id=witness.name, found="taken", expected="a name of its own"
            )
    return witness


def add_cosignature(tx: Tx, *, size: int, line: str, act: Act) -> Head:
    """Keep a witness's cosignature with the head of a size.

    The signature itself says who sent it, so that any key may bring it.
    Raises: HeadUnknown; WitnessUnknown; NoteWrong where the signature is not of this head.
    """
    del act
    head = log.head_for_update(tx, size)
    if head is None:
        raise HeadUnknown(kind="head", id=size)
    signature = Signature.parse(line)
    known = [Verifier.parse(each) for each in log.witnesses(tx)]
    witness = next((each for each in known if each.made(signature)), None)
    if witness is None:
        raise WitnessUnknown(kind="witness", id=signature.name)
    witness.check(Note.parse(head.note).text, signature)
    note = with_cosignature(head.note, signature)
    assert cosignatures_of(note, [witness]), "a cosignature was just added"
    log.save_note(tx, head, note)
    return Head(seq=head.seq, size=head.size, at=head.at, note=note)


def read_head(head: Head, log_key: Verifier) -> Checkpoint:
    """Read a head that the log's own key signed. Raises LogKeyWrong."""
    try:
        return open_checkpoint(head.note, log_key)
    except NoteWrong:
        raise LogKeyWrong(size=head.size, reason="another key") from None


def is_signed_with(head: Head, log_key: Verifier) -> bool:
    """Say whether a head is of this key."""
    try:
        read_head(head, log_key)
    except LogKeyWrong:
        return False
    return True
