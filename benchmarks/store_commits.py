"""How many flows a second the store acknowledges durably, from 32 concurrent asyncio clients.

    python benchmarks/store_commits.py [--seconds 5] [--clients 32] [--databases sqlite,postgresql]

Each flow is one transaction that inserts one row, answered after its fsync: SQLite in WAL with
synchronous=FULL, PostgreSQL with fsync and synchronous_commit on. `ledger` posts one transfer
between two accounts (of 32 pairs), which is six statements. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.builders import NOW, Ids, a_member, an_exchange  # noqa: E402
from tests.postgres_server import DURABLE_SETTINGS, start  # noqa: E402

from suanwang.basics.ids import TransferId  # noqa: E402
from suanwang.basics.money import Money  # noqa: E402
from suanwang.ledger.transfers import move  # noqa: E402
from suanwang.store import ledger  # noqa: E402
from suanwang.store.database import Store  # noqa: E402
from suanwang.store.tx import Tx  # noqa: E402

Flow = Callable[[Tx], Any]


@contextmanager
def a_store(database: str, folder: Path) -> Iterator[Store]:
    """Open a durable, empty store."""
    server = start(DURABLE_SETTINGS, parent=folder) if database == "postgresql" else None
    store = Store.open(server.url("postgres") if server else f"sqlite:///{folder}/store.db")
    try:
        store.migrate()
        yield store
    finally:
        store.close()
        if server:
            server.stop()


def one_row(n: int) -> Flow:
    """Return a flow that inserts one row."""

    def work(tx: Tx) -> None:
        tx.do("organisation_add", id=f"o{n}", name="n", kind="member", state="open", created_at=n)

    return work


def one_transfer(store: Store, clients: int) -> Callable[[int], Flow]:
    """Return a maker of flows that post one transfer each, on a pair of accounts per client."""
    ids = Ids()
    bank = store.run_now(lambda tx: an_exchange(tx, ids)).accounts[-1].id
    members = [store.run_now(lambda tx: a_member(tx, ids)) for _ in range(clients)]
    pairs = [(m.accounts[0].id, m.accounts[1].id) for m in members]
    for available, _ in pairs:
        paid = move(ids(TransferId), Money(10**9), debit=bank, credit=available, at=NOW)
        store.run_now(lambda tx, paid=paid: ledger.post(tx, [paid]))

    def make(n: int) -> Flow:
        debit, credit = pairs[n % clients]
        transfer = move(ids(TransferId), Money(1), debit=debit, credit=credit, at=NOW)
        return lambda tx: ledger.post(tx, [transfer])

    return make


async def measure(store: Store, make: Callable[[int], Flow], args: argparse.Namespace) -> dict:
    """Run flows from closed-loop clients and return the rate and latencies."""
    waits: list[float] = []
    until = time.perf_counter() + args.seconds
    numbers = iter(range(10**9))

    async def client() -> None:
        while (begun := time.perf_counter()) < until:
            await store.run(make(next(numbers)))
            waits.append(time.perf_counter() - begun)

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client() for _ in range(args.clients)))
    seconds = time.perf_counter() - begun
    cuts = statistics.quantiles(waits, n=100)
    return {
        "flows_per_second": round(len(waits) / seconds),
        "p50_ms": round(cuts[49] * 1000, 2),
        "p95_ms": round(cuts[94] * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
        "cpu_us_per_flow": round((time.process_time() - cpu) / len(waits) * 1e6),
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


def main() -> None:
    """Measure both databases and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--parent", type=Path, default=None, help="where the databases lie")
    args = parser.parse_args()
    found: dict[str, Any] = {"cpus": os.cpu_count(), "load": os.getloadavg()[0]}
    for database in args.databases.split(","):
        folder = Path(tempfile.mkdtemp(prefix="bench", dir=args.parent))
        folder.chmod(0o755)
        found["fsync_ms"] = fsync_ms(folder)
        with a_store(database, folder) as store:
            found[f"{database} one row"] = asyncio.run(measure(store, one_row, args))
            make = one_transfer(store, args.clients)
            found[f"{database} ledger"] = asyncio.run(measure(store, make, args))
            assert store.read_now(ledger.check).balanced, "the ledger does not add up"
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
