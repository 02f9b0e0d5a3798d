"""Writes a document as a CASE file: JSON for people, or a table for millions of simple orders."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from suanwang.market.case.columns import KEYS
from suanwang.market.case.numerals import floats_of, scaled
from suanwang.market.case.table import METADATA_KEY, OPTIONAL, arrow_module

_POWERS = (6, 9, 12)


def case_to_json(document: dict[str, Any]) -> bytes:
    """Return a CASE as JSON, one order a line; a Decimal is written as a decimal string."""
    members = (f"{_compact(key)}:{_lines(value)}" for key, value in document.items())
    return ("{\n" + ",\n".join(members) + "\n}\n").encode()


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a CASE as a JSON file."""
    path.write_bytes(case_to_json(document))


def write_table(path: Path, document: dict[str, Any]) -> None:
    """Write a CASE as a table, Parquet or Arrow by the name's ending.

    Numbers become doubles where that loses nothing in the whole column, else text.

    Raises:
        MarketExtraMissing: where the package that writes tables is missing.
    """
    pa = arrow_module("pyarrow")
    rest = {key: value for key, value in document.items() if key not in ("asks", "bids")}
    table = pa.table(_columns(document)).replace_schema_metadata({METADATA_KEY: case_to_json(rest)})
    if path.suffix.lower() == ".arrow":
        with arrow_module("pyarrow.ipc").new_file(path, table.schema) as file:
            file.write_table(table)
    else:
        arrow_module("pyarrow.parquet").write_table(table, path)


def _lines(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(_compact, value)) + "\n]"
    return _compact(value)


def _compact(value: object) -> str:
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_numeral
    )


def _numeral(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def _columns(document: dict[str, Any]) -> dict[str, Any]:
    pa = arrow_module("pyarrow")
    sides = {"ask": document.get("asks") or [], "bid": document.get("bids") or []}
    rows = [row for side in sides.values() for row in side]
    names = [side for side, orders in sides.items() for _ in orders]
    columns: dict[str, Any] = {"side": pa.array(names, pa.string())}
    for key in (*KEYS, *OPTIONAL):
        values = [row.get(key) for row in rows]
        if key in KEYS or any(value is not None for value in values):
            columns[key] = _column(key, values)
    return columns


def _column(key: str, values: list[Any]) -> Any:  # noqa: ANN401 - an Arrow array
    pa = arrow_module("pyarrow")
    if key == "slot":
        return pa.array([int(value) for value in values], pa.int32())
    if key in ("quantity", "price"):
        floats = floats_of(values)
        good = [scaled(floats, power=power)[1] for power in _POWERS]
        if (good[0] | good[1] | good[2]).all():
            return pa.array(floats, pa.float64())
    return pa.array([value if value is None else str(value) for value in values], pa.string())
