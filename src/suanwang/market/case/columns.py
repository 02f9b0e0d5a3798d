"""The simple orders of one side as columns, filled piece by piece before anything else is known.

A file may list its orders before its zones and its tick, so names are numbered as they come, and
what depends on the rest (`steps`) is decided at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from operator import itemgetter
from typing import Any

import numpy as np

from suanwang.market.case.fields import (
    SCALE_12,
    TEXT_MAX,
    UNPRINTABLE,
    Fields,
    Misfit,
    number_at,
    quantity_at,
    text_at,
    whole_at,
)
from suanwang.market.case.frame import Frame
from suanwang.market.case.model import MICRO, Ints, Nodes, Side, Steps
from suanwang.market.case.numerals import Flags, Floats, Values, floats_of, scaled
from suanwang.market.case.packed import PackedIds

ORDERS_MAX = 1 << 25  # of one side: ids alone are 2 GB then
KEYS = ("id", "zone", "class", "slot", "quantity", "price")
_INDEX_MAX = 2**31 - 1


class Names:
    """Numbers names as they come; −1 stands for none."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self._codes: list[Nodes] = []

    def add(self, names: Sequence[Any]) -> None:
        """Take a piece of a column of texts (or None)."""
        known = self.known
        for name in set(names) - {None}:
            known.setdefault(name, len(known))
        codes = map((known | {None: -1}).__getitem__, names)
        self._codes.append(np.fromiter(codes, dtype=np.int32, count=len(names)))

    def codes(self) -> Nodes:
        """Return the whole column."""
        return np.concatenate([np.empty(0, np.int32), *self._codes])


class Columns:
    """The simple orders of one side; `add` takes rows, `add_columns` takes columns."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.place = f"$.{side.value}s"
        self._may = "lot pool" if side is Side.ASK else "lot"
        self._allowed = {*KEYS, *self._may.split()}
        self.clear()

    def clear(self) -> None:
        """Forget all orders."""
        self.ids: list[str] = []
        self.zones, self.classes, self.pools = Names(), Names(), Names()
        self._slots: list[Ints] = []
        self._micro: list[Ints] = []
        self._cards: list[Ints] = []  # whole cards
        self._parts: list[Ints] = []  # 10⁻¹² of a card
        self._lots: dict[int, Fraction] = {}
        self._odd_prices: dict[int, Fraction] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def at(self, row: int, key: str) -> str:
        """Return the place of a field."""
        return f"{self.place}[{row}].{key}"

    def add(self, rows: list[Any]) -> None:
        """Take a piece of the list of orders; raise Misfit for the first that is none."""
        if not rows:
            return
        if set(map(type, rows)) != {dict} or not set().union(*rows) <= self._allowed:
            self._check_keys(rows)
        try:
            columns = list(zip(*map(itemgetter(*KEYS), rows), strict=True))
        except KeyError:
            self._check_keys(rows)
            raise
        more = max(map(len, rows)) > len(KEYS)
        self.add_columns(
            dict(zip(KEYS, columns, strict=True)),
            pools=[row.get("pool") for row in rows] if more else None,
            lots=[row.get("lot") for row in rows] if more else None,
        )

    def _check_keys(self, rows: list[Any]) -> None:
        for index, row in enumerate(rows, len(self.ids)):
            Fields(row, f"{self.place}[{index}]", needs=" ".join(KEYS), may=self._may)

    def add_columns(
        self,
        columns: dict[str, Values],
        *,
        pools: Sequence[object] | None = None,
        lots: Sequence[object] | None = None,
    ) -> None:
        """Take a piece as one column a key, all of one length."""
        ids = self._texts("id", columns["id"])
        length = len(ids)
        if len(self.ids) + length > ORDERS_MAX:
            raise Misfit(self.place, f"at most {ORDERS_MAX} orders", len(self.ids) + length)
        self.zones.add(self._texts("zone", columns["zone"]))
        self.classes.add(self._texts("class", columns["class"]))
        self.pools.add(self._optional_texts(pools or [None] * length))
        self._slots.append(self._indices(columns["slot"]))
        self._add_prices(columns["price"])
        self._add_quantities(columns["quantity"])
        for row, lot in enumerate(lots or (), len(self.ids)):
            if lot is not None:
                self._lots[row] = quantity_at(lot, self.at(row, "lot"), above=0)
        self.ids += ids

    def _texts(self, key: str, values: Values) -> list[str]:
        # Zones and classes are few: a good column needs a look at each name once.
        names: list[Any] = values if isinstance(values, list) else list(values)
        if set(map(type, names)) - {str}:
            names = [name for name in names if isinstance(name, str)]
        different = names if key == "id" else set(names)
        lengths = set(map(len, different))
        good = len(names) == len(values) and not UNPRINTABLE.search("".join(different))
        if not good or 0 in lengths or max(lengths, default=0) > TEXT_MAX:
            for row, name in enumerate(values, len(self.ids)):
                text_at(name, self.at(row, key))
        return names

    def _optional_texts(self, names: Sequence[object]) -> Sequence[object]:
        if names.count(None) < len(names):
            for row, name in enumerate(names, len(self.ids)):
                if name is not None:
                    text_at(name, self.at(row, "pool"))
        return names

    def _indices(self, values: Values) -> Ints:
        if isinstance(values, np.ndarray):
            if values.dtype == np.int64:
                return values.astype(np.int64, copy=False)
        elif set(map(type, values)) == {int}:
            floats = floats_of(values)
            if (np.abs(floats) <= _INDEX_MAX).all():
                return floats.astype(np.int64)
        return np.array(
            [
                whole_at(plain(value), self.at(row, "slot"), least=0, most=_INDEX_MAX)
                for row, value in enumerate(values, len(self.ids))
            ],
            dtype=np.int64,
        )

    def _add_prices(self, values: Values) -> None:
        micro, good = scaled(floats_of(values), power=6)
        for row in np.flatnonzero(~good).tolist():
            index = len(self.ids) + row
            self._odd_prices[index] = number_at(plain(values[row]), self.at(index, "price"))
        self._micro.append(micro)

    def _add_quantities(self, values: Values) -> None:
        floats = floats_of(values)
        cards, parts, good = _split(floats, power=9)
        finer, finest, also = _split(floats, power=12)
        cards, parts = np.where(good, cards, finer), np.where(good, parts, finest)
        for row in np.flatnonzero(~(good | also)).tolist():
            place = self.at(len(self.ids) + row, "quantity")
            whole, part = divmod(quantity_at(plain(values[row]), place), 1)
            cards[row], parts[row] = whole, int(part * SCALE_12)
        self._cards.append(cards)
        self._parts.append(parts)

    def total(self) -> int:
        """Return the sum of all quantities in 10⁻¹² cards."""
        # Piece by piece: the sum of a piece fits 64 bits, that of all pieces may not.
        cards = sum(int(piece.sum()) for piece in self._cards)
        return cards * SCALE_12 + sum(int(piece.sum()) for piece in self._parts)

    def steps(self, frame: Frame, *, quantum: int, pools: dict[str, int]) -> Steps:
        """Return the columns by the places, the tick and the quantum of the case."""
        return Steps(
            ids=PackedIds(self.ids),
            node=self._nodes(frame),
            price=self._prices(frame),
            quantity=self._quanta(quantum),
            lot=self._lot_quanta(quantum),
            pool=_mapped(self.pools, pools),
        )

    def _nodes(self, frame: Frame) -> Nodes:
        zone = self._places(self.zones, frame.zones, key="zone")
        card_class = self._places(self.classes, frame.classes, key="class")
        slot = _joined(self._slots)
        for row in np.flatnonzero((slot < 0) | (slot >= frame.slots)).tolist():
            frame.slot(int(slot[row]), self.at(row, "slot"))
        node = (slot * len(frame.classes) + card_class) * len(frame.zones) + zone
        return node.astype(np.int32)

    def _places(self, names: Names, known: dict[str, int], *, key: str) -> Nodes:
        column = _mapped(names, known)
        for row in np.flatnonzero(column < 0).tolist():
            word = list(names.known)[names.codes()[row]]
            raise Misfit(self.at(row, key), f"a {key} of the case", word)
        return column

    def _prices(self, frame: Frame) -> Ints:
        micro = _joined(self._micro)
        off = {row: Fraction(int(micro[row]), MICRO) for row in _rows(micro % frame.tick != 0)}
        for row, price in (off | self._odd_prices).items():
            micro[row] = frame.price(price, self.at(row, "price"))
        return micro

    def _quanta(self, quantum: int) -> Ints:
        return _joined(self._cards) * quantum + _joined(self._parts) // (SCALE_12 // quantum)

    def _lot_quanta(self, quantum: int) -> Ints:
        column = np.zeros(len(self.ids), dtype=np.int64)
        for row, lot in self._lots.items():
            quanta = lot * quantum
            if quanta.denominator != 1:
                raise Misfit(self.at(row, "lot"), f"a multiple of 1/{quantum} card", lot)
            column[row] = int(quanta)
        return column


def _split(floats: Floats, *, power: int) -> tuple[Ints, Ints, Flags]:
    """Split quantities into whole cards and 10⁻¹² of a card, and say where that is exact."""
    scale = 10**power
    whole, good = scaled(floats, power=power)
    return whole // scale, whole % scale * (SCALE_12 // scale), good & (whole >= 0)


def _joined(pieces: list[Ints]) -> Ints:
    return np.concatenate([np.empty(0, np.int64), *pieces])


def _rows(flags: Flags) -> list[int]:
    return [int(row) for row in np.flatnonzero(flags)]


def _mapped(names: Names, known: dict[str, int]) -> Nodes:
    """Return a column of names by the indices of the case; −1 where unknown or none."""
    table = np.array([*(known.get(name, -1) for name in names.known), -1], dtype=np.int32)
    return table[names.codes()]


def plain(value: object) -> object:
    """Return an entry of an array as the Python value it stands for."""
    return value.item() if isinstance(value, np.generic) else value
