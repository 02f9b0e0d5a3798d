"""Check the ledger: does everything add up, from the transfers themselves."""

from __future__ import annotations

from suanwang.flows.act import Act, Role, must_be
from suanwang.ledger.check import LedgerCheck
from suanwang.store import ledger
from suanwang.store.tx import Tx


def check_ledger(tx: Tx, *, act: Act | None = None) -> LedgerCheck:
    """Check every account and asset; without a key it is the exchange itself that looks."""
    if act is not None and act.key is not None:
        must_be(act, Role.OPERATOR, Role.AUDITOR)
    return ledger.check(tx)
