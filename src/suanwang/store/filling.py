"""Fills a table with many rows at once: COPY on PostgreSQL, one prepared statement on SQLite.

Rows come as columns; a column that is the same in every row comes as `Same`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

from psycopg.errors import UniqueViolation

from suanwang.store.queries import SQLITE

_PIECE = 1 << 18  # bytes given to COPY at a time
_TAKEN = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
# What a text may hold that COPY would read as something else.
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_NULL = r"\N"


@dataclass(frozen=True, slots=True)
class Same:
    """A column with one value in every row."""

    value: str | int | None


Column: TypeAlias = Sequence[str | int | None] | Same


def fill(cursor: Any, dialect: str, table: str, columns: Mapping[str, Column]) -> bool:  # noqa: ANN401
    """Add rows, all or none; False, and nothing added, where a unique key was taken."""
    cursor.execute("SAVEPOINT filling")
    try:
        if dialect == SQLITE:
            _insert(cursor, table, columns)
        else:
            _copy(cursor, table, columns)
    except (sqlite3.IntegrityError, UniqueViolation) as error:
        if isinstance(error, sqlite3.IntegrityError) and error.sqlite_errorcode not in _TAKEN:
            raise
        cursor.execute("ROLLBACK TO SAVEPOINT filling")
        return False
    cursor.execute("RELEASE SAVEPOINT filling")
    return True


def _insert(cursor: Any, table: str, columns: Mapping[str, Column]) -> None:  # noqa: ANN401
    # Names of tables and columns are ours; values are bound.
    marks = ", ".join("?" * len(columns))
    rows = zip(*_told(columns), strict=False)
    cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608


def _told(columns: Mapping[str, Column]) -> Iterator[Iterable[str | int | None]]:
    """Yield columns to be read side by side; the shortest ends the rows."""
    for column in columns.values():
        yield repeat(column.value) if isinstance(column, Same) else column


def _copy(cursor: Any, table: str, columns: Mapping[str, Column]) -> None:  # noqa: ANN401
    texts = [_as_texts(column) for column in columns.values()]
    data = "\n".join(map("\t".join, zip(*texts, strict=False))).encode() + b"\n"
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for start in range(0, len(data), _PIECE):
            copy.write(data[start : start + _PIECE])


def _as_texts(column: Column) -> Iterable[str]:
    """Write a column the way COPY reads it."""
    if isinstance(column, Same):
        return repeat(_as_text(column.value))
    kinds = set(map(type, column))
    if kinds == {int}:
        return map(str, column)
    if kinds and all(issubclass(kind, str) for kind in kinds):
        joined = "".join(column)  # type: ignore[arg-type]
        if joined.translate(_ESCAPES) == joined:
            return column  # type: ignore[return-value]
    return map(_as_text, column)


def _as_text(value: str | int | None) -> str:
    if value is None:
        return _NULL
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)
