"""What proving costs: rows to leaves to a head, proofs out of tiles, and a bundle checked.

    python benchmarks/proofs.py [--leaves 1000000] [--rounds 3] > benchmarks/proofs.json

`verify` does what the check of a whole log does with rows that are in memory: writes each as its
record, hashes it with its salt, builds every tile, and compares the root with the head's. All
figures are processor seconds of one core, the least of the rounds (the first also loads what is
compiled); `floor` is what as many SHA-256 of `hashlib` over the same bytes cost alone, as the
machine is at that moment. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.ledger.log.bundles import LOG, ORIGIN, World  # noqa: E402

from suanwang.ledger.log.bundle import verify_bundle  # noqa: E402
from suanwang.ledger.log.hashing import SALT_BYTES  # noqa: E402
from suanwang.ledger.log.leaves import transfer_leaves, transfer_records  # noqa: E402
from suanwang.ledger.log.notes import (  # noqa: E402
    Checkpoint,
    open_checkpoint,
    sign_checkpoint,
)
from suanwang.ledger.log.tiles import (  # noqa: E402
    consistency_between,
    grow,
    inclusion_at,
    root_at,
)
from suanwang.ledger.log.tree import verify_consistency, verify_inclusion  # noqa: E402

BATCH = 8_192  # rows read at a time, as the log is extended
Tiles = dict[tuple[int, int], bytes]


def batches(leaves: int) -> Iterator[tuple[list[tuple[Any, ...]], bytes]]:
    """Yield rows as a job's bill writes them, columns as in TRANSFER_COLUMNS, and salts."""
    dice = random.Random(4)
    for start in range(0, leaves, BATCH):
        rows = [a_row(seq, dice) for seq in range(start, min(start + BATCH, leaves))]
        yield rows, dice.randbytes(SALT_BYTES * len(rows))


def a_row(seq: int, dice: random.Random) -> tuple[Any, ...]:
    """Make one row: of four, a hold and the three posts out of it in one chain."""

    def an_id(prefix: str, number: int) -> str:
        return f"{prefix}_01JB3ZK8Q4{number:016d}"

    job, place = divmod(seq, 4)
    post = place > 0
    memo = json.dumps({"what": "charge", "job_id": an_id("job", job), "job": f"train {job}"})
    return (
        dice.randrange(10**9), "CNY", 1_795_680_000_000_000 + seq,
        an_id("bil", job) if post else None, place if post else None, 3 if post else None,
        an_id("acc", dice.randrange(500)), None, an_id("acc", dice.randrange(500)), None,
        sha256(b"%d" % seq).hexdigest(), an_id("job", job), an_id("txf", seq),
        "post" if post else "pending", memo, an_id("txf", job * 4) if post else None, None, seq,
    )  # fmt: skip


def extended(tiles: Tiles, size: int, rows: list[tuple[Any, ...]], salts: bytes) -> None:
    """Do what is measured: records, leaves, tiles."""
    tiles |= grow(size, transfer_leaves(salts, rows), lambda *place: tiles[place])


def verify(leaves: int, head: str | None) -> tuple[float, float, Tiles, str]:
    """Verify a log against its head; return the seconds, the floor's, the tiles and the head."""
    tiles: Tiles = {}
    size, seconds, floor = 0, 0.0, 0.0
    for rows, salts in batches(leaves):
        began = time.process_time()
        extended(tiles, size, rows, salts)
        seconds += time.process_time() - began
        size += len(rows)
        floor += the_floor(rows)
    began = time.process_time()
    root = root_at(size, lambda *place: tiles[place])
    if head is not None:
        expected = open_checkpoint(head, LOG.verifier)
        assert (expected.size, expected.root) == (size, root), "the log is not that of the head"
    seconds += time.process_time() - began
    made = sign_checkpoint(Checkpoint(origin=ORIGIN, size=size, root=root), LOG)
    return seconds, floor, tiles, made


def the_floor(rows: list[tuple[Any, ...]]) -> float:
    """Return what the same hashes cost: one over each record, one of 33 and one of 65 bytes."""
    records = [bytes(SALT_BYTES) + each for each in transfer_records(rows[:1])] * len(rows)
    short, long = bytes(33), bytes(65)
    began = time.process_time()
    for record in records:
        sha256(record).digest()
        sha256(short).digest()
        sha256(long).digest()
    return time.process_time() - began


def milliseconds(times: int, work: Callable[[], object]) -> dict[str, float]:
    """Return the median and the worst but one in a hundred, in processor milliseconds."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append((time.process_time() - began) * 1000)
    return {
        "median_ms": round(statistics.median(taken), 3),
        "p99_ms": round(sorted(taken)[int(times * 0.99)], 3),
    }


def proofs(tiles: Tiles, leaves: int, head: str) -> dict[str, Any]:
    """Time proofs out of tiles in memory, and their checks."""
    dice = random.Random(5)
    root = open_checkpoint(head, LOG.verifier).root

    def read(level: int, number: int) -> bytes:
        return tiles[level, number]

    def consistent() -> None:
        consistency_between(dice.randrange(1, leaves), leaves, read)

    first = leaves * 2 // 3 + 1
    proof = consistency_between(first, leaves, read)
    first_root = root_at(first, read)
    path = inclusion_at(7, leaves, read)
    facts: dict[str, Any] = {"index": 7, "size": leaves, "path": path, "root": root}
    return {
        "inclusion": milliseconds(500, lambda: inclusion_at(dice.randrange(leaves), leaves, read)),
        "consistency": milliseconds(200, consistent),
        "check inclusion": milliseconds(500, lambda: verify_inclusion(b"x", **facts)),
        "check consistency": milliseconds(
            500,
            lambda: verify_consistency(
                proof, first=first, second=leaves, first_root=first_root, second_root=root
            ),
        ),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    rounds: list[tuple[float, float]] = []
    head: str | None = None
    for _ in range(asked.rounds):
        seconds, floor, tiles, head = verify(asked.leaves, head)
        rounds.append((seconds, floor))
    assert head is not None, "at least one round"
    seconds, floor = min(rounds)
    bundle = World().bundle()
    print(
        json.dumps(
            {
                "leaves": asked.leaves,
                "verify": {
                    "cpu_seconds": round(seconds, 2),
                    "floor_cpu_seconds": round(floor, 2),
                    "every_round": [[round(each, 2) for each in one] for one in rounds],
                    "us_per_leaf": round(seconds / asked.leaves * 10**6, 2),
                },
                **proofs(tiles, asked.leaves, head),
                "check bundle of 13 records": milliseconds(100, lambda: verify_bundle(bundle)),
                "cpus": os.cpu_count(),
                "python": platform.python_version(),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
