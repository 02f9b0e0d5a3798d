"""Work that takes longer than a transaction should: lock, work outside, guarded apply.

    fetch   jobs.lock_token = fresh, lock_until = now + 60 s        short transaction
    work    plan, clear, …                                          no transaction, any process
    apply   only jobs that still carry the token                    short transaction

A crash lets the lock run out; whoever changes a job meanwhile clears its lock, and then what was
worked out for it is discarded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from suanwang.basics.ids import Id
from suanwang.basics.slots import to_micros
from suanwang.flows.act import Act
from suanwang.flows.timing import Timing
from suanwang.store.tx import Tx


class LockToken(Id):
    """One piece of work outside a transaction."""

    prefix = "lck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Something the server does again and again in one transaction.

    `step` returns how many it did; as many as `batch` means that there may be more at once.
    """

    name: str
    every: Callable[[Timing], timedelta]
    step: Callable[..., int]  # (tx, *, act, timing)
    batch: int
    leader_only: bool = False
    # After a start of its own, a server lets one lease's time pass first: the silence was its own.
    listens_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Something the server does again and again, with work outside between two transactions.

    `fetch` returns None when there is nothing to do; `work` is pure and its argument and result
    can be pickled; `apply` returns how many it did.
    """

    name: str
    every: Callable[[Timing], timedelta]
    fetch: Callable[..., Any]  # (tx, *, act, timing) → a batch, or None
    work: Callable[[Any], Any]
    apply: Callable[..., int]  # (tx, result, *, act, timing)
    batch: int
    leader_only: bool = False


def lock_params(token: LockToken, act: Act, timing: Timing, *, limit: int) -> dict[str, Any]:
    """Return what the `jobs_lock_to_…` queries ask for."""
    return {
        "lock_token": token,
        "lock_until": to_micros(act.now + timing.lock),
        "now": to_micros(act.now),
        "limit": limit,
    }


def run_once(
    run: Callable[[Callable[[Tx], Any]], Any], loop: Loop | Pipeline, *, act: Act, timing: Timing
) -> int:
    """Do one turn in this thread, by `store.run_now`; for tests and commands."""
    if isinstance(loop, Loop):
        return int(run(lambda tx: loop.step(tx, act=act, timing=timing)))
    batch = run(lambda tx: loop.fetch(tx, act=act, timing=timing))
    if batch is None:
        return 0
    result = loop.work(batch)
    return int(run(lambda tx: loop.apply(tx, result, act=act, timing=timing)))
