"""Stage out: find what the job declared, and send it home with its checksum."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from suanwang.agent import sources
from suanwang.agent.api import Api
from suanwang.agent.config import CentreFacts
from suanwang.agent.errors import OutputUnreachable, ServerUnreachable
from suanwang.agent.lease import Lease
from suanwang.agent.staging import ATTEMPTS, BACK_OFF_SECONDS, file_sha256
from suanwang.jobs.spec import Output

FILES_MAX = 10_000
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file that the job declared and left."""

    name: str  # its path in the work directory
    path: Path
    to: str | None


@dataclass(frozen=True, slots=True)
class Collected:
    """What was found, and which declared outputs were not there."""

    found: tuple[Found, ...]
    missing: tuple[str, ...]


def collect(declared: Iterable[Output], work: Path) -> Collected:
    """Find the declared paths and globs below `work`. Nothing outside it is ever read.

    A link is followed only while it stays inside; devices, pipes and sockets are no outputs. A
    glob that matches nothing is missing, like a path that is not there.
    """
    root = work.resolve()
    found: dict[str, Found] = {}
    missing = []
    for output in declared:
        before = len(found)
        for path in _matches(output.source, root):
            for file in _files(path, root):
                name = _name(file.relative_to(root))
                found.setdefault(name, Found(name=name, path=file, to=output.to))
        if len(found) == before and not _already(output.source, found):
            missing.append(output.source)
    kept = tuple(sorted(found.values(), key=lambda f: f.name)[:FILES_MAX])
    return Collected(kept, tuple(missing))


def _already(source: str, found: Mapping[str, Found]) -> bool:
    return any(PurePosixPath(name).match(source) for name in found)


def _matches(source: str, root: Path) -> list[Path]:
    if _GLOB & set(source):
        return sorted(root.glob(source.lstrip("/")))
    path = root / source
    return [path] if path.exists() else []


def _files(path: Path, root: Path) -> list[Path]:
    if not _is_inside(path, root):
        return []
    if path.is_dir():
        inside = [p for p in sorted(path.rglob("*")) if not p.is_dir()]
        return [p for p in inside if _is_output(p, root)]
    return [path] if _is_output(path, root) else []


def _is_output(path: Path, root: Path) -> bool:
    return _is_inside(path, root) and stat.S_ISREG(path.stat().st_mode)


def _is_inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # a link that leads nowhere, or in a circle
        return False


def _name(path: Path) -> str:
    # A name that is no UTF-8 still has to travel as text.
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


class Sender:
    """Sends the outputs of one lease."""

    def __init__(
        self,
        lease: Lease,
        *,
        centre: CentreFacts,
        api: Api,
        back_off_seconds: float = BACK_OFF_SECONDS,
    ) -> None:
        self._lease = lease
        self._centre = centre
        self._api = api
        self._back_off = back_off_seconds

    async def send(self, found: Found) -> dict[str, Any]:
        """Send one output and return its line in the report. Raises OutputUnreachable."""
        sha256 = await asyncio.to_thread(file_sha256, found.path)
        line: dict[str, Any] = {
            "name": found.name,
            "kind": "blob",
            "sha256": sha256,
            "bytes": found.path.stat().st_size,
            "location": f"blob:{sha256}",
        }
        if found.to:
            line |= {"kind": "url", "location": _place(found)}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._attempt(found, line)
            except (ServerUnreachable, OSError) as problem:
                if attempt == ATTEMPTS:
                    raise OutputUnreachable(
                        name=found.name, attempts=ATTEMPTS, reason=str(problem)
                    ) from problem
                await asyncio.sleep(self._back_off * 2 ** (attempt - 1))
            else:
                break
        return line

    async def _attempt(self, found: Found, line: Mapping[str, Any]) -> None:
        if found.to:
            await asyncio.to_thread(self._put, found.path, line["location"])
            return
        await self._api.send_output(
            self._lease.lease_id, found.name, token=self._lease.token, path=found.path,
            sha256=line["sha256"],
        )  # fmt: skip

    def _put(self, path: Path, url: str) -> None:
        if not url.startswith("s3://"):
            raise OutputUnreachable(name=url, attempts=1, reason="only s3:// is written to")
        store, place = sources.object_store(url, centre=self._centre, secrets=self._lease.secrets)
        store.put_file(str(path), place)


def _place(found: Found) -> str:
    # A target that ends in "/" is a folder: each file keeps its own path below it.
    assert found.to is not None, "asked for the place of an output without one"
    return found.to + found.name if found.to.endswith("/") else found.to
