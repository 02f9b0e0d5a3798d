"""Jobs that go wrong by themselves: each ends once, pays for what it used, and says why."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from tests.agent.builders import alive, wait_gone

from suanwang.agent.backends import cgroups

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
CHILDREN = 300  # bounded, whatever becomes of the limits: this machine is shared


def uploaded(grid, data: bytes) -> str:
    """Keep a blob at the server; return its SHA-256."""
    sha256 = hashlib.sha256(data).hexdigest()
    answer = grid.call("PUT", f"/v1/blobs/{sha256}", grid.buyer, content=data)
    assert answer.is_success, answer.text
    return sha256


def logs(grid, job: str) -> str:
    return grid.call("GET", f"/v1/jobs/{job}/logs", grid.buyer).text


def billed(grid, job: str) -> float:
    """Assert that a job that ended by itself was billed once; return its billed seconds."""
    shown = grid.show(job)
    grid.check_money(job)
    assert float(shown["charge"]) > 0
    assert grid.verbs(job).count("bill") == 1
    return float(shown["usage"]["wall_seconds"])


# ── inputs ──


def test_an_input_whose_blob_is_not_there_is_refused_or_fails_for_nothing(calm_grid):
    grid = calm_grid
    nowhere = "0" * 64
    spec = {"name": "x", "run": "true", "inputs": [{"from": f"blob:{nowhere}", "to": "in"}]}
    body = {"spec": spec, "accept": True}
    answer = grid.call("POST", "/v1/jobs", grid.buyer, json=body)
    if answer.is_success:
        job = answer.json()["items"][0]["id"]
        assert grid.wait(job, "FAILED")["reason"]["code"] == "input-missing"
        grid.check_free(job)
    else:
        assert answer.status_code in (404, 422), answer.text
        assert nowhere[:8] in answer.text
        grid.check_money()


def test_an_input_lost_from_the_store_between_submission_and_staging_fails_for_nothing(calm_grid):
    grid = calm_grid
    sha256 = uploaded(grid, os.urandom(64))
    kept = [p for p in (grid.server.folder / "blobs").rglob("*") if p.name == sha256]
    assert kept, "where does the server keep blobs?"
    for path in kept:
        path.unlink()
    job = grid.submit(run="cat in", inputs=[{"from": f"blob:{sha256}", "to": "in"}])
    shown = grid.wait(job, "FAILED")
    assert shown["reason"]["code"] == "input-missing"
    assert "input-missing" in grid.reasons(job)
    assert "start" not in grid.verbs(job)
    grid.check_free(job)


def test_an_input_with_another_checksum_fails_for_nothing(calm_grid):
    grid = calm_grid
    source = f"blob:{uploaded(grid, os.urandom(64))}"
    job = grid.submit(run="cat in", inputs=[{"from": source, "to": "in", "sha256": "1" * 64}])
    shown = grid.wait(job, "FAILED")
    assert shown["reason"]["code"] == "input-checksum"
    assert "1" * 64 in str(shown["reason"]) + str(grid.timeline(job))
    assert "start" not in grid.verbs(job)
    grid.check_free(job)


def test_an_input_damaged_in_the_store_fails_for_nothing(calm_grid):
    grid = calm_grid
    sha256 = uploaded(grid, os.urandom(64))
    for path in (grid.server.folder / "blobs").rglob("*"):
        if path.name == sha256:
            path.chmod(0o600)
            path.write_bytes(os.urandom(64))
    job = grid.submit(run="cat in", inputs=[{"from": f"blob:{sha256}", "to": "in"}])
    assert grid.wait(job, "FAILED")["reason"]["code"] == "input-checksum"
    grid.check_free(job)


def test_a_file_outside_the_centres_export_fails_for_nothing(calm_grid):
    job = calm_grid.submit(run="cat in", inputs=[{"from": "file:///etc/shadow", "to": "in"}])
    assert calm_grid.wait(job, "FAILED")["reason"]["code"] == "input-missing"
    calm_grid.check_free(job)


# ── commands ──


def test_a_full_work_directory_ends_the_job_at_its_disk_limit(calm_grid):
    grid = calm_grid
    job = grid.submit(run="while :; do head -c 5M /dev/zero >> big; sleep 0.05; done")
    shown = grid.wait(job, "SETTLED")
    assert (shown["exit_code"], shown["reason"]["code"]) == (153, "disk-limit")
    assert "disk" in logs(grid, job)
    billed(grid, job)


def test_many_small_files_meet_the_disk_limit_too(calm_grid):
    grid = calm_grid
    run = "i=0; while :; do i=$((i+1)); head -c 1M /dev/zero > f$i; done"
    shown = grid.wait(grid.submit(run=run), "SETTLED")
    assert shown["reason"]["code"] == "disk-limit"
    billed(grid, shown["id"])


def test_a_job_that_fills_memory_ends_at_its_memory_limit(calm_grid):
    grid = calm_grid
    # tail keeps the one endless line in memory; ulimit bounds it should every limit of ours fail.
    job = grid.submit(
        run="ulimit -v 2000000; tail /dev/zero",
        resources={"memory": "100MB", "disk": "40MB"},
    )
    shown = grid.wait(job, "SETTLED")
    assert (shown["exit_code"], shown["reason"]["code"]) == (137, "memory-limit")
    billed(grid, job)


def test_a_job_that_never_ends_ends_at_its_time_limit(calm_grid):
    grid = calm_grid
    mark = f"sleep 3600.{os.getpid()}"
    run = f"trap '' TERM; {mark} & while :; do sleep 0.2; done"
    job = grid.submit(run=run, expected="1s", time_limit="2s")
    shown = grid.wait(job, "SETTLED")
    assert (shown["exit_code"], shown["reason"]["code"]) == (124, "time-limit")
    assert alive(mark) == []
    assert 2 <= billed(grid, job) < 15
    bill = grid.ask(f"/v1/jobs/{job}/bill")
    compute = next(line for line in bill["lines"] if line["kind"] == "compute")
    assert float(compute["quantity"]) * 3600 <= 2.01, "what a centre needs to kill is not billed"


def processes_limit(grid, job: str) -> Path | None:
    """Return the file with the kernel's limit on this job's processes, if there is one."""
    [(lease,)] = grid.books.ask("SELECT id FROM leases WHERE job_id = ?", job)
    folders = [Path(name) for name in cgroups.folders_of(f"suanwang-{lease}")]
    found = [folder / "pids.max" for folder in folders if (folder / "pids.max").exists()]
    return found[0] if found else None


def test_a_job_that_forks_and_forks_leaves_nothing_behind(calm_grid):
    """Waits for this test's word before its first fork: the kernel's limit is looked at first."""
    grid = calm_grid
    mark = f"sleep 3601.{os.getpid()}"
    fork = f"for i in $(seq {CHILDREN}); do (setsid {mark} &) & done"
    job = grid.submit(
        run=f"until test -e go; do sleep 0.1; done; {fork}; {mark}",
        expected="5s",
        time_limit="8s",
    )
    grid.wait(job, "RUNNING")
    work = grid.work_of("east")
    limit = processes_limit(grid, job)
    if limit is None:
        grid.cancel(job)
        grid.wait(job, "CANCELLED")
        pytest.skip("no control group for processes here, so nothing may fork without end")
    assert int(limit.read_text()) <= 1024
    (work / "go").touch()
    most, until = 0, time.monotonic() + 30
    while limit.exists() and time.monotonic() < until:
        most = max(most, _number(limit.with_name("pids.current")))
        time.sleep(0.1)
    shown = grid.wait(job, "SETTLED")
    assert shown["reason"]["code"] in ("time-limit", "memory-limit")
    assert 20 < most <= 1024
    assert wait_gone(mark, within=2)
    assert not limit.exists()
    billed(grid, job)


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def test_a_job_that_writes_outside_its_directory_changes_nothing(calm_grid, tmp_path):
    grid = calm_grid
    mine = tmp_path / "mine"
    mine.write_text("mine")
    home = grid.agents["east"].home.folder
    targets = [mine, tmp_path / "new", home / "new", home / "server.key", home / "jobs/new",
               "/usr/new-by-job", "/etc/new-by-job", "/new-by-job", "/var/new-by-job",
               "../new-by-job", "/run/job/run.sh"]  # fmt: skip
    run = "\n".join(
        f"(echo bad > {path}) 2>/dev/null && echo WROTE {path} || :" for path in targets
    )
    key = (home / "server.key").read_text()
    shown = grid.wait(grid.submit(run=f"{run}\necho tried"), "SETTLED")
    assert shown["exit_code"] == 0
    said = logs(grid, shown["id"])
    assert "tried" in said
    assert "WROTE" not in said
    assert mine.read_text() == "mine"
    assert (home / "server.key").read_text() == key
    new = [p for p in [tmp_path / "new", home / "new", *map(Path, targets[5:9])] if p.exists()]
    assert new == []
    billed(grid, shown["id"])


# ── cancelled ──


def test_a_cancelled_running_job_is_billed_for_its_use_and_ends_cancelled(calm_grid):
    grid = calm_grid
    mark = f"sleep 3602.{os.getpid()}"
    job = grid.submit(run=mark, expected="1h")
    grid.wait(job, "RUNNING")
    grid.until(lambda: alive(mark), "the command runs")
    time.sleep(1)
    grid.cancel(job)
    grid.cancel(job)  # twice is once
    shown = grid.wait(job, "CANCELLED")
    assert shown["reason"]["code"] == "cancelled-by-buyer"
    assert alive(mark) == []
    assert 1 <= billed(grid, job) < 20
    assert 0 < float(shown["charge"]) < 0.01  # seconds of an hour's hold


def test_a_job_cancelled_before_it_runs_costs_nothing(calm_grid):
    grid = calm_grid
    job = grid.submit(run="true", earliest_start="30m")
    grid.until(lambda: grid.show(job)["state"] != "SUBMITTED", "it is quoted")
    grid.cancel(job)
    assert grid.wait(job, "CANCELLED")["charge"] in (None, "0.00", "0")
    grid.check_free(job)
