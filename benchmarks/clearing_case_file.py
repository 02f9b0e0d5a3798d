"""A benchmark's case as a CASE file, to clear and verify by command.

python benchmarks/clearing_case_file.py 100k case.parquet        or .arrow, .json
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from clearing_instance import INSTANCES

from suanwang.market.case.model import MICRO, Block, Case, FlexibleJob, Steps
from suanwang.market.case.write import write_json, write_table


def document(case: Case) -> dict[str, Any]:
    """Return a case as a CASE document."""
    start = datetime(2026, 11, 24, tzinfo=UTC)
    edges = [start + timedelta(hours=float(sum(case.hours[:t]))) for t in range(case.slots + 1)]
    return {
        "currency": case.currency,
        "tick": case.tick / MICRO,
        "zones": list(case.zones),
        "classes": list(case.classes),
        "slots": [{"start": a.isoformat(), "end": b.isoformat()} for a, b in pairwise(edges)],
        "links": [
            {
                "from": case.zones[link.source],
                "to": case.zones[link.target],
                "capacity": [float(c) for c in link.capacity],
                "cost": float(link.cost),
                "weights": {k: float(w) for k, w in zip(case.classes, link.weights, strict=True)},
            }
            for link in case.links
        ],
        "asks": _step_lines(case, case.asks),
        "bids": _step_lines(case, case.bids),
        "blocks": [_block_line(case, block) for block in case.blocks],
        "jobs": [_job_line(case, job) for job in case.jobs],
        "price_min": case.price_min / MICRO,
        "price_max": case.price_max / MICRO,
    }


def _step_lines(case: Case, steps: Steps) -> list[dict[str, Any]]:
    zones, classes = len(case.zones), len(case.classes)
    return [
        {
            "id": name,
            "zone": case.zones[node % zones],
            "class": case.classes[node // zones % classes],
            "slot": node // zones // classes,
            "quantity": quantity // case.quantum,
            "price": price / MICRO,
        }
        | ({"pool": case.pools[pool]} if pool >= 0 else {})
        for name, node, quantity, price, pool in zip(
            steps.ids, steps.node.tolist(), steps.quantity.tolist(), steps.price.tolist(),
            steps.pool.tolist(), strict=True,
        )
    ]  # fmt: skip


def _block_line(case: Case, block: Block) -> dict[str, Any]:
    return {
        "id": block.id,
        "side": block.side.value,
        "zone": case.zones[block.zone],
        "class": case.classes[block.card_class],
        "slots": list(block.slots),
        "quantity": [int(q) for q in block.quantity],
        "price": float(block.price),
    }


def _job_line(case: Case, job: FlexibleJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "zones": {case.zones[z]: float(cost) for z, cost in job.zones.items()},
        "classes": {case.classes[k]: float(speed) for k, speed in job.classes.items()},
        "work": float(job.work),
        "cards_min": int(job.cards_min),
        "cards_max": int(job.cards_max),
        "start": job.start,
        "end": job.end,
        "shape": job.shape.value,
        "value": float(job.values[-1][1]),
        "gang": job.gang,
    }


if __name__ == "__main__":
    name, path = sys.argv[1], Path(sys.argv[2])
    write = write_json if path.suffix == ".json" else write_table
    write(path, document(INSTANCES[name]()))
