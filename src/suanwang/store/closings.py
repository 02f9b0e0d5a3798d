"""Closed months: when the books were closed, and the statements that were drawn up then.

    closings row        from here on no transfer may be dated before the month's end
    evidence  closing   "2026-11#frozen", "2026-11#000001", … as statements are written, "2026-11"
    evidence  statement "acc_01JB…/2026-11", one for each account that moved or held anything

Whatever is under way when the books are closed is waited for, and what comes after finds them
closed: so nothing that a statement says can change after it is drawn up. Every step is put on
record with the statements that it wrote, and the next one goes on from there.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.slots import Instant, format_instant, from_micros, to_micros
from suanwang.ledger.accounts import Account
from suanwang.ledger.closing import (
    Month,
    MonthStatement,
    Moved,
    draw_up,
    statement_id,
    statements_digest,
)
from suanwang.store import evidence
from suanwang.store.evidence import Evidence
from suanwang.store.ledger import account_from
from suanwang.store.queries import POSTGRESQL
from suanwang.store.tx import Row, Tx
from suanwang.store.values import parse

ENTRIES_MAX = 10_000  # read at once; an account with more is read in parts
_EVER = -(2**62)  # before any instant that is written


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The part of the ledger that a month's entries are in, by the numbers of transfers."""

    month: Month
    first_seq: int  # no entry of the month has a smaller number
    last_seq: int  # the newest when the books were closed: none has a larger one
    next_seq: int | None = None  # no entry of a later month has a smaller one

    @property
    def until(self) -> int:
        """The month's end, in microseconds."""
        return to_micros(self.month.slot.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the closing of a month has come."""

    span: Span
    steps: int = 0
    after: str = ""  # the last account that was looked at
    accounts: int = 0
    statements: int = 0
    statements_sha256: str = ""
    done: bool = False

    @property
    def id(self) -> str:
        """The id of its record."""
        if self.done:
            return str(self.span.month)
        return f"{self.span.month}#{self.steps:06}" if self.steps else f"{self.span.month}#frozen"

    def record(self) -> dict[str, Json]:
        """Write it as it is put on record."""
        return {
            "month": str(self.span.month),
            "until": format_instant(self.span.month.slot.end),
            "first_seq": self.span.first_seq,
            "last_seq": self.span.last_seq,
            "next_seq": self.span.next_seq,
            "steps": self.steps,
            "after": self.after,
            "accounts": self.accounts,
            "statements": self.statements,
            "statements_sha256": self.statements_sha256,
            "done": self.done,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedMonth:
    """A month whose books are closed; `progress` is there once all statements are."""

    month: Month
    closed_at: Instant
    progress: Progress | None


def last(tx: Tx) -> Month | None:
    """Return the newest closed month."""
    row = tx.first("closing_last")
    return None if row is None else Month.parse(row.month)


def first_open(tx: Tx) -> Month | None:
    """Return the oldest month that is not closed; None before the first transfer."""
    closed = last(tx)
    if closed is not None:
        return closed.next
    row = tx.first("transfers_first")
    return None if row is None else Month.of(from_micros(row.at))


def freeze(tx: Tx, month: Month, *, at: Instant) -> Progress:
    """Close a month's books: wait for transfers under way, let none be dated in it any more."""
    if tx.dialect == POSTGRESQL:
        # Whoever posts locks rows of accounts, and reads what is closed afterwards.
        tx.script(["LOCK TABLE accounts IN EXCLUSIVE MODE"])
    before = last(tx)
    span = Span(
        month=month,
        first_seq=0 if before is None else _first_after(tx, before),
        last_seq=tx.one("transfers_newest").seq,
    )
    tx.do("closing_add", month=str(month), until_at=span.until, closed_at=to_micros(at))
    progress = Progress(span=span)
    save(tx, progress, [], at=at)
    return progress


def progress_of(tx: Tx, month: Month) -> Progress:
    """Return how far the closing of a month has come."""
    row = tx.one("closing_step", month=str(month))
    return _progress(parse(row.record))


def draw_up_next(
    tx: Tx, progress: Progress, *, limit: int
) -> tuple[Progress, list[MonthStatement]]:
    """Draw up statements of the next accounts. Raises StatementUnbalanced."""
    span = progress.span
    if span.next_seq is None:
        span = replace(span, next_seq=_next_seq(tx, span))
    rows = tx.all("accounts_after", after=progress.after, limit=limit)
    accounts = [account_from(row) for row in rows]
    drawn = draw_up_all(tx, accounts, span)
    kept = [each for each in drawn if each.says_something]
    onward = replace(
        progress,
        span=span,
        steps=progress.steps + 1,
        after=accounts[-1].id if accounts else progress.after,
        accounts=progress.accounts + len(accounts),
        statements=progress.statements + len(kept),
        statements_sha256=statements_digest(progress.statements_sha256, kept),
        done=len(accounts) < limit,
    )
    return onward, kept


def draw_up_all(tx: Tx, accounts: Sequence[Account], span: Span) -> list[MonthStatement]:
    """Draw up the statements of accounts over a closed month, from its entries."""
    ids = [account.id for account in accounts]
    before = _statements_before(tx, ids, span)
    closings = {
        row.id: row.units
        for row in tx.all(
            "balances_until", ids=ids, first=span.next_seq or span.first_seq, until=span.until
        )
    }
    held = _units(tx, "held_between", ids, span)
    drawn = []
    for account, entries in _moved(tx, accounts, span):
        opening, held_before = before.get(account.id, (0, 0))
        held_units = held_before + held.get(account.id, 0)
        drawn.append(
            draw_up(
                replace(account, held_units=held_units),
                span.month,
                opening=opening,
                entries=entries,
                closing=closings[account.id],
            )
        )
    order = {account.id: place for place, account in enumerate(accounts)}
    return sorted(drawn, key=lambda each: order[each.account_id])


def save(tx: Tx, progress: Progress, statements: Sequence[MonthStatement], *, at: Instant) -> None:
    """Put statements on record, and how far the closing has come with them."""
    evidence.add(
        tx,
        [
            *(
                Evidence(
                    kind="statement",
                    id=each.id,
                    record=each.record(),
                    at=at,
                    organisation_id=each.organisation_id,
                )
                for each in statements
            ),
            Evidence(kind="closing", id=progress.id, record=progress.record(), at=at),
        ],
    )


def closed_months(tx: Tx, *, before: Instant | None = None, limit: int = 100) -> list[ClosedMonth]:
    """List closed months, newest first."""
    until = 2**62 if before is None else to_micros(before)
    return [
        ClosedMonth(
            month=Month.parse(row.month),
            closed_at=from_micros(row.closed_at),
            progress=None if row.record is None else _progress(parse(row.record)),
        )
        for row in tx.all("closings_before", before=until, limit=limit)
    ]


def frozen(tx: Tx, instant: Instant) -> Progress | None:
    """Return the newest closing up to an instant whose statements are all there."""
    row = tx.first("closing_before", until=to_micros(instant))
    if row is None:
        return None
    found = progress_of(tx, Month.parse(row.month))
    return found if found.done else frozen(tx, found.span.month.slot.start)


def statements(tx: Tx, ids: Sequence[str], month: Month) -> dict[AccountId, MonthStatement]:
    """Return the frozen statements of accounts for a month, of those that have one."""
    rows = tx.all("statements_of", ids=[statement_id(each, month) for each in ids])
    found = [MonthStatement.read(parse(row.record)) for row in rows]
    return {each.account_id: each for each in found}


def statements_of(
    tx: Tx,
    organisation_id: str,
    *,
    month: Month | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[tuple[int, MonthStatement]]:
    """List an organisation's frozen statements, newest first, with the numbers of their records."""
    rows = tx.all(
        "statements_before",
        organisation_id=organisation_id,
        before=2**62 if before is None else before,
        month=None if month is None else str(month),
        limit=limit,
    )
    return [(row.seq, MonthStatement.read(parse(row.record))) for row in rows]


def _progress(record: Mapping[str, Any]) -> Progress:
    span = Span(
        month=Month.parse(record["month"]),
        first_seq=record["first_seq"],
        last_seq=record["last_seq"],
        next_seq=record["next_seq"],
    )
    names = ("steps", "after", "accounts", "statements", "statements_sha256", "done")
    return Progress(span=span, **{name: record[name] for name in names})


def _first_after(tx: Tx, month: Month) -> int:
    before = progress_of(tx, month)
    assert before.span.next_seq is not None, f"{month} is closed before it is drawn up"
    return before.span.next_seq


def _next_seq(tx: Tx, span: Span) -> int:
    # Asked once all of them are committed: none with a smaller number can come any more.
    row = tx.one("transfers_next", first=span.first_seq, last=span.last_seq, since=span.until)
    return span.last_seq + 1 if row.seq is None else int(row.seq)


def _statements_before(tx: Tx, ids: list[AccountId], span: Span) -> dict[str, tuple[int, int]]:
    """Return balances and holds when the month began: the statements before, or their sums."""
    if span.first_seq:
        found = statements(tx, ids, span.month.previous)
        return {each: (said.closing.units, said.held.units) for each, said in found.items()}
    # The first month that is closed: whatever is dated before it opens it.
    since = to_micros(span.month.slot.start)
    asked: dict[str, Any] = {"ids": ids, "first": 0, "since": _EVER, "before": since}
    moved = {row.account_id: row.units for row in tx.all("moved_between", **asked)}
    held = {row.account_id: row.units for row in tx.all("held_between", **asked)}
    return {each: (moved.get(each, 0), held.get(each, 0)) for each in ids}


def _units(tx: Tx, query: str, ids: list[AccountId], span: Span) -> dict[str, int]:
    rows = tx.all(
        query,
        ids=ids,
        first=span.first_seq,
        since=to_micros(span.month.slot.start),
        before=span.until,
    )
    return {row.account_id: row.units for row in rows}


def _moved(
    tx: Tx, accounts: Sequence[Account], span: Span
) -> Iterator[tuple[Account, Iterator[Moved]]]:
    """Yield each account with its entries: many small accounts at once, a large one in parts."""
    ids = [account.id for account in accounts]
    counted = tx.all("entries_counted", ids=ids, first=span.first_seq, last=span.last_seq)
    counts = {row.account_id: row.entries for row in counted}
    pack: list[Account] = []
    for account in accounts:
        if counts.get(account.id, 0) > ENTRIES_MAX:
            yield account, map(_entry, _in_parts(tx, account, span))
            continue
        pack.append(account)
        if sum(counts.get(each.id, 0) for each in pack) > ENTRIES_MAX:
            yield from _at_once(tx, pack[:-1], span)
            pack = pack[-1:]
    yield from _at_once(tx, pack, span)


def _at_once(
    tx: Tx, accounts: Sequence[Account], span: Span
) -> Iterator[tuple[Account, Iterator[Moved]]]:
    by_account: dict[str, list[Row]] = defaultdict(list)
    ids = [account.id for account in accounts]
    for side in _SIDES:
        for row in _rows(tx, side, ids, span, after=span.first_seq - 1, limit=ENTRIES_MAX):
            by_account[row.account_id].append(row)
    for account in accounts:
        yield account, map(_entry, sorted(by_account[account.id], key=_seq))


def _in_parts(tx: Tx, account: Account, span: Span) -> Iterator[Row]:
    return heapq.merge(*(_side(tx, side, account, span) for side in _SIDES), key=_seq)


def _side(tx: Tx, side: str, account: Account, span: Span) -> Iterator[Row]:
    after = span.first_seq - 1
    while rows := _rows(tx, side, [account.id], span, after=after, limit=ENTRIES_MAX):
        yield from rows
        after = rows[-1].seq


def _rows(
    tx: Tx, side: str, ids: list[AccountId], span: Span, *, after: int, limit: int
) -> list[Row]:
    since, before = span.month.slot.start, span.until
    return tx.all(
        side,
        ids=ids,
        first=after + 1,
        last=span.last_seq,
        since=to_micros(since),
        before=before,
        limit=limit,
    )


_SIDES = ("entries_debited", "entries_credited")


def _seq(row: Row) -> int:
    return int(row.seq)


def _entry(row: Row) -> Moved:
    return Moved(TransferId(row.id), from_micros(row.at), row.units)
