"""Floors and closed months: accounts against what was granted, statements against the entries.

Every frozen statement is drawn up again from the transfers and compared with what is on record.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from suanwang.basics.errors import Refused
from suanwang.basics.money import Asset, Money
from suanwang.basics.slots import format_instant, from_micros
from suanwang.ledger.accounts import Account
from suanwang.ledger.closing import Month, MonthStatement, statements_digest
from suanwang.ledger.errors import StatementUnbalanced
from suanwang.store import closings
from suanwang.store.closings import Progress
from suanwang.store.ledger import account_from
from suanwang.store.tx import Row, Tx
from suanwang.store.values import parse
from suanwang.store.verify.finding import FINDINGS_MAX, Finding, finding

PAGE = 500  # accounts
MONTHS_MAX = 10_000


def check_books(tx: Tx) -> Iterator[Finding]:
    """Check floors, and every month that is closed and drawn up."""
    yield from _readable("accounts", _check_floors(tx))
    for closed in reversed(tx.all("closings_before", before=2**62, limit=MONTHS_MAX)):
        name = f"evidence closing {closed.month}"
        yield from _readable(name, _check_closing(tx, Month.parse(closed.month)))


def _readable(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Go on past a record that nobody can read: the leaves have named it."""
    try:
        yield from findings
    except (ValueError, LookupError, TypeError, AttributeError, Refused) as error:
        expected = "records as they were written"
        yield finding("row-unreadable", name, expected=expected, found=repr(error))


def _check_closing(tx: Tx, month: Month) -> Iterator[Finding]:
    progress = closings.progress_of(tx, month)
    yield from _check_entries(tx, progress)
    if progress.done:
        yield from _check_month(tx, progress)


def _check_floors(tx: Tx) -> Iterator[Finding]:
    records = [parse(row.record) for row in tx.all("verify_limits")]
    limits = {record["account_id"]: record["limit"] for record in records}  # the last one counts
    after = ""
    while page := tx.all("verify_floors", after=after, limit=PAGE):
        for row in page:
            granted = _granted(row, limits.get(row.id))
            if granted != row.floor_units:
                name = f"accounts {row.id}"
                yield finding("floor-wrong", name, expected=granted, found=row.floor_units)
            if row.owner_state != row.state:
                name = f"accounts {row.id} owner_state"
                yield finding("row-differs", name, expected=row.state, found=row.owner_state)
        after = page[-1].id


def _granted(row: Row, limit: str | None) -> int | None:
    """Return the floor that the records give an account: the last limit, or its opening's."""
    if limit is not None:
        return -Money.parse(limit, Asset(row.asset, row.scale)).units
    opened = parse(row.opened) or {}
    if "floor" not in opened:  # older than any record, or erased
        return None if row.floor_units is None else int(row.floor_units)
    floor = opened["floor"]
    return None if floor is None else int(floor)


def _check_entries(tx: Tx, progress: Progress) -> Iterator[Finding]:
    """Find transfers that were dated back into a month after it was closed."""
    span = progress.span
    until = format_instant(span.month.slot.end)
    for row in tx.all(
        "verify_backdated", after=span.last_seq, before=span.until, limit=FINDINGS_MAX
    ):
        at = format_instant(from_micros(row.at))
        name = f"transfers {row.seq} {row.id}"
        yield finding("period-closed", name, expected=f"nothing before {until}", found=at)


def _check_month(tx: Tx, done: Progress) -> Iterator[Finding]:
    month, after, count = done.span.month, "", 0
    while page := tx.all("accounts_after", after=after, limit=PAGE):
        accounts = [account_from(row) for row in page]
        after = accounts[-1].id
        said = closings.statements(tx, [account.id for account in accounts], month)
        count += len(said)
        try:
            drawn = closings.draw_up_all(tx, accounts, done.span)
        except StatementUnbalanced:
            drawn = yield from _one_by_one(tx, accounts, done)
        for each in drawn:
            yield from _compare(each, said.get(each.account_id))
    if count != done.statements:
        name = f"evidence closing {month}"
        expected = f"{done.statements} statements"
        yield finding("closing-wrong", name, expected=expected, found=count)
    yield from _check_digests(tx, done)


def _one_by_one(
    tx: Tx, accounts: Sequence[Account], done: Progress
) -> Generator[Finding, None, list[MonthStatement]]:
    """Name the accounts whose entries lead elsewhere; return the statements of the others."""
    drawn: list[MonthStatement] = []
    for account in accounts:
        try:
            drawn += closings.draw_up_all(tx, [account], done.span)
        except StatementUnbalanced as error:
            name = f"accounts {account.id}"
            yield finding(
                "statement-wrong", name, expected=error.facts["expected"],
                found=f"{error.facts['found']} in {done.span.month}",
            )  # fmt: skip
    return drawn


def _compare(drawn: MonthStatement, said: MonthStatement | None) -> Iterator[Finding]:
    name = f"evidence statement {drawn.id}"
    if said is None:
        if drawn.says_something:
            yield finding("statement-wrong", name, expected="a statement", found="none")
        return
    ours, theirs = drawn.record(), said.record()
    for field, expected in ours.items():
        if theirs[field] != expected:
            where = f"{name} {field}"
            yield finding("statement-wrong", where, expected=expected, found=theirs[field])


def _check_digests(tx: Tx, done: Progress) -> Iterator[Finding]:
    """Follow the digest of a month from step to step of its closing, over what each wrote."""
    digest, last_seq = "", 0
    for row in tx.all("verify_closing_steps", month=str(done.span.month)):
        step, kept = parse(row.record), []
        for each in tx.all("verify_statements", after=last_seq, before=row.seq):
            kept.append(MonthStatement.read(parse(each.record)))
        last_seq = row.seq
        if step["steps"] == 0:
            continue  # frozen; statements before it are another month's
        digest = statements_digest(digest, kept)
        if digest != step["statements_sha256"]:
            name = f"evidence closing {row.id}"
            yield finding("closing-wrong", name, expected=digest, found=step["statements_sha256"])
            return
