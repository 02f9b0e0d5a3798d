"""Reads this room's own tables: CSV files beside the code, each row with its source.

A text in two columns `name_en` and `name_zh` is one `Name`. Loaded once, then kept.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import TypeAlias

Row: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Name:
    """What a thing is called, in both languages."""

    en: str
    zh: str

    def __call__(self, lang: str) -> str:
        """Return the name in `lang` ("en" or "zh")."""
        return self.zh if lang.startswith("zh") else self.en

    @classmethod
    def of(cls, row: Row, column: str = "name") -> Name:
        """Take both names from a row."""
        return cls(row[f"{column}_en"], row[f"{column}_zh"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where facts come from. `status`: published, secondary, computed, assumption or a licence."""

    id: str
    title: Name
    status: str


@cache
def rows(table: str) -> tuple[Row, ...]:
    """Return the rows of `tables/<table>.csv` as they are written."""
    text = resources.files("suanwang.grid").joinpath("tables", f"{table}.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def sources() -> Mapping[str, Source]:
    """Return every source that the tables name, by its id."""
    return {
        row["id"]: Source(id=row["id"], title=Name.of(row, "title"), status=row["status"])
        for row in rows("sources")
    }


def number(text: str) -> float | None:
    """Read a number; an empty cell is not known."""
    return float(text) if text else None


def nearest(word: str, names: Iterable[str]) -> str:
    """Return the known name closest to `word`, to be told to who mistyped it."""
    known = sorted(names)
    close = get_close_matches(word.lower(), known, n=1, cutoff=0.0)
    return close[0] if close else ""
