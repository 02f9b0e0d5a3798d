"""Disputes of bills: their states, who may cause which change, and what is refused.

    opened ──accept──▶ accepted                       the seller agrees
           ──contest─▶ contested ──uphold / reject──▶ upheld / rejected     an operator rules
           ──silence─▶ upheld                         no answer in time
                       contested ──escalate─▶ escalated                     no ruling in time
    until it is decided the buyer may withdraw it, and the seller accept it

Accepted and upheld end in a credit note, rejected and withdrawn in the money being let go.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from suanwang.basics.errors import Conflict, Invalid
from suanwang.basics.lifecycle import Lifecycle
from suanwang.basics.slots import Instant, day_slot, market_day
from suanwang.ledger.calendar import Calendar
from suanwang.ledger.errors import BankDaysUnknown


class DisputeState(StrEnum):
    """Where a dispute stands."""

    OPENED = "opened"
    CONTESTED = "contested"
    ESCALATED = "escalated"
    ACCEPTED = "accepted"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class DisputeEvent(StrEnum):
    """What happens to a dispute."""

    ACCEPT = "accept"  #: by the seller
    CONTEST = "contest"  #: by the seller
    SILENCE = "silence"  #: the seller did not answer in time
    UPHOLD = "uphold"  #: by an operator, or by the rule for rulings that are late
    REJECT = "reject"  #: as above
    ESCALATE = "escalate"  #: nobody ruled in time
    WITHDRAW = "withdraw"  #: by the buyer


class Overdue(StrEnum):
    """What becomes of a contested dispute that nobody ruled on in time: a setting."""

    ESCALATE = "escalate"
    UPHOLD = "uphold"
    REJECT = "reject"


class DisputeReason(StrEnum):
    """Why a buyer disputes."""

    NOT_DELIVERED = "not_delivered"
    WRONG_QUANTITY = "wrong_quantity"
    WRONG_PRICE = "wrong_price"
    QUALITY = "quality"
    OTHER = "other"


_E, _S = DisputeEvent, DisputeState
_RULED = {_E.UPHOLD: _S.UPHELD, _E.REJECT: _S.REJECTED}
_SETTLED = {_E.ACCEPT: _S.ACCEPTED, _E.WITHDRAW: _S.WITHDRAWN}
DISPUTE = Lifecycle(
    kind="dispute",
    first=DisputeState.OPENED,
    table={
        _S.OPENED: {_E.CONTEST: _S.CONTESTED, _E.SILENCE: _S.UPHELD, **_SETTLED},
        _S.CONTESTED: {_E.ESCALATE: _S.ESCALATED, **_RULED, **_SETTLED},
        _S.ESCALATED: {**_RULED, **_SETTLED},
    },
    final=frozenset({_S.ACCEPTED, _S.UPHELD, _S.REJECTED, _S.WITHDRAWN}),
)
OPEN = (_S.OPENED, _S.CONTESTED, _S.ESCALATED)
FOR_THE_BUYER = (_S.ACCEPTED, _S.UPHELD)


def due_after(now: Instant, days: int, calendar: Calendar) -> Instant | None:
    """Return the end of the bank day that is `days` after today's, in Beijing.

    None where the calendar does not reach so far yet: a deadline is never guessed.
    """
    today = market_day(now)
    try:
        due: date = calendar.add_bank_days(today, days)
    except BankDaysUnknown:
        return None
    return day_slot(due).end


class DisputeTooLate(Conflict):
    """The bill {id} can be disputed until {until}, and not once its day {day} is closed."""

    zh = "账单 {id} 可在 {until} 之前提出争议，且其交易日 {day} 关闭后不再受理。"
    code = "dispute-too-late"


class CreditTooLarge(Invalid):
    """Of line {line} of {id}, {left} can be credited; {asked} was asked for."""

    zh = "{id} 第 {line} 行可退还 {left}；所请求的是 {asked}。"
    code = "credit-too-large"


class LineNotCharged(Invalid):
    """Line {line} of {id} charges nothing that could be credited (possible: {possible})."""

    zh = "账单 {id} 第 {line} 行没有可退还的收费（可选行：{possible}）。"
    code = "line-not-charged"
