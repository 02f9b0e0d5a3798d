"""The settlement cycle of a market day, as data: which bank day brings which step.

    day D   24:00        bank day 10          bank day 40            bank day 45
    open ─────────▶ preliminary ───────▶ final ─────────────▶ (resettled) ─────────▶ closed
          paid,           corrections          gathered, made        nothing may touch
          one net amount  made at once         once, as pairs        the day any more

The days of each step are a table (`tables/settlement_cycle.csv`) and settings; bank days are those
of the calendar. A step that the calendar does not reach yet has no instant: it is never guessed.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from functools import cache
from importlib import resources

from suanwang.basics.errors import Conflict
from suanwang.basics.lifecycle import Lifecycle
from suanwang.basics.slots import BEIJING, Instant, day_slot, market_day
from suanwang.ledger.calendar import Calendar
from suanwang.ledger.errors import BankDaysUnknown

VERSIONS_MAX = 16  # of one bill: whoever corrects a meter more often than that settles it by hand


class DayState(StrEnum):
    """Where a market day stands."""

    OPEN = "open"  #: bills are written for it
    PRELIMINARY = "preliminary"  #: paid; corrections are made as they come
    FINAL = "final"  #: corrections are gathered for the one resettlement
    RESETTLED = "resettled"  #: what was gathered has been made
    CLOSED = "closed"  #: no entry may touch it


class DayEvent(StrEnum):
    """What happens to a market day."""

    SETTLE = "settle"
    FINALISE = "finalise"
    RESETTLE = "resettle"
    CLOSE = "close"


_S, _E = DayState, DayEvent
MARKET_DAY = Lifecycle(
    kind="market day",
    first=DayState.OPEN,
    table={
        _S.OPEN: {_E.SETTLE: _S.PRELIMINARY},
        _S.PRELIMINARY: {_E.FINALISE: _S.FINAL},
        _S.FINAL: {_E.RESETTLE: _S.RESETTLED, _E.CLOSE: _S.CLOSED},
        _S.RESETTLED: {_E.CLOSE: _S.CLOSED},
    },
    final=frozenset({_S.CLOSED}),
)
CORRECTED_AT_ONCE = (_S.OPEN, _S.PRELIMINARY)


class CorrectionState(StrEnum):
    """Where a correction of a meter's record stands."""

    PENDING = "pending"  #: waits for the next run of its day
    APPLIED = "applied"  #: the bill has a new version
    LAPSED = "lapsed"  #: its day was closed before anybody could pay it


class CorrectionEvent(StrEnum):
    """What happens to a correction."""

    APPLY = "apply"
    LAPSE = "lapse"


CORRECTION = Lifecycle(
    kind="correction",
    first=CorrectionState.PENDING,
    table={
        CorrectionState.PENDING: {
            CorrectionEvent.APPLY: CorrectionState.APPLIED,
            CorrectionEvent.LAPSE: CorrectionState.LAPSED,
        }
    },
    final=frozenset({CorrectionState.APPLIED, CorrectionState.LAPSED}),
)


class CycleUnordered(Conflict):
    """Steps of the settlement cycle must follow each other; found {found} bank days."""

    zh = "结算周期的各步骤必须依次进行；实际的银行工作日数为 {found}。"
    code = "cycle-unordered"


class DayResettled(Conflict):
    """Market day {day} has been resettled; it is resettled once, so {id} comes too late."""

    zh = "交易日 {day} 已重新结算；每个交易日只重新结算一次，因此 {id} 已过期。"
    code = "day-resettled"


class DaySettling(Conflict):
    """Market day {day} is being settled, and {id} with it; try again in {retry_after_s} seconds."""

    zh = "交易日 {day} 正在结算，{id} 亦在其中；请在 {retry_after_s} 秒后重试。"
    code = "day-settling"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementCycle:
    """After how many bank days a market day takes each step, and until when a day pays out."""

    preliminary: int = 0  # 0: when the day itself is over, bank day or not
    final: int = 10
    resettlement: int = 40
    closed: int = 45
    payout_cutoff: time = time(16)  # in Beijing, on a bank day

    def __post_init__(self) -> None:
        days = (self.preliminary, self.final, self.resettlement, self.closed)
        if not 0 <= days[0] < days[1] < days[2] < days[3]:
            raise CycleUnordered(found=", ".join(map(str, days)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySteps:
    """When a market day takes each step; None where the calendar does not reach yet."""

    preliminary: Instant | None
    final: Instant | None
    resettlement: Instant | None
    closed: Instant | None

    def of(self, event: DayEvent) -> Instant | None:
        """Return when an event is due."""
        return {
            DayEvent.SETTLE: self.preliminary,
            DayEvent.FINALISE: self.final,
            DayEvent.RESETTLE: self.resettlement,
            DayEvent.CLOSE: self.closed,
        }[event]

    def next_after(self, state: DayState) -> Instant | None:
        """Return when the next step of a day in this state is due."""
        events = MARKET_DAY.table.get(state, {})
        return None if not events else self.of(next(iter(events)))


def steps_of(day: date, calendar: Calendar, cycle: SettlementCycle) -> DaySteps:
    """Return the instants of a market day's steps: the ends of the bank days they come after."""
    return DaySteps(
        preliminary=_end(day, cycle.preliminary, calendar),
        final=_end(day, cycle.final, calendar),
        resettlement=_end(day, cycle.resettlement, calendar),
        closed=_end(day, cycle.closed, calendar),
    )


def payout_day(at: Instant, calendar: Calendar, cycle: SettlementCycle) -> date:
    """Return the bank day on which money that becomes available at `at` is paid out.

    The same day where that is a bank day and `at` is before the cut-off; else the next bank day.
    Raises BankDaysUnknown.
    """
    day = market_day(at)
    cutoff = datetime.combine(day, cycle.payout_cutoff, BEIJING)
    if calendar.is_bank_day(day) and at < cutoff:
        return day
    return calendar.next_bank_day(day)


@cache
def published_cycle() -> dict[str, tuple[int, str]]:
    """Return the table beside the code: for each step its bank days and where they come from."""
    file = resources.files("suanwang.ledger").joinpath("tables", "settlement_cycle.csv")
    rows = csv.DictReader(file.read_text("utf-8").splitlines())
    return {row["step"]: (int(row["bank_days"]), row["source"]) for row in rows}


def _end(day: date, bank_days: int, calendar: Calendar) -> Instant | None:
    if bank_days == 0:
        return day_slot(day).end
    try:
        return day_slot(calendar.add_bank_days(day, bank_days)).end
    except BankDaysUnknown:
        return None
