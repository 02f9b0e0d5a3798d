"""Finds the named queries in `sql/*.sql` and spells them for each database.

    -- name: job_by_id
    -- One job, whoever owns it; locked until the transaction ends.
    SELECT * FROM jobs WHERE id = :id {for_update}

Names are unique over all files. `:param` is bound by the driver, never pasted. Marks differ by
database: {for_update} and {skip_locked} are empty on SQLite, which has one writer, {tables}
lists the tables there are, `id {in:ids}` says that id is one of a bound list of strings, and
{each:rows} AS told gives `told.value` for each element of a bound JSON list. {subject} is what the
column `id` of evidence is about: "dsp_1" of "dsp_1#2". Where several write
at once, transactions have numbers: {xid_own}, and {other_writers} AS w lists those of the others as
`w.xid`. SQLite has one writer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
# Rows are locked against change, not against being referred to: ids never change, so a job may be
# inserted while its organisation's row is locked.
_MARKS = {
    SQLITE: {
        "{for_update}": "",
        "{for_share}": "",
        "{skip_locked}": "",
        "{tables}": "(SELECT name FROM sqlite_master WHERE type = 'table')",
        "{xid_own}": "0",
        "{other_writers}": "(SELECT NULL AS xid WHERE 0)",
        "{pause}": "0",
        "{subject}": "substr(id, 1, instr(id || '#', '#') - 1)",
    },
    POSTGRESQL: {
        "{for_update}": "FOR NO KEY UPDATE",
        "{for_share}": "FOR SHARE",
        "{skip_locked}": "FOR NO KEY UPDATE SKIP LOCKED",
        "{tables}": "(SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema())",
        "{xid_own}": "CAST(CAST(pg_current_xact_id() AS text) AS BIGINT)",
        # A transaction that has a number holds a lock on it until it ends. Snapshots do not do: one
        # knows nothing of numbers above those that have ended.
        "{other_writers}": (
            "(SELECT CAST(l.transactionid AS text) AS xid FROM pg_locks l"
            " JOIN pg_stat_activity a ON a.pid = l.pid"
            " WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted"
            " AND l.pid <> pg_backend_pid() AND a.datname = current_database())"
        ),
        "{pause}": "pg_sleep(0.005)",
        "{subject}": "split_part(id, '#', 1)",
    },
}
_LISTS = {
    SQLITE: r"IN (SELECT value FROM json_each(:\1))",
    POSTGRESQL: r"= ANY(CAST(:\1 AS text[]))",
}
_EACH_OF = {
    SQLITE: r"(SELECT value FROM json_each(:\1))",
    POSTGRESQL: r"(SELECT value FROM json_array_elements(CAST(:\1 AS json)))",
}
_EACH = re.compile(r"\{each:([a-z]\w*)\}")
_IN = re.compile(r"\{in:([a-z]\w*)\}")
_NAME = re.compile(r"^-- name: *(\w+) *$", re.MULTILINE)
_PARAM = re.compile(r"(?<![:\w]):([a-z]\w*)")


@cache
def load_queries(dialect: str) -> Mapping[str, str]:
    """Return every named query as text for the dialect's driver."""
    found: dict[str, str] = {}
    folder = resources.files("suanwang.store").joinpath("sql")
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".sql"):
            continue
        for name, query in split_queries(entry.read_text("utf-8")).items():
            assert name not in found, f"{entry.name} names {name} a second time"
            found[name] = spell(query, dialect)
    return found


def split_queries(text: str) -> dict[str, str]:
    """Cut a file into its named queries; each must say in a comment what it is for."""
    parts = _NAME.split(text)
    found: dict[str, str] = {}
    for name, query in zip(parts[1::2], parts[2::2], strict=True):
        lines = query.strip().splitlines()
        assert lines, f"query {name} is empty"
        assert lines[0].startswith("--"), f"query {name} has no description"
        assert name not in found, f"query {name} is named twice"
        sql = "\n".join(line for line in lines if not line.lstrip().startswith("--"))
        found[name] = sql.strip().rstrip(";")
    return found


def spell(query: str, dialect: str) -> str:
    """Write a query the way the dialect's driver reads it."""
    for mark, spelling in _MARKS[dialect].items():
        query = query.replace(mark, spelling)
    query = _EACH.sub(_EACH_OF[dialect], _IN.sub(_LISTS[dialect], query))
    if dialect == SQLITE:
        return query
    return _PARAM.sub(r"%(\1)s", query.replace("%", "%%"))


def params_of(query: str) -> set[str]:
    """Return the parameter names of a query as written in its file."""
    return {*_PARAM.findall(query), *_IN.findall(query), *_EACH.findall(query)}
