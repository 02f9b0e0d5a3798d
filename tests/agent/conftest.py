from __future__ import annotations

import pytest
from tests.agent.builders import AgentProcess, a_home
from tests.agent.fake_server import FakeServer


@pytest.fixture
def server():
    fake = FakeServer().start()
    yield fake
    fake.stop()


@pytest.fixture
def start_agent(server, tmp_path):
    """Start an agent that has joined the fake server; every one is stopped at the end."""
    started = []

    def start(*options, env=None, folder="agent", **facts):
        home = a_home(tmp_path / folder, server.url, **facts)
        started.append(AgentProcess(home, *options, env=env))
        return started[-1]

    yield start
    for agent in started:
        agent.clear()
