"""`suan operator bank`, `suan payout`: the how-to page, command by command, for real."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from tests.client.real_grid import RealGrid

from suanwang.basics.slots import market_day
from suanwang.client.sync.client import Client
from suanwang.server.parts import utc_now

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- (run|file): (\S+) -->\n```\n(.*?)```", re.DOTALL)
PAGE = "take-in-and-pay-out-money.md"


def blocks(lang: str) -> list[tuple[str, str, str]]:
    return BLOCK.findall((ROOT / "docs" / lang / "how-to" / PAGE).read_text("utf-8"))


def test_both_pages_do_the_same():
    assert blocks("en") == blocks("zh")
    assert len(blocks("en")) == 12


@pytest.mark.real
@pytest.mark.timeout(180)
def test_the_how_to_works_as_it_stands(tmp_path):
    grid = RealGrid(tmp_path)
    try:
        _play(grid, tmp_path)
    finally:
        grid.close()


def _play(grid: RealGrid, folder: Path) -> None:
    operator = (folder / "data" / "operator.key").read_text("utf-8").strip()
    exchange = grid.operator.me().organisation_id
    more = [grid.operator.operator.issue_key(exchange, "operator").key for _ in range(2)]
    keys = dict(
        zip(("member", "operator", "second", "third"), (grid.key, operator, *more), strict=True)
    )
    with Client(grid.url, grid.key) as member:
        me = member.me()
    names = {
        "TODAY": str(market_day(utc_now())),
        "ORGANISATION": me.organisation_id,
        "NAME": me.organisation,
    }
    (folder / "number.txt").write_text("6222 0200 0000 1234 567\n")
    for kind, who, text in blocks("en"):
        _learn(grid, names)
        if kind == "file":
            filled = re.sub(r"\$([A-Z]+)", lambda m: names[m[1]], text)
            (folder / who).write_text(filled, "utf-8")
            continue
        for line in text.strip().splitlines():
            _learn(grid, names)
            quoted = re.sub(r"\$([A-Z]+)", lambda m: shlex.quote(names[m[1]]), line[2:])
            done = grid.run(*shlex.split(quoted)[1:], SUANWANG_KEY=keys[who])
            assert done.returncode == 0, f"{line}: {done.stderr}{done.stdout}"
    [payout] = grid.operator.payouts.list()
    assert payout.state == "paid"
    report = grid.run("operator", "bank", "reconcile", "--json", SUANWANG_KEY=operator)
    assert json.loads(report.stdout)["custody"]["fees"] == "0.00"
    charge = folder / "charge.csv"
    head = "流水号,记账日期,金额,对方户名,对方账号,附言\n"
    charge.write_bytes(f"{head}X-1,{names['TODAY']},-2.00,工商银行,,手续费\n".encode("gb18030"))
    assert (
        grid.run("operator", "bank", "import", str(charge), SUANWANG_KEY=operator).returncode == 0
    )
    chinese = {"SUANWANG_KEY": operator, "SUANWANG_LANG": "zh"}
    failed = grid.run("operator", "bank", "reconcile", **chinese)
    assert (failed.returncode, "核对不符" in failed.stdout) == (1, True)


def _learn(grid: RealGrid, names: dict[str, str]) -> None:
    """Look up what the page's next command names."""
    with Client(grid.url, grid.key) as member:
        names["REFERENCE"] = member.accounts.reference().reference
        for payout in member.payouts.list():
            names["PAYOUT"] = payout.reference
    for line in grid.operator.bank.lines(waiting=True):
        names["LINE"] = line.id
    for batch in grid.operator.payouts.batches():
        names |= {"BATCH": batch.id, "SHA": batch.file_sha256}
