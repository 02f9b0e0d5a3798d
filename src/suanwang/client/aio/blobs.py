"""Files that travel to the exchange: named by their SHA-256, sent once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from suanwang.basics.errors import NotFound
from suanwang.client import files
from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.errors import Answered, FileChanged
from suanwang.client.results import arriving
from suanwang.client.wire import Output

Told = Callable[[str, Path, int], None]


def quiet(stage: str, path: Path, size: int) -> None:
    """Tell nobody."""


class AsyncBlobs:
    """The exchange's store of files."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def has(self, sha256: str) -> bool:
        """Say whether the exchange has this file of yours."""
        try:
            await self._transport.send("HEAD", f"/v1/blobs/{sha256}")
        except NotFound:
            return False
        return True

    async def get(self, sha256: str, path: str | Path, *, told: Told = quiet) -> Path:
        """Fetch a file of yours to `path`, checked against its SHA-256."""
        wanted, place = Output(name=sha256, sha256=sha256), Path(path)
        where = f"/v1/blobs/{sha256}"
        async with self._transport.stream(where) as answer:
            with arriving(wanted, place) as coming:
                async for piece in answer.aiter_bytes(files.CHUNK_BYTES):
                    coming.write(piece)
                    told("fetch", place, len(piece))
        return place

    async def put(self, path: str | Path, *, told: Told = quiet) -> str:
        """Send a file unless the exchange has it; return its SHA-256.

        `told(stage, path, bytes)` hears "hash", "send" and "known" as work goes on.
        """
        place = Path(path)
        sha256, size = files.digest(place, told=lambda n: told("hash", place, n))
        await self.send(place, sha256, size, told=told)
        return sha256

    async def put_all(
        self, paths: Iterable[Path], *, told: Told = quiet
    ) -> dict[Path, tuple[str, int]]:
        """Send files; return the SHA-256 and bytes of each."""
        found = {path: files.digest(path, told=_about(told, path)) for path in dict.fromkeys(paths)}
        for sha256, (path, size) in {d: (p, n) for p, (d, n) in found.items()}.items():
            await self.send(path, sha256, size, told=told)
        return found

    async def send(self, path: Path, sha256: str, size: int, *, told: Told = quiet) -> None:
        """Send a file whose SHA-256 is known, unless the exchange has it."""
        if await self.has(sha256):
            told("known", path, size)
            return

        async def body() -> AsyncIterator[bytes]:
            for piece in files.chunks(path):
                told("send", path, len(piece))
                yield piece

        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        try:
            await self._transport.send("PUT", f"/v1/blobs/{sha256}", headers=headers, content=body)
        except Answered as error:
            if error.code == "checksum-differs":
                raise FileChanged(path=path) from None
            raise


def _about(told: Told, path: Path) -> Callable[[int], None]:
    return lambda size: told("hash", path, size)
