"""Files: stored whole or not at all, seen only by who brought them."""

from __future__ import annotations

import asyncio
import errno
import hashlib

import pytest
from tests.server.world import World

from suanwang.server import blobs as module
from suanwang.server.blobs import BlobFiles, DigestUnreadable
from suanwang.server.errors import BodyTooLarge, ChecksumDiffers, DiskFull

DATA = b"x" * 3_000_000
DIGEST = hashlib.sha256(DATA).hexdigest()


async def in_chunks(data=DATA, size=65_536):
    for at in range(0, len(data), size):
        yield data[at : at + size]


@pytest.fixture
def files(tmp_path):
    return BlobFiles(tmp_path / "blobs", bytes_max=10_000_000)


def everything(files):
    return [p for p in files.folder.rglob("*") if p.is_file()]


def test_a_stream_is_kept_under_its_checksum(files):
    assert asyncio.run(files.keep(DIGEST, in_chunks(), bytes_max=10**9)) == len(DATA)
    assert files.path(DIGEST).read_bytes() == DATA
    assert everything(files) == [files.folder / DIGEST[:2] / DIGEST]
    assert asyncio.run(files.keep(DIGEST, in_chunks(), bytes_max=10**9)) == len(DATA)


def test_content_that_differs_leaves_nothing(files):
    with pytest.raises(ChecksumDiffers):
        asyncio.run(files.keep("0" * 64, in_chunks(), bytes_max=10**9))
    assert everything(files) == []


def test_content_that_is_too_large_leaves_nothing(files):
    with pytest.raises(BodyTooLarge):
        asyncio.run(files.keep(DIGEST, in_chunks(), bytes_max=1000))
    assert everything(files) == []


def test_a_full_disk_is_named_and_leaves_nothing(files, monkeypatch):
    def full(_file, _digest, _data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_append", full)
    with pytest.raises(DiskFull) as refusal:
        asyncio.run(files.keep(DIGEST, in_chunks(), bytes_max=10**9))
    assert refusal.value.status == 507
    assert everything(files) == []


def test_what_a_killed_server_left_is_swept(files):
    (files.folder / "ab").mkdir(parents=True)
    (files.folder / "ab" / ".part-0123").write_bytes(b"half")
    assert files.sweep() == 1
    assert everything(files) == []


@pytest.mark.parametrize("text", ["", "x", "../" * 20, "A" * 64, "0" * 63, "0" * 65, "٠" * 64])
def test_only_a_checksum_becomes_a_path(files, text):
    with pytest.raises(DigestUnreadable):
        files.path(text)


def test_a_file_is_brought_once_and_fetched_by_its_owner(world):
    world.buyer.put(f"/blobs/{DIGEST}", DATA).ok(201)
    assert world.buyer.put(f"/blobs/{DIGEST}", DATA).ok(200)["bytes"] == len(DATA)
    assert world.buyer.get(f"/blobs/{DIGEST}").content == DATA
    head = world.buyer.call("HEAD", f"/blobs/{DIGEST}")
    assert (head.status, head.headers["content-length"]) == (200, str(len(DATA)))
    part = world.buyer.call("GET", f"/blobs/{DIGEST}", headers={"Range": "bytes=0-9"})
    assert (part.status, part.content) == (206, DATA[:10])
    world.other.get(f"/blobs/{DIGEST}").refused(404, "not-found")
    assert world.other.call("HEAD", f"/blobs/{DIGEST}").status == 404
    world.buyer.put(f"/blobs/{'0' * 64}", b"other").refused(422, "checksum-differs")


def test_a_quota_holds_before_and_while_a_file_comes(store, tmp_path):
    world = World(store, tmp_path, blob_quota_bytes=1000)
    world.buyer.put(f"/blobs/{DIGEST}", DATA).refused(507, "quota-full")
    answer = world.buyer.put(f"/blobs/{DIGEST}", in_chunks())
    assert answer.status == 413
    assert everything(world.parts.blobs) == []
    world.close()


def test_a_file_larger_than_allowed_is_refused(store, tmp_path):
    world = World(store, tmp_path, blob_bytes_max=1000)
    world.buyer.put(f"/blobs/{DIGEST}", DATA).refused(413, "body-too-large")
    world.buyer.put(f"/blobs/{DIGEST}", in_chunks()).refused(413, "body-too-large")
    world.close()
