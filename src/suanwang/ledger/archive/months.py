"""The second reading's closed months: each statement drawn up again from the entries.

What was held at a month's end is not drawn up: no record says whether a post freed the rest of its
hold. All other figures are, and the digest over the entries.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.ids import TransferId
from suanwang.basics.money import Asset, Money
from suanwang.basics.slots import format_instant, from_micros, to_micros
from suanwang.ledger.archive.books import Books
from suanwang.ledger.archive.proven import Facts
from suanwang.ledger.closing import Month, Moved, entry_line, statement_id
from suanwang.ledger.log.verdict import wrong

_MOVES = frozenset(["posted", "post"])
_FIGURES = ("opening", "credits", "debits", "closing")
#: What a statement says of an account that only held something.
_NOTHING: dict[str, Any] = {"entries": 0, "entries_sha256": hashlib.sha256().hexdigest()}


@dataclass(slots=True)
class _Entries:
    credits: int = 0
    debits: int = 0
    count: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


@dataclass(slots=True)
class _Step:
    """The digest over a month's statements, and what was written since the last step."""

    digest: str = ""
    since: bytes = b""
    statements: int = 0


class Months:
    """What accounts moved in each month that is closed, and the statements about it."""

    def __init__(self, facts: Facts, books: Books) -> None:
        self._books = books
        self._closed = facts.months
        self._starts = [to_micros(each.month.slot.start) for each in facts.months]
        self._ends = [to_micros(each.month.slot.end) for each in facts.months]
        self._entries: dict[Month, dict[str, _Entries]] = {}
        self._opening: dict[str, int] = {}  # of the month that is drawn up next
        self._steps: dict[Month, _Step] = {}
        self._drawn: dict[str, dict[str, Any]] = {}  # statements that are not on record yet
        self.statements = 0

    def take(self, row: Mapping[str, Any], place: str) -> None:
        """Add a transfer to its month. Raises BundleWrong where that was closed before."""
        at, seq = row["at"], row["seq"]
        number = bisect_right(self._starts, at) - 1
        self._check_open(at, seq, place)
        if row["kind"] not in _MOVES or not self._closed:
            return
        sides = ((row["debit_id"], -row["amount_units"]), (row["credit_id"], row["amount_units"]))
        if number < 0:  # before the first closed month: in its opening
            for account, units in sides:
                self._opening[account] = self._opening.get(account, 0) + units
        elif at < self._ends[number]:
            entries = self._entries.setdefault(self._closed[number].month, {})
            for account, units in sides:
                self._add(entries, account, units, row)

    def _check_open(self, at: int, seq: int, place: str) -> None:
        for closed, end in zip(reversed(self._closed), reversed(self._ends), strict=True):
            if at >= end:
                return
            if seq > closed.last_seq:
                expected = f"nothing before {format_instant(from_micros(end))}, which is closed"
                wrong(place, expected, format_instant(from_micros(at)))

    def _add(
        self, entries: dict[str, _Entries], account: str, units: int, row: Mapping[str, Any]
    ) -> None:
        found = entries.get(account)
        if found is None:
            found = entries[account] = _Entries()
        found.count += 1
        if units < 0:
            found.debits -= units
        else:
            found.credits += units
        entry = Moved(TransferId(row["id"]), from_micros(row["at"]), units)
        found.digest.update(entry_line(entry, self._asset(account)))

    def _asset(self, account: str) -> Asset:
        known = self._books.accounts[account]
        return Asset(known.asset) if known.opened is None else known.opened.asset

    def statement(self, record: Mapping[str, Any], place: str) -> None:
        """Compare a statement with the one that the entries lead to."""
        month = Month.parse(record["month"])
        step = self._steps.get(month)
        if step is None:
            wrong(place, f"a month that is being closed instead of {month}", "a statement")
        step.since += hashlib.sha256(canonical_bytes(dict(record))).digest()
        step.statements += 1
        self.statements += 1
        drawn = self._drawn.pop(statement_id(record["account_id"], month), None)
        expected = _NOTHING if drawn is None else drawn
        for name, value in expected.items():
            if record[name] != value:
                wrong(f"{place}: {name}", value, record[name])

    def closing(self, record: Mapping[str, Any], place: str) -> None:
        """Follow the closing of a month, step by step."""
        month = Month.parse(record["month"])
        step = self._steps.get(month)
        if step is None:
            step = self._steps[month] = _Step()
            self._draw_up(month)
        if not record["steps"]:
            return
        digest = hashlib.sha256(step.digest.encode() + step.since).hexdigest()
        step.digest, step.since = digest, b""
        for name, expected in (("statements_sha256", digest), ("statements", step.statements)):
            if record[name] != expected:
                wrong(f"{place}: {name}", expected, record[name])
        if record["done"]:
            missing = [name for name, each in self._drawn.items() if each["month"] == str(month)]
            for name in sorted(missing):
                wrong(place, f"the statement {name}", "none")

    def _draw_up(self, month: Month) -> None:
        """Draw up what a month's statements must say, now that all of its entries were read."""
        entries = self._entries.pop(month, {})
        for account, known in self._books.accounts.items():
            moved = entries.get(account, _Entries())
            opening = self._opening.get(account, 0)
            closing = opening + moved.credits - moved.debits
            self._opening[account] = closing
            if not (moved.count or opening or closing):
                continue
            units = (opening, moved.credits, moved.debits, closing)
            asset = self._asset(account)
            said = {name: str(Money(n, asset)) for name, n in zip(_FIGURES, units, strict=True)}
            drawn = {"month": str(month), "asset": asset.code, **said, "entries": moved.count}
            drawn["entries_sha256"] = moved.digest.hexdigest()
            if known.opened is not None:
                drawn |= {"organisation_id": known.opened.organisation_id}
                drawn |= {"name": known.opened.name, "scale": asset.scale}
            self._drawn[statement_id(account, month)] = drawn
