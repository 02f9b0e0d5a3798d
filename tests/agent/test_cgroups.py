"""Control groups: v1 is tried for real in test_sandbox; v2 here against a tree of plain files."""

from __future__ import annotations

import pytest

from suanwang.agent.backends import cgroups
from suanwang.agent.backends.order import MB, Limits

LIMITS = Limits(cores=2, memory_bytes=100 * MB, disk_bytes=MB, seconds=1, processes=64)


@pytest.fixture
def v2(tmp_path, monkeypatch):
    """A unit's group, handed to us by systemd: /unit, with us in it."""
    unit = tmp_path / "unit"
    unit.mkdir()
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    (unit / "cgroup.controllers").write_text("cpu memory pids")
    (unit / "cgroup.subtree_control").write_text("")
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    monkeypatch.setattr(cgroups, "_membership", lambda: ["0::/unit/suanwang-agent"])
    return unit


def test_a_job_gets_a_group_beside_the_agents_leaf_with_its_limits(v2):
    groups = cgroups.make("suanwang-x", LIMITS)
    job = v2 / "suanwang-x"
    written = {path.name: path.read_text() for path in job.iterdir()}
    assert written == {
        "memory.max": "100000000", "memory.swap.max": "0", "pids.max": "64",
        "cpu.max": "200000 100000",
    }  # fmt: skip
    assert (v2 / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    assert groups.join_files() == [str(job / "cgroup.procs")]
    assert cgroups.folders_of("suanwang-x") == [str(job)]


def test_figures_are_read_from_the_group(v2):
    groups = cgroups.make("suanwang-x", LIMITS)
    job = v2 / "suanwang-x"
    (job / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    (job / "memory.stat").write_text("anon 1000\nfile 5000\nshmem 24\n")
    (job / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert groups.cpu_seconds() == 2.5
    assert groups.memory_bytes() == 1024
    assert groups.out_of_memory()


def test_the_agent_moves_into_a_leaf_once(v2, monkeypatch):
    monkeypatch.setattr(cgroups, "_membership", lambda: ["0::/unit"])
    cgroups.settle()
    leaf = v2 / "suanwang-agent"
    assert int((leaf / "cgroup.procs").read_text()) > 0
    monkeypatch.setattr(cgroups, "_membership", lambda: ["0::/unit/suanwang-agent"])
    cgroups.settle()
    assert not (leaf / "suanwang-agent").exists()


def test_where_no_group_can_be_made_there_is_none(v2):
    (v2 / "cgroup.subtree_control").unlink()
    (v2 / "cgroup.subtree_control").mkdir()
    assert cgroups.make("suanwang-x", LIMITS) is None
    assert not (v2 / "suanwang-x").exists()


def test_on_a_machine_without_groups_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    assert cgroups.make("suanwang-x", LIMITS) is None
    cgroups.settle()
    cgroups.remove([str(tmp_path / "none")])
