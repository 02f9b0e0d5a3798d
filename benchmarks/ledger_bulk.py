"""Posted transfers a second, durable, in batches, beside what the database itself does.

    python benchmarks/ledger_bulk.py [--bills 10000] [--batches 20] [--parent DIR] > …

Two databases of one kind with the same tables stand side by side. Each batch goes to both, in turn
and in changing order: as rows that lie ready, by COPY or executemany, with one commit and nothing
else; and through `post_many`, which is given columns, decides on floors, chains, members and closed
days, hashes what was asked for, writes the rows and the accounts. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ledger_rows import MOVES_A_BILL, Settlement, a_server, a_store, machine

from suanwang.ledger.batch import Moves, fingerprints
from suanwang.store import ledger
from suanwang.store.bulk import _columns, post_many
from suanwang.store.database import Store
from suanwang.store.filling import _as_texts, _told
from suanwang.store.postgresql import connect as connect_postgresql
from suanwang.store.sqlite import connect as connect_sqlite


def by_copy(store: Store) -> Callable[[Moves], Callable[[], None]]:
    """Return a maker of what PostgreSQL is given: the text of COPY, ready."""
    connection = connect_postgresql(store.url)

    def ready(moves: Moves) -> Callable[[], None]:
        columns = _columns(moves, fingerprints(moves))
        rows = zip(*map(_as_texts, columns.values()), strict=False)
        data = "".join("\t".join(row) + "\n" for row in rows).encode()

        def work() -> None:
            query = f"COPY transfers ({', '.join(columns)}) FROM STDIN"
            with connection.transaction(), connection.cursor().copy(query) as copy:
                for start in range(0, len(data), 1 << 18):
                    copy.write(data[start : start + (1 << 18)])

        return work

    return ready


def by_executemany(store: Store) -> Callable[[Moves], Callable[[], None]]:
    """Return a maker of what SQLite is given: a prepared statement and rows, ready."""
    connection = connect_sqlite(store.url, writes=True)

    def ready(moves: Moves) -> Callable[[], None]:
        columns = _columns(moves, fingerprints(moves))
        rows = list(zip(*_told(columns), strict=False))
        marks = ", ".join("?" * len(columns))
        query = f"INSERT INTO transfers ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608

        def work() -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(query, rows)
            connection.execute("COMMIT")

        return work

    return ready


def seconds(work: Callable[[], Any]) -> float:
    """Return how long it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure(database: str, folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Give batches to both in turn and compare."""
    with ExitStack() as stack:
        if database == "postgresql":
            server = stack.enter_context(a_server(folder, "shared_buffers=512MB"))
            urls = [server.make_database(name) for name in ("ours", "raw")]
        else:
            urls = [f"sqlite:///{folder}/{name}.db" for name in ("ours", "raw")]
        ours, raw = [stack.enter_context(closing(a_store(url))) for url in urls]
        settlement = Settlement(ours, members=args.members)
        Settlement(raw, members=args.members)
        make = (by_copy if database == "postgresql" else by_executemany)(raw)
        times: dict[str, list[float]] = {"ours": [], "raw": []}
        for number in range(args.batches + 2):
            moves = settlement.batch(args.bills)
            works = {"ours": lambda m=moves: ours.run_now(lambda tx: post_many(tx, m))}
            works["raw"] = make(moves)
            for name in sorted(works, reverse=bool(number % 2)):
                times[name].append(seconds(works[name]))
        assert ours.read_now(ledger.check).balanced, "the ledger does not add up"
    return compared({name: each[2:] for name, each in times.items()}, args.bills * MOVES_A_BILL)


def compared(times: dict[str, list[float]], rows: int) -> dict[str, Any]:
    """Return rates and their ratio, over all batches and of the pairs."""
    pairs = sorted(raw / ours for raw, ours in zip(times["raw"], times["ours"], strict=True))
    return {
        "transfers_a_second": round(rows * len(pairs) / sum(times["ours"])),
        "database_alone": round(rows * len(pairs) / sum(times["raw"])),
        "ratio": round(sum(times["raw"]) / sum(times["ours"]), 3),
        "ratio_median_of_pairs": round(statistics.median(pairs), 3),
        "ratio_quartiles": [round(each, 3) for each in statistics.quantiles(pairs, n=4)],
    }


class closing:  # noqa: N801 - as contextlib's, which gives no value that types know
    """Close a store at the end."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __enter__(self) -> Store:
        return self.store

    def __exit__(self, *_: object) -> None:
        self.store.close()


def main() -> None:
    """Measure both databases and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bills", type=int, default=10_000, help="in a batch, three moves each")
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--members", type=int, default=1_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--parent", type=Path, default=None, help="a folder on a real disk")
    args = parser.parse_args()
    found: dict[str, Any] = {"moves_in_a_batch": args.bills * MOVES_A_BILL, "members": args.members}
    for database in args.databases.split(","):
        folder = Path(tempfile.mkdtemp(prefix="bench", dir=args.parent))
        folder.chmod(0o755)
        try:
            found[database] = measure(database, folder, args) | {"machine": machine(folder)}
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
