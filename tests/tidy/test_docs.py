"""Docs tell the truth: links lead somewhere, the diagram is the table's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "README.zh.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_state_diagram_is_printed_from_the_table():
    done = subprocess.run(
        [sys.executable, "tools/print_lifecycle.py", "--check"], cwd=ROOT, check=False
    )
    assert done.returncode == 0, "run tools/print_lifecycle.py"


def test_decisions_are_one_page():
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name)
        assert len(page.read_text("utf-8").splitlines()) <= 60, page.name
