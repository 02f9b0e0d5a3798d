"""Cards taken over time and the earliest gap, against a twin that looks at every instant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.grid.builders import NOW, after, slot

from suanwang.basics.slots import to_micros
from suanwang.grid.profile import Profile

CAPACITY = 8


def micros(hours: float) -> int:
    return to_micros(after(hours))


def hours(count: float) -> int:
    return int(count * 3_600_000_000)


@pytest.mark.parametrize(
    ("busy", "cards", "length", "start"),
    [
        ([], 8, 1, 0),
        ([(0, 2, 8)], 1, 1, 2),
        ([(0, 2, 4)], 4, 1, 0),
        ([(0, 2, 4)], 5, 1, 2),
        ([(1, 2, 8)], 1, 1, 0),  # touching ends do not overlap
        ([(1, 2, 8)], 1, 1.5, 2),
        ([(0, 1, 8), (3, 4, 8)], 8, 2, 1),  # the gap is long enough
        ([(0, 1, 8), (3, 4, 8)], 8, 2.5, 4),  # and here it is not
        ([(0, 3, 4), (1, 2, 4)], 4, 2, 2),
        ([(-5, -1, 8)], 8, 1, 0),
        ([(-5, 1, 8)], 8, 1, 1),
        ([(0, 1, 3), (1, 2, 3)], 5, 2, 0),
    ],
)
def test_the_earliest_gap(busy, cards, length, start):
    profile = Profile.of((slot(a, b), taken) for a, b, taken in busy)
    found = profile.earliest(micros(0), hours(length), at_most=CAPACITY - cards)
    assert found == micros(start)


def test_levels_add_up_and_return_to_nothing():
    profile = Profile.of([(slot(0, 2), 3), (slot(1, 3), 2), (slot(2, 3), 3)])
    assert [profile.taken_at(micros(h)) for h in (-1, 0, 1, 1.5, 2, 3, 9)] == [0, 3, 5, 5, 5, 0, 0]


def test_wanting_more_than_there_is_is_our_own_mistake():
    with pytest.raises(AssertionError):
        Profile().earliest(0, 1, at_most=-1)


spans = st.tuples(st.integers(-10, 40), st.integers(1, 12), st.integers(1, CAPACITY)).map(
    lambda each: (slot(each[0], each[0] + each[1]), each[2])
)
bookings = st.lists(spans, max_size=12)


def taken(busy, instant):
    return sum(cards for each, cards in busy if instant in each)


def fits(busy, start, length, *, at_most):
    """Look at the start and at every edge inside."""
    edges = [each.start for each, _ in busy if start <= each.start < start + length]
    return all(taken(busy, instant) <= at_most for instant in (start, *edges))


@given(bookings, st.integers(0, 20), st.integers(1, 12), st.integers(0, CAPACITY - 1))
def test_the_earliest_gap_is_what_trying_every_instant_finds(busy, begin, length, at_most):
    start, span = after(begin), after(length) - NOW
    tries = sorted({start} | {each.end for each, _ in busy if each.end > start})
    naive = next(each for each in tries if fits(busy, each, span, at_most=at_most))
    profile = Profile.of(busy)
    found = profile.earliest(to_micros(start), hours(length), at_most=at_most)
    assert found == to_micros(naive)
    assert profile.is_free(found, hours(length), at_most=at_most)


@given(bookings, spans)
def test_reserving_is_building_anew(busy, more):
    grown, built = Profile.of(busy).reserve(*more), Profile.of([*busy, more])
    instants = [to_micros(edge) for each, _ in (*busy, more) for edge in (each.start, each.end)]
    for instant in (*instants, micros(-100), micros(100)):
        assert grown.taken_at(instant) == built.taken_at(instant)
    assert grown.levels[-1] == 0
