"""Good defaults for the market room: documents are the CASE JSON of the rules page, as dicts.

Every keyword of a builder is a key of the file (`card_class` is `class`, `source` is `from`), so
whatever is not named here may be added: ask("a", 3, 1, pool="north"), job("j", gang=True).
Numbers may be int, Decimal or text; lists of ids may be one text: zones="A B".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from suanwang.market.case.model import Case
from suanwang.market.case.read import case_from_document

MIDNIGHT = datetime(2026, 3, 1)
Number = int | str | Any
Document = dict[str, Any]


def ask(name: str, /, quantity: Number = 1, price: Number = 1, **keys: Any) -> Document:
    """A simple ask; zone A, class x, slot 0 unless named."""
    return _simple(name, quantity, price, keys)


def bid(name: str, /, quantity: Number = 1, price: Number = 1, **keys: Any) -> Document:
    """A simple bid; zone A, class x, slot 0 unless named."""
    return _simple(name, quantity, price, keys)


def block(name: str, /, quantity: Number = 1, price: Number = 1, **keys: Any) -> Document:
    """A block bid over slot 0 unless `side` and `slots` say otherwise."""
    return _order(name, {"side": "bid", "zone": "A", "class": "x", "slots": [0]}, keys) | {
        "quantity": quantity,
        "price": price,
    }


def job(name: str, /, work: Number = 1, value: Number = 1, **keys: Any) -> Document:
    """A divisible job of width up to 1 in zone A on class x, in slot 0 unless named."""
    defaults = {
        "zones": {"A": 0},
        "classes": {"x": 1},
        "work": work,
        "cards_min": 0,
        "cards_max": 1,
        "start": 0,
        "end": 1,
        "shape": "divisible",
        "value": value,
    }
    return _order(name, defaults, keys)


def offer(name: str, /, quantity: Number = 1, price: Number = 1, **keys: Any) -> Document:
    """An offer without conditions in zone A of class x, in slot 0 unless named."""
    defaults = {
        "zone": "A",
        "class": "x",
        "quantity": quantity,
        "price": price,
        "quantity_min": 0,
        "start_cost": 0,
        "min_run": 1,
        "ramp": None,
        "start": 0,
        "end": 1,
    }
    return _order(name, defaults, keys)


def link(source: str, target: str, capacity: Any = 1, **keys: Any) -> Document:
    """A link from one zone to another, free of cost, each class weighing 1."""
    return {"from": source, "to": target, "capacity": capacity, "cost": 0, "weights": {}} | keys


def both_ways(source: str, target: str, capacity: Any = 1, **keys: Any) -> list[Document]:
    """The two links between two zones."""
    return [link(source, target, capacity, **keys), link(target, source, capacity, **keys)]


def a_document(
    *,
    zones: str | Sequence[str] = "A",
    classes: str | Sequence[str] = "x",
    slots: int | Sequence[Number] = 1,
    **keys: Any,
) -> Document:
    """A whole CASE; `slots` is how many of one hour, or the hours of each."""
    empty: Document = {name: [] for name in ("links", "asks", "bids", "blocks", "jobs", "offers")}
    return {
        "currency": "CNY",
        "tick": "0.01",
        "zones": _words(zones),
        "classes": _words(classes),
        "slots": slots_of(slots),
        **empty,
        **keys,
    }


def a_case(**keys: Any) -> Case:
    """A whole CASE read and checked; keywords as in a_document."""
    return case_from_document(a_document(**keys))


def slots_of(hours: int | Sequence[Number]) -> list[Document]:
    """Slots one after the other from midnight, of these lengths in hours."""
    lengths = [1] * hours if isinstance(hours, int) else list(hours)
    moments = [MIDNIGHT]
    for length in lengths:
        seconds = Fraction(length) * 3600
        moments.append(moments[-1] + timedelta(microseconds=int(seconds * 10**6)))
    times = [moment.isoformat() + "Z" for moment in moments]
    return [{"start": a, "end": b} for a, b in pairwise(times)]


def _simple(name: str, quantity: Number, price: Number, keys: Document) -> Document:
    return _order(name, {"zone": "A", "class": "x", "slot": 0}, keys) | {
        "quantity": quantity,
        "price": price,
    }


def _order(name: str, defaults: Document, keys: Document) -> Document:
    renamed = {("class" if key == "card_class" else key): value for key, value in keys.items()}
    return {"id": name} | defaults | renamed


def _words(names: str | Sequence[str]) -> list[str]:
    return names.split() if isinstance(names, str) else list(names)
