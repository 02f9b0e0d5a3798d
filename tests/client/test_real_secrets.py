"""A secret's whole way, with real processes: stored, named, handed out, seen by the job, masked."""

from __future__ import annotations

import hashlib
import stat

import pytest
from tests.client.real_grid import RealGrid

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

VALUE = "hf_correct-horse-battery-staple"
JOB = """\
name: {name}
run: |
  mkdir -p out
  printf %s "$HF_TOKEN" | sha256sum | cut -d' ' -f1 > out/digest
  echo "the token is $HF_TOKEN"
  echo "on stderr $HF_TOKEN." >&2
secrets: {{HF_TOKEN: {secret}}}
outputs: [out/digest]
resources: {{memory: 200MB}}
expected: 5s
"""


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    opened = RealGrid(tmp_path_factory.mktemp("grid"))
    try:
        opened.join()
        yield opened
    finally:
        opened.close()


def put(grid, name, secret):
    (grid.folder / f"{name}.yaml").write_text(JOB.format(name=name, secret=secret), "utf-8")
    return f"{name}.yaml"


def test_a_job_sees_its_secret_and_nobody_else_does(grid):
    assert grid.run("secret", "set", "team/hf", stdin=VALUE + "\n").returncode == 0
    done = grid.run("job", "submit", put(grid, "uses", "team/hf"), "--yes", "--follow")
    assert done.returncode == 0, done.stderr
    assert "the token is ***" in done.stdout
    assert "on stderr ***." in done.stderr
    job_id = done.stdout.split()[0]
    assert grid.run("job", "results", job_id, "--dir", "home").returncode == 0
    seen = (grid.folder / "home/out/digest").read_text().strip()
    assert seen == hashlib.sha256(VALUE.encode()).hexdigest()
    shown = grid.run("job", "show", job_id, "--json").stdout
    listed = grid.run("secret", "list").stdout
    assert "team/hf" in listed
    for said in (done.stdout, done.stderr, shown, listed):
        assert VALUE not in said


def test_nothing_on_any_disk_holds_the_value(grid):
    files = [path for path in grid.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert grid.folder / "data" / "secrets.key" in files
    assert [path for path in files if VALUE.encode() in path.read_bytes()] == []
    key = (grid.folder / "data" / "secrets.key").stat()
    assert stat.S_IMODE(key.st_mode) == 0o600


def test_a_job_that_names_an_unknown_secret_is_refused_at_its_line(grid):
    done = grid.run("job", "submit", put(grid, "lacks", "team/none"), "--yes")
    assert done.returncode == 2
    assert "lacks.yaml:7:11: Job lacks names the secret team/none" in done.stderr
    assert "suan secret set team/none" in done.stderr


def test_a_removed_secret_is_unknown(grid):
    assert grid.run("secret", "set", "short-lived", stdin=VALUE).returncode == 0
    assert grid.run("secret", "remove", "short-lived", "--yes").returncode == 0
    done = grid.run("job", "submit", put(grid, "late", "short-lived"), "--yes", "-q")
    assert done.returncode == 2
