"""All checks of a database in one go, on one snapshot; the first finding is the first cause."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice

from suanwang.store import log
from suanwang.store.tx import Tx
from suanwang.store.verify.bank import check_bank
from suanwang.store.verify.books import check_books
from suanwang.store.verify.credits import check_credits
from suanwang.store.verify.finding import FINDINGS_MAX, Finding, Verification, finding
from suanwang.store.verify.heads import check_heads, check_tiles
from suanwang.store.verify.invoices import check_invoices
from suanwang.store.verify.leaves import check_leaves
from suanwang.store.verify.mirrors import check_mirrors
from suanwang.store.verify.records import check_records
from suanwang.store.verify.rows import check_rows


def verify(tx: Tx, *, key: str | None = None) -> Verification:
    """Check everything but the sums, which `ledger.check` adds up.

    `key` is the exchange's verifier key; without it the heads' signatures are not looked at.
    Raises NoteWrong for a key that is none.
    """
    findings = tuple(islice(_all(tx, key), FINDINGS_MAX))
    pending = tx.one(
        "verify_pending", **{source: log.last_seq(tx, source) for source in log.SOURCES}
    )
    return Verification(
        leaves=log.size(tx),
        pending=pending.transfers + pending.evidence,
        heads=pending.heads,
        signatures_checked=key is not None,
        findings=findings,
    )


def _all(tx: Tx, key: str | None) -> Iterator[Finding]:
    checks: dict[str, Callable[[Tx], Iterator[Finding]]] = {
        "the leaves": check_leaves,
        "the tiles": check_tiles,
        "the heads": lambda tx: check_heads(tx, key),
        "the transfers": check_rows,
        "the budgets": check_mirrors,
        "the records": check_records,
        "the credits": check_credits,
        "the invoices": check_invoices,
        "the bank": check_bank,
        "the books": check_books,
    }
    for name, check in checks.items():
        try:
            yield from check(tx)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            # A value that the database itself cannot give back as what its column holds.
            yield finding("row-unreadable", name, expected="rows that can be read", found=error)
