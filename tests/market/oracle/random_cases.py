"""Small CASE documents, made from a seed or by Hypothesis; `Kinds` says what may appear in them.

Quantities and prices come from short lists, so that ties and degenerate optima are common.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

OPENING = datetime(2026, 11, 24, tzinfo=UTC)
SLOT_MINUTES = (60, 60, 15, 30, 90, 7)
QUANTITIES = ("0", "1", "2", "3", "5", "7.5", "0.25", "10")
PRICES = ("-1.5", "0", "1", "1.2", "2", "2", "3", "3.5", "5", "8")
SOME_PRICES = ("1", "1.2", "2", "2", "3", "3.5", "5", "8")  # where a negative one muddles the rules
ASTRONOMICAL = ("8000000000000", "-8000000000000", "0.001", "7999999999999.999", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """What a random case may have: the most of each."""

    zones: int = 3
    classes: int = 2
    slots: int = 3
    steps: int = 10
    links: int = 0
    divisible: int = 0
    contiguous: int = 0
    preemptible: int = 0
    gangs: bool = False
    data: bool = False
    blocks: int = 0
    whole_blocks: bool = False  # every min_fraction is 1
    offers: int = 0
    lots: bool = False
    carbon: bool = False
    prices: tuple[str, ...] = PRICES
    quantities: tuple[str, ...] = QUANTITIES
    pricing: str = "no_loss"
    sides: tuple[str, ...] = ("asks", "bids")


SIMPLE = Kinds()
LINKED = Kinds(links=4)
LINEAR = Kinds(links=4, divisible=3, carbon=True)
ONE_SIDED = Kinds(links=2, sides=("asks",))
EMPTY = Kinds(links=2, steps=0)
TIED = Kinds(zones=2, classes=1, slots=2, links=2, prices=("2", "3"), quantities=("1", "2", "3"))
ASTRONOMIC = Kinds(prices=ASTRONOMICAL)
ONE_NODE = Kinds(zones=1, classes=1, slots=1)
THIN = Kinds(zones=1, classes=1, slots=1000, steps=300)
# Few nodes with many orders each, so that what is all or nothing often does not fit.
DENSE = Kinds(zones=1, classes=1, slots=2, steps=16, prices=SOME_PRICES)
BLOCKS = replace(DENSE, zones=2, links=2, blocks=4)
WHOLE_BLOCKS = replace(DENSE, blocks=4, whole_blocks=True)
CONTIGUOUS = replace(DENSE, slots=3, contiguous=3)
PREEMPTIBLE = replace(DENSE, slots=3, preemptible=2)
GANGS = replace(DENSE, slots=3, contiguous=2, preemptible=1, gangs=True)
OFFERS = replace(DENSE, slots=4, offers=2)
DATA = replace(
    DENSE, zones=3, slots=3, steps=24, links=4, contiguous=1, preemptible=1, divisible=1, data=True
)
LOTS = replace(DENSE, zones=2, links=1, lots=True)
EVERYTHING = replace(
    DENSE, zones=2, classes=2, slots=3, steps=30, links=2, divisible=1, contiguous=1,
    preemptible=1, gangs=True, data=True, blocks=3, offers=1, carbon=True, lots=True,
)  # fmt: skip


def case(seed: int, kinds: Kinds = SIMPLE) -> dict:
    """The CASE document of this seed."""
    return _case(random.Random(seed), kinds)


def cases(kinds: Kinds = SIMPLE):
    """Hypothesis's own choice of CASE documents."""
    return st.randoms(use_true_random=False).map(lambda dice: _case(dice, kinds))


def _case(dice, kinds) -> dict:
    zones = [f"z{i}" for i in range(dice.randint(1, kinds.zones))]
    classes = [f"c{i}" for i in range(dice.randint(1, kinds.classes))]
    slots = kinds.slots if kinds.slots > 100 else dice.randint(1, kinds.slots)
    astronomical = kinds.prices is ASTRONOMICAL
    document = {
        "currency": "CNY",
        "tick": "0.001" if astronomical else "0.000001",
        "zones": zones,
        "classes": classes,
        "slots": _slots(dice, slots),
        "price_min": "-9000000000000" if astronomical else "-100",
        "price_max": "9000000000000" if astronomical else "100",
        "pricing": kinds.pricing,
        "seed": dice.randint(0, 3),
    }
    document["asks"], document["bids"] = _steps(dice, document, kinds)
    document["links"] = _links(dice, document, kinds)
    document["blocks"] = _blocks(dice, document, kinds)
    document["jobs"] = _jobs(dice, document, kinds)
    document["offers"] = [
        _offer(dice, document, kinds, number=i) for i in range(_up_to(dice, kinds.offers))
    ]
    if kinds.carbon:
        document |= {
            "carbon_price": dice.choice(["0", "0.05", "0.3"]),
            "carbon": _carbon(dice, document),
        }
    return document


def _up_to(dice, most) -> int:
    return dice.randint(min(1, most), most)


def _slots(dice, count) -> list[dict]:
    slots, start = [], OPENING
    for _ in range(count):
        end = start + timedelta(minutes=dice.choice(SLOT_MINUTES))
        slots.append({"start": start.isoformat(), "end": end.isoformat()})
        start = end
    return slots


def _node(dice, document) -> dict:
    return {"zone": dice.choice(document["zones"]), "class": dice.choice(document["classes"])}


def _steps(dice, document, kinds):
    steps = {"asks": [], "bids": []}
    for i in range(dice.randint(kinds.steps // 2, kinds.steps)):
        side = dice.choice(kinds.sides)
        step = {
            "id": f"{side[0]}{i}",
            **_node(dice, document),
            "slot": dice.randrange(len(document["slots"])),
            "quantity": dice.choice(kinds.quantities),
            "price": dice.choice(kinds.prices),
        }
        if kinds.lots and dice.random() < 0.5:
            step["lot"] = dice.choice(["1", "2", "0.5"])
        if kinds.gangs and side == "asks" and dice.random() < 0.7:
            step["pool"] = _pool(step, dice)
        steps[side].append(step)
    return steps["asks"], steps["bids"]


def _pool(place, dice) -> str:
    return f"{place['zone']}-{place['class']}-p{dice.randint(0, 1)}"


def _links(dice, document, kinds) -> list[dict]:
    zones = document["zones"]
    pairs = [(f, t) for f in zones for t in zones if f != t]
    chosen = dice.sample(pairs, min(len(pairs), _up_to(dice, kinds.links)))
    return [_link(dice, document, pair=pair) for pair in chosen]


def _link(dice, document, *, pair) -> dict:
    capacities = ["0", "1", "2.5", "4", "20"]
    per_slot = [dice.choice(capacities) for _ in document["slots"]]
    return {
        "from": pair[0],
        "to": pair[1],
        "capacity": dice.choice([per_slot, per_slot[0]]),
        "cost": dice.choice(["0", "0", "0.1", "1"]),
        "weights": {
            k: w for k in document["classes"] if (w := dice.choice([None, "1", "0.5", "3"]))
        },
    }


def _blocks(dice, document, kinds) -> list[dict]:
    blocks = []
    for i in range(_up_to(dice, kinds.blocks)):
        block = _block(dice, document, kinds, number=i)
        kin = dice.choice(["none", "none", "parent", "group"])
        if kin == "parent" and blocks:
            block["parent"] = dice.choice(blocks)["id"]
        if kin == "group" and blocks and blocks[0]["parent"] is None:
            # Members of a group have the same parent, or none.
            block["group"] = blocks[0]["group"] = "g"
        blocks.append(block)
    return blocks


def _block(dice, document, kinds, *, number) -> dict:
    count = len(document["slots"])
    slots = sorted(dice.sample(range(count), dice.randint(1, count)))
    amounts = [dice.choice(["1", "2", "3", "4"]) for _ in slots]
    return {
        "id": f"block{number}",
        "side": dice.choice(["ask", "bid"]),
        **_node(dice, document),
        "slots": slots,
        "quantity": dice.choice([amounts, amounts[0]]),
        "price": dice.choice(kinds.prices),
        "min_fraction": "1" if kinds.whole_blocks else dice.choice(["1", "1", "0.5", "0.25"]),
        "group": None,
        "parent": None,
    }


def _jobs(dice, document, kinds) -> list[dict]:
    shapes = ("divisible", "contiguous", "preemptible")
    return [
        _job(dice, document, kinds, id_=f"{shape}{i}", shape=shape)
        for shape in shapes
        for i in range(_up_to(dice, getattr(kinds, shape)))
    ]


def _job(dice, document, kinds, *, id_, shape) -> dict:
    count = len(document["slots"])
    start = dice.randrange(count)
    zones = dice.sample(document["zones"], dice.randint(1, min(2, len(document["zones"]))))
    job = {
        "id": id_,
        "zones": {zone: dice.choice(["0", "0", "0.2"]) for zone in zones},
        "classes": {k: dice.choice(["1", "1", "2", "0.5"]) for k in document["classes"]},
        "work": dice.choice(["0.5", "1", "2", "3", "6", "50"]),
        "cards_min": "0" if shape == "divisible" else dice.choice(["1", "1", "2"]),
        "cards_max": dice.choice(["2", "3", "5"]),
        "start": start,
        "end": dice.randint(start + 1, count),
        "shape": shape,
        "value": dice.choice(["0", "1", "4", "9", "20", "35.5"]),
    }
    if dice.random() < 0.3:
        _fall(dice, job)
    if shape == "preemptible":
        job |= {"setup": dice.choice(["0", "0.5"]), "max_pauses": dice.choice([None, 0, 1])}
    if kinds.gangs and shape != "divisible":
        job["gang"] = dice.random() < 0.7
    if kinds.carbon:
        job["carbon_weight"] = dice.choice(["0", "0.5"])
    if kinds.data:
        job["data"] = {"at": dice.choice(document["zones"]), "in": dice.choice(["0", "2"]), "out": dice.choice(["0", "1"])}  # fmt: skip
    return {key: value for key, value in job.items() if value is not None}


def _fall(dice, job) -> None:
    """A value that falls with the slot of finish, in place of one."""
    ends = sorted(dice.sample(range(job["start"] + 1, job["end"] + 1), dice.randint(1, job["end"] - job["start"])))  # fmt: skip
    values = sorted((dice.choice([1, 4, 9, 20]) for _ in ends), reverse=True)
    job["values"] = [{"end": e, "value": str(v)} for e, v in zip(ends, values, strict=True)]
    del job["value"]


def _offer(dice, document, kinds, *, number) -> dict:
    count = len(document["slots"])
    start = dice.randrange(count)
    offer = {
        "id": f"offer{number}",
        **_node(dice, document),
        "quantity": dice.choice([[dice.choice(["2", "4"]) for _ in range(count)], "4"]),
        "price": dice.choice([[dice.choice(["1", "2", "3"]) for _ in range(count)], "1"]),
        "quantity_min": dice.choice(["0", "1", "2"]),
        "start_cost": dice.choice(["0", "1", "5"]),
        "min_run": dice.choice([1, 1, 2, 3]),
        "start": start,
        "end": dice.randint(start + 1, count),
    }
    if dice.random() < 0.4:
        offer["ramp"] = dice.choice(["1", "2"])
    if kinds.gangs and dice.random() < 0.5:
        offer["pool"] = _pool(offer, dice)
    return offer


def _carbon(dice, document) -> list[dict]:
    count = len(document["slots"])
    return [
        {"zone": zone, "class": k, "kg": dice.choice(["0.4", [dice.choice(["0", "1", "0.25"]) for _ in range(count)]])}
        for zone in document["zones"]
        for k in document["classes"]
        if dice.random() < 0.6
    ]  # fmt: skip
