"""Every `suan` line in README and docs is one that the command takes, in both languages."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer

from suanwang.client.command import LateCommand
from suanwang.client.tree import whole

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"(?ms)^```\w*\n(.*?)^```")
# In front of `suan` in a fenced block: a prompt, a variable, `.venv/bin/`, a loop's `do`.
TYPED = re.compile(r"^(?:.*?\bdo )?(?:[$#] )?(?:\S+=\S+ )*(?:\S*/)?suan (.+)$")
QUOTED = re.compile(r"`suan ([^`]+)`")
# What stands for something else: all commands of a noun, or a name that is filled in.
ELLIPSES = {"…", "{command}"}
ROOT_COMMAND = whole()


def lines(page: Path) -> list[str]:
    text = page.read_text("utf-8")
    typed = [found[1] for body in FENCE.findall(text)
             for line in body.replace("\\\n", " ").splitlines()
             if (found := TYPED.match(line))]  # fmt: skip
    return typed + [" ".join(each.split()) for each in QUOTED.findall(FENCE.sub("", text))]


def words_of(line: str) -> list[str]:
    """Return the words up to where the shell goes on to something else."""
    lexer = shlex.shlex(re.sub(r"\$\([^)]*\)", "X", line), posix=True, punctuation_chars=";&|<>")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words = []
    for word in lexer:
        if re.fullmatch(r"[;&|<>]+", word):
            break
        words.append(word.strip("[]…"))
    return [word for word in words if word]


def mistake(line: str) -> str | None:
    """Return what the command would not take of this line, by its own help."""
    at: Any = ROOT_COMMAND
    context = typer.Context(at, info_name="suan")
    words = words_of(line)
    while words and words[0][0] != "-" and hasattr(at, "commands"):
        found = at.get_command(context, words[0])
        if isinstance(found, LateCommand):
            found = found.load()
        if found is None:
            if words[0] in ELLIPSES or any(
                each.param_type_name == "argument" for each in at.params
            ):
                break
            return f"suan {line}: no command {words[0]!r}"
        at, context = found, typer.Context(found, info_name=words.pop(0), parent=context)
    # Of the help only the table of options: its example may be wrong as a page may.
    heads = re.findall(r"(?m)^  (-\S.*?)(?:  |$)", at.get_help(context))
    known = {name for head in heads for name in re.findall(r"(?<!\S)--?[a-z][a-z0-9-]*", head)}
    known |= {"--version", "--help"}
    options = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    # -yq is -y and -q.
    wrong = [each for each in options if each not in known
             and not (each[1] != "-" and {f"-{letter}" for letter in each[1:]} <= known)]  # fmt: skip
    return f"suan {line}: no option {wrong[0]}" if wrong else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_is_one_that_suan_takes(page):
    assert [wrong for line in lines(page) if (wrong := mistake(line))] == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("job show JOB", None),
        ("job list -q --limit 1 | wc -l", None),
        ("ledger verify --bundle FILE [--key FILE]", None),
        ("serve --settle-every 1 --db sqlite:///x.db", None),
        ("job shw JOB", "suan job shw JOB: no command 'shw'"),
        ("payout request 40 --fast", "suan payout request 40 --fast: no option --fast"),
        ("ledger verify --database x", "suan ledger verify --database x: no option --database"),
    ],
)
def test_a_wrong_command_is_found(line, wrong):
    assert mistake(line) == wrong


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs/en/how-to").glob("*.md")), ids=lambda p: p.stem
)
def test_both_languages_give_the_same_commands(page):
    """Names and texts that a reader makes up may differ; nouns, verbs and options do not."""
    twin = ROOT / "docs/zh/how-to" / page.name

    def shapes(each: Path) -> Counter[str]:
        fenced = [found[1] for body in FENCE.findall(each.read_text("utf-8"))
                  for line in body.splitlines() if (found := TYPED.match(line))]  # fmt: skip
        words = [
            [word for word in words_of(line) if re.match(r"-|[a-z-]+$", word)] for line in fenced
        ]
        return Counter(
            " ".join(word for word in line if word not in {"--lang", "zh"}) for line in words
        )

    assert shapes(page) == shapes(twin)
