"""The line between centre and server is cut for longer than a lease: the centre ends its own work."""

from __future__ import annotations

import os
import signal
import time

import pytest
from tests.agent.builders import wait_alive, wait_gone

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]


def test_a_server_out_of_reach_loses_the_job_which_runs_again_and_is_billed_once(calm_grid):
    """The server is stopped, not killed: it keeps the connections and says nothing."""
    grid = calm_grid
    mark = f"sleep 3.{os.getpid()}1"
    job = grid.submit(run=mark)
    grid.wait(job, "RUNNING")
    wait_alive(mark)
    grid.server.send(signal.SIGSTOP)
    try:
        began = time.monotonic()
        # By its own clock, while nobody answers: the job may run elsewhere from then on.
        assert wait_gone(mark, within=30)
        assert time.monotonic() - began < 4.5 or wait_gone(mark)
    finally:
        time.sleep(2)
        grid.server.send(signal.SIGCONT)
    shown = grid.wait(job, "SETTLED")
    verbs = grid.verbs(job)
    assert (shown["exit_code"], verbs.count("finish")) == (0, 1)
    grid.check_money(job)


def test_a_result_that_was_ready_while_the_line_was_cut_is_not_thrown_away(calm_grid):
    """A job that ends by itself during the cut is over: its report waits for the server."""
    grid = calm_grid
    job = grid.submit(run="sleep 1; echo done > out.txt", outputs=["out.txt"])
    grid.wait_for_verb(job, "start")
    grid.server.send(signal.SIGSTOP)
    time.sleep(5)
    grid.server.send(signal.SIGCONT)
    grid.wait(job, "SETTLED")
    assert grid.verbs(job).count("finish") == 1
    grid.check_money(job)
