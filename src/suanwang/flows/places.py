"""Gives a job its place: cards reserved, price and terms kept, the hold fitted to the place's cost.

A place is decided outside a transaction, on a grid that may have changed since. Here, with the
pools locked, it is looked at again: room for the cards, funds for the hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suanwang.basics.ids import JobId, PoolId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Slot
from suanwang.flows import funds, job_money
from suanwang.flows.change import Change
from suanwang.flows.terms import write_terms
from suanwang.grid.centre import PoolState
from suanwang.grid.demand import Demand, Option
from suanwang.jobs.bill import Terms
from suanwang.jobs.round import terms_of
from suanwang.ledger.budgets import BudgetRefused
from suanwang.ledger.errors import FundsInsufficient, MemberSuspended
from suanwang.ledger.transfers import Transfer
from suanwang.store import centres, jobs, reservations
from suanwang.store.jobs import Job
from suanwang.store.reservations import Occupancy, Reservation
from suanwang.store.tx import Tx

_NOTHING = Money.zero(CNY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and when a job may run, at what terms, and what it costs at most there."""

    option: Option
    slot: Slot
    terms: Terms
    loss: Money = _NOTHING  # what its broker may lose by it


def place_of(option: Option, slot: Slot, demand: Demand, states: Sequence[PoolState]) -> Place:
    """Make a place of what placement or a round chose, with the prices that apply there."""
    state = next(each for each in states if each.pool.id == option.pool_id)
    sale = demand.sold.get(state.pool.id)
    limit = demand.time_limit
    loss = sale and sale.loss_at_most(state.pool.price, cards=option.cards, limit=limit)
    return Place(
        option=option,
        slot=slot,
        terms=terms_of(state, demand, slot),
        loss=loss or _NOTHING,
    )


class Placing:
    """The pools, locked, and what is left of them while one decision gives cards away."""

    def __init__(self, tx: Tx, change: Change) -> None:
        self._tx = tx
        self._change = change
        self._act = change.act
        # Pools before jobs, in every flow: two that lock both never wait in a circle.
        self._cards = {each.id: each.cards for each in centres.pools_for_update(tx)}
        self._kept = Occupancy(reservations.open_ones(tx, now=change.act.now))
        self._exchange = funds.exchange_accounts(tx)

    def reserve(self, job: Job, place: Place, *, held: Money) -> Mapping[str, Any] | None:
        """Reserve a place and fit the hold to it; return the job's new fields, or None.

        None: the cards are gone, or there are no funds or no budget for a dearer place, or its
        buyer may spend nothing new.
        """
        option = place.option
        wanted = Reservation(
            job_id=job.id, pool_id=option.pool_id, cards=option.cards, slot=place.slot
        )
        if not self._fits(wanted):
            return None
        loss = self._loss_of(job, place)
        try:
            job_money.hold_loss(self._tx, loss)
        except (FundsInsufficient, MemberSuspended):
            return None
        try:
            hold_id = self._fit_hold(job, option, held=held)
        except (FundsInsufficient, MemberSuspended, BudgetRefused):
            self._change.transfer(funds.release_hold(job, each.id, self._act) for each in loss)
            return None
        self._change.transfer(funds.release_loss(job, self._act))
        self._kept.add(wanted)
        self._change.keep_cards(wanted)
        return {
            "hold_id": hold_id,
            "centre_id": option.centre_id,
            "pool_id": option.pool_id,
            "cards": option.cards,
            "start_at": place.slot.start,
            "end_at": place.slot.end,
            "price": option.price,
            "terms": {**write_terms(place.terms), "loss_hold": loss[0].id if loss else None},
            "reason_code": None,
            "reason": {},
        }

    def still_fits(self, job: Job) -> bool:
        """Say whether a job's reservation is there, and its pool has room for it."""
        if job.pool_id is None:
            return False
        mine = next((r for r in self._kept.of_pool(job.pool_id) if r.job_id == job.id), None)
        return mine is not None and self._fits(mine)

    def _fits(self, wanted: Reservation) -> bool:
        cards = self._cards.get(PoolId(wanted.pool_id), 0)
        return self._kept.fits(wanted, cards_in_all=cards)

    def _loss_of(self, job: Job, place: Place) -> list[Transfer]:
        """Return the hold of what a broker may lose by a job at a place, if it may."""
        broker = place.terms.deal.broker
        if not place.loss or broker is None:
            return []
        account = funds.buyer_account(self._tx, broker)
        return [
            funds.loss_hold_of(
                job, place.loss, broker=account, exchange=self._exchange, act=self._act
            )
        ]

    def _fit_hold(self, job: Job, option: Option, *, held: Money) -> str | None:
        """Cut a hold that is too large; one that is too small is released and made anew."""
        act, needed = self._change.act, option.cost_at_most
        if needed <= held:
            cut = held - needed
            self._change.transfer(funds.release_of(job, act, amount=None if not needed else cut))
            return job.hold_id if needed else None
        buyer = funds.buyer_account(self._tx, job.organisation_id)
        larger = funds.hold_of(job, option, buyer=buyer, exchange=self._exchange, act=act)
        assert larger is not None, "more than what is held is more than nothing"
        job_money.move(self._tx, [*funds.release_of(job, act), larger], act=act)
        return larger.id


def held_for(tx: Tx, some: Sequence[Job]) -> Mapping[JobId, Money]:
    """Return what is held for each of these jobs, nothing where there is no hold."""
    held = jobs.held(tx, some)
    return {job.id: held.get(job.id, _NOTHING) for job in some}
