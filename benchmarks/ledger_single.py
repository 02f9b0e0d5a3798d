"""Single transfers with a check of the balance, beside pgbench's TPC-B-like transaction.

    python benchmarks/ledger_single.py [--seconds 10] [--rounds 3] [--clients 16] [--parent DIR]

One PostgreSQL, durable, takes all in turn. pgbench runs its built-in script (three updates, a
select, an insert) with as many clients, at a scale of as many branches as clients so that its
clients do not queue for one row. Ours post one move each, from as many threads, between a pair of
accounts for each client: load and lock, decide, insert, save, commit; each is answered, or refused,
alone and after the commit. `alone` is a transaction each, `gathered` shares transactions among
those who post at the same moment. `client_cpu_us` is what the clients' process costs. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from ledger_rows import NOW, Ids, Settlement, a_server, a_store, machine
from tests.postgres_server import PostgresServer, find_binaries, run_as

from suanwang.basics.ids import TransferId
from suanwang.basics.money import Money
from suanwang.ledger.transfers import Transfer, move
from suanwang.store import ledger
from suanwang.store.gathering import Gatherer

_TPS = re.compile(r"tps = ([\d.]+) \(without initial connection time\)")
Post: TypeAlias = Callable[[Sequence[Transfer]], list[Transfer]]
PROTOCOL = "prepared"  # the fastest that pgbench has


def pgbench(server: PostgresServer, *arguments: str) -> str:
    """Run pgbench against the server and return what it prints."""
    command = [find_binaries() / "pgbench", "-h", server.folder, "-U", "postgres", *arguments]
    done = subprocess.run(
        [*map(str, command), "bench"],
        cwd="/", capture_output=True, text=True, check=True, **run_as(),
    )  # fmt: skip
    return done.stdout


def tpcb_rate(server: PostgresServer, args: argparse.Namespace) -> float:
    """Return pgbench's transactions a second."""
    told = pgbench(
        server, "-c", str(args.clients), "-j", "2", "-T", str(args.seconds), "-M", PROTOCOL, "-n"
    )
    found = _TPS.search(told)
    assert found is not None, told
    return float(found[1])


def our_rate(
    post: Post, settlement: Settlement, args: argparse.Namespace, *, first: int
) -> tuple[float, float]:
    """Return our transfers a second, and the processor seconds of the clients for each."""
    until = time.perf_counter() + args.seconds
    counts = [0] * args.clients

    def client(number: int) -> None:
        ids = Ids(start=(first << 60) + (number << 40) + (1 << 70))
        debit, credit = settlement.buyers[number], settlement.centres[number]
        while time.perf_counter() < until:
            made = move(ids(TransferId), Money(1), debit=debit, credit=credit, at=NOW)
            assert len(post([made])) == 1
            counts[number] += 1

    threads = [threading.Thread(target=client, args=(n,)) for n in range(args.clients)]
    begun, cpu = time.perf_counter(), time.process_time()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    seconds = time.perf_counter() - begun
    return sum(counts) / seconds, (time.process_time() - cpu) / sum(counts)


def measure(folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Take turns and compare."""
    rounds: list[dict[str, float]] = []
    with a_server(folder, "shared_buffers=512MB") as server:
        server.make_database("bench")
        pgbench(server, "-i", "-q", "-s", str(args.clients))
        store = a_store(server.make_database("ours"))
        settlement = Settlement(store, members=args.clients)
        gatherer = Gatherer(store)
        ways: dict[str, Post] = {
            "alone": lambda asked: store.run_now(lambda tx: ledger.post(tx, asked)),
            "gathered": gatherer.post,
        }
        for number in range(args.rounds):
            found: dict[str, float] = {}
            turns = ["tpcb", *ways]
            for place, way in enumerate(turns if number % 2 else turns[::-1]):
                if way == "tpcb":
                    found[way] = tpcb_rate(server, args)
                    continue
                first = 1 + number * len(turns) + place
                found[way], found[f"{way} cpu"] = our_rate(ways[way], settlement, args, first=first)
            rounds.append(found)
        gatherer.close()
        assert store.read_now(ledger.check).balanced, "the ledger does not add up"
        store.close()
    return {"tpcb_like_a_second": [round(each["tpcb"]) for each in rounds]} | {
        way: {
            "transfers_a_second": [round(each[way]) for each in rounds],
            "ratios": [round(each[way] / each["tpcb"], 3) for each in rounds],
            "ratio_median": round(statistics.median(r[way] / r["tpcb"] for r in rounds), 3),
            "client_cpu_us": [round(each[f"{way} cpu"] * 1e6) for each in rounds],
        }
        for way in ways
    }


def main() -> None:
    """Measure and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--parent", type=Path, default=None, help="a folder on a real disk")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench", dir=args.parent))
    folder.chmod(0o755)
    try:
        found = measure(folder, args) | {"clients": args.clients, "protocol": PROTOCOL}
        found["machine"] = machine(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
