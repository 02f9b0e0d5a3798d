"""kill -9 of the server at any moment of a job's life: one outcome, one bill, nothing held."""

from __future__ import annotations

import random
import time

import pytest

pytestmark = [pytest.mark.real, pytest.mark.timeout(150)]
# Every line that a job's life commits, in order; `lease` has no state of its own.
MOMENTS = (
    "submit", "quote", "accept", "clear", "place", "lease", "stage", "start", "finish", "meter",
    "bill", "settle",
)  # fmt: skip
ONCE = ("submit", "finish", "meter", "bill", "settle")
JOBS, KILLS, SEED = 6, 3, 1


def check_one_outcome(grid, job: str) -> None:
    grid.check_money(job)
    verbs = grid.verbs(job)
    assert {verb: verbs.count(verb) for verb in ONCE} == dict.fromkeys(ONCE, 1), grid.story(job)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_right_after_any_step_the_job_is_done_and_billed_once(calm_grid, moment):
    """The step is seen in the database, so the kill comes a few milliseconds after its commit."""
    grid = calm_grid
    job = grid.submit(run="sleep 0.5; echo done > out.txt", outputs=["out.txt"], retry=10)
    grid.wait_for_verb(job, moment)
    grid.kill_server()
    grid.start_server()
    shown = grid.wait(job, "SETTLED")
    assert shown["exit_code"] == 0
    output = grid.call("GET", f"/v1/jobs/{job}/outputs/out.txt", grid.buyer)
    assert output.content == b"done\n"
    check_one_outcome(grid, job)


def test_killed_at_random_moments_every_job_is_done_and_billed_once(calm_grid):
    grid, dice = calm_grid, random.Random(SEED)
    jobs = [grid.submit(run=f"sleep {dice.random():.2f}", retry=10) for _ in range(JOBS)]
    for _ in range(KILLS):
        time.sleep(dice.uniform(0, 0.8))
        grid.kill_server()
        grid.start_server()
    for job in jobs:
        assert grid.wait(job, "SETTLED")["exit_code"] == 0
        check_one_outcome(grid, job)


def test_killed_while_a_job_is_cancelled_it_ends_cancelled_and_billed_once(calm_grid):
    grid = calm_grid
    job = grid.submit(run="sleep 60", retry=10)
    grid.wait(job, "RUNNING")
    grid.cancel(job)
    grid.kill_server()
    grid.start_server()
    grid.wait(job, "CANCELLED")
    grid.check_money(job)
    assert grid.verbs(job).count("bill") <= 1


def test_killed_on_postgresql_the_job_is_done_and_billed_once(a_grid):
    grid = a_grid("east", on="postgresql")
    for moment in ("clear", "finish"):
        job = grid.submit(run="sleep 0.3", retry=10)
        grid.wait_for_verb(job, moment)
        grid.kill_server()
        grid.start_server()
        grid.wait(job, "SETTLED")
        check_one_outcome(grid, job)


def test_server_and_agent_killed_together_the_job_is_done_and_billed_once(a_grid):
    grid = a_grid("east")
    job = grid.submit(run="sleep 1.5", retry=10)
    grid.wait(job, "RUNNING")
    grid.kill_agent("east")
    grid.kill_server()
    grid.start_server()
    grid.start_agent("east")
    grid.wait(job, "SETTLED")
    check_one_outcome(grid, job)
