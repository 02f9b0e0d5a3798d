"""RESULT: one cleared round with its prices, money and certificate, as the rules page writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import RULES_VERSION, Case, Side
from suanwang.market.clearing.certificate import GapParts
from suanwang.market.clearing.money import Settlement, settle
from suanwang.market.clearing.outcome import Outcome, quantities_of
from suanwang.market.clearing.plans import JobPlan
from suanwang.market.clearing.published import Prices
from suanwang.market.clearing.scale import PICO, Scale, decimal_text, pico_text

Document = dict[str, Any]
OPTIMAL, FEASIBLE = "optimal", "feasible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a solver says of its own bound: shown, never counted."""

    solver: str
    version: str
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """One cleared round."""

    case: Case
    scale: Scale
    outcome: Outcome
    prices: Prices
    multipliers: Prices | None  # None: the prices are the multipliers
    welfare: int  # pico-yuan, cut down
    parts: GapParts
    missed: Mapping[str, int]  # rejected orders that would have gained, pico-yuan
    uplift: Mapping[str, int]  # micro-yuan
    status: str
    work: Mapping[str, int]
    claim: Claim | None

    @property
    def bound(self) -> int:
        """Return the proven upper bound on every outcome's welfare, pico-yuan."""
        return self.welfare + self.parts.total

    @property
    def gap(self) -> float:
        """Return the relative gap: (bound − welfare) ÷ |bound|."""
        return self.parts.total / abs(self.bound) if self.bound else float(self.parts.total > 0)

    @property
    def node_prices(self) -> NDArray[np.float64]:
        """Return the published node prices, [nodes], yuan per card-hour."""
        return np.array(self.prices.node, np.float64) / PICO

    def settlement(self) -> Settlement:
        """Settle every order at the published prices."""
        return settle(self.case, self.outcome, self.prices, self.scale)

    def to_document(self) -> Document:
        """Write RESULT; numbers are decimal strings but slots."""
        money = self.settlement()
        return {
            "case_sha256": self.case.sha256,
            "rules": RULES_VERSION,
            "seed": str(self.case.seed),
            "work": {name: str(count) for name, count in self.work.items()},
            "status": self.status,
            "welfare": pico_text(self.welfare),
            "bound": pico_text(self.bound),
            "gap": pico_text(self.parts.total),
            "prices": list(_node_lines(self.case, self.prices)),
            "link_prices": list(_link_lines(self.case, self.prices)),
            "multipliers": _multipliers(self.case, self.multipliers),
            "gap_parts": {
                "orders": _amounts(self.parts.orders, 12),
                "links": [
                    _link(self.case, j, slot) | {"amount": pico_text(part)}
                    for (j, slot), part in sorted(self.parts.links.items())
                ],
            },
            "accepted": list(_accepted(self.case, self.outcome)),
            "jobs": list(_jobs(self.case, self.outcome, money)),
            "flows": list(_flows(self.case, self.outcome)),
            "settlements": [
                *_amounts(money.orders, 6),
                *_amounts({"@carriage": money.carriage, "@rounding": money.rounding}, 6),
            ],
            "uplift": _amounts(self.uplift, 6),
            "rejected_profitable": [
                {"id": name, "missed": pico_text(amount)} for name, amount in self.missed.items()
            ],
            "congestion_rent": decimal_text(money.congestion_rent, 6),
            "claims": None
            if self.claim is None
            else {
                "solver": self.claim.solver,
                "version": self.claim.version,
                "bound": pico_text(round(self.claim.bound * PICO)),
            },
        }


def _amounts(amounts: Mapping[str, int], places: int) -> list[Document]:
    return [
        {"id": name, "amount": decimal_text(amount, places)} for name, amount in amounts.items()
    ]


def _link(case: Case, j: int, slot: int) -> Document:
    link = case.links[j]
    return {"from": case.zones[link.source], "to": case.zones[link.target], "slot": slot}


def _node_lines(case: Case, prices: Prices) -> Iterator[Document]:
    for zone, name in enumerate(case.zones):
        for k, card_class in enumerate(case.classes):
            for slot in range(case.slots):
                price = prices.node[case.node(zone, k, slot)]
                yield {
                    "zone": name,
                    "class": card_class,
                    "slot": slot,
                    "price": pico_text(price),
                }


def _link_lines(case: Case, prices: Prices) -> Iterator[Document]:
    for j in range(len(case.links)):
        for slot, found in enumerate(prices.link):
            if j in found:
                yield _link(case, j, slot) | {"price": pico_text(found[j])}


def _multipliers(case: Case, prices: Prices | None) -> Document | None:
    if prices is None:
        return None
    return {
        "nodes": list(_node_lines(case, prices)),
        "links": list(_link_lines(case, prices)),
        "pools": [
            {"pool": case.pools[pool], "slot": slot, "price": pico_text(price)}
            for (pool, slot), price in sorted(prices.pool.items())
            if price
        ],
    }


def _accepted(case: Case, outcome: Outcome) -> Iterator[Document]:
    places = len(str(case.quantum)) - 1
    for side, steps in ((Side.ASK, case.asks), (Side.BID, case.bids)):
        quanta = quantities_of(outcome, side)
        taken = quanta.nonzero()[0]
        for i, quantity in zip(taken.tolist(), quanta[taken].tolist(), strict=True):
            yield {"id": steps.ids[i], "quantity": decimal_text(quantity, places)}
    named = [
        *((case.blocks[i].id, q) for i, q in sorted(outcome.plans.blocks.items())),
        *((case.offers[i].id, q) for i, q in sorted(outcome.plans.offers.items())),
    ]
    for name, quantities in named:
        yield {"id": name, "quantity": [decimal_text(q, places) for q in quantities]}


def _jobs(case: Case, outcome: Outcome, money: Settlement) -> Iterator[Document]:
    for index, job in enumerate(case.jobs):
        plan = outcome.plans.jobs.get(index)
        line: Document = {"id": job.id, "accepted": plan is not None, "allocation": []}
        if plan is not None:
            line["allocation"] = list(_cells(case, plan))
            if plan.moves:
                line["data"] = list(_moves(case, plan))
        yield line | {"paid": decimal_text(-money.orders.get(job.id, 0), 6)}


def _cells(case: Case, plan: JobPlan) -> Iterator[Document]:
    places = len(str(case.quantum)) - 1
    for cell in plan.cells:
        line: Document = {
            "zone": case.zones[cell.zone],
            "class": case.classes[cell.card_class],
            "slot": cell.slot,
            "cards": decimal_text(cell.cards, places),
        }
        yield line | ({"pool": case.pools[cell.pool]} if cell.pool >= 0 else {})


def _moves(case: Case, plan: JobPlan) -> Iterator[Document]:
    places = len(str(case.quantum)) - 1
    for move in plan.moves:
        yield _link(case, move.link, move.slot) | {
            "gb": decimal_text(move.gb, places),
            "direction": "in" if move.inwards else "out",
        }


def _flows(case: Case, outcome: Outcome) -> Iterator[Document]:
    places = len(str(case.quantum)) - 1
    for slot in range(case.slots):
        for j, k in zip(*(x.tolist() for x in np.nonzero(outcome.flow[slot])), strict=True):
            link = case.links[j]
            yield {
                "from": case.zones[link.source],
                "to": case.zones[link.target],
                "class": case.classes[k],
                "slot": slot,
                "quantity": decimal_text(int(outcome.flow[slot, j, k]), places),
            }
