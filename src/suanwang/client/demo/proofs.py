"""Brings home what proves each bill: one file a bill, and the key that they are checked with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from suanwang.client.demo.figures import Told
from suanwang.client.errors import ConflictAnswered
from suanwang.client.sync.client import Client

WAIT_SECONDS = 60.0
PAUSE_SECONDS = 0.3
KEY_FILE = "exchange.pub"


def bring_proofs(buyer: Client, jobs: Sequence[Told], folder: Path) -> Path:
    """Write `bundles/NAME.bundle.json` for each job, and the exchange's key beside the folder."""
    home = folder / "bundles"
    home.mkdir()
    (folder / KEY_FILE).write_text(buyer.ledger.key().key + "\n", "ascii")
    for told in jobs:
        (home / f"{told.name}.bundle.json").write_bytes(_bundle(buyer, told.job.id))
    return home


def _bundle(buyer: Client, job_id: str) -> bytes:
    """Fetch a bundle; its newest record may still wait for the next signed head."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return buyer.ledger.bundle(job_id)
        except ConflictAnswered:
            if time.monotonic() > end:
                raise
        time.sleep(PAUSE_SECONDS)
