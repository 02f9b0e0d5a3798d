"""The world behind the API, on each database."""

from __future__ import annotations

import pytest
from tests.server.world import World


@pytest.fixture
def world(store, tmp_path):
    """An exchange with two buyers on a fresh database."""
    made = World(store, tmp_path)
    yield made
    made.close()
