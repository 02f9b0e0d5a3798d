"""PostgreSQL: a pool of threads, one connection each, one transaction for each unit of work.

Writes run at READ COMMITTED: what a flow will change it loads with {for_update}. Reads run on one
REPEATABLE READ snapshot. Deadlocks, serialization failures and connections that broke before
their COMMIT are tried again, since nothing of them is durable; a connection that breaks during
COMMIT leaves the outcome unknown, and that is what the caller is told.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import errors as pg
from psycopg.adapt import Buffer, Loader
from psycopg.types.numeric import Int8Dumper
from sqlalchemy.engine import URL

from suanwang.store.errors import DatabaseUnavailable
from suanwang.store.queries import POSTGRESQL
from suanwang.store.tx import Tx
from suanwang.store.units import Unit, answer_all

WRITERS = 16  # the server groups commits of concurrent sessions into one fsync
READERS = 4
UNITS_MAX = 20_000
TRIES = 8
PAUSE_SECONDS = 0.002  # doubles with each try, with jitter: two that collided must not meet again
CONNECT_SECONDS = 10
_AGAIN = (pg.SerializationFailure, pg.DeadlockDetected)
_SESSION = """
    SELECT set_config('lock_timeout', '30s', false),
           set_config('idle_in_transaction_session_timeout', '60s', false),
           set_config('TimeZone', 'UTC', false),
           CASE WHEN current_setting('synchronous_commit') = 'off'
                THEN set_config('synchronous_commit', 'on', false) END
"""


class BoolDumper(Int8Dumper):
    """Flags are 0 and 1 in the store, as on SQLite."""

    def dump(self, obj: Any) -> Buffer | None:  # noqa: ANN401 - the base class's own shape
        """Write a bool as a whole number."""
        return super().dump(int(obj))


class WholeLoader(Loader):
    """SUM of BIGINT is numeric in PostgreSQL; here every number is whole."""

    def load(self, data: Buffer) -> int:
        """Read a whole number; a fraction is a mistake of ours."""
        value = Decimal(bytes(data).decode())
        assert value == int(value), f"expected a whole number from the database, found {value}"
        return int(value)


def connect(url: URL) -> psycopg.Connection[Any]:
    """Open one connection with durable commits and the store's number types."""
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(dsn, autocommit=True, connect_timeout=CONNECT_SECONDS)
    # One integer type for all: smaller ones overflow in sums and defeat prepared statements.
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.adapters.register_dumper(bool, BoolDumper)
    connection.adapters.register_loader("numeric", WholeLoader)
    connection.execute(_SESSION)
    return connection


class PostgresEngine:
    """Runs units of work on one PostgreSQL database."""

    dialect = POSTGRESQL

    def __init__(self, url: URL) -> None:
        self.url = url
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="store-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._gate = threading.Lock()
        self._connections: set[psycopg.Connection[Any]] = set()
        self._closed = False
        self._jitter = random.Random()  # noqa: S311 - it spreads retries, it guards nothing
        # Fail at once, with the reason, when the server is not there.
        self._writers.submit(self._connection).result()

    def submit(self, unit: Unit) -> None:
        """Queue a unit of work that may write."""
        self._submit(self._writers, unit, "BEGIN")

    def submit_read(self, unit: Unit) -> None:
        """Queue a unit of work that only reads, on one snapshot."""
        self._submit(self._readers, unit, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def close(self) -> None:
        """Finish what is queued, then close every connection."""
        with self._gate:
            self._closed = True
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for connection in self._connections:
            connection.close()

    def _submit(self, pool: ThreadPoolExecutor, unit: Unit, begin: str) -> None:
        with self._gate:
            if self._closed:
                raise DatabaseUnavailable(reason="the store is closed")
            if pool._work_queue.qsize() >= UNITS_MAX:  # noqa: SLF001 - it has no public length
                raise DatabaseUnavailable(reason=f"{UNITS_MAX} units of work are waiting already")
            pool.submit(self._run, unit, begin)

    def _run(self, unit: Unit, begin: str) -> None:
        if not unit.waiter.cancelled():
            try:
                unit.result = self._until_done(lambda: self._once(unit, begin))
            except BaseException as error:  # noqa: BLE001 - it goes to whoever waits
                unit.error = error
        answer_all([unit])

    def _until_done(self, once: Callable[[], Any]) -> Any:  # noqa: ANN401
        pause = PAUSE_SECONDS
        for left in range(TRIES - 1, -1, -1):
            try:
                return once()
            except _Again as again:
                if not left:
                    raise DatabaseUnavailable(reason=str(again.__cause__)) from again.__cause__
                time.sleep(pause * (0.5 + self._jitter.random()))
                pause *= 2
        raise AssertionError("unreachable: the last try returns or raises")

    def _once(self, unit: Unit, begin: str) -> Any:  # noqa: ANN401
        connection = self._connection()
        cursor = connection.cursor()
        try:
            cursor.execute(begin)
            result = unit.work(Tx(cursor, POSTGRESQL))
        except _AGAIN as error:
            connection.execute("ROLLBACK")
            raise _Again from error
        except psycopg.OperationalError as error:
            if not connection.broken:
                connection.execute("ROLLBACK")
                raise DatabaseUnavailable(reason=str(error)) from error
            self._forget(connection)
            raise _Again from error
        except BaseException:
            if not connection.broken:
                connection.execute("ROLLBACK")
            raise
        return self._commit(connection, result)

    def _commit(self, connection: psycopg.Connection[Any], result: Any) -> Any:  # noqa: ANN401
        try:
            connection.execute("COMMIT")
        except _AGAIN as error:
            raise _Again from error
        except psycopg.OperationalError as error:
            self._forget(connection)
            reason = f"the connection broke during COMMIT, the outcome is unknown: {error}"
            raise DatabaseUnavailable(reason=reason) from error
        return result

    def _connection(self) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            try:
                connection = connect(self.url)
            except psycopg.OperationalError as error:
                raise DatabaseUnavailable(reason=str(error)) from error
            self._local.connection = connection
            with self._gate:
                self._connections.add(connection)
        return connection

    def _forget(self, connection: psycopg.Connection[Any]) -> None:
        connection.close()
        with self._gate:
            self._connections.discard(connection)
        self._local.connection = None


class _Again(Exception):
    """Nothing of the transaction is durable, and another try may succeed."""
