"""Everything the server does by itself, again and again. Each survives kill -9 at any point."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from suanwang.flows import (
    age_days,
    bill_jobs,
    budget_accounts,
    clear_round,
    close_month,
    close_unmetered,
    decide_dispute,
    expire_holds,
    expire_leases,
    expire_quotes,
    extend_log,
    grant_voucher,
    issue_invoice,
    place_jobs,
    quote_jobs,
    settle_day,
)
from suanwang.flows.pipeline import Loop, Pipeline
from suanwang.flows.timing import Timing


def _each(seconds: float) -> Callable[[Timing], timedelta]:
    return lambda _timing: timedelta(seconds=seconds)


def _settle_every(timing: Timing) -> timedelta:
    # A day's bills are looked for once a minute: the day is over at one moment only.
    return timing.settle_every or timedelta(minutes=1)


QUOTE = Pipeline(
    name="quote",
    every=_each(0.2),
    fetch=quote_jobs.fetch_submitted,
    work=quote_jobs.plan_quotes,
    apply=quote_jobs.apply_quotes,
    batch=quote_jobs.BATCH,
)
CLEAR = Pipeline(
    name="clear",
    every=lambda timing: timing.round_every,
    fetch=clear_round.fetch_waiting,
    work=clear_round.decide,
    apply=clear_round.apply_round,
    batch=clear_round.BATCH,
    leader_only=True,
)
PLACE = Pipeline(
    name="place",
    every=_each(0.2),
    fetch=place_jobs.fetch_to_place,
    work=place_jobs.plan_moves,
    apply=place_jobs.apply_moves,
    batch=place_jobs.BATCH,
)
EXPIRE_QUOTES = Loop(
    name="expire quotes",
    every=_each(5),
    step=expire_quotes.expire_quotes,
    batch=expire_quotes.BATCH,
)
EXPIRE_LEASES = Loop(
    name="expire leases",
    every=_each(1),
    step=expire_leases.expire_leases,
    batch=expire_leases.BATCH,
    listens_first=True,
)
CLOSE_UNMETERED = Loop(
    name="close unmetered",
    every=_each(10),
    step=close_unmetered.close_unmetered,
    batch=close_unmetered.BATCH,
)
BILL = Loop(name="bill", every=_each(0.2), step=bill_jobs.bill_jobs, batch=bill_jobs.BATCH)
SETTLE = Loop(
    name="settle",
    every=_settle_every,
    step=settle_day.settle_day,
    batch=1,  # a step that did anything is followed by another, until the day is settled
    leader_only=True,
)
AGE_DAYS = Loop(
    name="age days",
    every=_each(60),
    step=age_days.age_days,
    batch=1,  # as above, until no day is due
    leader_only=True,
)

EXPIRE_HOLDS = Loop(
    name="expire holds",
    every=_each(5),
    step=expire_holds.expire_due,
    batch=expire_holds.HOLDS_MAX,
)
LAPSE_VOUCHERS = Loop(
    name="lapse vouchers",
    every=_each(60),
    step=grant_voucher.lapse_vouchers,
    batch=grant_voucher.BATCH,
)
LAPSE_DISPUTES = Loop(
    name="lapse disputes",
    every=_each(60),
    step=decide_dispute.lapse_disputes,
    batch=decide_dispute.BATCH,
    leader_only=True,
)
OPEN_BUDGET_MONTHS = Loop(
    name="open budget months", every=_each(60), step=budget_accounts.open_months,
    batch=budget_accounts.BATCH, leader_only=True,
)  # fmt: skip
CLOSE_MONTH = Loop(
    name="close month",
    every=_each(600),
    step=close_month.close_month,
    batch=1,  # a step that did anything is followed by another, until the month is drawn up
    leader_only=True,
)
ISSUE_INVOICES = Loop(
    name="issue invoices",
    every=_each(600),
    step=issue_invoice.issue_invoices,
    batch=1,  # a step that issued any is followed by another, until everybody has one
    leader_only=True,
)
EXTEND_LOG = Pipeline(
    name="extend log",
    every=_each(0.5),
    fetch=extend_log.fetch_unlogged,
    work=extend_log.hash_rows,
    apply=extend_log.append_leaves,
    batch=1,  # a turn that logged anything is followed by another: there are two sources
    leader_only=True,
)

LOOPS: tuple[Loop | Pipeline, ...] = (
    QUOTE,
    CLEAR,
    PLACE,
    EXPIRE_QUOTES,
    EXPIRE_LEASES,
    CLOSE_UNMETERED,
    BILL,
    SETTLE,
    AGE_DAYS,
    EXPIRE_HOLDS,
    LAPSE_VOUCHERS,
    LAPSE_DISPUTES,
    OPEN_BUDGET_MONTHS,
    CLOSE_MONTH,
    ISSUE_INVOICES,
    EXTEND_LOG,
)
