from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import NOW

from suanwang.basics.ids import KeyId
from suanwang.store import idempotency, records
from suanwang.store.errors import IdempotencyKeyReused, RequestUnderWay
from suanwang.store.idempotency import Answer, Request

REQUEST = Request(key_id=KeyId("key_1"), idempotency_key="abc", fingerprint="POST /v1/jobs 123")
ANSWER = Answer(status=201, body='{"名":1}'.encode(), content_type="application/json")


def handle(store, request=REQUEST):
    """What the server does with a POST: claim, work, keep the answer, in one transaction."""

    def work(tx):
        before = idempotency.begin(tx, request, at=NOW)
        if before is not None:
            return before
        records.add_record(tx, "work", {}, key_id=None, at=NOW)
        idempotency.finish(tx, request, ANSWER)
        return ANSWER

    return store.run_now(work)


def works(store):
    return len(store.read_now(records.records_before))


def test_the_same_request_twice_works_once_and_is_answered_alike(store):
    assert handle(store) == handle(store) == ANSWER
    assert works(store) == 1
    assert store.read_now(lambda tx: idempotency.lookup(tx, REQUEST)) == ANSWER


def test_sixteen_times_at_once_works_once(store):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: handle(store), range(16)))
    assert answers == [ANSWER] * 16
    assert works(store) == 1


def test_the_same_key_with_another_request_is_refused(store):
    handle(store)
    with pytest.raises(IdempotencyKeyReused):
        handle(store, replace(REQUEST, fingerprint="POST /v1/jobs 999"))


def test_the_same_word_under_another_api_key_is_another_request(store):
    handle(store)
    handle(store, replace(REQUEST, key_id=KeyId("key_2")))
    assert works(store) == 2


def test_a_request_that_failed_may_be_tried_again(store):
    def fail(tx):
        idempotency.begin(tx, REQUEST, at=NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.run_now(fail)
    assert store.read_now(lambda tx: idempotency.lookup(tx, REQUEST)) is None
    assert handle(store) == ANSWER


def test_one_that_is_claimed_but_not_answered_is_under_way(store):
    store.run_now(lambda tx: idempotency.begin(tx, REQUEST, at=NOW))
    with pytest.raises(RequestUnderWay):
        handle(store)


def test_old_answers_are_forgotten(store):
    handle(store)
    assert store.run_now(lambda tx: idempotency.prune(tx, before=NOW)) == 0
    assert store.run_now(lambda tx: idempotency.prune(tx, before=NOW + timedelta(seconds=1))) == 1
    assert store.read_now(lambda tx: idempotency.lookup(tx, REQUEST)) is None
