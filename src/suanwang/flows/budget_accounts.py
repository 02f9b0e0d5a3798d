"""The accounts of budgets: one for each budget and month, and one that takes what they give.

    organisation   budget:<budget>/<month>   minus what the month has used; holds on it: held
                   budgets                   what all its budgets have used

All are in budget yuan and have no floor: a budget that is lowered below what it has used stays
so. What a hard budget admits is checked where holds are made, with its account locked.
"""

from __future__ import annotations

from collections.abc import Sequence

from suanwang.basics.ids import AccountId, BudgetId, OrganisationId
from suanwang.basics.money import BUDGET
from suanwang.basics.slots import Instant
from suanwang.flows.act import Act
from suanwang.flows.timing import Timing
from suanwang.ledger.accounts import Account
from suanwang.ledger.budgets import COUNTER_ACCOUNT, Budget, account_name
from suanwang.ledger.closing import Month
from suanwang.store import budgets, ledger
from suanwang.store.budgets import BudgetMonth
from suanwang.store.tx import Tx

BATCH = 500


def open_months(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Open the accounts of this month and the next for budgets that lack them; return how many.

    A month begins with nothing used. It is opened ahead, so that whoever holds in its first second
    finds it there.
    """
    del timing  # a month's accounts are opened as soon as they can be
    this = Month.of(act.now)
    lacking = [
        (each, month)
        for month in (this, this.next)
        for each in budgets.without_month(tx, month, limit=BATCH)
    ]
    for each, month in lacking:
        open_month(tx, each, month, act=act)
    return len(lacking)


def months(tx: Tx, some: Sequence[Budget], at: Instant, *, act: Act) -> dict[BudgetId, BudgetMonth]:
    """Return the accounts of budgets for the month of an instant, opened where they are not yet."""
    month = Month.of(at)
    found = budgets.months_of(tx, [each.id for each in some], month)
    # In order of id, so that two who find the same months missing do not wait in a circle.
    lacking = {each.id: each for each in some if each.id not in found}
    for each in sorted(lacking.values(), key=lambda budget: budget.id):
        found[each.id] = open_month(tx, each, month, act=act)
    return found


def open_month(tx: Tx, budget: Budget, month: Month, *, act: Act) -> BudgetMonth:
    """Open a budget's account of a month, or return the one it has."""
    name = account_name(budget.id, month)
    account = _open(tx, budget.organisation_id, name, act=act)
    opened = BudgetMonth(budget_id=budget.id, month=month, account_id=account)
    budgets.add_month(tx, opened)
    return opened


def open_counter(tx: Tx, organisation_id: OrganisationId, *, act: Act) -> AccountId:
    """Open the account that takes what an organisation's budgets give, or return it."""
    return _open(tx, organisation_id, COUNTER_ACCOUNT, act=act)


def counter(tx: Tx, organisation_id: OrganisationId) -> AccountId:
    """Return the account that takes what an organisation's budgets give."""
    return ledger.account_of(tx, organisation_id, COUNTER_ACCOUNT, asset=BUDGET).id


def _open(tx: Tx, owner: OrganisationId, name: str, *, act: Act) -> AccountId:
    account = Account(
        id=act.new_id(AccountId), organisation_id=owner, name=name, asset=BUDGET, floor_units=None
    )
    return ledger.open_account(tx, account, at=act.now).id
