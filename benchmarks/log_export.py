"""What checking a whole log offline costs: an export of many leaves, verified as an auditor does.

    python benchmarks/log_export.py [--leaves 1000000] > benchmarks/log_export.json

Of every 19 leaves 12 are of jobs with a bill in agency mode with a voucher (12 records each, a
usage record signed by its centre) and 7 are transfers between two accounts. Prints JSON: seconds
of the wall and the processor, bytes, and the most memory that the verifying process took.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.ledger.log import bundles  # noqa: E402

from suanwang.basics.canonical import canonical_bytes  # noqa: E402
from suanwang.ledger.archive.files import FILE_LEAVES, FORMAT, name_of  # noqa: E402
from suanwang.ledger.log.frontier import Frontier  # noqa: E402
from suanwang.ledger.log.leaves import evidence_record, transfer_record  # noqa: E402
from suanwang.ledger.log.notes import Checkpoint, sign_checkpoint  # noqa: E402

ACCOUNTS = ("buyer", "centre", "broker", "fees", "tax", "funder", "buyer_city", "issued")
Make = Callable[..., dict[str, Any]]
PLAIN = 7  # transfers beside each job's 12 records
_OPENED = {"acc_buyer_city": "VOUCHER:city", "acc_issued": "VOUCHER:city"}


def rows() -> Iterator[dict[str, Any]]:
    """Yield records for ever, transfers before the evidence that was written with them."""
    seqs = {"t": 0, "e": 0}

    def evidence(kind: str, record_id: str, record: dict[str, Any]) -> dict[str, Any]:
        seqs["e"] += 1
        return bundles.evidence(seqs["e"], kind, record_id, record)

    def transfer(row: tuple[Any, ...], **fields: object) -> dict[str, Any]:
        seqs["t"] += 1
        return bundles.transfer(seqs["t"], row, **fields)

    for name in ACCOUNTS:
        account = f"acc_{name}"
        record = {"account_id": account, "organisation_id": "o", "name": name, "floor": None,
                  "asset": _OPENED.get(account, "CNY"), "scale": 6}  # fmt: skip
        yield evidence("account", account, record)
    yield evidence("round", bundles.ROUND, bundles.World().round)
    number = 0
    while True:
        number += 1
        yield from _job(number, transfer, evidence)
        for place in range(PLAIN):
            row = (f"txf_{number}p{place}", "posted", "acc_buyer", "acc_centre", "CNY", 7, None)
            yield transfer(row, group_id=None)


def _job(number: int, transfer: Make, evidence: Make) -> Iterator[dict[str, Any]]:
    job, bill_id, usage_id = f"job_{number}", f"bil_{number}", f"usg_{number}"

    def named(row: tuple[Any, ...]) -> tuple[Any, ...]:
        pending = None if row[6] is None else f"{row[6]}_{number}"
        return (f"{row[0]}_{number}", *row[1:6], pending)

    yield transfer(named(bundles.HOLD), group_id=job)
    for place, row in enumerate(bundles.CHAIN, start=1):
        yield transfer(named(row), group_id=job, chain_id=bill_id, chain_place=place,
                       chain_size=len(bundles.CHAIN))  # fmt: skip
    lines = [line | {"usage_id": usage_id} for line in bundles.the_lines()]
    yield evidence("order", job, {"job_id": job})
    yield evidence("usage", usage_id, bundles.the_usage(usage_id=usage_id, job_id=job))
    yield evidence("bill", bill_id, bundles.the_bill(job_id=job, usage_id=usage_id, lines=lines))
    yield evidence("commission", bill_id, {"bill_id": bill_id})


def write(folder: Path, leaves: int) -> int:
    """Write an export of so many leaves; return its bytes."""
    (folder / "leaves").mkdir(parents=True)
    frontier, source = Frontier(), rows()
    for start in range(0, leaves, FILE_LEAVES):
        with (folder / "leaves" / name_of(start)).open("wb") as file:
            for index in range(start, min(start + FILE_LEAVES, leaves)):
                row = next(source)
                record = evidence_record(row) if "record" in row else transfer_record(row)
                salt = sha256(b"%d" % index).digest()[:16]
                leaf = sha256(b"\x00" + sha256(salt + record).digest()).digest()
                frontier.add([leaf])
                file.write(b'{"leaf":"%b","record":%b,"salt":"%b"}\n'
                           % (leaf.hex().encode(), record, salt.hex().encode()))  # fmt: skip
    head = Checkpoint(origin=bundles.ORIGIN, size=leaves, root=frontier.root())
    manifest = {"format": FORMAT, "head": sign_checkpoint(head, bundles.LOG), "since": None,
                "key": bundles.LOG.verifier.vkey, "witnesses": []}  # fmt: skip
    (folder / "export.json").write_bytes(canonical_bytes(manifest) + b"\n")
    return sum(each.stat().st_size for each in folder.rglob("*.*") if each.is_file())


def main() -> None:
    """Write, verify in a process of its own, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    leaves = parser.parse_args().leaves
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "log"
        size = write(folder, leaves)
        program = "from suanwang.ledger.commands import verify; verify()"
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", program, "--export", str(folder), "--json"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        wall = time.perf_counter() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(done.stdout)
    print(json.dumps({
        "leaves": leaves, "bytes": size, "bills": told["bills"], "transfers": told["transfers"],
        "evidence": told["evidence"], "wall_s": round(wall, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "most_memory_mib": used.ru_maxrss // 1024,
        "leaves_per_cpu_s": round(leaves / (used.ru_utime + used.ru_stime)),
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
    }, indent=2))  # fmt: skip


if __name__ == "__main__":
    main()
