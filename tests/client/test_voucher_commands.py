"""`suan voucher` against a real server: a programme is filled, funded, granted, claimed, reported."""

from __future__ import annotations

import csv
import io
import json

import pytest
from tests.client.real_grid import RealGrid

DEMO = "invented-demo-2026"
BEIJING = "beijing-ai-compute-2023"


@pytest.mark.real
def test_a_voucher_programme_from_the_command_line(tmp_path):
    grid = RealGrid(tmp_path)
    try:
        _play(grid, tmp_path)
    finally:
        grid.operator.close()
        grid.end()


def _play(grid: RealGrid, folder) -> None:
    opened = grid.operator.operator.open_organisation
    city, lessor = opened("City", roles=["funder"]), opened("Lessor", roles=["provider"])
    grid.operator.operator.top_up(city.id, "5000000", reference="city")
    operator = (folder / "data" / "operator.key").read_text("utf-8").strip()

    def suan(key: str, *words: str) -> str:
        done = grid.run("voucher", *words, SUANWANG_KEY=key)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "incomplete" in suan(grid.key, "programmes")
    assert "(empty)" in suan(grid.key, "show", "guizhou-compute-2024")
    suan(operator, "fill", "guizhou-compute-2024", "rates", "30", "--source", "letter 7")
    assert "letter 7" in suan(grid.key, "show", "guizhou-compute-2024")
    suan(operator, "facts", grid.organisation_id, "--region", "beijing", "--kind", "software",
         "--credit-years", "3", "--legal-representative", "A", "--share", f"{city.id}=10")  # fmt: skip
    suan(operator, "facts", lessor.id, "--legal-representative", "B")
    funder = city.keys[0].key
    suan(funder, "fund", DEMO, "100")
    suan(funder, "grant", DEMO, grid.organisation_id, "50", "--days", "30")
    [mine] = json.loads(suan(grid.key, "list", "--json"))
    assert (mine["left"], mine["programme"]) == ("50.00", DEMO)

    suan(funder, "fund", BEIJING, "3000000")
    words = ("claim", BEIJING, "C-1", "--supplier", lessor.id, "--item", "compute=12000000",
             "--signed-on", "2025-06-01", "--days")  # fmt: skip
    long = grid.run("voucher", *words, "396")
    assert (long.returncode, "contract-too-long" in long.stderr) == (5, True)
    claim = suan(grid.key, *words, "365", "-q").strip()
    suan(funder, "review", claim, "--approve")
    for kind in ("contract", "invoice", "delivery"):
        (folder / f"{kind}.pdf").write_text(kind)
    files = [word for kind in ("contract", "invoice", "delivery")
             for word in ("--file", f"{kind}={kind}.pdf")]  # fmt: skip
    suan(grid.key, "deliver", claim, *files)
    suan(operator, "review", claim, "--approve", "--note", "seen")
    [row] = csv.DictReader(io.StringIO(suan(funder, "report", BEIJING, "--csv")))
    assert (row["claim_id"], row["amount"], row["state"]) == (claim, "2000000.00", "paid")
    assert row["evidence"].count(":") == 3
    assert "2,000,000.00" in suan(funder, "report", BEIJING)
    suan(funder, "claw-back", claim, "--reason", "false-evidence")
    told = json.loads(suan(operator, "report", BEIJING, "--json"))
    assert (told["paid"], told["items"][0]["claim"]["state"]) == ("0.00", "clawed_back")
    refused = grid.run("voucher", "report", BEIJING)
    assert refused.returncode == 5
    assert grid.operator.operator.check_ledger().balanced
