"""Brings home what proves each bill: one file a bill, and the key that they are checked with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from suanwang.client.demo.figures import Told
from suanwang.client.sync.client import Client

KEY_FILE = "exchange.pub"


def bring_proofs(buyer: Client, jobs: Sequence[Told], folder: Path) -> Path:
    """Write `bundles/NAME.bundle.json` for each job, and the exchange's key beside the folder."""
    home = folder / "bundles"
    home.mkdir()
    (folder / KEY_FILE).write_text(buyer.ledger.key().key + "\n", "ascii")
    for told in jobs:
        (home / f"{told.name}.bundle.json").write_bytes(buyer.ledger.wait_for_bundle(told.job.id))
    return home
