"""Vouchers end to end: a funded programme, granted vouchers, a job's bill, claims and the rest."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from tests.flows.builders import a_spec, a_world
from tests.flows.test_bill_bundle import bundle_of, real_signatures
from tests.ledger.log.bundles import LOG

from suanwang.basics.errors import Conflict, Invalid, NotAllowed, NotFound
from suanwang.basics.ids import OrganisationId
from suanwang.basics.lifecycle import TransitionRefused
from suanwang.basics.money import CNY, Money, voucher_of
from suanwang.flows import loops
from suanwang.flows.act import Act, Role
from suanwang.flows.change_membership import change_membership
from suanwang.flows.claim_voucher import (
    Contract,
    Review,
    claim_voucher,
    deliver_claim,
    pay_window,
    review_claim,
)
from suanwang.flows.claw_back import claw_back
from suanwang.flows.fill_programme import Filling, fill_programme, record_party
from suanwang.flows.fund_programme import fund_programme
from suanwang.flows.grant_voucher import grant_voucher
from suanwang.ledger.log.bundle import verify_bundle
from suanwang.ledger.membership import MemberEvent
from suanwang.ledger.vouchers.errors import (
    ClaimRefused,
    EvidenceMissing,
    NotTheFunder,
    PoolExceeded,
    PoolTooSmall,
    ProgrammeFunded,
    ProgrammeIncomplete,
    ProgrammeModeWrong,
    RuleGiven,
    SecondReviewer,
)
from suanwang.store import evidence, ledger, vouchers

__all__ = ["real_signatures"]  # a fixture
DEMO = "invented-demo-2026"
BEIJING = "beijing-ai-compute-2023"
SHA = "ab" * 32


class Programme:
    """A world with a funder and the facts that programmes ask for."""

    def __init__(self, store: Any, *, pool: str = "1000", programme: str = DEMO) -> None:
        self.world = world = a_world(store)
        self.id = programme
        self.funder = world.member("City of Demo", Role.FUNDER, funds="50000000")
        self.know(world.buyer.organisation_id, kinds=["research", "software"], region="beijing",
                  credit_years=5, legal_representative="Li Lei")  # fmt: skip
        for agent in world.agents.values():
            self.know(agent.provider, legal_representative=f"Wang of {agent.name}")
        self.fund(pool)

    def know(self, owner: str, **facts: Any) -> None:
        self.world.run(
            lambda tx, act: record_party(tx, OrganisationId(owner), facts, act=act),
            self.world.operator,
        )

    def fund(self, amount: str) -> Any:
        owner = self.funder.organisation_id
        return self.world.run(
            lambda tx, act: fund_programme(tx, self.id, Money.parse(amount), funder=owner, act=act),
            self.funder,
        )

    def grant(self, amount: str, *, days: int | None = None, firm: Any = None) -> Any:
        owner = (firm or self.world.buyer).organisation_id
        return self.world.run(
            lambda tx, act: grant_voucher(
                tx, self.id, owner, Money.parse(amount), days=days, act=act
            ),
            self.funder,
        )

    def billed(self, **spec: Any) -> str:
        """Run a job of a minute and a half to its bill."""
        world = self.world
        run = world.running(a_spec(**spec))
        world.sleep(90)
        run.agent.beat(run)
        run.finish()
        world.loop(loops.BILL)
        return run.offer.lease.job_id

    def lines(self, job_id: str) -> list[Any]:
        return [line for line in self.world.bill(job_id).lines if line["kind"] == "voucher"]

    def units(self, owner: Any, name: str = "available") -> str:
        asset = voucher_of(self.id)
        found = self.world.read(
            lambda tx: ledger.account_of(tx, owner.organisation_id, name, asset=asset)
        )
        return str(found.balance)

    def pledged(self) -> str:
        return str(self.world.account(self.funder, f"vouchers:{self.id}").balance)

    def claim(self, **changes: Any) -> Any:
        values: dict[str, Any] = {
            "contract_id": "C-1",
            "supplier_id": self.world.agent("guian").provider,
            "items": [{"kind": "compute", "amount": "12000000"}],
            "signed_on": date(2025, 6, 1),
            "days": 365,
        }
        contract = Contract(**(values | changes))
        return self.world.run(
            lambda tx, act: claim_voucher(tx, self.id, contract, act=act), self.world.buyer
        )

    def review(self, claim: Any, key: Any, *, approve: bool = True) -> Any:
        review = Review(approve=approve)
        return self.world.run(lambda tx, act: review_claim(tx, claim.id, review, act=act), key)

    def deliver(self, claim: Any, *kinds: str) -> Any:
        brought = [{"kind": each, "sha256": SHA} for each in kinds]
        return self.world.run(
            lambda tx, act: deliver_claim(tx, claim.id, brought, act=act), self.world.buyer
        )

    def claw_back(self, claim_id: str, reason: str) -> Any:
        return self.world.run(lambda tx, act: claw_back(tx, claim_id, reason, act=act), self.funder)

    def claims(self) -> list[Any]:
        return self.world.read(vouchers.claims)


def test_a_funded_bill_shows_the_voucher_line_and_the_centre_earns_the_whole(store):
    set_up = Programme(store)
    world = set_up.world
    set_up.grant("500")
    before = world.account(world.buyer).balance
    job_id = set_up.billed()
    bill = world.bill(job_id)
    compute = sum(
        (Money.parse(line["amount"]) for line in bill.lines if line["kind"] == "compute"),
        Money.zero(CNY),
    )
    (line,) = set_up.lines(job_id)
    subsidy = Money(compute.units * 20 // 100, CNY)
    assert subsidy.units > 0
    assert (line["quantity"], line["unit"], line["price"]) == ("0.2", "20 %", str(compute))
    assert line["amount"] == str(-subsidy)
    assert bill.lines[-1] == line
    assert (bill.total, bill.gross) == (bill.gross - subsidy, bill.total + subsidy)
    assert str(world.account(world.buyer).balance) == str(before - bill.total)
    guian = world.agent("guian").provider
    assert world.account(guian, "receivable").balance == bill.provider_share == compute
    assert set_up.pledged() == str(Money.parse("1000") - subsidy)
    assert set_up.units(world.buyer) == str(Money.parse("500") - subsidy)
    (claim,) = set_up.claims()
    assert (claim.state, claim.amount, claim.bill_id) == ("paid", subsidy, bill.id)
    world.run_loops(loops.SETTLE)
    world.check()


@pytest.mark.usefixtures("real_signatures")
def test_the_bundle_of_a_funded_bill_is_proven_offline(store):
    set_up = Programme(store)
    set_up.grant("500")
    job_id = set_up.billed()
    (bill,) = verify_bundle(bundle_of(set_up.world, job_id), key=LOG.verifier.vkey).bills
    assert bill.vouchers.units > 0
    assert bill.total == bill.gross - bill.vouchers
    assert bill.transfers == 5


@pytest.mark.usefixtures("real_signatures")
@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"kinds": ["bakery"], "legal_representative": "Li Lei"}, "firm-kind-not-eligible"),
        ({"kinds": ["research"]}, "facts-missing"),
        ({"kinds": ["research"], "legal_representative": "Wang of guian"}, "parties-related"),
    ],
)
def test_a_refused_voucher_says_why_on_the_bill_and_costs_nothing(store, facts, code):
    set_up = Programme(store)
    set_up.know(set_up.world.buyer.organisation_id, **facts)
    set_up.grant("500")
    job_id = set_up.billed()
    (line,) = set_up.lines(job_id)
    assert (line["amount"], line["reason"]["code"]) == ("0.000000", code)
    assert line["reason"]["en"]
    assert line["reason"]["zh"]
    assert set_up.claims() == []
    assert (set_up.pledged(), set_up.units(set_up.world.buyer)) == ("1000.000000", "500.000000")
    (bill,) = verify_bundle(bundle_of(set_up.world, job_id), key=LOG.verifier.vkey).bills
    assert bill.total == bill.gross


def test_what_the_vouchers_have_left_is_the_limit(store):
    set_up = Programme(store)
    set_up.grant("0.000005")
    (line,) = set_up.lines(set_up.billed())
    assert (line["amount"], line["reason"]["code"]) == ("-0.000005", "voucher-spent")
    (again,) = set_up.lines(set_up.billed())
    assert (again["amount"], again["reason"]["facts"]) == ("0.000000", {"left": "0.000000"})
    set_up.world.check()


def test_bills_written_together_share_one_grant(store):
    set_up = Programme(store)
    world = set_up.world
    set_up.grant("0.00001")
    world.placed(a_spec(name="one"), a_spec(name="two"), a_spec(name="three"))
    runs = [run.begin() for run in world.agent("guian").take()]
    world.sleep(90)
    for run in runs:
        run.agent.beat(run)
        run.finish()
    world.loop(loops.BILL)
    assert len(runs) == 3
    assert sum((claim.amount for claim in set_up.claims()), Money.zero(CNY)) == Money(10, CNY)
    assert set_up.units(world.buyer) == "0.000000"
    world.check()


def test_vouchers_that_are_not_spent_in_time_lapse_to_the_funder(store):
    set_up = Programme(store)
    set_up.grant("400", days=1)
    assert set_up.units(set_up.funder) == "600.000000"
    set_up.world.now += timedelta(days=2)
    for agent in set_up.world.agents.values():
        agent.hello()
    (line,) = set_up.lines(set_up.billed())
    assert line["reason"]["code"] == "voucher-expired"
    set_up.world.loop(loops.LAPSE_VOUCHERS)
    assert set_up.units(set_up.funder) == "1000.000000"
    assert set_up.units(set_up.world.buyer) == "0.000000"
    set_up.world.loop(loops.LAPSE_VOUCHERS)
    set_up.world.check()


@pytest.mark.parametrize("who", ["buyer", "funder"])
def test_a_suspended_member_neither_spends_nor_pays_vouchers_and_holds_up_no_bill(store, who):
    set_up = Programme(store)
    set_up.grant("1000")
    world = set_up.world
    owner = (world.buyer if who == "buyer" else set_up.funder).organisation_id
    run = world.running()
    world.run(
        lambda tx, act: change_membership(tx, owner, MemberEvent.SUSPEND, reason="x", act=act)
    )
    world.sleep(90)
    run.agent.beat(run)
    run.finish()
    world.loop(loops.BILL)
    job = world.job(run.offer.lease.job_id)
    assert job.state == "BILLED"
    [line] = set_up.lines(job.id)
    assert (line["amount"], line["reason"]["code"]) == ("0.000000", "member-suspended")
    assert set_up.pledged() == "1000.000000"
    world.check()


def test_vouchers_of_a_suspended_firm_lapse_once_it_is_reinstated_and_others_at_once(store):
    set_up = Programme(store)
    world = set_up.world
    other = world.member("Yunlan Render", Role.BUYER)
    set_up.grant("100", days=1)
    set_up.grant("50", days=1, firm=other)
    owner = world.buyer.organisation_id

    def change(event):
        world.run(lambda tx, act: change_membership(tx, owner, event, reason="x", act=act))

    change(MemberEvent.SUSPEND)
    world.sleep(2 * 86_400)
    world.loop(loops.LAPSE_VOUCHERS)
    assert (set_up.units(world.buyer), set_up.units(other)) == ("100.000000", "0.000000")
    change(MemberEvent.REINSTATE)
    world.loop(loops.LAPSE_VOUCHERS)
    assert set_up.units(world.buyer) == "0.000000"


def test_an_incomplete_programme_grants_nothing_until_an_operator_has_filled_it(store):
    set_up = Programme(store, programme="guizhou-compute-2024")
    with pytest.raises(ProgrammeIncomplete, match="rates, firm_year_cap"):
        set_up.grant("10")
    world = set_up.world

    def fill(rule: str, value: Any, key: Any = world.operator, source: str = "letter 7") -> Any:
        filling = Filling(rule=rule, value=value, source=source)
        return world.run(lambda tx, act: fill_programme(tx, set_up.id, filling, act=act), key)

    with pytest.raises(NotAllowed):
        fill("rates", "30", key=set_up.funder)
    with pytest.raises(Invalid, match="where the value comes from"):
        fill("rates", "30", source=" ")
    with pytest.raises(Invalid, match="percentage"):
        fill("rates", "130")
    with pytest.raises(RuleGiven):
        fill("pool", "1")
    fill("rates", "30")
    fill("firm_year_cap", "50000")
    kept = world.read(lambda tx: evidence.find(tx, "programme", "guizhou-compute-2024#3"))
    assert (kept.record["rule"], kept.record["source"]) == ("firm_year_cap", "letter 7")
    set_up.grant("10")
    (line,) = set_up.lines(set_up.billed())
    assert line["quantity"] == "0.3"
    assert Money.parse(line["amount"]).units < 0


def test_a_programme_has_one_funder_a_pool_and_no_more_vouchers_than_money(store):
    set_up = Programme(store)
    other = set_up.world.member("Another city", Role.FUNDER, funds="10")
    with pytest.raises(NotTheFunder):
        set_up.world.run(
            lambda tx, act: fund_programme(
                tx, DEMO, Money.parse("1"), funder=other.organisation_id, act=act
            ),
            other,
        )
    with pytest.raises(ProgrammeFunded):
        set_up.world.run(
            lambda tx, act: fund_programme(
                tx, DEMO, Money.parse("1"), funder=other.organisation_id, act=act
            ),
            set_up.world.operator,
        )
    with pytest.raises(PoolExceeded):
        set_up.fund("99000.000001")
    with pytest.raises(PoolTooSmall):
        set_up.grant("1000.000001")
    with pytest.raises(ProgrammeModeWrong):
        set_up.claim()


def test_beijing_pays_a_claim_after_two_reviews_and_claws_it_back(store):
    set_up = Programme(store, programme=BEIJING, pool="3000000")
    world = set_up.world
    before = world.account(world.buyer).balance
    claim = set_up.claim()
    assert (claim.state, str(claim.amount)) == ("claimed", "2000000.000000")
    locked = set_up.review(claim, set_up.funder)
    assert (locked.state, set_up.units(set_up.funder)) == ("locked", "1000000.000000")
    with pytest.raises(EvidenceMissing, match="invoice, delivery"):
        set_up.deliver(claim, "contract")
    with pytest.raises(TransitionRefused):
        set_up.review(claim, world.operator)
    set_up.deliver(claim, "contract", "invoice", "delivery")
    with pytest.raises(SecondReviewer):
        set_up.review(claim, set_up.funder)
    paid = set_up.review(claim, world.operator)
    assert paid.state == "paid"
    assert world.account(world.buyer).balance == before + claim.amount
    assert (set_up.pledged(), set_up.units(world.buyer)) == ("1000000.000000", "0.000000")
    with pytest.raises(ClaimRefused, match="firm-year-cap-reached"):
        set_up.claim(contract_id="C-2")
    with pytest.raises(Invalid, match="false-evidence"):
        set_up.claw_back(claim.id, "mood")
    set_up.claw_back(claim.id, "false-evidence")
    assert world.account(world.buyer).balance == before
    assert (set_up.pledged(), set_up.units(set_up.funder)) == ("3000000.000000", "3000000.000000")
    with pytest.raises(TransitionRefused):
        set_up.claw_back(claim.id, "false-evidence")
    world.check()


def test_a_rejected_claim_gives_its_share_of_the_pool_back(store):
    set_up = Programme(store, programme=BEIJING, pool="3000000")
    claim = set_up.claim()
    with pytest.raises(ClaimRefused, match="contract-claimed-already"):
        set_up.claim()
    set_up.review(claim, set_up.funder)
    set_up.review(claim, set_up.funder, approve=False)
    assert set_up.units(set_up.funder) == "3000000.000000"
    assert set_up.claim().state == "claimed"
    set_up.world.check()


def test_a_reimbursed_job_is_claimed_by_its_bill_once_that_is_settled(store):
    set_up = Programme(store, programme=BEIJING, pool="1000")
    job_id = set_up.billed()
    bill = set_up.world.bill(job_id)
    claim = set_up.claim(contract_id=job_id, supplier_id=None, items=())
    assert (claim.bill_id, claim.supplier_id) == (bill.id, bill.provider_id)
    set_up.review(claim, set_up.funder)
    with pytest.raises(Conflict, match="not settled"):
        set_up.deliver(claim, "contract", "invoice", "delivery")
    set_up.world.sleep(1)
    set_up.world.run_loops(loops.SETTLE)
    set_up.deliver(claim, "contract", "invoice", "delivery")
    assert set_up.review(claim, set_up.world.operator).state == "paid"
    stranger = set_up.world.member("Stranger", Role.BUYER)
    with pytest.raises(NotFound):
        set_up.world.run(
            lambda tx, act: claim_voucher(tx, BEIJING, Contract(contract_id=job_id), act=act),
            stranger,
        )


def test_the_offset_of_a_bill_is_clawed_back_from_the_firm_not_from_the_centre(store):
    set_up = Programme(store)
    world = set_up.world
    set_up.grant("500")
    job_id = set_up.billed()
    earned = world.account(world.agent("guian").provider, "receivable").balance
    money = world.account(world.buyer).balance
    (claim,) = set_up.claims()
    set_up.claw_back(claim.id, "job-disputed")
    assert world.account(world.buyer).balance == money - claim.amount
    assert world.account(world.agent("guian").provider, "receivable").balance == earned
    assert set_up.pledged() == "1000.000000"
    assert world.bill(job_id).total == world.job(job_id).charge
    world.check()


def test_a_window_is_shared_pro_rata_by_all_its_claims(store, monkeypatch):
    set_up = Programme(store, programme="qingyang-compute", pool="300")
    world = set_up.world
    for rule, value in (("rates", "50"), ("firm_year_cap", "1000")):
        filling = Filling(rule=rule, value=value, source="letter 8")
        world.run(lambda tx, act, f=filling: fill_programme(tx, set_up.id, f, act=act),
                  world.operator)  # fmt: skip
    filling = Filling(rule="exhaustion", value="pro-rata", source="letter 9")
    world.run(lambda tx, act: fill_programme(tx, set_up.id, filling, act=act), world.operator)
    for number, amount in (("C-1", "400"), ("C-2", "800")):
        claim = set_up.claim(contract_id=number, pflops=3000,
                             items=[{"kind": "compute", "amount": amount}])  # fmt: skip
        set_up.review(claim, set_up.funder)
        set_up.deliver(claim, "contract", "assessment")
        assert set_up.review(claim, world.operator).state == "verified"
    with pytest.raises(ClaimRefused, match="other-side-claimed"):
        set_up.claim(contract_id="C-1", side="supplier", pflops=3000)
    paid = world.run(lambda tx, act: pay_window(tx, set_up.id, act=act), set_up.funder)
    assert [str(each.amount) for each in paid] == ["100.000000", "200.000000"]
    assert set_up.pledged() == "0.000000"
    world.check()


@pytest.mark.real
def test_sixteen_at_once_never_grant_more_than_the_pool(store):
    set_up = Programme(store, pool="100")
    world = set_up.world
    refused: list[str] = []
    acts = [Act(world.now, world.ids, set_up.funder) for _ in range(16)]

    def grant(act: Act) -> None:
        try:
            world.store.run_now(
                lambda tx: grant_voucher(
                    tx, DEMO, world.buyer.organisation_id, Money.parse("10"), act=act
                )
            )
        except PoolTooSmall:
            refused.append("pool")

    threads = [threading.Thread(target=grant, args=(act,)) for act in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(refused) == 6
    assert set_up.units(world.buyer) == "100.000000"
    world.check()


@pytest.mark.real
def test_bills_at_once_never_spend_more_than_the_grant(store):
    set_up = Programme(store)
    world = set_up.world
    set_up.grant("0.00001")
    world.placed(*(a_spec(name=f"job-{n}") for n in range(8)))
    runs = [run.begin() for agent in world.agents.values() for run in agent.take()]
    world.sleep(90)
    for run in runs:
        run.agent.beat(run)
        run.finish()
    threads = [threading.Thread(target=world.loop, args=(loops.BILL,)) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(runs) == 8
    assert sum((claim.amount for claim in set_up.claims()), Money.zero(CNY)) == Money(10, CNY)
    assert set_up.units(world.buyer) == "0.000000"
    world.check()
