"""What moves money in and out, sells for others, corrects and disputes: a file for each, frozen."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
HERE = Path(__file__).parent


def upgrade() -> None:
    """Add what moves money in and out, sells for others, corrects, disputes and invoices."""
    dialect = op.get_bind().dialect.name
    for script in sorted(HERE.glob(f"0003_*.{dialect}.sql")):
        for statement in script.read_text("utf-8").split(";\n"):
            if statement.strip():
                op.get_bind().exec_driver_sql(statement)
