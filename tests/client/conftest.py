"""`suan(...)` runs the command in this process against a fake exchange."""

from __future__ import annotations

import functools
import io
import sys
from dataclasses import dataclass

import pytest
from tests.client.fake_grid import KEY, URL, FakeGrid

from suanwang.client import answers, cli
from suanwang.client.commands import following
from suanwang.client.sync import client as sync_client
from suanwang.client.sync import jobs as sync_jobs


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


class Typed(io.StringIO):
    """A keyboard: what a person types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """Nothing of this machine's configuration is seen."""
    for name in ("SUANWANG_PROFILE", "SUANWANG_DEBUG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("SUANWANG_URL", URL)
    monkeypatch.setenv("SUANWANG_KEY", KEY)
    monkeypatch.setenv("SUANWANG_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(answers, "pause_before", lambda attempt, answer: 0.0)
    monkeypatch.setattr(sync_jobs, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.0)


@pytest.fixture
def fake(monkeypatch, alone, quick):
    grid = FakeGrid()
    opened = functools.partial(grid.client_like, sync_client.Client)
    monkeypatch.setattr(sync_client, "Client", opened)
    return grid


@pytest.fixture
def suan(capsys, monkeypatch, alone):
    """Run `suan WORDS`; `typed` makes stdin a terminal, `stdin` a pipe."""

    def run(*words, typed=None, stdin=""):
        keyboard = Typed(typed) if typed is not None else io.StringIO(stdin)
        keyboard.buffer = io.BytesIO((typed or stdin).encode())
        monkeypatch.setattr(sys, "stdin", keyboard)
        with pytest.raises(SystemExit) as left:
            cli.main([str(word) for word in words])
        seen = capsys.readouterr()
        assert "Traceback" not in seen.err
        return Done(int(left.value.code or 0), seen.out, seen.err)

    return run


@pytest.fixture
def write(tmp_path, alone):
    """Write files: write(job="name: x…") makes job.yaml."""

    def make(**texts):
        paths = []
        for name, text in texts.items():
            path = tmp_path / f"{name}.yaml"
            path.write_text(text, "utf-8")
            paths.append(path.name)
        return paths[0] if len(paths) == 1 else paths

    return make
