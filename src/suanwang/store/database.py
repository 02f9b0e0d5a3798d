"""The store: opens a database by its URL, runs units of work on it, keeps its schema current.

    store = Store.open("sqlite:///./suanwang.db")       or postgresql://user@host/name
    job = await store.run(lambda tx: submit_job(tx, request, act=act))      durable when it returns
    row = await store.read(lambda tx: tx.one("job_by_id", id=job_id))      one snapshot, no writes

`run_now` and `read_now` do the same for code without an event loop (commands, tests).
A unit of work may run more than once (PostgreSQL repeats one that lost a race), so it must do
nothing but work on its `tx`; an error inside it undoes that unit alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar, cast

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from suanwang.store.errors import DatabaseUnknown
from suanwang.store.postgresql import PostgresEngine
from suanwang.store.schema import migrate
from suanwang.store.sqlite import SqliteEngine
from suanwang.store.tx import Tx
from suanwang.store.units import Unit

T = TypeVar("T")


class Engine(Protocol):
    """What a database must do for the store."""

    dialect: str
    url: URL

    def submit(self, unit: Unit) -> None:
        """Queue a unit of work that may write."""

    def submit_read(self, unit: Unit) -> None:
        """Queue a unit of work that only reads."""

    def close(self) -> None:
        """Finish what is queued and close."""


class Store:
    """One database, opened."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Store:
        """Open the database at `url`; a SQLite file is made if it is not there yet."""
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite":
            if parsed.database and parsed.database != ":memory:":
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            return cls(SqliteEngine(parsed))
        return cls(PostgresEngine(parsed))

    @property
    def dialect(self) -> str:
        """Say "sqlite" or "postgresql"."""
        return self._engine.dialect

    @property
    def url(self) -> URL:
        """Return the database's address; printing it hides the password."""
        return self._engine.url

    async def run(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction of its own; what it wrote is durable when this returns."""
        unit = Unit.for_coroutine(work)
        self._engine.submit(unit)
        return cast("T", await unit.outcome())

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work`, which only reads, on one snapshot."""
        unit = Unit.for_coroutine(work)
        self._engine.submit_read(unit)
        return cast("T", await unit.outcome())

    def run_now(self, work: Callable[[Tx], T]) -> T:
        """Run `work` and wait in this thread; never from inside an event loop or a unit."""
        unit = Unit.for_thread(work)
        self._engine.submit(unit)
        return cast("T", unit.wait())

    def read_now(self, work: Callable[[Tx], T]) -> T:
        """Read with `work` and wait in this thread."""
        unit = Unit.for_thread(work)
        self._engine.submit_read(unit)
        return cast("T", unit.wait())

    def migrate(self) -> None:
        """Bring the schema to this program's version; an empty database gets it at once."""
        migrate(self._engine.url, self.run_now)

    def close(self) -> None:
        """Finish what is queued, then close."""
        self._engine.close()


def parse_url(url: str) -> URL:
    """Read a database URL, or refuse it by name."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnknown(found=url) from None
    if parsed.get_backend_name() not in {"sqlite", "postgresql", "postgres"}:
        raise DatabaseUnknown(found=parsed.render_as_string())
    if parsed.database == "":  # SQLite would keep it in a file that vanishes with the server
        raise DatabaseUnknown(found=url)
    return parsed
