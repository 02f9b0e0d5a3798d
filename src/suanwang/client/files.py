"""Reading a person's own files: every trouble has a name, nothing is read without a bound."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from suanwang.basics.errors import SuanwangError
from suanwang.client.errors import (
    FileForbidden,
    FileIsFolder,
    FileMissing,
    FileTrouble,
    FolderMissing,
    OptionUnreadable,
)

CHUNK_BYTES = 1 << 20
TEXT_BYTES_MAX = 1_000_001  # one more than a job file may have, so that too long is seen
STDIN = "-"


@contextlib.contextmanager
def named_trouble(path: object) -> Iterator[None]:
    """Turn the system's errors about `path` into ours."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise file_error(path, error) from None


@contextlib.contextmanager
def whole(place: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """Open a file to write; it appears under its name only when it is whole.

    `private`: only its owner may read it (mode 0600), as from the first byte.
    A link is followed. A pipe or device is written as it stands, never replaced.

    Raises: FolderMissing, FileIsFolder, FileForbidden, FileTrouble.
    """
    with named_trouble(place):
        if not place.parent.is_dir():
            raise FolderMissing(path=place, folder=place.parent)
        if place.exists() and not place.is_file():
            with place.open("wb") as file:
                yield file
            return
        final = place.resolve()
        draft = final.with_name(f".{final.name}.part")
        if private:
            # A draft that a killed command left may be open to all.
            draft.unlink(missing_ok=True)
            draft.touch(mode=0o600)
        with draft.open("wb") as file:
            try:
                yield file
                file.close()
                draft.replace(final)
            finally:
                draft.unlink(missing_ok=True)


def file_error(path: object, error: OSError | ValueError) -> SuanwangError:
    """Name what the system said about `path`."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return FileMissing(path=path)
    if isinstance(error, IsADirectoryError):
        return FileIsFolder(path=path)
    if isinstance(error, PermissionError):
        return FileForbidden(path=path)
    return FileTrouble(path=path, reason=getattr(error, "strerror", None) or str(error))


def read_text(path: str) -> bytes:
    """Read a job file; `-` is standard input."""
    if path == STDIN:
        return sys.stdin.buffer.read(TEXT_BYTES_MAX)
    with named_trouble(path), Path(path).open("rb") as file:
        return file.read(TEXT_BYTES_MAX)


def chunks(path: Path, *, told: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """Yield a file piece by piece; `told` hears how many bytes each piece has."""
    with named_trouble(path), path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            if told:
                told(len(piece))
            yield piece


def digest(path: Path, *, told: Callable[[int], None] | None = None) -> tuple[str, int]:
    """Return a file's SHA-256 and its bytes."""
    hashed, size = hashlib.sha256(), 0
    for piece in chunks(path, told=told):
        hashed.update(piece)
        size += len(piece)
    return hashed.hexdigest(), size


def evidence_hashes(named: Sequence[str]) -> list[dict[str, str]]:
    """Read `--file log=run.log`, often: each file's kind and SHA-256; the file stays here."""
    found = []
    for each in named:
        kind, _, path = each.partition("=")
        if not kind or not path:
            raise OptionUnreadable(option="--file", expected="KIND=FILE", found=each)
        found.append({"kind": kind, "sha256": digest(Path(path))[0]})
    return found


def files_below(folder: Path, *, most: int) -> list[Path]:
    """Return the files of a folder in a stable order, at most one more than `most`."""
    found: list[Path] = []
    with named_trouble(folder):
        for here, folders, names in os.walk(folder, followlinks=True):
            folders.sort()
            found += [Path(here) / name for name in sorted(names)]
            if len(found) > most:
                break
    return found[: most + 1]
