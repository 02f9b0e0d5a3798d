from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.basics import ids
from suanwang.basics.ids import Id, IdUnreadable, JobId, PoolId

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_an_id_says_its_kind_and_reads_back():
    job = JobId.make(NOON, bytes(10))
    assert job.startswith("job_")
    assert len(job) == 4 + 26
    assert JobId.parse(job) == job


@given(
    st.integers(1, 10**9), st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10)
)
def test_later_ids_sort_later(milliseconds, first, second):
    later = NOON + timedelta(milliseconds=milliseconds)
    assert JobId.make(NOON, first) < JobId.make(later, second)


@pytest.mark.parametrize(
    "text", ["", "job", "job_", "pool_" + "0" * 26, "job_" + "U" * 26, "job_" + "8" + "0" * 25]
)
def test_anything_else_is_refused(text):
    with pytest.raises(IdUnreadable, match="job_"):
        JobId.parse(text)


def test_kinds_do_not_read_each_other():
    with pytest.raises(IdUnreadable):
        PoolId.parse(JobId.make(NOON, bytes(10)))


def test_entropy_is_ten_bytes():
    with pytest.raises(AssertionError):
        JobId.make(NOON, b"short")


def test_prefixes_are_unique():
    kinds = [
        v for v in vars(ids).values() if isinstance(v, type) and issubclass(v, Id) and v is not Id
    ]
    assert len({k.prefix for k in kinds}) == len(kinds)
