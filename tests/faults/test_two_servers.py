"""Two servers on one PostgreSQL; the one that leads rounds is killed -9."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.real, pytest.mark.timeout(150)]
LEADS = "clear"
# The lead of a dead server is good for ten seconds more, its locks for four leases.
TAKE_OVER_SECONDS = 45
JOBS = 8


def test_the_leader_is_killed_and_the_other_finishes_every_job_once(a_grid):
    grid = a_grid(on="postgresql")
    grid.until(lambda: leader(grid), "the first server leads")
    grid.add_server()
    # The centres speak to the second server, the buyer to both.
    grid.start_joining("east", server=1, price="0.10")
    grid.start_joining("west", server=1, price="0.20")
    grid.wait_joined()
    led_by = leader(grid)
    jobs = [grid.submit(run="sleep 0.3", server=n % 2, retry=10) for n in range(JOBS)]
    grid.until(lambda: any("place" in grid.books.verbs(job) for job in jobs), "a first place")
    assert leader(grid) == led_by
    grid.kill_server()
    jobs += [grid.submit(run="sleep 0.3", server=1, retry=10) for _ in range(2)]
    for job in jobs:
        grid.wait(job, "SETTLED", within=TAKE_OVER_SECONDS)
        verbs = grid.verbs(job)
        assert [verbs.count(verb) for verb in ("finish", "meter", "bill", "settle")] == [1] * 4
        tokens = grid.books.ask(
            "SELECT token, count(*) FROM leases WHERE job_id = ? GROUP BY token", job
        )
        assert [count for _, count in tokens] == [1] * len(tokens), "one lease for one token"
    assert leader(grid) != led_by
    grid.check_money(*jobs)


def leader(grid) -> str:
    """Return who leads rounds, by the database."""
    rows = grid.books.ask("SELECT holder FROM leaders WHERE name = ? AND holder <> ''", LEADS)
    return rows[0][0] if rows else ""
