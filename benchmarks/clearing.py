"""How fast the market clears: our engine, and general solvers on the same linear programs.

    python benchmarks/clearing.py [10k 100k 1m …] [--peers [clp,glop,…]] [--json FILE]

Each measurement is a process of its own: it makes the case, warms the compiler on a tiny one,
then clears (the case is read by then, the answer not yet written). Runs that take under 5 s are
repeated and the median counts, for the peers as for us. Peers need an interpreter that has them:
--python-clp (or CLEARING_PYTHON_CLP) one with cylp, --python-ortools (CLEARING_PYTHON_ORTOOLS) one
with ortools, highspy, linopy and pyomo. Results are kept by name in the JSON file, so that
sizes may be measured one by one.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from clearing_instance import INSTANCES, SMALL, day, live, next_round, with_blocks, with_jobs
from clearing_lp import program
from clearing_peers import NOT_INSTALLED, SOLVERS, peak_mb

from suanwang.market.case.model import Case
from suanwang.market.clearing.clear import clear
from suanwang.market.clearing.published import Prices

ROOT = Path(__file__).parents[1]
DEFAULT = (
    "10k", "100k", "1m", "4m", "jobs-1k", "jobs", "jobs-20k", "preemptible", "contiguous", "gangs",
    "blocks-200", "blocks", "blocks-5k", "live-2k", "live", "live-gangs",
)  # fmt: skip
# At a million HiGHS is not done in its time limit, nor a modelling layer on top of it; CLP is not
# done with four million in five minutes.
PEERS = {
    "10k": ("clp", "glop", "highs", "linopy", "pyomo"),
    "100k": ("clp", "glop", "highs", "linopy", "pyomo"),
    "1m": ("clp", "glop", "highs"),
    "jobs-1k": ("clp", "glop", "highs"),
    "jobs": ("clp", "glop", "highs"),
    "jobs-20k": ("clp", "glop", "highs"),
    "live-2k": ("highs",),  # the relaxation: what node prices can prove at best
}
AGREE = 1e-9  # relative difference of objectives
SHORT_SECONDS, REPEATS = 5.0, 3
PEER_SECONDS_MAX = 600.0


def machine() -> dict[str, Any]:
    """Say what was measured on."""
    cpu = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
    versions = {name: importlib.metadata.version(name) for name in ("numpy", "numba", "highspy")}
    return {"cpu": cpu, "cores": os.cpu_count(), "python": platform.python_version()} | versions


# ---- ours, in a process of its own


def measure(name: str) -> dict[str, Any]:
    """Clear one instance in this process."""
    case = INSTANCES[name]()
    warm_up(case)
    if name.startswith("live"):
        return measure_rounds(name, case)
    return timed(case)


def warm_up(case: Case) -> None:
    """Compile what this kind of case needs, on one of a few hundred orders."""
    clear(day(400))
    if case.blocks:
        clear(with_blocks(400, 10))
    for shape, gang in sorted({(j.shape, j.gang) for j in case.jobs}):
        if len(case.bids):
            clear(with_jobs(400, 10, shape=shape, gang=gang))
        else:
            clear(live(50, largest=Fraction(1) if gang else SMALL))


def timed(case: Case, *, warm: Prices | None = None) -> dict[str, Any]:
    """Clear, and say how long it took, what it held, and what it proved."""
    reset_peak()
    held = peak_mb()
    wall, cpu = time.perf_counter(), time.process_time()
    result = clear(case, warm=warm)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = peak_mb()
    return {
        "cpu": round(cpu, 3),
        "wall": round(wall, 3),
        "mb": peak,
        "mb_case": held,
        "welfare": result.welfare / 10**12,
        "gap": result.gap,
        "work": dict(result.work),
        "status": result.status,
    }


def measure_rounds(name: str, case: Case) -> dict[str, Any]:
    """Clear a live round, then the next one with the multipliers of the first."""
    largest = Fraction(1) if name == "live-gangs" else SMALL
    first = clear(case)
    later = next_round(case, largest=largest)
    return timed(later, warm=first.multipliers or first.prices) | {"cold": timed(later)}


def reset_peak() -> None:
    """Forget what making the case needed, where the system can."""
    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        print("the peak includes making the case", file=sys.stderr)


def ours(name: str) -> dict[str, Any]:
    """Measure one instance in fresh processes; the median run by CPU counts."""
    runs: list[dict[str, Any]] = []
    while len(runs) < (REPEATS if not runs or runs[0]["cpu"] < SHORT_SECONDS else 1):
        done = subprocess.run(
            [sys.executable, __file__, "--one", name],
            check=True, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )  # fmt: skip
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    return sorted(runs, key=lambda r: r["cpu"])[(len(runs) - 1) // 2]


# ---- peers


def save_program(case: Case, path: Path) -> None:
    """Write the arrays that the peers are handed."""
    found = program(case)
    np.savez(
        path, cost=found.cost, upper=found.upper, row_low=found.row_low, row_high=found.row_high,
        value=found.matrix.data, index=found.matrix.indices, start=found.matrix.indptr,
    )  # fmt: skip


def peers(name: str, wanted: list[str], *, pythons: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Measure the peers that this size is for."""
    solvers = [solver for solver in PEERS.get(name, ()) if solver in wanted]
    if not solvers:
        return {}
    with tempfile.TemporaryDirectory(prefix="clearing-") as folder:
        path = Path(folder) / "program.npz"
        save_program(INSTANCES[name](), path)
        return {
            solver: peer(solver, path, python=pythons[solver] or sys.executable)
            for solver in solvers
        }


def peer(solver: str, path: Path, *, python: str) -> dict[str, Any]:
    """Run one peer, a few times where that is quick."""
    runs: list[dict[str, Any]] = []
    while len(runs) < (REPEATS if not runs or runs[0]["cpu"] < SHORT_SECONDS else 1):
        command = [python, str(ROOT / "benchmarks" / "clearing_peers.py"), solver, str(path)]
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=PEER_SECONDS_MAX
            )
        except subprocess.TimeoutExpired:
            return {"status": f"not done after {PEER_SECONDS_MAX:.0f} s"}
        if done.returncode == NOT_INSTALLED:
            return {"status": "not installed"}
        if done.returncode:
            return {"status": f"failed: {done.stderr.strip()[-200:]}"}
        found = json.loads(done.stdout.splitlines()[-1])
        found["cpu"] = round(found["build_cpu"] + found["solve_cpu"], 3)
        found["wall"] = round(found["build"] + found["solve"], 3)
        runs.append(found)
    middle = statistics.median_low([r["cpu"] for r in runs])
    return next(r for r in runs if r["cpu"] == middle)


# ---- the report


def report(name: str, found: dict[str, Any]) -> None:
    """Print one instance: ours, then each peer with its ratio and whether it agrees."""
    us = found["ours"]
    print(
        f"{name:<12} ours   {us['cpu']:8.3f} s CPU {us['wall']:8.3f} s {us['mb']:5} MB"
        f" ({us['mb_case']} before)   gap {us['gap']:.1e}"
        f"   welfare {us['welfare']:.6f}   {us['status']}"
    )
    if "cold" in us:
        print(f"{'':<12} cold   {us['cold']['cpu']:8.3f} s CPU   gap {us['cold']['gap']:.1e}")
    for solver, seen in found.get("peers", {}).items():
        if "cpu" not in seen:
            print(f"{'':<12} {solver:<6} {seen['status']}")
            continue
        apart = abs(-seen["objective"] - us["welfare"]) / max(1.0, abs(us["welfare"]))
        done = seen["status"].lower().endswith("optimal")
        word = "agrees" if apart <= AGREE else f"DIFFERS by {apart:.1e}"
        print(
            f"{'':<12} {solver:<6} {seen['cpu']:8.3f} s CPU {seen['wall']:8.3f} s {seen['mb']:5} MB"
            f"   {seen['cpu'] / us['cpu']:6.1f} times ours   {word if done else seen['status']}"
        )


def main() -> None:
    """Measure what was asked for and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(INSTANCES))
    parser.add_argument(
        "--peers", nargs="?", const=",".join(SOLVERS), default="", help="all, or some: clp,glop"
    )
    parser.add_argument("--python-clp", default=os.environ.get("CLEARING_PYTHON_CLP", ""))
    parser.add_argument("--python-ortools", default=os.environ.get("CLEARING_PYTHON_ORTOOLS", ""))
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "clearing.json")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one)))
        return
    kept = json.loads(asked.json.read_text()) if asked.json.exists() else {"results": {}}
    kept["machine"] = machine()
    pythons = dict.fromkeys(SOLVERS, asked.python_ortools) | {"clp": asked.python_clp}
    print(kept["machine"])
    for name in asked.names or DEFAULT:
        before = kept["results"].get(name, {}).get("peers", {})
        found = {"ours": ours(name)}
        if seen := before | peers(name, asked.peers.split(","), pythons=pythons):
            found["peers"] = seen
        kept["results"][name] = found
        report(name, found)
        asked.json.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
