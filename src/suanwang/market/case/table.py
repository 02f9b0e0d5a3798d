"""Reads the simple orders of a case from a Parquet or Arrow file, a piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from suanwang.market.case.columns import KEYS, ORDERS_MAX, Columns
from suanwang.market.case.fields import TEXT_MAX, Misfit
from suanwang.market.case.model import Side
from suanwang.market.case.numerals import Values, decimal_of
from suanwang.market.case.scan import PIECE, scan_document
from suanwang.market.errors import MarketExtraMissing

#: Where the schema's metadata has the rest of the case, as JSON.
METADATA_KEY = b"suanwang.case"
OPTIONAL = ("pool", "lot")
_TEXTS = {"side", "id", "zone", "class", "pool"}
_UNPACKED_MAX = 1 << 32  # bytes of a table once unpacked, as it says itself


def arrow_module(name: str) -> Any:  # noqa: ANN401 - a module without types
    """Import a module of the package for tables, which only those need who use tables."""
    try:
        # Late, since clearing a JSON case works without it.
        return import_module(name)
    except ImportError:
        raise MarketExtraMissing(package="pyarrow") from None


def scan_table(
    content: bytearray,
    *,
    arrow: bool,
    columns: dict[Side, Columns],
    number: Callable[[str], object],
) -> dict[str, Any]:
    """Fill the columns of both sides; return the rest of the case. Raises Misfit."""
    with _table_refusals():
        schema, batches = _open(content, arrow=arrow)
        document = _document(schema, number)
        _check_schema(schema)
        for start, batch in batches:
            for side in _sides(batch, start):
                part = batch.filter(_mask(batch, side)) if len(_names(batch)) > 1 else batch
                _add(columns[side], part)
    return document


def document_of_table(content: bytearray, *, arrow: bool) -> dict[str, Any]:
    """Return the case as the document that the JSON file would be. Raises Misfit."""
    sides: dict[str, list[dict[str, Any]]] = {"ask": [], "bid": []}
    with _table_refusals():
        schema, batches = _open(content, arrow=arrow)
        document = _document(schema, decimal_of)
        _check_schema(schema)
        for start, batch in batches:
            _sides(batch, start)
            for row in batch.to_pylist():
                side = row.pop("side")
                sides[side].append({k: v for k, v in row.items() if v is not None or k in KEYS})
    return document | {"asks": sides["ask"], "bids": sides["bid"]}


@contextmanager
def _table_refusals() -> Iterator[None]:
    pa = arrow_module("pyarrow")
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        first = str(error).partition("\n")[0]
        raise Misfit("the table", "a Parquet or Arrow file", first) from None


def _open(content: bytearray, *, arrow: bool) -> tuple[Any, Iterator[tuple[int, Any]]]:
    pa = arrow_module("pyarrow")
    buffer = pa.BufferReader(content)
    if arrow:
        file = arrow_module("pyarrow.ipc").open_file(buffer)
        whole = (file.get_batch(index) for index in range(file.num_record_batches))
        pieces = (b.slice(i, PIECE) for b in whole for i in range(0, b.num_rows, PIECE))
        return file.schema, _numbered(pieces)
    parquet = arrow_module("pyarrow.parquet")
    # Repeated texts stay one text in memory: a small file may name a large one often.
    names = [
        name for name in ("side", *KEYS, *OPTIONAL) if name in parquet.read_schema(buffer).names
    ]
    buffer.seek(0)
    file = parquet.ParquetFile(buffer, read_dictionary=names)
    groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
    if sum(group.total_byte_size for group in groups) > _UNPACKED_MAX:
        raise Misfit("the table", f"at most {_UNPACKED_MAX} bytes unpacked", "more")
    return file.schema_arrow, _numbered(file.iter_batches(batch_size=PIECE))


def _numbered(batches: Iterator[Any]) -> Iterator[tuple[int, Any]]:
    """Check each batch and tell which row it begins with."""
    start = 0
    for batch in batches:
        # An Arrow file's offsets are taken as they stand unless one asks.
        batch.validate(full=True)
        if start + batch.num_rows > 2 * ORDERS_MAX:
            raise Misfit("the table", f"at most {2 * ORDERS_MAX} rows", "more")
        yield start, _short_texts(batch, start)
        start += batch.num_rows


def _short_texts(batch: Any, start: int) -> Any:  # noqa: ANN401
    """Unpack dictionaries once it is known that no text in them is long."""
    pa, compute = arrow_module("pyarrow"), arrow_module("pyarrow.compute")
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        encoded = pa.types.is_dictionary(column.type)
        texts = column.dictionary if encoded else column
        if _is_text(texts.type):
            longest = compute.max(compute.utf8_length(texts)).as_py()
            if longest is not None and longest > TEXT_MAX:
                place = f"rows {start} to {start + batch.num_rows - 1}: {name}"
                raise Misfit(place, f"at most {TEXT_MAX} characters", longest)
        columns.append(column.dictionary_decode() if encoded else column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _document(schema: Any, number: Callable[[str], object]) -> dict[str, Any]:  # noqa: ANN401
    content = (schema.metadata or {}).get(METADATA_KEY)
    if content is None:
        raise Misfit("the table", f"metadata under {METADATA_KEY.decode()}", "none")
    document = scan_document(bytearray(content), number=number, sinks={})
    for key in ("asks", "bids"):
        if key in document:
            raise Misfit(f"$.{key}", "orders in the table's rows only", "a key of the metadata")
    return document


def _check_schema(schema: Any) -> None:  # noqa: ANN401
    names = list(schema.names)
    needed = ["side", *KEYS]
    for name in needed:
        if names.count(name) != 1:
            raise Misfit("the table", f"one column {name}", names.count(name))
    for field in schema:
        if field.name not in (*needed, *OPTIONAL) or names.count(field.name) > 1:
            raise Misfit("the table", f"columns {', '.join([*needed, *OPTIONAL])}", field.name)
        if not _type_fits(field):
            expected = "text" if field.name in _TEXTS else "double, integer, decimal or text"
            raise Misfit(f"the column {field.name}", expected, str(field.type))


def _type_fits(field: Any) -> bool:  # noqa: ANN401
    types = arrow_module("pyarrow").types
    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    if _is_text(kind):
        return True
    whole, number = types.is_integer(kind), types.is_float64(kind) or types.is_decimal(kind)
    if field.name in OPTIONAL and types.is_null(kind):
        return True
    return field.name not in _TEXTS and (whole or number)


def _is_text(kind: Any) -> bool:  # noqa: ANN401
    types = arrow_module("pyarrow").types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _names(batch: Any) -> list[object]:  # noqa: ANN401
    names: list[object] = batch.column("side").unique().to_pylist()
    return names


def _sides(batch: Any, start: int) -> list[Side]:  # noqa: ANN401
    names = _names(batch)
    for name in names:
        if name not in list(Side):
            row = start + batch.column("side").to_pylist().index(name)
            raise Misfit(f"row {row}: side", "ask or bid", name)
    return [side for side in Side if side in names]


def _mask(batch: Any, side: Side) -> Any:  # noqa: ANN401
    compute = arrow_module("pyarrow.compute")
    return compute.equal(batch.column("side"), side.value)


def _add(columns: Columns, batch: Any) -> None:  # noqa: ANN401
    fields = {name: _values(batch.column(name)) for name in KEYS}
    more = {name: batch.column(name).to_pylist() for name in OPTIONAL if name in batch.schema.names}
    pools = more.get("pool")
    if columns.side is Side.BID and pools is not None:
        for row, pool in enumerate(pools, len(columns)):
            if pool is not None:
                raise Misfit(columns.at(row, "pool"), "no pool for a bid", pool)
        pools = None
    columns.add_columns(fields, pools=pools, lots=more.get("lot"))


def _values(column: Any) -> Values:  # noqa: ANN401
    """Return a column as an array where it has numbers only, else as a list."""
    types = arrow_module("pyarrow").types
    small = types.is_integer(column.type) and not types.is_uint64(column.type)
    if column.null_count or not (small or types.is_float64(column.type)):
        values: list[object] = column.to_pylist()
        return values
    return np.asarray(column, dtype=np.int64 if small else np.float64)
