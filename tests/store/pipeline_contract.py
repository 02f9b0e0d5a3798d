"""The four tests that every lock-token pipeline passes: subclass it and say how yours works.

class TestMyPipeline(PipelineContract):
    def make(self, store, name, *, due_at): …      a row that is due at an instant
    def make_ineligible(self, store): …            rows that must never be fetched
    def fetch(self, tx, claim, limit): …           → keys, in the order of fetching
    def apply(self, tx, key, claim): …             → bool, guarded; afterwards not eligible
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

from tests.builders import NOW

from suanwang.store.locks import Claim

SECOND = timedelta(seconds=1)
_tokens = count()


def a_claim(*, now=NOW, lasts=10 * SECOND):
    return Claim(token=f"lock_{next(_tokens)}", now=now, until=now + lasts)


class PipelineContract:
    """Eligibility and order, unlock, stale token, contention."""

    def make(self, store, name, *, due_at):
        raise NotImplementedError

    def make_ineligible(self, store):
        raise NotImplementedError

    def fetch(self, tx, claim, limit):
        raise NotImplementedError

    def apply(self, tx, key, claim):
        raise NotImplementedError

    def fetched(self, store, claim, limit=10):
        return store.run_now(lambda tx: self.fetch(tx, claim, limit))

    def applied(self, store, key, claim):
        return store.run_now(lambda tx: self.apply(tx, key, claim))

    def test_due_rows_are_fetched_longest_due_first_and_no_others(self, store):
        self.make_ineligible(store)
        late = self.make(store, "late", due_at=NOW - 2 * SECOND)
        later = self.make(store, "later", due_at=NOW - SECOND)
        now = self.make(store, "now", due_at=NOW)
        self.make(store, "not yet", due_at=NOW + SECOND)
        assert self.fetched(store, a_claim(), limit=2) == [late, later]
        assert self.fetched(store, a_claim()) == [now]
        assert self.fetched(store, a_claim()) == []

    def test_a_lock_that_ran_out_frees_its_row_and_an_applied_row_is_done(self, store):
        key = self.make(store, "one", due_at=NOW)
        assert self.fetched(store, a_claim()) == [key]
        assert self.fetched(store, a_claim(now=NOW + 9 * SECOND)) == []
        again = a_claim(now=NOW + 10 * SECOND)
        assert self.fetched(store, again) == [key]
        assert self.applied(store, key, again)
        assert self.fetched(store, a_claim(now=NOW + 60 * SECOND)) == []

    def test_a_stale_token_changes_nothing(self, store):
        key = self.make(store, "one", due_at=NOW)
        slow, quick = a_claim(), a_claim(now=NOW + 10 * SECOND)
        self.fetched(store, slow)
        self.fetched(store, quick)
        assert not self.applied(store, key, slow)
        assert self.applied(store, key, quick)
        assert not self.applied(store, key, quick)

    def test_workers_at_once_never_fetch_the_same_row(self, store):
        keys = {self.make(store, f"row {i}", due_at=NOW - i * SECOND) for i in range(24)}
        with ThreadPoolExecutor(6) as pool:
            shares = list(pool.map(lambda _: self.fetched(store, a_claim(), limit=4), range(12)))
        found = [key for share in shares for key in share]
        assert len(found) == len(set(found))
        left = self.fetched(store, a_claim(), limit=24)
        assert set(found) | set(left) == keys
