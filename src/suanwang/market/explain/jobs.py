"""Why a job stands as it does: its cheapest way at these prices against its value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from suanwang.market.explain.links import data_link_in_the_way, link_in_the_way
from suanwang.market.explain.parts import (
    Answer,
    Kind,
    Reason,
    Scene,
    Taken,
    reason,
    runs_text,
    shown,
    taken_of,
    yuan,
)
from suanwang.market.verify.best import best_of_job
from suanwang.market.verify.gains import job_price, job_transfer, job_value
from suanwang.market.verify.numbers import Exact, distance
from suanwang.market.verify.orders import DIVISIBLE, PREEMPTIBLE, Case, Job
from suanwang.market.verify.outcome import Placed
from suanwang.market.verify.shapes import work_of

# Far above every value and price, so that a job raised by it always runs where it can.
_RICH = 10**80
# A contiguous job's own problem grows with the square of its slots: beyond these, its best slots
# are not looked for.
_SLOTS_SHOWN_MAX = 200
_QUANTA_MISSED = 64


def explain_job(scene: Scene, index: int) -> Answer:
    """Explain the job at `index`."""
    job, placed = scene.case.jobs[index], scene.outcome.jobs[index]
    done = sum(work_of(job, node, cards, scene.case) for node, cards, _ in placed.cells)
    taken = taken_of(min(done, job.work), job.work - slack_of(scene.case, job))
    short = shortfall(scene, job)
    reasons = [_as_it_runs(scene, job, placed)] if placed.accepted else []
    if taken is not Taken.ACCEPTED:
        reasons += _why_not(scene, job, short, taken)
    return Answer(
        id=job.id, kind=Kind.JOB, taken=taken,
        part=shown(Fraction(done, scene.case.hour)),
        whole=shown(Fraction(job.work) / scene.case.hour),
        reasons=tuple(reasons), turning=_turning(scene, job, taken, short),
    )  # fmt: skip


def slack_of(case: Case, job: Job) -> Exact:
    """Return the work that may miss: widths are whole quanta, so a divisible job lacks a few."""
    return case.quantum * case.hour * _QUANTA_MISSED if job.shape == DIVISIBLE else 0


def shortfall(scene: Scene, job: Job) -> int | None:
    """Return by how many grains all the value steps must rise until all its work is wanted.

    At the published prices; below 0: by how much they may fall. None: no value helps.
    """
    if job.shape != DIVISIBLE:
        # Raised so, the job takes the way with the greatest value less cost.
        gain = best_of_job(_raised(job, _RICH), scene.quotes)
        return _RICH - gain if gain > _RICH // 2 else None
    unit = scene.case.micro
    if not _wants_all(scene, _raised(job, _RICH)):
        return None
    least = -max(value for _, value in job.values) // unit - 1
    if _wants_all(scene, _raised(job, least * unit)):
        return least * unit
    return _least(lambda n: _wants_all(scene, _raised(job, n * unit)), least) * unit


def _least(wanted: Callable[[int], bool], known: int) -> int:
    """Return the least whole number that is wanted, above one that is not; wanting never ends."""
    step = 1
    while not wanted(known + step):
        known, step = known + step, step * 2
    low, high = known, known + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if wanted(middle) else (middle, high)
    return high


def _raised(job: Job, grains: int) -> Job:
    return replace(job, values=tuple((end, value + grains) for end, value in job.values))


def _wants_all(scene: Scene, job: Job) -> bool:
    """Say whether all the work is worth doing: then each more yuan of value is gained in full."""
    more = scene.case.micro
    gained = best_of_job(_raised(job, more), scene.quotes) - best_of_job(job, scene.quotes)
    return gained >= more - 2  # each is rounded up to a whole grain


def _as_it_runs(scene: Scene, job: Job, placed: Placed) -> Reason:
    case = scene.case
    slots = case.slots
    places = sorted({node // slots for node, _, _ in placed.cells})
    value = job_value(job, placed, case)
    cost = job_price(placed, scene.quotes) + job_transfer(job, placed, case)
    code = "runs-uplifted" if value < cost - case.micro else "runs"
    return reason(
        code,
        places=", ".join(_place(scene, place) for place in places),
        slots=runs_text([node % slots for node, _, _ in placed.cells]),
        value=yuan(value, case), cost=yuan(cost, case), gain=yuan(distance(value, cost), case),
    )  # fmt: skip


def _place(scene: Scene, place: int) -> str:
    zone, card_class = divmod(place, len(scene.case.classes))
    return f"{scene.case.zones[zone]}/{scene.case.classes[card_class]}"


def _why_not(scene: Scene, job: Job, short: int | None, taken: Taken) -> list[Reason]:
    if short is None:
        some = taken is Taken.PARTLY or best_of_job(job, scene.quotes) > 0
        part = job.shape == DIVISIBLE and not some
        return [reason("no-way"), *([reason("no-part")] if part else [])]
    best = _best_way(scene, job)
    if best is None:
        return []
    slots = runs_text(list(range(best.start, best.end)))
    facts = {"places": _place_of(scene, best), "slots": slots}
    found = [
        _cheapest(scene, job, short, facts) if taken is Taken.REJECTED else reason("rest-dear")
    ]
    if short <= 0:
        found = [reason("job-moves-prices", gain=yuan(-short, scene.case), **facts)]
        return found + _short_pool(scene, best)
    return [*found, *_links(scene, best)]


def _cheapest(scene: Scene, job: Job, short: int, facts: dict[str, str]) -> Reason:
    if job.shape == DIVISIBLE:
        return reason("work-dear", short=yuan(short, scene.case), **facts)
    if len(job.values) > 1:
        return reason("steps-dear", short=yuan(short, scene.case), **facts)
    value = job.values[0][1]
    return reason(
        "dear", cost=yuan(value + short, scene.case), value=yuan(value, scene.case), **facts
    )


def _best_way(scene: Scene, job: Job) -> Job | None:
    """Return the job cut down to its best zone and class and to the slots that it needs there."""
    ways = [
        replace(job, zones={zone: cost}, classes={card_class: speed})
        for zone, cost in job.zones.items()
        for card_class, speed in job.classes.items()
    ]
    gains = [best_of_job(_raised(way, _RICH), scene.quotes) for way in ways]
    gain, rank = max((gain, -rank) for rank, gain in enumerate(gains))
    best = ways[-rank]
    if gain <= 0 or best.stop - best.start > _SLOTS_SHOWN_MAX:
        return best if gain > 0 else None
    return _narrowed(scene, best, gain)


def _narrowed(scene: Scene, job: Job, gain: int) -> Job:
    """Take slots off both ends as long as nothing is lost."""

    def same(start: int, end: int) -> bool:
        cut = replace(job, start=start, end=end, stop=min(end, job.stop))
        return best_of_job(_raised(cut, _RICH), scene.quotes) == gain

    end = _least(lambda e: e >= job.end or same(job.start, e), job.start)
    start = job.start
    for later in range(start + 1, end):
        if not same(later, end):
            break
        start = later
    return replace(job, start=start, end=end, stop=min(end, job.stop))


def _place_of(scene: Scene, job: Job) -> str:
    zone, card_class = next(iter(job.zones)), next(iter(job.classes))
    return _place(scene, zone * len(scene.case.classes) + card_class)


def _links(scene: Scene, best: Job) -> tuple[Reason, ...]:
    case = scene.case
    zone, card_class = next(iter(best.zones)), next(iter(best.classes))
    slots = range(best.start, best.end)
    if best.data is not None and best.data.at != zone:
        found = data_link_in_the_way(case, scene.quotes, slots, {zone, best.data.at})
        if found:
            return found
    base = case.base(zone, card_class)
    return link_in_the_way(case, scene.quotes, [base + t for t in slots], buys=True)


def _short_pool(scene: Scene, best: Job) -> list[Reason]:
    """Name the pool of the best place whose cards are the dearest to gangs."""
    place = next(iter(best.zones)), next(iter(best.classes))
    prices = scene.outcome.bounding.pools
    if not best.gang:
        return []
    pools = [pool for pool, home in scene.case.pools.items() if home == place and pool in prices]
    found = [(max(prices[pool][best.start : best.end], default=0), pool) for pool in pools]
    price, pool = max(found, default=(0, ""))
    return [reason("pool-short", pool=pool, price=shown(price))] if price else []


def _turning(scene: Scene, job: Job, taken: Taken, short: int | None) -> tuple[Reason, ...]:
    found = []
    if short is not None and (short > 0 or taken is Taken.ACCEPTED):
        found.append(_value_turning(scene, job, taken, short))
    if (short is None or short > 0) == (taken is not Taken.ACCEPTED):
        found += _end_turning(scene, job, taken)
    return tuple(found)


def _mood(job: Job, taken: Taken) -> str:
    """Say which wording is true: what is bounded by a relaxation is only known to be too little."""
    kept = "-kept" if taken is Taken.ACCEPTED else ""
    exact = job.shape != PREEMPTIBLE or (
        not job.cards_min and not job.setup and job.max_pauses is None and job.data is None
    )
    return kept if exact else kept + "-least"


def _value_turning(scene: Scene, job: Job, taken: Taken, short: int) -> Reason:
    # Values are whole micro-yuan.
    short = -(-short // scene.case.micro) * scene.case.micro
    if len(job.values) > 1:
        return reason("value-steps" + _mood(job, taken), more=yuan(abs(short), scene.case))
    return reason("value" + _mood(job, taken), value=yuan(job.values[0][1] + short, scene.case))


def _end_turning(scene: Scene, job: Job, taken: Taken) -> list[Reason]:
    """Say with which deadline all the work would be wanted; more slots never make it dearer."""
    slots = scene.case.slots

    def wanted(end: int) -> bool:
        return end > slots or _wants_all(scene, ending(job, end))

    end = _least(wanted, job.start)
    found = [reason("end" + _mood(job, taken), slot=end - 1)]
    if taken is Taken.ACCEPTED:
        return found if end < job.stop else []
    if end > slots:
        return [reason("end-none")] if job.end < slots else []
    return found if end > job.stop else []


def ending(job: Job, end: int) -> Job:
    """Return the job with another deadline; its last value holds up to there."""
    *steps, (last, value) = job.values
    steps.append((max(last, end), value))
    return replace(job, end=end, stop=end, values=tuple(steps))
