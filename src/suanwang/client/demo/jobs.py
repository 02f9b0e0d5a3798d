"""The demo's work as job files: a person could hand in each of them with `suan job submit`.

train     digits classifier, held-out accuracy          cheapest place
render-*  a film in three parts, an array job           soonest, so the parts spread
peptide   molecular dynamics against known values       greenest place
archive   a seismic record put into the cheapest cold store
restore   the same record brought back, checksums equal
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from suanwang.client.demo.centres import CENTRES

WORK = Path(__file__).parent / "work"
RENDER_PARTS = 3
# One and the same CPU stands behind all three classes, so none is faster.
CLASSES = dict.fromkeys((centre.chip for centre in CENTRES), 1)
Spec = dict[str, Any]


def _job(name: str, kind: str, script: str, **keys: Any) -> dict[str, Any]:  # noqa: ANN401
    """Make a job that runs one of the scripts beside this file."""
    return {
        "name": name,
        "kind": kind,
        "environment": "science",
        "run": f"python {script}",
        "resources": {"cards": 1, "class": CLASSES, "cpus": 1, "memory": "2GB", "disk": "1GB"},
        "inputs": [{"from": str(WORK / script), "to": script}],
        "outputs": ["out/*"],
        # Soon, or the greenest job would wait for a cleaner hour.
        "deadline": "10m",
        "near": "shanghai",
        **keys,
    }


def archive_inputs(record: Path) -> list[dict[str, str]]:
    """Name every file of the record as an input."""
    return [{"from": str(path), "to": path.name} for path in sorted(record.iterdir())]


def first_jobs(record: list[dict[str, str]]) -> list[Spec]:
    """Return what is handed in at once; `record` is what to archive."""
    return [
        _job(
            "train", "train", "train.py", expected="15s", time_limit="5m",
            prefer="cost", max_price="2.00",
        ),
        _job(
            "render", "render", "render.py", expected="20s", time_limit="5m",
            prefer="speed", array=f"0-{RENDER_PARTS - 1}",
        ),
        _job(
            "peptide", "compute", "peptide.py", expected="20s", time_limit="5m",
            prefer="green",
        ),
        {
            "name": "archive", "kind": "store",
            "inputs": record,
            "expected": "10s", "time_limit": "5m", "retain": "30d",
            "resources": {"memory": "1GB", "disk": "1GB"},
        },
    ]  # fmt: skip


def restore_job(archive_id: str, names: list[str]) -> Spec:
    """Return the job that brings the archived record back; only its own centre can run it."""
    return {
        "name": "restore",
        "kind": "compute",
        "run": "sha256sum *",
        "inputs": [{"from": f"store://{archive_id}/{name}", "to": name} for name in names],
        "outputs": names,
        "expected": "10s",
        "time_limit": "5m",
        "resources": {"memory": "1GB", "disk": "1GB"},
    }
