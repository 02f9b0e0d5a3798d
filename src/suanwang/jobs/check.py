"""Checks a job file and names every mistake with its place, its code and what to do.

    text → document (YAML, marks) → spec (types, bounds) → contradictions between keys → Checked

No input raises: whatever the bytes, the answer is a spec or mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from suanwang.jobs.contradictions import (
    Found,
    contradictions,
    run_missing,
    worth_saying,
)
from suanwang.jobs.document import Document, NotText, Path, Place, decode, read_document
from suanwang.jobs.errors import Wrong
from suanwang.jobs.keys import foreign_mapping, foreign_text, unknown_key
from suanwang.jobs.spec import JobSpec
from suanwang.jobs.values import shown

MISTAKES_MAX = 100
# pydantic's way to say that a default waits for a key that has a mistake of its own.
_CONSEQUENCES = {"default_factory_not_called"}
_EXAMPLES = {
    "resources": "resources: {cards: 1}",
    "class": "class: {a100-80g-sxm: 1}",
    "inputs": "inputs: [{from: data.csv, to: data.csv}]",
    "outputs": "outputs: [out/model.pt]",
    "prefer": "prefer: {cost: 0.7, green: 0.3}",
    "after": "after: [prepare]",
    "env": "env: {BATCH_SIZE: 32}",
    "secrets": "secrets: {HF_TOKEN: hf-token}",
    "ports": "ports: [8080]",
    "name": "name: train",
    "from": "from: data.csv",
    "to": "to: data.csv",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: where (JSON pointer; line and column from 1, or None), its code and facts."""

    pointer: str
    line: int | None
    column: int | None
    code: str
    facts: Mapping[str, Any]
    error: Wrong = field(compare=False, repr=False)

    def message(self, lang: str = "en") -> str:
        """Say what is wrong, in "en" or "zh"."""
        return self.error.message(lang)

    def to_wire(self, lang: str = "en") -> dict[str, Any]:
        """Write the mistake for `--json` and for problem details."""
        return {
            "pointer": self.pointer,
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "message": self.message(lang),
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome: a spec, or the mistakes that keep it from being one."""

    name: str
    spec: JobSpec | None
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()

    @property
    def ok(self) -> bool:
        """Say whether the file is good."""
        return self.spec is not None


def unreadable(name: str, wrong: Wrong) -> Checked:
    """Return the outcome for a file that could not even be read."""
    return Checked(name, None, (_mistake((), None, wrong),))


def check_bytes(data: bytes, *, name: str) -> Checked:
    """Check the bytes of a file."""
    try:
        text = decode(data)
    except NotText as refused:
        return Checked(name, None, (_mistake((), refused.place, refused.mistake),))
    return check_text(text, name=name)


def check_text(text: str, *, name: str) -> Checked:
    """Check the text of a job file called `name`; every mistake has its line and column."""
    foreign = foreign_text(text)
    if foreign:
        return Checked(name, None, (_mistake((), (1, 1), foreign),))
    document = read_document(text)
    found = [_mistake(path, place, error) for path, place, error in document.mistakes]
    if found and not isinstance(document.value, dict):
        return Checked(name, None, _sorted(found))
    checked = _check(document.value, document=document, name=name)
    if not found:
        return checked
    return Checked(name, None, _sorted([*found, *checked.mistakes]))


def check_mapping(mapping: object, *, name: str = "spec") -> Checked:
    """Check a job spec that came as JSON; mistakes have pointers and no lines."""
    return _check(mapping, document=None, name=name)


def _check(value: object, *, document: Document | None, name: str) -> Checked:
    if not isinstance(value, Mapping):
        refused = Wrong("expected-mapping", example="name: x", found=shown(value))
        return Checked(name, None, (_placed(document, Found((), refused)),))
    foreign = foreign_mapping(value)
    if foreign:
        return Checked(name, None, (_placed(document, Found((), foreign)),))
    missing = run_missing(value)
    try:
        spec = JobSpec.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False)
        found = [_translate(each, value) for each in details if each["type"] not in _CONSEQUENCES]
        found += missing
        return Checked(name, None, _sorted(_placed(document, each) for each in found))
    found = missing + contradictions(spec)
    if found:
        return Checked(name, None, _sorted(_placed(document, each) for each in found))
    notes = (replace(each, path=_written(value, each.path)) for each in worth_saying(spec))
    warnings = _sorted(_placed(document, each) for each in notes)
    return Checked(name, spec, warnings=warnings)


def _sorted(found: Iterable[Mistake]) -> tuple[Mistake, ...]:
    unique = {(m.pointer, m.code, m.line, m.column): m for m in found}
    ordered = sorted(unique.values(), key=lambda m: (m.line or 0, m.column or 0, m.pointer))
    if len(ordered) > MISTAKES_MAX:
        last = ordered[MISTAKES_MAX]
        rest = Wrong("too-many-mistakes", more=len(ordered) - MISTAKES_MAX)
        ordered[MISTAKES_MAX:] = [Mistake("", last.line, last.column, rest.code, rest.facts, rest)]
    return tuple(ordered)


def _mistake(path: Path, place: Place | None, error: Wrong) -> Mistake:
    line, column = place or (None, None)
    return Mistake(_pointer(path), line, column, error.code, error.facts, error)


def _placed(document: Document | None, found: Found) -> Mistake:
    place = None if document is None else _place(document, found)
    return _mistake(found.path, place, found.error)


def _place(document: Document, found: Found) -> Place:
    """Find the key or value in the file, or the nearest thing that holds it."""
    first, second = document.places, document.keys
    if found.at_key:
        first, second = second, first
    path = found.path
    while path not in first and path not in second:
        path = path[:-1]
    return first.get(path) or second[path]


def _pointer(path: Path) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _written(whole: object, path: Path) -> Path:
    """Cut a path to what was written: `prefer: cost` is read as `prefer: {cost: 1}`."""
    for depth, step in enumerate(path):
        if isinstance(whole, Mapping):
            whole = whole.get(step)
        elif isinstance(whole, list | tuple) and isinstance(step, int):
            whole = whole[step]
        else:
            return path[:depth]
    return path


def _translate(error: ErrorDetails, whole: object) -> Found:
    """Turn pydantic's error into ours, at its place."""
    asked = tuple(step for step in error["loc"] if step != "[key]")
    path = _written(whole, asked)
    at_key = len(asked) < len(error["loc"]) and path == asked
    kind, value, facts = error["type"], error["input"], error.get("ctx", {})
    if isinstance(facts.get("error"), Wrong):
        return Found(path, facts["error"], at_key=at_key)
    last = str(path[-1]) if path else ""
    example = _EXAMPLES.get(last) or _EXAMPLES.get(str(path[0]) if path else "") or "name: x"
    if kind == "extra_forbidden":
        return Found(path, unknown_key(path[:-1], last), at_key=True)
    if kind == "missing":
        return Found(path, Wrong("missing-key", key=last, example=example))
    if kind in {"dict_type", "model_type", "mapping_type", "model_attributes_type"}:
        return Found(path, Wrong("expected-mapping", example=example, found=shown(value)))
    if kind in {"tuple_type", "list_type"}:
        return Found(path, Wrong("expected-list", example=example, found=shown(value)))
    if kind == "too_long":
        return Found(path, Wrong("too-many", most=facts["max_length"], found=len(value)))
    if kind == "too_short":
        return Found(path, Wrong("too-few"))
    if kind == "invalid_key":
        return Found(path, Wrong("key-not-text", found=shown(path[-1])), at_key=True)
    # A kind of error that pydantic may learn one day.
    return Found(path, Wrong("value-not-valid", found=shown(value)))
