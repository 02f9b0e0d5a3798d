"""The files of an export of the log while they are fetched: what is there already is kept.

under-way.json      what it is of, from the first leaf to the last; then it becomes export.json
leaves/…jsonl       whole lines; what a cut connection left of one is taken off again
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suanwang.basics.canonical import canonical_bytes
from suanwang.client.errors import ExportThere, FileTrouble
from suanwang.client.files import CHUNK_BYTES, named_trouble, whole

MANIFEST, UNDER_WAY, FOLDER = "export.json", "under-way.json", "leaves"
FILE_LEAVES = 65_536
MANIFEST_MAX = 1 << 20
_SIZE_LINE = 1  # of a checkpoint: origin, size, root


class LogFiles:
    """One folder that leaves are fetched into. Raises FileTrouble and the like."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def manifest(self) -> dict[str, Any] | None:
        """Return what the export that is under way is of; None before it has begun.

        Raises: ExportThere where the folder holds a whole one.
        """
        if (self.folder / MANIFEST).exists():
            raise ExportThere(path=self.folder)
        place = self.folder / UNDER_WAY
        return read_manifest(place) if place.exists() else None

    def begin(self, manifest: Mapping[str, Any]) -> None:
        """Write down what is fetched from now on."""
        with named_trouble(self.folder):
            (self.folder / FOLDER).mkdir(parents=True, exist_ok=True)
        with whole(self.folder / UNDER_WAY) as file:
            file.write(canonical_bytes(dict(manifest)) + b"\n")

    def next_leaf(self, first: int) -> int:
        """Return the first leaf that is missing; a line that is cut off is taken away."""
        with named_trouble(self.folder):
            names = sorted(path for path in (self.folder / FOLDER).glob("*.jsonl"))
            if not names:
                return first
            last = names[-1]
            if not last.stem.isdigit():
                raise FileTrouble(path=last, reason="it is no file of an export")
            return int(last.stem) + _whole_lines(last)

    def add(self, first: int, data: bytes) -> int:
        """Append whole lines of leaves from `first` on; return how many."""
        texts = data.split(b"\n")[:-1]
        count = 0
        while count < len(texts):
            leaf = first + count
            room = FILE_LEAVES - leaf % FILE_LEAVES
            piece = texts[count : count + room]
            with named_trouble(self.folder), self._place(leaf).open("ab") as file:
                file.write(b"\n".join(piece) + b"\n")
            count += len(piece)
        return count

    def _place(self, leaf: int) -> Path:
        """Return the file that a leaf belongs to: the one begun before it, or a new one."""
        begun = leaf - leaf % FILE_LEAVES
        for path in (self.folder / FOLDER).glob("*.jsonl"):
            if begun <= int(path.stem) <= leaf:
                return path
        return self.folder / FOLDER / f"{leaf:012}.jsonl"

    def finish(self) -> None:
        """Say that all is there."""
        with named_trouble(self.folder):
            if not any((self.folder / FOLDER).iterdir()):
                (self.folder / FOLDER).rmdir()  # nothing came since the earlier export
            (self.folder / UNDER_WAY).replace(self.folder / MANIFEST)


def read_manifest(place: Path) -> dict[str, Any]:
    """Read what an export is of. Raises FileMissing, FileTrouble."""
    with named_trouble(place), place.open("rb") as file:
        data = file.read(MANIFEST_MAX)
    try:
        found = json.loads(data)
        size_of(found)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise FileTrouble(path=place, reason="it is no file of an export") from None
    return dict(found)


def size_of(manifest: Mapping[str, Any]) -> int:
    """Return how many leaves the head of an export has."""
    return int(manifest["head"].split("\n")[_SIZE_LINE])


def since_of(manifest: Mapping[str, Any]) -> int:
    """Return how many leaves an earlier export has that this one continues."""
    since = manifest.get("since")
    return 0 if since is None else size_of(since)


def _whole_lines(path: Path) -> int:
    count, keep, at = 0, 0, 0
    with path.open("r+b") as file:
        while piece := file.read(CHUNK_BYTES):
            count += piece.count(b"\n")
            end = piece.rfind(b"\n")
            keep = at + end + 1 if end >= 0 else keep
            at += len(piece)
        file.truncate(keep)
    return count
