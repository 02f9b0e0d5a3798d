"""The client's pages tell the truth: generated, complete, and executed."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.client.real_grid import free_port

from suanwang.client.sync.client import Client
from suanwang.client.sync.job import Job

ROOT = Path(__file__).parents[2]
LANGUAGES = ("en", "zh")
BLOCK = re.compile(r"<!-- (run|file)(?:: (\S+))? -->\n```\w*\n(.*?)```", re.DOTALL)


def public(cls) -> set[str]:
    return {name for name, _ in inspect.getmembers(cls, inspect.isfunction) if name[0] != "_"}


def test_the_command_line_page_is_printed_from_the_command():
    done = subprocess.run(
        [sys.executable, "tools/print_cli.py", "--check"], cwd=ROOT, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_sdk_page_names_every_method(lang):
    text = (ROOT / "docs" / lang / "reference" / "sdk.md").read_text("utf-8")
    rows = {row.split("|")[1].strip(" `"): set(re.findall(r"`(\w+)`", row.split("|")[2]))
            for row in text.splitlines() if row.startswith("| ")}  # fmt: skip
    with Client("http://x", "sk_0123456789") as grid:
        nouns = {name: type(thing) for name, thing in vars(grid).items()
                 if type(thing).__module__.startswith("suanwang.client.sync") and name[0] != "_"}  # fmt: skip
    for name, cls in nouns.items():
        assert rows[name] == public(cls), name
    assert rows["a job" if lang == "en" else "一个作业"] == public(Job) - {"is_final"}


def blocks(lang: str) -> list[tuple[str, str, str]]:
    text = (ROOT / "docs" / lang / "tutorial" / "first-job.md").read_text("utf-8")
    return [(kind, name or "", body) for kind, name, body in BLOCK.findall(text)]


def test_both_tutorials_do_the_same():
    assert blocks("en") == blocks("zh")


@pytest.mark.real
@pytest.mark.timeout(180)
def test_the_tutorial_works_as_it_stands(tmp_path):
    port = free_port()
    url, scripts = f"http://127.0.0.1:{port}", Path(sys.executable).parent
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith("SUANWANG_")},
        "PATH": f"{scripts}:{os.environ['PATH']}", "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "SUANWANG_URL": url, "SUANWANG_PORT": str(port), "COLUMNS": "160",
    }  # fmt: skip
    started, said = [], ""
    try:
        for kind, name, body in blocks("en"):
            if kind == "file":
                (tmp_path / name).write_text(body, "utf-8")
                continue
            for line in re.findall(r"(?m)^\$ (.*)$", body):
                words = line.replace("http://127.0.0.1:8930", url)
                if name:
                    more = " --no-sandbox" if name == "agent" else ""
                    started.append(start(words + more, cwd=tmp_path, env=env, log=name))
                    wait_for(url, joined=name == "agent", folder=tmp_path)
                    continue
                done = subprocess.run(words, shell=True, cwd=tmp_path, env=env, text=True,
                                      capture_output=True, check=False, timeout=90)  # fmt: skip
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
                said += done.stdout
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(15)
    assert (tmp_path / "results" / "counts.txt").read_text().split()[:4] == ["2", "to", "2", "be"]
    for word in ("counting", "SETTLED", "compute", "first payment"):
        assert word in said


def start(words, *, cwd, env, log):
    with (cwd / f"{log}.log").open("wb") as out:
        return subprocess.Popen(
            f"exec {words}", shell=True, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out,
            stderr=out,
        )  # fmt: skip


def wait_for(url, *, joined, folder):
    end = time.monotonic() + 40
    while time.monotonic() < end:
        try:
            if joined:
                key = (folder / "exchange" / "operator.key").read_text()
                with Client(url, key) as grid:
                    if list(grid.offers.list()):
                        return
            elif httpx.get(f"{url}/healthz", timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    logs = "\n".join(path.read_text("utf-8")[-2000:] for path in folder.glob("*.log"))
    raise AssertionError(f"it did not start\n{logs}")
