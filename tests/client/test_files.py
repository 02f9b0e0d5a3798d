"""Writing a person's file: whole or not at all, never over a device, and trouble has a name."""

import os
import threading

import pytest

from suanwang.basics.errors import SuanwangError
from suanwang.client.files import whole


def test_it_appears_only_when_it_is_whole(tmp_path):
    place = tmp_path / "bills.csv"
    place.write_bytes(b"old")
    with whole(place) as file:
        file.write(b"new")
        file.flush()
        assert place.read_bytes() == b"old"
    assert place.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["bills.csv"]


def test_what_breaks_half_way_leaves_the_old_file(tmp_path):
    place = tmp_path / "bills.csv"
    place.write_bytes(b"old")
    with pytest.raises(TypeError), whole(place) as file:
        file.write("half")
    assert place.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["bills.csv"]


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with whole(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_pipe_is_written_as_it_stands(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with whole(pipe) as file:
        file.write(b"bills")
    reader.join(10)
    assert read == [b"bills"]
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("nowhere/bills.csv", "client-folder-missing"),
        ("file/bills.csv", "client-folder-missing"),
        (".", "file-is-folder"),
        ("n" * 300, "file-trouble"),
    ],
)
def test_trouble_has_a_name(tmp_path, place, code):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SuanwangError) as caught, whole(tmp_path / place):
        pytest.fail("it must not open")
    assert caught.value.code == code
