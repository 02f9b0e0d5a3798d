"""Make the running agent out of its directory: sandbox tried, environments probed, chips known."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suanwang.agent.api import Api
from suanwang.agent.backends import sandbox
from suanwang.agent.backends.local import LocalBackend, probe_environment
from suanwang.agent.backends.order import Environment
from suanwang.agent.catalogue import is_cpu, watts_of
from suanwang.agent.cold import ColdStore
from suanwang.agent.config import CentreFacts, Home
from suanwang.agent.errors import AlreadyRunning
from suanwang.agent.journal import Journal
from suanwang.agent.site import Site


@contextmanager
def only_agent(home: Home) -> Iterator[None]:
    """Hold the directory for one agent at a time. Raises AlreadyRunning."""
    home.folder.mkdir(parents=True, exist_ok=True)
    with (home.folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(path=home.folder) from None
        yield


def tried_sandbox(home: Home, *, wanted: bool) -> Path | None:
    """Return a bwrap that holds, or None where the operator wants none.

    Raises SandboxMissing, SandboxForbidden or SandboxLeaks.
    """
    if not wanted:
        return None
    bwrap = sandbox.find_bwrap()
    sandbox.self_test(bwrap, keep_out=home.folder)
    return bwrap


def environments_of(centre: CentreFacts) -> dict[str, Environment]:
    """Probe every named environment. Raises EnvironmentBroken."""
    named = centre.environments.items()
    return {name: probe_environment(name, facts.python) for name, facts in named}


def capabilities_of(centre: CentreFacts, *, sandboxed: bool) -> frozenset[str]:
    """Return what this agent can do. `image` is not among it: it runs no OCI images yet."""
    offered = {f"environment:{name}" for name in centre.environments}
    offered.add("sandbox" if sandboxed else "no-sandbox")
    if centre.cold_price_gb_month is not None:
        offered.add("cold-store")
    return frozenset(offered)


def site_of(home: Home, *, bwrap: Path | None) -> Site:
    """Assemble the agent. Raises NotJoined, KeyUnreadable or EnvironmentBroken."""
    config = home.config()
    key = home.server_key()
    os.umask(0o077)  # nothing that the agent writes is anybody else's to read
    for folder in (home.jobs, home.cold):
        folder.mkdir(parents=True, exist_ok=True)
    centre = config.centre
    return Site(
        home=home,
        centre=centre,
        api=Api(config.server, key),
        backend=LocalBackend(bwrap=bwrap, show=centre.sandbox.show),
        journal=Journal(home.journal),
        cold=ColdStore(home.cold),
        signing_key=home.signing_key(),
        environments=environments_of(centre),
        card_watts={pool.name: watts_of(pool.chip) for pool in centre.pools},
        cpu_pools=frozenset(pool.name for pool in centre.pools if is_cpu(pool.chip)),
    )
