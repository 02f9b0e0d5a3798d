"""The examples and the reference page are good, and the page leaves nothing out."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from suanwang.jobs.check import check_bytes, check_text
from suanwang.jobs.keys import INPUT, OUTPUT, RESOURCES, TOP
from suanwang.jobs.spec import JobKind
from suanwang.jobs.submission import resolve_after

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples" / "jobs").glob("*.yaml"))
PAGES = [ROOT / "docs" / lang / "reference" / "job-file.md" for lang in ("en", "zh")]
BLOCKS = [
    (f"{page.parts[-3]}-{number}", block)
    for page in PAGES
    for number, block in enumerate(re.findall(r"(?ms)^```yaml\n(.*?)^```", page.read_text("utf-8")))
]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_is_good_without_a_note(path):
    checked = check_bytes(path.read_bytes(), name=path.name)
    assert [m.message() for m in (*checked.mistakes, *checked.warnings)] == []


def test_examples_show_every_kind_and_fit_together():
    specs = [check_bytes(path.read_bytes(), name=path.name).spec for path in EXAMPLES]
    assert {spec.kind for spec in specs if spec} == set(JobKind)
    assert resolve_after([spec for spec in specs if spec]).mistakes == ()


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_a_block_of_the_page_is_good_without_a_note(name, block):
    checked = check_text(block, name=name)
    assert [m.message() for m in (*checked.mistakes, *checked.warnings)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.parts[-3])
def test_the_page_names_every_key_and_every_mistake(page):
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text("utf-8"))
    toml = resources.files("suanwang.jobs").joinpath("mistakes.toml").read_text("utf-8")
    codes = {texts.get("code", key) for key, texts in tomllib.loads(toml).items()}
    words = {
        word for quoted in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[\w-]+", quoted)
    }
    assert sorted((codes | {*TOP, *RESOURCES, *INPUT, *OUTPUT}) - words) == []
