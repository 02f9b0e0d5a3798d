"""The schema's version, and the way there from any released one.

An empty database gets today's tables in one transaction; one that has some goes through the
migrations. A test compares the two ways.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from suanwang.store.errors import SchemaUnknown
from suanwang.store.queries import POSTGRESQL, SQLITE
from suanwang.store.tables import METADATA
from suanwang.store.tx import Tx

HEAD = "0003"
MIGRATION_LOCK = 7_310_001  # any number will do that nothing else in the database locks
MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"


def migrate(url: URL, run_now: Callable[[Callable[[Tx], Any]], Any]) -> None:
    """Bring the database at `url` to HEAD; refuse one that a newer program has changed."""
    version = run_now(_create_if_empty)
    if version == HEAD:
        return
    if version not in known_versions():
        raise SchemaUnknown(found=version or "none", expected=HEAD)
    upgrade(url)


def version_of(tx: Tx) -> str | None:
    """Return the schema's version, or None where nothing of ours stands."""
    if not tx.all("schema_tables"):
        return None
    return str(tx.one("schema_version")["version_num"])


def known_versions() -> frozenset[str]:
    """Return the versions that this program can upgrade from."""
    return frozenset(p.name.split("_")[0] for p in (MIGRATIONS / "versions").glob("0*.py"))


@cache
def ddl(dialect: str) -> tuple[str, ...]:
    """Return the statements that make today's tables, in an order that foreign keys allow."""
    known: dict[str, Callable[[], Dialect]] = {
        SQLITE: sqlite.dialect,
        POSTGRESQL: postgresql.dialect,
    }
    spoken = known[dialect]()
    statements = []
    for table in METADATA.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=spoken)).strip())
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            statements.append(str(CreateIndex(index).compile(dialect=spoken)).strip())
    return tuple(statements)


def upgrade(url: URL, revision: str = "head") -> None:
    """Run the migrations on an existing database, in one transaction."""
    driver = "sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg"
    clean = url.set(drivername=driver).difference_update_query(["synchronous"])
    engine = create_engine(clean, poolclass=NullPool)
    if driver == "sqlite":
        _begin_for_real(engine)
    try:
        with engine.begin() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        engine.dispose()


def _begin_for_real(engine: Engine) -> None:
    """Make DDL transactional: Python's sqlite3 begins by itself only before INSERT and the like."""

    @event.listens_for(engine, "connect")
    def _no_implicit_begin(connection: Any, _record: object) -> None:  # noqa: ANN401
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def alembic_config() -> Config:
    """Return Alembic's settings; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _create_if_empty(tx: Tx) -> str | None:
    if tx.dialect == POSTGRESQL:
        # Two servers may start at once on one empty database.
        tx.script([f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"])
    version = version_of(tx)
    if version is not None:
        return version
    tx.script([*ddl(tx.dialect), _VERSION_TABLE])
    tx.do("schema_stamp", version=HEAD)
    return HEAD
