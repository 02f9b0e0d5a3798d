"""Backup, restore, upgrade and check of the database, as `suan db` offers them.

SQLite is copied page by page while it is in use; PostgreSQL by its own pg_dump and pg_restore. A
backup is complete when it has its final name: it is written beside it first, and synced.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from suanwang.ledger.check import LedgerCheck
from suanwang.store import ledger, schema
from suanwang.store.database import Store, parse_url
from suanwang.store.errors import BackupRefused, DatabaseMissing, SchemaUnknown
from suanwang.store.queries import SQLITE
from suanwang.store.tx import Tx
from suanwang.store.verify.finding import Verification
from suanwang.store.verify.whole import verify

PAGES_AT_ONCE = 1_000  # writers get their turn in between
TOOL_SECONDS = 6 * 3_600
MEMORY = (None, "", ":memory:")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseCheck:
    """What `suan db check` found. `damage` is the database's own word for broken pages."""

    schema: str | None
    expected_schema: str
    damage: tuple[str, ...]
    ledger: LedgerCheck | None  # None where the schema is another, so that it cannot be read
    log: Verification | None = None  # as above

    @property
    def good(self) -> bool:
        """Say whether everything is as it should be."""
        return self.schema == self.expected_schema and self.proven

    @property
    def proven(self) -> bool:
        """Say whether nothing is damaged, the ledger balances and its log proves it."""
        balanced = self.ledger is not None and self.ledger.balanced
        return not self.damage and balanced and self.log is not None and self.log.proven


def backup(url: str, target: Path, *, force: bool = False) -> Path:
    """Write a backup of the database to a file, while servers go on using it.

    Raises: BackupRefused when the file is there already (unless forced), or a tool is missing.
    """
    parsed = parse_url(url)
    if target.exists() and not force:
        raise BackupRefused(reason=f"{target} is there already; give --force to replace it")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    if parsed.get_backend_name() == "sqlite":
        _copy_sqlite(_file_of(parsed), partial)
    else:
        _run_tool(parsed, "pg_dump", ["--format=custom", f"--file={partial}"])
    _sync(partial)
    partial.replace(target)
    return target


def restore(url: str, source: Path, *, force: bool = False) -> None:
    """Put a backup in the database's place. Stop the servers first.

    Raises: BackupRefused when there is a database already (unless forced), or no backup.
    """
    parsed = parse_url(url)
    if not source.is_file():
        raise BackupRefused(reason=f"there is no backup {source}")
    if parsed.get_backend_name() == "sqlite":
        _restore_sqlite(_file_of(parsed), source, force=force)
        return
    if not force and _has_tables(url):
        raise BackupRefused(reason="the database has tables already; give --force to replace them")
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    _run_tool(parsed, "pg_restore", [*options, str(source)])


def upgrade(url: str) -> str:
    """Bring the schema to this program's version; return the version."""
    store = Store.open(url)
    try:
        store.migrate()
    finally:
        store.close()
    return schema.HEAD


def check(url: str, *, key: str | None = None) -> DatabaseCheck:
    """Look for damage, an unknown schema, a ledger that does not add up or a log that is broken.

    Changes nothing. `key` is the exchange's verifier key; without it the signatures of heads are
    not looked at. Raises NoteWrong for a key that is none.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = _file_of(parsed)
        if not path.is_file():
            raise DatabaseMissing(path=path)
        damage = _damage_of(path)
        if damage:
            return _check_damaged(path, damage, key=key)
    store = Store.open(url)
    try:
        return store.read_now(lambda tx: _check(tx, key=key))
    finally:
        store.close()


def _check(tx: Tx, *, key: str | None, damage: tuple[str, ...] = ()) -> DatabaseCheck:
    found = schema.version_of(tx)
    known = found == schema.HEAD
    return DatabaseCheck(
        schema=found,
        expected_schema=schema.HEAD,
        damage=damage,
        ledger=ledger.check(tx) if known else None,
        log=verify(tx, key=key) if known else None,
    )


def _check_damaged(path: Path, damage: tuple[str, ...], *, key: str | None) -> DatabaseCheck:
    """Say what can still be said of a damaged file: which records it is about, if it can be read.

    It is opened for reading only: a store might write to it, and make it worse.
    """
    try:
        with closing(_read_only(path)) as connection:
            return _check(Tx(connection.cursor(), SQLITE), key=key, damage=damage)
    except sqlite3.DatabaseError:
        return DatabaseCheck(schema=None, expected_schema=schema.HEAD, damage=damage, ledger=None)


def _file_of(url: URL) -> Path:
    if url.database in MEMORY:
        raise BackupRefused(reason="a database in memory has no file")
    return Path(str(url.database))


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise DatabaseMissing(path=source)
    try:
        with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
            here.backup(there, pages=PAGES_AT_ONCE)
            # The copy stands alone: one file, without a write-ahead log beside it.
            there.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        for suffix in ("", "-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        raise BackupRefused(reason=f"{source}: {error}") from error


def _restore_sqlite(target: Path, source: Path, *, force: bool) -> None:
    if target.exists() and not force:
        raise BackupRefused(reason=f"{target} is there already; give --force to replace it")
    damage = _damage_of(source)
    if damage:
        raise BackupRefused(reason=f"{source} is damaged: {damage[0]}")
    _refuse_unknown_schema(source)
    if target.exists():
        _refuse_in_use(target)
    partial = target.with_name(f"{target.name}.partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, partial)
    _sync(partial)
    # A write-ahead log of the old database must never be replayed over the new one.
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    partial.replace(target)
    _sync(target.parent)


def _refuse_unknown_schema(source: Path) -> None:
    with closing(_read_only(source)) as connection:
        found = schema.version_of(Tx(connection.cursor(), SQLITE))
    if found not in schema.known_versions():
        raise SchemaUnknown(found=found or "none", expected=schema.HEAD)


def _refuse_in_use(target: Path) -> None:
    """Refuse while anybody has the file open.

    A server would go on writing to the file that was replaced under it, and lose all of that.
    """
    with closing(sqlite3.connect(target, timeout=1.0)) as connection:
        try:
            # SQLite leaves WAL only for whoever has the file alone.
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                reason = f"{target} is in use; stop its servers first"
                raise BackupRefused(reason=reason) from error
            raise
        except sqlite3.DatabaseError:
            return  # too damaged to be used by anybody, which may be why it is replaced


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _damage_of(path: Path) -> tuple[str, ...]:
    try:
        with closing(_read_only(path)) as connection:
            rows = connection.execute("PRAGMA integrity_check").fetchall()
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        return (str(error),)
    words = [row[0] for row in rows if row[0] != "ok"]
    return (*words, *(f"{row[0]} row {row[1]} refers to no {row[2]}" for row in broken))


def _has_tables(url: str) -> bool:
    store = Store.open(url)
    try:
        return store.read_now(schema.version_of) is not None
    finally:
        store.close()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _run_tool(url: URL, tool: str, options: list[str]) -> None:
    """Run one of PostgreSQL's own tools; the password goes by environment, not by command line."""
    program = shutil.which(tool)
    if program is None:
        raise BackupRefused(reason=f"{tool} is not installed; it comes with PostgreSQL's client")
    address = url.set(drivername="postgresql", password=None).render_as_string()
    env = {**os.environ, "PGPASSWORD": url.password} if url.password else None
    done = subprocess.run(  # noqa: S603 - a fixed program, arguments as a list
        [program, f"--dbname={address}", *options],
        env=env,
        capture_output=True,
        text=True,
        timeout=TOOL_SECONDS,
        check=False,
    )
    if done.returncode:
        raise BackupRefused(reason=f"{tool} said: {done.stderr.strip()[-500:]}")
