"""Signed notes: a text and under it a line from each who signs it (C2SP signed-note).

    exchange.example            origin ┐
    20852163                    size   ├ a checkpoint (C2SP tlog-checkpoint): the head of a log
    CsUYapGGPo4dkMgIAUqom/…=    root   ┘

    — exchange.example Az3grl…=         the log's own signature, Ed25519
    — witness.example jWbPPw…=          a cosignature of a witness, with its time (cosignature/v1)

Reading is strict: there is one spelling of a note, so that no byte of it can change unseen.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from hashlib import sha256
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from suanwang.ledger.log.errors import NoteWrong
from suanwang.ledger.log.tree import HASH_BYTES

NOTE_BYTES_MAX = 1 << 16
SIGNATURES_MAX = 64
NAME_MAX = 200
SIZE_MAX = 2**63 - 1
SECONDS_MAX = 253_402_300_799  # the last second of the year 9999
KEY_BYTES = 32
SIGNATURE_BYTES = 64
_ID_BYTES, _TIME_BYTES = 4, 8
_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"
_SIZE = re.compile("0|[1-9][0-9]{0,18}")
_KEY_ID = re.compile("[0-9a-f]{8}")
_COSIGNATURE = "cosignature/v1\ntime {seconds}\n{text}"


class KeyKind(IntEnum):
    """What a key signs; the byte that stands before it in a verifier key."""

    LOG = 0x01  #: the text of a note
    WITNESS = 0x04  #: a checkpoint that was seen to continue all earlier ones, and when


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One line under a note: whose key it says it is of, and the signature's bytes."""

    name: str
    key_id: bytes
    data: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {_base64(self.key_id + self.data)}\n"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """Read a line without its newline. Raises NoteWrong."""
        name, space, text = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space:
            _wrong("note", "signature lines “— name base64”", line)
        _check_name(name)
        blob = _bytes_of(text, f"signature of {name}")
        if len(blob) <= _ID_BYTES:
            _wrong(f"signature of {name}", "a key's id and a signature", f"{len(blob)} bytes")
        return cls(name=name, key_id=blob[:_ID_BYTES], data=blob[_ID_BYTES:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text that ends in a newline, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(str, self.signatures))

    @classmethod
    def parse(cls, note: str) -> Note:
        """Read a note. Raises NoteWrong where it is not spelt as it must be."""
        if len(note) > NOTE_BYTES_MAX:
            _wrong("note", f"at most {NOTE_BYTES_MAX} characters", len(note))
        if any(c < " " and c != "\n" for c in note):
            _wrong("note", "no control characters", "one")
        text, blank, lines = note.rpartition("\n\n")
        if not blank or not text or not lines.endswith("\n"):
            _wrong("note", "a text, an empty line, and signature lines", note[-NAME_MAX:])
        rows = lines[:-1].split("\n")
        if len(rows) > SIGNATURES_MAX:
            _wrong("note", f"at most {SIGNATURES_MAX} signatures", len(rows))
        return cls(text=text + "\n", signatures=tuple(Signature.parse(row) for row in rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """A public key with a name, written `name+id+key` (a vkey)."""

    name: str
    public: bytes
    kind: KeyKind = KeyKind.LOG

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != KEY_BYTES:
            _wrong(f"key {self.name}", f"{KEY_BYTES} bytes", f"{len(self.public)} bytes")

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a verifier key. Raises NoteWrong."""
        kind, public = _key_of(vkey, "verifier key")
        return cls(name=vkey.partition("+")[0], public=public, kind=kind)

    @property
    def key_id(self) -> bytes:
        """The four bytes that signatures name the key by."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    @property
    def fingerprint(self) -> str:
        """What two people compare by telephone: SHA-256 of the key's 32 bytes, in hex."""
        return sha256(self.public).hexdigest()

    def made(self, signature: Signature) -> bool:
        """Say whether a signature says that it is of this key."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def check(self, text: str, signature: Signature) -> int | None:
        """Raise NoteWrong unless the signature over the text is this key's.

        Return the seconds since 1970 that a witness put its cosignature at.
        """
        place = f"signature of {self.name}"
        if not self.made(signature):
            _wrong(place, f"the key {self.key_id.hex()}", signature.key_id.hex())
        seconds, data, message = None, signature.data, text
        if self.kind is KeyKind.WITNESS:
            seconds = int.from_bytes(data[:_TIME_BYTES], "big")
            data, message = data[_TIME_BYTES:], _COSIGNATURE.format(seconds=seconds, text=text)
        if len(data) != SIGNATURE_BYTES or (seconds or 0) > SECONDS_MAX:
            _wrong(place, "an Ed25519 signature", f"{len(signature.data)} bytes")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(data, message.encode())
        except (InvalidSignature, ValueError):
            _wrong(place, "a signature of this text by this key", "another")
        return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A private key (the 32 bytes of RFC 8032) with a name."""

    name: str
    private: bytes
    kind: KeyKind = KeyKind.LOG

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.private) != KEY_BYTES:
            _wrong(f"key {self.name}", f"{KEY_BYTES} bytes", f"{len(self.private)} bytes")

    def __repr__(self) -> str:
        return f"Signer({self.verifier.vkey})"  # a private key is never printed

    @classmethod
    def parse(cls, skey: str) -> Signer:
        """Read a private key as `skey` writes it. Raises NoteWrong, without telling the key."""
        if not skey.startswith(_PRIVATE):
            _wrong("private key", f"{_PRIVATE}…", "something else")
        text = skey.removeprefix(_PRIVATE)
        try:
            kind, private = _key_of(text, "private key", check_id=False)
        except NoteWrong:
            raise NoteWrong(
                place="private key", expected=f"{_PRIVATE}name+id+key", found="something else"
            ) from None
        found = cls(name=text.partition("+")[0], private=private, kind=kind)
        if found.skey != skey:
            _wrong("private key", f"the id {found.verifier.key_id.hex()}", "another")
        return found

    @property
    def skey(self) -> str:
        """The private key as text, for a file that nobody else may read."""
        key = _base64(bytes([self.kind]) + self.private)
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{key}"

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        public = self._key().public_key().public_bytes_raw()
        return Verifier(name=self.name, public=public, kind=self.kind)

    def sign(self, text: str) -> Signature:
        """Sign the text of a note; it ends in a newline."""
        assert self.kind is KeyKind.LOG, "a witness signs with a time: cosign"
        assert text.endswith("\n"), "the text of a note ends in a newline"
        return self._line(self._key().sign(text.encode()))

    def cosign(self, text: str, *, seconds: int) -> Signature:
        """Sign a checkpoint's text as a witness, at a time in seconds since 1970."""
        assert self.kind is KeyKind.WITNESS, "a log signs without a time: sign"
        assert 0 <= seconds <= SECONDS_MAX, "a time that fits"
        message = _COSIGNATURE.format(seconds=seconds, text=text)
        return self._line(seconds.to_bytes(_TIME_BYTES, "big") + self._key().sign(message.encode()))

    def _line(self, data: bytes) -> Signature:
        return Signature(name=self.name, key_id=self.verifier.key_id, data=data)

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.private)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of a log: whose it is, how many leaves it has, and their root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text; lines beyond the third, which nobody could audit, are refused."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:  # noqa: PLR2004 - three lines and what follows the last newline
            _wrong("checkpoint", "three lines: origin, size and root", f"{len(lines) - 1} lines")
        origin, size, root = lines[:3]
        _check_name(origin)
        if not _SIZE.fullmatch(size) or int(size) > SIZE_MAX:
            _wrong("checkpoint", "a size below 2^63 without leading zeros", size)
        digest = _bytes_of(root, "checkpoint")
        if len(digest) != HASH_BYTES:
            _wrong("checkpoint", f"a root of {HASH_BYTES} bytes", f"{len(digest)} bytes")
        return cls(origin=origin, size=int(size), root=digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """That a witness saw a head continue all earlier ones, and when (seconds since 1970)."""

    witness: Verifier
    seconds: int


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """Return the signed note of a head. The signer's name is the log's origin."""
    assert signer.name == checkpoint.origin, "a log signs its own heads"
    text = str(checkpoint)
    return str(Note(text=text, signatures=(signer.sign(text),)))


def open_checkpoint(note: str, log: Verifier) -> Checkpoint:
    """Return the head of a note that the log signed; raise NoteWrong.

    Lines of other keys are left alone, one of this key must be right.
    """
    opened = Note.parse(note)
    of_log = [each for each in opened.signatures if log.made(each)]
    if len(of_log) != 1:
        _wrong("note", f"one signature of {log.name} {log.key_id.hex()}", f"{len(of_log)}")
    log.check(opened.text, of_log[0])
    head = Checkpoint.parse(opened.text)
    if head.origin != log.name:
        _wrong("checkpoint", f"the origin {log.name}", head.origin)
    return head


def cosignatures_of(note: str, witnesses: Iterable[Verifier]) -> tuple[Cosignature, ...]:
    """Return who of these witnesses cosigned a head; raise NoteWrong where one is forged."""
    opened = Note.parse(note)
    return tuple(
        Cosignature(witness=witness, seconds=witness.check(opened.text, line) or 0)
        for witness in witnesses
        for line in opened.signatures
        if witness.made(line)
    )


def with_cosignature(note: str, line: Signature) -> str:
    """Return the note with a witness's line, in the place of an older one of the same key."""
    opened = Note.parse(note)
    same = (line.name, line.key_id)
    kept = tuple(each for each in opened.signatures if (each.name, each.key_id) != same)
    return str(replace(opened, signatures=(*kept, line)))


def _key_of(text: str, place: str, *, check_id: bool = True) -> tuple[KeyKind, bytes]:
    """Read `name+id+base64(kind ‖ key)`; the id of a public key must be its own."""
    parts = text.split("+", 2)
    if len(parts) != 3:  # noqa: PLR2004 - the three parts
        _wrong(place, "name+id+key", "something else")  # never printed: it may be a secret
    name, key_id, encoded = parts
    _check_name(name)
    if not _KEY_ID.fullmatch(key_id):
        _wrong(place, "an id of 8 lower-case hex digits", key_id[:NAME_MAX])
    blob = _bytes_of(encoded, place)
    kinds = [each for each in KeyKind if blob[:1] == bytes([each])]
    if not kinds or len(blob) != 1 + KEY_BYTES:
        _wrong(place, "an Ed25519 key of a log (01) or a witness (04)", f"{len(blob)} bytes")
    if check_id:
        expected = Verifier(name=name, public=blob[1:], kind=kinds[0]).key_id.hex()
        if key_id != expected:
            _wrong(place, f"the id {expected}", key_id)
    return kinds[0], blob[1:]


def _check_name(name: str) -> None:
    bad = any(c.isspace() or not c.isprintable() or c == "+" for c in name)
    if not name or len(name) > NAME_MAX or bad or not name.isascii():
        _wrong("name", "printable ASCII without spaces and +", name[:NAME_MAX].encode())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes_of(text: str, place: str) -> bytes:
    """Decode base64 that is spelt as an encoder spells it: padded, no spare bits, nothing else."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        _wrong(place, "base64", text[:NAME_MAX])
    if _base64(data) != text:
        _wrong(place, "canonical base64", text[:NAME_MAX])
    return data


def _wrong(place: str, expected: str, found: object) -> NoReturn:
    raise NoteWrong(place=place, expected=expected, found=found)


def distinct(witnesses: Sequence[Verifier], log: Verifier) -> bool:
    """Say whether each of these keys is another's, and none the log's own."""
    keys = [log.public, *(each.public for each in witnesses)]
    return len(set(keys)) == len(keys)
