"""Budgets against the job holds that they mirror: none missing, none extra, none different."""

from __future__ import annotations

from collections.abc import Iterator

from suanwang.store.tx import Row, Tx
from suanwang.store.verify.finding import FINDINGS_MAX, Finding, finding


def check_mirrors(tx: Tx) -> Iterator[Finding]:
    """Check every budget's holds."""
    yield from map(_missing, tx.all("verify_mirrors_missing", limit=FINDINGS_MAX))
    yield from map(_different, tx.all("verify_mirrors", limit=FINDINGS_MAX))
    yield from map(_extra, tx.all("verify_mirrors_extra", limit=FINDINGS_MAX))


def _missing(row: Row) -> Finding:
    name = f"budgets {row.budget_id} hold {row.hold_id}"
    return finding("mirror-missing", name, expected=f"a mirror, for {row.job_id}", found="none")


def _different(row: Row) -> Finding:
    name = f"budget_holds {row.id}"
    if row.hold_state is None or row.mirror_state is None or row.debit_id != row.account_id:
        expected = f"a hold on {row.budget_id} for {row.job_id}, of the hold {row.hold_id}"
        return finding("mirror-wrong", name, expected=expected, found="none")
    expected = f"{row.hold_state}, left {row.hold_left}, posted {row.hold_posted}"
    found = f"{row.mirror_state}, left {row.mirror_left}, posted {row.mirror_posted}"
    if expected == found:
        expected = f"a mirror of a hold of {row.job_id}, which {row.budget_id} covers"
        found = f"the hold {row.hold_id} of {row.group_id}"
    return finding("mirror-wrong", name, expected=expected, found=found)


def _extra(row: Row) -> Finding:
    expected = "a job's hold that it mirrors"
    return finding("mirror-extra", f"holds {row.id}", expected=expected, found="none")
