"""Holds, chains, reversals, assets and closed days against the transfers, in SQL.

Each query returns only what is wrong, so that millions of rows cost no memory here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import format_instant, from_micros
from suanwang.store.tx import Row, Tx
from suanwang.store.verify.finding import FINDINGS_MAX, Finding, finding


def check_rows(tx: Tx) -> Iterator[Finding]:
    """Check what transfers must say to each other."""
    for query, tell in _CHECKS.items():
        yield from map(tell, tx.all(query, limit=FINDINGS_MAX))


def _hold(row: Row) -> Finding:
    name = f"holds {row.id}"
    if row.made_units is None:
        return finding("hold-wrong", name, expected="a transfer that opened it", found="none")
    made = (row.made_debit, row.made_credit, row.made_asset, row.made_expires_at)
    says = (row.debit_id, row.credit_id, row.asset, row.expires_at)
    if made != says:
        return finding("hold-wrong", name, expected=made, found=says)
    left = row.made_units - row.voided
    expected = f"amount {left}, posted {row.posted}, {_state(row)}"
    found = f"amount {row.amount_units}, posted {row.posted_units}, {row.state}"
    return finding("hold-wrong", name, expected=expected, found=found)


def _state(row: Row) -> str:
    if row.expired:
        return "expired"
    if row.made_units - row.voided == row.posted:
        return "posted" if row.posted else "voided"
    return "open or posted" if row.posted else "open"


def _hold_gone(row: Row) -> Finding:
    name = f"transfers {row.seq} {row.id}"
    return finding("hold-missing", name, expected=f"the hold {row.hold_id}", found="none")


def _chain(row: Row) -> Finding:
    name = f"chain {row.chain_id} from transfers {row.seq}"
    return finding("chain-broken", name, expected=f"{row.size} transfers", found=row.found)


def _reversal(row: Row) -> Finding:
    expected = f"at most what {row.reverses} moved, the other way round"
    found = "no such transfer" if row.original_units is None else f"{row.reversed_units} in all"
    name = f"transfers {row.seq} {row.id}"
    return finding("reversal-wrong", name, expected=expected, found=found)


def _asset(row: Row) -> Finding:
    found = f"{row.amount_units} {row.asset} from {row.debit_asset} to {row.credit_asset}"
    name = f"transfers {row.seq} {row.id}"
    expected = "an amount above 0 between two accounts of its asset"
    return finding("transfer-wrong", name, expected=expected, found=found)


def _day(row: Row) -> Finding:
    closed_at = format_instant(from_micros(row.closed_at))
    at = format_instant(from_micros(row.at))
    expected = f"nothing for {row.day} after {closed_at}"
    return finding("day-closed", f"transfers {row.seq} {row.id}", expected=expected, found=at)


def _settlement(row: Row) -> Finding:
    expected = f"transfers of {Money(row.amount_units, CNY)} to its member"
    found = Money(row.moved_units, CNY)
    return finding("settlement-wrong", f"settlements {row.id}", expected=expected, found=found)


_CHECKS: dict[str, Callable[[Row], Finding]] = {
    "verify_holds": _hold,
    "verify_holds_gone": _hold_gone,
    "verify_chains": _chain,
    "verify_reversals": _reversal,
    "verify_assets": _asset,
    "verify_days": _day,
    "verify_settlement_sums": _settlement,
}
