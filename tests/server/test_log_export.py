"""`suan ledger export` and `verify --export` against a real server, as the how-to says them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.client.test_docs import LANGUAGES, ROOT
from tests.server.test_proofs import billed
from typer.testing import CliRunner

from suanwang.client.log_files import LogFiles
from suanwang.ledger import commands

BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)


def test_both_languages_give_the_same_commands():
    found = [
        BLOCK.findall((ROOT / "docs" / lang / "how-to/audit-an-exchange.md").read_text("utf-8"))
        for lang in LANGUAGES
    ]
    assert found[0] == found[1] != []


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "export.json").read_bytes())


@pytest.fixture
def fetched(world, tmp_path):
    """An exchange with a billed job, and a way to fetch exports as an auditor does by hand."""
    world.centre()
    billed(world)
    world.operator.post("/ledger/heads", {}).ok(201)

    def fetch(name: str, since: int | None = None) -> Path:
        files = LogFiles(tmp_path / name)
        query = "" if since is None else f"?since={since}"
        files.begin(world.operator.get(f"/ledger/export{query}").ok())
        size = world.operator.get("/ledger/heads").ok()["items"][0]["size"]
        first = since or 0
        while first < size:
            limit = min(11, size - first)
            answer = world.operator.get(f"/ledger/leaves?first={first}&limit={limit}")
            first += files.add(first, answer.content)
        files.finish()
        return tmp_path / name

    return fetch


def test_what_the_server_sends_is_proven_and_continued(world, fetched, tmp_path, monkeypatch):
    monkeypatch.setenv("SUANWANG_LANG", "en")
    key = tmp_path / "exchange.pub"
    key.write_text(world.operator.get("/ledger/key").ok()["key"])
    first = fetched("first")
    run = lambda *args: CliRunner().invoke(commands.verify, [*map(str, args)])  # noqa: E731
    done = run("--export", first, "--key", key)
    assert done.exit_code == 0, done.output
    assert "PROVEN: the whole log" in done.output
    assert "1 bills" in done.output
    assert "The key is pinned" in done.output
    shown = json.loads(run("--export", first, "--json").output)
    assert (shown["proven"], shown["pinned"]) == (True, False)
    billed(world)
    world.operator.post("/ledger/heads", {}).ok(201)
    second = fetched("second", since=shown["size"])
    done = run("--export", second, "--since", first, "--key", key, "--lang", "zh")
    assert done.exit_code == 0, done.output
    assert "整份日志" in done.output
    alone = run("--export", second, "--key", key)
    assert (alone.exit_code, "--since" in alone.stderr) == (1, True)
    assert run("--export", tmp_path / "none").exit_code == 1


def test_only_keys_that_see_everything_may_export(world, fetched):
    for path in ("/ledger/export", "/ledger/leaves?first=0"):
        assert world.buyer.get(path).status == 403


def test_help_is_chinese_all_through(monkeypatch):
    monkeypatch.setenv("SUANWANG_LANG", "zh")
    shown = CliRunner().invoke(commands.verify, ["--help"]).output
    assert "--export" in shown
    assert "用法：" in shown
    assert "选项：" in shown
    assert "Usage" not in shown
    assert "Options:" not in shown
