"""Alembic's entry: runs migrations on the connection that `store.schema.upgrade` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from suanwang.store.schema import MIGRATION_LOCK
from suanwang.store.tables import METADATA

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # Two servers may be told to upgrade at once.
    connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
context.configure(
    connection=connection,
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
