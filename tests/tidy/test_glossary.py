"""One word, one meaning: docs and commands use the glossary's words and none it has retired."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = tomllib.loads((ROOT / "glossary.toml").read_text("utf-8"))


def prose() -> list[Path]:
    pages = [ROOT / "README.md", ROOT / "README.zh.md", *(ROOT / "docs").rglob("*.md")]
    return sorted(p for p in pages if p.exists())


def texts() -> list[Path]:
    return sorted((ROOT / "src").rglob("texts_zh*.toml"))


def test_every_word_has_both_languages():
    assert [k for k, w in GLOSSARY["words"].items() if not (w.get("en") and w.get("zh"))] == []


def test_no_two_words_share_a_chinese_name():
    seen: dict[str, list[str]] = {}
    for key, word in GLOSSARY["words"].items():
        seen.setdefault(word["zh"], []).append(key)
    assert {zh: keys for zh, keys in seen.items() if len(keys) > 1} == {}


@pytest.mark.parametrize("rule", GLOSSARY["retired"], ids=lambda r: r["pattern"])
def test_retired_words_are_not_used(rule):
    """Each retired pattern names the word to use instead."""
    pattern = re.compile(rule["pattern"])
    found = [
        f"{p.relative_to(ROOT)}: {m.group()!r}, say {rule['use']!r}"
        for p in [*prose(), *texts()]
        for m in pattern.finditer(p.read_text("utf-8"))
    ]
    assert found == []
