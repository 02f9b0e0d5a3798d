"""The cold store of a centre: what `store` jobs archive, checked by reading it back.

    cold/<sha256>.tar.zst    the archive, named by its own SHA-256
    cold/<sha256>.json       its manifest: every file with size and SHA-256, stored and kept until
    cold/jobs/<job id>       the SHA-256 of the archive that the job made

The same files give the same archive bytes (sorted, no owners, no times), so archiving twice after
a crash leaves one archive.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import zstandard

from suanwang.agent.errors import ColdStoreDamaged, InputMissing
from suanwang.agent.sources import CHUNK_BYTES, copy

LEVEL = 10  # about 4 times slower than the default and a tenth smaller; written once, kept long
# Unlike any name that data is likely to bring along.
MANIFEST = "suanwang-archive.json"


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive that is safely on disk."""

    sha256: str
    bytes: int
    manifest: dict[str, Any]


class ColdStore:
    """Archives below one directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def archive(self, work: Path, *, job_id: str, stored_at: str, keep_until: str) -> Archive:
        """Archive every file below `work`, read it back, and only then name it.

        Raises ColdStoreDamaged when what is read differs from what was written.
        """
        (self._folder / "jobs").mkdir(parents=True, exist_ok=True)
        partial = self._folder / f"{job_id}.partial"
        files = _write_archive(partial, work)
        sha256 = _digest(partial)
        _verify(partial, files)
        manifest: dict[str, Any] = {
            "job_id": job_id,
            "archive_sha256": sha256,
            "archive_bytes": partial.stat().st_size,
            "format": "tar+zstd",
            "stored_at": stored_at,
            "keep_until": keep_until,
            "files": files,
        }
        partial.replace(self._folder / f"{sha256}.tar.zst")
        text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True)
        _write(self._folder / f"{sha256}.json", text.encode())
        _write(self._folder / "jobs" / job_id, sha256.encode())
        _sync_folder(self._folder)
        return Archive(sha256, manifest["archive_bytes"], manifest)

    def manifest(self, job_id: str) -> dict[str, Any]:
        """Return the manifest of a job's archive. Raises InputMissing."""
        try:
            sha256 = (self._folder / "jobs" / Path(job_id).name).read_text("ascii")
            manifest: dict[str, Any] = json.loads((self._folder / f"{sha256}.json").read_bytes())
        except OSError as problem:
            reason = "no such archive at this centre"
            raise InputMissing(source=f"store://{job_id}", reason=reason) from problem
        return manifest

    def manifests(self) -> list[dict[str, Any]]:
        """Return every manifest, oldest first."""
        found = [json.loads(path.read_bytes()) for path in self._folder.glob("*.json")]
        return sorted(found, key=lambda m: str(m["stored_at"]))

    def read(self, url: str, sink: IO[bytes], room: Callable[[int], None]) -> None:
        """Copy one file, or with `archive.tar.zst` the whole archive, out of a job's archive."""
        job_id, name = _split(url)
        manifest = self.manifest(job_id)
        if name == MANIFEST:
            data = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True).encode()
            copy(io.BytesIO(data), sink, room)
            return
        with self._members(manifest) as members:
            for member, file in members:
                if member.name == name:
                    copy(file, sink, room)
                    return
        raise InputMissing(source=url, reason="no such file in the archive")

    def extract(self, url: str, target: Path) -> int:
        """Copy all files of a job's archive below `target`; return their bytes."""
        job_id, prefix = _split(url)
        total = 0
        with self._members(self.manifest(job_id)) as members:
            for member, file in members:
                if not member.name.startswith(prefix):
                    continue
                place = target / member.name.removeprefix(prefix)
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("wb") as sink:
                    copy(file, sink, lambda _: None)
                total += member.size
        return total

    @contextmanager
    def _members(
        self, manifest: dict[str, Any]
    ) -> Iterator[Iterator[tuple[tarfile.TarInfo, IO[bytes]]]]:
        path = self._folder / f"{manifest['archive_sha256']}.tar.zst"
        if not path.exists():
            raise InputMissing(source=str(manifest["job_id"]), reason="the archive has expired")
        with path.open("rb") as raw, _open(raw) as archive:
            yield _files(archive)


def _write_archive(path: Path, work: Path) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = []
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    with path.open("wb") as raw:
        with (
            compressor.stream_writer(raw, closefd=False) as stream,
            tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        ):
            for found in _regular_files(work):
                files.append(_add(archive, found, found.relative_to(work).as_posix()))
        raw.flush()
        os.fsync(raw.fileno())
    return files


def _regular_files(work: Path) -> list[Path]:
    return sorted(p for p in work.rglob("*") if p.is_file() and not p.is_symlink())


def _add(archive: tarfile.TarFile, path: Path, name: str) -> dict[str, Any]:
    info = tarfile.TarInfo(name)
    with path.open("rb") as file:
        info.size = os.fstat(file.fileno()).st_size
        reader = _Hashing(file)
        archive.addfile(info, reader)
    return {"name": name, "bytes": info.size, "sha256": reader.digest.hexdigest()}


class _Hashing:
    """A file that is hashed while the archive reads it: one pass over the data."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read and hash."""
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _verify(path: Path, files: list[dict[str, Any]]) -> None:
    found = []
    try:
        with path.open("rb") as raw, _open(raw) as archive:
            for member, file in _files(archive):
                digest = hashlib.sha256()
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
                found.append(
                    {"name": member.name, "bytes": member.size, "sha256": digest.hexdigest()}
                )
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as problem:
        raise ColdStoreDamaged(reason=str(problem)) from problem
    if found != files:
        raise ColdStoreDamaged(reason=f"{len(files)} files written, {len(found)} read back alike")


@contextmanager
def _open(raw: IO[bytes]) -> Iterator[tarfile.TarFile]:
    with (
        zstandard.ZstdDecompressor().stream_reader(raw, closefd=False) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        yield archive


def _files(archive: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for member in archive:
        file = archive.extractfile(member) if member.isfile() else None
        if file is not None:
            yield member, file


def _split(url: str) -> tuple[str, str]:
    job_id, _, name = url.removeprefix("store://").partition("/")
    return job_id, name


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
