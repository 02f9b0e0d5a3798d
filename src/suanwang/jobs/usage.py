"""What a job used, as its centre metered and signed it, and when such a record is refused.

A record is bounded by its lease: the agent counts on its own monotonic clock, the server knows when
it granted the lease and when it ended, and nobody can have used more than lies between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from suanwang.basics.canonical import Json, canonical_bytes
from suanwang.basics.errors import Invalid
from suanwang.basics.ids import CentreId, Id, JobId, LeaseId, UsageId
from suanwang.basics.slots import Instant, format_instant, parse_instant
from suanwang.jobs.errors import UsageUnreadable

# Wall clocks of a centre and the exchange may differ by this much before a record is refused.
CLOCK_SKEW_MAX = timedelta(minutes=5)
# Heartbeats and the wire: a lease ends for the server a little before or after the process did.
LENGTH_SLACK = timedelta(seconds=5)
BYTES_MAX = 10**18
CORES_MAX = 65_536  # a card's worth of cores can never burn more CPU seconds than this per second
WATTS_PER_CARD_MAX = 20_000  # a whole server per card, with room to spare


class EnergyBasis(StrEnum):
    """Whether the energy was measured by the machine or modelled from load and rated power."""

    MEASURED = "measured"
    MODELLED = "modelled"


class EndedBy(StrEnum):
    """What ended the run."""

    EXIT = "exit"
    TIME_LIMIT = "time_limit"
    MEMORY = "memory"
    DISK = "disk"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """One lease's use. Seconds and watt-hours are exact decimals, bytes whole."""

    usage_id: UsageId
    lease_id: LeaseId
    job_id: JobId
    centre_id: CentreId
    token: int  # fencing token of the lease
    started_at: Instant
    ended_at: Instant
    wall_seconds: Decimal  # by the agent's monotonic clock
    cpu_seconds: Decimal
    cards: int
    peak_memory_bytes: int
    bytes_in: int
    bytes_out: int
    energy_wh: Decimal
    energy_basis: EnergyBasis
    exit_code: int
    ended_by: EndedBy

    def to_wire(self) -> dict[str, Json]:
        """Write the record: times in UTC, numbers that are not whole as decimal strings."""
        return {each.name: _wire(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_wire(cls, wire: object) -> UsageRecord:
        """Read a record from the wire, or raise `UsageUnreadable` naming the field."""
        try:
            record = _Wire.model_validate(wire)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(step) for step in first["loc"]) or "record"
            raise UsageUnreadable(reason=f"{place}: {first['msg']}") from None
        try:
            return cls(**record.values())
        except Invalid as error:
            raise UsageUnreadable(reason=str(error).rstrip(".")) from None

    def signing_bytes(self) -> bytes:
        """Return the bytes that the centre signs: canonical JSON of the wire form."""
        return canonical_bytes(self.to_wire())


def _wire(value: Any) -> Json:  # noqa: ANN401 - one field of a record
    if isinstance(value, Instant):
        return format_instant(value)
    if isinstance(value, Decimal):
        return _plain(value)
    return value if isinstance(value, int) else str(value)


def _plain(number: Decimal) -> str:
    # One text for one number, or two writers would sign different bytes.
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


_DECIMAL = r"^-?[0-9]{1,18}(\.[0-9]{1,18})?$"


class _Wire(BaseModel):
    """The wire form; its types are checked here, its sense in `refusals`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    usage_id: str
    lease_id: str
    job_id: str
    centre_id: str
    token: int
    started_at: str
    ended_at: str
    wall_seconds: str = Field(pattern=_DECIMAL)
    cpu_seconds: str = Field(pattern=_DECIMAL)
    cards: int
    peak_memory_bytes: int
    bytes_in: int
    bytes_out: int
    energy_wh: str = Field(pattern=_DECIMAL)
    energy_basis: str
    exit_code: int
    ended_by: str

    def values(self) -> dict[str, Any]:
        """Return the fields as a record holds them; raises `Invalid` at ids and times."""
        ids: Mapping[str, type[Id]] = {
            "usage_id": UsageId, "lease_id": LeaseId, "job_id": JobId, "centre_id": CentreId,
        }  # fmt: skip
        values = self.model_dump()
        values |= {name: kind.parse(values[name]) for name, kind in ids.items()}
        values |= {name: parse_instant(values[name]) for name in ("started_at", "ended_at")}
        for name in ("wall_seconds", "cpu_seconds", "energy_wh"):
            values[name] = Decimal(values[name])
        values["energy_basis"] = _member(EnergyBasis, self.energy_basis)
        values["ended_by"] = _member(EndedBy, self.ended_by)
        return values


def _member(choices: type[StrEnum], text: str) -> StrEnum:
    known = {str(each): each for each in choices}
    if text not in known:
        raise UsageUnreadable(reason=f"expected one of {', '.join(known)}, found {text!r}")
    return known[text]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseFacts:
    """What the server knows of the lease. `ended_at`: when it ended, or the report came."""

    lease_id: LeaseId
    job_id: JobId
    centre_id: CentreId
    token: int
    cards: int
    taken_at: Instant
    ended_at: Instant


class UsageRefusal(StrEnum):
    """Why a usage record is not accepted: one closed list; texts in `jobs/reasons.py`."""

    OTHER_LEASE = "usage-other-lease"
    TOKEN_OLD = "token-old"  # noqa: S105 - a fencing token, not a secret
    NEGATIVE = "usage-negative"
    BACKWARDS = "usage-backwards"
    OUTSIDE_LEASE = "usage-outside-lease"
    LONGER_THAN_LEASE = "usage-longer-than-lease"
    MORE_CARDS = "usage-more-cards"
    ABSURD = "usage-absurd"


def refusals(record: UsageRecord, lease: LeaseFacts) -> list[UsageRefusal]:
    """Return every reason to refuse the record; an empty list accepts it."""
    checks = {
        UsageRefusal.OTHER_LEASE: (record.lease_id, record.job_id, record.centre_id)
        != (lease.lease_id, lease.job_id, lease.centre_id),
        UsageRefusal.TOKEN_OLD: record.token != lease.token,
        UsageRefusal.NEGATIVE: _negative(record),
        UsageRefusal.BACKWARDS: record.ended_at < record.started_at,
        UsageRefusal.OUTSIDE_LEASE: record.started_at < lease.taken_at - CLOCK_SKEW_MAX
        or record.ended_at > lease.ended_at + CLOCK_SKEW_MAX,
        UsageRefusal.LONGER_THAN_LEASE: _seconds(lease.ended_at - lease.taken_at + LENGTH_SLACK)
        < record.wall_seconds,
        UsageRefusal.MORE_CARDS: record.cards > lease.cards,
        UsageRefusal.ABSURD: _absurd(record),
    }
    return [refusal for refusal, holds in checks.items() if holds]


def _negative(record: UsageRecord) -> bool:
    amounts = (
        record.wall_seconds, record.cpu_seconds, record.energy_wh, record.bytes_in,
        record.bytes_out, record.peak_memory_bytes, record.cards,
    )  # fmt: skip
    return any(amount < 0 for amount in amounts)


def _absurd(record: UsageRecord) -> bool:
    """More than any machine could have used in the time."""
    seconds = max(record.wall_seconds, Decimal(0)) + 1  # the shortest runs are all overhead
    hours = seconds / 3600
    return (
        record.cpu_seconds > CORES_MAX * seconds
        or record.energy_wh > WATTS_PER_CARD_MAX * max(record.cards, 1) * hours
        or max(record.bytes_in, record.bytes_out, record.peak_memory_bytes) > BYTES_MAX
    )


def _seconds(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1)) / 1_000_000
