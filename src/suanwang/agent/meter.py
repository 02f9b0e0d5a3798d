"""How many watt-hours a job took: measured where the machine tells, else modelled.

Measured: the processor packages' RAPL counters (/sys/class/powercap) for CPU pools, `nvidia-smi`
for NVIDIA pools. A counter knows the whole machine; a job is charged its share of the busy CPU
seconds, or its cards of all cards. Modelled: card power × utilisation, and says so.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import psutil

from suanwang.agent.backends.order import Ended
from suanwang.jobs.usage import EnergyBasis

POWERCAP = Path("/sys/class/powercap")
# Share of its rated power that a machine draws when idle (DOMAIN: servers idle near a third).
IDLE_SHARE = 0.3
_JOULES_PER_WH = 3600
_MICRO = 1_000_000
_SMI_SECONDS = 5
_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Reading:
    """The machine's counters at one moment."""

    package_joules: float | None
    busy_cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Energy:
    """Watt-hours of the machine alone (the grid adds the PUE), and where they come from."""

    watt_hours: Decimal
    basis: EnergyBasis


class Meter:
    """Reads the machine before and after a job."""

    def __init__(
        self,
        *,
        card_watts: float,
        is_cpu: bool,
        cores_per_card: float,
        read: Callable[[], Reading] | None = None,
    ) -> None:
        self._card_watts = card_watts
        self._is_cpu = is_cpu
        self._cores_per_card = max(cores_per_card, 1.0)
        self._read = read or read_machine
        self._before = self._read()
        self._watts: list[float] = []

    def note(self) -> None:
        """Take a reading while the job runs: an accelerator's draw is known only at the moment."""
        watts = None if self._is_cpu else gpu_watts()
        if watts is not None:
            self._watts.append(watts)

    def energy(self, ended: Ended, *, cards: int) -> Energy:
        """Return what the job's run took."""
        measured = self._measured(ended, cards=cards)
        if measured is not None:
            return Energy(_rounded(measured), EnergyBasis.MEASURED)
        modelled = modelled_watt_hours(
            wall_seconds=ended.wall_seconds, utilisation=self._utilisation(ended, cards=cards),
            cards=cards, card_watts=self._card_watts,
        )  # fmt: skip
        return Energy(_rounded(modelled), EnergyBasis.MODELLED)

    def _measured(self, ended: Ended, *, cards: int) -> float | None:
        before, after = self._before, self._read()
        if not self._is_cpu:
            if not self._watts:
                return None
            watts = sum(self._watts) / len(self._watts)
            return watts * cards * ended.wall_seconds / _JOULES_PER_WH
        if before.package_joules is None or after.package_joules is None:
            return None
        joules = after.package_joules - before.package_joules
        if joules < 0:
            return None  # the counter wrapped around: a model is better than a wrong measurement
        busy = max(after.busy_cpu_seconds - before.busy_cpu_seconds, ended.sample.cpu_seconds)
        share = ended.sample.cpu_seconds / busy if busy else 0.0
        return joules * share / _JOULES_PER_WH

    def _utilisation(self, ended: Ended, *, cards: int) -> float:
        if not self._is_cpu:
            return 1.0  # without a counter an accelerator that is held counts as busy
        capacity = ended.wall_seconds * self._cores_per_card * cards
        return min(1.0, ended.sample.cpu_seconds / capacity) if capacity else 0.0


def modelled_watt_hours(
    *, wall_seconds: float, utilisation: float, cards: int, card_watts: float
) -> float:
    """Return rated power × (idle share + the rest × utilisation) × time."""
    load = IDLE_SHARE + (1 - IDLE_SHARE) * utilisation
    return card_watts * load * cards * wall_seconds / _JOULES_PER_WH


def read_machine() -> Reading:
    """Read whatever counters this machine has."""
    times = psutil.cpu_times()
    busy = times.user + times.system + times.nice
    return Reading(package_joules(), busy)


def package_joules(root: Path = POWERCAP) -> float | None:
    """Sum the RAPL counters of the processor packages; None where there are none."""
    total = None
    for path in sorted(root.glob("intel-rapl:[0-9]*")):
        if path.name.count(":") > 1:
            continue  # a part of a package that is counted already
        try:
            micro = int((path / "energy_uj").read_text("ascii"))
        except (OSError, ValueError):
            return None  # readable by root only since 2020 (CVE-2020-8694): then it is modelled
        total = (total or 0.0) + micro / _MICRO
    return total


def gpu_watts() -> float | None:
    """Return the mean power draw of this machine's NVIDIA cards; None without nvidia-smi."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - the vendor's own tool
            [program, "--query-gpu=power.draw", "--format=csv,noheader,nounits"],
            capture_output=True, text=True, check=True, timeout=_SMI_SECONDS,
        )  # fmt: skip
        draws = [float(line) for line in done.stdout.split()]
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return sum(draws) / len(draws) if draws else None


def _rounded(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_PLACES, ROUND_HALF_UP)
