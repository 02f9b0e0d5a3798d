"""Every mistake is named with its place: `bad/*.yaml` against `bad/expected.txt`."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from string import Formatter

import pytest
import yaml

from suanwang.jobs import document
from suanwang.jobs.check import MISTAKES_MAX, check_bytes, check_text
from suanwang.jobs.document import BYTES_MAX

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.yaml"))
EXPECTED = (BAD / "expected.txt").read_text("utf-8").splitlines()
TEXTS = tomllib.loads(resources.files("suanwang.jobs").joinpath("mistakes.toml").read_text("utf-8"))
# Not mistakes of one file's content: tested with the command, the submission, the warnings.
ELSEWHERE = {
    "file-unreadable", "file-missing", "file-too-large", "after-unknown", "after-cycle",
    "budget-kept-only", "ports-kept-only", "run-not-used", "members-overwrite", "value-not-valid",
    "class-unknown",
}  # fmt: skip


@pytest.fixture(params=["C", "Python"])
def parser(request, monkeypatch):
    """The wheel has the C parser nearly everywhere; where it has not, nothing changes."""
    loader = yaml.CSafeLoader if request.param == "C" else yaml.SafeLoader
    monkeypatch.setattr(document, "_LOADER", loader)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_mistakes_are_found_where_they_are(path):
    checked = check_bytes(path.read_bytes(), name=path.name)
    assert checked.spec is None
    found = [
        f"{path.name}:{m.line}:{m.column} {m.code} {m.pointer}".rstrip() for m in checked.mistakes
    ]
    assert found == [line for line in EXPECTED if line.startswith(f"{path.name}:")]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_mistakes_are_said_in_both_languages_in_one_line(path):
    for mistake in check_bytes(path.read_bytes(), name=path.name).mistakes:
        for lang in ("en", "zh"):
            message = mistake.message(lang)
            assert "\n" not in message
            assert len(message) < 500


def test_every_mistake_has_a_bad_file():
    found = {m.error.key for p in FILES for m in check_bytes(p.read_bytes(), name=p.name).mistakes}
    assert TEXTS.keys() - found == ELSEWHERE


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_name_the_same_facts(key):
    def facts(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    said = {
        lang: facts(TEXTS[key][lang].replace("problem_" + lang, "problem")) for lang in ("en", "zh")
    }
    assert said["en"] == said["zh"]
    assert any("一" <= c <= "鿿" for c in TEXTS[key]["zh"])


def test_a_huge_file_is_refused_unread():
    assert [m.code for m in check_text("x" * (BYTES_MAX + 1), name="x").mistakes] == [
        "file-too-large"
    ]
    wide = "名" * (BYTES_MAX // 3 + 1)
    assert [m.code for m in check_text(wide, name="x").mistakes] == ["file-too-large"]


def test_more_mistakes_than_anyone_reads_are_counted():
    text = "name: x\nrun: y\n" + "".join(f"a{i}: 1\n" for i in range(MISTAKES_MAX + 50))
    mistakes = check_text(text, name="x").mistakes
    assert len(mistakes) == MISTAKES_MAX + 1
    assert mistakes[-1].message() == "and 50 more; mend these first"


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 50_000, "- " * 100_000, "a:\n" * 3], ids=len
)
def test_deep_nesting_ends_early(text):
    assert not check_text(text, name="x").ok
