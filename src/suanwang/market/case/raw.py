"""Reads a CASE file as it stands: its hash and its document, nothing checked beyond the syntax.

`verify` begins here, so that it shares with the solver what JSON is and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from suanwang.market.case.fields import Misfit
from suanwang.market.case.numerals import decimal_of
from suanwang.market.case.scan import scan_document
from suanwang.market.case.table import document_of_table
from suanwang.market.errors import CaseUnreadable

BYTES_MAX = 1 << 30  # 8 million orders as JSON
_PIECE_BYTES = 1 << 20
TABLES = {".parquet", ".arrow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCase:
    """A CASE file: `document` is the JSON object, its numbers int, Decimal or text as written.

    From a table, `asks` and `bids` are lists of objects as in JSON, and numbers may also be float.
    """

    sha256: str
    name: str
    document: dict[str, Any]


def read_raw(path: Path) -> RawCase:
    """Read a JSON, .parquet or .arrow file.

    Raises:
        CaseUnreadable: with the place of what is not JSON, or no table of orders.
        MarketExtraMissing: for a table where the package that reads it is missing.
    """
    with refusals(path.name):
        content = file_bytes(path)
        if path.suffix.lower() in TABLES:
            document = document_of_table(content, arrow=path.suffix.lower() == ".arrow")
        else:
            document = scan_document(content, number=decimal_of, sinks={})
        return RawCase(sha256=sha256(content).hexdigest(), name=path.name, document=document)


def file_bytes(path: Path) -> bytearray:
    """Return what is in a file; raise Misfit where it cannot be read or is too large."""
    content = bytearray()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                content += piece
                if len(content) > BYTES_MAX:
                    raise Misfit("$", f"at most {BYTES_MAX} bytes", "more")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or "no such name"
        raise Misfit("$", "a file that can be read", reason) from None
    return content


@contextmanager
def refusals(name: str) -> Iterator[None]:
    """Tell every Misfit as a CaseUnreadable of the file of this name."""
    try:
        yield
    except Misfit as misfit:
        raise CaseUnreadable(
            file=name, place=misfit.place, expected=misfit.expected, found=misfit.found
        ) from None
