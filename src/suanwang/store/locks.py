"""Lock-token pipelines: take rows, work outside any transaction, apply only if they are still ours.

    claim = Claim(token=…, now=…, until=…)
    rows = fetch(tx, "deliveries_lock", claim, limit=20)       short transaction
    outcome = …                                                no transaction, until `until`
    guarded(tx, "delivery_save", claim, id=…, …)               False: somebody else has it, discard

Each pipeline has its own queries, all of one shape: the fetching one sets lock_token and lock_until
on rows whose lock is free or over, and returns them; the applying and unlocking ones say
`AND lock_token = :lock_token`. A crash needs no cleaning up: the lock runs out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suanwang.basics.slots import Instant, to_micros
from suanwang.store.tx import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One worker's claim on the rows it fetches. `token` must be fresh and unguessable."""

    token: str
    now: Instant
    until: Instant


def fetch(tx: Tx, query: str, claim: Claim, *, limit: int, **params: Any) -> list[Row]:  # noqa: ANN401
    """Lock up to `limit` due rows; in no order, since an UPDATE returns them in none."""
    return tx.all(
        query,
        lock_token=claim.token,
        lock_until=to_micros(claim.until),
        now=to_micros(claim.now),
        limit=limit,
        **params,
    )


def guarded(tx: Tx, query: str, claim: Claim, **params: Any) -> bool:  # noqa: ANN401
    """Apply to one row if the claim still holds it; False: it is stale, discard the outcome."""
    changed = tx.do(query, lock_token=claim.token, **params)
    assert changed in (0, 1), f"{query} changed {changed} rows, expected one"
    return changed == 1
