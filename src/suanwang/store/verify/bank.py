"""Bank lines and payouts against the transfers and holds that they made, in SQL."""

from __future__ import annotations

from collections.abc import Iterator

from suanwang.store.tx import Row, Tx
from suanwang.store.verify.finding import FINDINGS_MAX, Finding, finding


def check_bank(tx: Tx) -> Iterator[Finding]:
    """Check that every line moved what it says, and that payouts hold what they must."""
    yield from map(_line, tx.all("verify_line_transfers", limit=FINDINGS_MAX))
    yield from map(_shared, tx.all("verify_line_twice", limit=FINDINGS_MAX))
    yield from map(_payout, tx.all("verify_payout_holds", limit=FINDINGS_MAX))


def _line(row: Row) -> Finding:
    expected = f"one transfer over {abs(row.amount_units)} on the bank's account"
    found = "none" if row.moved_units is None else f"{row.moved_units} of {row.transfer_id}"
    return finding("bank-line-wrong", f"bank_lines {row.id}", expected=expected, found=found)


def _shared(row: Row) -> Finding:
    name = f"transfers {row.transfer_id}"
    return finding("bank-line-twice", name, expected="one bank line", found=row.lines)


def _payout(row: Row) -> Finding:
    hold = f"{row.hold_state}, {row.hold_units} held for, {row.posted_units} posted"
    expected = f"a hold that fits {row.state}, {row.amount_units}"
    return finding("payout-wrong", f"payouts {row.id}", expected=expected, found=hold)
