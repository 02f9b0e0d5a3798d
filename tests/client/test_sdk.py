"""The SDK against a fake exchange: the same behaviour from Client and AsyncClient."""

from __future__ import annotations

import asyncio
import hashlib
import os
from decimal import Decimal

import httpx
import pytest
from tests.client.fake_grid import FakeGrid, an_option, problem

from suanwang.basics.errors import Conflict, Invalid, Limited, NotFound, NotSignedIn, Refused
from suanwang.client import answers
from suanwang.client.aio import jobs as async_jobs
from suanwang.client.errors import (
    AnswerUnreadable,
    ArrayNeedsAll,
    FileMissing,
    FileTrouble,
    IndexInTarget,
    InputsTooMany,
    NoPlace,
    OutputDamaged,
    OutputNameUnsafe,
    PriceRose,
    ServerUnreachable,
    TimedOut,
    UnavailableAnswered,
)
from suanwang.client.sync import jobs as sync_jobs
from suanwang.client.sync.client import Client


@pytest.fixture
def grid(monkeypatch):
    monkeypatch.setattr(answers, "pause_before", lambda attempt, answer: 0.0)
    monkeypatch.setattr(sync_jobs, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(async_jobs, "LOOK_SECONDS", 0.0)
    return FakeGrid()


@pytest.fixture
def client(grid):
    with grid.client() as opened:
        yield opened


SPEC = {"name": "x", "run": "echo hi"}


def test_a_job_from_submission_to_results(grid, client, tmp_path):
    job = client.jobs.submit(SPEC, accept=True)
    assert [line.text for line in job.logs(follow=True)][:3] == ["hello", "oops", "bye"]
    ended = job.wait()
    assert (ended.is_ended, ended.exit_code, ended.succeeded) == (True, 0, True)
    [fetched] = job.results(tmp_path)
    assert fetched.path == tmp_path / "out" / "model.pt"
    assert fetched.path.read_bytes() == b"weights"
    assert job.wait(settled=True).charge == Decimal("51.20")
    assert job.bill().lines[0].amount == Decimal("51.20")
    assert next(line.verb for line in job.timeline()) == "submitted"


def test_the_same_asynchronously(grid, tmp_path):
    async def story():
        async with grid.async_client() as client:
            job = await client.jobs.submit(SPEC, accept=True)
            lines = [line.text async for line in job.logs()]
            ended = await job.wait()
            [fetched] = await job.results(tmp_path)
            names = [each.name async for each in client.jobs.list()]
            offers = [each.zone async for each in client.offers.list("price<9")]
            return lines, ended.exit_code, fetched.path.read_bytes(), names, offers

    assert asyncio.run(story()) == (["hello", "oops", "bye"], 0, b"weights", ["x"], ["guian"])


def test_pages_are_fetched_as_they_are_needed(grid, client):
    grid.page = 2
    for number in range(5):
        grid.job(name=f"j{number}")
    names = client.jobs.list()
    assert next(names).name == "j4"
    assert len(grid.requests) == 1
    assert [job.name for job in names] == ["j3", "j2", "j1", "j0"]
    assert len(grid.requests) == 3
    assert [job.name for job in client.jobs.list(most=3)] == ["j4", "j3", "j2"]


def test_a_list_that_goes_round_in_circles_is_named(grid, client):
    page = {"items": [], "next_cursor": "again"}
    grid.trouble = [httpx.Response(200, json=page) for _ in range(3)]
    with pytest.raises(AnswerUnreadable, match="same page twice"):
        list(client.jobs.list())
    assert len(grid.requests) == 2


def test_unknown_fields_are_ignored_and_kept_in_raw(grid, client):
    job = client.jobs.get(grid.job()["id"])
    assert not hasattr(job, "news")
    assert job.raw["news"] == "ignored"


def test_a_resource_is_frozen(grid, client):
    job = client.jobs.get(grid.job()["id"])
    with pytest.raises(AttributeError):
        job.state = "SETTLED"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_busy_answers_are_tried_twice_more(grid, client, status):
    job_id = grid.job()["id"]
    grid.trouble = [httpx.Response(status, text="busy"), httpx.Response(status, text="busy")]
    assert client.jobs.get(job_id).id == job_id
    assert len(grid.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500, 507])
def test_other_answers_are_not_tried_again(grid, client, status):
    grid.trouble = [problem(status, "some-code", "why")] * 3
    with pytest.raises(Exception, match="why"):
        client.jobs.get("job_1")
    assert len(grid.requests) == 1


def test_a_lost_connection_is_tried_again_with_the_same_idempotency_key(grid, client):
    grid.trouble = [httpx.ReadError("gone"), httpx.ConnectError("refused")]
    client.jobs.submit(SPEC)
    keys = {r.headers["idempotency-key"] for r in grid.requests}
    assert (len(grid.requests), len(keys), len(grid.jobs)) == (3, 1, 1)


def test_two_submissions_have_two_idempotency_keys(grid, client):
    client.jobs.submit(SPEC)
    client.jobs.submit(SPEC)
    assert len({r.headers["idempotency-key"] for r in grid.requests}) == 2
    assert len(grid.jobs) == 2


def test_a_request_that_is_still_under_way_is_asked_for_again(grid, client):
    grid.trouble = [httpx.ReadError("cut"), problem(409, "request-under-way", "wait")]
    assert client.jobs.submit(SPEC).id == "job_1"
    assert len({r.headers["idempotency-key"] for r in grid.requests}) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("ALL_PROXY", "socks5://127.0.0.1:1"), ("ALL_PROXY", "nonsense://x")]
)
def test_a_proxy_that_cannot_be_used_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ServerUnreachable):
        Client("http://grid.test", "sk_0123456789")


def test_a_pipe_is_no_input(grid, client, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileTrouble, match="neither a file nor a folder"):
        client.jobs.submit(SPEC | {"inputs": [{"from": str(tmp_path / "pipe"), "to": "x"}]})
    with pytest.raises(FileTrouble, match="neither a file nor a folder"):
        client.jobs.submit(SPEC | {"inputs": [{"from": str(tmp_path), "to": "x"}]})
    assert grid.requests == []


def test_a_folder_with_too_many_files_is_named(grid, client, tmp_path):
    for number in range(1001):
        (tmp_path / str(number)).touch()
    with pytest.raises(InputsTooMany, match="1000"):
        client.jobs.submit(SPEC | {"inputs": [{"from": str(tmp_path), "to": "x"}]})


def test_a_read_timeout_is_not_tried_again(grid, client):
    grid.trouble = [httpx.ReadTimeout("slow")] * 3
    with pytest.raises(TimedOut) as caught:
        client.jobs.get("job_1")
    assert (caught.value.exit_code, len(grid.requests)) == (6, 1)


def test_a_connection_that_stays_away_is_named(grid, client):
    grid.trouble = [httpx.ConnectError("Connection refused")] * 3
    with pytest.raises(ServerUnreachable, match="Connection refused"):
        client.jobs.get("job_1")
    assert len(grid.requests) == 3


@pytest.mark.parametrize(
    ("status", "code", "kind", "exit_code"),
    [
        (401, "not-signed-in", NotSignedIn, 4),
        (404, "not-found", NotFound, 3),
        (409, "conflict", Conflict, 5),
        (429, "limited", Limited, 5),
        (422, "funds-insufficient", Refused, 5),
        (422, "fields-invalid", Invalid, 2),
        (400, "json-malformed", Invalid, 2),
        (507, "quota-full", Refused, 5),
        (503, "overloaded", UnavailableAnswered, 1),
        (500, "internal", UnavailableAnswered, 1),
    ],
)
def test_a_problem_becomes_an_error_with_its_code(grid, status, code, kind, exit_code):
    client = grid.client()
    grid.trouble = [problem(status, code, "the server's words")] * 3
    with pytest.raises(kind) as caught:
        client.jobs.get("job_1")
    error = caught.value
    assert (error.code, error.status, error.exit_code) == (code, status, exit_code)
    assert error.message("zh") == "the server's words"
    assert error.trace_id == "t1"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (httpx.Response(200, html="<p>hello"), "text/html with status 200"),
        (httpx.Response(404, html="<p>nothing"), "text/html with status 404"),
        (httpx.Response(200, text=""), "status 200"),
        (httpx.Response(301, headers={"location": "https://elsewhere"}), "a redirect to https"),
        (httpx.Response(200, json={"id": "job_1"}), "a key 'name'"),
        (httpx.Response(200, json=[1]), "an object"),
        (httpx.Response(200, text="[" * 100_000), "status 200"),
    ],
)
def test_what_no_exchange_would_answer_is_named(grid, client, answer, found):
    grid.trouble = [answer]
    with pytest.raises(AnswerUnreadable, match=found):
        client.jobs.get("job_1")


def test_local_inputs_are_sent_once(grid, client, tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.txt").write_text("there")
    file = tmp_path / "job.yaml"
    file.write_text("name: x\nrun: ls\ninputs: [{from: a.txt, to: a}, {from: folder, to: in}]\n")
    client.jobs.submit(file)
    client.jobs.submit(file)
    assert sorted(grid.blobs.values()) == [b"hello", b"there"]
    assert len(grid.paths("PUT")) == 2
    sent = [r for r in grid.requests if r.url.path == "/v1/jobs"]
    digest = hashlib.sha256(b"hello").hexdigest()
    assert f"blob:{digest}" in sent[0].content.decode()
    assert '"to":"in/b.txt"' in sent[0].content.decode().replace(" ", "")


def test_a_members_file_goes_to_its_own_place(grid, client, tmp_path):
    for index in range(2):
        (tmp_path / f"part-{index}").write_text(str(index))
    source = str(tmp_path / "part-{index}")
    spec = SPEC | {"array": "0-1", "inputs": [{"from": source, "to": "in-{index}"}]}
    made = client.jobs.submit_all([spec])
    assert [job.array_index for job in made] == [0, 1]
    assert len(grid.blobs) == 2
    clash = SPEC | {"array": "0-1", "inputs": [{"from": source, "to": "in"}]}
    with pytest.raises(IndexInTarget, match="every member"):
        client.jobs.submit_all([clash])


def test_a_missing_input_is_named_before_anything_is_sent(grid, client):
    with pytest.raises(FileMissing, match="nowhere"):
        client.jobs.submit(SPEC | {"inputs": [{"from": "nowhere.csv", "to": "x"}]})
    assert grid.requests == []


def test_an_array_needs_submit_all(client):
    with pytest.raises(ArrayNeedsAll):
        client.jobs.submit(SPEC | {"array": "0-3"})


def test_a_dry_quote_stores_nothing_and_is_accepted_once(grid, client, tmp_path):
    file = tmp_path / "job.yaml"
    file.write_text("name: x\nrun: echo hi\n")
    quote = client.jobs.quote(file, deadline="6h")
    assert (quote.hold, quote.chosen.centre) == (Decimal("307.20"), "Gui'an 1")
    assert grid.jobs == {}
    first, second = client.jobs.accept(quote), client.jobs.accept(quote)
    assert first.id == second.id
    assert first.accepted
    assert len(grid.jobs) == 1


def test_a_dearer_quote_is_not_accepted(grid, client):
    quote = client.jobs.quote(SPEC)
    grid.options = [an_option(cost_at_most="400.00")]
    with pytest.raises(PriceRose, match=r"307\.20.*400\.00"):
        client.jobs.accept(quote)
    assert [job["state"] for job in grid.jobs.values()] == ["CANCELLED"]


def test_a_job_without_place_is_refused_by_name(grid, client):
    quote = client.jobs.quote(SPEC)
    grid.options = [an_option(chosen=False, why_not="too-far")]
    with pytest.raises(NoPlace, match="too far") as caught:
        client.jobs.accept(quote)
    assert caught.value.exit_code == 5


def test_waiting_ends_by_itself(grid, client):
    job = grid.job()  # never accepted, so it stays QUOTED
    with pytest.raises(TimedOut, match="QUOTED") as caught:
        client.jobs.wait(job["id"], timeout=0.05)
    assert caught.value.exit_code == 6


def test_a_followed_log_goes_on_where_it_broke_off(grid, client):
    job = grid.job(accepted=True, state="RUNNING")
    grid.trouble = [httpx.ReadError("cut")]
    lines = [line.seq for line in client.jobs.logs(job["id"], follow=True)]
    assert lines == [1, 2, 3]


def test_a_damaged_output_is_not_kept(grid, client, tmp_path):
    job = grid.job(state="SETTLED")
    grid.results["out/model.pt"] = b"we1ghts"
    with pytest.raises(OutputDamaged):
        client.jobs.results(job["id"], tmp_path)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", ""])
def test_an_output_never_leaves_its_folder(grid, client, tmp_path, name):
    job = grid.job(state="SETTLED")
    grid.results = {name: b"weights"}
    with pytest.raises(OutputNameUnsafe):
        client.jobs.results(job["id"], tmp_path)


def test_an_output_that_is_here_is_not_fetched_again(grid, client, tmp_path):
    job = grid.job(state="SETTLED")
    client.jobs.results(job["id"], tmp_path)
    asked = len(grid.requests)
    [again] = client.jobs.results(job["id"], tmp_path)
    assert (again.fresh, len(grid.requests) - asked) == (False, 1)


def test_events_resume_after_the_last_one_seen(grid, client):
    events = client.events.follow()
    assert [next(events).id for _ in range(3)] == ["evt_1", "evt_2", "evt_3"]
    events.close()
    assert [r.headers.get("last-event-id") for r in grid.requests] == [None, "2"]


def test_money_centres_webhooks_and_me(grid, client):
    assert next(iter(client.accounts.list())).available == Decimal("7.50")
    statement = client.accounts.statement()
    assert statement.opening + statement.items[0].amount == statement.closing
    assert next(iter(client.centres.list())).pools[0].price_now == Decimal("6.40")
    assert client.centres.get("ctr_1").facts["pue"] == "1.20"
    assert client.webhooks.create("https://x.test", kinds=["job.settled"]).secret == "whsec_x"
    assert client.me().organisation == "Lab"


def test_every_request_carries_key_language_and_a_timeout(grid):
    with grid.client(lang="zh", timeout=7) as client:
        client.me()
    [request] = grid.requests
    assert request.headers["authorization"].startswith("Bearer sk_")
    assert request.headers["accept-language"] == "zh"
    assert request.extensions["timeout"]["read"] == 7
