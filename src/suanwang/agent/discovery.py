"""What this machine is, when no centre file says so: cores, memory, disk, and a guess at its chip.

A guess is good enough to try the grid at home; a centre that sells writes its centre.toml.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from pathlib import Path

import psutil

from suanwang.agent.catalogue import processor_named
from suanwang.agent.config import CentreFacts, EnvironmentFacts, PoolFacts

_GENERIC = {"aarch64": "generic-arm64", "arm64": "generic-arm64"}
_GENERIC_DEFAULT = "generic-x86-64"
_GB = 1000**3
_KEEP_SHARE = 0.8  # the rest is for the machine itself


def guess_chip(cpuinfo: str, *, machine: str) -> str:
    """Return the catalogue class of the processor that /proc/cpuinfo names, or the generic one."""
    found = re.search(r"^(?:model name|Model|Hardware)\s*: (.+)$", cpuinfo, re.MULTILINE)
    otherwise = _GENERIC.get(machine, _GENERIC_DEFAULT)
    return processor_named(found[1], otherwise=otherwise) if found else otherwise


def sockets(cpuinfo: str) -> int:
    """Return how many processors are plugged in; for a CPU pool a card is one socket."""
    return len(set(re.findall(r"^physical id\s*: (\d+)$", cpuinfo, re.MULTILINE))) or 1


def this_machine(*, name: str | None, python: Path | None, folder: Path) -> CentreFacts:
    """Describe this machine as a centre of one pool."""
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    except OSError:
        cpuinfo = ""
    pool = PoolFacts(
        name="cpu",
        chip=guess_chip(cpuinfo, machine=platform.machine()),
        nodes=1,
        cards_per_node=sockets(cpuinfo),
        cores_per_node=len(os.sched_getaffinity(0)),
        memory_gb=_share(psutil.virtual_memory().total),
        disk_gb=_share(shutil.disk_usage(_existing(folder)).free),
        price="0.50",
    )
    environments = {"default": EnvironmentFacts(python=python)} if python else {}
    return CentreFacts(
        name=name or platform.node() or "centre",
        zone="beijing",
        city="beijing",
        province="CN-BJ",
        pools=(pool,),
        environments=environments,
    )


def _share(size: int) -> float:
    return max(1.0, round(size * _KEEP_SHARE / _GB, 1))


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
