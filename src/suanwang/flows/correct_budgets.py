"""Correct budgets after a job's cost was corrected: a credit note gives back, a later charge takes.

    correct_budgets(tx, job.id, Money.parse("-1.50"), act=act)      the job cost 1.50 less

Whoever corrects what a job cost calls this in the same transaction. It counts in the month that the
job counts in, and no budget refuses it: what was billed is owed.
"""

from __future__ import annotations

from suanwang.basics.ids import BudgetId, JobId, TransferId
from suanwang.basics.money import Money
from suanwang.flows import budget_accounts
from suanwang.flows.act import Act
from suanwang.ledger.budgets import mirrored
from suanwang.ledger.transfers import Transfer, move
from suanwang.store import budgets, ledger
from suanwang.store.budgets import Mirror
from suanwang.store.tx import Tx


def correct_budgets(tx: Tx, job_id: JobId, by: Money, *, act: Act) -> list[Transfer]:
    """Let the budgets that counted a job count so much more, or (below zero) less, for it.

    A job that no budget counted changes none.
    """
    counted: dict[BudgetId, Mirror] = {}
    for mirror in budgets.mirrors_of_job(tx, job_id):
        counted.setdefault(mirror.budget_id, mirror)  # the newest: what the bill was paid from
    if not by or not counted:
        return []
    moves = [_moved(tx, mirror, by, act=act) for mirror in counted.values()]
    return ledger.post(tx, moves)


def _moved(tx: Tx, mirror: Mirror, by: Money, *, act: Act) -> Transfer:
    owner = budgets.budget(tx, mirror.budget_id).budget.organisation_id
    counter = budget_accounts.counter(tx, owner)
    more = by.units > 0
    return move(
        act.new_id(TransferId),
        mirrored(by if more else -by),
        debit=mirror.account_id if more else counter,
        credit=counter if more else mirror.account_id,
        at=act.now,
        group_id=mirror.job_id,
        memo={"what": "budget-correction", "budget": mirror.budget_id},
    )
