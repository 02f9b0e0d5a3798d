"""Budgets: how much an organisation, a project or a member may spend in a Beijing month.

    job's hold    buyer's available ⇢ exchange's fees        yuan
    its mirrors   budget of the month ⇢ budgets              budget yuan, one for each budget

A budget has one account for each month. It starts at nothing: what is held on it and what was
moved out of it is what the month has taken, so a new month needs no money moved to begin anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from suanwang.basics.errors import Conflict, Invalid, Refused
from suanwang.basics.ids import BudgetId, OrganisationId
from suanwang.basics.money import BUDGET, CNY, Money
from suanwang.ledger.accounts import Account
from suanwang.ledger.closing import Month

PERCENT = 100
THRESHOLDS = (50, 80, 100)
THRESHOLD_MAX = 1_000
THRESHOLDS_MAX = 10
COUNTER_ACCOUNT = "budgets"  # an organisation's: what all its budgets have taken


class Scope(StrEnum):
    """Whose jobs a budget covers."""

    ORGANISATION = "organisation"
    PROJECT = "project"
    MEMBER = "member"


class Stop(StrEnum):
    """What a budget does at its end: nothing more is held, or it is only said."""

    HARD = "hard"
    WARN = "warn"


class BudgetRefused(Refused):
    """A budget does not allow it."""

    zh = "预算不允许。"
    code = "budget-refused"


class BudgetExceeded(BudgetRefused):
    """Budget {budget} has {left} CNY left in {month}; this needs {needed} CNY."""

    zh = "预算 {budget} 在 {month} 尚余 {left} CNY；此操作需要 {needed} CNY。"
    code = "budget-exceeded"


class BudgetJobTooDear(BudgetRefused):
    """Budget {budget} allows {limit} CNY for a job; this one may cost {needed} CNY."""

    zh = "预算 {budget} 每个作业上限为 {limit} CNY；此作业最多可能花费 {needed} CNY。"
    code = "budget-job-too-dear"


class BudgetHourTooDear(BudgetRefused):
    """Budget {budget} allows {limit} CNY an hour; this job costs {needed} CNY an hour."""

    zh = "预算 {budget} 每小时上限为 {limit} CNY；此作业每小时花费 {needed} CNY。"
    code = "budget-hour-too-dear"


class BudgetMalformed(Invalid):
    """The budget cannot be: {reason}."""

    zh = "预算不成立：{reason}。"
    code = "budget-malformed"


class BudgetKeyBound(Refused):
    """Budgets are set with a key of the whole organisation; this one is bound to {bound}."""

    zh = "预算须用整个组织的密钥设置；当前密钥绑定于 {bound}。"
    code = "budget-key-bound"
    status = 403


class BudgetRemoved(Conflict):
    """The budget {id} was removed; set a new one."""

    zh = "预算 {id} 已移除；请设置新的预算。"
    code = "budget-removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One budget. `subject_id` is the organisation, project or member whose jobs it covers."""

    id: BudgetId
    organisation_id: OrganisationId
    scope: Scope
    subject_id: str
    amount: Money  # for each month
    stop: Stop = Stop.HARD
    warn_at: tuple[int, ...] = THRESHOLDS  # per cent
    job_max: Money | None = None
    hourly_max: Money | None = None
    since: Month

    def __post_init__(self) -> None:
        if self.amount.asset != CNY or self.amount.units < 0:
            raise BudgetMalformed(reason=f"expected an amount of 0 or more, found {self.amount}")
        for most in (self.job_max, self.hourly_max):
            if most is not None and most.units <= 0:
                raise BudgetMalformed(reason=f"expected a limit above 0, found {most}")
            if most is not None and self.stop is not Stop.HARD:
                raise BudgetMalformed(reason="a limit for a job or an hour needs a hard stop")
        if len(self.warn_at) > THRESHOLDS_MAX or list(self.warn_at) != sorted(set(self.warn_at)):
            raise BudgetMalformed(
                reason=f"expected at most {THRESHOLDS_MAX} thresholds, each above the one before"
            )
        if any(not 0 < each <= THRESHOLD_MAX for each in self.warn_at):
            raise BudgetMalformed(reason=f"expected thresholds of 1–{THRESHOLD_MAX} per cent")

    def check(self, needed: Money, *, left: Money, hourly: Money | None, month: Month) -> None:
        """Refuse a hold that the budget does not allow; one that only warns allows every one.

        Raises: BudgetExceeded, BudgetJobTooDear, BudgetHourTooDear.
        """
        if self.stop is not Stop.HARD:
            return
        if self.job_max is not None and needed > self.job_max:
            raise BudgetJobTooDear(budget=self.id, limit=self.job_max, needed=needed)
        if self.hourly_max is not None and hourly is not None and hourly > self.hourly_max:
            raise BudgetHourTooDear(budget=self.id, limit=self.hourly_max, needed=hourly)
        if needed > left:
            raise BudgetExceeded(budget=self.id, month=str(month), left=left, needed=needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A budget in one month: what of it is used, what is held, what is left."""

    budget: Budget
    month: Month
    used: Money
    held: Money

    @classmethod
    def of(cls, budget: Budget, month: Month, account: Account | None) -> Standing:
        """Read a month's account; without one nothing was taken."""
        if account is None:
            return cls(budget=budget, month=month, used=Money.zero(CNY), held=Money.zero(CNY))
        used, held = Money(-account.balance_units, CNY), Money(account.held_units, CNY)
        return cls(budget=budget, month=month, used=used, held=held)

    @property
    def taken(self) -> Money:
        """What is used or held."""
        return self.used + self.held

    @property
    def left(self) -> Money:
        """What may still be held; below zero where more is taken than the budget has."""
        return self.budget.amount - self.taken

    def allows(self, needed: Money, *, hourly: Money | None) -> bool:
        """Say whether so much could be held now."""
        try:
            self.budget.check(needed, left=self.left, hourly=hourly, month=self.month)
        except BudgetRefused:
            return False
        return True

    def reached(self, percent: int) -> bool:
        """Say whether so many per cent are taken; nothing taken reaches nothing."""
        taken = self.taken.units
        return taken > 0 and taken * PERCENT >= self.budget.amount.units * percent

    def newly_reached(self, before: int) -> Iterator[int]:
        """Yield the thresholds that are reached now, above the last one that was told."""
        yield from (each for each in self.budget.warn_at if each > before and self.reached(each))


def mirrored(amount: Money) -> Money:
    """Return as much in budget yuan."""
    return Money(amount.units, BUDGET)


def account_name(budget_id: BudgetId, month: Month) -> str:
    """Name a budget's account of one month."""
    return f"budget:{budget_id}/{month}"
