"""A witness: a second party that signs a log's head after seeing that it continues the last one.

    last head ──consistency proof──▶ new head     cosigned
                     ╳                            refused: nothing is signed

Whoever trusts a witness need not fear that the log shows one history to him and another to others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from suanwang.ledger.log.errors import HeadForked, HeadOlder, NoteWrong
from suanwang.ledger.log.notes import (
    Checkpoint,
    KeyKind,
    Note,
    Signature,
    Signer,
    Verifier,
    open_checkpoint,
)
from suanwang.ledger.log.tree import EMPTY_ROOT, verify_consistency


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a witness signed, and the head to remember for the next time."""

    head: Checkpoint
    line: Signature


def cosign(
    note: str,
    signer: Signer,
    *,
    log: Verifier,
    last: Checkpoint | None,
    proof: Sequence[bytes],
    seconds: int,
) -> Seen:
    """Check that a head continues the last one, then cosign it at a time in seconds since 1970.

    With no last head the first one is taken as it is: what happened before, nobody attests.

    Raises:
        NoteWrong: the note is not a head that the log signed, or is of another log.
        HeadOlder: it is smaller than the last one.
        HeadForked: it does not continue the last one; keep both, they prove it.
    """
    assert signer.kind is KeyKind.WITNESS, "a witness signs with a witness's key"
    head = open_checkpoint(note, log)
    check_continues(head, last=last, proof=proof)
    return Seen(head=head, line=signer.cosign(Note.parse(note).text, seconds=seconds))


def check_continues(head: Checkpoint, *, last: Checkpoint | None, proof: Sequence[bytes]) -> None:
    """Raise HeadOlder or HeadForked unless a head continues the last one."""
    if last is None:
        last = Checkpoint(origin=head.origin, size=0, root=EMPTY_ROOT)
    if head.origin != last.origin:
        raise NoteWrong(place="checkpoint", expected=f"origin {last.origin}", found=head.origin)
    facts = {"origin": head.origin, "size": head.size, "seen": last.size}
    if head.size < last.size:
        raise HeadOlder(**facts)
    if not verify_consistency(
        proof, first=last.size, second=head.size, first_root=last.root, second_root=head.root
    ):
        raise HeadForked(**facts)
