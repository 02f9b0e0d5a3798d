"""A day's settlement to measure with: bills of three moves in a chain each, over many members."""

from __future__ import annotations

import os
import platform
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.builders import NOW, Ids, a_member, an_exchange  # noqa: E402
from tests.postgres_server import DURABLE_SETTINGS, PostgresServer, start  # noqa: E402

from suanwang.basics.ids import AccountId, TransferId  # noqa: E402
from suanwang.basics.money import CNY  # noqa: E402
from suanwang.ledger.batch import Moves  # noqa: E402
from suanwang.store.bulk import post_many  # noqa: E402
from suanwang.store.database import Store  # noqa: E402

MOVES_A_BILL = 3  # to the centre, to the exchange, to the tax account
UNITS_MAX = 1_000_000
DAY = date(2026, 11, 23)


class Settlement:
    """Makes batches of moves between members who have paid in enough; the same seed, the same."""

    def __init__(self, store: Store, *, members: int, day_units: int = 10**14) -> None:
        self.ids, self.dice = Ids(), random.Random(4)
        exchange = store.run_now(lambda tx: an_exchange(tx, self.ids))
        by_name = {account.name: account.id for account in exchange.accounts}
        self.fees, self.tax = by_name["fees"], by_name["tax"]
        opened = [store.run_now(lambda tx: a_member(tx, self.ids)) for _ in range(members)]
        self.buyers = [each.accounts[0].id for each in opened]
        self.centres = [each.accounts[1].id for each in opened]
        count = len(self.buyers)
        paid_in = Moves(
            asset=CNY,
            at=NOW,
            ids=[self.ids(TransferId) for _ in self.buyers],
            debits=[by_name["bank"]] * count,
            credits=self.buyers,
            units=[day_units] * count,
        )
        store.run_now(lambda tx: post_many(tx, paid_in))
        self.bills = 0

    def batch(self, bills: int) -> Moves:
        """Return the moves of so many bills, ids in the order they were made, as ULIDs are."""
        first, self.bills = self.bills, self.bills + bills
        numbers = range(first, first + bills)
        payees: list[AccountId] = []
        payers: list[AccountId] = []
        units: list[int] = []
        for _ in numbers:
            payees += (self.dice.choice(self.centres), self.fees, self.tax)
            payers += [self.dice.choice(self.buyers)] * MOVES_A_BILL
            total = self.dice.randrange(100, UNITS_MAX)
            units += (total, total // 50 + 1, total // 16 + 1)
        threes = range(1, MOVES_A_BILL + 1)
        return Moves(
            asset=CNY,
            at=NOW,
            day=DAY,
            ids=[TransferId(f"trf_01JD{n * 4 + k:022d}") for n in numbers for k in threes],
            debits=payers,
            credits=payees,
            units=units,
            group_ids=[f"job_01JC{n * 7919:022d}" for n in numbers for _ in threes],
            chain_ids=[f"bil_01JD{n:022d}" for n in numbers for _ in threes],
            chain_places=[k for _ in numbers for k in threes],
            chain_sizes=[MOVES_A_BILL] * (bills * MOVES_A_BILL),
        )


@contextmanager
def a_server(folder: Path, *settings: str) -> Iterator[PostgresServer]:
    """Run a durable PostgreSQL with the memory that an installation would give it."""
    server = start((*DURABLE_SETTINGS, "max_wal_size=4GB", *settings), parent=folder)
    try:
        yield server
    finally:
        server.stop()


def a_store(url: str) -> Store:
    """Open a database with all of today's tables, whether or not a migration makes them yet."""
    from sqlalchemy import create_engine  # noqa: PLC0415

    from suanwang.store.tables import METADATA  # noqa: PLC0415

    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    METADATA.create_all(engine)
    engine.dispose()
    return Store.open(url)


def machine(folder: Path) -> dict[str, Any]:
    """Say where the figures come from."""
    begun = time.perf_counter()
    digest = bytes(64)
    for _ in range(200_000):
        digest = sha256(digest).digest() * 2
    sha_us = (time.perf_counter() - begun) * 5
    return {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "fsync_ms": fsync_ms(folder),
        "sha256_of_64_bytes_us": round(sha_us, 2),
    }


def fsync_ms(folder: Path) -> float:
    """Return what one fsync of one page costs here."""
    with (folder / "fsync").open("wb") as file:
        begun = time.perf_counter()
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        return round((time.perf_counter() - begun) / 50 * 1000, 2)
