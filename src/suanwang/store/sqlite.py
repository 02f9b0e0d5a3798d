"""SQLite: one writer thread that commits in groups, several readers that never wait for it.

    run(flow) ─┐          ┌ BEGIN IMMEDIATE
    run(flow) ─┼─ queue ──┤ SAVEPOINT flow … RELEASE     one for each flow; a failing flow
    run(flow) ─┘          │ SAVEPOINT flow … ROLLBACK TO  goes back alone
                          └ COMMIT ── one fsync ── answers to all

An answer is given after the commit, so what is acknowledged is on the disk.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.engine import URL

from suanwang.store.errors import DatabaseUnavailable
from suanwang.store.queries import SQLITE
from suanwang.store.tx import Tx
from suanwang.store.units import Unit, answer_all

READERS = 4
QUEUE_MAX = 20_000
BATCH_MAX = 512
BATCH_SECONDS = 0.020  # nobody waits much longer than this for others' flows before the fsync
BUSY_SECONDS = 10.0
STATEMENTS_CACHED = 512
CACHE_KIB = 64 * 1024  # of the writer, at most: the edges of every index, which each batch touches
WAL_PAGES = (
    16 * 1024
)  # 64 MiB; a page that every batch changes goes to the file once, not each time
# Weather, not mistakes of ours: another process holds the file, the disk is full or failing.
_WEATHER = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}


def connect(url: URL, *, writes: bool) -> sqlite3.Connection:
    """Open one connection with the settings that durability and concurrency need.

    `?synchronous=off` in the URL gives durability up; it is for tests and throw-away databases.
    """
    synchronous = str(url.query.get("synchronous", "full")).lower()
    assert synchronous in {"full", "extra", "off"}, f"unknown synchronous setting {synchronous}"
    connection = sqlite3.connect(
        url.database or ":memory:",
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_CACHED,
        timeout=BUSY_SECONDS,
    )
    if writes:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    else:
        connection.execute("PRAGMA query_only = ON")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


class SqliteEngine:
    """Runs units of work on one SQLite database."""

    dialect = SQLITE

    def __init__(self, url: URL) -> None:
        self.url = url
        # A memory database lives in one connection, so there its readers are writers.
        self._in_memory = url.database in (None, "", ":memory:")
        self._connection = _opened(url)
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._writer = threading.Thread(target=self._write, name="store-writer", daemon=True)
        self._writer.start()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._read_connections: list[sqlite3.Connection] = []

    def submit(self, unit: Unit) -> None:
        """Queue a unit of work that may write."""
        with self._gate:
            self._refuse_when_closed()
            if self._queue.qsize() >= QUEUE_MAX:
                raise DatabaseUnavailable(reason=f"{QUEUE_MAX} writes are waiting already")
            self._queue.put(unit)

    def submit_read(self, unit: Unit) -> None:
        """Queue a unit of work that only reads, on one snapshot."""
        if self._in_memory:
            self.submit(unit)
            return
        with self._gate:
            self._refuse_when_closed()
            self._readers.submit(self._read, unit)

    def close(self) -> None:
        """Finish what is queued, then close every connection."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._writer.join()
        self._readers.shutdown(wait=True)
        for connection in (*self._read_connections, self._connection):
            connection.close()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise DatabaseUnavailable(reason="the store is closed")

    def _write(self) -> None:
        while (unit := self._queue.get()) is not None:
            self._write_batch(unit)

    def _write_batch(self, first: Unit) -> None:
        cursor = self._connection.cursor()
        tx = Tx(cursor, SQLITE)
        batch = [first]
        try:
            cursor.execute("BEGIN IMMEDIATE")
            _run_in_savepoint(first, tx, cursor)
            for unit in self._waiting():
                batch.append(unit)
                _run_in_savepoint(unit, tx, cursor)
            cursor.execute("COMMIT")
        except sqlite3.Error as error:
            # Nothing of this batch is durable, whatever its flows returned.
            for unit in batch:
                unit.error = unit.error or DatabaseUnavailable(reason=str(error))
            if self._connection.in_transaction:
                cursor.execute("ROLLBACK")
        answer_all(batch)

    def _waiting(self) -> Iterator[Unit]:
        """Yield what else is queued, until the batch is full or has taken its time."""
        until = time.monotonic() + BATCH_SECONDS
        for _ in range(BATCH_MAX - 1):
            if time.monotonic() > until:
                return
            try:
                unit = self._queue.get_nowait()
            except queue.Empty:
                return
            if unit is None:
                # The store is closing: nothing comes after this mark, so it may go to the end.
                self._queue.put(None)
                return
            yield unit

    def _read(self, unit: Unit) -> None:
        try:
            cursor = self._read_connection().cursor()
            cursor.execute("BEGIN")
            try:
                unit.result = unit.work(Tx(cursor, SQLITE))
            finally:
                cursor.execute("ROLLBACK")
        except BaseException as error:  # noqa: BLE001 - it goes to whoever waits
            unit.error = _named(error)
        answer_all([unit])

    def _read_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self.url, writes=False)
            self._read_connections.append(connection)
        return connection


def _opened(url: URL) -> sqlite3.Connection:
    try:
        return connect(url, writes=True)
    except sqlite3.Error as error:
        raise DatabaseUnavailable(reason=f"{url.database}: {error}") from error


def _run_in_savepoint(unit: Unit, tx: Tx, cursor: sqlite3.Cursor) -> None:
    if unit.waiter.cancelled():
        return
    cursor.execute("SAVEPOINT flow")
    try:
        unit.result = unit.work(tx)
    except BaseException as error:
        unit.error = _named(error)
        if not cursor.connection.in_transaction:
            # A full or failing disk undoes the whole transaction, others' flows included.
            raise sqlite3.OperationalError(f"the transaction was undone: {error}") from error
        cursor.execute("ROLLBACK TO flow")
    cursor.execute("RELEASE flow")


def _named(error: BaseException) -> BaseException:
    """Turn the driver's word for bad weather into ours; a mistake of ours stays what it is."""
    code = getattr(error, "sqlite_errorcode", None)
    # The low byte is the primary code; the rest says more precisely which kind.
    if isinstance(error, sqlite3.Error) and code is not None and code & 0xFF in _WEATHER:
        named = DatabaseUnavailable(reason=str(error))
        named.__cause__ = error
        return named
    return error
