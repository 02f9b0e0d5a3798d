from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from suanwang.store.queries import (
    POSTGRESQL,
    SQLITE,
    load_queries,
    params_of,
    spell,
    split_queries,
)
from suanwang.store.sqlite import connect
from suanwang.store.tables import METADATA

QUERIES = {
    name: query
    for entry in resources.files("suanwang.store").joinpath("sql").iterdir()
    if entry.name.endswith(".sql")
    for name, query in split_queries(entry.read_text("utf-8")).items()
}


def test_both_databases_know_the_same_queries():
    assert load_queries(SQLITE).keys() == load_queries(POSTGRESQL).keys() == QUERIES.keys()


def test_every_query_is_understood_by_the_database(store, dialect):
    """Each is parsed and planned against the real tables, without running it."""
    broken = {}
    if dialect == SQLITE:
        connection = connect(store.url, writes=True)
        for name, query in load_queries(SQLITE).items():
            try:
                connection.execute(f"EXPLAIN {query}", dict.fromkeys(params_of(QUERIES[name])))
            except Exception as error:  # noqa: BLE001 - all of them are shown together
                broken[name] = str(error)
        connection.close()
    else:
        with store_connection(store) as connection:
            for name, query in load_queries(POSTGRESQL).items():
                try:
                    connection.execute(f"PREPARE p AS {numbered(query)}".encode())
                    connection.execute("DEALLOCATE p")
                except Exception as error:  # noqa: BLE001 - all of them are shown together
                    broken[name] = str(error)
    assert broken == {}


def store_connection(store):
    from suanwang.store.postgresql import connect as connect_postgres  # noqa: PLC0415

    return connect_postgres(store.url)


def numbered(query):
    """Write psycopg's parameters as PostgreSQL's own $1, $2, …"""
    names = []

    def number(match):
        if match.group(1) not in names:
            names.append(match.group(1))
        return f"${names.index(match.group(1)) + 1}"

    return re.sub(r"%\((\w+)\)s", number, query).replace("%%", "%")


def test_every_query_is_used_somewhere():
    package = Path(str(resources.files("suanwang")))
    sources = "".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    assert [name for name in QUERIES if f'"{name}"' not in sources] == []


@pytest.mark.parametrize(
    ("text", "dialect", "spelt"),
    [
        ("a = :a {for_update}", SQLITE, "a = :a "),
        ("a = :a {for_update}", POSTGRESQL, "a = %(a)s FOR NO KEY UPDATE"),
        ("{skip_locked}", POSTGRESQL, "FOR NO KEY UPDATE SKIP LOCKED"),
        ("id {in:ids}", SQLITE, "id IN (SELECT value FROM json_each(:ids))"),
        ("id {in:ids}", POSTGRESQL, "id = ANY(CAST(%(ids)s AS text[]))"),
        ("a LIKE '%x' AND b = :b", POSTGRESQL, "a LIKE '%%x' AND b = %(b)s"),
        ("a = 'x:y'", POSTGRESQL, "a = 'x:y'"),
    ],
)
def test_marks_are_spelt_for_each_database(text, dialect, spelt):
    assert spell(text, dialect) == spelt


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-- name: a\nSELECT 1", "no description"),
        ("-- name: a\n-- Says.\nSELECT 1\n-- name: a\n-- Says.\nSELECT 2", "named twice"),
        ("-- name: a\n", "empty"),
    ],
)
def test_a_query_without_manners_is_our_mistake(text, why):
    with pytest.raises(AssertionError, match=why):
        split_queries(text)


def test_every_row_that_belongs_to_someone_says_to_whom():
    """Tables without organisation_id hang on one that has it, or belong to the exchange."""
    without = {t.name for t in METADATA.sorted_tables if "organisation_id" not in t.columns}
    assert without == {
        "organisations", "operator_records", "rounds", "leaders", "idempotency",
        "quotes", "reservations", "leases", "logs", "outputs", "usage_records",
        "transfers", "holds", "deliveries", "budget_months", "budget_holds",
        "market_days", "settlement_runs", "closings", "document_numbers",
        "payout_accounts", "payout_batches", "contracts", "broker_prices",
        "log_segments", "log_tiles", "log_heads", "log_witnesses",
    }  # fmt: skip
