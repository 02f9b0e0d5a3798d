"""A brokered bill disputed, credited, settled and corrected: where the parts of the money meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.flows.builders import a_spec
from tests.flows.dispute_case import Case
from tests.flows.test_bill_bundle import bundle_of, real_signatures
from tests.flows.test_corrections import correct, next_day
from tests.flows.test_settlement_runs import proven, settlements
from tests.flows.trade_case import Trade
from tests.ledger.log.bundles import LOG

from suanwang.basics.money import CNY, Money
from suanwang.flows.act import Role
from suanwang.flows.apply_correction import BillNotCorrectable
from suanwang.ledger.log.bundle import verify_bundle

__all__ = ["real_signatures"]  # a fixture
pytestmark = pytest.mark.usefixtures("real_signatures")

DEALS = {
    "agency": ("agency", {"commission": "0.05"}, ""),
    "gain": ("self_run", {"prices": {"a100-80g-sxm": "2.00"}}, "3.00"),
    "loss": ("self_run", {"discount": "0"}, "1.80"),
}
NOTHING = Money.zero(CNY)


class Sold:
    """A job that a broker sold and a carrier carried, billed; its seller is the broker."""

    def __init__(self, store: Any, deal: str) -> None:
        kind, clauses, price = DEALS[deal]
        self.trade = Trade(store)
        self.world = self.trade.world
        self.world.agent("guian").hello(data_price_gb="0.05")
        self.trade.sign("carriage", {"carriage": "0.4"})
        self.trade.sign(kind, clauses)
        if price:
            self.trade.price(price)
        self.start = self.money()
        spec = a_spec(broker=str(self.trade.broker.organisation_id), time_limit="2h", expected="1h")
        self.run = self.world.running(spec)
        self.trade.bill(self.run, 90, bytes_in=10**9 + 1)
        self.case = Case(store, world=self.world, job_id=self.run.offer.job.id)
        self.case.seller = replace(self.trade.broker, role=Role.BROKER)

    def money(self) -> dict[str, int]:
        """What everybody has, whether due or available, in micro-yuan."""
        owners = {"broker": self.trade.broker.organisation_id,
                  "carrier": self.trade.carrier.organisation_id,
                  "centre": self.trade.owner}  # fmt: skip
        found = {
            name: sum(
                self.world.account(owner, each).balance.units
                for each in ("receivable", "available")
            )
            for name, owner in owners.items()
        }
        exchange = self.world.operator.organisation_id
        found["exchange"] = self.world.account(exchange, "fees").balance.units
        found["tax"] = self.world.account(exchange, "tax").balance.units
        return found | {"buyer": self.world.account(self.world.buyer).balance.units}

    def gained(self) -> dict[str, int]:
        now = self.money()
        return {name: now[name] - was for name, was in self.start.items() if now[name] != was}

    def of_the_bill(self) -> dict[str, int]:
        bill = self.case.bill
        parts = {part["role"]: Money.parse(part["amount"]).units for part in bill.parts}
        return {name: by for name, by in (parts | {"buyer": -bill.total.units}).items() if by}

    def due(self) -> dict[str, str]:
        """What is still in anybody's receivable, or held."""
        left = {}
        for owner in (self.trade.broker.organisation_id, self.trade.carrier.organisation_id,
                      self.trade.owner):  # fmt: skip
            due, there = self.world.account(owner, "receivable"), self.world.account(owner)
            if due.balance or due.held or there.held:
                left[owner] = f"{due.balance} {due.held} {there.held}"
        return left

    def proven(self) -> Any:
        proven(self.world)
        return verify_bundle(bundle_of(self.world, self.run.offer.job.id), key=LOG.verifier.vkey)


@pytest.fixture(params=DEALS)
def sold(store, request):
    return Sold(store, request.param)


@pytest.mark.parametrize("settled", [False, True], ids=["before-its-run", "after-its-run"])
def test_a_whole_bill_upheld_leaves_nobody_a_yuan_of_it(sold, settled):
    if settled:
        next_day(sold.world)
    lines = {n: None for n, line in enumerate(sold.case.bill.lines)
             if line["kind"] in ("compute", "data_in")}  # fmt: skip
    dispute = sold.case.open(lines=lines)
    sold.proven()
    sold.case.contest(dispute)
    sold.case.rule(dispute, uphold=True)
    assert sold.gained() == {}
    verdict = sold.proven()
    assert [each.amount for each in verdict.credit_notes] == [sold.case.bill.gross]
    if not settled:
        next_day(sold.world)
    next_day(sold.world)
    assert sold.due() == {}
    assert sold.gained() == {}
    sold.proven()
    with pytest.raises(BillNotCorrectable):
        correct(sold.world, sold.run, 30)


@pytest.mark.parametrize("settled", [False, True], ids=["before-its-run", "after-its-run"])
def test_what_is_credited_in_part_and_what_is_settled_sum_to_the_bill(sold, settled):
    if settled:
        next_day(sold.world)
    sold.case.withdraw(sold.case.open("0.017"))
    sold.case.accept(sold.case.open("0.013"))
    sold.case.accept(sold.case.open("0.010", line=sold.case.place("data_in")))
    kept = sold.case.open("0.011")
    if not settled:
        next_day(sold.world)
    sold.proven()
    sold.case.contest(kept)
    sold.case.rule(kept, uphold=False)
    next_day(sold.world)
    notes = sold.case.notes()
    credited: dict[str, int] = {"buyer": sum(note.total.units for note in notes)}
    for part in (part for note in notes for item in note.items for part in item.parts):
        credited[part.role] = credited.get(part.role, 0) - part.amount.units
    expected = {name: by + credited[name] for name, by in sold.of_the_bill().items()}
    assert sold.gained() == expected
    assert sold.due() == {}
    assert len(sold.proven().credit_notes) == 2


@pytest.mark.parametrize("seconds", [30, 93, 0])
@pytest.mark.parametrize("settled", [False, True], ids=["before-its-run", "after-its-run"])
def test_its_meter_is_corrected_and_all_who_earn_get_the_difference(sold, settled, seconds):
    if settled:
        next_day(sold.world)
    sold.case.withdraw(sold.case.open("0.010"))
    if any(Money.parse(part["amount"]) < NOTHING for part in sold.case.bill.parts):
        with pytest.raises(BillNotCorrectable):
            correct(sold.world, sold.run, seconds)
        assert sold.gained() == sold.of_the_bill()
        return
    before = sold.case.bill.total
    correct(sold.world, sold.run, seconds, bytes_in=2 * 10**9 if seconds > 90 else 10)
    assert sold.case.bill.version == 2
    assert (sold.case.bill.total > before) is (seconds > 90)
    assert sold.gained() == sold.of_the_bill()
    sold.proven()
    next_day(sold.world)
    next_day(sold.world)
    assert sold.gained() == sold.of_the_bill()
    assert sold.due() == {}
    for owner in (sold.trade.broker.organisation_id, sold.trade.owner):
        said = settlements(sold.world, owner)
        net = sum((each.amount for each in said), NOTHING)
        assert net == sold.case.bill.earned.get(owner, NOTHING)
    assert len(sold.proven().bills) == 2
