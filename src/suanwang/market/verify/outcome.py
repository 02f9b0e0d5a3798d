"""Puts what a RESULT lists beside the orders of its CASE; what CASE does not know is a fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suanwang.market.verify.numbers import written
from suanwang.market.verify.orders import Case, Steps
from suanwang.market.verify.quotes import Quotes
from suanwang.market.verify.result import Cell, LinkPrice, Move, NodePrice, Result, Run
from suanwang.market.verify.verdict import Faults

Cards = int | tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A job's outcome in indices."""

    accepted: bool
    cells: tuple[tuple[int, int, str | None], ...]  # node, cards, pool
    moves: tuple[tuple[int, int, int, bool], ...]  # link, slot, gb, inward
    paid: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What was accepted, one entry for an order in the order of the case, and at which prices."""

    asks: list[int]
    bids: list[int]
    blocks: list[tuple[int, ...] | None]
    offers: list[tuple[int, ...] | None]
    jobs: list[Placed]
    flows: dict[tuple[int, int, int], int]  # link, class, slot
    gb: dict[tuple[int, int], int]  # link, slot
    published: Quotes
    bounding: Quotes


class Names:
    """Looks names of a RESULT up in its case."""

    def __init__(self, case: Case, faults: Faults) -> None:
        self.case, self.faults = case, faults
        self.zones = {name: i for i, name in enumerate(case.zones)}
        self.classes = {name: i for i, name in enumerate(case.classes)}
        self.links = {
            (case.zones[link.source], case.zones[link.target]): i
            for i, link in enumerate(case.links)
        }

    def node(self, zone: str, card_class: str, slot: int) -> int | None:
        """Return a node, None where the case has none such."""
        z, k = self.zones.get(zone), self.classes.get(card_class)
        if z is None or k is None or slot >= self.case.slots:
            return None
        return self.case.base(z, k) + slot

    def link(self, source: str, target: str, slot: int) -> int | None:
        """Return a link, None where the case has none such."""
        return self.links.get((source, target)) if slot < self.case.slots else None


def outcome_of(case: Case, result: Result, faults: Faults) -> Outcome:
    """Return the outcome that a RESULT tells of."""
    names = Names(case, faults)
    accepted = _once(result.accepted, "accepted", faults)
    asks, bids = (_simple(steps, accepted, faults) for steps in (case.asks, case.bids))
    blocks = [_listed(b.id, len(b.slots), accepted, faults) for b in case.blocks]
    offers = [_listed(o.id, case.slots, accepted, faults) for o in case.offers]
    for unknown in accepted:
        faults.add("unknown", "accepted", found=unknown)
    jobs = _jobs(names, result.jobs)
    published, bounding = quotes_of(names, result)
    return Outcome(
        asks=asks,
        bids=bids,
        blocks=blocks,
        offers=offers,
        jobs=jobs,
        flows=_flows(names, result),
        gb=_gigabytes(jobs),
        published=published,
        bounding=bounding,
    )


def _once(rows: Iterable[tuple[str, Cards]], place: str, faults: Faults) -> dict[str, Cards]:
    found: dict[str, Cards] = {}
    for name, cards in rows:
        if name in found:
            faults.add("twice", f"{place} {name}")
        found[name] = cards
    return found


def _simple(steps: Steps, accepted: dict[str, Cards], faults: Faults) -> list[int]:
    taken = []
    for name in steps.ids:
        cards = accepted.pop(name, None)
        if cards is None:
            cards = 0
        elif isinstance(cards, tuple):
            faults.add("quantity", name, expected="one number", found=f"{len(cards)} numbers of")
            cards = 0
        elif cards <= 0:
            faults.add("quantity", name, expected="above 0 where listed", found=written(cards))
            cards = 0
        taken.append(cards)
    return taken


def _listed(
    name: str, length: int, accepted: dict[str, Cards], faults: Faults
) -> tuple[int, ...] | None:
    cards = accepted.pop(name, None)
    if cards is None:
        return None
    if isinstance(cards, int) or len(cards) != length:
        faults.add("quantity", name, expected=f"{length} numbers", found="another list of")
        return None
    if not any(cards):
        faults.add("quantity", name, expected="above 0 where it is listed", found=0)
    return cards


def _flows(names: Names, result: Result) -> dict[tuple[int, int, int], int]:
    flows: dict[tuple[int, int, int], int] = {}
    for source, target, card_class, slot, cards in result.flows:
        link, k = names.link(source, target, slot), names.classes.get(card_class)
        if link is None or k is None:
            names.faults.add("unknown", "flows", found=f"{source}→{target}/{card_class}/{slot}")
            continue
        if (link, k, slot) in flows:
            names.faults.add("twice", f"flows {source}→{target}/{card_class}/{slot}")
        if cards <= 0:
            place = f"{source}→{target}/{card_class}/{slot}"
            names.faults.add("quantity", place, expected="above 0", found=written(cards))
        flows[link, k, slot] = cards
    return flows


def _jobs(names: Names, runs: list[Run]) -> list[Placed]:
    by_id: dict[str, Run] = {}
    for run in runs:
        if run.id in by_id:
            names.faults.add("twice", f"jobs {run.id}")
        by_id[run.id] = run
    nothing = Placed(accepted=False, cells=(), moves=(), paid=0)
    placed = []
    for job in names.case.jobs:
        found = by_id.pop(job.id, None)
        if found is None:
            names.faults.add("unlisted", f"jobs {job.id}")
        placed.append(nothing if found is None else _placed(names, found))
    for unknown in by_id:
        names.faults.add("unknown", "jobs", found=unknown)
    return placed


def _placed(names: Names, run: Run) -> Placed:
    cells = [c for cell in run.cells if (c := _cell(names, run.id, cell)) is not None]
    if len({(node, pool) for node, _, pool in cells}) < len(cells):
        names.faults.add("twice", f"jobs {run.id}: a cell")
    moves = [m for move in run.moves if (m := _move(names, run.id, move)) is not None]
    if not run.accepted and (run.cells or run.moves or run.paid):
        names.faults.add("quantity", run.id, expected="nothing, since it is rejected", found="some")
    if run.accepted and not cells:
        names.faults.add("quantity", run.id, expected="some, since it is accepted", found="no")
    return Placed(
        accepted=run.accepted and bool(cells),
        cells=tuple(sorted(cells, key=lambda c: c[0])),
        moves=tuple(moves),
        paid=run.paid,
    )


def _cell(names: Names, job: str, cell: Cell) -> tuple[int, int, str | None] | None:
    node = names.node(cell.zone, cell.card_class, cell.slot)
    if node is None:
        names.faults.add("unknown", job, found=f"{cell.zone}/{cell.card_class}/{cell.slot}")
        return None
    if cell.cards <= 0:
        names.faults.add("quantity", job, expected="above 0", found=written(cell.cards))
    return node, cell.cards, cell.pool


def _move(names: Names, job: str, move: Move) -> tuple[int, int, int, bool] | None:
    link = names.link(move.source, move.target, move.slot)
    if link is None:
        names.faults.add("unknown", job, found=f"{move.source}→{move.target}/{move.slot}")
        return None
    if move.gb <= 0:
        names.faults.add("data", job, expected="more than 0", found=written(move.gb))
    return link, move.slot, move.gb, move.inward


def _gigabytes(jobs: list[Placed]) -> dict[tuple[int, int], int]:
    used: dict[tuple[int, int], int] = {}
    for job in jobs:
        for link, slot, gb, _ in job.moves:
            used[link, slot] = used.get((link, slot), 0) + gb
    return used


def quotes_of(names: Names, result: Result) -> tuple[Quotes, Quotes]:
    """Return the published prices, and those that bound."""
    nodes = _node_prices(names, result.prices, "prices")
    links = _link_prices(names, result.link_prices, "link_prices")
    published = Quotes(names.case, nodes, links, {})
    if result.multipliers is None:
        return published, Quotes(names.case, nodes, [list(row) for row in links], {})
    given = result.multipliers
    return published, Quotes(
        names.case,
        _node_prices(names, given.nodes, "multipliers.nodes"),
        _link_prices(names, given.links, "multipliers.links"),
        _pool_prices(names, given.pools),
    )


def _node_prices(names: Names, rows: list[NodePrice], place: str) -> list[int]:
    case, faults = names.case, names.faults
    prices = [0] * case.nodes
    if len(rows) != case.nodes:
        faults.add("unlisted", f"{place}: {case.nodes - len(rows)} of {case.nodes} nodes")
    for here, (zone, card_class, slot, price) in enumerate(rows):
        if names.node(zone, card_class, slot) != here:
            expected = case.name(here) if here < case.nodes else "nothing"
            faults.add("order", f"{place}[{here}]", expected=expected)
        else:
            prices[here] = price
    return prices


def _link_prices(names: Names, rows: list[LinkPrice], place: str) -> list[list[int]]:
    case, faults = names.case, names.faults
    prices = [[0] * case.slots for _ in case.links]
    for source, target, slot, price in rows:
        link = names.link(source, target, slot)
        if link is None:
            faults.add("unknown", place, found=f"{source}→{target}/{slot}")
            continue
        if prices[link][slot]:
            faults.add("twice", f"{place} {source}→{target}/{slot}")
        if price <= 0:
            name = f"{place} {source}→{target}/{slot}"
            faults.add("multiplier", name, expected="more than 0", found=written(price))
        prices[link][slot] = max(price, 0)
    return prices


def _pool_prices(names: Names, rows: list[tuple[str, int, int]]) -> dict[str, list[int]]:
    case, faults = names.case, names.faults
    prices: dict[str, list[int]] = {}
    for pool, slot, price in rows:
        place = f"multipliers.pools {pool}/{slot}"
        if pool not in case.pools or slot >= case.slots:
            faults.add("unknown", "multipliers.pools", found=f"{pool}/{slot}")
            continue
        row = prices.setdefault(pool, [0] * case.slots)
        if row[slot]:
            faults.add("twice", place)
        if price <= 0:
            faults.add("multiplier", place, expected="more than 0", found=written(price))
        row[slot] = max(price, 0)
    return prices
