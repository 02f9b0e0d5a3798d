"""How long things may take. The server fills this from its settings; tests shorten it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from suanwang.ledger.disputes import Overdue
from suanwang.ledger.settlement import SettlementCycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Durations that flows and loops go by."""

    heartbeat: timedelta = timedelta(seconds=5)
    lease: timedelta = timedelta(seconds=15)  # three lost beats are a fault, two are weather
    quote_ttl: timedelta = timedelta(minutes=15)
    round_every: timedelta = timedelta(seconds=1)
    settle_every: timedelta | None = None  # also before the Beijing day is over; None: not
    cycle: SettlementCycle = field(default_factory=SettlementCycle)
    lock: timedelta = timedelta(seconds=60)  # work outside that takes longer is given up
    try_again: timedelta = timedelta(seconds=2)  # for a job that has no place now
    silence_wait: timedelta = timedelta(minutes=1)  # for a centre to speak before a job is rejected
    usage_wait: timedelta = timedelta(minutes=10)  # for a usage record after the job's return
    move_wait: timedelta = timedelta(hours=1)  # for another place after a centre's fault
    close_after: timedelta = timedelta(days=5)  # a month's books, after its end
    dispute_window: timedelta = timedelta(days=30)  # in which a bill can be disputed
    dispute_answer_days: int = 5  # bank days for the seller; then silence is consent
    dispute_ruling_days: int = 10  # bank days for an operator, after the seller's answer
    dispute_overdue: Overdue = Overdue.ESCALATE  # what happens when nobody ruled in time

    @property
    def silent_after(self) -> timedelta:
        """After how long without a word a centre counts as silent."""
        return self.lease
