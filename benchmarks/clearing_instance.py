"""Seeded cases for the clearing benchmarks: a day ahead of 10 zones, and a live round of jobs.

    zones     0 — 1 — 2 — … — 9 — 0 and seven chords; both ways, shared by the classes
    day       8 classes × 24 slots, step bids and asks, demand with a day's rhythm
    live      20 classes × 48 slots, one pool for each zone and class, waiting jobs only

Demand and supply are dealt to the zones unevenly, so that links fill and prices differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import (
    MICRO,
    Block,
    Case,
    FlexibleJob,
    Link,
    Pricing,
    Shape,
    Side,
    Steps,
)
from suanwang.market.case.packed import PackedIds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ZONES, CLASSES, SLOTS = 10, 8, 24
LIVE_CLASSES, LIVE_SLOTS = 20, 48
CHORDS = ((0, 3), (0, 5), (1, 6), (2, 7), (4, 8), (5, 9), (3, 8))
CLASS_PRICE = np.array([3.2, 5.6, 9.1, 7.7, 16.8, 20.3, 29.4, 38.5])  # yuan per card-hour
CLASS_SHARE = np.array([0.10, 0.12, 0.18, 0.05, 0.30, 0.10, 0.10, 0.05])
CLASS_WEIGHT = (0.5, 0.5, 1, 1, 2, 2, 3, 3)  # GB per card-hour carried
TICK = 5_000  # micro-yuan
QUANTUM = 10**9  # a million orders of up to 2,048 cards fit 62 bits
PRICE_MAX = 1_000 * MICRO
ANY_FAMILY = 4  # classes that one live job may choose from are neighbours in a family of four
SMALL = Fraction(1, 8)  # of a pool: what a live job asks for at most, gangs aside
JOBS_MOVED = 0.05  # of the waiting jobs leave, and as many come, from one live round to the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What all orders of one day are drawn from."""

    rng: np.random.Generator
    demand: Floats  # [zones], shares
    supply: Floats
    level: Floats  # [zones], price level of the sellers
    rhythm: Floats  # [slots], around 1


def day(bids: int, *, seed: int = 1) -> Case:
    """Return a day of `bids` bids and a quarter as many asks on shared links."""
    rng = np.random.default_rng(seed)
    market = Market(
        rng=rng,
        demand=rng.dirichlet(np.full(ZONES, 1.5)),
        supply=rng.dirichlet(np.full(ZONES, 1.5)),
        level=np.exp(rng.normal(0, 0.12, ZONES)),
        rhythm=1 + 0.3 * np.sin((np.arange(SLOTS) - 9) / 24 * 2 * np.pi),
    )
    bought = _bids(market, bids)
    sold = _asks(market, max(bids // 4, 2_000))
    total = float(bought.quantity.sum()) / QUANTUM
    return _case(
        classes=CLASSES, slots=SLOTS, asks=sold, bids=bought, links=_links(market, total=total)
    )


def _bids(market: Market, count: int) -> Steps:
    rng = market.rng
    card_class = rng.choice(CLASSES, count, p=CLASS_SHARE)
    slot = rng.choice(SLOTS, count, p=market.rhythm / market.rhythm.sum())
    yuan = CLASS_PRICE[card_class] * market.rhythm[slot] * np.exp(rng.normal(0.05, 0.30, count))
    zone = rng.choice(ZONES, count, p=market.demand)
    cards = np.rint(np.exp(rng.uniform(0, np.log(512), count)))
    return _steps("b", node=_node(zone, card_class, slot), yuan=yuan, cards=cards)


def _asks(market: Market, count: int) -> Steps:
    rng = market.rng
    zone = rng.choice(ZONES, count, p=market.supply)
    card_class = rng.choice(CLASSES, count, p=CLASS_SHARE)
    slot = rng.integers(0, SLOTS, count)
    yuan = CLASS_PRICE[card_class] * market.level[zone] * np.exp(rng.normal(-0.10, 0.28, count))
    cards = np.rint(np.exp(rng.uniform(np.log(8), np.log(2_048), count)))
    return _steps("a", node=_node(zone, card_class, slot), yuan=yuan, cards=cards)


def _links(market: Market, *, total: float) -> tuple[Link, ...]:
    """Let through in each slot about a twelfth of what an even share of the demand would be."""
    rng = market.rng
    pairs = [*((z, (z + 1) % ZONES) for z in range(ZONES)), *CHORDS]
    links = []
    for a, b in pairs:
        size = total / SLOTS / len(pairs) * 0.08 * np.exp(rng.normal(0, 0.4))
        cost = Fraction(int(rng.integers(14, 140)), 1_000)
        capacity = (Fraction(max(1, round(size))),) * SLOTS
        weights = tuple(Fraction(w) for w in CLASS_WEIGHT)
        links += [
            Link(source=s, target=t, capacity=capacity, cost=cost, weights=weights)
            for s, t in ((a, b), (b, a))
        ]
    return tuple(links)


def _node(zone: Ints, card_class: Ints, slot: Ints) -> Ints:
    return (slot * CLASSES + card_class) * ZONES + zone


def _steps(prefix: str, *, node: Ints, yuan: Floats, cards: Floats) -> Steps:
    """Return orders on the tick grid, of at least one card."""
    count = len(node)
    return Steps(
        ids=PackedIds([f"{prefix}{i}" for i in range(count)]),
        node=node.astype(np.int32),
        price=np.rint(yuan * MICRO / TICK).astype(np.int64) * TICK,
        quantity=np.maximum(1, cards).astype(np.int64) * QUANTUM,
        lot=np.zeros(count, np.int64),
        pool=np.full(count, -1, np.int32),
    )


def _case(*, classes: int, slots: int, asks: Steps, bids: Steps, links: tuple[Link, ...]) -> Case:
    return Case(
        sha256="0" * 64,
        currency="CNY",
        tick=TICK,
        zones=tuple(f"z{i}" for i in range(ZONES)),
        classes=tuple(f"c{i}" for i in range(classes)),
        hours=(Fraction(1),) * slots,
        links=links,
        pools=(),
        pool_places=(),
        asks=asks,
        bids=bids,
        blocks=(),
        jobs=(),
        offers=(),
        price_min=0,
        price_max=PRICE_MAX,
        pricing=Pricing.NO_LOSS,
        carbon=np.zeros((slots, classes, ZONES), np.int64),
        kg=MappingProxyType({}),
        quantum=QUANTUM,
        seed=0,
        receipts_root=None,
    )


def with_jobs(bids: int, jobs: int, *, shape: Shape, gang: bool = False, seed: int = 5) -> Case:
    """Return a day with flexible jobs in 1 to 3 zones; gangs find three pools at every node."""
    rng = np.random.default_rng(seed)
    case = day(bids)
    if gang:
        case = _with_pools(case, rng)
    drawn = tuple(_day_job(i, rng, shape=shape, gang=gang) for i in range(jobs))
    return replace(case, jobs=drawn)


def _with_pools(case: Case, rng: np.random.Generator, *, each: int = 3) -> Case:
    """Deal the asks of every zone and class to a few pools."""
    places = tuple((z, k) for z in range(ZONES) for k in range(CLASSES) for _ in range(each))
    zone, card_class = case.asks.node % ZONES, case.asks.node // ZONES % CLASSES
    pick = rng.integers(0, each, len(case.asks))
    pool = ((zone * CLASSES + card_class) * each + pick).astype(np.int32)
    names = tuple(f"p{i:03}" for i in range(len(places)))
    return replace(case, asks=replace(case.asks, pool=pool), pools=names, pool_places=places)


def _day_job(number: int, rng: np.random.Generator, *, shape: Shape, gang: bool) -> FlexibleJob:
    card_class = int(rng.choice(CLASSES, p=CLASS_SHARE))
    start = int(rng.integers(0, 20))
    end = min(SLOTS, start + int(rng.integers(3, 12)))
    cards = max(1, round(float(np.exp(rng.uniform(0, 5)))))
    length = max(1, round((end - start) * float(rng.uniform(0.2, 0.8))))
    yuan = CLASS_PRICE[card_class] * float(np.exp(rng.normal(0.02, 0.2)))
    zones = rng.permutation(ZONES)[: rng.integers(1, 4)]
    return _job(
        f"j{number}",
        zones={int(z): Fraction(0) for z in zones},
        classes={card_class: Fraction(1)},
        shape=shape,
        gang=gang,
        cards=(0 if shape is not Shape.CONTIGUOUS else max(1, cards // 2), cards),
        window=(start, end),
        work=cards * length,
        value=round(yuan * cards * length, 2),
    )


def _job(
    name: str,
    *,
    zones: dict[int, Fraction],
    classes: dict[int, Fraction],
    shape: Shape,
    gang: bool,
    cards: tuple[int, int],
    window: tuple[int, int],
    work: float,
    value: float,
) -> FlexibleJob:
    return FlexibleJob(
        id=name,
        zones=zones,
        classes=classes,
        work=Fraction(str(work)),
        cards_min=Fraction(cards[0]),
        cards_max=Fraction(cards[1]),
        start=window[0],
        end=window[1],
        shape=shape,
        values=((window[1], Fraction(str(value))),),
        gang=gang,
        setup=Fraction(0),
        max_pauses=None,
        data=None,
        carbon_weight=Fraction(0),
    )


def with_blocks(bids: int, blocks: int, *, share: float = 0.10, seed: int = 7) -> Case:
    """Return a day with all-or-nothing blocks of 2 to 12 slots, a tenth of the volume."""
    rng = np.random.default_rng(seed)
    case = day(bids)
    each = float(case.bids.quantity.sum()) / QUANTUM * share / blocks / 7  # 7 slots on average
    return replace(case, blocks=tuple(_block(i, rng, each=each) for i in range(blocks)))


def _block(number: int, rng: np.random.Generator, *, each: float) -> Block:
    card_class = int(rng.choice(CLASSES, p=CLASS_SHARE))
    length = int(rng.integers(2, 13))
    start = int(rng.integers(0, SLOTS - length + 1))
    side = Side.BID if rng.random() < 0.6 else Side.ASK
    middle = 0.0 if side is Side.BID else -0.02
    yuan = CLASS_PRICE[card_class] * float(np.exp(rng.normal(middle, 0.15)))
    cards = Fraction(max(1, round(each * float(np.exp(rng.normal(0, 0.8))))))
    return Block(
        id=f"k{number}",
        side=side,
        zone=int(rng.integers(0, ZONES)),
        card_class=card_class,
        slots=tuple(range(start, start + length)),
        quantity=(cards,) * length,
        price=Fraction(round(yuan * MICRO / TICK) * TICK, MICRO),
        min_fraction=Fraction(1),
        group=None,
        parent=None,
        lot=None,
    )


def live(jobs: int = 10_000, *, largest: Fraction = SMALL, seed: int = 11) -> Case:
    """Return a live round: contiguous jobs that wait for 200 pools over 48 half hours.

    A job asks for at most `largest` of the smallest pool that it may go to: with 1, jobs are gangs.
    """
    rng = np.random.default_rng(seed)
    size = _pool_sizes(rng)
    case = _live_pools(rng, size)
    gang = largest == 1
    waiting = tuple(
        _live_job(f"w{i}", rng, size=size, largest=largest, gang=gang) for i in range(jobs)
    )
    return replace(case, jobs=waiting)


def _pool_sizes(rng: np.random.Generator) -> Ints:
    """Return the cards of each pool, [zones, classes]."""
    return np.round(np.exp(rng.uniform(np.log(64), np.log(1_024), (ZONES, LIVE_CLASSES)))).astype(
        np.int64
    )


def _live_pools(rng: np.random.Generator, size: Ints) -> Case:
    """Offer every pool's free cards: jobs that run already leave it over the first slots."""
    slot, card_class, zone = (
        x.ravel()
        for x in np.meshgrid(
            np.arange(LIVE_SLOTS), np.arange(LIVE_CLASSES), np.arange(ZONES), indexing="ij"
        )
    )
    pool = zone * LIVE_CLASSES + card_class
    busy = rng.uniform(0.2, 0.9, size.size)[pool] * np.exp(-slot / 16)
    level = np.exp(rng.normal(0, 0.1, ZONES))[zone]
    night = 1 + 0.15 * np.sin((slot / 2 - 9) / 24 * 2 * np.pi)
    asks = _steps(
        "a",
        node=(slot * LIVE_CLASSES + card_class) * ZONES + zone,
        yuan=_live_price(card_class) * 0.45 * level * night,
        cards=np.round(size[zone, card_class] * (1 - busy)),
    )
    none = _steps("b", node=np.zeros(0, np.int64), yuan=np.zeros(0), cards=np.zeros(0))
    case = _case(
        classes=LIVE_CLASSES, slots=LIVE_SLOTS, asks=replace(asks, pool=pool.astype(np.int32)),
        bids=none, links=(),
    )  # fmt: skip
    places = tuple((z, k) for z in range(ZONES) for k in range(LIVE_CLASSES))
    names = tuple(f"p{i:03}" for i in range(len(places)))
    return replace(case, hours=(Fraction(1, 2),) * LIVE_SLOTS, pools=names, pool_places=places)


def _live_price(card_class: Ints) -> Floats:
    """Return yuan per card-hour: five families of four classes, each faster and dearer."""
    price: Floats = 4.0 * 1.6 ** (card_class // ANY_FAMILY) * (1 + 0.1 * (card_class % ANY_FAMILY))
    return price


def _live_job(
    name: str, rng: np.random.Generator, *, size: Ints, largest: Fraction, gang: bool
) -> FlexibleJob:
    """Return a job for 1 to 3 zones and 1 or 2 classes of a family, due within the day."""
    first = int(rng.integers(0, LIVE_CLASSES))
    other = first // ANY_FAMILY * ANY_FAMILY + int(rng.integers(0, ANY_FAMILY))
    classes = {k: Fraction(10 + k % ANY_FAMILY, 10) for k in {first, other}}
    zones = [int(z) for z in rng.permutation(ZONES)[: rng.integers(1, 4)]]
    pool = int(min(size[z, k] for z in zones for k in classes))
    cards = max(1, int(pool * _pool_share(rng, largest)))
    length = int(rng.integers(4, 25))
    start = int(rng.integers(0, 12)) if rng.random() < 0.3 else 0
    end = min(LIVE_SLOTS, start + length + int(rng.integers(2, 25)))
    hours = cards * length / 2
    yuan = float(_live_price(np.array(first))) * float(np.exp(rng.normal(0, 0.35)))
    return _job(
        name,
        zones={z: Fraction(int(rng.integers(0, 30)), 100) for z in zones},
        classes=classes,
        shape=Shape.CONTIGUOUS,
        gang=gang,
        cards=(cards, cards),
        window=(start, end),
        work=hours,
        value=round(yuan * hours, 2),
    )


def _pool_share(rng: np.random.Generator, largest: Fraction) -> float:
    """Return the share of a pool that a job asks for: an eighth at most, one in five up to more."""
    if largest > SMALL and rng.random() < 0.2:
        return float(float(SMALL) ** rng.uniform(0, 1) * largest)
    return float(rng.uniform(float(SMALL) / 4, float(SMALL)))


def next_round(case: Case, *, largest: Fraction = SMALL, seed: int = 13) -> Case:
    """Return a live case a little later: some waiting jobs have left, and as many have come."""
    rng = np.random.default_rng(seed)
    left = set(rng.permutation(len(case.jobs))[: round(len(case.jobs) * JOBS_MOVED)].tolist())
    gang = case.jobs[0].gang
    size = _pool_sizes(np.random.default_rng(11))
    come = tuple(
        _live_job(f"n{i}", rng, size=size, largest=largest, gang=gang) for i in range(len(left))
    )
    stay = tuple(job for i, job in enumerate(case.jobs) if i not in left)
    return replace(case, jobs=stay + come)


INSTANCES: dict[str, Callable[[], Case]] = {
    "10k": lambda: day(10_000),
    "100k": lambda: day(100_000),
    "1m": lambda: day(1_000_000),
    "4m": lambda: day(4_000_000),
    "jobs-1k": lambda: with_jobs(100_000, 1_000, shape=Shape.DIVISIBLE),
    "jobs": lambda: with_jobs(100_000, 5_000, shape=Shape.DIVISIBLE),
    "jobs-20k": lambda: with_jobs(100_000, 20_000, shape=Shape.DIVISIBLE),
    "preemptible": lambda: with_jobs(100_000, 5_000, shape=Shape.PREEMPTIBLE),
    "contiguous": lambda: with_jobs(100_000, 5_000, shape=Shape.CONTIGUOUS),
    "gangs": lambda: with_jobs(100_000, 5_000, shape=Shape.CONTIGUOUS, gang=True),
    "blocks-200": lambda: with_blocks(100_000, 200),
    "blocks": lambda: with_blocks(100_000, 1_000),
    "blocks-5k": lambda: with_blocks(100_000, 5_000),
    "live-2k": lambda: live(2_000),
    "live": live,
    "live-gangs": lambda: live(largest=Fraction(1)),
}
