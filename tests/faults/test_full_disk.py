"""The disk below the work directory is full, truly: a small tmpfs, filled by somebody else."""

from __future__ import annotations

import contextlib
import os
import subprocess

import pytest

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
MB = 1_000_000
# The agent keeps 256 MB free of any machine's disk and promises the job its 40 MB.
DISK_MB = 340


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, or a skip that says why there is none."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB * MB}", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"this user may not mount a small tmpfs: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder, *, leave: int) -> None:
    """Take all but `leave` bytes of a file system, on which others are writing meanwhile."""
    with (folder / "somebody-elses").open("ab") as file:
        while (room := free(folder) - leave) > 0:
            with contextlib.suppress(OSError):
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, room)


def free(folder) -> int:
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize


def test_a_disk_that_fills_while_a_job_runs_is_the_centres_fault_and_the_job_moves(
    small_disk, a_grid
):
    grid = a_grid("west")
    grid.join("east", at=small_disk / "east", price="0.05")
    job = grid.submit(
        run="i=0; while test $i -lt 30; do echo $i >> out; i=$((i+1)); sleep 0.1; done"
    )
    assert grid.wait(job, "RUNNING")["centre"]["name"] == "east"
    fill(small_disk, leave=0)
    shown = grid.wait(job, "SETTLED")
    assert (shown["centre"]["name"], shown["exit_code"]) == ("west", 0)
    assert "disk-full" in grid.reasons(job)
    grid.check_money(job)


def test_with_no_other_centre_it_is_lost_and_costs_nothing(small_disk, a_grid):
    grid = a_grid()
    grid.join("east", at=small_disk / "east")
    fill(small_disk, leave=100 * MB)  # the agent has room to think, a job has none
    job = grid.submit(run="true", retry=1)
    shown = grid.wait(job, "LOST")
    assert shown["reason"]["code"] == "retries-exhausted"
    assert "disk-full" in grid.reasons(job)
    assert "start" not in grid.verbs(job)
    grid.check_free(job)


def test_an_agent_that_starts_on_a_full_disk_says_so_and_goes_on_when_there_is_room(
    small_disk, a_grid
):
    grid = a_grid()
    grid.join("east", at=small_disk / "east")
    job = grid.submit(run="sleep 1.5", retry=10)
    grid.wait(job, "RUNNING")
    grid.kill_agent("east")
    fill(small_disk, leave=0)
    grid.start_agent("east")
    agent = grid.agents["east"]
    grid.until(lambda: not agent.runs or agent.said().count("joined") > 1, "it ends or joins")
    if not agent.runs:
        assert "No space left on device" in agent.said()
        assert "Traceback" not in agent.said()
        (small_disk / "somebody-elses").unlink()
        grid.start_agent("east")
    (small_disk / "somebody-elses").unlink(missing_ok=True)
    grid.wait(job, "SETTLED")
    grid.check_money(job)
