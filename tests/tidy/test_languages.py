"""Both languages are complete: texts, errors, docs."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest

import suanwang
from suanwang.basics.errors import SuanwangError

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "suanwang"
# Scripts that a job runs are not part of the package's own modules.
NOT_MODULES = ("suanwang.client.demo.work", "suanwang.store.migrations")


def fields(template: str) -> set[str]:
    return {
        name.split("!")[0].split(":")[0] for _, name, _, _ in Formatter().parse(template) if name
    }


def all_errors() -> list[type[SuanwangError]]:
    for module in pkgutil.walk_packages(suanwang.__path__, "suanwang."):
        if "error" in module.name or module.name.startswith("suanwang.basics"):
            importlib.import_module(module.name)
    found, queue = [], [SuanwangError]
    while queue:
        cls = queue.pop()
        found.append(cls)
        queue += cls.__subclasses__()
    return sorted(set(found), key=lambda c: (c.__module__, c.__name__))


@pytest.mark.parametrize("cls", all_errors(), ids=lambda c: c.__name__)
def test_an_error_speaks_both_languages_with_the_same_facts(cls):
    assert "zh" in cls.__dict__, "no Chinese of its own"
    assert re.search(r"[一-鿿]", cls.zh)
    assert fields(cls.zh) == fields(cls._english())


def test_error_codes_are_unique_and_stable_in_form():
    by_code: dict[str, set[str]] = {}
    for cls in all_errors():
        if "code" in cls.__dict__:
            by_code.setdefault(cls.code, set()).add(f"{cls.__module__}.{cls.__name__}")
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", cls.code)
    assert {c: n for c, n in by_code.items() if len(n) > 1} == {}


def say_calls(path: Path) -> list[tuple[int, str]]:
    """Find the literal texts given to `say(...)`, the one way to speak to a person."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name == "say" and node.args and isinstance(node.args[0], ast.Constant):
            found.append((node.lineno, str(node.args[0].value)))
    return found


def test_every_said_text_has_chinese_with_the_same_facts():
    missing = []
    for path in sorted(SRC.rglob("*.py")):
        calls = say_calls(path)
        if not calls:
            continue
        room = SRC / path.relative_to(SRC).parts[0]
        texts = {}
        for catalogue in room.rglob("texts_zh*.toml"):
            texts |= tomllib.loads(catalogue.read_text("utf-8"))["texts"]
        for line, text in calls:
            if text not in texts or fields(text) != fields(texts[text]):
                missing.append(f"{path.relative_to(ROOT)}:{line} {text!r}")
    assert missing == []


def headings(path: Path) -> list[int]:
    """Return the heading levels of a Markdown page, code blocks left out."""
    text = re.sub(r"(?ms)^(```|~~~).*?^\1", "", path.read_text("utf-8"))
    return [len(m.group(1)) for m in re.finditer(r"(?m)^(#+) ", text)]


def docs_pages(lang: str) -> dict[str, Path]:
    folder = ROOT / "docs" / lang
    return {str(p.relative_to(folder)): p for p in folder.rglob("*.md")}


def test_docs_have_the_same_pages_and_headings_in_both_languages():
    en, zh = docs_pages("en"), docs_pages("zh")
    assert sorted(en) == sorted(zh)
    assert [name for name in en if headings(en[name]) != headings(zh[name])] == []


def test_the_two_readmes_have_the_same_shape():
    assert headings(ROOT / "README.md") == headings(ROOT / "README.zh.md")
