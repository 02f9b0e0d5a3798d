"""What one submission holds: array members, and which job waits for which.

`after` names jobs of the same submission, or ids of jobs that exist already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suanwang.basics.ids import JobId
from suanwang.jobs.contradictions import INDEX_MARK, Found
from suanwang.jobs.errors import Wrong
from suanwang.jobs.fields import is_job_id
from suanwang.jobs.keys import closest
from suanwang.jobs.spec import JobSpec


@dataclass(frozen=True, slots=True)
class Member:
    """One job of a submission; `index` and `count` are None outside arrays."""

    spec: JobSpec
    index: int | None = None
    count: int | None = None


def members_of(spec: JobSpec) -> list[Member]:
    """Expand an array into its members, in order; a job without array is its own only member.

    `{index}` in the paths and URLs of inputs and outputs becomes the member's index. A member's
    spec has no array any more, so nothing can be expanded twice.
    """
    if spec.array is None:
        return [Member(spec)]
    single = spec.model_copy(update={"array": None})
    count = len(spec.array)
    if not _marked(spec):
        return [Member(single, index, count) for index in spec.array]
    return [Member(_for_index(single, index), index, count) for index in spec.array]


def _marked(spec: JobSpec) -> bool:
    paths = [text for each in spec.inputs for text in (each.source, each.to)]
    paths += [text for each in spec.outputs for text in (each.source, each.to or "")]
    return any(INDEX_MARK in text for text in paths)


def _for_index(spec: JobSpec, index: int) -> JobSpec:
    def put(text: str | None) -> str | None:
        return text and text.replace(INDEX_MARK, str(index))

    inputs = tuple(
        each.model_copy(update={"source": put(each.source), "to": put(each.to)})
        for each in spec.inputs
    )
    outputs = tuple(
        each.model_copy(update={"source": put(each.source), "to": put(each.to)})
        for each in spec.outputs
    )
    return spec.model_copy(update={"inputs": inputs, "outputs": outputs})


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Who waits for whom. `order` is an order in which every job comes after those it waits for."""

    earlier: tuple[tuple[int, ...], ...]  # for each job, positions in the submission
    job_ids: tuple[tuple[JobId, ...], ...]  # for each job, jobs that exist already
    order: tuple[int, ...]
    mistakes: tuple[Found, ...] = ()  # paths begin with the job's position


def resolve_after(specs: Sequence[JobSpec]) -> Dependencies:
    """Find what each `after` names. A name that several jobs share means all of them."""
    by_name: dict[str, list[int]] = {}
    for position, spec in enumerate(specs):
        by_name.setdefault(spec.name, []).append(position)
    mistakes: list[Found] = []
    earlier, job_ids = [], []
    for position, spec in enumerate(specs):
        mistakes += _unknown(spec, position, by_name)
        named = [other for word in spec.after for other in by_name.get(word, [])]
        earlier.append(tuple(sorted(set(named))))
        job_ids.append(tuple(JobId(w) for w in spec.after if w not in by_name and is_job_id(w)))
    order, cycle = _order(earlier)
    if cycle:
        names = " → ".join(specs[position].name for position in [*cycle, cycle[0]])
        mistakes.append(Found((cycle[0], "after"), Wrong("after-cycle", cycle=names)))
    return Dependencies(tuple(earlier), tuple(job_ids), tuple(order), tuple(mistakes))


def _unknown(spec: JobSpec, position: int, by_name: Mapping[str, object]) -> list[Found]:
    others = [name for name in by_name if name != spec.name]
    found = []
    for place, word in enumerate(spec.after):
        if word not in by_name and not is_job_id(word):
            near = f' ("{closest(word, others)}"?)' if others else ""
            error = Wrong("after-unknown", found=word, nearest=near)
            found.append(Found((position, "after", place), error))
    return found


def _order(earlier: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """Sort so that everyone comes after those they wait for; otherwise return one cycle."""
    order: list[int] = []
    left = {position: set(before) for position, before in enumerate(earlier)}
    while left:
        ready = [position for position, before in left.items() if not before & left.keys()]
        if not ready:
            return order, _cycle(left)
        order += ready
        for position in ready:
            del left[position]
    return order, []


def _cycle(left: Mapping[int, set[int]]) -> list[int]:
    """Walk from job to job that it waits for until one comes again: that is a cycle."""
    walked: list[int] = []
    here = min(left)
    while here not in walked:
        walked.append(here)
        here = min(left[here] & left.keys())
    return walked[walked.index(here) :]
