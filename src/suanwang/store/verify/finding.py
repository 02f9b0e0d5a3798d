"""What a check of a database found, in an order in which the first finding is the first cause."""

from __future__ import annotations

from dataclasses import dataclass

FINDINGS_MAX = 100  # of one check; what is broken everywhere is told often enough
FOUND_MAX = 160  # characters of a value that are repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it must be, and the record that it was found at."""

    rule: str  # "leaf-altered", "head-forged" …: stable, for programs
    record: str  # "transfers 12 txf_01JB…"
    expected: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was looked at, and what was found."""

    leaves: int
    pending: int  # rows that are not in the log yet
    heads: int
    signatures_checked: bool
    findings: tuple[Finding, ...]

    @property
    def proven(self) -> bool:
        """Say whether everything is as it must be."""
        return not self.findings


def finding(rule: str, record: str, *, expected: object, found: object) -> Finding:
    """Make a finding; long values are cut."""
    return Finding(rule=rule, record=record, expected=_short(expected), found=_short(found))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= FOUND_MAX else text[:FOUND_MAX] + "…"
