"""Real sandboxes and real limits: each rule with cgroups and with the watchdog alone, boxed or not."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.agent.builders import an_order, wait_alive, wait_gone

from suanwang.agent.backends import cgroups, sandbox, watch
from suanwang.agent.backends.local import LocalBackend, kill_leftovers, probe_environment
from suanwang.agent.backends.order import MB, EndedBy
from suanwang.agent.errors import (
    EnvironmentBroken,
    SandboxForbidden,
    SandboxLeaks,
    SandboxMissing,
)

pytestmark = pytest.mark.real
CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")


def run(folder, command, *, boxed=True, groups=True, after=None, **limits):
    """Run one job to its end; returns how it ended and everything it said."""
    said = []

    async def go():
        backend = LocalBackend(bwrap=sandbox.find_bwrap() if boxed else None, groups=groups)
        order = an_order(folder, command, **limits)
        running = await backend.start(order, lambda _, data: said.append(data))
        if after:
            asyncio.get_running_loop().call_later(after[0], running.stop, after[1])
        return await running.wait()

    folder.mkdir(exist_ok=True)
    return asyncio.run(go()), b"".join(said).decode()


@pytest.fixture(params=["boxed+groups", "boxed", "plain+groups", "plain"])
def how(request):
    """Say in which of the four ways a job runs."""
    return {"boxed": "boxed" in request.param, "groups": "groups" in request.param}


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


def test_a_good_job_ends_with_its_own_code(tmp_path, how):
    ended, said = run(tmp_path / "j", "echo hi; exit 3", **how)
    assert (ended.exit_code, ended.by, said) == (3, EndedBy.EXIT, "hi\n")


def test_a_job_that_fills_memory_is_stopped(tmp_path, how):
    fill = "python3 -c 'x = [bytes([1]) * 10**7 for _ in range(10**4)]'"
    ended, _ = run(tmp_path / "j", fill, memory_bytes=100 * MB, **how)
    assert (ended.exit_code, ended.by) == (137, EndedBy.MEMORY)
    assert ended.sample.memory_peak_bytes > 50 * MB


def test_a_job_that_never_ends_is_stopped(tmp_path, how):
    ended, said = run(
        tmp_path / "j", "trap 'echo asked' TERM; while :; do sleep 0.1; done", seconds=1.0, **how
    )
    assert (ended.exit_code, ended.by) == (124, EndedBy.TIME_LIMIT)
    assert "asked" in said
    assert 1.0 <= ended.wall_seconds < 4


@pytest.mark.parametrize(
    "fill",
    [
        "head -c 40000000 /dev/zero >a; head -c 40000000 /dev/zero >b; sleep 9",
        "head -c 90000000 /dev/zero >a",
        "exec 3>a 4>b; rm a b; for fd in 3 4; do head -c 40000000 /dev/zero >&$fd; done; sleep 9",
    ],
    ids=["two files", "one file", "deleted but open"],
)
def test_a_job_that_fills_the_disk_is_stopped(tmp_path, how, fill):
    ended, _ = run(tmp_path / "j", fill, **how)
    assert (ended.exit_code, ended.by) == (153, EndedBy.DISK)


def test_a_fork_bomb_stays_small_and_ends_with_its_job(tmp_path, how):
    mark = f"sleep 4{os.getpid()}"
    # Bounded by its own depth (511 processes), should every limit fail.
    bomb = f"f() {{ [ $1 = 0 ] || {{ f $(($1-1)) & f $(($1-1)) & }}; {mark}; }}; f 8; exit 0"
    began = time.monotonic()
    ended, _ = run(tmp_path / "j", bomb, processes=40, seconds=3.0, **how)
    assert ended.by in (EndedBy.EXIT, EndedBy.MEMORY, EndedBy.TIME_LIMIT)
    assert time.monotonic() - began < 15
    assert wait_gone(mark)


def test_processes_left_in_the_background_end_with_the_job(tmp_path, how):
    mark = f"sleep 3{os.getpid()}"
    ended, _ = run(tmp_path / "j", f"setsid {mark} & (setsid setsid {mark} &); exit 0", **how)
    assert ended.exit_code == 0
    assert wait_gone(mark)


def test_a_stopped_job_is_asked_first(tmp_path, how):
    ended, said = run(
        tmp_path / "j", "trap 'echo saved; exit 9' TERM; sleep 50 & wait",
        after=(0.5, EndedBy.CANCEL), **how,
    )  # fmt: skip
    assert (ended.exit_code, ended.by, said) == (143, EndedBy.CANCEL, "saved\n")


def test_a_disk_that_somebody_else_fills_is_the_centres_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "CENTRE_DISK_BYTES", 10**18)
    ended, _ = run(tmp_path / "j", "sleep 20")
    assert ended.by is EndedBy.CENTRE_DISK


@pytest.mark.parametrize("boxed", [True, False])
def test_a_job_that_never_came_to_start_is_the_centres_fault(tmp_path, boxed):
    async def go():
        bwrap = sandbox.find_bwrap() if boxed else None
        backend = LocalBackend(bwrap=bwrap, show=[tmp_path / "away"])
        order = an_order(tmp_path, "exit 0")
        order.work.rmdir()
        return await (await backend.start(order, lambda _, data: None)).wait()

    assert asyncio.run(go()).by is EndedBy.NEVER_STARTED


def test_a_launcher_that_fails_shows_the_buyer_nothing_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(LocalBackend, "_request", lambda *_, **__: {"mode": "exec"})
    ended, said = run(tmp_path / "j", "true")
    assert ended.by is EndedBy.NEVER_STARTED
    assert said == "The centre could not start the job (KeyError).\n"


def test_a_command_that_says_125_is_a_command_that_said_125(tmp_path, how):
    ended, _ = run(tmp_path / "j", "exit 125", **how)
    assert (ended.exit_code, ended.by) == (125, EndedBy.EXIT)


def test_cpu_seconds_are_metered(tmp_path, how):
    ended, _ = run(tmp_path / "j", "python3 -c 'for i in range(3 * 10**7): pass'", **how)
    assert 0.1 < ended.sample.cpu_seconds < 10


@pytest.mark.skipif(not cgroups.CONTROLLERS, reason="no cgroups")
def test_no_group_is_left_behind(tmp_path):
    run(tmp_path / "lse_left", "true")
    assert not [f for f in cgroups.folders_of("suanwang-lse_left") if Path(f).exists()]


def test_a_job_gets_no_more_cores_than_it_asked_for(tmp_path, how):
    busy = "python3 -c 'while 1: pass'"
    ended, _ = run(tmp_path / "j", f"{busy} & {busy} & wait", cores=1, seconds=2.0, **how)
    assert ended.sample.cpu_seconds < 1.4 * ended.wall_seconds


# ── walls ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "reach",
    [
        "cat {secret}",
        "ls {folder}",
        "cat /etc/shadow",
        "ls /root",
        "ls /home",
        "echo x >/usr/x",
        "echo x >/x",
        "echo x >/etc/x",
        "echo x >/dev/x",
        "echo x >/proc/sys/kernel/core_pattern",
        "echo x >/proc/sys/kernel/hostname",
        "mount -t tmpfs none /tmp",
        "unshare -U true",
        "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}), 2)'",
        "python3 -c 'import socket; socket.create_connection((\"192.0.2.1\", 80), 2)'",
        "python3 -c 'import socket; socket.getaddrinfo(\"example.org\", 80)'",
        "kill -0 {pid}",
        "head -c 90000000 /dev/zero >/tmp/x",
        "head -c 90000000 /dev/zero >/dev/shm/x",
    ],
)
def test_a_boxed_job_cannot_reach_out(tmp_path, reach, server):
    secret = tmp_path / "server.key"
    secret.write_text("sk_key_1_secret")
    port = int(server.url.rpartition(":")[2])
    command = reach.format(secret=secret, folder=tmp_path, port=port, pid=os.getpid())
    pattern = CORE_PATTERN.read_text()
    ended, said = run(tmp_path / "j", command, disk_bytes=200 * MB)
    assert ended.exit_code != 0, said
    assert "secret" not in said
    assert CORE_PATTERN.read_text() == pattern


def test_a_boxed_job_sees_its_own_variables_and_none_of_the_agents(tmp_path, monkeypatch):
    monkeypatch.setenv("AGENT_SECRET", "hidden")
    look = "env; cat /proc/1/environ /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; id -u; pwd; ls /"
    _, said = run(tmp_path / "j", look)
    assert "hidden" not in said
    assert "HOME=/work" in said
    assert "65534" in said


def test_an_unboxed_job_sees_none_of_the_agents_variables_either(tmp_path, monkeypatch):
    monkeypatch.setenv("AGENT_SECRET", "hidden")
    _, said = run(tmp_path / "j", "env", boxed=False)
    assert "hidden" not in said


def every_command_line():
    return [path.read_text() for path in Path("/proc").glob("[0-9]*/cmdline")]


def test_variables_do_not_show_in_the_process_list(tmp_path):
    mark = f"sleep 2{os.getpid()}"

    async def go():
        backend = LocalBackend(bwrap=sandbox.find_bwrap())
        order = replace(an_order(tmp_path / "j", mark), variables={"KEY": "topsecret"})
        running = await backend.start(order, lambda *_: None)
        wait_alive(mark)
        words = await asyncio.to_thread(every_command_line)
        running.stop(EndedBy.LEASE_LOST)
        await running.wait()
        return words

    (tmp_path / "j").mkdir()
    assert not [each for each in asyncio.run(go()) if "topsecret" in each]


def test_the_work_directory_is_the_jobs_own(tmp_path):
    ended, _ = run(tmp_path / "j", "mkdir -p out && echo made >out/x && ln -s /etc/passwd link")
    assert ended.exit_code == 0
    assert (tmp_path / "j" / "work" / "out" / "x").read_text() == "made\n"


# ── starting ─────────────────────────────────────────────────────────────────────────────────────


def test_the_sandbox_proves_itself_before_any_job(tmp_path):
    sandbox.self_test(sandbox.find_bwrap(), keep_out=tmp_path)


def test_a_sandbox_that_cannot_start_is_refused_with_its_own_words(tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    with pytest.raises(SandboxForbidden, match="No permissions"):
        sandbox.self_test(broken, keep_out=tmp_path)


def test_a_sandbox_that_does_not_hold_is_refused(tmp_path):
    # Runs the probe on the plain machine, with the work directory where the probe looks for it.
    leaky = tmp_path / "bwrap"
    leaky.write_text(
        '#!/bin/sh\n[ "$1" = --help ] && exit\n'
        'while [ "$1" != --bind ]; do shift; done; work=$2\n'
        'while [ "$1" != /bin/sh ]; do shift; done\n'
        'KEEP_OUT=/tmp PATH=/usr/bin:/bin; export KEEP_OUT PATH; echo ok >"$work/probe"\n'
        'exec /bin/sh -c "$(echo "$3" | sed "s,/usr/suanwang-probe,/dev/null,;s,/suanwang-probe,/dev/null,")"\n'
    )
    leaky.chmod(0o755)
    with pytest.raises(SandboxLeaks, match="directory is visible"):
        sandbox.self_test(leaky, keep_out=tmp_path)


def test_without_bubblewrap_the_message_names_what_to_install(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: None)

    def none(_):
        raise ImportError

    monkeypatch.setattr(sandbox.importlib, "import_module", none)
    with pytest.raises(SandboxMissing, match="--no-sandbox"):
        sandbox.find_bwrap()


@pytest.mark.parametrize(
    ("name", "value", "helps"),
    [
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1",
         "kernel.apparmor_restrict_unprivileged_userns=0"),
    ],
)  # fmt: skip
def test_the_setting_in_the_way_is_named_with_what_helps(monkeypatch, name, value, helps):
    monkeypatch.setattr(sandbox, "_setting", {name: value}.get)
    monkeypatch.setattr(sandbox, "in_container", lambda: False)
    assert [each for _, each in sandbox.hints()] == [helps]


def test_in_a_container_the_flag_is_named(monkeypatch):
    monkeypatch.setattr(sandbox, "_setting", lambda _: None)
    monkeypatch.setattr(sandbox, "in_container", lambda: True)
    assert "seccomp=unconfined" in sandbox.hints()[0][1]
    assert "--privileged" in sandbox.hints()[0][1]


def test_a_named_environment_that_is_broken_is_refused(tmp_path):
    with pytest.raises(EnvironmentBroken, match="science"):
        probe_environment("science", tmp_path)


def test_leftovers_of_a_killed_agent_are_found_by_pid_and_start_time(tmp_path):
    mark = f"sleep 1{os.getpid()}"

    async def go():
        backend = LocalBackend(bwrap=None)
        running = await backend.start(an_order(tmp_path / "j", mark), lambda *_: None)
        wait_alive(mark)
        other = type(running.mark)(pid=running.mark.pid, started=1.0, groups=())
        assert not kill_leftovers(other)  # the same number, another process
        assert kill_leftovers(running.mark)
        return await running.wait()

    (tmp_path / "j").mkdir()
    asyncio.run(go())
    assert wait_gone(mark)
