"""Reads the orders with conditions of a CASE: blocks, jobs, offers."""

from __future__ import annotations

from suanwang.market.verify.fields import Fields, Misplaced
from suanwang.market.verify.frame import (
    Frame,
    cost,
    named_numbers,
    place_of,
    quantity,
)
from suanwang.market.verify.numbers import MICRO, ONE, Exact, slim
from suanwang.market.verify.orders import (
    CONTIGUOUS,
    DIVISIBLE,
    PREEMPTIBLE,
    Block,
    Job,
    JobData,
    Offer,
)

BLOCK_KEYS = "id side zone class slots quantity price min_fraction group parent lot"
JOB_KEYS = (
    "id zones classes work cards_min cards_max start end shape value gang setup max_pauses values"
    " data carbon_weight"
)
OFFER_KEYS = "id zone class quantity price quantity_min start_cost min_run ramp start end pool"


def read_blocks(top: Fields, frame: Frame) -> tuple[Block, ...]:
    """Read the blocks; parents exist, make no cycle and are shared by a group's members."""
    blocks = tuple(
        _block(Fields(row, f"blocks[{i}]", BLOCK_KEYS), frame)
        for i, row in enumerate(top.rows("blocks"))
    )
    by_id = {block.id: block for block in blocks}
    parent_of_group: dict[str, str | None] = {}
    for i, block in enumerate(blocks):
        if block.parent is not None and block.parent not in by_id:
            raise Misplaced(f"blocks[{i}].parent", "a block", block.parent)
        if block.group is not None:
            parent = parent_of_group.setdefault(block.group, block.parent)
            if parent != block.parent:
                raise Misplaced(f"blocks[{i}].group", "one parent", block.group)
    _refuse_cycles(blocks, by_id)
    return blocks


def _refuse_cycles(blocks: tuple[Block, ...], by_id: dict[str, Block]) -> None:
    rooted: set[str] = set()
    for i, block in enumerate(blocks):
        path: list[str] = []
        here: str | None = block.id
        while here is not None and here not in rooted:
            if here in path[-1:] or len(path) > len(blocks):
                raise Misplaced(f"blocks[{i}].parent", "no cycle", block.parent)
            path.append(here)
            here = by_id[here].parent
        rooted.update(path)


def _block(row: Fields, frame: Frame) -> Block:
    zone, card_class = place_of(row, frame)
    base, buys = frame.base(zone, card_class), _side(row) == "bid"
    slots = _listed_slots(row, frame)
    price = row.take("price", frame.price, "a price on the tick")
    fraction = row.exact("min_fraction", 1)
    if not 0 < fraction <= 1:
        raise Misplaced(row.at("min_fraction"), "above 0, at most 1", row.get("min_fraction"))
    return Block(
        id=row.text("id"),
        buys=buys,
        nodes=tuple(base + t for t in slots),
        slots=slots,
        quantity=row.series("quantity", len(slots), quantity),
        ordered=price,
        price=tuple(price + (0 if buys else frame.carbon.get(base + t, 0)) for t in slots),
        min_fraction=fraction,
        group=row.text_or_none("group"),
        parent=row.text_or_none("parent"),
        lot=row.cut("lot", 0, least=0),
    )


def _side(row: Fields) -> str:
    side = row.text("side")
    if side not in ("bid", "ask"):
        raise Misplaced(row.at("side"), "bid or ask", side)
    return side


def _listed_slots(row: Fields, frame: Frame) -> tuple[int, ...]:
    rows = row.rows("slots")
    slots = row.take("slots", lambda _: tuple(map(frame.slot, rows)), "slots of the case")
    if not slots or len(set(slots)) < len(slots):
        raise Misplaced(row.at("slots"), "slots of the case, each once", row.get("slots"))
    return slots


def _window(row: Fields, frame: Frame) -> tuple[int, int]:
    start, end = row.whole("start", 0), row.whole("end", len(frame.hours))
    if not start < end <= len(frame.hours):
        raise Misplaced(row.at("end"), "a window of slots", end)
    return start, end


def read_jobs(top: Fields, frame: Frame) -> tuple[Job, ...]:
    """Read the jobs."""
    return tuple(
        _job(Fields(row, f"jobs[{i}]", JOB_KEYS), frame) for i, row in enumerate(top.rows("jobs"))
    )


def _job(row: Fields, frame: Frame) -> Job:
    start, end = _window(row, frame)
    values = _values(row, frame)
    shape = row.text("shape")
    if shape not in (DIVISIBLE, PREEMPTIBLE, CONTIGUOUS):
        raise Misplaced(row.at("shape"), "a shape", shape)
    cards_min = 0 if row.get("cards_min") is None else row.take("cards_min", quantity, "cards")
    cards_max = row.take("cards_max", quantity, "cards")
    work, setup = row.exact("work"), row.exact("setup", 0, least=0)
    classes = named_numbers(row, "classes", frame.classes)
    if work <= 0 or cards_min > cards_max or not cards_max:
        raise Misplaced(row.place, "work and cards_max above 0, cards_min below", row.get("id"))
    if not classes or min(classes.values()) <= 0:
        raise Misplaced(row.at("classes"), "classes with speeds above 0", row.get("classes"))
    scale = ONE * frame.hour
    return Job(
        id=row.text("id"),
        zones=_transfer_costs(row, frame),
        classes=classes,
        work=slim(work * scale),
        cards_min=0 if shape == DIVISIBLE else cards_min,
        cards_max=cards_max,
        start=start,
        end=end,
        stop=min(end, values[-1][0]),
        shape=shape,
        values=values,
        gang=_flag(row, "gang"),
        setup=slim(setup * scale),
        max_pauses=None if row.get("max_pauses") is None else row.whole("max_pauses"),
        data=_data(row, frame),
        carbon_weight=row.exact("carbon_weight", 0, least=0) * ONE,
    )


def _flag(row: Fields, key: str) -> bool:
    value = row.get(key)
    if value is not None and type(value) is not bool:
        raise Misplaced(row.at(key), "true or false", value)
    return value is True


def _transfer_costs(row: Fields, frame: Frame) -> dict[int, int]:
    costs = row.take(
        "zones",
        lambda v: {frame.zones[name]: cost(number) for name, number in v.items()},  # type: ignore[attr-defined]
        "an object of costs ≥ 0",
    )
    if not costs:
        raise Misplaced(row.at("zones"), "at least one zone", row.get("zones"))
    return costs


def _money(number: Exact, frame: Frame) -> int:
    """Return grains, cut down to 10⁻⁶ yuan."""
    micro = number * MICRO
    return micro.numerator // micro.denominator * 10**18 * frame.hour


def _values(row: Fields, frame: Frame) -> tuple[tuple[int, int], ...]:
    steps = row.rows("values")
    if not steps:
        return ((len(frame.hours), _money(row.exact("value"), frame)),)
    values = []
    for i, step in enumerate(steps):
        entry = Fields(step, f"{row.place}.values[{i}]", "end value")
        values.append((entry.whole("end", least=1), _money(entry.exact("value"), frame)))
    ends = [end for end, _ in values]
    if ends != sorted(set(ends)):
        raise Misplaced(row.at("values"), "ends that rise", "others")
    return tuple(values)


def _data(row: Fields, frame: Frame) -> JobData | None:
    value = row.get("data")
    if value is None:
        return None
    data = Fields(value, row.at("data"), "at in out")
    return JobData(
        at=data.take("at", lambda v: frame.zones[v], "a zone of the case"),  # type: ignore[index]
        gb_in=slim(data.exact("in", 0, least=0) * ONE),
        gb_out=slim(data.exact("out", 0, least=0) * ONE),
    )


def read_offers(top: Fields, frame: Frame) -> tuple[Offer, ...]:
    """Read the offers with conditions."""
    return tuple(
        _offer(Fields(row, f"offers[{i}]", OFFER_KEYS), frame)
        for i, row in enumerate(top.rows("offers"))
    )


def _offer(row: Fields, frame: Frame) -> Offer:
    place = place_of(row, frame)
    base = frame.base(*place)
    start, end = _window(row, frame)
    slots = len(frame.hours)
    prices = row.series("price", slots, frame.price)
    ramp = None if row.get("ramp") is None else row.cut("ramp", least=0)
    return Offer(
        id=row.text("id"),
        node=base,
        quantity=row.series("quantity", slots, quantity),
        price=tuple(p + frame.carbon.get(base + t, 0) for t, p in enumerate(prices)),
        quantity_min=row.cut("quantity_min", 0, least=0),
        start_cost=-_money(-row.exact("start_cost", 0, least=0), frame),
        min_run=row.whole("min_run", 1, least=1),
        ramp=ramp,
        start=start,
        end=end,
        pool=frame.join_pool(row.text_or_none("pool"), place, row.place),
    )
