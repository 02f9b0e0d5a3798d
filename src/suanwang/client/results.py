"""Outputs on their way home: where each is written, and whether it arrived whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from suanwang.client import files
from suanwang.client.errors import OutputDamaged, OutputNameUnsafe
from suanwang.client.wire import Output


@dataclass(frozen=True, slots=True)
class Fetched:
    """An output on this machine (`path`), or one that stays where it is (`path` is None)."""

    output: Output
    path: Path | None
    fresh: bool = True  # False: it was here already, with the same SHA-256


@dataclass
class Arriving:
    """A file that is being written; it appears under its name only when it is whole."""

    file: BinaryIO
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self, piece: bytes) -> None:
        """Take the next piece."""
        self.file.write(piece)
        self.digest.update(piece)


def place_for(output: Output, folder: Path) -> Path:
    """Return where an output goes. Raises OutputNameUnsafe for a name that would leave `folder`."""
    parts = PurePosixPath(output.name).parts
    unsafe = not parts or output.name.startswith("/") or ".." in parts or "\0" in output.name
    if unsafe or "\\" in output.name:
        raise OutputNameUnsafe(name=output.name)
    return folder.joinpath(*parts)


def is_here(output: Output, place: Path) -> bool:
    """Say whether the output lies here already, whole."""
    if output.sha256 is None or not place.is_file():
        return False
    same_size = output.bytes is None or place.stat().st_size == output.bytes
    return same_size and files.digest(place)[0] == output.sha256


@contextmanager
def arriving(output: Output, place: Path) -> Iterator[Arriving]:
    """Open `place` for an output that is coming in. Raises OutputDamaged if its SHA-256 differs."""
    draft = place.with_name(f".{place.name}.part")
    with files.named_trouble(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                coming = Arriving(file)
                yield coming
            if output.sha256 not in (None, coming.digest.hexdigest()):
                raise OutputDamaged(name=output.name)
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)
