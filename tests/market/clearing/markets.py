"""Small markets for the tests of the solver: valid defaults, exact numbers, one hour a slot."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from suanwang.market.case.model import MICRO, Case, Link, Pricing, Steps
from suanwang.market.clearing.slots import Market


def steps(orders, *, quantum=MICRO, pools=None) -> Steps:
    """Orders as (node, price in yuan, cards), with ids from their places: "0", "1", …"""
    count = len(orders)
    return Steps(
        ids=[str(i) for i in range(count)],
        node=np.array([o[0] for o in orders], np.int32),
        price=np.array([round(o[1] * MICRO) for o in orders], np.int64),
        quantity=np.array([round(o[2] * quantum) for o in orders], np.int64),
        lot=np.zeros(count, np.int64),
        pool=np.array([-1] * count if pools is None else pools, np.int32),
    )


def link(source, target, capacity=1, *, cost=0, weights=(1,), slots=1) -> Link:
    return Link(
        source=source, target=target, capacity=(Fraction(capacity),) * slots, cost=Fraction(cost),
        weights=tuple(map(Fraction, weights)),
    )  # fmt: skip


def a_case(*, zones=1, classes=1, slots=1, links=(), asks=(), bids=(), **fields) -> Case:
    quantum = fields.pop("quantum", MICRO)
    pools = fields.pop("ask_pools", None)
    return Case(
        sha256="", currency="CNY", tick=1, zones=tuple(map(str, range(zones))),
        classes=tuple(map(str, range(classes))), hours=(Fraction(1),) * slots, links=tuple(links),
        pools=("p", "q"), pool_places=((0, 0), (0, 0)), asks=steps(asks, quantum=quantum, pools=pools),
        bids=steps(bids, quantum=quantum), blocks=(), jobs=(), offers=(),
        price_min=fields.pop("price_min", 0), price_max=fields.pop("price_max", 1000 * MICRO),
        pricing=Pricing.NO_LOSS, carbon=np.zeros((slots, classes, zones), np.int64), kg={},
        quantum=quantum, seed=fields.pop("seed", 0), receipts_root=None,
    )  # fmt: skip


def random_case(seed: int, *, quantum=MICRO, slots=1) -> Case:
    """Few zones and classes; even seeds draw small integers, so that ties and corners abound."""
    dice = np.random.default_rng(seed)
    zones, classes = int(dice.integers(1, 5)), int(dice.integers(1, 4))
    plain = seed % 2 == 0

    def orders():
        for _ in range(int(dice.integers(0, 40))):
            price = int(dice.integers(0, 8)) if plain else int(dice.integers(0, 10**6)) / 10**5
            cards = int(dice.integers(0, 6)) if plain else int(dice.integers(0, 5 * 10**6)) / MICRO
            yield int(dice.integers(0, zones * classes * slots)), price, cards

    pairs = [(a, b) for a in range(zones) for b in range(zones) if a != b]
    dice.shuffle(pairs)
    links = [
        link(int(a), int(b), Fraction(int(dice.integers(0, 12)), int(dice.integers(1, 4))),
             cost=int(dice.integers(0, 3)), slots=slots,
             weights=[Fraction(int(dice.integers(1, 8)), int(dice.integers(1, 4))) for _ in range(classes)])
        for a, b in pairs[: int(dice.integers(0, len(pairs) + 1))]
    ]  # fmt: skip
    return a_case(
        zones=zones, classes=classes, slots=slots, links=links, asks=list(orders()),
        bids=list(orders()), quantum=quantum, seed=seed,
    )  # fmt: skip


def random_demand(case: Case, seed: int):
    """What blocks and jobs take or give: nothing at every third node, else −2 to 2 cards."""
    dice = np.random.default_rng([seed, 1])
    return dice.integers(-2, 3, case.nodes) * dice.integers(0, 2, case.nodes) * case.quantum


def no_load(market: Market):
    return np.zeros((len(market.case.links), market.case.slots))
