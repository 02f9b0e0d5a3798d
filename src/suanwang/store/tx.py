"""One transaction, as flows and mappers see it: named queries in, rows out.

    tx.one("job_by_id", id=job_id)             → Row, LookupError if there is none
    tx.first("job_by_id", id=job_id)           → Row | None
    tx.all("jobs_of", organisation_id=…)       → list[Row]
    tx.do("job_save", id=…, state=…)           → how many rows changed
    tx.many("log_add", rows)                   → how many rows changed, in one round trip
    tx.fill("transfers", columns)              → whether the rows, many at once, were all new

A `Row` is a dict whose keys are attributes too: `row["state"]`, `row.state`, `Thing(**row)`.
A list of strings may be bound where the query says `id {in:ids}`.
A query that ends in RETURNING gives its rows through `one`, `first` or `all`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from suanwang.store.filling import Column, fill
from suanwang.store.queries import SQLITE, load_queries


class Row(dict[str, Any]):
    """One row: a dict with attribute access."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a column may be of any type
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Cursor(Protocol):
    """The part of a DB-API cursor that both drivers share."""

    @property
    def description(self) -> Any: ...  # noqa: ANN401, D102 - the driver's own shape
    @property
    def rowcount(self) -> int: ...  # noqa: D102
    def execute(self, query: Any, params: Any = ..., /) -> Any: ...  # noqa: ANN401, D102
    def executemany(self, query: Any, params: Any, /) -> Any: ...  # noqa: ANN401, D102
    def fetchall(self) -> list[Any]: ...  # noqa: D102


class Tx:
    """One open transaction. It ends with the unit of work that it was given to."""

    __slots__ = ("_cursor", "_queries", "dialect")

    def __init__(self, cursor: Cursor, dialect: str) -> None:
        self._cursor = cursor
        self._queries = load_queries(dialect)
        self.dialect = dialect

    def one(self, query: str, /, **params: Any) -> Row:  # noqa: ANN401
        """Return the only row; LookupError if there is none."""
        rows = self.all(query, **params)
        if not rows:
            raise LookupError(f"{query} found no row")
        assert len(rows) == 1, f"{query} found {len(rows)} rows, expected one"
        return rows[0]

    def first(self, query: str, /, **params: Any) -> Row | None:  # noqa: ANN401
        """Return the first row, or None."""
        rows = self.all(query, **params)
        return rows[0] if rows else None

    def all(self, query: str, /, **params: Any) -> list[Row]:  # noqa: ANN401
        """Return every row."""
        cursor = self._cursor
        cursor.execute(self._queries[query], self._bound(params))
        names = [column[0] for column in cursor.description]
        return [Row(zip(names, values, strict=True)) for values in cursor.fetchall()]

    def do(self, query: str, /, **params: Any) -> int:  # noqa: ANN401
        """Run a statement and return how many rows it changed."""
        self._cursor.execute(self._queries[query], self._bound(params))
        return self._cursor.rowcount

    def script(self, statements: Iterable[str]) -> None:
        """Run statements that have no name, such as DDL; for the store's own rooms only."""
        for statement in statements:
            self._cursor.execute(statement)

    def many(self, query: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run a statement once for each mapping and return how many rows changed in all."""
        batch = list(rows)
        if not batch:
            return 0
        if len(batch) == 1:
            # One row needs no pipeline, which costs PostgreSQL's driver more than the statement.
            return self.do(query, **batch[0])
        self._cursor.executemany(self._queries[query], batch)
        return self._cursor.rowcount

    def fill(self, table: str, columns: Mapping[str, Column], /) -> bool:
        """Add many rows, all or none; False where a unique key was taken, and none was added."""
        return fill(self._cursor, self.dialect, table, columns)

    def _bound(self, params: dict[str, Any]) -> dict[str, Any]:
        """SQLite knows no lists; there they travel as JSON."""
        if self.dialect == SQLITE:
            for name, value in params.items():
                if type(value) is list:
                    params[name] = json.dumps(value)
        return params
