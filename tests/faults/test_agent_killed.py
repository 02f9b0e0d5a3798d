"""kill -9 of an agent: its jobs die with it, run again elsewhere or there, and are billed once."""

from __future__ import annotations

import signal

import pytest
from tests.agent.builders import wait_alive, wait_gone

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
BOTH = pytest.mark.parametrize("on", ["sqlite", "postgresql"])


@BOTH
def test_its_job_moves_to_another_centre_and_is_billed_once(a_grid, on):
    grid = a_grid("east", "west", on=on)
    job = grid.submit(run="sleep 3.0711; echo done")
    assert grid.wait(job, "RUNNING")["centre"]["name"] == "east"
    wait_alive("sleep 3.0711")
    grid.kill_agent("east")
    assert wait_gone("sleep 3.0711", within=2)
    shown = grid.wait(job, "SETTLED")
    assert (shown["centre"]["name"], shown["exit_code"], shown["attempt"] >= 1) == ("west", 0, True)
    assert "centre-silent" in grid.reasons(job)
    grid.check_money(job)


def test_with_no_other_centre_its_job_waits_and_runs_when_the_agent_is_back(calm_grid):
    grid = calm_grid
    job = grid.submit(run="sleep 2.0712")
    grid.wait(job, "RUNNING")
    wait_alive("sleep 2.0712")
    grid.kill_agent("east")
    assert wait_gone("sleep 2.0712")
    grid.until(lambda: grid.show(job)["state"] == "PLACED", "the lease is lost")
    assert "centre-silent" in grid.reasons(job)
    grid.check_money(job)
    grid.start_agent("east")
    assert grid.wait(job, "SETTLED")["attempt"] >= 1
    grid.check_money(job)


def test_a_restarted_agent_says_at_once_that_it_lost_its_job(calm_grid):
    grid = calm_grid
    job = grid.submit(run="sleep 2.0713")
    grid.wait(job, "RUNNING")
    grid.kill_agent("east")
    grid.start_agent("east")
    grid.wait(job, "SETTLED")
    assert set(grid.reasons(job)) & {"agent-restarted", "centre-silent"}
    grid.check_money(job)


def test_killed_again_and_again_its_job_is_lost_and_costs_nothing(calm_grid):
    grid = calm_grid
    job = grid.submit(run="sleep 60.0714", retry=1)
    for starts in (1, 2):
        grid.until(lambda: grid.show(job)["state"] == "RUNNING", "the job runs")
        wait_alive("sleep 60.0714")
        grid.kill_agent("east")
        assert wait_gone("sleep 60.0714")
        grid.start_agent("east")
        # It may run again before anybody looks: then its timeline has one start more.
        grid.until(
            lambda seen=starts: (
                grid.show(job)["state"] != "RUNNING" or grid.verbs(job).count("start") > seen
            ),
            "the loss is noticed",
        )
    shown = grid.wait(job, "LOST")
    assert shown["reason"]["code"] == "retries-exhausted"
    assert grid.verbs(job).count("start") == 2
    grid.check_free(job)


def test_killed_at_any_moment_that_the_timeline_knows_its_job_is_billed_once(calm_grid):
    grid = calm_grid
    for moment in ("lease", "stage", "start", "finish"):
        job = grid.submit(run="sleep 0.3; echo hi > out.txt", outputs=["out.txt"], retry=5)
        grid.wait_for_verb(job, moment)
        grid.kill_agent("east")
        grid.start_agent("east")
        assert grid.wait(job, "SETTLED")["exit_code"] == 0
        grid.check_money(job)


def test_a_job_whose_agent_is_stopped_for_longer_than_its_lease_is_not_run_twice_over(a_grid):
    """SIGSTOP and not kill: the agent wakes up with a dead lease and must drop what it has."""
    grid = a_grid("east", "west")
    job = grid.submit(run="sleep 5.0715")
    grid.wait(job, "RUNNING")
    grid.agents["east"].send(signal.SIGSTOP)
    grid.until(lambda: (grid.show(job)["centre"] or {}).get("name") == "west", "it moves")
    grid.agents["east"].send(signal.SIGCONT)
    shown = grid.wait(job, "SETTLED")
    assert shown["centre"]["name"] == "west"
    assert wait_gone("sleep 5.0715")
    grid.check_money(job)
