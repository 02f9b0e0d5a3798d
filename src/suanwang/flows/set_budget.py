"""Set and remove budgets. A month's spending before a budget was set counts on it.

set      lock the organisation: nothing is held for it meanwhile
         first time: what this month's jobs have paid is put down, what is held for them mirrored
         again: from now on it says something else; nothing that runs is stopped
remove   nothing more is mirrored; what is mirrored goes on until its job is paid
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from suanwang.basics.canonical import Json
from suanwang.basics.errors import NotFound
from suanwang.basics.ids import AccountId, BudgetId, OrganisationId, TransferId
from suanwang.basics.money import Money
from suanwang.basics.slots import format_instant
from suanwang.flows import budget_accounts, funds, job_money
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.issue_key import DEFAULT_PROJECT
from suanwang.flows.job_money import Taken
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.ledger.budgets import (
    THRESHOLDS,
    Budget,
    BudgetKeyBound,
    BudgetMalformed,
    BudgetRemoved,
    Scope,
    Stop,
    mirrored,
)
from suanwang.ledger.closing import Month
from suanwang.ledger.transfers import Transfer, move
from suanwang.store import budgets, evidence, identity, ledger
from suanwang.store.budgets import BudgetMonth, StoredBudget
from suanwang.store.evidence import Evidence
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBudget:
    """A budget as it is asked for. Of project and member at most one; neither: the organisation."""

    amount: Money
    project: str | None = None  # its id or its name
    member_id: str | None = None
    stop: Stop = Stop.HARD
    warn_at: tuple[int, ...] = THRESHOLDS
    job_max: Money | None = None
    hourly_max: Money | None = None
    since: Month | None = None  # None: this month


def set_budget(
    tx: Tx, wanted: NewBudget, *, organisation_id: OrganisationId | None = None, act: Act
) -> StoredBudget:
    """Set the budget of an organisation, a project or a member; what was set before is replaced.

    Operators say whose; others set their own. Raises: NotAllowed, NotFound, BudgetKeyBound,
    BudgetMalformed.
    """
    owner = _owner(tx, organisation_id, act=act)
    budget = _budget(tx, wanted, owner, act=act)
    budgets.lock_owner(tx, owner)
    before = budgets.of_subject(tx, budget.subject_id)
    if before is None:
        budgets.add(tx, budget, at=act.now)
        counted = _open(tx, budget, act=act)
        return _tell(tx, budget, {"what": "set", "used_before": str(counted)}, act=act)
    # A later first month of a budget that runs would undo what is mirrored already.
    kept = before.budget
    budget = replace(budget, id=kept.id, since=kept.since)
    if budget != kept:
        budgets.save(tx, budget, at=act.now)
        return _tell(tx, budget, {"what": "changed"}, act=act)
    return before


def remove_budget(tx: Tx, budget_id: str, *, act: Act) -> StoredBudget:
    """Remove a budget. Raises: NotAllowed, NotFound, BudgetKeyBound, BudgetRemoved."""
    found = budgets.budget(tx, budget_id)
    _must_set(tx, found.budget.organisation_id, act=act, kind="budget", subject=budget_id)
    budgets.lock_owner(tx, found.budget.organisation_id)
    if budgets.budget(tx, budget_id).removed_at is not None:
        raise BudgetRemoved(kind="budget", id=budget_id, found="removed", expected="in force")
    budgets.remove(tx, found.budget.id, at=act.now)
    return _tell(tx, found.budget, {"what": "removed"}, act=act)


def _owner(tx: Tx, organisation_id: OrganisationId | None, *, act: Act) -> OrganisationId:
    key = must_be(act, Role.BUYER, Role.BROKER, Role.OPERATOR)
    owner = identity.organisation(tx, organisation_id or key.organisation_id).id
    _must_set(tx, owner, act=act, kind="organisation", subject=owner)
    return owner


def _must_set(tx: Tx, owner: OrganisationId, *, act: Act, kind: str, subject: str) -> None:
    """Refuse a key that may not set this organisation's budgets."""
    key = must_be(act, Role.BUYER, Role.BROKER, Role.OPERATOR)
    if key.role is Role.OPERATOR:
        return
    if key.organisation_id != owner:
        raise NotFound(kind=kind, id=subject)
    if key.member_id is not None:
        raise BudgetKeyBound(bound=key.member_id)
    # Every key has a project; one of the project that everybody begins with is bound to none.
    first = identity.project_by_name(tx, owner, DEFAULT_PROJECT)
    if key.project_id is not None and (first is None or key.project_id != first.id):
        raise BudgetKeyBound(bound=key.project_id)


def _budget(tx: Tx, wanted: NewBudget, owner: OrganisationId, *, act: Act) -> Budget:
    scope, subject = _subject(tx, wanted, owner)
    this = Month.of(act.now)
    since = wanted.since or this
    if since < this:
        raise BudgetMalformed(reason=f"expected this month or a later one, found {since}")
    return Budget(
        id=act.new_id(BudgetId),
        organisation_id=owner,
        scope=scope,
        subject_id=subject,
        amount=wanted.amount,
        stop=wanted.stop,
        warn_at=wanted.warn_at,
        job_max=wanted.job_max,
        hourly_max=wanted.hourly_max,
        since=since,
    )


def _subject(tx: Tx, wanted: NewBudget, owner: OrganisationId) -> tuple[Scope, str]:
    if wanted.project is not None and wanted.member_id is not None:
        raise BudgetMalformed(reason="expected a project or a member, found both")
    if wanted.project is not None:
        named = identity.project_by_name(tx, owner, wanted.project)
        return Scope.PROJECT, (named or identity.project(tx, wanted.project, owner)).id
    if wanted.member_id is not None:
        return Scope.MEMBER, identity.member_for_update(tx, wanted.member_id, owner).id
    return Scope.ORGANISATION, owner


def _open(tx: Tx, budget: Budget, *, act: Act) -> Money:
    """Open a budget's accounts; count what its jobs have paid and hold this month already."""
    counter = budget_accounts.open_counter(tx, budget.organisation_id, act=act)
    opened = budget_accounts.open_month(tx, budget, budget.since, act=act)
    budget_accounts.open_month(tx, budget, budget.since.next, act=act)
    account = funds.buyer_account(tx, budget.organisation_id)
    holds = budgets.open_holds(tx, budget, account)
    # Locked, then read again: one that was paid or released meanwhile is open no more.
    ledger.lock_holds(tx, [each.id for each in holds])
    holds = budgets.open_holds(tx, budget, account)
    used = budgets.used_before(tx, budget, account)
    transfers = [_used_before(used, opened, counter, act=act)] if used else []
    made = []
    for each in holds:
        taken = Taken(budget=budget, opened=opened, amount=each.left, hourly=None)
        mirror = job_money.mirror_of(
            taken, hold_id=each.id, job_id=each.job_id, counter=counter, act=act
        )
        transfers.append(mirror)
        made.append(job_money.recorded(taken, mirror, hold_id=each.id, at=each.at))
    if transfers:
        ledger.post(tx, transfers)
    budgets.add_mirrors(tx, made)
    [standing] = budgets.standings(tx, [budget], budget.since)
    job_money.warn(tx, standing, opened, act=act)
    return used


def _used_before(used: Money, opened: BudgetMonth, counter: AccountId, *, act: Act) -> Transfer:
    return move(
        act.new_id(TransferId),
        mirrored(used),
        debit=opened.account_id,
        credit=counter,
        at=act.now,
        group_id=opened.budget_id,
        memo={"what": "budget-before", "budget": opened.budget_id},
    )


def _tell(tx: Tx, budget: Budget, said: Mapping[str, Json], *, act: Act) -> StoredBudget:
    """Put a change on record, with who made it, and publish it."""
    body = {
        "budget_id": str(budget.id),
        "organisation_id": str(budget.organisation_id),
        "scope": budget.scope.value,
        "subject_id": budget.subject_id,
        "amount": str(budget.amount),
        "currency": budget.amount.asset.code,
        "stop": budget.stop.value,
        "warn_at": list(budget.warn_at),
        "job_max": None if budget.job_max is None else str(budget.job_max),
        "hourly_max": None if budget.hourly_max is None else str(budget.hourly_max),
        "since": str(budget.since),
        "removed_at": format_instant(act.now) if said["what"] == "removed" else None,
        **said,
    }
    by = None if act.key is None else str(act.key.key_id)
    if act.key is not None and act.key.role is Role.OPERATOR:
        record_operator_action(tx, "set-budget", body, act=act)
    word = Evidence(kind="budget", id=budget.id, record={**body, "by": by}, at=act.now,
                    organisation_id=budget.organisation_id)  # fmt: skip
    evidence.add_word(tx, word)
    publish(tx, "budget.removed" if said["what"] == "removed" else "budget.set", subject=budget.id,
            organisation_id=budget.organisation_id, body=body, act=act)  # fmt: skip
    return budgets.budget(tx, budget.id)
