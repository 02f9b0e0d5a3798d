"""What would have been taken, found by clearing again with a changed order.

A block or a job moves the prices it is judged at, so only another clearing tells. Each question is
one number: ticks of a limit or of a value, or slots of a deadline; taking an order is taken to be
monotone in it, and a step that doubles and then halves finds where it turns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from suanwang.market.explain.jobs import slack_of
from suanwang.market.explain.parts import Answer, Kind, Reason, Taken, reason, shown
from suanwang.market.verify.case import case_from_document
from suanwang.market.verify.numbers import ONE, exact, scaled
from suanwang.market.verify.orders import DIVISIBLE, Case, Job

ClearAgain = Callable[[Mapping[str, Any]], Mapping[str, Any]]  # CASE → RESULT
Tell = Callable[[str, bool], None]  # what was tried, and whether it was taken
Row = dict[str, Any]
_LISTS = {
    Kind.ASK: "asks", Kind.BID: "bids", Kind.BLOCK_ASK: "blocks", Kind.BLOCK_BID: "blocks",
    Kind.JOB: "jobs", Kind.OFFER: "offers",
}  # fmt: skip
# A value or limit that is not taken at this many times the greatest of the case never is.
_RANGE = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """Where taking turns, in steps from the order as it is: taken at `yes`, not at `no`."""

    yes: int | None
    no: int | None


class Again:
    """Clears a CASE again with one order changed."""

    def __init__(
        self, document: Mapping[str, Any], answer: Answer, *, clear: ClearAgain, tell: Tell
    ) -> None:
        self._document, self._answer, self._clear, self._tell = document, answer, clear, tell
        self._list = _LISTS[answer.kind]
        rows = list(document[self._list])
        self._index = next(i for i, row in enumerate(rows) if row["id"] == answer.id)
        self.row: Row = rows[self._index]
        self.case: Case = case_from_document(document)
        self.tick = int(exact(document["tick"]) * ONE)

    @property
    def accepted(self) -> bool:
        """Say whether the order was taken in full as it was."""
        return self._answer.taken is Taken.ACCEPTED

    def named(self, key: str) -> int | None:
        """Return a price bound that the case names, 10⁻¹² yuan."""
        value = self._document.get(key)
        return None if value is None else int(exact(value) * ONE)

    def guess(self, fact: str) -> int | None:
        """Return what turned the order at the old prices, 10⁻¹² yuan."""
        found = [each.facts[fact] for each in self._answer.turning if fact in each.facts]
        return int(exact(found[0]) * ONE) if found else None

    def taken(self, changed: Row, *, label: str) -> bool:
        """Say whether the whole order is taken when it is changed like this."""
        rows = list(self._document[self._list])
        rows[self._index] = self.row | changed
        result = self._clear({**self._document, self._list: rows})
        found = _all_taken(result, self._answer, self.case, self._index)
        self._tell(label, found)
        return found


def clear_again(
    document: Mapping[str, Any], answer: Answer, *, clear: ClearAgain, tell: Tell
) -> tuple[Reason, ...]:
    """Return at which limit, value or deadline the order is taken when the case is cleared again.

    Args:
        document: the CASE.
        answer: the order as it was.
        clear: clears a changed CASE with the work of the RESULT.
        tell: told of every clearing.
    """
    codes = {each.code for each in answer.reasons}
    if "nothing" in codes:
        return ()
    again = Again(document, answer, clear=clear, tell=tell)
    if answer.kind is Kind.JOB:
        # What cannot be done is not done for more money.
        value = () if "no-way" in codes else (_value(again),)
        return (*value, *_end(again))
    if answer.kind is Kind.OFFER:
        return (_shifted(again),)
    return (_limit(again, buys=answer.kind in (Kind.BID, Kind.BLOCK_BID)),)


def _all_taken(result: Mapping[str, Any], answer: Answer, case: Case, index: int) -> bool:
    """Say whether an order is taken in full (an offer: at all)."""
    if answer.kind is Kind.JOB:
        run = next(row for row in result["jobs"] if row["id"] == answer.id)
        return bool(run["accepted"]) and _does_all(run, case, case.jobs[index])
    row = next((row for row in result["accepted"] if row["id"] == answer.id), None)
    if row is None or answer.kind is Kind.OFFER:
        return row is not None
    cards = row["quantity"]
    total = sum(map(scaled, cards)) if isinstance(cards, list) else scaled(cards)
    return shown(total) == answer.whole


def _does_all(run: Mapping[str, Any], case: Case, job: Job) -> bool:
    """Say whether a job does all its work, but for a few quanta; only a divisible one may not."""
    if job.shape != DIVISIBLE:
        return True
    done = sum(
        scaled(cell["cards"])
        * job.classes[case.classes.index(cell["class"])]
        * case.hours[cell["slot"]]
        for cell in run["allocation"]
    )
    return bool(done >= job.work - slack_of(case, job))


def turn(taken: Callable[[int], bool], *, accepted: bool, first: int, bound: int) -> Turn:
    """Find where taking turns, `first` steps being the guess and `bound` the end.

    A step makes an order that was accepted worse, and one that was not better.
    """
    stays, step = 0, max(first, 1)
    while True:
        step = min(step, bound)
        if step <= stays:
            return Turn(stays, None) if accepted else Turn(None, stays)
        if taken(step) != accepted:
            break
        stays, step = step, step * 2
    while step - stays > 1:
        middle = (stays + step) // 2
        stays, step = (middle, step) if taken(middle) == accepted else (stays, middle)
    return Turn(stays, step) if accepted else Turn(step, stays)


def _limit(again: Again, *, buys: bool) -> Reason:
    """Move the limit in ticks: up for a bid that was not taken, down for one that was."""
    now, tick = int(exact(again.row["price"]) * ONE), again.tick
    upwards = buys is not again.accepted
    step = tick if upwards else -tick
    end = again.named("price_max" if upwards else "price_min")
    if end is None:
        reach = _RANGE * max(abs(again.case.price_max), abs(again.case.price_min), tick)
        end = reach if upwards else min(0, again.case.price_min)
    guess = again.guess("limit")

    def taken(ticks: int) -> bool:
        price = shown(now + ticks * step)
        return again.taken({"price": price}, label=price)

    first = 1 if guess is None else abs(guess - now) // tick
    found = turn(taken, accepted=again.accepted, first=first, bound=abs(end - now) // tick)
    return _said("again-limit", found, lambda ticks: shown(now + ticks * step))


def _said(code: str, found: Turn, text: Callable[[int], str]) -> Reason:
    """Name both sides of the turn, or that there is none as far as it was looked for."""
    if found.yes is None:
        return reason(code + "-none", no=text(found.no or 0))
    if found.no is None:
        return reason(code + "-all", yes=text(found.yes))
    return reason(code, yes=text(found.yes), no=text(found.no))


def _value(again: Again) -> Reason:
    """Move a job's value, or every step of it, in ticks of yuan."""
    row, tick = again.row, again.tick
    steps = row.get("values")
    worths = [exact(each["value"]) for each in steps] if steps else [exact(row["value"])]
    now = int(worths[-1] * ONE)
    sign = -1 if again.accepted else 1

    def changed(ticks: int) -> Row:
        more = sign * ticks * tick
        if not steps:
            return {"value": shown(now + more)}
        pairs = zip(steps, worths, strict=True)
        return {"values": [each | {"value": shown(worth * ONE + more)} for each, worth in pairs]}

    def text(ticks: int) -> str:
        return shown(sign * ticks * tick + (0 if steps else now))

    def taken(ticks: int) -> bool:
        return again.taken(changed(ticks), label=text(ticks))

    guess = again.guess("more" if steps else "value")
    first = 1 if guess is None else abs(guess - (0 if steps else now)) // tick
    # Up: far above what its work could cost; down: to nothing.
    reach = max(abs(now), first * tick, abs(again.case.price_max) * _cards(again))
    bound = abs(now) // tick if again.accepted else _RANGE * reach // tick
    found = turn(taken, accepted=again.accepted, first=first, bound=bound)
    return _said("again-value-steps" if steps else "again-value", found, text)


def _cards(again: Again) -> int:
    """Return card-hours, rounded up, that a job's work takes at its slowest."""
    job = next(job for job in again.case.jobs if job.id == again.row["id"])
    slowest = job.work / min(job.classes.values()) / again.case.hour / ONE
    return int(slowest) + 1


def _end(again: Again) -> tuple[Reason, ...]:
    """Move a job's deadline; its last value holds up to there."""
    job = next(job for job in again.case.jobs if job.id == again.row["id"])
    steps = again.row.get("values")
    sign = -1 if again.accepted else 1

    def taken(slots: int) -> bool:
        end = job.stop + sign * slots
        changed: Row = {"end": end}
        if steps:
            last = steps[-1] | {"end": max(end, job.values[-1][0])}
            changed["values"] = [*steps[:-1], last]
        return again.taken(changed, label=str(end - 1))

    bound = job.stop - job.start - 1 if again.accepted else again.case.slots - job.stop
    if bound <= 0:
        return ()
    found = turn(taken, accepted=again.accepted, first=1, bound=bound)
    if found.yes is None:
        return (reason("again-end-none"),)
    return (reason("again-end", slot=job.stop + sign * found.yes - 1),)


def _shifted(again: Again) -> Reason:
    """Move all of an offer's prices in ticks: down where it was not taken, up where it was."""
    prices, tick = again.row["price"], again.tick
    step = tick if again.accepted else -tick
    listed = prices if isinstance(prices, list) else [prices]
    worths = [int(exact(price) * ONE) for price in listed]

    def taken(ticks: int) -> bool:
        moved = [shown(worth + ticks * step) for worth in worths]
        changed = moved if isinstance(prices, list) else moved[0]
        return again.taken({"price": changed}, label=shown(ticks * step))

    end = again.named("price_max" if again.accepted else "price_min")
    most = max(worths) if again.accepted else min(worths)
    reach = _RANGE * max(abs(again.case.price_max), abs(again.case.price_min), tick)
    bound = abs(most - end) // tick if end is not None else reach // tick
    guess = again.guess("less")
    first = 1 if guess is None else guess // tick
    found = turn(taken, accepted=again.accepted, first=first, bound=bound)
    return _said("again-lower", found, lambda ticks: shown(ticks * step))
