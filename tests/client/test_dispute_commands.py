"""`suan dispute`, `credit-note` and `invoice`: the how-to page, command by command, for real."""

from __future__ import annotations

import json
import re
import shlex
import time
from pathlib import Path

import pypdf
import pytest
from tests.client.real_grid import RealGrid

from suanwang.client.errors import NotFoundAnswered
from suanwang.client.sync.client import Client
from suanwang.ledger.closing import Month
from suanwang.server.parts import utc_now

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- run: (\w+) -->\n```\n(.*?)```", re.DOTALL)


def blocks(lang: str) -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / "docs" / lang / "how-to" / "dispute-a-bill.md").read_text("utf-8"))


def test_both_pages_do_the_same():
    assert blocks("en") == blocks("zh")
    assert len(blocks("en")) == 6


@pytest.mark.real
@pytest.mark.timeout(180)
def test_the_how_to_works_as_it_stands(tmp_path):
    grid = RealGrid(tmp_path)
    try:
        grid.join()
        _play(grid, tmp_path)
    finally:
        grid.close()


def _play(grid: RealGrid, folder: Path) -> None:
    keys = {
        "buyer": grid.key,
        "operator": (folder / "data" / "operator.key").read_text("utf-8").strip(),
    }
    (folder / "run.log").write_text("ran\n")
    names = {"JOB": _billed(grid), "OTHER": _billed(grid), "MONTH": str(Month.of(utc_now()))}
    for who, text in blocks("en"):
        if who == "seller":
            [dispute] = grid.operator.disputes.list()
            keys[who] = grid.operator.operator.issue_key(dispute.seller_id, "provider").key
        for line in text.strip().splitlines():
            for name, key, found in (("DISPUTE", "buyer", ("dispute", "list")),
                                     ("NOTE", "buyer", ("credit-note", "list"))):  # fmt: skip
                if f"${name}" in line and name not in names:
                    listed = grid.run(*found, "--json", SUANWANG_KEY=keys[key])
                    names[name] = json.loads(listed.stdout)[0]["id"]
            words = shlex.split(re.sub(r"\$([A-Z]+)", lambda m: names[m[1]], line))[1:]
            done = grid.run(*words, SUANWANG_KEY=keys[who])
            assert done.returncode == 0, f"{line}: {done.stderr}"
            shown = grid.run(*words, "--json", SUANWANG_KEY=keys[who]) if "list" in words else done
            assert shown.returncode == 0
    assert names["NOTE"].startswith("crn_")
    reader = pypdf.PdfReader(folder / "draft.pdf")
    assert "DRAFT" in reader.pages[0].extract_text()
    draft = json.loads((folder / "draft.json").read_text("utf-8"))
    assert len(draft["purchases"]["credit_notes"]) == 2
    chinese = grid.run("dispute", "show", names["DISPUTE"], SUANWANG_LANG="zh")
    assert "已支持" in chinese.stdout
    wrong = grid.run("dispute", "open", names["JOB"], "--line", "x", "--reason", "other")
    assert wrong.returncode == 2


def _billed(grid: RealGrid) -> str:
    spec = grid.folder / "job.yaml"
    spec.write_text("name: noise\nrun: sleep 2\nexpected: 5s\ntime_limit: 1m\n")
    done = grid.run("job", "submit", str(spec), "-yq")
    assert done.returncode == 0, done.stderr
    job = done.stdout.strip()
    assert grid.run("job", "wait", job).returncode == 0
    end = time.monotonic() + 30
    with Client(grid.url, grid.key) as buyer:
        while True:
            try:
                return buyer.jobs.bill(job).job_id
            except NotFoundAnswered:
                assert time.monotonic() < end, "no bill yet"
                time.sleep(0.2)
