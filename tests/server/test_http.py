"""What holds for every request: problems, languages, limits, keys, idempotency, cursors."""

from __future__ import annotations

import dataclasses
import re

import pytest
from tests.server.world import SPEC, World

from suanwang.server.http.keys import CACHED_SECONDS


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing-here", 404, "route-unknown"),
        ("PATCH", "/v1/jobs", 405, "method-refused"),
        ("GET", "/v1/jobs/job_nope", 404, "not-found"),
        ("GET", "/v1/jobs?limit=0", 422, "fields-invalid"),
        ("GET", "/v1/jobs?state=DANCING", 422, "fields-invalid"),
        ("GET", "/v1/jobs?cursor=%21%21", 422, "cursor-unreadable"),
        ("GET", "/v1/jobs?name=%00", 422, "text-unstorable"),
        ("GET", "/v1/jobs/%00", 422, "text-unstorable"),
        ("GET", "/v1/offers?q=price%3C%3C9", 422, "query-unreadable"),
        ("GET", "/v1/statement?from=yesterday", 422, "instant-unreadable"),
        (
            "GET",
            "/v1/statement?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            422,
            "slot-empty",
        ),
        ("GET", "/v1/blobs/xyz", 422, "digest-unreadable"),
        ("GET", "/v1/jobs/job_nope/logs?after=x", 422, "after-unreadable"),
    ],
)
def test_a_bad_request_is_a_problem(world, method, path, status, code):
    world.buyer.call(method, path).refused(status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "json-malformed"),
        (b"\xff\xfe", 400, "json-malformed"),
        (b'{"spec": NaN}', 400, "json-malformed"),
        (b'{"spec": 1e999}', 400, "json-malformed"),
        (b"[" * 100_000, 400, "json-malformed"),
        (b'{"accept": ' + b"9" * 5000 + b"}", 400, "json-malformed"),
        (b'{"spec": {"name": "a\\u0000"}}', 422, "text-unstorable"),
        (b'{"spec": {"name": "a\\ud800"}}', 422, "text-unstorable"),
        (b"[]", 422, "fields-invalid"),
        (b"", 422, "fields-invalid"),
        (b'{"spec": {}, "sepc": 1}', 422, "fields-invalid"),
        (b"{}", 422, "spec-missing"),
        (b'{"specs": []}', 422, "spec-missing"),
        (b'{"spec": {"name": "x", "runn": "echo"}}', 422, "spec-invalid"),
        (b'{"spec": {"name": "x", "run": "echo", "after": ["nobody"]}}', 422, None),
    ],
)
def test_a_bad_body_is_a_problem(world, body, status, code):
    headers = {"Content-Type": "application/json"}
    answer = world.buyer.call("POST", "/jobs", content=body, headers=headers)
    found = answer.json()
    assert (answer.status, found["code"]) == (status, code or found["code"]), found


def test_a_mistake_in_a_job_is_named_with_its_place_in_both_languages(world):
    body = {"specs": [SPEC, SPEC | {"resources": {"cads": 1}}]}
    problem = world.buyer.post("/jobs", body).refused(422, "spec-invalid")
    assert [e["pointer"] for e in problem["errors"]] == ["/specs/1/resources/cads"]
    headers = {"Accept-Language": "de, zh-CN;q=0.8, en;q=0.5"}
    answer = world.buyer.call("POST", "/jobs", json=body, headers=headers)
    problem = answer.refused(422, "spec-invalid")
    assert answer.headers["content-language"] == "zh"
    assert re.search(
        "[一-鿿]", problem["title"] + problem["detail"] + problem["errors"][0]["detail"]
    )


def test_a_body_that_is_not_json_by_its_type_is_refused(world):
    headers = {"Content-Type": "text/plain"}
    answer = world.buyer.call("POST", "/jobs", content=b"name: x", headers=headers)
    answer.refused(415, "media-type-wrong")


def test_a_body_that_is_too_long_is_refused_before_and_while_it_comes(store, tmp_path):
    world = World(store, tmp_path, body_bytes_max=1000)
    headers = {"Content-Type": "application/json"}
    long = b'{"spec": "' + b"x" * 2000 + b'"}'

    async def chunks():
        for at in range(0, len(long), 100):
            yield long[at : at + 100]

    for content in (long, chunks()):
        answer = world.buyer.call("POST", "/jobs", content=content, headers=headers)
        answer.refused(413, "body-too-large")
    world.close()


def test_the_trace_id_of_the_caller_is_kept(world):
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    answer = world.nobody.call("GET", "/me", headers=headers)
    assert answer.refused(401, "not-signed-in")["trace_id"] == trace
    assert answer.headers["x-trace-id"] == trace


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Bearer sk_key_1_2", "Basic abc", "Bearer " + "x" * 1000, "é"],
)
def test_a_wrong_key_is_not_signed_in(world, header):
    raw = {"Authorization": header.encode("latin-1")}
    answer = world.nobody.call("GET", "/me", headers=raw)
    answer.refused(401, "not-signed-in")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_with_another_secret_is_not_signed_in(world):
    world.nobody.key = world.buyer.key[:-1] + ("0" if world.buyer.key[-1] != "0" else "1")
    world.nobody.get("/me").refused(401, "not-signed-in")


def test_a_revoked_key_is_refused_at_once_here_and_within_five_seconds_elsewhere(world):
    me = world.buyer.get("/me").ok()
    assert me["role"] == "buyer"
    world.operator.delete(f"/keys/{me['key_id']}").ok(204)
    world.buyer.get("/me").refused(401, "key-revoked")
    assert CACHED_SECONDS < 5


def test_too_many_requests_wait(store, tmp_path):
    world = World(store, tmp_path, rate_limit_per_second=2)
    answers = [world.buyer.get("/me") for _ in range(6)]
    assert [a.status for a in answers[:4]] == [200] * 4
    limited = next(a for a in answers if a.status == 429)
    assert limited.refused(429, "limited")
    assert int(limited.headers["retry-after"]) >= 1
    world.close()


def test_a_server_that_has_too_much_in_hand_says_so(store, tmp_path):
    world = World(store, tmp_path)
    settings = world.parts.settings
    world.parts.settings = dataclasses.replace(settings, requests_at_once=0)
    answer = world.buyer.get("/me")
    answer.refused(503, "overloaded")
    assert answer.headers["retry-after"]
    assert world.nobody.get("/healthz").status == 200
    world.close()


def test_the_same_request_under_one_idempotency_key_is_done_once(world):
    body = {"spec": SPEC}
    first = world.buyer.post("/jobs", body, idempotency_key="k-1")
    again = world.buyer.post("/jobs", body, idempotency_key="k-1")
    assert first.ok(201) == again.ok(201)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(world.buyer.get("/jobs").ok()["items"]) == 1
    other = world.buyer.post("/jobs", {"spec": SPEC | {"name": "y"}}, idempotency_key="k-1")
    other.refused(422, "idempotency-key-reused")
    elsewhere = world.buyer.post("/quotes", body, idempotency_key="k-1")
    elsewhere.refused(422, "idempotency-key-reused")
    world.other.post("/jobs", body, idempotency_key="k-1").ok(201)


def test_a_refusal_is_remembered_under_its_idempotency_key(world):
    path = "/jobs/job_nope/accept"
    first = world.buyer.post(path, idempotency_key="k-2")
    again = world.buyer.post(path, idempotency_key="k-2")
    assert first.refused(404, "not-found") == again.refused(404, "not-found")
    assert again.headers["idempotency-replayed"] == "true"


def test_a_request_that_is_still_under_way_is_a_conflict(world):
    me = world.buyer.get("/me").ok()
    world.parts.under_way.add((me["key_id"], "k-3"))
    answer = world.buyer.post("/jobs", {"spec": SPEC}, idempotency_key="k-3")
    answer.refused(409, "request-under-way")


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(world, key):
    headers = {"Idempotency-Key": key}
    answer = world.buyer.call("POST", "/jobs", json={"spec": SPEC}, headers=headers)
    answer.refused(422, "idempotency-key-unreadable")


def test_a_secret_is_shown_once(world):
    body = {"name": "Once", "roles": ["buyer"]}
    first = world.operator.post("/organisations", body, idempotency_key="k-4").ok(201)
    again = world.operator.post("/organisations", body, idempotency_key="k-4").ok(201)
    assert first["keys"][0]["key"].startswith("sk_key_")
    assert again["keys"][0]["key"] is None
    assert again["id"] == first["id"]


def test_a_database_that_is_away_is_a_503_and_no_trace(world):
    world.store.close()
    world.buyer.get("/jobs").refused(503, "database-unavailable")
    assert world.nobody.get("/healthz").status == 503


def test_every_error_code_is_explained(world):
    answer = world.nobody.call("GET", "http://test/errors/token-old")
    assert answer.ok()["status"] == 409
    world.nobody.call("GET", "http://test/errors/never-heard").refused(404, "not-found")


def test_metrics_show_requests_and_jobs(world):
    world.buyer.submit()
    text = world.nobody.get("/metrics").content.decode()
    assert 'suanwang_requests_total{method="POST",route="/v1/jobs",status="201"} 1.0' in text
    assert 'suanwang_jobs{state="SUBMITTED"} 1.0' in text
