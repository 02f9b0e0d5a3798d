"""`suan budget` against a real server: the how-to's commands, a refusal by name, and the plan."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.client.real_grid import RealGrid

from suanwang.basics.languages import load_texts
from suanwang.client.screen.budgets import bar, budgets_left
from suanwang.client.wire import BudgetLeft
from suanwang.client.wire_budgets import Budget

DOCS = Path(__file__).parents[2] / "docs"
LEFT = "Budget of project vision: ¥ 0.50 of ¥ 10.00 left in 2026-11."
JOB = "name: hello\nrun: echo hello\nexpected: 10s\ntime_limit: 10m\n"


@pytest.mark.real
@pytest.mark.timeout(240)  # twenty processes, one after the other
def test_a_budget_from_the_command_line(tmp_path):
    grid = RealGrid(tmp_path)
    try:
        grid.operator.operator.add_project(grid.organisation_id, "vision")
        for lang in ("en", "zh"):
            _commands_of_the_page(grid, lang)
        grid.join()
        _play(grid, tmp_path)
    finally:
        grid.operator.close()
        grid.end()


def _commands_of_the_page(grid: RealGrid, lang: str) -> None:
    text = (DOCS / lang / "how-to" / "set-a-budget.md").read_text("utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) == 5
    for line in commands:
        done = grid.run(*shlex.split(line)[1:], SUANWANG_LANG=lang)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert ("剩余" if lang == "zh" else "left") in done.stdout


def _play(grid: RealGrid, folder: Path) -> None:
    def suan(*words: str, code: int = 0):
        done = grid.run(*words)
        assert done.returncode == code, f"{words}: {done.stdout}{done.stderr}"
        return done

    file = folder / "hello.yaml"
    file.write_text(JOB, "utf-8")
    found = json.loads(suan("budget", "list", "--json").stdout)
    assert {(each["subject"], each["amount"], each["stop"]) for each in found} == {
        ("vision", "1000.00", "hard"), ("default", "300.00", "warn"),
        (next(e["subject"] for e in found if e["scope"] == "organisation"), "5000.00", "hard"),
    }  # fmt: skip
    [whole] = [each for each in found if each["scope"] == "organisation"]
    suan("job", "submit", str(file), "--yes")
    shown = suan("budget", "show", whole["id"]).stdout
    assert "hello" in shown
    assert "told at 50 %, 80 %, 100 %" in shown
    told = json.loads(suan("budget", "show", whole["id"], "--json").stdout)
    assert [each["name"] for each in told["jobs"]] == ["hello"]

    suan("budget", "set", "0.01")
    plan = json.loads(suan("job", "quote", str(file), "--json").stdout)
    assert [(each["scope"], each["enough"]) for each in plan["budgets"]] == [
        ("organisation", False), ("project", True)
    ]  # fmt: skip
    refused = suan("job", "submit", str(file), "--yes", code=5)
    assert f"Budget {whole['id']} has" in refused.stderr
    suan("budget", "set", "1", "--stop", "warn", "--job-max", "3", code=2)
    suan("budget", "remove", whole["id"])
    assert "(removed)" in suan("budget", "list").stdout
    suan("job", "submit", str(file), "--yes")


def a_left(**changes):
    said = {"id": "bdg_1", "scope": "project", "subject": "vision", "month": "2026-11",
            "amount": Decimal(10), "left": Decimal("0.5"), "currency": "CNY", "stop": "hard",
            "enough": False}  # fmt: skip
    return BudgetLeft(**(said | changes))


@pytest.mark.parametrize(
    ("changes", "lang", "line"),
    [
        ({}, "en", f"{LEFT} It would refuse this job."),
        ({"enough": True}, "en", LEFT),
        ({"stop": "warn", "enough": True}, "en", f"{LEFT} It only warns."),
        ({}, "zh", "项目 vision 的预算：2026-11 剩余 ¥ 0.50，共 ¥ 10.00。它会拒绝此作业。"),
    ],
)  # fmt: skip
def test_a_plan_says_what_is_left_of_its_budgets(changes, lang, line):
    assert budgets_left([a_left(**changes)], load_texts("suanwang.client", lang)) == [line]


@pytest.mark.parametrize(
    ("used", "held", "drawn"),
    [
        ("0", "0", "····················"),
        ("2.5", "0", "█████···············"),
        ("2.5", "5", "█████▒▒▒▒▒▒▒▒▒▒·····"),
        ("12", "5", "████████████████████"),
    ],
)
def test_a_bar_shows_used_and_held(used, held, drawn):
    now = datetime(2026, 11, 28, tzinfo=UTC)
    found = Budget(
        id="bdg_1", organisation_id="org_1", scope="organisation", subject_id="org_1",
        subject="Lab", month="2026-11", amount=Decimal(10), used=Decimal(used),
        held=Decimal(held), left=10 - Decimal(used) - Decimal(held), currency="CNY", stop="hard",
        warn_at=(50,), job_max=None, hourly_max=None, since="2026-11", created_at=now,
        updated_at=now,
    )  # fmt: skip
    assert bar(found).plain == drawn
