"""Reads a CASE for the verifier, apart from the reader that the solver uses.

The simple orders are read in one tight loop, since there are millions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from suanwang.market.errors import CaseUnreadable
from suanwang.market.verify.fields import Fields, Misplaced, text_of
from suanwang.market.verify.frame import CASE_KEYS, QUANTITY_MAX, Frame, read_frame, read_links
from suanwang.market.verify.numbers import cut
from suanwang.market.verify.orders import Block, Case, Offer, Steps
from suanwang.market.verify.terms import read_blocks, read_jobs, read_offers

ASK_KEYS = frozenset(["id", "zone", "class", "slot", "quantity", "price", "lot", "pool"])
KEYS_NEEDED = 6
BID_KEYS = ASK_KEYS - {"pool"}
QUANTA = (1, 10**3, 10**6)  # in 10⁻¹² cards, the finest first
QUANTA_MAX = 2**62
Row = Any  # of JSON, looked into before it is believed
Orders = tuple[Steps, Steps, tuple[Block, ...], tuple[Offer, ...]]
NO_LOSS, UPLIFT = "no_loss", "uplift"


def case_from_document(document: Mapping[str, Any], *, file: str = "CASE") -> Case:
    """Read and check a CASE; raise CaseUnreadable with the place of what is wrong."""
    try:
        return _case(Fields(document, "", CASE_KEYS))
    except Misplaced as wrong:
        raise CaseUnreadable(
            file=file, place=wrong.place or "{}", expected=wrong.expected, found=wrong.found
        ) from None


def _case(top: Fields) -> Case:
    frame = read_frame(top)
    asks = _steps(top.rows("asks"), frame, side="asks")
    bids = _steps(top.rows("bids"), frame, side="bids")
    blocks, jobs = read_blocks(top, frame), read_jobs(top, frame)
    offers = read_offers(top, frame)
    _refuse_double_ids([asks.ids, bids.ids, *([o.id for o in s] for s in (blocks, jobs, offers))])
    pricing = top.get("pricing") or NO_LOSS
    if pricing not in (NO_LOSS, UPLIFT):
        raise Misplaced("pricing", f"{NO_LOSS} or {UPLIFT}", pricing)
    total = sum(asks.quantity) + sum(bids.quantity)
    total += sum(sum(b.quantity) for b in blocks) + sum(sum(o.quantity) for o in offers)
    quantum = next((q for q in QUANTA if total < QUANTA_MAX * q), None)
    if quantum is None:
        raise Misplaced("asks", "all quantities together below 2^62 quanta", total)
    price_min, price_max = _price_bounds(top, frame, (asks, bids, blocks, offers))
    return Case(
        zones=tuple(frame.zones),
        classes=tuple(frame.classes),
        hours=frame.hours,
        hour=frame.hour,
        links=read_links(top, frame),
        pools=frame.pools,
        asks=_on_quantum(asks, quantum),
        bids=_on_quantum(bids, quantum),
        blocks=blocks,
        jobs=jobs,
        offers=offers,
        price_min=price_min,
        price_max=price_max,
        no_loss=pricing == NO_LOSS,
        kg=frame.kg,
        quantum=quantum,
        seed=_seed(top),
    )


def _price_bounds(top: Fields, frame: Frame, orders: Orders) -> tuple[int, int]:
    """Return the bounds of prices; unnamed ones are those of the orders, and 0."""
    asks, bids, blocks, offers = orders
    costs = asks.price + [p for b in blocks if not b.buys for p in b.price]
    costs += [o.price[t] for o in offers for t in range(o.start, o.end)]
    ordered = [p - frame.carbon.get(n, 0) for p, n in zip(asks.price, asks.node, strict=True)]
    ordered += bids.price + [b.ordered for b in blocks]
    ordered += [p - frame.carbon.get(o.node + t, 0) for o in offers for t, p in enumerate(o.price)]
    named = [
        None if top.get(key) is None else top.take(key, frame.price, "a price on the tick")
        for key in ("price_min", "price_max")
    ]
    lowest, highest = min(ordered, default=0), max(ordered, default=0)
    dearest = max(highest, max(costs, default=highest), highest if named[0] is None else named[0])
    most = dearest if named[1] is None else named[1]
    least = min(0, lowest, most) if named[0] is None else named[0]
    if not (least <= lowest or not ordered) or not (highest <= most or not ordered) or least > most:
        raise Misplaced("price_max", "bounds around every price ordered", top.get("price_max"))
    return least, most


def _seed(top: Fields) -> int:
    seed = top.exact("seed", 0)
    if type(seed) is not int:
        raise Misplaced("seed", "a whole number", top.get("seed"))
    return seed


def _refuse_double_ids(columns: list[list[str]]) -> None:
    seen: set[str] = set()
    count = 0
    for ids in columns:
        seen.update(ids)
        count += len(ids)
    if len(seen) < count:
        raise Misplaced("id", "each id once over all orders", "one twice")


def _steps(rows: list[object], frame: Frame, *, side: str) -> Steps:
    steps = Steps(ids=[], node=[], price=[], quantity=[], lot=[], pool=[])
    keys = ASK_KEYS if side == "asks" else BID_KEYS
    carbon = frame.carbon if side == "asks" else {}
    read = _RowReader(frame, keys)
    for i, row in enumerate(rows):
        try:
            node = read.node(row)
            steps.price.append(read.price(row["price"]) + carbon.get(node, 0))  # type: ignore[index]
            steps.quantity.append(read.quantity(row))
            steps.ids.append(text_of(row["id"], "id"))  # type: ignore[index]
        except (ValueError, TypeError, KeyError, AttributeError):
            _explain_step(row, frame, f"{side}[{i}]", keys=keys)
        steps.node.append(node)
        lot, pool = read.extras(row, node)
        steps.lot.append(lot)
        steps.pool.append(pool)
    return steps


class _RowReader:
    """Reads simple orders quickly: prices and places are few, so each is worked out once."""

    def __init__(self, frame: Frame, keys: frozenset[str]) -> None:
        self._frame, self._keys = frame, keys
        slots = len(frame.hours)
        self._zones = {name: i * len(frame.classes) * slots for name, i in frame.zones.items()}
        self._classes = {name: i * slots for name, i in frame.classes.items()}
        self._prices: dict[tuple[type, Row], int] = {}

    def node(self, row: Row) -> int:
        slot = row["slot"]
        if type(slot) is not int or not 0 <= slot < len(self._frame.hours):
            slot = self._frame.slot(slot)
        node: int = self._zones[row["zone"]] + self._classes[row["class"]] + slot
        return node

    def price(self, value: Row) -> int:
        # A bool equals a number and must not pass for it, so types are told apart.
        key = type(value), value
        price = self._prices.get(key)
        if price is None:
            price = self._prices[key] = self._frame.price(value)
        return price

    def quantity(self, row: Row) -> int:
        quantity = cut(row["quantity"])
        if 0 <= quantity <= QUANTITY_MAX and row.keys() <= self._keys:
            return quantity
        raise ValueError

    def extras(self, row: Row, node: int) -> tuple[int, str | None]:
        """Return lot and pool, which few orders name."""
        if len(row) == KEYS_NEEDED:
            return 0, None
        lot, pool = row.get("lot"), row.get("pool")
        if pool is not None:
            place = divmod(node // len(self._frame.hours), len(self._frame.classes))
            self._frame.join_pool(text_of(pool, "pool"), place, f"{row['id']}.pool")
        return 0 if lot is None else _lot(lot, f"{row['id']}.lot"), pool


def _lot(value: object, place: str) -> int:
    try:
        lot = cut(value)
    except ValueError:
        lot = 0
    if lot <= 0:
        raise Misplaced(place, "a lot above 0", value)
    return lot


def _explain_step(row: object, frame: Frame, place: str, *, keys: frozenset[str]) -> None:
    """Raise what is wrong with a row that the tight loop refused."""
    fields = Fields(row, place, " ".join(sorted(keys)))
    zone = fields.take("zone", lambda v: frame.zones[v], "a zone of the case")  # type: ignore[index]
    fields.take("class", lambda v: frame.classes[v], "a class of the case")  # type: ignore[index]
    fields.text("id")
    fields.take("slot", frame.slot, "a slot of the case")
    fields.take("price", frame.price, "a price on the tick")
    raise Misplaced(place, "a simple order within the bounds of the rules", zone)


def _on_quantum(steps: Steps, quantum: int) -> Steps:
    if quantum == 1:
        return steps
    return replace(steps, quantity=[q - q % quantum for q in steps.quantity])
