"""A billed job with everybody whom a dispute of its bill needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.flows.builders import a_spec, a_world

from suanwang.basics.money import CNY, Money
from suanwang.flows import loops
from suanwang.flows.act import Role
from suanwang.flows.decide_dispute import (
    accept_dispute,
    contest_dispute,
    lapse_disputes,
    rule_dispute,
    withdraw_dispute,
)
from suanwang.flows.issue_credit_note import NewCreditNote, Payer, issue_credit_note
from suanwang.flows.open_dispute import NewDispute, open_dispute
from suanwang.flows.timing import Timing
from suanwang.ledger.closing import Month
from suanwang.ledger.disputes import DisputeReason
from suanwang.store import disputes, ledger

NOTHING = Money.zero(CNY)


class Case:
    """One bill: compute on line 0, its fee and the tax on that among the lines behind."""

    timing = Timing(settle_every=timedelta(0))

    def __init__(
        self, store: Any, *, settled: bool = False, world: Any = None, job_id: str | None = None
    ) -> None:
        self.world = world or a_world(store)
        self.job_id = job_id or self.bill_a_job()
        owner = self.bill.provider_id
        self.seller = replace(self.world.buyer, organisation_id=owner, role=Role.PROVIDER)
        if settled:
            self.settle()

    def bill_a_job(self, **spec: Any) -> str:
        run = self.world.running(a_spec(**spec))
        self.world.sleep(90)
        run.agent.beat(run)
        run.finish()
        self.world.loop(loops.BILL)
        return run.offer.lease.job_id

    def settle(self) -> None:
        self.world.sleep(1)
        self.world.loop(loops.SETTLE)
        assert self.bill.settled_at is not None

    @property
    def bill(self) -> Any:
        return self.world.bill(self.job_id)

    @property
    def compute(self) -> Money:
        return Money.parse(self.bill.lines[0]["amount"])

    def place(self, kind: str) -> int:
        return next(n for n, line in enumerate(self.bill.lines) if line["kind"] == kind)

    def open(self, amount: str | None = None, *, line: int = 0, **changes: Any) -> Any:
        values: dict[str, Any] = {
            "job_id": self.job_id,
            "lines": {line: None if amount is None else Money.parse(amount)},
            "reason": DisputeReason.QUALITY,
            "text": "half of it was noise",
        }
        new = NewDispute(**(values | changes))
        return self.world.run(
            lambda tx, act: open_dispute(tx, new, act=act, timing=self.timing), self.world.buyer
        )

    def accept(self, dispute: Any, key: Any = None) -> Any:
        return self.world.run(
            lambda tx, act: accept_dispute(tx, dispute.id, act=act), key or self.seller
        )

    def contest(self, dispute: Any, text: str = "it ran", **changes: Any) -> Any:
        return self.world.run(
            lambda tx, act: contest_dispute(
                tx, dispute.id, text=text, act=act, timing=self.timing, **changes
            ),
            self.seller,
        )

    def rule(self, dispute: Any, *, uphold: bool, key: Any = None, text: str = "so be it") -> Any:
        return self.world.run(
            lambda tx, act: rule_dispute(tx, dispute.id, uphold=uphold, text=text, act=act),
            key or self.world.operator,
        )

    def withdraw(self, dispute: Any, key: Any = None) -> Any:
        return self.world.run(
            lambda tx, act: withdraw_dispute(tx, dispute.id, act=act), key or self.world.buyer
        )

    def credit(self, amount: str | None, payer: Payer, *, line: int = 0, key: Any = None) -> Any:
        lines = {line: None if amount is None else Money.parse(amount)}
        new = NewCreditNote(job_id=self.job_id, lines=lines, payer=payer, text="sorry")
        return self.world.run(
            lambda tx, act: issue_credit_note(tx, new, act=act), key or self.world.operator
        )

    def lapse(self) -> int:
        return self.world.run(lambda tx, act: lapse_disputes(tx, act=act, timing=self.timing))

    def dispute(self, dispute: Any) -> Any:
        return self.world.read(lambda tx: disputes.dispute(tx, dispute.id))

    def close_the_month(self) -> None:
        """Go to the day on which the month's books are closed, and let its invoices be issued."""
        self.world.now = Month.of(self.world.now).slot.end + timedelta(days=6)
        self.world.run_loops(loops.CLOSE_MONTH, loops.ISSUE_INVOICES, turns=8)

    def frozen(self, dispute: Any) -> dict[str, str]:
        found = self.world.read(lambda tx: disputes.freezes_of(tx, [dispute.id]))
        return {str(each.role): str(each.amount) for each in found}

    def notes(self) -> list[Any]:
        return self.world.read(lambda tx: disputes.notes_of_bill(tx, self.bill.id))

    def money(self, owner: Any, name: str = "available") -> Money:
        return self.world.account(owner, name).balance

    def balances(self) -> dict[str, tuple[str, str]]:
        """Every account with what is in it and what of that is held."""
        rows = self.world.read(lambda tx: tx.all("accounts_after", after="", limit=1000))
        found = [ledger.account_from(row) for row in rows]
        return {each.id: (str(each.balance), str(each.held)) for each in found}
