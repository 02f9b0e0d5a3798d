"""Whatever a server answers, every command ends with a sentence and a known exit code."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.client.fake_grid import problem

COMMANDS = [
    ("job", "quote", "job.yaml"),
    ("job", "submit", "job.yaml", "--yes"),
    ("job", "submit", "job.yaml", "--yes", "--follow"),
    ("job", "list"),
    ("job", "list", "--json", "id,centre.name"),
    ("job", "show", "job_1"),
    ("job", "logs", "job_1"),
    ("job", "logs", "-f", "job_1"),
    ("job", "results", "job_1"),
    ("job", "wait", "job_1", "--timeout", "0"),
    ("job", "wait", "arr_1"),
    ("job", "cancel", "job_1", "--yes"),
    ("centre", "list"),
    ("centre", "show", "ctr_1"),
    ("offers",),
    ("account", "show"),
    ("statement",),
    ("login",),
]
DOCUMENTS = [
    None, 3, "x", [], {}, [[]], {"items": None}, {"items": [None]}, {"items": [{}]},
    {"items": [{"id": 3}], "next_cursor": 7}, {"id": "job_1", "state": "RUNNING"},
    {"code": 3}, {"code": "x", "errors": [3], "detail": None}, {"options": {}},
    {"options": [{"centre": "x"}], "currency": "CNY"},
    {"code": "spec-invalid", "errors": [{"pointer": "/specs/9/x"}, {}, {"pointer": 3}]},
]  # fmt: skip
BODIES = [
    *(json.dumps(d).encode() for d in DOCUMENTS),
    b"",
    b"\xff\xfe",
    b"<html>",
    b'{"a":',
    b"{}\n{}",
]


def junk(status: int, body: bytes) -> httpx.Response:
    return httpx.Response(status, content=body, headers={"content-type": "application/json"})


@pytest.fixture
def job(write):
    return write(job="name: x\nrun: echo hi\n")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_junk_is_named(fake, suan, job, words):
    fake.job(state="RUNNING")
    stdin = "sk_0123456789" if words == ("login",) else ""
    for status in (200, 404, 422, 503):
        for body in BODIES:
            fake.seen.clear()
            fake.trouble = [junk(status, body) for _ in range(8)]
            done = suan(*words, stdin=stdin)
            assert done.code in (0, 1, 2, 3, 4, 5, 6, 10), (status, body)
            assert "mistake of ours" not in done.err, (status, body, done.err)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_refusal_is_said_in_the_servers_words(fake, suan, job, words):
    stdin = "sk_0123456789" if words == ("login",) else ""
    fake.trouble = [problem(409, "conflict", "The words of the server.")] * 8
    done = suan(*words, stdin=stdin)
    assert done.code == 5
    assert "The words of the server." in done.err
