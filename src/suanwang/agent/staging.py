"""Stage in: bring a job's inputs into its work directory, checked, within its disk limit.

Each input is written beside its place as a partial file and renamed when its size and SHA-256 are
as promised, so that a job never sees half a file.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

import httpx

from suanwang.agent import sources
from suanwang.agent.api import Api
from suanwang.agent.cold import ColdStore
from suanwang.agent.config import CentreFacts
from suanwang.agent.errors import (
    DiskFull,
    InputChecksum,
    InputForbidden,
    InputMissing,
    InputTooLarge,
    InputUnreachable,
    LeaseFault,
    ServerRefused,
    ServerUnreachable,
)
from suanwang.agent.lease import Lease, LeaseInput

ATTEMPTS = 4
_AT_THE_CENTRE = frozenset({"store"})  # its own cold store: nothing moves over a link
BACK_OFF_SECONDS = 0.5  # doubled after each attempt
RESERVE_BYTES = 256_000_000  # of the machine's disk, never promised to a job
_PARTIAL = ".suanwang-partial"


class Stager:
    """Brings the inputs of one lease in."""

    def __init__(
        self,
        lease: Lease,
        *,
        centre: CentreFacts,
        api: Api,
        cold: ColdStore,
        back_off_seconds: float = BACK_OFF_SECONDS,
    ) -> None:
        self._lease = lease
        self._centre = centre
        self._api = api
        self._cold = cold
        self._back_off = back_off_seconds
        self._stop = threading.Event()
        self._bytes = 0
        self._limit = 0

    async def stage_in(self, work: Path, *, limit_bytes: int) -> int:
        """Bring every input in; return the bytes that crossed the centre's boundary.

        Raises LeaseFault's leaves.
        """
        self._limit = limit_bytes
        need_room(work, limit_bytes)
        crossed = 0
        try:
            for wanted in self._lease.inputs:
                before = self._bytes
                await self._stage(wanted, work)
                if wanted.source.partition(":")[0] not in _AT_THE_CENTRE:
                    crossed += self._bytes - before
        except OSError as problem:
            raise _disk_fault(problem, work, limit_bytes) from problem
        finally:
            self._stop.set()
        return crossed

    async def _stage(self, wanted: LeaseInput, work: Path) -> None:
        target = safe_path(work, wanted.to, source=wanted.source)
        if wanted.source.startswith("file:"):
            found = sources.exported_file(wanted.source, self._centre)
            if found.is_dir():
                await asyncio.to_thread(self._copy_folder, found, target)
                return
        if wanted.source.startswith("store:") and wanted.source.endswith("/"):
            extracted = await asyncio.to_thread(self._cold.extract, wanted.source, target)
            self._room(extracted)
            return
        if wanted.to.endswith("/") or target.is_dir():
            target = target / PurePosixPath(wanted.source).name
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + _PARTIAL)
        before = self._bytes
        for attempt in range(1, ATTEMPTS + 1):
            self._bytes = before
            try:
                await self._bring(wanted, partial)
                break
            except (ServerUnreachable, httpx.HTTPError, ConnectionError, TimeoutError) as problem:
                if attempt == ATTEMPTS:
                    raise InputUnreachable(
                        source=wanted.source, attempts=ATTEMPTS, reason=_reason(problem)
                    ) from problem
                await asyncio.sleep(self._back_off * 2 ** (attempt - 1))
        await asyncio.to_thread(check, wanted, partial)
        partial.replace(target)

    async def _bring(self, wanted: LeaseInput, partial: Path) -> None:
        scheme, _, rest = wanted.source.partition(":")
        if scheme == "blob":
            await self._blob(wanted, rest, partial)
            return
        await asyncio.to_thread(self._copy_in, wanted, scheme, partial)

    async def _blob(self, wanted: LeaseInput, sha256: str, partial: Path) -> None:
        if wanted.bytes is not None and self._bytes + wanted.bytes > self._limit:
            raise InputTooLarge(limit=self._limit)
        try:
            await self._api.fetch(self._lease, sha256=sha256, url=wanted.url, to=partial)
        except ServerRefused as problem:
            raise InputMissing(source=wanted.source, reason=problem.facts["reason"]) from problem
        self._room(partial.stat().st_size)  # noqa: ASYNC240 - a file of our own, just written

    def _copy_in(self, wanted: LeaseInput, scheme: str, partial: Path) -> None:
        # In a thread: these transports block.
        with partial.open("wb") as sink:
            self._transport(scheme)(wanted.source, sink)

    def _transport(self, scheme: str) -> Callable[[str, IO[bytes]], None]:
        transports: dict[str, Callable[[str, IO[bytes]], None]] = {
            "file": self._from_export,
            "http": self._from_web,
            "https": self._from_web,
            "s3": self._from_object_store,
            "store": lambda url, sink: self._cold.read(url, sink, self._room),
        }
        if scheme not in transports:
            raise InputForbidden(source=f"{scheme}:", reason="this kind of source is unknown here")
        return transports[scheme]

    def _from_export(self, url: str, sink: IO[bytes]) -> None:
        with sources.exported_file(url, self._centre).open("rb") as source:
            sources.copy(source, sink, self._room)

    def _from_web(self, url: str, sink: IO[bytes]) -> None:
        sources.fetch_web(url, sink, centre=self._centre, room=self._room)

    def _from_object_store(self, url: str, sink: IO[bytes]) -> None:
        sources.fetch_object(
            url, sink, centre=self._centre, secrets=self._lease.secrets, room=self._room
        )

    def _copy_folder(self, folder: Path, target: Path) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            place = target / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as source, place.open("wb") as sink:
                sources.copy(source, sink, self._room)

    def _room(self, size: int) -> None:
        # Called before each write, so that a transfer stops at the limit and not after it.
        if self._stop.is_set():
            raise InputUnreachable(source="", attempts=1, reason="stopped")
        self._bytes += size
        if self._bytes > self._limit:
            raise InputTooLarge(limit=self._limit)


def safe_path(work: Path, text: str, *, source: str) -> Path:
    """Return the place of `text` below `work`; refuse whatever would lead out of it."""
    path = PurePosixPath(text)
    if not text or path.is_absolute() or ".." in path.parts or "\0" in text:
        raise InputForbidden(source=source, reason=f"{text!r} leads out of the work directory")
    place = work.joinpath(*path.parts)
    step = work
    for part in path.parts:
        step = step / part
        if step.is_symlink():
            raise InputForbidden(source=source, reason=f"{text!r} passes through a link")
    return place


def check(wanted: LeaseInput, path: Path) -> None:
    """Compare a file with what was promised. Raises InputChecksum."""
    size = path.stat().st_size
    if wanted.bytes is not None and size != wanted.bytes:
        raise InputChecksum(
            source=wanted.source, expected=f"{wanted.bytes} bytes", found=f"{size} bytes"
        )
    promised = {wanted.sha256} if wanted.sha256 else set()
    if wanted.source.startswith("blob:"):
        promised.add(wanted.source.removeprefix("blob:"))
    if promised and promised != {found := file_sha256(path)}:
        raise InputChecksum(
            source=wanted.source, expected=" and ".join(sorted(promised)), found=found
        )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def need_room(folder: Path, size: int) -> None:
    """Refuse work that this machine's disk cannot hold. Raises DiskFull."""
    stat = os.statvfs(folder)
    free = stat.f_bavail * stat.f_frsize
    if free < size + RESERVE_BYTES:
        raise DiskFull(free=free, needed=size + RESERVE_BYTES)


def _disk_fault(problem: OSError, work: Path, needed: int) -> LeaseFault:
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        stat = os.statvfs(work)
        return DiskFull(free=stat.f_bavail * stat.f_frsize, needed=needed)
    return InputUnreachable(source=str(problem.filename or ""), attempts=1, reason=str(problem))


def _reason(problem: Exception) -> str:
    return str(problem) or type(problem).__name__
