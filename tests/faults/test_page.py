"""The page of faults tells the truth: each row names a test that is there, each test has its row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROW = re.compile(r"\[`(test_\w+)`\]\([./]*/tests/faults/(test_\w+\.py)\)")


def played() -> set[tuple[str, str]]:
    found = set()
    for path in HERE.glob("test_*.py"):
        if path != Path(__file__):
            tree = ast.parse(path.read_text("utf-8"))
            found |= {(n.name, path.name) for n in tree.body
                      if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")}  # fmt: skip
    return found


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_row_names_a_test_and_every_test_has_a_row(lang):
    page = HERE.parents[1] / "docs" / lang / "explanation" / "faults.md"
    assert set(ROW.findall(page.read_text("utf-8"))) == played()
