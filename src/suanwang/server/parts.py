"""What every request and loop of one server process shares."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from suanwang.basics.ids import ENTROPY_BYTES, AnyId
from suanwang.basics.slots import Instant
from suanwang.flows.act import Act, Actor
from suanwang.flows.timing import Timing
from suanwang.ledger.disputes import Overdue
from suanwang.server.blobs import BlobFiles
from suanwang.server.hints import Bell, Hints
from suanwang.server.http.keys import KeyRing
from suanwang.server.http.rates import RateLimiter
from suanwang.server.log_key import LogKey
from suanwang.server.metrics import Metrics
from suanwang.server.sealing import KEY_FILE, SecretBox
from suanwang.server.settings import Settings
from suanwang.store.database import Store

LOCK_LEASES = 4  # a minute, by default, for work outside a transaction that takes milliseconds


def utc_now() -> Instant:
    """Read the clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Parts:
    """One server's parts. The clock may be replaced in tests."""

    settings: Settings
    store: Store
    clock: Callable[[], Instant] = utc_now
    hints: Hints = field(default_factory=Hints)
    metrics: Metrics = field(default_factory=Metrics)
    published: Bell = field(default_factory=Bell)  # rung when events have got their numbers
    placed: Bell = field(default_factory=Bell)  # rung when agents may find work
    timing: Timing = field(init=False)
    keys: KeyRing = field(init=False)
    rates: RateLimiter = field(init=False)
    blobs: BlobFiles = field(init=False)
    secret_box: SecretBox = field(init=False)
    log_key: LogKey = field(init=False)
    under_way: set[tuple[str, str]] = field(default_factory=set)
    in_hand: int = 0  # requests being answered now
    stopping: bool = False

    def __post_init__(self) -> None:
        self.timing = timing_of(self.settings)
        self.keys = KeyRing(self.store)
        self.rates = RateLimiter(self.settings.rate_limit_per_second)
        self.blobs = BlobFiles(self.settings.blobs_dir, self.settings.blob_bytes_max)
        self.secret_box = SecretBox(self.settings.data_dir / KEY_FILE)
        self.log_key = LogKey(self.settings.data_dir, self.settings.name)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Do not count a request as in hand while it only waits for something to happen."""
        self.in_hand -= 1
        try:
            yield
        finally:
            self.in_hand += 1

    def act(self, key: Actor | None = None) -> Act:
        """Return this moment, acted in by `key` or (None) by the exchange itself."""
        return Act(self.clock(), make_id, key)

    def take_rate(self, key_id: str) -> None:
        """Count one request of a key. Raises Limited."""
        self.rates.take(key_id, now=time.monotonic())


def timing_of(settings: Settings) -> Timing:
    """Return the durations that flows go by."""
    every = settings.settle_seconds
    return Timing(
        heartbeat=timedelta(seconds=settings.heartbeat_seconds),
        lease=timedelta(seconds=settings.lease_seconds),
        quote_ttl=timedelta(seconds=settings.quote_ttl_seconds),
        round_every=timedelta(seconds=settings.round_every_seconds),
        # Who was silent for so long holds nothing back: other servers take its work over.
        lock=LOCK_LEASES * timedelta(seconds=settings.lease_seconds),
        settle_every=None if every is None else timedelta(seconds=every),
        cycle=settings.cycle,
        close_after=timedelta(days=settings.books_close_days),
        dispute_window=timedelta(days=settings.dispute_window_days),
        dispute_answer_days=settings.dispute_answer_bank_days,
        dispute_ruling_days=settings.dispute_ruling_bank_days,
        dispute_overdue=Overdue(settings.dispute_overdue),
    )


def make_id(kind: type[AnyId]) -> AnyId:
    """Make a fresh id from the clock and the system's entropy."""
    return kind.make(datetime.now(UTC), os.urandom(ENTROPY_BYTES))
