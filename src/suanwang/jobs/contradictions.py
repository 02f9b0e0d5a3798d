"""What single values cannot show: keys that contradict each other, and things worth saying."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from suanwang.grid.catalogue import chips
from suanwang.jobs.errors import Wrong
from suanwang.jobs.keys import closest
from suanwang.jobs.spec import JobKind, JobSpec
from suanwang.jobs.values import When, format_when, shown

INDEX_MARK = "{index}"


@dataclass(frozen=True, slots=True)
class Found:
    """A mistake and the path of the value, or of the key, that it is about."""

    path: tuple[str | int, ...]
    error: Wrong
    at_key: bool = False


def run_missing(mapping: Mapping[object, object]) -> list[Found]:
    """Name the key that every job but a stored one needs, before types are looked at."""
    if mapping.get("kind") == JobKind.STORE:
        if "inputs" in mapping:
            return []
        example = "inputs: [{from: data.tar, to: data.tar}]"
        return [Found(("inputs",), Wrong("missing-key", key="inputs", example=example))]
    if "run" in mapping:
        return []
    return [Found(("run",), Wrong("missing-key", key="run", example="run: echo hi"))]


def contradictions(spec: JobSpec) -> list[Found]:
    """Return the mistakes that lie between keys."""
    return [*_of_resources(spec), *_of_times(spec), *_of_names(spec), *_of_kind(spec)]


def _of_resources(spec: JobSpec) -> Iterator[Found]:
    needs = spec.resources
    if needs.cards % needs.nodes:
        yield Found(
            ("resources", "nodes"), Wrong("cards-uneven", cards=needs.cards, nodes=needs.nodes)
        )
    if not any(spec.prefer.values()):
        yield Found(("prefer",), Wrong("weights-zero"))
    if spec.image and spec.environment:
        yield Found(
            ("environment",), Wrong("either-or", key="environment", other="image"), at_key=True
        )


def _of_times(spec: JobSpec) -> Iterator[Found]:
    early, late = spec.earliest_start, spec.deadline
    if early and late and _not_before(early, late):
        error = Wrong("window-empty", earliest=format_when(early), deadline=format_when(late))
        yield Found(("earliest_start",), error)


def _not_before(early: When, late: When) -> bool:
    # A time and a duration can only be compared once the job is handed in.
    return type(early) is type(late) and not early < late  # type: ignore[operator]


def _of_names(spec: JobSpec) -> Iterator[Found]:
    yield from _twice([each.to for each in spec.inputs], ("inputs",), ("to",))
    yield from _twice([each.source for each in spec.outputs], ("outputs",), ("from",))
    yield from _twice(list(spec.after), ("after",), ())
    for position, other in enumerate(spec.after):
        if other == spec.name:
            yield Found(("after", position), Wrong("after-itself", found=other))
    for name in spec.env.keys() & spec.secrets.keys():
        yield Found(("secrets", name), Wrong("said-twice", found=shown(name)), at_key=True)


def _twice(words: Sequence[str], head: tuple[str, ...], tail: tuple[str, ...]) -> Iterator[Found]:
    seen: set[str] = set()
    for position, word in enumerate(words):
        if word in seen:
            yield Found((*head, position, *tail), Wrong("said-twice", found=shown(word)))
        seen.add(word)


def _of_kind(spec: JobSpec) -> Iterator[Found]:
    if spec.kind is JobKind.STORE:
        if not spec.inputs:
            example = "inputs: [{from: data.tar, to: data.tar}]"
            yield Found(("inputs",), Wrong("missing-key", key="inputs", example=example))
    elif "retain" in spec.model_fields_set:
        yield Found(("retain",), Wrong("key-not-for-kind", key="retain", kind="store"), at_key=True)


def worth_saying(spec: JobSpec) -> list[Found]:
    """Return what is no mistake and would still surprise."""
    return list(_surprises(spec))


@cache
def _classes() -> tuple[str, ...]:
    return tuple(str(chip.id) for chip in chips())


def _unknown_classes(spec: JobSpec) -> Iterator[Found]:
    # No mistake: a centre may offer a class that this catalogue does not know yet.
    for name in spec.resources.classes:
        if name not in _classes():
            error = Wrong("class-unknown", found=name, nearest=closest(name, _classes()))
            yield Found(("resources", "class", name), error, at_key=True)


def _surprises(spec: JobSpec) -> Iterator[Found]:
    yield from _unknown_classes(spec)
    if spec.budget:
        yield Found(("budget",), Wrong("budget-kept-only"), at_key=True)
    if spec.ports:
        yield Found(("ports",), Wrong("ports-kept-only"), at_key=True)
    if spec.kind is JobKind.STORE:
        for key in ("run", "setup", "image", "environment"):
            if getattr(spec, key):
                yield Found((key,), Wrong("run-not-used", key=key), at_key=True)
    if spec.array and len(spec.array) > 1:
        for position, output in enumerate(spec.outputs):
            if output.to and INDEX_MARK not in output.to:
                yield Found(("outputs", position, "to"), Wrong("members-overwrite"))
