"""The prices of a RESULT as a table for people: one row a zone and class, one column a slot.

zone  class  slot 0  slot 1          from  to  slot 1
A     x        2.00    2.50          A     B     2.25
B     x        2.00    4.75
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from suanwang.market.command_errors import NotPriced
from suanwang.market.explain.parts import shown
from suanwang.market.verify.numbers import scaled
from suanwang.market.verify.result import Result

Say = Callable[..., str]
Document = Mapping[str, Any]
_GAP = "  "
_PLACES_MIN = 2  # yuan and fen
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices in 10⁻¹² yuan under the names of their rows and their slot."""

    heads: Row  # over the names: zone, class, or from, to
    slot_head: str
    prices: Mapping[Row, Mapping[int, int]]

    def lines(self, width: int) -> Iterator[str]:
        """Yield the lines of a table not wider than `width`; further slots come in more tables."""
        slots = sorted({slot for row in self.prices.values() for slot in row})
        texts = self._texts()
        columns_of_names = zip(self.heads, *self.prices, strict=True)
        names = [max(map(cell_len, column)) for column in columns_of_names]
        cell = max(cell_len(text) for row in texts.values() for text in row.values())
        cell = max(cell, cell_len(f"{self.slot_head} {max(slots)}"))
        room = width - sum(names) - len(_GAP) * (len(names) - 1)
        columns = max(room // (cell + len(_GAP)), 1)
        for start in range(0, len(slots), columns):
            if start:
                yield ""
            yield from self._chunk(texts, slots[start : start + columns], names=names, cell=cell)

    def _texts(self) -> dict[Row, dict[int, str]]:
        """Write all prices with the same number of places, so that they stand under each other."""
        texts = {
            name: {slot: shown(price) for slot, price in row.items()}
            for name, row in self.prices.items()
        }
        places = max(len(text.partition(".")[2]) for row in texts.values() for text in row.values())
        places = max(places, _PLACES_MIN)
        return {
            name: {slot: _padded(text, places) for slot, text in row.items()}
            for name, row in texts.items()
        }

    def _chunk(
        self,
        texts: Mapping[Row, Mapping[int, str]],
        slots: Sequence[int],
        *,
        names: Sequence[int],
        cell: int,
    ) -> Iterator[str]:
        heads = [f"{self.slot_head} {slot}" for slot in slots]
        yield _line(self.heads, heads, names=names, cell=cell)
        for name, row in texts.items():
            if any(slot in row for slot in slots):
                yield _line(name, [row.get(slot, "·") for slot in slots], names=names, cell=cell)


def _padded(text: str, places: int) -> str:
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(places, '0')}"


def _line(name: Row, cells: Sequence[str], *, names: Sequence[int], cell: int) -> str:
    parts = [text + " " * (size - cell_len(text)) for text, size in zip(name, names, strict=True)]
    parts += [" " * (cell - cell_len(text)) + text for text in cells]
    return _GAP.join(parts).rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which prices are wanted; None: all."""

    zone: str | None
    card_class: str | None
    slot: int | None

    def has_node(self, row: Document) -> bool:
        """Say whether a line of `prices` is wanted."""
        return (
            self.zone in (None, row["zone"])
            and self.card_class in (None, row["class"])
            and self.slot in (None, row["slot"])
        )

    def has_link(self, row: Document) -> bool:
        """Say whether a line of `link_prices` is wanted: a link belongs to both its zones."""
        return self.zone in (None, row["from"], row["to"]) and self.slot in (None, row["slot"])


def check_wish(result: Result, wish: Wish, *, file: str, say: Say) -> None:
    """Raise NotPriced where RESULT has no such zone, class or slot."""
    wanted = (wish.zone, wish.card_class, wish.slot)
    kinds = (say("zone"), say("class"), say("slot"))
    for column, (kind, name) in enumerate(zip(kinds, wanted, strict=True)):
        known = dict.fromkeys(row[column] for row in result.prices)
        if name is not None and name not in known:
            shown_names = ", ".join(map(str, known))
            raise NotPriced(file=file, kind=kind, name=name, known=shown_names)


def price_lines(document: Document, wish: Wish, *, width: int, say: Say) -> Iterator[str]:
    """Yield both tables: node prices, and below them what full links cost."""
    nodes = [row for row in document["prices"] if wish.has_node(row)]
    yield say("Prices, yuan per card-hour")
    yield from _table(nodes, ("zone", "class"), (say("zone"), say("class")), say).lines(width)
    links = [row for row in document["link_prices"] if wish.has_link(row)]
    yield ""
    if not links:
        yield say("No link is full: none has a price.")
        return
    yield say("Link prices, yuan per GB and hour")
    yield from _table(links, ("from", "to"), (say("from"), say("to")), say).lines(width)


def _table(rows: Sequence[Document], keys: Row, heads: Row, say: Say) -> PriceTable:
    prices: dict[Row, dict[int, int]] = {}
    for row in rows:
        name = tuple(row[key] for key in keys)
        prices.setdefault(name, {})[row["slot"]] = scaled(row["price"])
    return PriceTable(heads=heads, slot_head=say("slot"), prices=prices)
