"""The Italian day-ahead auction of April 2025 as CASE documents, a day each.

    NORD — CNOR — CSUD — SUD — CALA — SICI        seven zones, six links, each two one-way entries
      |      |      |     |             |
     FRAN   CORS — SARD  GREC          MALT       and what lies abroad

How it closes at the border: `PRICES` puts a bid and an ask at the neighbour's published price into
the Italian zone, as large as the border carries; `NEIGHBOURS` says the same with zones, where each
neighbour buys and sells any amount at its price. Then volumes float. `EXCHANGES` pins what
crossed: an order in the Italian zone that takes any price. The euro stands in for the yuan, a
megawatt-hour for the card-hour.
"""

from __future__ import annotations

import csv
import gzip
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("SUANWANG_DATA", ROOT.parent / "shared" / "data")) / "italy"
ABSENT = f"the data of the Italian auction is not at {FOLDER}; SUANWANG_DATA names another place"
ITALIAN = ("NORD", "CNOR", "CSUD", "SUD", "CALA", "SICI", "SARD")
PRICE_MIN, PRICE_MAX = "-500", "4000"
TICK = "0.00001"  # a few border prices have five decimals
ABROAD_MWH = "100000"  # more than all links together carry
CARD_CLASS = "power"

Row = dict[str, str]
T = TypeVar("T")


class Step(NamedTuple):
    """One step of a zone's curve; there are half a million."""

    zone: str
    slot: int
    side: str  # demand or supply
    price: float
    quantity: float


class Boundary(StrEnum):
    """What is known of the neighbours: their prices (said in two ways), or what was exchanged."""

    PRICES = "prices"
    NEIGHBOURS = "neighbours"
    EXCHANGES = "exchanges"


class Book(StrEnum):
    """Which orders: curves with the accepted blocks in them, or simple orders and open blocks."""

    CURVES = "bid-curves"
    BLOCKS = "simple-bid-curves"


@dataclass(frozen=True, slots=True, kw_only=True)
class Italy:
    """The published tables by name and day, and the curves by book and day."""

    tables: dict[str, dict[str, list[Row]]]
    curves: dict[Book, dict[str, list[Step]]]

    @property
    def days(self) -> list[str]:
        """Return the delivery days that the folder has."""
        return sorted(self.curves[Book.CURVES])

    def prices(self, day: str) -> dict[tuple[str, int], float]:
        """Return published EUR/MWh by zone and slot, border zones included."""
        rows = self.tables["published-prices"][day]
        return {(r["zone"], _slot(r)): float(r["price_eur_per_mwh"]) for r in rows}

    def flows(self, day: str) -> dict[tuple[str, str, int], float]:
        """Return published MWh from zone to zone by slot; negative is the other way."""
        rows = self.tables["published-flows"][day]
        return {(r["from_zone"], r["to_zone"], _slot(r)): float(r["flow_mwh"]) for r in rows}

    def statuses(self, day: str) -> dict[str, str]:
        """Return each block's published fate: ACC, REJ or PREJ (though in the money)."""
        rows = self.tables["block-orders"].get(day, [])
        return {r["block_id"]: r["published_status"] for r in rows}

    def case(
        self, day: str, *, boundary: Boundary = Boundary.PRICES, book: Book = Book.CURVES
    ) -> dict[str, Any]:
        """Return one day as a CASE document."""
        hours = self._hours(day)
        edges = [e for e in self._edges(day) if _is_wanted(e, boundary)]
        asks, bids = _orders(self.curves[book][day])
        closing = {
            Boundary.PRICES: self._borders,
            Boundary.NEIGHBOURS: self._neighbours,
            Boundary.EXCHANGES: self._exchanges,
        }[boundary](day)
        for side, order in closing:
            (asks if side == "ask" else bids).append(order)
        legs = self.tables["block-orders"].get(day, []) if book is Book.BLOCKS else []
        abroad = sorted({zone for edge in edges for zone in edge} - set(ITALIAN))
        return {
            "currency": "CNY",
            "tick": TICK,
            "zones": [*ITALIAN, *abroad],
            "classes": [CARD_CLASS],
            "slots": hours,
            "links": [link for edge in edges for link in self._links(day, edge)],
            "asks": asks,
            "bids": bids,
            "blocks": _blocks(legs),
            "price_min": PRICE_MIN,
            "price_max": PRICE_MAX,
        }

    def _hours(self, day: str) -> list[dict[str, str]]:
        starts = {_slot(r): r["timestamp"] for r in self.tables["transfer-capacities"][day]}
        assert sorted(starts) == list(range(len(starts)))
        return [
            {
                "start": start,
                "end": (datetime.fromisoformat(start) + timedelta(hours=1)).isoformat(),
            }
            for _, start in sorted(starts.items())
        ]

    def _edges(self, day: str) -> list[tuple[str, str]]:
        rows = self.tables["transfer-capacities"][day]
        return sorted({(r["from_zone"], r["to_zone"]) for r in rows})

    def _links(self, day: str, edge: tuple[str, str]) -> Iterator[dict[str, Any]]:
        """Yield one entry for each direction of an interconnection."""
        rows = {
            _slot(r): r
            for r in self.tables["transfer-capacities"][day]
            if (r["from_zone"], r["to_zone"]) == edge
        }
        limits = [
            (float(r["min_flow_mwh"]), float(r["max_flow_mwh"])) for _, r in sorted(rows.items())
        ]
        assert all(low <= 0 <= high for low, high in limits), "a forced flow is not a capacity"
        for (source, target), capacity in (
            (edge, [_decimal(high) for _, high in limits]),
            (edge[::-1], [_decimal(-low) for low, _ in limits]),
        ):
            yield {"from": source, "to": target, "capacity": capacity, "cost": 0}

    def _borders(self, day: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what each border may carry, as orders at the neighbour's price."""
        prices = self.prices(day)
        for row in self.tables["transfer-capacities"][day]:
            a, b, slot = row["from_zone"], row["to_zone"], _slot(row)
            if (a in ITALIAN) == (b in ITALIAN):
                continue
            low, high = float(row["min_flow_mwh"]), float(row["max_flow_mwh"])
            inside, abroad = (a, b) if a in ITALIAN else (b, a)
            out, back = (high, -low) if a in ITALIAN else (-low, high)
            for side, mwh in (("bid", out), ("ask", back)):
                name = f"{inside}/{abroad}/{slot}/{side}"
                yield side, _order(name, inside, slot, _decimal(mwh), prices[abroad, slot])

    def _neighbours(self, day: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield a bid and an ask of each neighbour, for more than its links can carry."""
        prices = self.prices(day)
        abroad = {zone for edge in self._edges(day) for zone in edge if _inside(edge) == 1}
        for zone in sorted(abroad - set(ITALIAN)):
            for slot in range(len(self._hours(day))):
                for side in ("ask", "bid"):
                    name = f"{zone}/{slot}/{side}"
                    yield side, _order(name, zone, slot, ABROAD_MWH, prices[zone, slot])

    def _exchanges(self, day: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what crossed each border: bought by an export, sold by an import, at any price."""
        for row in self.tables["published-exchanges"][day]:
            out = float(row["exchange_mwh"])
            if out == 0 or row["zone"] not in ITALIAN:
                continue
            side, price = ("bid", PRICE_MAX) if out > 0 else ("ask", PRICE_MIN)
            name = f"{row['zone']}/{row['external_zone']}/{_slot(row)}"
            yield side, _order(name, row["zone"], _slot(row), _decimal(abs(out)), price)


def read_italy(folder: Path = FOLDER) -> Italy:
    """Read all tables: about 600,000 rows in 15 days, a second or two."""
    books = {book.value for book in Book}
    paths = {path.name.removesuffix(".csv.gz"): path for path in folder.glob("*.csv.gz")}
    return Italy(
        tables={
            name: _by_day((row["delivery_day"], row) for row in _rows(path))
            for name, path in paths.items()
            if name not in books
        },
        curves={
            book: _by_day((row["delivery_day"], step(row)) for row in _rows(paths[book]))
            for book in Book
        },
    )


def step(row: Row) -> Step:
    """Return one row of a curve."""
    return Step(
        zone=sys.intern(row["zone"]),
        slot=_slot(row),
        side=sys.intern(row["side"]),
        price=float(row["price_eur_per_mwh"]),
        quantity=float(row["quantity_mwh"]),
    )


def _rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        head = next(rows)
        for cells in rows:
            yield dict(zip(head, cells, strict=True))


def _by_day(rows: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    days: dict[str, list[T]] = defaultdict(list)
    for day, row in rows:
        days[day].append(row)
    return dict(days)


def _is_wanted(edge: tuple[str, str], boundary: Boundary) -> bool:
    """Leave out links between two foreign zones, and all borders where no foreign zone stands."""
    return _inside(edge) == 2 or (_inside(edge) == 1 and boundary is Boundary.NEIGHBOURS)


def _inside(edge: tuple[str, str]) -> int:
    return sum(zone in ITALIAN for zone in edge)


def _slot(row: Row) -> int:
    return int(row["period"]) - 1


def _decimal(value: float) -> str:
    """Write a number of at most five decimals; sums of tenths come as 0.30000000000000004."""
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def _order(name: str, zone: str, slot: int, quantity: str, price: float | str) -> dict[str, Any]:
    return {
        "id": name,
        "zone": zone,
        "class": CARD_CLASS,
        "slot": slot,
        "quantity": quantity,
        "price": price if isinstance(price, str) else _decimal(price),
    }


def _orders(steps: list[Step]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return asks and bids, one for each step of each curve."""
    asks: list[dict[str, Any]] = []
    bids: list[dict[str, Any]] = []
    for number, (zone, slot, side, price, quantity) in enumerate(steps):
        order = _order(f"{zone}/{slot}/{number}", zone, slot, _decimal(quantity), price)
        (bids if side == "demand" else asks).append(order)
    return asks, bids


def _blocks(legs: list[Row]) -> list[dict[str, Any]]:
    """Return each block with its legs, all or nothing."""
    blocks: dict[str, list[Row]] = defaultdict(list)
    for leg in legs:
        blocks[leg["block_id"]].append(leg)
    return [_block(name, sorted(rows, key=_slot)) for name, rows in blocks.items()]


def _block(name: str, legs: list[Row]) -> dict[str, Any]:
    terms = {(leg["zone"], leg["side"], leg["price_eur_per_mwh"]) for leg in legs}
    assert len(terms) == 1, "a block has one zone, one side, one price"
    zone, side, price = terms.pop()
    return {
        "id": name,
        "side": "bid" if side == "demand" else "ask",
        "zone": zone,
        "class": CARD_CLASS,
        "slots": [_slot(leg) for leg in legs],
        "quantity": [_decimal(float(leg["quantity_mwh"])) for leg in legs],
        "price": _decimal(float(price)),
    }
