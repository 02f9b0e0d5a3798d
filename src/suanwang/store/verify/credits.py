"""Disputes against the holds that they opened, credit notes against what paid them."""

from __future__ import annotations

from collections.abc import Iterator

from suanwang.basics.money import CNY, Money
from suanwang.store.tx import Row, Tx
from suanwang.store.verify.finding import FINDINGS_MAX, Finding, finding


def check_credits(tx: Tx) -> Iterator[Finding]:
    """Check what disputes froze, what credit notes paid, and that no number is missing."""
    yield from map(_freeze, tx.all("verify_freezes", limit=FINDINGS_MAX))
    yield from map(_stray, tx.all("verify_freezes_stray", limit=FINDINGS_MAX))
    yield from map(_note, tx.all("verify_credit_notes_paid", limit=FINDINGS_MAX))
    yield from map(_too_much, tx.all("verify_bills_credited", limit=FINDINGS_MAX))
    for row in tx.all("verify_document_numbers", limit=FINDINGS_MAX):
        name = f"{row.documents} {row.series}"
        expected = f"numbers 1 to {row.last}"
        yield finding("number-missing", name, expected=expected, found=f"{row.found} of them")


def _freeze(row: Row) -> Finding:
    name = f"freezes {row.id} of {row.dispute_id}"
    expected = f"{row.state}, {_yuan(row.units)} of {row.account_id}, the dispute {row.wanted}"
    left = "no hold" if row.hold_state is None else f"a hold {row.hold_state}, {_yuan(row.left)}"
    found = f"{left} of {row.debit_id}, the dispute {row.dispute_state}"
    return finding("freeze-wrong", name, expected=expected, found=found)


def _stray(row: Row) -> Finding:
    name = f"transfers {row.seq} {row.id}"
    return finding("freeze-wrong", name, expected=f"a freeze of {row.chain_id}", found="none")


def _note(row: Row) -> Finding:
    name = f"credit_notes {row.id}"
    found = _yuan(row.paid)
    return finding("credit-unpaid", name, expected=_yuan(row.total_units), found=found)


def _too_much(row: Row) -> Finding:
    name = f"bills {row.id}"
    expected = f"at most {_yuan(row.total_units)} credited"
    return finding("credit-too-large", name, expected=expected, found=_yuan(row.credited))


def _yuan(units: int | None) -> str:
    return str(Money(units or 0, CNY))
