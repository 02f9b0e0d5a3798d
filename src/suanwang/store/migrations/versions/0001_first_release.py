"""The tables of the first release, frozen as text: later changes never reach back to them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
HERE = Path(__file__).parent


def upgrade() -> None:
    """Make every table of the first release."""
    dialect = op.get_bind().dialect.name
    script = (HERE / f"0001_first_release.{dialect}.sql").read_text("utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
