"""Whether an accepted job runs as its shape, its window and its data allow."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from suanwang.market.verify.numbers import ONE, Exact, ceil, written
from suanwang.market.verify.orders import CONTIGUOUS, DIVISIBLE, Case, Job, JobData
from suanwang.market.verify.outcome import Placed
from suanwang.market.verify.verdict import Faults

DATA_SLACK = ONE // 10**9  # shares of a GB amount are fractions; a thousandth of a kilobyte is none


def check_job(job: Job, placed: Placed, case: Case, faults: Faults) -> None:
    """Check an accepted job."""
    _check_cells(job, placed, case, faults)
    _check_gang(job, placed, case, faults)
    if job.shape == DIVISIBLE:
        _check_divisible(job, placed, case, faults)
    else:
        _check_whole(job, placed, case, faults)
    _check_data(job, placed, case, faults)


def work_of(job: Job, node: int, cards: int, case: Case) -> Exact:
    """Return the work that cards in a cell do."""
    place, slot = divmod(node, case.slots)
    return job.classes.get(place % len(case.classes), 0) * cards * case.hours[slot]


def _hours_text(work: Exact, case: Case) -> str:
    return written(Fraction(work) / case.hour)


def _check_cells(job: Job, placed: Placed, case: Case, faults: Faults) -> None:
    for node, _, _ in placed.cells:
        place, slot = divmod(node, case.slots)
        zone, card_class = divmod(place, len(case.classes))
        allowed = zone in job.zones and card_class in job.classes
        if not allowed or not job.start <= slot < job.stop:
            faults.add("job-place", job.id, found=case.name(node))


def _check_gang(job: Job, placed: Placed, case: Case, faults: Faults) -> None:
    pools = {pool for _, _, pool in placed.cells}
    if not job.gang:
        if pools != {None}:
            faults.add("gang", job.id, found=sorted(str(pool) for pool in pools))
        return
    places = {node // case.slots for node, _, _ in placed.cells}
    homes = {case.pools.get(pool) if pool is not None else None for pool in pools}
    here = {divmod(place, len(case.classes)) for place in places}
    if len(pools) != 1 or homes != here:
        faults.add("gang", job.id, found=", ".join(sorted(map(str, pools))))


def _check_divisible(job: Job, placed: Placed, case: Case, faults: Faults) -> None:
    widths: dict[int, int] = {}
    for node, cards, _ in placed.cells:
        widths[node % case.slots] = widths.get(node % case.slots, 0) + cards
    _check_widths(job, widths, faults)
    done = sum(work_of(job, node, cards, case) for node, cards, _ in placed.cells)
    if done > job.work:
        expected = f"at most {_hours_text(job.work, case)}"
        faults.add("job-work", job.id, expected=expected, found=_hours_text(done, case))


def _check_widths(job: Job, widths: dict[int, int], faults: Faults) -> None:
    for cards in widths.values():
        if not job.cards_min <= cards <= job.cards_max:
            expected = f"{written(job.cards_min)} to {written(job.cards_max)}"
            faults.add("job-width", job.id, expected=expected, found=written(cards))


def _check_whole(job: Job, placed: Placed, case: Case, faults: Faults) -> None:
    places = {node // case.slots for node, _, _ in placed.cells}
    if len(places) > 1:
        faults.add("job-split", job.id, expected="one place", found=f"{len(places)} places")
    widths = {node % case.slots: cards for node, cards, _ in placed.cells}
    _check_widths(job, widths, faults)
    slots = sorted(widths)
    pauses = sum(b > a + 1 for a, b in pairwise(slots))
    if job.shape == CONTIGUOUS and (pauses or len(set(widths.values())) > 1):
        found = f"{pauses + 1} runs, {len(set(widths.values()))} widths"
        faults.add("job-split", job.id, expected="one run of one width", found=found)
    if job.max_pauses is not None and pauses > job.max_pauses:
        faults.add("job-pauses", job.id, expected=job.max_pauses, found=pauses)
    done = sum(work_of(job, node, cards, case) for node, cards, _ in placed.cells)
    needed = job.work + job.setup * pauses
    # More than the work only where the least width makes it: by less than one slot at that width.
    speed = max(job.classes.get(place % len(case.classes), 0) for place in places)
    longest = sum(case.hours[t] for t in slots)
    if job.shape == CONTIGUOUS:
        most = max(job.cards_min, _rounded_up(needed, speed * longest, case)) * speed * longest
    else:
        least_width = max(job.cards_min, case.quantum) * max(case.hours[t] for t in slots)
        most = needed + (least_width + case.quantum * longest) * speed
    if not needed <= done <= most:
        expected = f"{_hours_text(needed, case)} to {_hours_text(most, case)}"
        faults.add("job-work", job.id, expected=expected, found=_hours_text(done, case))


def _rounded_up(work: Exact, per_card: Exact, case: Case) -> int:
    """Return the least width in whole quanta that does the work."""
    if not per_card:
        return 0
    return ceil(Fraction(work) / per_card / case.quantum) * case.quantum


def _check_data(job: Job, placed: Placed, case: Case, faults: Faults) -> None:
    data = job.data or JobData(at=0, gb_in=0, gb_out=0)
    shares: dict[tuple[int, int], Exact] = {}  # zone, slot → share of the work
    total = sum(work_of(job, node, cards, case) for node, cards, _ in placed.cells)
    parts = job.work if job.shape == DIVISIBLE else total
    per_zone = case.slots * len(case.classes)
    first, last = placed.cells[0][0] % case.slots, placed.cells[-1][0] % case.slots
    for inward, amount in ((True, data.gb_in), (False, data.gb_out)):
        shares = {}
        for node, cards, _ in placed.cells:
            zone, slot = node // per_zone, node % case.slots
            if job.shape != DIVISIBLE:
                slot = first if inward else last
            part = Fraction(work_of(job, node, cards, case)) / parts
            if zone != data.at:
                shares[zone, slot] = shares.get((zone, slot), 0) + part * amount
        _check_moves(job, placed, case, faults, inward=inward, needed=shares)


def _check_moves(
    job: Job,
    placed: Placed,
    case: Case,
    faults: Faults,
    *,
    inward: bool,
    needed: dict[tuple[int, int], Exact],
) -> None:
    """Check that what arrives (or leaves) fits the parts run: before them, or after them."""
    arrived = _arrivals(job, placed, case, faults, inward=inward)
    zones = {zone for zone, _ in needed} | {zone for zone, _ in arrived}
    zones.discard(job.data.at if job.data else -1)
    for zone in sorted(zones):
        moved = 0
        must: Exact = 0
        # A part can only be used after its data came; what goes out is the same backwards.
        order = range(case.slots) if inward else range(case.slots - 1, -1, -1)
        for slot in order:
            must += needed.get((zone, slot), 0)
            if moved < must - DATA_SLACK:
                faults.add("data", job.id, expected=written(must), found=written(moved))
                break
            moved += arrived.get((zone, slot), 0)
        if moved > must + DATA_SLACK:
            faults.add("data", job.id, expected=written(must), found=written(moved))


def _arrivals(
    job: Job, placed: Placed, case: Case, faults: Faults, *, inward: bool
) -> dict[tuple[int, int], int]:
    """Return what stays of the flow at each zone and slot; nothing may come from nowhere."""
    home = job.data.at if job.data else -1
    net: dict[tuple[int, int], int] = {}
    for link, slot, gb, way in placed.moves:
        if way != inward:
            continue
        if not job.start <= slot < job.end:
            faults.add("data-window", job.id, found=slot)
        ends = case.links[link].target, case.links[link].source
        into, out_of = ends if inward else ends[::-1]
        net[into, slot] = net.get((into, slot), 0) + gb
        net[out_of, slot] = net.get((out_of, slot), 0) - gb
    for (zone, slot), gb in net.items():
        if zone != home and gb < 0:
            place = f"{job.id} {case.zones[zone]}/{slot}"
            faults.add("data", place, expected=0, found=written(gb))
    return net
