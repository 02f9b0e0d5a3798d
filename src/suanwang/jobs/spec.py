"""The job file as typed values: what to run, on what, with which data, by when, for how much.

`JobSpec` is read by `jobs/check.py`, which names every mistake and its place; `to_wire` writes the
same mapping back in one canonical form, which reads as an equal spec.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from suanwang.basics.canonical import Json
from suanwang.basics.slots import Instant
from suanwang.grid.demand import Preference
from suanwang.jobs.fields import (
    CARDS_MAX,
    TIME_MAX,
    Array,
    Bytes,
    Cards,
    Checksum,
    ClassSpeeds,
    DemandCity,
    Duration,
    InnerPath,
    Lines,
    Milliseconds,
    Moment,
    Name,
    Note,
    Ports,
    Price,
    References,
    Retention,
    Script,
    Size,
    Source,
    Switch,
    Target,
    Variables,
    Weights,
    choice,
    count,
    scheme_of,
)
from suanwang.jobs.values import (
    format_duration,
    format_size,
    format_when,
    instant_of,
)

EXPECTED_DEFAULT = timedelta(minutes=10)
TIME_LIMIT_FACTOR = 4  # the limit, when none is given: four times the expected time
RETRY_DEFAULT = 2
RETAIN_DEFAULT = timedelta(days=30)
FILES_MAX = 1000


class JobKind(StrEnum):
    """What kind of work a job is."""

    COMPUTE = "compute"
    TRAIN = "train"
    INFER = "infer"
    RENDER = "render"
    STORE = "store"


class _Part(BaseModel):
    """A part of a job file: frozen, and a key that it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Resources(_Part):
    """What one job needs. Sizes in bytes, on each node."""

    cards: Cards = 1  # all nodes together
    classes: ClassSpeeds = Field(default={}, alias="class")  # → relative speed; none: any class
    nodes: Annotated[int, count(1, CARDS_MAX)] = 1
    cpus: Annotated[int, count(1, 65_536)] = 1
    memory: Size = 500_000_000
    disk: Size = 1_000_000_000

    def to_wire(self) -> dict[str, Json]:
        """Write the resources as they would stand in a file."""
        wire: dict[str, Json] = {"cards": self.cards}
        if self.classes:
            wire["class"] = {name: _plain(speed) for name, speed in self.classes.items()}
        return wire | {
            "nodes": self.nodes,
            "cpus": self.cpus,
            "memory": format_size(self.memory),
            "disk": format_size(self.disk),
        }


class Input(_Part):
    """One thing that must lie in the work directory before the job starts."""

    source: Source = Field(alias="from")
    to: InnerPath
    sha256: Checksum = None
    bytes: Bytes = None

    @property
    def is_local(self) -> bool:
        """Say whether this is a path on the buyer's machine, which the client uploads."""
        return scheme_of(self.source)[0] is None

    def to_wire(self) -> dict[str, Json]:
        """Write the input as it would stand in a file."""
        wire: dict[str, Json] = {"from": self.source, "to": self.to}
        if self.sha256 is not None:
            wire["sha256"] = self.sha256
        if self.bytes is not None:
            wire["bytes"] = self.bytes
        return wire


class Output(_Part):
    """One thing that the job leaves in its work directory and the buyer wants."""

    source: InnerPath = Field(alias="from")
    to: Target = None  # none: kept by the exchange until fetched

    def to_wire(self) -> dict[str, Json]:
        """Write the output as it would stand in a file."""
        return {"from": self.source} if self.to is None else {"from": self.source, "to": self.to}


def _path_as_output(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    return {"from": value} if isinstance(value, str) else value


def _limit_of(earlier: dict[str, Any]) -> timedelta:
    # A mistake in `expected` leaves it out here; the spec is refused for that anyway.
    expected: timedelta = earlier.get("expected", EXPECTED_DEFAULT)
    return min(TIME_LIMIT_FACTOR * expected, TIME_MAX)


class JobSpec(_Part):
    """One job as its buyer wrote it. `deadline` and `earliest_start` may count from now."""

    name: Name
    kind: Annotated[JobKind, choice(JobKind)] = JobKind.COMPUTE
    image: Note = None
    environment: Note = None
    setup: Script = None
    run: Script = None
    resources: Resources = Resources()
    inputs: Annotated[tuple[Input, ...], Field(max_length=FILES_MAX)] = ()
    outputs: Annotated[
        tuple[Annotated[Output, BeforeValidator(_path_as_output)], ...],
        Field(max_length=FILES_MAX),
    ] = ()
    expected: Duration = EXPECTED_DEFAULT  # at relative speed 1
    time_limit: Duration = Field(default_factory=_limit_of)
    deadline: Moment = None
    earliest_start: Moment = None
    max_price: Price = None  # yuan for the whole job
    budget: Note = None
    broker: Note = None  # the organisation that sells it; none: each centre itself
    prefer: Weights = {Preference.COST: Decimal(1)}
    near: DemandCity = None  # where its users or its data are
    latency_ms_max: Milliseconds = None  # one way
    interruptible: Switch = False
    retry: Annotated[int, count(0, 10)] = RETRY_DEFAULT  # moves after a centre's fault
    array: Array = None
    after: Lines = ()  # names in the same submission, or job ids
    env: Variables = {}
    secrets: References = {}
    ports: Ports = ()
    retain: Retention = RETAIN_DEFAULT  # kind: store only

    def to_wire(self) -> dict[str, Json]:
        """Write the canonical mapping: defaults filled in, empty keys left out, no floats."""
        wire: dict[str, Json] = {
            "name": self.name,
            "kind": str(self.kind),
            "resources": self.resources.to_wire(),
            "expected": format_duration(self.expected),
            "time_limit": format_duration(self.time_limit),
            "prefer": {str(word): _plain(weight) for word, weight in self.prefer.items()},
            "interruptible": self.interruptible,
            "retry": self.retry,
        }
        if self.kind is JobKind.STORE:
            wire["retain"] = format_duration(self.retain)
        return wire | {key: value for key, value in self._optional().items() if value}

    def _optional(self) -> dict[str, Json]:
        limit = self.latency_ms_max
        return {
            "image": self.image,
            "environment": self.environment,
            "setup": self.setup,
            "run": self.run,
            "inputs": [each.to_wire() for each in self.inputs],
            "outputs": [each.to_wire() for each in self.outputs],
            "deadline": format_when(self.deadline) if self.deadline else None,
            "earliest_start": format_when(self.earliest_start) if self.earliest_start else None,
            "max_price": _plain(self.max_price.decimal()) if self.max_price else None,
            "budget": self.budget,
            "broker": self.broker,
            "near": self.near,
            "latency_ms_max": None if limit is None else _plain(limit),
            "array": str(self.array) if self.array else None,
            "after": list(self.after),
            "env": dict(self.env),
            "secrets": dict(self.secrets),
            "ports": list(self.ports),
        }

    def pinned(self, now: Instant) -> JobSpec:
        """Turn durations from now into instants: done once, when the job is handed in."""
        if not isinstance(self.deadline, timedelta) and not isinstance(
            self.earliest_start, timedelta
        ):
            return self
        return self.model_copy(
            update={
                "deadline": instant_of(self.deadline, now=now),
                "earliest_start": instant_of(self.earliest_start, now=now),
            }
        )

    def local_inputs(self) -> list[Input]:
        """Return the inputs that still lie on the buyer's machine."""
        return [each for each in self.inputs if each.is_local]


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
