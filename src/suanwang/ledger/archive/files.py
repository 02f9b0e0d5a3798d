"""The files of an export: a signed head, and every leaf under it, a line each.

    export.json                   format, head, key, witnesses, since
    leaves/000000000000.jsonl     {"leaf":"…","record":{…},"salt":"…"}    leaves 0 to 65,535
    leaves/000000065536.jsonl     …

An export that continues another holds the leaves after it only: its first file begins where the
other one ends. There is no other file, and no byte in them that is free.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from suanwang.ledger.log.errors import NoteWrong
from suanwang.ledger.log.notes import Checkpoint, Cosignature, KeyKind, Verifier, open_checkpoint
from suanwang.ledger.log.signed import (
    check_fields,
    open_head,
    read_canonical,
    read_hex,
    read_key,
)
from suanwang.ledger.log.tree import HASH_BYTES, PATH_MAX, verify_consistency
from suanwang.ledger.log.verdict import wrong

FORMAT = "suanwang-export/1"
MANIFEST, FOLDER = "export.json", "leaves"
FILE_LEAVES = 65_536
MANIFEST_MAX = 1 << 20
LINE_MAX = 16 << 20
_CHUNK = 1 << 20
_FIELDS = frozenset(["format", "head", "key", "since", "witnesses"])
# {"leaf":"<64>","record":<record>,"salt":"<32>"}
_BEGIN, _MIDDLE, _LAST, _END = b'{"leaf":"', b'","record":', b',"salt":"', b'"}'
_LEAF_AT = len(_BEGIN)
_RECORD_AT = _LEAF_AT + 2 * HASH_BYTES + len(_MIDDLE)
_SALT_AT = -(32 + len(_END))


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One export: its head, whose it is, and the head that it continues."""

    folder: Path
    head: Checkpoint
    log: Verifier
    cosignatures: tuple[Cosignature, ...]
    since: Checkpoint | None

    @property
    def first(self) -> int:
        """The first leaf in it."""
        return 0 if self.since is None else self.since.size


@dataclass(frozen=True, slots=True)
class Line:
    """One leaf as it stands in a file: hex, JSON and hex, not looked at yet."""

    index: int
    where: str
    leaf: bytes
    record: bytes
    salt: bytes


def open_archive(folder: Path, *, key: str | None) -> Archive:
    """Read what an export is of, and check who signed it. Raises BundleWrong, OSError."""
    place = str(folder / MANIFEST)
    with (folder / MANIFEST).open("rb") as file:
        data = file.read(MANIFEST_MAX + 1)
    if len(data) > MANIFEST_MAX:
        wrong(place, f"at most {MANIFEST_MAX} bytes", "more")
    document = read_canonical(data, lambda at: f"{place}: byte {at}")
    check_fields(document, place, _FIELDS)
    if document["format"] != FORMAT:
        wrong(f"{place}: format", FORMAT, document["format"])
    log = read_key(document["key"], f"{place}: key", KeyKind.LOG)
    if key is not None and read_key(key.strip(), "--key", KeyKind.LOG) != log:
        wrong(f"{place}: key", f"the pinned key {key.strip()}", log.vkey)
    head, cosignatures = open_head(document, log)
    since = _since(document["since"], f"{place}: since", log=log, head=head)
    return Archive(folder=folder, head=head, log=log, cosignatures=cosignatures, since=since)


def _since(value: object, place: str, *, log: Verifier, head: Checkpoint) -> Checkpoint | None:
    """Check that a head continues the one that an earlier export ended with."""
    if value is None:
        return None
    check_fields(value, place, {"head", "proof"})
    assert isinstance(value, dict), "an object, as check_fields has seen"
    note, proof = value["head"], value["proof"]
    if not isinstance(note, str):
        wrong(f"{place}.head", "a signed note", type(note).__name__)
    if not isinstance(proof, list) or len(proof) > PATH_MAX:
        wrong(f"{place}.proof", f"at most {PATH_MAX} hashes", type(proof).__name__)
    try:
        before = open_checkpoint(note, log)
    except NoteWrong as error:
        where = f"{place}.head: {error.facts['place']}"
        wrong(where, error.facts["expected"], error.facts["found"])
    path = [read_hex(each, f"{place}.proof[{n}]", HASH_BYTES) for n, each in enumerate(proof)]
    if before.size > head.size or not verify_consistency(
        path, first=before.size, second=head.size, first_root=before.root, second_root=head.root
    ):
        wrong(f"{place}.proof", f"a proof that {head.size} leaves continue {before.size}", "none")
    return before


def lines(archive: Archive) -> Iterator[Line]:
    """Yield every line, in order, once there are just the files that there must be."""
    starts = _starts(archive)
    _check_files(archive, starts)
    for start in starts:
        end = min(start - start % FILE_LEAVES + FILE_LEAVES, archive.head.size)
        yield from _file(archive.folder / FOLDER / name_of(start), start, end)


def name_of(first: int) -> str:
    """Name the file that begins with a leaf."""
    return f"{first:012}.jsonl"


def _starts(archive: Archive) -> list[int]:
    first, size = archive.first, archive.head.size
    later = range(first - first % FILE_LEAVES + FILE_LEAVES, size, FILE_LEAVES)
    return [first, *later] if first < size else []


def _check_files(archive: Archive, starts: list[int]) -> None:
    wanted = {MANIFEST, FOLDER} if starts else {MANIFEST}
    _only_these(archive.folder, wanted)
    if starts:
        _only_these(archive.folder / FOLDER, {name_of(start) for start in starts})


def _only_these(folder: Path, wanted: set[str]) -> None:
    found = {each.name for each in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(wanted ^ found):
        expected, told = ("the file", "none") if name in wanted else ("no such file", "one")
        wrong(str(folder / name), expected, told)


def _file(path: Path, start: int, end: int) -> Iterator[Line]:
    index = start
    for text in _texts(path):
        where = f"{FOLDER}/{path.name} line {index - start + 1}, leaf {index}"
        if index >= end:
            wrong(where, f"{end - start} lines", "more")
        yield _line(index, where, text)
        index += 1
    if index < end:
        where = f"{FOLDER}/{path.name} line {index - start + 1}, leaf {index}"
        wrong(where, f"{end - start} lines", f"{index - start}")


def _texts(path: Path) -> Iterator[bytes]:
    """Yield lines without their newline, a piece of the file at a time."""
    rest = b""
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > LINE_MAX:
                wrong(str(path), f"lines of at most {LINE_MAX} bytes", "a longer one")
    if rest:
        wrong(str(path), "a newline after the last line", rest[-20:])


def _line(index: int, where: str, text: bytes) -> Line:
    record = text[_RECORD_AT : _SALT_AT - len(_LAST)]
    leaf, salt = text[_LEAF_AT : _LEAF_AT + 2 * HASH_BYTES], text[_SALT_AT : -len(_END)]
    if text != _BEGIN + leaf + _MIDDLE + record + _LAST + salt + _END:
        wrong(where, '{"leaf":"…","record":{…},"salt":"…"}', text[:80])
    return Line(index, where, leaf, record, salt)
