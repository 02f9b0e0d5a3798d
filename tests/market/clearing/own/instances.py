"""Small cases and multipliers for the tests of own problems: valid defaults, exact numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from suanwang.market.case.model import (
    MICRO,
    Block,
    Case,
    FlexibleJob,
    JobData,
    Link,
    Offer,
    Pricing,
    Shape,
    Side,
    Steps,
)

ZONES, CLASSES = 2, 2


def a_job(**fields) -> FlexibleJob:
    """A job of 4 card-hours on class 0 in zone 0, worth 100, all in slots 0–4."""
    job = FlexibleJob(
        id="j", zones={0: Fraction(0)}, classes={0: Fraction(1)}, work=Fraction(4),
        cards_min=Fraction(1), cards_max=Fraction(2), start=0, end=4, shape=Shape.CONTIGUOUS,
        values=((4, Fraction(100)),), gang=False, setup=Fraction(0), max_pauses=None, data=None,
        carbon_weight=Fraction(0),
    )  # fmt: skip
    return replace(job, **fields)


def a_block(name: str, price: int, *, slots=(0,), quantity=1, side=Side.BID, **fields) -> Block:
    block = Block(
        id=name, side=side, zone=0, card_class=0, slots=tuple(slots),
        quantity=tuple(Fraction(quantity) for _ in slots), price=Fraction(price),
        min_fraction=Fraction(1), group=None, parent=None, lot=None,
    )  # fmt: skip
    return replace(block, **fields)


def an_offer(quantity, price, **fields) -> Offer:
    offer = Offer(
        id="o", zone=0, card_class=0, quantity=tuple(map(Fraction, quantity)),
        price=tuple(map(Fraction, price)), quantity_min=Fraction(0), start_cost=Fraction(0),
        min_run=1, ramp=None, start=0, end=len(quantity), pool=-1,
    )  # fmt: skip
    return replace(offer, **fields)


def a_case(jobs=(), *, hours=(1, 1, 1, 1), links=(), pools=(), kg=None, blocks=(), offers=()):
    nothing = np.zeros(0, np.int64)
    index = np.zeros(0, np.int32)
    none = Steps(ids=[], node=index, price=nothing, quantity=nothing, lot=nothing, pool=index)
    return Case(
        sha256="", currency="CNY", tick=1, zones=("a", "b"), classes=("x", "y"),
        hours=tuple(map(Fraction, hours)),
        links=tuple(
            Link(source=a, target=b, capacity=(Fraction(1),) * len(hours), cost=Fraction(0),
                 weights=(Fraction(1),) * CLASSES)
            for a, b in links
        ),
        pools=tuple(f"p{i}" for i in range(len(pools))), pool_places=tuple(pools),
        asks=none, bids=none, blocks=tuple(blocks), jobs=tuple(jobs), offers=tuple(offers),
        price_min=0, price_max=100 * MICRO, pricing=Pricing.NO_LOSS,
        carbon=np.zeros((len(hours), CLASSES, ZONES), np.int64), kg=kg or {}, quantum=10**6,
        seed=0, receipts_root=None,
    )  # fmt: skip


@dataclass(frozen=True)
class Multipliers:
    """Exact multipliers: node[slot][class][zone], link[link][slot], pool[pool][slot]."""

    node: list[Fraction]
    link: list[list[Fraction]]
    pool: list[list[Fraction]]

    def arrays(self, case: Case):
        shape = (-1, case.slots)
        return {
            "nodes": np.array([float(x) for x in self.node]),
            "links": np.array([[float(x) for x in row] for row in self.link]).reshape(shape),
            "pools": np.array([[float(x) for x in row] for row in self.pool]).reshape(shape),
        }


def at_prices(case: Case, *rows: str, links=(), pools=()) -> Multipliers:
    """Read node prices from rows, one a (zone, class) of a×x, b×x, a×y, b×y; the rest costs 90."""
    node = [Fraction(90)] * case.nodes
    for place, row in enumerate(rows):
        for slot, price in enumerate(row.split()):
            node[slot * ZONES * CLASSES + place] = Fraction(price)
    return Multipliers(
        node,
        [list(map(Fraction, row.split())) for row in links],
        [list(map(Fraction, row.split())) for row in pools],
    )


def quarters(least: int, most: int):
    return st.integers(4 * least, 4 * most).map(lambda n: Fraction(n, 4))


@st.composite
def jobs(draw, shape: Shape, *, slots: int, zones: int = ZONES) -> FlexibleJob:
    start = draw(st.integers(0, slots - 1))
    end = draw(st.integers(start + 1, slots))
    ends = sorted(draw(st.sets(st.integers(1, slots), min_size=1, max_size=2)))
    cards_max = draw(quarters(1, 4))
    least = draw(st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1)]))
    places = draw(st.sets(st.integers(0, zones - 1), min_size=1))
    speeds = draw(st.sets(st.integers(0, CLASSES - 1), min_size=1))
    data = st.builds(JobData, at=st.integers(0, 1), gb_in=quarters(0, 2), gb_out=quarters(0, 2))
    return a_job(
        zones={zone: draw(quarters(0, 2)) for zone in places},
        classes={each: draw(st.sampled_from([Fraction(1), Fraction(3, 2)])) for each in speeds},
        work=draw(quarters(1, 8)), cards_min=least * cards_max, cards_max=cards_max,
        start=start, end=end, shape=shape, values=tuple((e, draw(quarters(0, 60))) for e in ends),
        gang=shape is not Shape.DIVISIBLE and draw(st.booleans()),
        setup=draw(st.sampled_from([Fraction(0), Fraction(1)])),
        max_pauses=draw(st.sampled_from([None, 0, 1])),
        data=draw(st.none() | data), carbon_weight=draw(st.sampled_from([Fraction(0), Fraction(1)])),
    )  # fmt: skip


@st.composite
def problems(draw, shape: Shape, *, price_least: int = 0) -> tuple[Case, Multipliers]:
    """Draw a case of one job with links both ways, two pools at place (0, 0), and multipliers."""
    slots = draw(st.integers(1, 5))
    links = draw(st.sets(st.sampled_from([(0, 1), (1, 0)])))
    case = a_case(
        [draw(jobs(shape, slots=slots))],
        hours=[draw(st.sampled_from([Fraction(1), Fraction(1, 3)])) for _ in range(slots)],
        links=sorted(links), pools=[(0, 0), (0, 0), (1, 1)],
        kg={(0, 0, 0): Fraction(2), (slots - 1, 1, 0): Fraction(1, 2)},
    )  # fmt: skip

    def numbers(count: int, least: int = 0):
        return draw(st.lists(quarters(least, 8), min_size=count, max_size=count))

    node = numbers(case.nodes, price_least)
    return case, Multipliers(
        node, [numbers(slots) for _ in links], [numbers(slots) for _ in case.pools]
    )
