"""The two ways to a schema are one: today's tables at once, or every migration from the first."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from tests.builders import Ids, a_member

from suanwang.store import days, identity, schema
from suanwang.store.database import Store, parse_url
from suanwang.store.errors import SchemaUnknown
from suanwang.store.tables import METADATA


def engine_for(url):
    parsed = parse_url(url)
    driver = "sqlite" if parsed.get_backend_name() == "sqlite" else "postgresql+psycopg"
    return create_engine(parsed.set(drivername=driver).difference_update_query(["synchronous"]))


def shape(url):
    """Everything an inspector sees of the tables: columns, keys, indexes, constraints."""
    engine = engine_for(url)
    with engine.connect() as connection:
        seen = inspect(connection)
        found = {
            name: (
                [
                    (c["name"], str(c["type"]), c["nullable"], str(c["default"]))
                    for c in seen.get_columns(name)
                ],
                seen.get_pk_constraint(name)["constrained_columns"],
                sorted(index_shape(i) for i in seen.get_indexes(name)),
                sorted(str(f["constrained_columns"]) for f in seen.get_foreign_keys(name)),
                sorted(c["sqltext"] for c in seen.get_check_constraints(name)),
            )
            for name in seen.get_table_names()
        }
    engine.dispose()
    return found


def index_shape(index):
    where = [str(v) for k, v in index.get("dialect_options", {}).items() if k.endswith("_where")]
    return f"{index['name']} {index['column_names']} {index['unique']} {where}"


def differences(url):
    engine = engine_for(url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), METADATA)
    engine.dispose()
    return found


def migrated_from_first(url, revision="head"):
    Store.open(url).close()
    schema.upgrade(parse_url(url), revision)
    return url


def test_the_migrations_lead_to_todays_tables(empty_database_url, database_url):
    migrated_from_first(empty_database_url)
    assert differences(empty_database_url) == []
    assert shape(empty_database_url) == shape(database_url)


def test_head_is_the_newest_migration():
    script = ScriptDirectory.from_config(schema.alembic_config())
    assert script.get_current_head() == schema.HEAD
    assert {r.revision for r in script.walk_revisions()} == schema.known_versions()


# What each release's own program wrote: today's flows may need tables that it had not.
ROWS_OF_RELEASE = {
    "0001": [
        "INSERT INTO organisations VALUES ('org_old', 'Old Exchange', 'exchange', 'open', 1)",
        "INSERT INTO accounts VALUES ('acc_old', 'org_old', 'bank', 'CNY', 6, NULL, 0, 0, 1)",
    ],
}


@pytest.mark.parametrize("released", sorted(ROWS_OF_RELEASE))
def test_a_database_of_each_release_is_brought_to_head(empty_database_url, released):
    migrated_from_first(empty_database_url, released)
    store = Store.open(empty_database_url)
    ids = Ids()
    store.run_now(lambda tx: tx.script(ROWS_OF_RELEASE[released]))
    store.migrate()
    assert store.read_now(schema.version_of) == schema.HEAD
    found = store.read_now(identity.exchange)
    assert found.name == "Old Exchange"
    store.run_now(lambda tx: a_member(tx, ids))
    store.close()
    assert differences(empty_database_url) == []


def test_a_bill_that_was_settled_before_there_were_days_has_one(empty_database_url):
    migrated_from_first(empty_database_url, "0002")
    store = Store.open(empty_database_url)
    monday = 1_763_956_800_000_000  # 2025-11-24 12:00 in Beijing
    owner = "'org_old', 'Old', 'member', 'verified', 1"
    job = "id, organisation_id, name, kind, spec, state, created_at, updated_at"
    bill = "id, job_id, organisation_id, lines, total_units, created_at, settled_at"
    rows = [f"INSERT INTO organisations VALUES ({owner})"]
    for name, settled in (("a", monday), ("b", monday + 1), ("c", "NULL")):
        rows += [
            f"INSERT INTO jobs ({job}) VALUES ('{name}', 'org_old', 'x', 'compute', '', 'X', 1, 1)",
            (
                f"INSERT INTO bills ({bill}) VALUES ('{name}', '{name}', 'org_old', '', 0,"
                f" {monday + (name != 'a') * 86_400_000_000}, {settled})"
            ),
        ]
    store.run_now(lambda tx: tx.script(rows))
    store.migrate()
    found = store.read_now(lambda tx: days.before(tx, None, limit=10))
    store.close()
    # The day after still has a bill that waits: it is settled as any other.
    assert [(str(each.day), each.state.value) for each in found] == [
        ("2025-11-25", "open"),
        ("2025-11-24", "preliminary"),
    ]


def test_an_empty_database_is_ready_in_half_a_second(tmp_path):
    start = time.perf_counter()
    store = Store.open(f"sqlite:///{tmp_path}/fresh.db")
    store.migrate()
    assert time.perf_counter() - start < 0.5
    store.close()


def test_several_servers_may_start_at_once_on_an_empty_database(empty_database_url):
    stores = [Store.open(empty_database_url) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(s.migrate) for s in stores]:
            done.result(20)
    assert {s.read_now(schema.version_of) for s in stores} == {schema.HEAD}
    for store in stores:
        store.close()


def test_a_database_of_a_newer_program_is_refused_by_name(store):
    store.run_now(lambda tx: tx.script(["UPDATE alembic_version SET version_num = '9999'"]))
    with pytest.raises(SchemaUnknown, match="9999"):
        store.migrate()


def test_migrating_again_changes_nothing(store):
    store.migrate()
    assert store.read_now(schema.version_of) == schema.HEAD
