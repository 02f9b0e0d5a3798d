"""The few kinds of column there are, spelt once for both databases.

    text      ids, names, states, JSON       TEXT            TEXT
    whole     counts, flags (0 or 1)         BIGINT          INTEGER
    micros    instants, in *_at columns      BIGINT          INTEGER    microseconds UTC
    units     money, in *_units columns      BIGINT          INTEGER    smallest units
    number    1, 2, 3 … as rows arrive       identity        AUTOINCREMENT

SQLite tables are STRICT, so a string in a number's place is refused there as on PostgreSQL.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table
from sqlalchemy import Text as TextType
from sqlalchemy.schema import SchemaItem

# Named constraints can be dropped by a later migration.
METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def table(name: str, *items: SchemaItem) -> Table:
    """Declare a table of the store."""
    counted = any(isinstance(item, Column) and item.autoincrement is True for item in items)
    return Table(name, METADATA, *items, sqlite_strict=True, sqlite_autoincrement=counted)


def text(name: str, *, null: bool = False, **kwargs: Any) -> Column[str]:  # noqa: ANN401
    """Declare a text column: an id, a name, a state, or JSON."""
    return Column(name, TextType(), nullable=null, **kwargs)


def refers(name: str, target: str, *, null: bool = False, key: bool = False) -> Column[str]:
    """Declare a text column that names a row of another table ("jobs.id")."""
    return Column(name, TextType(), ForeignKey(target), nullable=null, primary_key=key)


def whole(name: str, *, null: bool = False, **kwargs: Any) -> Column[int]:  # noqa: ANN401
    """Declare a whole number: a count, a flag, microseconds, smallest units."""
    return Column(name, _WHOLE, nullable=null, **kwargs)


def number(name: str) -> Column[int]:
    """Declare the primary key that counts rows as they arrive, never reused."""
    return Column(name, _WHOLE, primary_key=True, autoincrement=True)


def binary(name: str, *, null: bool = False) -> Column[bytes]:
    """Declare a column of bytes."""
    return Column(name, LargeBinary(), nullable=null)


def index(name: str, *columns: str, **kwargs: Any) -> Index:  # noqa: ANN401
    """Declare an index; `where` (a text clause) makes it partial on both databases."""
    where = kwargs.pop("where", None)
    if where is not None:
        kwargs |= {"sqlite_where": where, "postgresql_where": where}
    return Index(name, *columns, **kwargs)
