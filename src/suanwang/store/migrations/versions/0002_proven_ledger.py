"""Proofs, chains, closed days and all that the proven ledger added, frozen as text."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
HERE = Path(__file__).parent


def upgrade() -> None:
    """Add the tables and columns of the proven ledger."""
    dialect = op.get_bind().dialect.name
    script = (HERE / f"0002_proven_ledger.{dialect}.sql").read_text("utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
