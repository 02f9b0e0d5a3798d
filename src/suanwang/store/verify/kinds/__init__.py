"""Every kind of evidence that rows of an ordinary table repeat; a part of the house a file.

To have a new kind checked: write `KINDS` in a file here, as `kind.py` shows, add it below, and a
query of its rows to `store/sql/`. A kind that no row repeats is in ALONE, with who checks it.
"""

from __future__ import annotations

from suanwang.store.verify.kinds import (
    bank,
    budgets,
    contracts,
    days,
    disputes,
    jobs,
    members,
    vouchers,
)
from suanwang.store.verify.kinds.kind import Kind

KINDS: tuple[Kind, ...] = (
    *members.KINDS,
    *jobs.KINDS,
    *vouchers.KINDS,
    *budgets.KINDS,
    *days.KINDS,
    *bank.KINDS,
    *contracts.KINDS,
    *disputes.KINDS,
)

#: Kinds that no row repeats, or that are compared elsewhere, and where.
ALONE = {
    "commission": "the split of a bill, held against it by bundles and exports",
    "erasure": "what it names is blank and no other, by store/verify/leaves.py",
    "credit_limit": "the floors of accounts, by store/verify/books.py",
    "statement": "drawn up again from the entries, by store/verify/books.py",
    "reconciliation": "a report of its moment; the next one is drawn up from the rows",
    "broker_price": "what a bill's lines were sold at, by ledger/log/dealing.py",
    "list_price": "what a bill's lines were sold at, by ledger/log/listed.py",
    "closing": "drawn up again from the statements, by store/verify/books.py",
}
