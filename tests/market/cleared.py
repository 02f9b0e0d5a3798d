"""RESULT documents of CASE documents, and what an order gains by them."""

from __future__ import annotations

from decimal import Decimal

from tests.market.oracle.outcome import from_result
from tests.market.oracle.reading import read

from suanwang.market.case.read import case_from_document
from suanwang.market.clearing.clear import clear

HASH = "0" * 64  # of a file that is none


def cleared(document) -> dict:
    """The RESULT of this CASE."""
    return clear(case_from_document(document, sha256=HASH)).to_document()


def outcome_of(document, result):
    """The RESULT's outcome, in floats."""
    return from_result(read(document), result)


def prices_of(result) -> dict:
    """{(zone, class, slot): published price}."""
    return {(p["zone"], p["class"], p["slot"]): float(p["price"]) for p in result["prices"]}


def amounts(lines) -> dict:
    """{id: amount} of settlements, uplift or gap parts."""
    return {line["id"]: Decimal(line["amount"]) for line in lines}
