"""Columns and rows of jobs in the mixed-integer programme: one function a shape, and the data."""

from __future__ import annotations

from enum import Enum

from tests.market.oracle.reading import cell_cost, pools_at, value_at


class Overbuy(Enum):
    """How much more than its work a job of all or nothing may buy.

    The rules ask for "work done ≥ work", and say that a job may buy more "where its least width
    makes it". The two differ only where a card's price is negative or supply comes in lumps.
    """

    LITERAL = "as much as fits its widths"
    LEAST = "less than one slot more, and only where every width is cards_min already"


def add(model, job) -> None:
    """Write a job into the programme."""
    shape = {"divisible": _divisible, "preemptible": _preemptible, "contiguous": _contiguous}
    shape[job["shape"]](model, job)


def _places(model, job):
    """(zone, class, pool) of which a job of one place takes one; the pool only for a gang."""
    for zone in job["zones"]:
        for k in job["classes"]:
            pools = pools_at(model.case, zone, k) if job["gang"] else [None]
            yield from ((zone, k, pool) for pool in pools)


def _width(model, job, place, slot) -> int:
    """A column of cards in one cell."""
    zone, k, pool = place
    cost = cell_cost(model.case, job, zone=zone, card_class=k, slot=slot)
    column = model.programme.column(-cost * model.case["hours"][slot])
    _occupy(model, job, column, cell=(zone, k, slot))
    if pool is not None:
        model.pools[pool, slot].append((column, 1.0))
    return column


def _occupy(model, job, column, *, cell) -> None:
    model.balance[cell].append((column, -1.0))
    model.widths[job["id"]].append((cell, column))


def _divisible(model, job) -> None:
    assert not job["gang"], "the rules leave a divisible gang's meaning open"
    programme, hours = model.programme, model.case["hours"]
    done, parts = [], {}
    for t in range(job["start"], job["end"]):
        value, slot_widths = value_at(job, t), []
        if value is None:
            continue
        for place in _places(model, job):
            column, per_card = _width(model, job, place, t), job["classes"][place[1]] * hours[t]
            programme.gains[column] += value * per_card / job["work"]
            slot_widths.append((column, 1.0))
            done.append((column, per_card))
            parts.setdefault(place[0], {}).setdefault(t, []).append(
                (column, per_card / job["work"])
            )
        programme.row(slot_widths, high=job["cards_max"])
    programme.row(done, high=job["work"])
    for zone, shares in parts.items():
        _data_of_parts(model, job, zone, shares)


def _contiguous(model, job) -> None:
    switches, starts = [], {}
    for place in _places(model, job):
        for first in range(job["start"], job["end"]):
            for after in range(first + 1, job["end"] + 1):
                on = _run(model, job, place, first=first, after=after)
                if on is not None:
                    switches.append(on)
                    starts.setdefault(place[0], []).append((on, first, after))
    model.taken[job["id"]] = switches
    model.programme.row([(on, 1.0) for on in switches], high=1)
    for zone, runs in starts.items():
        _data_of_runs(model, job, zone, runs)


def _run(model, job, place, *, first, after):
    zone, k, pool = place
    hours = model.case["hours"]
    per_card = sum(hours[first:after]) * job["classes"][k]
    least, value = max(job["cards_min"], job["work"] / per_card), value_at(job, after - 1)
    if value is None or least > job["cards_max"] * (1 + 1e-12):
        return None
    most = least if model.overbuy is Overbuy.LEAST else job["cards_max"]
    on = model.choice(value)
    slots = range(first, after)
    costs = (cell_cost(model.case, job, zone=zone, card_class=k, slot=t) * hours[t] for t in slots)
    width = model.programme.column(-sum(costs))
    model.programme.row([(width, 1.0), (on, -least)], low=0)
    model.programme.row([(width, 1.0), (on, -most)], high=0)
    for t in slots:
        _occupy(model, job, width, cell=(zone, k, t))
        if pool is not None:
            model.pools[pool, t].append((width, 1.0))
    return on


def _preemptible(model, job) -> None:
    switches = []
    for place in _places(model, job):
        switches.append(_spread(model, job, place))
    model.taken[job["id"]] = switches
    model.programme.row([(on, 1.0) for on in switches], high=1)


def _spread(model, job, place):
    """The switch of a preemptible job at one place."""
    programme = model.programme
    window = [t for t in range(job["start"], job["end"]) if value_at(job, t) is not None]
    here = model.choice()
    on, start = {t: model.choice() for t in window}, {t: programme.switch() for t in window}
    width = {t: _width(model, job, place, t) for t in window}
    for t in window:
        programme.row([(on[t], 1.0), (here, -1.0)], high=0)
        programme.row([(width[t], 1.0), (on[t], -job["cards_max"])], high=0)
        programme.row([(width[t], 1.0), (on[t], -job["cards_min"])], low=0)
        before = [(on[t - 1], 1.0)] if t - 1 in on else []
        programme.row([(start[t], 1.0), (on[t], -1.0), *before], low=0)
    starts = [(start[t], 1.0) for t in window]
    if job["max_pauses"] is not None:
        programme.row([*starts, (here, -1.0 - job["max_pauses"])], high=0)
    _all_the_work(model, job, place, here=here, on=on, width=width, starts=starts)
    _finish(model, job, here=here, on=on)
    _data_of_spread(model, job, place[0], here=here, on=on)
    return here


def _all_the_work(model, job, place, *, here, on, width, starts) -> None:
    per_card = {t: job["classes"][place[1]] * model.case["hours"][t] for t in on}
    done = [(width[t], per_card[t]) for t in on]
    needed = [(start, -job["setup"]) for start, _ in starts] + [(here, job["setup"] - job["work"])]
    model.programme.row([*done, *needed], low=0)
    if model.overbuy is Overbuy.LITERAL:
        return
    least, most = job["cards_min"], job["cards_max"]
    more = model.programme.switch()
    last_bit = least * max(per_card.values(), default=0.0)
    model.programme.row([*done, *needed, (more, -last_bit)], high=0)
    for t in on:
        model.programme.row([(width[t], 1.0), (on[t], -least), (more, most)], high=most)


def _finish(model, job, *, here, on) -> None:
    """Of the value steps take the one in which the last slot falls."""
    programme, before, steps = model.programme, 0, []
    for end, value in job["values"]:
        step = programme.switch(value)
        steps.append((step, 1.0))
        for t in on:
            if t >= end:
                programme.row([(on[t], 1.0), (step, 1.0)], high=1)
        last = [(on[t], 1.0) for t in on if before <= t < end]
        programme.row([*last, (step, -1.0)], low=0)
        before = end
    programme.row([*steps, (here, -1.0)], low=0, high=0)


def _data_of_parts(model, job, zone, shares) -> None:
    """What parts have used by slot t has come before t; what they make from t on goes after t."""
    if zone == job["at"]:
        return
    for direction, gb in job["gb"].items():
        if not gb:
            continue
        moved = _commodity(model, job, zone, direction)
        for t in shares:
            known = [u for u in shares if (u <= t if direction == "in" else u >= t)]
            ways = [u for u in moved if (u < t if direction == "in" else u > t)]
            used = [(column, share * gb) for u in known for column, share in shares[u]]
            model.programme.row([*used, *((moved[u], -1.0) for u in ways)], high=0)


def _data_of_runs(model, job, zone, runs) -> None:
    """In before the first slot of the run that is taken, out after its last."""
    if zone == job["at"]:
        return
    for direction, gb in job["gb"].items():
        if not gb:
            continue
        moved = _commodity(model, job, zone, direction)
        all_of_it = [(on, -gb) for on, *_ in runs]
        model.programme.row([*((c, 1.0) for c in moved.values()), *all_of_it], low=0, high=0)
        for t, column in moved.items():
            fits = (
                (on, -gb)
                for on, first, after in runs
                if (t < first if direction == "in" else t >= after)
            )
            model.programme.row([(column, 1.0), *fits], high=0)


def _data_of_spread(model, job, zone, *, here, on) -> None:
    """In before the first slot with cards, out after the last."""
    if zone == job["at"]:
        return
    for direction, gb in job["gb"].items():
        if not gb:
            continue
        moved = _commodity(model, job, zone, direction)
        model.programme.row([*((c, 1.0) for c in moved.values()), (here, -gb)], low=0, high=0)
        for t, column in moved.items():
            for u in on:
                if u <= t if direction == "in" else u >= t:
                    model.programme.row([(column, 1.0), (on[u], gb)], high=gb)


def _commodity(model, job, zone, direction):
    """Columns of GB that move all the way in each slot of the job's window, over any links."""
    ends = (job["at"], zone) if direction == "in" else (zone, job["at"])
    return {t: _move(model, job, ends, slot=t) for t in range(job["start"], job["end"])}


def _move(model, job, ends, *, slot) -> int:
    moved = model.programme.column()
    net = {zone: [] for zone in model.case["zones"]}
    net[ends[0]].append((moved, -1.0))
    net[ends[1]].append((moved, 1.0))
    for link in model.case["links"]:
        source, target = link["ends"]
        gb = model.programme.column()
        net[source].append((gb, 1.0))
        net[target].append((gb, -1.0))
        model.load[source, target, slot].append((gb, 1.0))
        model.data[job["id"]].append(((source, target, slot), gb))
    for terms in net.values():
        model.programme.row(terms, low=0, high=0)
    return moved
