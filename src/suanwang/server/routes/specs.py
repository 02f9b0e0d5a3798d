"""Reads job specs out of a request, naming every mistake with its pointer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suanwang.basics.errors import Invalid
from suanwang.jobs.check import Mistake, check_mapping
from suanwang.jobs.spec import JobSpec

SPECS_MAX = 1_000  # in one request; an array is one


class SpecInvalid(Invalid):
    """{count} mistake(s) in the job file; `errors` names each with its place."""

    zh = "作业文件中有 {count} 处错误；`errors` 逐一列出其位置。"
    code = "spec-invalid"


class SpecMissing(Invalid):
    """Expected one job as `spec` or a list of at most {most} jobs as `specs`, not both."""

    zh = "需要以 `spec` 给出一个作业，或以 `specs` 给出至多 {most} 个作业的列表，二者择一。"
    code = "spec-missing"


@dataclass(frozen=True, slots=True)
class Placed:
    """A mistake of one spec, at its place in the request."""

    place: str
    mistake: Mistake

    @property
    def pointer(self) -> str:
        """Say where in the request."""
        return self.place + self.mistake.pointer

    def message(self, lang: str) -> str:
        """Say what is wrong."""
        return self.mistake.message(lang)


def read_specs(one: dict[str, Any] | None, several: list[dict[str, Any]] | None) -> list[JobSpec]:
    """Check the specs of a request. Raises SpecMissing or SpecInvalid."""
    if (one is None) == (several is None) or (several is not None and not several):
        raise SpecMissing(reason="spec", most=SPECS_MAX)
    if several is not None and len(several) > SPECS_MAX:
        raise SpecMissing(reason="specs", most=SPECS_MAX)
    wires = [("/spec", one)] if one is not None else _numbered(several or [])
    specs: list[JobSpec] = []
    mistakes: list[Placed] = []
    for place, wire in wires:
        checked = check_mapping(wire)
        if checked.spec is not None:
            specs.append(checked.spec)
        mistakes += [Placed(place, each) for each in checked.mistakes]
    if mistakes:
        raise SpecInvalid(reason="spec", count=len(mistakes), errors=mistakes)
    return specs


def _numbered(several: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"/specs/{number}", wire) for number, wire in enumerate(several)]
