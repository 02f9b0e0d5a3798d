"""The chip catalogue: what each class of card can do, with every rate labelled.

All rates are dense, in TFLOPS (INT8: TOPS). A sparse rate handed in as dense is refused, since
half the sheets of this trade print the doubled number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache

from suanwang.basics.products import CardClass
from suanwang.basics.units import Precision, RateKey
from suanwang.grid.catalogue.read import Name, Row, nearest, number, rows
from suanwang.grid.errors import ChipUnknown, RateImplausible, RateUnlabelled, SparseAsDense

# Vendors' 2:4 structured sparsity doubles a rate; sheets round, so a few per cent either way.
SPARSE_FACTOR = Fraction(2)
TOLERANCE = Fraction(5, 100)
_SCALE = {"GFLOPS": Fraction(1, 1000), "TFLOPS": Fraction(1), "TOPS": Fraction(1)}
_SCALE |= {"PFLOPS": Fraction(1000), "P": Fraction(1000), "EFLOPS": Fraction(10**6)}
_RATE = re.compile(
    r"(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>[A-Z]+)"
    r"(?:\s+(?P<precision>FP64|FP32|TF32|FP16|FP8|INT8))?(?:\s+(?P<density>DENSE|SPARSE))?",
)


class ChipKind(StrEnum):
    """What kind of processor a card is; for a CPU, one socket is one card."""

    GPU = "gpu"
    NPU = "npu"
    CPU = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One class of card. Unknown figures are None or missing, never guessed."""

    id: CardClass
    name: str
    vendor: str
    kind: ChipKind
    rates: Mapping[Precision, Fraction]  # dense TFLOPS or TOPS
    fp16_mode: str  # "tensor", "tensor, FP16 accumulate", "vector", "unstated"
    cores: int | None
    memory_gb: float | None
    bandwidth_gbs: float | None
    power_w: float  # board or package power
    power_status: str  # P published, A assumption
    confidence: str  # high, medium, low
    source: str
    note: str

    def rate_keys(self) -> dict[RateKey, Fraction]:
        """Return the rates as `basics.units` wants them for conversions."""
        return {RateKey(self.id, precision): rate for precision, rate in self.rates.items()}


@dataclass(frozen=True, slots=True)
class Rate:
    """A computing rate as somebody stated it, in TFLOPS or TOPS."""

    value: Fraction
    precision: Precision
    sparse: bool


@cache
def _chips() -> Mapping[str, Chip]:
    return {row["id"]: _read(row) for row in rows("chips")}


def _read(row: Row) -> Chip:
    stated = {precision: row[precision.lower()] for precision in Precision}
    return Chip(
        id=CardClass(row["id"]),
        name=row["name"],
        vendor=row["vendor"],
        kind=ChipKind(row["kind"]),
        rates={precision: Fraction(text) for precision, text in stated.items() if text},
        fp16_mode=row["fp16_mode"],
        cores=int(row["cores"]) if row["cores"] else None,
        memory_gb=number(row["memory_gb"]),
        bandwidth_gbs=number(row["bandwidth_gbs"]),
        power_w=float(row["power_w"]),
        power_status=row["power_status"],
        confidence=row["confidence"],
        source=row["source"],
        note=row["note"],
    )


def chips() -> tuple[Chip, ...]:
    """Return the whole catalogue."""
    return tuple(_chips().values())


def chip(card_class: str) -> Chip:
    """Return one class of card, or refuse the name."""
    found = _chips().get(card_class)
    if found is None:
        raise ChipUnknown(found=card_class, nearest=nearest(card_class, _chips()))
    return found


@cache
def vendors() -> Mapping[str, Name]:
    """Return the vendors' names."""
    return {row["id"]: Name.of(row) for row in rows("vendors")}


def parse_rate(text: str) -> Rate:
    """Read a rate such as "989 TFLOPS FP16 dense".

    A bare "1000P" is refused: without precision and density it may be off by a factor of five.
    """
    found = _RATE.fullmatch(str(text).strip().upper())
    if found is None or not (found["precision"] and found["density"]):
        raise RateUnlabelled(found=text)
    scale = _SCALE.get(found["unit"])
    if scale is None:
        raise RateUnlabelled(found=text)
    precision = Precision(found["precision"])
    return Rate(Fraction(found["value"]) * scale, precision, found["density"] == "SPARSE")


def check_rate(card_class: str, rate: Rate) -> Rate:
    """Return `rate` if that class can reach it; refuse sparse figures stated as dense.

    Rates below the catalogue's are measurements or cut bins and pass; precisions that the
    catalogue does not know pass too, since there is nothing to hold them against.
    """
    known = chip(card_class).rates.get(rate.precision)
    if known is None:
        return rate
    most = known * SPARSE_FACTOR if rate.sparse else known
    if rate.value <= most * (1 + TOLERANCE):
        return rate
    facts = {
        "found": f"{float(rate.value):g}",
        "expected": f"{float(most):g}",
        "precision": rate.precision,
        "chip": card_class,
    }
    doubled = abs(rate.value / known - SPARSE_FACTOR) <= SPARSE_FACTOR * TOLERANCE
    if doubled and not rate.sparse:
        raise SparseAsDense(**facts)
    raise RateImplausible(**facts)
