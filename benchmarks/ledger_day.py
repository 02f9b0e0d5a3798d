"""A day of ten million transfers: posted, balanced and proven.

    python benchmarks/ledger_day.py [--moves 10000000] [--database sqlite] [--parent DIR] > …

    this process    columns ──post_many──▶ transfers, accounts          one commit a batch
    prover          transfers in order of seq ──▶ leaves, tiles, sums   a commit for each 65,536

The prover reads what was committed, hashes each row's record with a new salt, appends to the log's
tiles and adds up what went in and out of every account. At the end the sums must be the balances
that stand in the accounts, for every asset they must add up to zero, and the head is signed. The
clock runs from the first batch to the signed head. Making up the batches is in it too. `--lean`
drops the foreign keys of `transfers`; `--late` all its indexes but the keys, and builds them again
at the end, within the clock. Prints JSON.
"""

# ruff: noqa: S608 - names of columns and marks of parameters are put into SQL, never values

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import secrets
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import Any

from ledger_rows import MOVES_A_BILL, Settlement, a_server, a_store, machine
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex, DropIndex

from suanwang.ledger.log.hashing import SALT_BYTES
from suanwang.ledger.log.leaves import TRANSFER_COLUMNS, transfer_leaves
from suanwang.ledger.log.notes import Checkpoint, Signer, sign_checkpoint
from suanwang.ledger.log.tiles import grow, root_at
from suanwang.store.bulk import post_many
from suanwang.store.postgresql import connect as connect_postgresql
from suanwang.store.sqlite import connect as connect_sqlite
from suanwang.store.tables.money import transfers as table

CHUNK = 65_536  # rows: 256 tiles of leaves, one of the level above
PAUSE_SECONDS = 0.02
_SEQ, _KIND = TRANSFER_COLUMNS.index("seq"), TRANSFER_COLUMNS.index("kind")
_PARTIES = itemgetter(*map(TRANSFER_COLUMNS.index, ("debit_id", "credit_id", "amount_units")))
_COLUMNS = ", ".join(TRANSFER_COLUMNS)


class Log:
    """Reads committed transfers, and writes their salts and tiles."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.connection: Any
        if self.is_sqlite:
            self.connection = connect_sqlite(parsed, writes=True)
            self.connection.execute("PRAGMA busy_timeout = 60000")
        else:
            self.connection = connect_postgresql(parsed)
        self.mark = "?" if self.is_sqlite else "%s"
        self.size, self.last_seq = 0, 0
        self.last: dict[tuple[int, int], bytes] = {}
        self.sums: Counter[str] = Counter()

    def rows(self) -> Sequence[Sequence[Any]]:
        """Return the next rows, up to a chunk."""
        query = (
            f"SELECT {_COLUMNS} FROM transfers WHERE seq > {self.mark} ORDER BY seq LIMIT {CHUNK}"
        )
        cursor = self.connection.cursor()
        cursor.execute(query, (self.last_seq,))
        return cursor.fetchall()

    def extend(self, rows: Sequence[Sequence[Any]]) -> None:
        """Append rows to the log, durably, and add up what they move."""
        salts = secrets.token_bytes(SALT_BYTES * len(rows))
        changed = grow(self.size, transfer_leaves(salts, rows), lambda *at: self.last[at])
        sums = self.sums
        for debit, credit, units in map(_PARTIES, rows):
            sums[debit] -= units
            sums[credit] += units
        assert {row[_KIND] for row in rows} == {"posted"}, "moves only"
        self._save(rows, salts, changed)
        self.last = {at: tile for at, tile in (self.last | changed).items() if len(tile) < 8192}
        self.size += len(rows)
        self.last_seq = rows[-1][_SEQ]

    def _save(
        self, rows: Sequence[Sequence[Any]], salts: bytes, tiles: dict[tuple[int, int], bytes]
    ) -> None:
        mark, cursor = self.mark, self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
        segment = (self.size, len(rows), "transfers", rows[0][_SEQ], rows[-1][_SEQ], salts)
        cursor.execute(
            "INSERT INTO log_segments (first_leaf, leaves, source, first_seq, last_seq, salts)"
            f" VALUES ({', '.join([mark] * 6)})",
            segment,
        )
        cursor.executemany(
            f"INSERT INTO log_tiles (level, number, hashes) VALUES ({', '.join([mark] * 3)})"
            " ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes",
            [(*at, tile) for at, tile in tiles.items()],
        )
        cursor.execute("COMMIT")

    def tile(self, level: int, number: int) -> bytes:
        """Read a tile back from the database."""
        cursor, mark = self.connection.cursor(), self.mark
        query = f"SELECT hashes FROM log_tiles WHERE level = {mark} AND number = {mark}"
        cursor.execute(query, (level, number))
        return bytes(cursor.fetchall()[0][0])

    def check_balances(self) -> int:
        """Compare every account with the sum of its transfers; return how many there are."""
        cursor = self.connection.cursor()
        cursor.execute("SELECT id, asset, balance_units, held_units, floor_units FROM accounts")
        by_asset: Counter[str] = Counter()
        accounts = cursor.fetchall()
        for id_, asset, balance, held, floor in accounts:
            assert balance == self.sums[id_], f"{id_} has {balance}, not {self.sums[id_]}"
            assert floor is None or balance - held >= floor, f"account {id_} is below its floor"
            by_asset[asset] += balance
        assert not any(by_asset.values()), "an asset does not add up to zero"
        return len(accounts)

    def sign(self, signer: Signer) -> str:
        """Sign the head over all tiles as they stand in the database; return its root."""
        root = root_at(self.size, self.tile)
        head = Checkpoint(origin=signer.name, size=self.size, root=root)
        cursor = self.connection.cursor()
        cursor.execute(
            f"INSERT INTO log_heads (size, at, note) VALUES ({', '.join([self.mark] * 3)})",
            (self.size, time.time_ns() // 1000, sign_checkpoint(head, signer)),
        )
        return root.hex()


def prove(url: str, pipe: Any) -> None:  # noqa: ANN401 - a Connection
    """Follow the posting until everything is in the log; send what it took."""
    log = Log(url)
    waited = 0.0
    posted_all = False
    while True:
        rows = log.rows()
        if len(rows) == CHUNK or (posted_all and rows):
            log.extend(rows)
        elif posted_all:
            break
        else:
            begun = time.perf_counter()
            posted_all = pipe.poll(PAUSE_SECONDS)
            waited += time.perf_counter() - begun
    cpu = time.process_time()
    accounts = log.check_balances()
    root = log.sign(Signer(name="example.org/log", private=secrets.token_bytes(32)))
    pipe.send(
        {
            "root": root,
            "leaves": log.size,
            "accounts": accounts,
            "cpu_seconds": round(time.process_time(), 1),
            "check_and_sign_cpu_seconds": round(time.process_time() - cpu, 2),
            "waited_seconds": round(waited, 1),
            "rss_mib": rss_mib(),
        }
    )


def rss_mib() -> int:
    """Return the most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def late_indexes(url: str) -> Callable[[], float]:
    """Drop the indexes of transfers but its keys; return what builds them again."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    indexes = [each for each in table.indexes if not each.unique]
    with engine.begin() as connection:
        for each in indexes:
            connection.execute(DropIndex(each))

    def build() -> float:
        begun = time.perf_counter()
        for each in indexes:
            with engine.begin() as connection:
                connection.execute(CreateIndex(each))
        engine.dispose()
        return round(time.perf_counter() - begun, 1)

    return build


def measure(folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Run the day."""
    if args.lean:
        for key in list(table.foreign_key_constraints):
            table.constraints.discard(key)
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/day.db"
        if args.database == "postgresql":
            server = stack.enter_context(a_server(folder, "shared_buffers=768MB"))
            url = server.make_database("day")
        store = a_store(url)
        stack.callback(store.close)
        settlement = Settlement(store, members=args.members)
        build = late_indexes(url) if args.late else lambda: 0.0
        if args.cache_mib and args.database == "sqlite":
            store.run_now(lambda tx: tx.script([f"PRAGMA cache_size = -{args.cache_mib * 1024}"]))
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        prover = multiprocessing.get_context("spawn").Process(
            target=prove, args=(url, theirs), daemon=True
        )
        prover.start()
        begun, cpu, made_up, posting = time.perf_counter(), time.process_time(), 0.0, 0.0
        left = args.moves // MOVES_A_BILL
        while left:
            since = time.perf_counter()
            moves = settlement.batch(min(args.bills, left))
            made_up += time.perf_counter() - since
            since = time.perf_counter()
            assert store.run_now(lambda tx, m=moves: post_many(tx, m)) == len(moves)
            posting += time.perf_counter() - since
            left -= min(args.bills, left)
        posted = time.perf_counter() - begun
        ours.send("posted")
        indexes = build()
        proven = ours.recv()
        total = time.perf_counter() - begun
        prover.join()
        size = (folder / "day.db").stat().st_size if args.database == "sqlite" else None
    return {
        "moves": args.moves,
        "seconds": round(total, 1),
        "moves_a_second": round(args.moves / total),
        "posted_after_seconds": round(posted, 1),
        "posting_seconds": round(posting, 1),
        "making_up_batches_seconds": round(made_up, 1),
        "indexes_seconds": indexes,
        "poster": {"cpu_seconds": round(time.process_time() - cpu, 1), "rss_mib": rss_mib()},
        "prover": proven,
        "file_mib": size and size >> 20,
    }


def main() -> None:
    """Measure and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=10_000_000)
    parser.add_argument("--bills", type=int, default=20_000, help="in a batch, three moves each")
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--database", default="sqlite", choices=["sqlite", "postgresql"])
    parser.add_argument("--lean", action="store_true")
    parser.add_argument("--late", action="store_true")
    parser.add_argument("--cache-mib", type=int, default=0)
    parser.add_argument("--parent", type=Path, default=None, help="a folder on a real disk")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench", dir=args.parent))
    folder.chmod(0o755)
    try:
        found = measure(folder, args)
        found |= {
            "database": args.database,
            "lean": args.lean,
            "late": args.late,
            "cache_mib": args.cache_mib,
            "machine": machine(folder),
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
