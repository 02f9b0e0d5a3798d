"""Notes, checkpoints and cosignatures: the published examples, and nothing but one spelling."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.log.bundles import LOG, ORIGIN, SECONDS, WITNESS, cosigned

from suanwang.ledger.log.errors import NoteWrong
from suanwang.ledger.log.notes import (
    Checkpoint,
    KeyKind,
    Note,
    Signature,
    Signer,
    Verifier,
    cosignatures_of,
    distinct,
    open_checkpoint,
    sign_checkpoint,
)

# golang.org/x/mod/sumdb/note, note_test.go.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n"
)
OTHER_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnW"
    "Lox33WWd1RvMc+QQ=\n"
)
# C2SP signed-note, "Example".
C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
# C2SP tlog-cosignature, its first example; the keys are not published, the shape is.
C2SP_CHECKPOINT = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
HEAD = Checkpoint(origin=ORIGIN, size=33, root=b"\x07" * 32)


def test_it_signs_what_go_signs():
    signer = Signer.parse(GO_PRIVATE)
    assert signer.verifier == Verifier.parse(GO_KEY)
    assert (signer.skey, signer.verifier.vkey) == (GO_PRIVATE, GO_KEY)
    assert str(signer.sign(GO_TEXT)) == GO_LINE
    note = Note.parse(f"{GO_TEXT}\n{GO_LINE}{OTHER_LINE}")
    assert note.text == GO_TEXT
    assert str(note) == f"{GO_TEXT}\n{GO_LINE}{OTHER_LINE}"
    assert [each.name for each in note.signatures] == ["PeterNeumann", "EnochRoot"]
    Verifier.parse(GO_KEY).check(note.text, note.signatures[0])


def test_it_verifies_the_example_of_the_specification():
    note = Note.parse(C2SP_NOTE)
    Verifier.parse(C2SP_KEY).check(note.text, note.signatures[0])
    with pytest.raises(NoteWrong):
        Verifier.parse(C2SP_KEY).check(note.text + "x\n", note.signatures[0])


def test_it_reads_the_checkpoint_of_the_specification():
    note = Note.parse(C2SP_CHECKPOINT)
    head = Checkpoint.parse(note.text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert str(head) == note.text
    assert str(note) == C2SP_CHECKPOINT
    assert int.from_bytes(note.signatures[1].data[:8], "big") == 1679315147
    assert len(note.signatures[1].data) == 8 + 64


def test_a_key_with_anything_changed_is_refused():
    for begin in range(len(GO_KEY)):
        for end in range(begin + 1, len(GO_KEY) + 1):
            if end - begin != len(GO_KEY):
                with pytest.raises(NoteWrong):
                    Verifier.parse(GO_KEY[begin:end])
    for place, character in enumerate(GO_KEY):
        with pytest.raises(NoteWrong):
            Verifier.parse(GO_KEY[:place] + chr(ord(character) + 1) + GO_KEY[place + 1 :])


@pytest.mark.parametrize(
    "vkey",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # too long
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # another algorithm
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        f" {GO_KEY}",
        GO_KEY.replace("PeterNeumann", ""),
        GO_KEY.replace("PeterNeumann", "Pëter"),
    ],
)
def test_a_key_that_is_none_is_refused(vkey):
    with pytest.raises(NoteWrong):
        Verifier.parse(vkey)


@pytest.mark.parametrize("place", range(len(GO_PRIVATE)))
def test_a_private_key_with_a_letter_changed_is_refused_and_not_told(place):
    bent = GO_PRIVATE[:place] + chr(ord(GO_PRIVATE[place]) + 1) + GO_PRIVATE[place + 1 :]
    with pytest.raises(NoteWrong) as caught:
        Signer.parse(bent)
    assert "AYEKFALV" not in str(caught.value)
    assert "AYEKFALV" not in repr(Signer.parse(GO_PRIVATE))


@pytest.mark.parametrize(
    "note",
    [
        GO_TEXT,
        GO_TEXT + "\n",
        f"{GO_TEXT}\n{GO_LINE[:-1]}",
        f"\x01{GO_TEXT}\n{GO_LINE}",
        f"{GO_TEXT}\r\n{GO_LINE}",
        f"{GO_TEXT}\n— Bad Name {GO_LINE.split()[2]}\n",
        f"{GO_TEXT}\n{GO_LINE}Unexpected line.\n",
        f"{GO_TEXT}\n{GO_LINE}\n",
        f"\n\n{GO_LINE}",
        f"{GO_TEXT}\n{GO_LINE.replace('—', '-')}",
        f"{GO_TEXT}\n{GO_LINE.replace('nAM=', 'nAN=')}",  # spare bits that are not zero
        f"{GO_TEXT}\n{GO_LINE.replace('=', '')}",
        f"{GO_TEXT}\n— PeterNeumann AAAA\n",
        f"{GO_TEXT}\n— PeterNeumann ü===\n",
        f"{GO_TEXT}\n" + GO_LINE * 65,
        "x" * 70_000 + f"\n\n{GO_LINE}",
    ],
)
def test_a_note_that_is_spelt_another_way_is_refused(note):
    with pytest.raises(NoteWrong):
        Note.parse(note)


@pytest.mark.parametrize(
    "text",
    [
        "origin\n1\n",
        "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nextension\n",
        "origin\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n١\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n9223372036854775808\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "origin\n1\nCsUYapGGPo4d\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    ],
)
def test_a_checkpoint_that_is_none_is_refused(text):
    with pytest.raises(NoteWrong):
        Checkpoint.parse(text)


def test_a_head_is_opened_with_the_key_that_signed_it_and_no_other():
    note = sign_checkpoint(HEAD, LOG)
    assert open_checkpoint(note, LOG.verifier) == HEAD
    for other in (
        Signer(name=ORIGIN, private=b"\x09" * 32),
        Signer(name="other.example", private=LOG.private),
    ):
        with pytest.raises(NoteWrong):
            open_checkpoint(note, other.verifier)
    with pytest.raises(NoteWrong):
        open_checkpoint(
            str(Note(text=str(HEAD), signatures=(LOG.sign(str(HEAD)),) * 2)), LOG.verifier
        )


def test_a_log_cannot_sign_for_another_origin():
    other = Checkpoint(origin="other.example", size=1, root=b"\x00" * 32)
    note = str(Note(text=str(other), signatures=(LOG.sign(str(other)),)))
    with pytest.raises(NoteWrong, match="origin"):
        open_checkpoint(note, LOG.verifier)


def test_a_witness_tells_when_it_saw_the_head():
    note = cosigned(sign_checkpoint(HEAD, LOG))
    (found,) = cosignatures_of(note, [WITNESS.verifier])
    assert (found.witness, found.seconds) == (WITNESS.verifier, SECONDS)
    assert open_checkpoint(note, LOG.verifier) == HEAD
    assert cosigned(note) == note  # one line a witness, the newest
    assert cosignatures_of(note, [LOG.verifier]) != ()
    other = Signer(name="w2", private=b"\x05" * 32, kind=KeyKind.WITNESS)
    assert cosignatures_of(note, [other.verifier]) == ()


def test_the_cosigned_message_is_that_of_the_specification():
    line = WITNESS.cosign(str(HEAD), seconds=1679315147)
    message = "cosignature/v1\ntime 1679315147\n" + str(HEAD)
    plain = Signer(name="x", private=WITNESS.private).sign(message)
    assert line.data == (1679315147).to_bytes(8, "big") + plain.data
    key = b"\x04" + WITNESS.verifier.public
    assert WITNESS.verifier.vkey.endswith("+" + base64.b64encode(key).decode())


@given(st.integers(0, 71), st.integers(0, 7))
def test_a_cosignature_with_a_bit_changed_is_refused(byte, bit):
    line = WITNESS.cosign(str(HEAD), seconds=SECONDS)
    data = bytearray(line.data)
    data[byte] ^= 1 << bit
    bent = Signature(name=line.name, key_id=line.key_id, data=bytes(data))
    with pytest.raises(NoteWrong):
        WITNESS.verifier.check(str(HEAD), bent)


def test_a_time_beyond_the_calendar_is_refused():
    seconds = (2**63 - 1).to_bytes(8, "big")
    plain = Signer(name="x", private=WITNESS.private).sign(
        f"cosignature/v1\ntime {2**63 - 1}\n{HEAD}"
    )
    line = Signature(name=WITNESS.name, key_id=WITNESS.verifier.key_id, data=seconds + plain.data)
    with pytest.raises(NoteWrong):
        WITNESS.verifier.check(str(HEAD), line)


def test_witnesses_are_others():
    again = Signer(name="w2", private=WITNESS.private, kind=KeyKind.WITNESS)
    ours = Signer(name="w3", private=LOG.private, kind=KeyKind.WITNESS)
    assert distinct([WITNESS.verifier], LOG.verifier)
    assert not distinct([WITNESS.verifier, again.verifier], LOG.verifier)
    assert not distinct([ours.verifier], LOG.verifier)


@given(st.text())
def test_junk_is_refused_by_name(text):
    for read in (Note.parse, Verifier.parse, Signer.parse, Checkpoint.parse, Signature.parse):
        with pytest.raises(NoteWrong):
            read(text)


def test_what_is_no_key_is_never_printed():
    with pytest.raises(NoteWrong) as refused:
        Verifier.parse("sk_0123456789abcdef")
    assert "sk_0123" not in str(refused.value)
