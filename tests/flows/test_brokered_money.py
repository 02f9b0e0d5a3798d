"""A brokered bill disputed, credited, settled and corrected: where the parts of the money meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.flows.builders import a_spec
from tests.flows.dispute_case import Case
from tests.flows.test_bill_bundle import bundle_of, real_signatures
from tests.flows.test_corrections import correct, next_day
from tests.flows.test_invoices import NOVEMBER, draft, mine
from tests.flows.test_settlement_runs import proven, settlements, states
from tests.flows.trade_case import Trade
from tests.ledger.log.bundles import LOG

from suanwang.basics.money import CNY, Money
from suanwang.flows.act import Role
from suanwang.flows.apply_correction import BillNotCorrectable
from suanwang.flows.set_budget import NewBudget, set_budget
from suanwang.flows.show_budgets import show_budget
from suanwang.ledger.closing import Month
from suanwang.ledger.log.bundle import verify_bundle
from suanwang.ledger.settlement import CorrectionState
from suanwang.store import corrections

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

    def __init__(self, store: Any, deal: str, *, budget: str = "") -> None:
        kind, clauses, price = DEALS[deal]
        self.trade = Trade(store)
        self.world = self.trade.world
        self.world.agent("guian").hello(data_price_gb="0.05")
        self.trade.sign("carriage", {"carriage": "0.4"})
        self.trade.sign(kind, clauses)
        if price:
            self.trade.price(price)
        self.start = self.money()
        self.budget = self._budget(budget) if budget else None
        spec = a_spec(broker=str(self.trade.broker.organisation_id), time_limit="2h", expected="1h")
        self.run = self.world.running(spec)
        self.trade.bill(self.run, 90, bytes_in=10**9 + 1)
        self.case = Case(store, world=self.world, job_id=self.run.offer.job.id)
        self.case.seller = replace(self.trade.broker, role=Role.BROKER)

    def _budget(self, amount: str) -> Any:
        wanted = NewBudget(amount=Money.parse(amount))
        return self.world.run(
            lambda tx, act: set_budget(tx, wanted, organisation_id=None, act=act), self.world.buyer
        )

    def used(self, month: str) -> Money:
        """What a month has used of the budget; nothing is held of it any more."""
        assert self.budget is not None
        act = self.world.act(self.world.buyer)
        name, of = self.budget.budget.id, Month.parse(month)
        standing = self.world.read(lambda tx: show_budget(tx, name, of, act=act)).standing
        assert not standing.held
        return standing.used

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


def test_a_correction_that_waits_stays_so_while_its_bill_is_disputed_and_days_go_on(store):
    sold = Sold(store, "agency")
    for _ in range(2):
        next_day(sold.world)
    made = correct(sold.world, sold.run, 30, bytes_in=10)
    assert made.state is CorrectionState.PENDING
    dispute = sold.case.open("0.010")
    for _ in range(3):
        next_day(sold.world)
    assert states(sold.world)["2026-11-24"] == "closed"
    kept = sold.world.read(lambda tx: corrections.correction(tx, made.id))
    assert (kept.state, kept.why) == (CorrectionState.LAPSED, "bill-not-correctable")
    assert sold.case.bill.version == 1
    sold.case.withdraw(dispute)
    assert sold.gained() == sold.of_the_bill()
    assert sold.due() == {}
    sold.proven()


def test_buyer_broker_centre_and_carrier_are_invoiced_what_each_has_of_it(sold):
    sold.case.accept(sold.case.open("0.010"))
    sold.case.close_the_month()
    bill, [note] = sold.case.bill, sold.case.notes()
    [bought] = mine(sold.case)
    assert bought.document["purchases"]["total"] == str(bill.total - note.total)
    [seller] = bought.document["purchases"]["sellers"]
    assert seller["seller"]["organisation_id"] == sold.trade.broker.organisation_id
    parts = {part["role"]: Money.parse(part["amount"]) for part in bill.parts}
    for role, owner in (("broker", sold.trade.broker), ("centre", sold.trade.owner_key),
                        ("carrier", sold.trade.carrier)):  # fmt: skip
        [sold_by] = mine(sold.case, owner)
        earnings = sold_by.document["earnings"]
        assert [row["role"] for row in earnings["rows"]] == [role]
        assert earnings["net"] == str(parts[role])
        assert earnings["credited"] == str(given_by(note, owner.organisation_id))
    sold.proven()


def test_whoever_is_corrected_or_credited_in_a_quiet_month_is_invoiced_for_it(store):
    sold = Sold(store, "agency")
    sold.case.close_the_month()
    before = sold.case.bill.earned
    for seconds in range(30, 37):  # more versions than an invoice once looked at
        correct(sold.world, sold.run, seconds, bytes_in=10)
    assert sold.case.bill.version == 8
    sold.case.accept(sold.case.open("0.010"))
    sold.case.close_the_month()
    earned, [note] = sold.case.bill.earned, sold.case.notes()
    owner = sold.trade.owner
    [december, november] = mine(sold.case, sold.trade.owner_key)
    assert november.document["earnings"]["total"] == str(before[owner])
    said = december.document["earnings"]
    assert said["corrected"] == str(earned[owner] - before[owner])
    assert said["credited"] == str(given_by(note, owner))
    assert draft(sold.case, NOVEMBER, sold.trade.owner_key)["earnings"]["net"] == str(before[owner])
    # The carrier is in no line any more: it hears of that too.
    for each in (sold.trade.broker, sold.trade.carrier, sold.world.buyer):
        assert len(mine(sold.case, each)) == 2
    sold.proven()


def given_by(note: Any, owner: str) -> Money:
    return sum((part.amount for item in note.items for part in item.parts
                if part.organisation_id == owner and part.role in ("centre", "broker", "carrier")),
               NOTHING)  # fmt: skip


def test_a_bill_has_only_so_many_versions(store, monkeypatch):
    monkeypatch.setattr("suanwang.flows.apply_correction.VERSIONS_MAX", 3)
    sold = Sold(store, "agency")
    for seconds in (30, 40):
        correct(sold.world, sold.run, seconds)
    with pytest.raises(BillNotCorrectable, match="3 versions"):
        correct(sold.world, sold.run, 50)
    assert sold.case.bill.version == 3


@pytest.mark.parametrize("seconds", [30, 93])
def test_a_budget_has_used_what_the_job_cost_in_the_end_in_the_month_of_its_hold(store, seconds):
    sold = Sold(store, "agency", budget="100")
    assert str(sold.used("2026-11")) != "0.000000"
    assert sold.used("2026-11") == sold.case.bill.total
    next_day(sold.world)
    sold.world.now += timedelta(days=7)  # December
    correct(sold.world, sold.run, seconds, bytes_in=2 * 10**9)
    assert sold.used("2026-11") == sold.case.bill.total
    sold.case.accept(sold.case.open("0.010"))
    [note] = sold.case.notes()
    assert sold.used("2026-11") == sold.case.bill.total - note.total
    assert sold.used("2026-12") == NOTHING
    sold.proven()


def test_what_a_broker_may_lose_by_a_job_is_nothing_of_its_buyers_budget(store):
    sold = Sold(store, "loss", budget="100")
    assert sold.used("2026-11") == sold.case.bill.total
    dispute = sold.case.open()
    sold.proven()
    sold.case.accept(dispute)
    next_day(sold.world)
    assert sold.used("2026-11") == sold.case.bill.total - sold.case.notes()[0].total
    assert sold.due() == {}
    sold.proven()
