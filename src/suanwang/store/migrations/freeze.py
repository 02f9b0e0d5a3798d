"""Writes today's tables as SQL text for both databases, as the first migration keeps them.

python -m suanwang.store.migrations.freeze FOLDER NAME
"""

from __future__ import annotations

import sys
from pathlib import Path

from suanwang.store.queries import POSTGRESQL, SQLITE
from suanwang.store.schema import ddl


def freeze(folder: Path, name: str) -> None:
    """Write `NAME.sqlite.sql` and `NAME.postgresql.sql` into the folder."""
    for dialect in (SQLITE, POSTGRESQL):
        text = ";\n".join((*ddl(dialect), "")).replace("\t", "    ").replace(", \n", ",\n")
        (folder / f"{name}.{dialect}.sql").write_text(text.replace("\n STRICT", " STRICT"), "utf-8")


if __name__ == "__main__":
    freeze(Path(sys.argv[1]), sys.argv[2])
