from __future__ import annotations

import contextlib
import io
import json
import unicodedata

import pytest
import typer
from typer.testing import CliRunner

from suanwang.jobs.commands import check
from suanwang.jobs.document import BYTES_MAX

GOOD = "name: x\nrun: echo hi\n"
app = typer.Typer()
app.command("check")(check)


@app.callback()
def root() -> None:
    """The command that `suan job` would be."""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(*args, stdin=None, **files):
        for stem, text in files.items():
            data = text if isinstance(text, bytes) else text.encode()
            (tmp_path / f"{stem}.yaml").write_bytes(data)
        return CliRunner().invoke(app, ["check", *args], input=stdin, catch_exceptions=False)

    return call


def test_a_good_file_is_exit_0(run):
    done = run("good.yaml", good=GOOD)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "good.yaml: good: x (compute), cards 1, members 1, time limit 40m\n"


def test_a_mistake_is_shown_with_its_line_and_a_caret_and_is_exit_2(run):
    done = run("train.yaml", train=GOOD + "resources:\n  gpu: 2\n")
    assert done.exit_code == 2
    assert done.stdout.splitlines() == [
        'train.yaml:4:3: unknown key "gpu"; did you mean "cards"?',
        "      gpu: 2",
        "      ^",
    ]


def test_the_caret_stands_below_its_place_behind_wide_characters(run):
    _, line, caret = run("a.yaml", a="name: x\nrun: y\nenv: {名字: 1}\n").stdout.splitlines()
    assert line.strip() == "env: {名字: 1}"
    assert caret.index("^") == line.index("名")
    _, line, caret = run(
        "a.yaml", a="name: x\nrun: y\nsecrets: {A: 名, 1B: x}\n"
    ).stdout.splitlines()
    wide = sum(unicodedata.east_asian_width(c) == "W" for c in line)
    assert caret.index("^") == line.index("1B") + wide


def test_the_language_follows_the_option_then_the_environment(run, monkeypatch):
    assert "未知的键" in run("--lang", "zh", "a.yaml", a=GOOD + "nmae: x\n").stdout
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "正确" in run("a.yaml", a=GOOD).stdout
    assert "good" in run("--lang", "en", "a.yaml").stdout


def test_json_is_one_object_a_file_and_never_translated(run):
    done = run(
        "--json", "--lang", "zh", "good.yaml", "bad.yaml", good=GOOD + "budget: b\n", bad="run: y\n"
    )
    assert done.exit_code == 2
    good, bad = map(json.loads, done.stdout.splitlines())
    assert good["ok"]
    assert [each["code"] for each in good["warnings"]] == ["budget-kept-only"]
    assert bad == {
        "file": "bad.yaml", "ok": False, "warnings": [],
        "mistakes": [{
            "pointer": "/name", "line": 1, "column": 1, "code": "missing-key",
            "message": 'the key "name" is missing; add it, for example `name: train`',
        }],
    }  # fmt: skip


def test_a_note_does_not_make_a_file_bad(run):
    done = run("a.yaml", a=GOOD + "ports: [80]\n")
    assert done.exit_code == 0
    assert done.stdout.startswith('a.yaml:3:1: note: "ports" are kept')


def test_standard_input(run):
    assert run("-", stdin=GOOD).stdout.startswith("-: good: x")
    assert run("-", stdin="nme: x").exit_code == 2


def test_files_that_cannot_be_read(run, tmp_path):
    (tmp_path / "folder").mkdir()
    done = run(
        "none.yaml",
        "folder",
        "a\x00b",
        "big.yaml",
        "good.yaml",
        good=GOOD,
        big=b"x" * (BYTES_MAX + 5),
    )
    assert done.exit_code == 2
    lines = done.stdout.splitlines()
    assert (
        lines[0]
        == "none.yaml: there is no such file; give the path of a job file, or - for standard input"
    )
    assert lines[1] == "folder: cannot read the file: Is a directory"
    assert lines[2].startswith("a�b: cannot read the file: ")
    assert lines[3].startswith("big.yaml:1:1: the file is larger than 1000000 bytes")
    assert lines[-1].startswith("good.yaml: good")


def test_a_missing_file_in_json_has_no_place(run):
    (mistake,) = json.loads(run("--json", "none.yaml").stdout)["mistakes"]
    assert (mistake["line"], mistake["column"], mistake["pointer"]) == (None, None, "")


def test_a_file_cannot_steer_the_terminal(run):
    done = run("a.yaml", a=b"name: x\nrun: \x1b[2J\x1b]0;x\x07\n")
    assert "\x1b" not in done.stdout
    assert done.exit_code == 2


def test_a_long_line_is_cut_around_its_mistake(run):
    text = "name: x\nrun: y\nenv: {" + ", ".join(f"A{i}: {i}" for i in range(200)) + ", 1B: 2}\n"
    _, line, caret = run("a.yaml", a=text).stdout.splitlines()
    assert len(line) < 120
    assert line[caret.index("^") :].startswith("1B")


def test_an_empty_file_has_no_line_to_show(run):
    assert len(run("a.yaml", a="").stdout.splitlines()) == 1


def test_windows_lines_are_shown_clean(run):
    assert run("a.yaml", a=b"name: x\r\nrum: y\r\n").stdout.count("\r") == 0


def test_output_that_is_no_terminal_at_all(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(GOOD, "utf-8")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        check([str(path)], lang="en")
    assert "good: x" in out.getvalue()
