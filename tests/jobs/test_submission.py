from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jobs.builders import a_spec, an_id

from suanwang.basics.ids import JobId
from suanwang.jobs.spec import JobSpec
from suanwang.jobs.submission import members_of, resolve_after


def jobs(text: str) -> list[JobSpec]:
    """Read "a, b < a, c < a b": b waits for a, c for a and b."""
    specs = []
    for part in text.split(","):
        name, _, earlier = (each.strip() for each in part.partition("<"))
        specs.append(a_spec(name=name, after=earlier.split()))
    return specs


def test_a_job_without_array_is_its_own_only_member():
    spec = a_spec()
    (member,) = members_of(spec)
    assert (member.spec, member.index, member.count) == (spec, None, None)


def test_an_array_is_many_jobs():
    members = members_of(a_spec(array="3-5"))
    assert [(m.index, m.count) for m in members] == [(3, 3), (4, 3), (5, 3)]
    assert all(m.spec.array is None for m in members)


def test_the_index_goes_into_paths_and_urls():
    spec = a_spec(
        array="0-1",
        inputs=[{"from": "s3://b/{index}", "to": "in/{index}"}],
        outputs=["out/{index}.png", {"from": "log", "to": "s3://b/log-{index}"}],
    )
    last = members_of(spec)[1].spec
    assert (last.inputs[0].source, last.inputs[0].to) == ("s3://b/1", "in/1")
    assert [(o.source, o.to) for o in last.outputs] == [
        ("out/1.png", None),
        ("log", "s3://b/log-1"),
    ]


def test_ten_thousand_members_are_made_at_once():
    start = time.process_time()
    assert len(members_of(a_spec(array="0-9999"))) == 10_000
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("text", "earlier", "order"),
    [
        ("a", [()], [0]),
        ("a, b < a, c < a b", [(), (0,), (0, 1)], [0, 1, 2]),
        ("c < b, b < a, a", [(1,), (2,), ()], [2, 1, 0]),
        ("a, a, b < a", [(), (), (0, 1)], [0, 1, 2]),  # a name that several share means all of them
    ],
)
def test_names_of_one_submission_resolve(text, earlier, order):
    found = resolve_after(jobs(text))
    assert found.mistakes == ()
    assert list(found.earlier) == earlier
    assert list(found.order) == order


def test_job_ids_name_jobs_that_exist_already():
    known = an_id(JobId)
    found = resolve_after([a_spec(after=[known])])
    assert (found.job_ids, found.earlier, found.mistakes) == (((known,),), ((),), ())


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ("prepare, b < prepair", (1, "after", 0), 'no job named "prepair" is handed in together with this one ("prepare"?)'),
        ("b < x", (0, "after", 0), 'no job named "x" is handed in together with this one; '),
        ("a < c, b < a, c < b, d < a", (0, "after"), "these jobs wait for each other and none could ever start: a → c → b → a"),
        ("d < a, a < b, b < a", (1, "after"), "a → b → a"),
    ],
)  # fmt: skip
def test_what_cannot_be_waited_for_is_named(text, path, says):
    (found,) = resolve_after(jobs(text)).mistakes
    assert found.path == path
    assert says in found.error.message("en")
    assert found.error.message("zh")


@given(st.lists(st.lists(st.integers(0, 7), max_size=3), min_size=1, max_size=8))
def test_an_order_has_everyone_after_those_they_wait_for_or_there_is_a_cycle(waits):
    names = [f"j{i}" for i in range(len(waits))]
    specs = [
        a_spec(name=name, after=sorted({f"j{o}" for o in others if o < len(waits) and o != i}))
        for i, (name, others) in enumerate(zip(names, waits, strict=True))
    ]
    found = resolve_after(specs)
    place = {position: turn for turn, position in enumerate(found.order)}
    if found.mistakes:
        assert [each.error.code for each in found.mistakes] == ["after-cycle"]
        assert len(place) < len(specs)
    else:
        assert sorted(place) == list(range(len(specs)))
        assert all(place[e] < place[i] for i, before in enumerate(found.earlier) for e in before)
