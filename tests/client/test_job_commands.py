"""`suan job …` against a fake exchange: what is said where, and with which exit code."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import httpx
import pytest
from tests.client.fake_grid import an_option, infeasible, problem

JOB = "name: x\nrun: echo hi\n"
ARRAY = "name: many\nrun: echo hi\narray: 0-2\n"


@pytest.fixture
def job(write):
    return write(job=JOB)


def test_submit_shows_the_plan_asks_and_says_what_is_next(fake, suan, job):
    done = suan("job", "submit", job, typed="y\n")
    assert done.code == 0
    assert done.out == "job_1 submitted.\n"
    for said in ("guian/Gui'an 1", "8 × a100-80g-sxm", "¥ 51.20/h", "4 min", "310", "cheapest",
                 "✔", "image lacks the CANN build", "Holds ¥ 307.20", "Submit? [y/N]",
                 "suan job logs -f job_1", "suan job cancel job_1"):  # fmt: skip
        assert said in done.err, said
    assert fake.jobs["job_1"]["accepted"]


@pytest.mark.parametrize("typed", ["n\n", "\n", "", "nonsense\n"])
def test_anything_but_a_yes_submits_nothing(fake, suan, job, typed):
    done = suan("job", "submit", job, typed=typed)
    assert (done.code, done.out) == (1, "")
    assert "Nothing was done." in done.err
    assert "Error" not in done.err
    assert fake.jobs["job_1"]["state"] == "CANCELLED"


@pytest.mark.parametrize("words", [(), ("--no-input",)])
def test_without_anybody_to_ask_it_wants_a_yes_and_sends_nothing(fake, suan, job, words):
    typed = "y\n" if words else None
    done = suan("job", "submit", job, *words, typed=typed)
    assert done.code == 2
    assert "--yes" in done.err
    assert fake.requests == []


def test_yes_asks_nothing(fake, suan, job):
    done = suan("job", "submit", job, "--yes")
    assert (done.code, done.out) == (0, "job_1 submitted.\n")
    assert "✔" in done.err
    assert "[y/N]" not in done.err


def test_dry_run_only_plans(fake, suan, job):
    done = suan("job", "submit", job, "--dry-run")
    assert done.code == 0
    assert fake.paths("POST") == ["/v1/quotes"]
    assert fake.jobs == {}


def test_json_is_the_result_alone(fake, suan, job):
    done = suan("job", "submit", job, "--yes", "--json", "id,state")
    assert json.loads(done.out) == [{"id": "job_1", "state": "QUOTED"}]
    assert done.err == ""


def test_quiet_prints_ids_alone(fake, suan, job):
    done = suan("job", "submit", job, "-y", "-q")
    assert (done.out, done.err) == ("job_1\n", "")


@pytest.mark.parametrize("words", [("-q",), ("--json",)])
def test_no_place_is_5_for_scripts_too(fake, suan, job, words):
    fake.options = [infeasible()]
    done = suan("job", "submit", job, "--yes", *words)
    assert (done.code, done.out) == (5, "")


def test_an_array_is_planned_by_its_first_member_and_accepted_at_once(fake, suan, write):
    done = suan("job", "submit", write(many=ARRAY), "--yes")
    assert done.out == "arr_1 submitted: 3 jobs.\n"
    assert "many × 3" in done.err
    assert "suan job wait arr_1" in done.err
    assert suan("job", "wait", "arr_1", "-q").out == "job_1\njob_2\njob_3\n"
    assert fake.paths("POST") == ["/v1/quotes", "/v1/jobs"]
    assert all(job["accepted"] for job in fake.jobs.values())


def test_several_files_go_together_and_may_wait_for_each_other(fake, suan, write):
    files = write(first=JOB, second="name: y\nrun: echo\nafter: [x]\n")
    done = suan("job", "submit", *files, typed="y\n")
    assert done.code == 0
    assert "Holds ¥ 614.40 in all. Submit?" in done.err
    posted = [r for r in fake.requests if r.url.path == "/v1/jobs"]
    assert [s["name"] for s in json.loads(posted[0].content)["specs"]] == ["x", "y"]


def test_what_cannot_be_paid_is_withdrawn_and_what_was_accepted_is_named(fake, suan, write):
    fake.unaffordable = {"y"}
    files = write(first=JOB, second="name: y\nrun: echo\n", third="name: z\nrun: echo\n")
    done = suan("job", "submit", *files, "--yes")
    assert done.code == 5
    assert "It would cost ¥ 307.20." in done.err
    assert "job_1 submitted." in done.err
    states = {job["name"]: (job["state"], job["accepted"]) for job in fake.jobs.values()}
    assert states["x"][1] is True
    assert states["y"] == states["z"] == ("CANCELLED", False)


def test_no_place_says_why_and_exits_5(fake, suan, job):
    fake.options = [infeasible()]
    done = suan("job", "submit", job, "--yes")
    assert done.code == 5
    assert "image lacks the CANN build" in done.err
    assert "Error: No centre can take x: too far." in done.err


def test_mistakes_are_printed_with_their_place_and_exit_2(fake, suan, write):
    done = suan("job", "submit", write(bad="name: x\nrun: y\nresources: {cardz: 1}\n"))
    assert done.code == 2
    assert 'bad.yaml:3:13: unknown key "cardz"' in done.err
    assert fake.requests == []


def test_the_servers_mistakes_are_put_at_their_line(fake, suan, write):
    bad = write(bad="name: bad\nrun: y\nresources:\n  cards: 8\n")
    done = suan("job", "quote", bad)
    assert done.code == 2
    assert "bad.yaml:4:3: too many cards" in done.err


def test_a_mistake_in_what_was_set_beside_the_file_keeps_its_pointer(fake, suan, job):
    fake.trouble = [problem(422, "spec-invalid", "1", errors=[
        {"pointer": "/spec/deadline", "detail": "no time"}])]  # fmt: skip
    done = suan("job", "quote", job, "--set", "deadline=xx")
    assert "job.yaml /deadline: no time" in done.err
    assert done.code == 2


@pytest.mark.parametrize(
    ("name", "said"), [("nowhere.yaml", "no file"), (".", "folder"), ("", "folder")]
)
def test_a_file_that_is_none_is_named(fake, suan, name, said):
    done = suan("job", "submit", name, "--yes")
    assert done.code == 2
    assert said in done.err


def test_a_file_without_permission_is_named(fake, suan, job, monkeypatch):
    opened = Path.open

    def refuse(path, *args, **kwargs):
        if path.name == job:
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **kwargs)

    monkeypatch.setattr("pathlib.Path.open", refuse)
    done = suan("job", "submit", job, "--yes")
    assert (done.code, "No permission to open job.yaml" in done.err) == (2, True)


def test_a_job_file_may_come_from_stdin(fake, suan):
    assert suan("job", "submit", "-", "--yes", "-q", stdin=JOB).out == "job_1\n"


def test_follow_shows_timeline_and_output_until_the_end(fake, suan, job):
    done = suan("job", "submit", job, "--yes", "--follow")
    assert done.code == 0
    assert done.out == "job_1 submitted.\nhello\nbye\n"
    assert "oops" in done.err
    assert "running: RUNNING" in done.err
    assert "job_1 has ended well." in done.err


def test_follow_of_a_job_that_fails_exits_10(fake, suan, job):
    fake.exit_code = 3
    done = suan("job", "submit", job, "--yes", "-f")
    assert done.code == 10
    assert "exit code 3" in done.err


def test_list_shows_newest_first_and_empty_says_what_to_do(fake, suan):
    assert "suan job submit FILE" in suan("job", "list").out
    fake.job(name="first")
    fake.job(name="second", state="SETTLED", charge="0.000425", exit_code=0)
    out = suan("job", "list").out
    assert out.index("second") < out.index("first")
    assert "¥ 0.0004" in out
    assert suan("job", "list", "-q").out == "job_2\njob_1\n"
    assert json.loads(suan("job", "list", "--json=name").out) == [
        {"name": "second"}, {"name": "first"}]  # fmt: skip
    assert suan("job", "list", "-q", "--state", "settled").out == "job_2\n"


def test_json_selects_fields_inside_and_names_an_unknown_one(fake, suan):
    fake.job(centre={"id": "ctr_1", "name": "Gui'an", "zone": "guian"})
    assert json.loads(suan("job", "show", "job_1", "--json", "id,centre.zone").out) == {
        "id": "job_1", "centre.zone": "guian"}  # fmt: skip
    done = suan("job", "show", "job_1", "--json", "id,frobs")
    assert (done.code, "frobs" in done.err, "centre" in done.err) == (2, True, True)


def test_a_bare_json_does_not_eat_the_job(fake, suan):
    fake.job()
    shown = json.loads(suan("job", "show", "--json", "job_1").out)
    assert (shown["id"], shown["news"]) == ("job_1", "ignored")


def test_show_draws_facts_timeline_and_bill(fake, suan):
    fake.job(state="SETTLED", charge="51.20", exit_code=0,
             usage={"wall_seconds": "3600", "energy_wh": "10.5", "energy_basis": "modelled"})  # fmt: skip
    out = suan("job", "show", "job_1").out
    for said in ("SETTLED", "1 h", "10.50 Wh (modelled)", "running", "compute", "¥ 51.20"):
        assert said in out, said


def test_show_of_an_unknown_job_exits_3(fake, suan):
    done = suan("job", "show", "job_9")
    assert (done.code, done.err) == (3, "Error: There is no job job_9 that you may see.\n")


def test_logs_keep_the_two_streams_apart(fake, suan):
    fake.job(state="SETTLED")
    done = suan("job", "logs", "job_1")
    assert (done.out, done.err, done.code) == ("hello\nbye\n", "oops\n", 0)
    lines = suan("job", "logs", "job_1", "--json", "seq,text").out.splitlines()
    assert json.loads(lines[1]) == {"seq": 2, "text": "oops"}


@pytest.mark.parametrize(
    ("state", "exit_code", "words", "code"),
    [
        ("SETTLED", 0, (), 0),
        ("RETURNED", 0, (), 0),
        ("SETTLED", 3, (), 10),
        ("SETTLED", 3, ("--exit-code",), 3),
        ("SETTLED", 0, ("--exit-code",), 0),
        ("LOST", None, (), 10),
        ("FAILED", None, ("--exit-code",), 10),
        ("CANCELLED", None, (), 10),
        ("REJECTED", None, (), 10),
        ("RUNNING", None, ("--timeout", "0"), 6),
    ],
)
def test_wait_returns(fake, suan, *, state, exit_code, words, code):
    fake.ends = state
    fake.job(state=state, exit_code=exit_code)
    assert suan("job", "wait", "job_1", *words).code == code


def test_ctrl_c_detaches_and_says_so(fake, suan, monkeypatch):
    fake.job(state="RUNNING")

    def interrupted(_seconds):
        signal.raise_signal(signal.SIGINT)

    fake.ends = "RUNNING"
    monkeypatch.setattr("time.sleep", interrupted)
    done = suan("job", "wait", "job_1")
    assert done.code == 130
    for said in ("job_1 goes on", "suan job logs -f job_1", "suan job cancel job_1"):
        assert said in done.err


def test_results_are_fetched_and_named(fake, suan, tmp_path):
    fake.job(state="SETTLED")
    done = suan("job", "results", "job_1", "--dir", "home")
    assert done.code == 0
    assert (tmp_path / "home" / "out" / "model.pt").read_bytes() == b"weights"
    assert "home/out/model.pt" in done.out
    shown = json.loads(suan("job", "results", "job_1", "-d", "home", "--json").out)
    assert shown[0]["path"] == "home/out/model.pt"


def test_results_of_several_jobs_get_a_folder_each(fake, suan, tmp_path):
    fake.job(state="SETTLED")
    fake.job(state="SETTLED")
    suan("job", "results", "job_1", "job_2", "-d", "home")
    assert sorted(p.name for p in (tmp_path / "home").iterdir()) == ["job_1", "job_2"]


def test_results_into_a_file_are_refused(fake, suan, tmp_path):
    fake.job(state="SETTLED")
    (tmp_path / "home").write_text("x")
    done = suan("job", "results", "job_1", "-d", "home")
    assert (done.code, "home" in done.err) == (2, True)


def test_cancel_asks_and_does(fake, suan):
    fake.job(state="RUNNING")
    assert suan("job", "cancel", "job_1", typed="n\n").code == 1
    assert suan("job", "cancel", "job_1").code == 2
    done = suan("job", "cancel", "job_1", "--yes")
    assert (done.code, "job_1 is cancelled." in done.err) == (0, True)


def test_explain_prints_a_curl_command_without_the_key(fake, suan, job):
    done = suan("job", "quote", job, "--explain")
    assert "curl -X POST http://grid.test/v1/quotes" in done.err
    assert "$SUANWANG_KEY" in done.err
    assert "secret-of-tests" not in done.err + done.out
    assert "--data '{" in done.err


def test_text_from_elsewhere_cannot_steer_the_terminal(fake, suan):
    fake.job(name="\x1b[2Jx", reason={"code": "x", "message": "\x1b]0;evil\x07"}, state="FAILED")
    out = suan("job", "show", "job_1").out + suan("job", "list").out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("trouble", "code", "said"),
    [
        (httpx.ConnectError("Connection refused"), 1, "Cannot reach an exchange"),
        (httpx.ReadTimeout("slow"), 6, "took longer than 30 s"),
        (httpx.Response(200, html="<p>"), 1, "text/html"),
        (problem(401, "not-signed-in", "No valid key came with the request."), 4, "No valid key"),
        (problem(403, "not-allowed", "This needs the role buyer."), 5, "needs the role"),
        (problem(422, "funds-insufficient", "It would cost ¥ 9."), 5, "¥ 9"),
        (problem(500, "internal", "Something went wrong on our side."), 1, "our side"),
        (ValueError("surprise"), 1, "mistake of ours (ValueError: surprise)"),
    ],
)
def test_trouble_is_one_sentence_and_its_exit_code(fake, suan, trouble, code, said):
    fake.trouble = [trouble] * 3
    done = suan("job", "list")
    assert done.code == code
    assert said in done.err
    assert done.out == ""


def test_a_plan_that_is_chosen_late_says_when(fake, suan, job):
    fake.options = [an_option(start="2999-01-01T00:00:00Z")]
    assert "+3" in suan("job", "quote", job).err
