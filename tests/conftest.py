"""Databases for tests: every test gets a fresh one, on each database that this machine can start.

    def test_x(store): …            an open, migrated store, once on SQLite and once on PostgreSQL
    def test_y(database_url): …     the address of a migrated database, for tests that open their own
    def test_z(empty_database_url)  the same without any table

SUANWANG_TEST_DATABASES=sqlite,postgresql chooses.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

DATABASES = [
    name.strip()
    for name in os.environ.get("SUANWANG_TEST_DATABASES", "sqlite,postgresql").split(",")
    if name.strip()
]
TEMPLATE = "suanwang_template"
# A shell starts background jobs with Ctrl-C ignored, and children inherit that; here it must work.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Libraries of a real EVM raise it for the whole process, beyond what C's stack holds: the next test
# that nests JSON without end would die of it.
_RECURSION_LIMIT = sys.getrecursionlimit()
_numbers = count()
USES_MAX = 50  # of one PostgreSQL database: nobody vacuums it
_left_behind: list[str] = []
_uses: Counter[str] = Counter()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call():
    """Let every test run with the recursion limit that the interpreter began with."""
    sys.setrecursionlimit(_RECURSION_LIMIT)


@pytest.fixture(scope="session")
def postgres_server():
    """One server for the session, or a skip that says why there is none."""
    # Imported here: tests of the pure rooms run where the server's extras are not installed.
    from tests.postgres_server import CannotStart, start  # noqa: PLC0415

    try:
        server = start()
    except CannotStart as why:
        pytest.skip(str(why))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    _migrate(f"sqlite:///{path}?synchronous=off")
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres_server) -> str:
    _migrate(postgres_server.make_database(TEMPLATE))
    return TEMPLATE


@pytest.fixture(params=DATABASES)
def dialect(request) -> str:
    """Which database this test runs on."""
    return request.param


@pytest.fixture
def database_url(dialect, request, tmp_path) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    if dialect == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("_sqlite_template"), path)
        yield f"sqlite:///{path}?synchronous=off"
        return
    yield from _migrated_database(request, request.getfixturevalue("_postgres_template"))


@pytest.fixture
def empty_database_url(dialect, request, tmp_path) -> Iterator[str]:
    """The address of a fresh database without tables."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}?synchronous=off"
        return
    yield from _postgres_database(request, "template1")


@pytest.fixture
def store(database_url):
    """An open store on a fresh, migrated database."""
    from suanwang.store.database import Store  # noqa: PLC0415 - as above

    opened = Store.open(database_url)
    yield opened
    opened.close()


def _postgres_database(request, template: str) -> Iterator[str]:
    server = request.getfixturevalue("postgres_server")
    name = f"test_{next(_numbers)}"
    yield server.make_database(name, template)
    server.drop_database(name)


def _migrated_database(request, template: str) -> Iterator[str]:
    """One that an earlier test has left behind, emptied; made anew where its schema was changed."""
    server = request.getfixturevalue("postgres_server")
    name = _left_behind.pop() if _left_behind else f"test_{next(_numbers)}"
    if name not in _uses:
        server.make_database(name, template)
        server.empty_database(name)  # so that its shape is known before any test
    _uses[name] += 1
    yield server.url(name)
    if _uses[name] < USES_MAX and server.empty_database(name):
        _left_behind.append(name)
    else:
        server.drop_database(name)


def _migrate(url: str) -> None:
    from suanwang.store.database import Store  # noqa: PLC0415 - as above

    opened = Store.open(url)
    opened.migrate()
    opened.close()
