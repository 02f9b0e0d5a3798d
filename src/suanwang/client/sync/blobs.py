# Made by tools/unasync.py from ../aio/blobs.py; change that file and run the tool.
"""Files that travel to the exchange: named by their SHA-256, sent once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from suanwang.basics.errors import NotFound
from suanwang.client import files
from suanwang.client.errors import Answered, FileChanged
from suanwang.client.results import arriving
from suanwang.client.sync.transport import Transport
from suanwang.client.wire import Output

Told = Callable[[str, Path, int], None]


def quiet(stage: str, path: Path, size: int) -> None:
    """Tell nobody."""


class Blobs:
    """The exchange's store of files."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def has(self, sha256: str) -> bool:
        """Say whether the exchange has this file of yours."""
        try:
            self._transport.send("HEAD", f"/v1/blobs/{sha256}")
        except NotFound:
            return False
        return True

    def get(self, sha256: str, path: str | Path, *, told: Told = quiet) -> Path:
        """Fetch a file of yours to `path`, checked against its SHA-256."""
        wanted, place = Output(name=sha256, sha256=sha256), Path(path)
        where = f"/v1/blobs/{sha256}"
        with self._transport.stream(where) as answer, arriving(wanted, place) as coming:
            for piece in answer.iter_bytes(files.CHUNK_BYTES):
                coming.write(piece)
                told("fetch", place, len(piece))
        return place

    def put(self, path: str | Path, *, told: Told = quiet) -> str:
        """Send a file unless the exchange has it; return its SHA-256.

        `told(stage, path, bytes)` hears "hash", "send" and "known" as work goes on.
        """
        place = Path(path)
        sha256, size = files.digest(place, told=lambda n: told("hash", place, n))
        self.send(place, sha256, size, told=told)
        return sha256

    def put_all(self, paths: Iterable[Path], *, told: Told = quiet) -> dict[Path, tuple[str, int]]:
        """Send files; return the SHA-256 and bytes of each."""
        found = {path: files.digest(path, told=_about(told, path)) for path in dict.fromkeys(paths)}
        for sha256, (path, size) in {d: (p, n) for p, (d, n) in found.items()}.items():
            self.send(path, sha256, size, told=told)
        return found

    def send(self, path: Path, sha256: str, size: int, *, told: Told = quiet) -> None:
        """Send a file whose SHA-256 is known, unless the exchange has it."""
        if self.has(sha256):
            told("known", path, size)
            return

        def body() -> Iterator[bytes]:
            for piece in files.chunks(path):
                told("send", path, len(piece))
                yield piece

        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        try:
            self._transport.send("PUT", f"/v1/blobs/{sha256}", headers=headers, content=body)
        except Answered as error:
            if error.code == "checksum-differs":
                raise FileChanged(path=path) from None
            raise


def _about(told: Told, path: Path) -> Callable[[int], None]:
    return lambda size: told("hash", path, size)
