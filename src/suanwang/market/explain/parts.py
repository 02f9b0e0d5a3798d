"""What an answer is made of: how much was taken, reasons, and what would have been taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from suanwang.market.verify.numbers import ONE, Exact, half_even
from suanwang.market.verify.orders import Case
from suanwang.market.verify.outcome import Outcome
from suanwang.market.verify.quotes import Quotes

Facts = Mapping[str, str]
_SHOWN_UNIT = 10**6  # people read micro-units; the exact numbers stand in RESULT


class Kind(StrEnum):
    """What an order is."""

    ASK = "ask"
    BID = "bid"
    BLOCK_ASK = "block_ask"
    BLOCK_BID = "block_bid"
    JOB = "job"
    OFFER = "offer"


class Taken(StrEnum):
    """How much of an order was taken."""

    ACCEPTED = "accepted"
    PARTLY = "partly"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A CASE and its outcome, with what the verifier's case does not keep."""

    case: Case
    outcome: Outcome
    tick: int  # 10⁻¹² yuan
    carbon: Mapping[int, int]  # node → what an ask costs on top, 10⁻¹² yuan per card-hour

    @property
    def quotes(self) -> Quotes:
        """Return the published prices."""
        return self.outcome.published


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One clause of the answer: a code of `words.REASONS` and what it is about, written out."""

    code: str
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Why one order stands as it does. `turning` says at which limit, value or end that turns."""

    id: str
    kind: Kind
    taken: Taken
    part: str  # cards or card-hours taken
    whole: str
    reasons: tuple[Reason, ...]
    turning: tuple[Reason, ...]


def reason(code: str, **facts: object) -> Reason:
    """Return a clause with its facts as text."""
    return Reason(code=code, facts={name: str(fact) for name, fact in facts.items()})


def taken_of(part: Exact, whole: Exact) -> Taken:
    """Say how much `part` is of `whole`; nothing of nothing is rejected."""
    if part <= 0:
        return Taken.REJECTED
    return Taken.ACCEPTED if part >= whole else Taken.PARTLY


def shown(amount: Exact) -> str:
    """Write an amount of 10⁻¹² for people, rounded half-even to 10⁻⁶."""
    units = half_even(amount, _SHOWN_UNIT)
    whole, part = divmod(abs(units), ONE // _SHOWN_UNIT)
    return ("-" if units < 0 else "") + f"{whole}.{part:06d}".rstrip("0").rstrip(".")


def yuan(grains: Exact, case: Case) -> str:
    """Write grains for people as yuan."""
    return shown(half_even(grains, case.pico))


def above(price: Exact, tick: int) -> int:
    """Return the least multiple of the tick above a price."""
    return (price.numerator // price.denominator // tick + 1) * tick


def at_least(price: Exact, tick: int) -> int:
    """Return the least multiple of the tick that is not below a price."""
    return -(-price.numerator // (price.denominator * tick)) * tick


def runs_text(slots: list[int]) -> str:
    """Write slots for people: 0–3, 7."""
    runs: list[list[int]] = []
    for slot in sorted(set(slots)):
        if runs and runs[-1][1] == slot - 1:
            runs[-1][1] = slot
        else:
            runs.append([slot, slot])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
