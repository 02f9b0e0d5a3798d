"""Fifteen days of the Italian day-ahead auction: CPU seconds to clear them, after reading.

    python benchmarks/clearing_italy.py [--json benchmarks/clearing_italy.json]

A day is one case: 24 slots, seven zones, about 18,000 orders. The borders trade at the published
prices of the neighbours, as orders (prices), as zones (neighbours), as orders with the blocks open
(blocks), or are pinned at what was exchanged (exchanges; its prices need not be the published
ones). Also checked: how many published zonal prices come out exactly. The data is named by
SUANWANG_DATA. For comparison: OpenEUPHEMIA 0.1.0 (MIT) published "~4 s/day" with open blocks; its
price script took 40.4 s of CPU for the 30 days of that month when it was run on a machine like
this one, half of it in building models.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from clearing import machine  # noqa: E402 - after the path
from tests.market.italy_case import (  # noqa: E402 - after the path
    ABSENT,
    FOLDER,
    ITALIAN,
    Book,
    Boundary,
    Italy,
    read_italy,
)

from suanwang.market.case.model import Case  # noqa: E402 - after the path
from suanwang.market.case.read import case_from_document  # noqa: E402 - after the path
from suanwang.market.clearing.clear import Result, clear  # noqa: E402 - after the path

PRICE_EXACT = 0.005  # EUR/MWh
PEER_CPU_PER_DAY = 40.4 / 30  # OpenEUPHEMIA's price script, model building included
VARIANTS: dict[str, Callable[[Italy, str], dict[str, Any]]] = {
    "prices": lambda italy, day: italy.case(day),
    "neighbours": lambda italy, day: italy.case(day, boundary=Boundary.NEIGHBOURS),
    "exchanges": lambda italy, day: italy.case(day, boundary=Boundary.EXCHANGES),
    "blocks": lambda italy, day: italy.case(day, book=Book.BLOCKS),
}


def exact(italy: Italy, day: str, result: dict[str, Any]) -> tuple[int, int]:
    """Return how many zone hours have their published price, and of how many."""
    published = italy.prices(day)
    near = [
        abs(float(line["price"]) - published[line["zone"], line["slot"]]) <= PRICE_EXACT
        for line in result["prices"]
        if line["zone"] in ITALIAN
    ]
    return sum(near), len(near)


def timed(cases: Iterable[Case]) -> tuple[list[Result], float, float]:
    """Clear all; return the results, CPU and wall seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    results = [clear(case) for case in cases]
    return results, time.process_time() - cpu, time.perf_counter() - wall


def measure(italy: Italy, variant: str) -> dict[str, Any]:
    """Clear every day of one variant, the compiler warm."""
    cases = [case_from_document(VARIANTS[variant](italy, day)) for day in italy.days]
    clear(cases[0])
    results, cpu, wall = timed(cases)
    counts = [
        exact(italy, day, result.to_document())
        for day, result in zip(italy.days, results, strict=True)
    ]
    return {
        "days": len(cases),
        "orders": sum(len(c.asks) + len(c.bids) + len(c.blocks) for c in cases),
        "cpu": round(cpu, 3),
        "wall": round(wall, 3),
        "exact": sum(n for n, _ in counts),
        "of": sum(n for _, n in counts),
    }


def main() -> None:
    """Measure every variant, print them and keep them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "clearing_italy.json")
    asked = parser.parse_args()
    if not FOLDER.is_dir():
        raise SystemExit(ABSENT)
    italy = read_italy()
    found = {"machine": machine(), "results": {v: measure(italy, v) for v in VARIANTS}}
    found["openeuphemia_cpu"] = round(PEER_CPU_PER_DAY * len(italy.days), 1)
    asked.json.write_text(json.dumps(found, indent=2) + "\n")
    for variant, seen in found["results"].items():
        print(
            f"{variant:<10} {seen['days']} days, {seen['orders']} orders: {seen['cpu']:.3f} s CPU,"
            f" {seen['wall']:.3f} s; published prices exact {seen['exact']}/{seen['of']}"
        )
    print(f"OpenEUPHEMIA for as many days, model building included: {found['openeuphemia_cpu']} s")


if __name__ == "__main__":
    main()
