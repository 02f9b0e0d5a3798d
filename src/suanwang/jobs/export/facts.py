"""What an exported bill has: its own words, and the names of what its ids stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suanwang.basics.money import Money
from suanwang.basics.slots import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedBill:
    """One bill with the job, the project and the centre that it is about."""

    id: str
    job_id: str
    job_name: str
    job_kind: str
    organisation_id: str
    organisation_name: str
    project_id: str | None
    project_name: str | None
    provider_id: str | None
    centre_id: str | None
    centre_name: str | None
    zone: str | None
    city: str | None
    pool_id: str | None
    chip: str | None
    mode: str
    lines: tuple[Mapping[str, Any], ...]
    total: Money
    created_at: Instant
    settled_at: Instant | None = None
    used: tuple[Instant, Instant] | None = None  # when the use began and ended
    parts: tuple[Mapping[str, Any], ...] = field(default=())
    invoice: str | None = None  # its number, once there is one
    provider_share: Money | None = None  # of a bill whose lines say no parts
    credit_note: str | None = None  # where this is what was given back of a bill
