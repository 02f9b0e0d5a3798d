"""Progress of files: nothing in the first second, bars on a terminal, nothing anywhere else."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from suanwang.client.screen import progress
from suanwang.client.talk import Talk


def a_talk(*, terminal, **wishes):
    talk = Talk(lang="en", **wishes)
    colours = "standard" if terminal else None
    talk.err = Console(file=io.StringIO(), force_terminal=terminal, color_system=colours, width=100)
    return talk


def moved(talk, tmp_path):
    path = tmp_path / "big.bin"
    path.write_bytes(b"x" * 1000)
    with progress.file_progress(talk) as told:
        told("hash", path, 1000)
        told("send", path, 400)
        told("send", path, 600)
        told("fetch", tmp_path / "out.bin", 10)
    return talk.err.file.getvalue()


def test_bars_are_drawn_for_what_takes_long(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    drawn = moved(a_talk(terminal=True), tmp_path)
    for said in ("reading big.bin", "sending big.bin", "fetching out.bin"):
        assert said in drawn


def test_what_is_quick_draws_nothing(tmp_path):
    assert moved(a_talk(terminal=True), tmp_path) == ""


@pytest.mark.parametrize("wishes", [{"json_": "*"}, {"quiet": True}])
def test_scripts_see_no_bars(tmp_path, monkeypatch, wishes):
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    assert moved(a_talk(terminal=True, **wishes), tmp_path) == ""


def test_a_pipe_sees_no_bars(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    assert moved(a_talk(terminal=False), tmp_path) == ""
