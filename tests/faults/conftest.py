"""Grids to break: `a_grid(…)` makes one for a test, `calm_grid` is one for many."""

from __future__ import annotations

from itertools import count

import pytest
from tests.faults.grid import Grid

from suanwang.agent.backends import sandbox
from suanwang.agent.errors import SandboxForbidden, SandboxLeaks, SandboxMissing

_numbers = count()


@pytest.fixture(scope="session")
def the_sandbox(tmp_path_factory):
    """The sandbox that agents will use, or a skip that says why there is none."""
    try:
        bwrap = sandbox.find_bwrap()
        sandbox.self_test(bwrap, keep_out=tmp_path_factory.mktemp("sandbox"))
    except (SandboxMissing, SandboxForbidden, SandboxLeaks) as why:
        pytest.skip(f"no sandbox here: {why}")
    return bwrap


@pytest.fixture
def a_grid(tmp_path, request, the_sandbox):
    """Make a grid: `a_grid("east", "west", on="postgresql")`; the first is cheapest."""
    made = []

    def make(*centres, on="sqlite"):
        url = f"sqlite:///{tmp_path / 'grid.db'}"
        if on == "postgresql":
            postgres = request.getfixturevalue("postgres_server")
            url = postgres.make_database(f"faults_{next(_numbers)}")
        made.append(Grid(tmp_path, url))
        for number, centre in enumerate(centres):
            made[-1].start_joining(centre, price=f"0.{number + 1}")
        made[-1].wait_joined()
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def lasting_grid(tmp_path_factory, the_sandbox):
    """One server and one centre for many tests: a start takes seconds of a busy machine."""
    folder = tmp_path_factory.mktemp("lasting")
    made = Grid(folder, f"sqlite:///{folder / 'grid.db'}")
    try:
        made.join("east")
        yield made
    finally:
        made.close()


@pytest.fixture
def calm_grid(lasting_grid):
    """The shared grid, whole again: whatever an earlier test killed or left is put right."""
    lasting_grid.mend()
    return lasting_grid
