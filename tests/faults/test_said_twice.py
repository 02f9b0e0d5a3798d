"""The same thing said twice, late, or by somebody who has lost the right to say it."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.faults.grid import SPEC
from tests.faults.hand import Hand

from suanwang.basics.ids import UsageId

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
CONFLICT = 409


@pytest.fixture
def hand(calm_grid):
    made = Hand(calm_grid, f"hand-{os.urandom(3).hex()}")
    yield made
    made.leave()


def post(grid, key: str, **spec):
    body = {"spec": SPEC | {"run": "true"} | spec, "accept": True}
    return grid.call("POST", "/v1/jobs", grid.buyer, json=body, headers={"Idempotency-Key": key})


def jobs_named(grid, name: str) -> int:
    return grid.books.number("SELECT count(*) FROM jobs WHERE name = ?", name)


# ── submissions ──


def test_the_same_submission_sent_twice_is_one_job(calm_grid):
    grid, name = calm_grid, f"twice-{os.urandom(3).hex()}"
    first, second = (post(grid, name, name=name) for _ in range(2))
    assert first.json() == second.json()
    job = first.json()["items"][0]["id"]
    grid.wait(job, "SETTLED")
    assert post(grid, name, name=name).json() == first.json()
    assert jobs_named(grid, name) == 1
    grid.check_money(job)


def test_the_same_submission_sent_by_many_at_once_is_one_job(calm_grid):
    grid, name = calm_grid, f"at-once-{os.urandom(3).hex()}"
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: post(grid, name, name=name), range(12)))
    assert {answer.status_code for answer in answers} <= {201, CONFLICT}
    made = {a.json()["items"][0]["id"] for a in answers if a.is_success}
    assert len(made) == 1
    assert jobs_named(grid, name) == 1
    grid.wait(made.pop(), "SETTLED")
    grid.check_money()


def test_another_submission_under_the_same_key_is_refused(calm_grid):
    grid, name = calm_grid, f"other-{os.urandom(3).hex()}"
    assert post(grid, name, name=name).is_success
    answer = post(grid, name, name=name, run="false")
    assert answer.status_code in (CONFLICT, 422)
    assert answer.json()["code"].startswith("idempotency")
    assert jobs_named(grid, name) == 1


def test_a_submission_whose_answer_died_with_the_server_is_one_job_when_sent_again(calm_grid):
    grid, name = calm_grid, f"died-{os.urandom(3).hex()}"
    seen = threading.Event()

    def send():
        try:
            post(grid, name, name=name)
        except httpx.TransportError:
            seen.set()  # the usual end; a quick server may have answered before it died

    thread = threading.Thread(target=send)
    thread.start()
    time.sleep(0.003)
    grid.kill_server()
    thread.join()
    grid.start_server()
    again = post(grid, name, name=name)
    assert again.is_success, again.text
    assert jobs_named(grid, name) == 1
    job = again.json()["items"][0]["id"]
    grid.wait(job, "SETTLED")
    grid.check_money(job)


# ── reports ──


def test_the_same_last_report_sent_three_times_and_late_is_billed_once(calm_grid, hand):
    grid = calm_grid
    job = grid.submit(run="true")
    assert hand.take()["job_id"] == job
    hand.run()
    body = hand.returned(hand.usage())
    assert [hand.report("returned", **body).status_code for _ in range(3)] == [200] * 3
    charge = grid.wait(job, "SETTLED")["charge"]
    late = hand.report("returned", **body)
    assert late.is_success
    assert late.json()["state"] == "SETTLED"
    assert grid.show(job)["charge"] == charge
    assert [grid.verbs(job).count(v) for v in ("finish", "meter", "bill", "settle")] == [1] * 4
    grid.check_money(job)


def test_many_last_reports_at_once_are_billed_once(calm_grid, hand):
    grid = calm_grid
    job = grid.submit(run="true")
    hand.take()
    hand.run()
    other = UsageId.make(datetime.now(UTC), os.urandom(10))
    record = hand.usage()
    bodies = [hand.returned(record), hand.returned(replace(record, usage_id=other))] * 5
    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(lambda b: hand.report("returned", **b).status_code, bodies))
    assert codes.count(200) >= 5
    assert set(codes) <= {200, CONFLICT, 422}
    grid.wait(job, "SETTLED")
    grid.check_money(job)


def test_a_second_usage_record_of_a_lease_is_refused_and_never_billed(calm_grid, hand):
    grid = calm_grid
    job = grid.submit(run="true")
    hand.take()
    hand.run()
    assert hand.report("returned", **hand.returned(hand.usage())).is_success
    charge = grid.wait(job, "SETTLED")["charge"]
    answer = hand.report("returned", **hand.returned(hand.usage()))
    assert answer.json()["code"] == "usage-twice"
    assert "refuse" in grid.verbs(job)
    assert grid.show(job)["charge"] == charge
    grid.check_money(job)


@pytest.mark.parametrize(
    ("what", "facts", "reason"),
    [
        ("a forged signature", {}, "usage-signature"),
        ("more time than the lease lasted", {"wall_seconds": Decimal(7200)}, "usage-longer"),
        ("a lease of years ago", {"started_at": datetime(2020, 1, 1, tzinfo=UTC),
                                  "ended_at": datetime(2020, 1, 1, tzinfo=UTC)
                                  + timedelta(seconds=1)}, "usage-outside-lease"),
        ("more cards than leased", {"cards": 64}, "usage-more-cards"),
    ],
)  # fmt: skip
def test_a_usage_record_that_cannot_be_true_is_refused_until_a_good_one_comes(
    calm_grid, hand, what, facts, reason
):
    grid = calm_grid
    job = grid.submit(run="true")
    hand.take()
    hand.run()
    forger = None if facts else Ed25519PrivateKey.generate()
    answer = hand.report("returned", **hand.returned(hand.usage(**facts), by=forger))
    assert not answer.is_success, what
    assert reason in answer.text
    assert "refuse" in grid.verbs(job)
    assert grid.show(job)["state"] == "RETURNED"
    assert hand.report("returned", **hand.returned(hand.usage())).is_success
    assert float(grid.wait(job, "SETTLED")["charge"]) < 0.01
    grid.check_money(job)


def test_a_report_with_an_old_token_is_refused_shown_and_never_billed(calm_grid, hand):
    """The hand-made centre takes the job and falls silent; `east` runs it; then it speaks again."""
    grid = calm_grid
    job = grid.submit(run="sleep 1")
    hand.take()
    hand.run()
    hand.fall_silent()
    body = hand.returned(hand.usage())
    grid.until(lambda: grid.show(job)["token"] > hand.lease["token"], "the lease is lost")
    late = [hand.report("returned", **body), hand.report("staged"), hand.report("started"),
            hand.report("logs", lines=[])]  # fmt: skip
    assert {answer.json().get("code") for answer in late} == {"token-old"}
    output = grid.call(
        "PUT", f"/v1/agent/leases/{hand.lease['lease_id']}/outputs/x", hand.key, content=b"x",
        headers={"X-Sha256": "2" * 64}, params={"token": hand.lease["token"]},
    )  # fmt: skip
    assert not output.is_success
    mine = {"lease_id": hand.lease["lease_id"], "token": hand.lease["token"]}
    [order] = hand.say("heartbeat", {"leases": [mine]}).json()["leases"]
    assert order["order"] == "drop"
    shown = grid.wait(job, "SETTLED")
    assert shown["centre"]["name"] == "east"
    assert hand.report("returned", **body).json()["code"] == "token-old"
    hand.report("failed", fault="centre", code="centre-fault")
    assert grid.show(job)["charge"] == shown["charge"]
    assert {"centre-silent", "token-old"} <= set(grid.reasons(job))
    grid.check_money(job)


def test_a_new_token_on_an_old_lease_is_refused(calm_grid, hand):
    """A centre that guesses its way to the job's token still has no lease to it."""
    grid = calm_grid
    job = grid.submit(run="sleep 1")
    hand.take()
    hand.run()
    hand.fall_silent()
    grid.until(lambda: grid.show(job)["token"] > hand.lease["token"], "the lease is lost")
    hand.lease["token"] = grid.show(job)["token"]
    assert hand.report("returned", **hand.returned(hand.usage())).json()["code"] == "token-old"
    assert grid.wait(job, "SETTLED")["centre"]["name"] == "east"
    grid.check_money(job)


def test_another_centre_cannot_speak_for_a_lease(calm_grid, hand):
    grid = calm_grid
    job = grid.submit(run="true")
    hand.take()
    hand.run()
    thief = Hand(grid, f"thief-{os.urandom(3).hex()}", price="9.00")
    thief.lease, thief.began = hand.lease, hand.began
    answer = thief.report("returned", **thief.returned(thief.usage()))
    thief.leave()
    assert answer.status_code == 404
    assert hand.report("returned", **hand.returned(hand.usage())).is_success
    grid.wait(job, "SETTLED")
    grid.check_money(job)


def test_a_failure_said_twice_moves_the_job_once(calm_grid, hand):
    grid = calm_grid
    job = grid.submit(run="true")
    hand.take()
    for _ in range(3):
        assert hand.report("failed", fault="centre", code="centre-fault").is_success
    hand.fall_silent()
    assert grid.wait(job, "SETTLED")["attempt"] >= 1
    assert grid.reasons(job).count("centre-fault") == 1
    grid.check_money(job)
