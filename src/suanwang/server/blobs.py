"""Bytes on disk, named by their SHA-256: data_dir/blobs/aa/<sha256>.

Written to a temporary file in the same folder, synced, then renamed: a name that is there is whole
and right, whatever happens meanwhile. Who may read one is the store's affair, not this module's.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from suanwang.basics.errors import Invalid
from suanwang.server.errors import BodyTooLarge, ChecksumDiffers, DiskFull

DIGEST = re.compile(r"[0-9a-f]{64}")
CHUNK_BYTES = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}
_TEMPORARY = ".part-"


class DigestUnreadable(Invalid):
    """Expected a SHA-256 of 64 lower-case hexadecimal digits, found {found!r}."""

    zh = "需要 64 位小写十六进制的 SHA-256，实际为 {found!r}。"
    code = "digest-unreadable"


@dataclass(frozen=True, slots=True)
class BlobFiles:
    """The folder of blobs."""

    folder: Path
    bytes_max: int

    def path(self, sha256: str) -> Path:
        """Say where a blob lies, there or not."""
        return self.folder / read_digest(sha256)[:2] / sha256

    def holds(self, sha256: str) -> bool:
        """Say whether the bytes are here."""
        return self.path(sha256).is_file()

    async def keep(self, sha256: str, chunks: AsyncIterator[bytes], *, bytes_max: int) -> int:
        """Write a stream and return its length in bytes.

        Raises ChecksumDiffers, BodyTooLarge or DiskFull; then nothing is left behind.
        """
        path = self.path(sha256)
        most = min(self.bytes_max, bytes_max)
        part = path.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
        try:
            return await self._write(path, part, chunks, most=most)
        except OSError as error:
            if error.errno in _FULL:
                raise DiskFull(reason="full") from error
            raise
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)

    async def _write(
        self, path: Path, part: Path, chunks: AsyncIterator[bytes], *, most: int
    ) -> int:
        digest, size, buffer = hashlib.sha256(), 0, bytearray()
        file = await asyncio.to_thread(_open, part)
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise BodyTooLarge(reason="too large", limit=most)
                buffer += chunk
                if len(buffer) >= CHUNK_BYTES:
                    await asyncio.to_thread(_append, file, digest, bytes(buffer))
                    buffer.clear()
            await asyncio.to_thread(_append, file, digest, bytes(buffer))
            if digest.hexdigest() != path.name:
                raise ChecksumDiffers(
                    reason="differs", expected=path.name, found=digest.hexdigest()
                )
            await asyncio.to_thread(_seal, file, part, path)
        finally:
            await asyncio.to_thread(file.close)
        return size

    def sweep(self) -> int:
        """Remove what a killed server had half written; return how many files."""
        stale = [p for p in self.folder.glob(f"*/{_TEMPORARY}*") if p.is_file()]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)


def read_digest(text: str) -> str:
    """Check that a text is a SHA-256 in hex; nothing else may become part of a path."""
    if not DIGEST.fullmatch(text):
        raise DigestUnreadable(reason="digest", found=text[:100])
    return text


def _open(part: Path) -> BinaryIO:
    part.parent.mkdir(parents=True, exist_ok=True)
    return part.open("xb", buffering=0)


def _append(file: BinaryIO, digest: hashlib._Hash, data: bytes) -> None:
    digest.update(data)
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _seal(file: BinaryIO, part: Path, path: Path) -> None:
    os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
