"""Jobs as the exchange shows them: frozen, typed, times in UTC, amounts exact in `currency`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from suanwang.client.reading import Resource

FINAL = frozenset({"SETTLED", "REJECTED", "EXPIRED", "CANCELLED", "FAILED", "LOST"})
# The work is over and results are home, though money may still be on its way.
ENDED = FINAL | {"RETURNED", "METERED", "BILLED"}
# States from which no result comes any more.
WITHOUT_RESULT = FINAL - {"SETTLED"}
WAITING_FOR_QUOTE = frozenset({"SUBMITTED"})


@dataclass(frozen=True, kw_only=True)
class CentreName(Resource):
    """Which centre."""

    id: str
    name: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class PoolName(Resource):
    """Which pool of a centre."""

    id: str
    name: str
    card_class: str = field(metadata={"key": "class"})


@dataclass(frozen=True, kw_only=True)
class Reason(Resource):
    """Why a job ended as it did: a stable code, and a sentence in the reader's language."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class JobView(Resource):
    """One job. `price` is per card-hour, `limit` the most it may cost, `charge` what it cost."""

    id: str
    name: str
    kind: str
    state: str
    currency: str
    created_at: datetime
    updated_at: datetime
    organisation_id: str | None = None
    project_id: str | None = None
    member_id: str | None = None
    array_id: str | None = None
    array_index: int | None = None
    array_count: int | None = None
    finished_at: datetime | None = None
    deadline_at: datetime | None = None
    quote_expires_at: datetime | None = None
    accepted: bool = False
    waits: bool = False
    centre: CentreName | None = None
    pool: PoolName | None = None
    cards: int | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    price: Decimal | None = None
    limit: Decimal | None = None
    charge: Decimal | None = None
    exit_code: int | None = None
    reason: Reason | None = None
    usage: Mapping[str, Any] | None = None
    attempt: int = 0
    token: int = 0
    cancel_asked: bool = False

    @property
    def is_final(self) -> bool:
        """Say whether nothing will change any more."""
        return self.state in FINAL

    @property
    def is_ended(self) -> bool:
        """Say whether the work is over; the bill may still be on its way."""
        return self.state in ENDED

    @property
    def succeeded(self) -> bool:
        """Say whether the work is over and its command exited with 0."""
        return self.state in ENDED - WITHOUT_RESULT and self.exit_code in (0, None)


@dataclass(frozen=True, kw_only=True)
class Option(Resource):
    """One pool that could run the job, or (`why_not`) the reason why it cannot."""

    centre: str
    zone: str
    card_class: str
    cards: int
    price: Decimal
    cost: Decimal
    cost_at_most: Decimal
    pool_id: str | None = None
    centre_id: str | None = None
    start: datetime | None = None
    finish: datetime | None = None
    run_seconds: int | None = None
    data_seconds: int | None = None
    compute_cost: Decimal | None = None
    data_cost: Decimal | None = None
    store_cost: Decimal | None = None
    energy_wh: float | None = None
    carbon_g: float | None = None
    carbon_intensity: float | None = None
    latency_ms: float | None = None
    score: float | None = None
    why: str = ""
    why_not: str | None = None
    why_text: str = ""
    why_detail: Mapping[str, Any] = field(default_factory=dict)
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class BudgetLeft(Resource):
    """What is left of a budget that counts the job; not `enough`: accepting would be refused."""

    id: str
    scope: str
    subject: str
    month: str
    amount: Decimal
    left: Decimal
    currency: str
    stop: str
    enough: bool


@dataclass(frozen=True, kw_only=True)
class Quote(Resource):
    """A plan with its price: every pool that was looked at, best first.

    `hold` is the most that it can cost, reserved on acceptance. `job_id` is None for a dry run,
    which stored nothing.
    """

    options: tuple[Option, ...]
    currency: str
    hold: Decimal | None = None
    expires_at: datetime | None = None
    budgets: tuple[BudgetLeft, ...] = ()
    job_id: str | None = field(default=None, metadata={"wire": False})
    spec: Mapping[str, Any] | None = field(default=None, repr=False, metadata={"wire": False})
    folder: str = field(default=".", repr=False, metadata={"wire": False})
    # Made with the quote, so that accepting it twice hands in one job.
    idempotency_key: str = field(default="", repr=False, compare=False, metadata={"wire": False})

    @property
    def chosen(self) -> Option | None:
        """Return the option that would be taken, if any is possible."""
        return next((each for each in self.options if each.chosen), None)


@dataclass(frozen=True, kw_only=True)
class TimelineLine(Resource):
    """One thing that happened to a job."""

    seq: int
    at: datetime
    verb: str
    state: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LogLine(Resource):
    """One line that a job printed. `cursor` continues after it."""

    seq: int
    at: datetime
    stream: str
    text: str
    token: int = 0
    cursor: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Output(Resource):
    """One output: `blob` lies at the exchange, `url` where you said, `cold` in a cold store."""

    name: str
    kind: str = "blob"
    sha256: str | None = None
    bytes: int | None = None
    location: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BillLine(Resource):
    """One line of a bill: quantity × price = amount."""

    kind: str
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal
    price_source: str = ""
    usage_id: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Bill(Resource):
    """What a job cost, line by line."""

    job_id: str
    lines: tuple[BillLine, ...]
    total: Decimal
    currency: str = "CNY"
    parts: tuple[Mapping[str, Any], ...] = ()  # who gets what of `gross`
    gross: Decimal | None = None
    vouchers: Decimal | None = None  # what funders pay of it
    mode: str = "direct"
    seller_id: str | None = None
    contract_id: str | None = None
    id: str | None = None
    organisation_id: str | None = None
    created_at: datetime | None = None
    settled_at: datetime | None = None
