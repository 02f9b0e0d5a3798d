"""Waiting for a bundle: until its records are under a signed head, and not for anything else."""

from __future__ import annotations

import httpx
import pytest

from suanwang.client.errors import ConflictAnswered, NotFoundAnswered
from suanwang.client.sync import ledger
from suanwang.client.sync.client import Client

PENDING = (409, "head-pending")


@pytest.fixture
def waiting(monkeypatch):
    """A client of an exchange that gives these answers, one after another."""
    monkeypatch.setattr(ledger, "LOOK_SECONDS", 0.0)

    def client(*answers: tuple[int, str]) -> Client:
        left = list(answers)

        def answer(_request: httpx.Request) -> httpx.Response:
            status, said = left.pop(0)
            if status == 200:
                return httpx.Response(200, content=said.encode())
            return httpx.Response(status, json={"code": said, "detail": said})

        return Client("http://x", "sk_0123456789", mount=httpx.MockTransport(answer))

    return client


def test_a_bundle_is_asked_for_again_until_its_head_is_signed(waiting):
    with waiting(PENDING, PENDING, (200, "{}")) as grid:
        assert grid.ledger.wait_for_bundle("job_1") == b"{}"


def test_a_bundle_that_stays_pending_says_so(waiting):
    with waiting(PENDING, PENDING) as grid, pytest.raises(ConflictAnswered) as refused:
        grid.ledger.wait_for_bundle("job_1", timeout=-1)
    assert refused.value.code == "head-pending"


@pytest.mark.parametrize("answer", [(409, "conflict"), (404, "not-found")])
def test_nothing_else_is_waited_for(waiting, answer):
    with waiting(answer) as grid, pytest.raises((ConflictAnswered, NotFoundAnswered)):
        grid.ledger.wait_for_bundle("job_1")
