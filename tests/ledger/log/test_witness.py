"""A witness signs what continues the last head, and nothing else."""

from __future__ import annotations

import pytest
from tests.ledger.log.bundles import LOG, ORIGIN, SECONDS, WITNESS

from suanwang.ledger.log.errors import HeadForked, HeadOlder, NoteWrong
from suanwang.ledger.log.notes import (
    Checkpoint,
    Signer,
    cosignatures_of,
    sign_checkpoint,
    with_cosignature,
)
from suanwang.ledger.log.tree import consistency_proof, root
from suanwang.ledger.log.witness import cosign

ENTRIES = [b"%d" % number for number in range(20)]


def head(size: int, *, fork: bytes = b"") -> Checkpoint:
    told = [*ENTRIES[: size - 1], fork + ENTRIES[size - 1]] if size else []
    return Checkpoint(origin=ORIGIN, size=size, root=root(told))


def witness(new: Checkpoint, last: Checkpoint | None, proof=(), *, signer: Signer = LOG):
    note = sign_checkpoint(new, signer)
    return note, cosign(
        note, WITNESS, log=LOG.verifier, last=last, proof=proof, seconds=SECONDS
    )  # fmt: skip


def test_the_first_head_is_taken_as_it_is():
    note, seen = witness(head(7), None)
    assert seen.head == head(7)
    (found,) = cosignatures_of(with_cosignature(note, seen.line), [WITNESS.verifier])
    assert found.seconds == SECONDS


@pytest.mark.parametrize(("first", "second"), [(1, 2), (7, 7), (7, 8), (8, 20), (0, 3)])
def test_a_head_that_continues_the_last_is_cosigned(first, second):
    proof = consistency_proof(ENTRIES[:second], first) if first else ()
    assert witness(head(second), head(first), proof)[1].head == head(second)


@pytest.mark.parametrize(
    ("new", "last", "refusal"),
    [
        (head(6), head(7), HeadOlder),
        (head(7, fork=b"x"), head(7), HeadForked),
        (head(9), head(7, fork=b"x"), HeadForked),
        (head(9, fork=b"x"), head(7), HeadForked),
    ],
    ids=["rolled back", "two of one size", "another past", "another end"],
)
def test_a_head_that_does_not_is_refused(new, last, refusal):
    proof = consistency_proof(ENTRIES[: new.size], last.size) if new.size > last.size else ()
    with pytest.raises(refusal) as caught:
        witness(new, last, proof)
    assert (caught.value.facts["size"], caught.value.facts["seen"]) == (new.size, last.size)


def test_no_proof_is_no_consistency():
    with pytest.raises(HeadForked):
        witness(head(9), head(7))
    with pytest.raises(HeadForked):
        witness(head(9), None, [b"\x00" * 32])


def test_a_head_that_another_key_signed_is_refused():
    with pytest.raises(NoteWrong):
        witness(head(9), None, signer=Signer(name=ORIGIN, private=b"\x09" * 32))


def test_a_head_of_another_log_is_refused():
    last = Checkpoint(origin="other.example", size=1, root=head(1).root)
    with pytest.raises(NoteWrong, match="origin other"):
        witness(head(1), last)
