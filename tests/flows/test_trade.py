"""Agency, self-run and carriage on real flows: who gets what of a bill, to the last micro-yuan."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.flows.builders import a_spec
from tests.flows.trade_case import Trade

from suanwang.basics.errors import Invalid, NotFound
from suanwang.basics.lifecycle import TransitionRefused
from suanwang.flows import loops
from suanwang.flows.sign_contract import (
    agree_contract,
    end_contract,
    refuse_contract,
    show_contract,
    withdraw_contract,
)
from suanwang.grid.fees import TakeRates
from suanwang.ledger.contracts import ContractClauseWrong
from suanwang.store import evidence


@pytest.fixture
def trade(store):
    return Trade(store)


def test_an_agency_gets_its_commission_out_of_the_centres_part(trade):
    trade.sign("agency", {"commission": "0.05"})
    bill = trade.run()
    # An hour at the list price of 2.80; 5 % of it is the broker's.
    assert (bill.mode, str(bill.gross)) == ("agency", "2.859360")
    assert trade.parts(bill) == {
        "centre": "2.660000",
        "broker": "0.140000",
        "exchange": "0.056000",
        "tax": "0.003360",
    }
    trade.world.check()


def test_a_self_run_broker_keeps_what_it_sells_above_what_it_buys_at(trade):
    trade.sign("self_run", {"prices": {"a100-80g-sxm": "2.00", "h100-80g-sxm": "2.00"}})
    trade.price("3.00")
    bill = trade.run()
    [compute, *_] = bill.lines
    assert (compute["price"], compute["purchase"]) == ("3.000000", "2.000000")
    assert compute["price_source"] == f"broker:{trade.broker.organisation_id}"
    assert trade.parts(bill) == {
        "centre": "2.000000",
        "broker": "1.000000",
        "exchange": "0.060000",
        "tax": "0.003600",
    }
    assert str(trade.world.account(trade.broker).held) == "0.000000"
    trade.world.check()


def test_a_self_run_broker_that_sells_below_pays_the_loss_out_of_its_hold(trade):
    trade.sign("self_run", {"discount": "0"})
    trade.price("1.80")
    spec = a_spec(broker=str(trade.broker.organisation_id), time_limit="2h", expected="1h")
    run = trade.world.running(spec)
    # A yuan an hour for two hours, and a unit for each line that is rounded.
    assert str(trade.world.account(trade.broker).held) == "2.000008"
    bill = trade.bill(run)
    assert trade.parts(bill) == {
        "centre": "2.800000",
        "broker": "-1.000000",
        "exchange": "0.036000",
        "tax": "0.002160",
    }
    broker = trade.world.account(trade.broker)
    assert (str(broker.balance), str(broker.held)) == ("99.000000", "0.000000")
    assert str(trade.world.account(trade.owner, "receivable").balance) == "2.800000"
    trade.world.check()


def test_a_job_that_ends_unused_gives_the_brokers_hold_back(trade):
    trade.sign("self_run", {"discount": "0"})
    trade.price("1.80")
    job = trade.world.placed(a_spec(broker=str(trade.broker.organisation_id)))
    assert trade.world.account(trade.broker).held.units > 0
    trade.world.cancel(job.id)
    trade.world.run_loops()
    assert str(trade.world.account(trade.broker).held) == "0.000000"
    trade.world.check()


def test_a_broker_without_money_for_the_loss_sells_nothing(store):
    trade = Trade(store, broker_funds="0.10")
    trade.sign("self_run", {"discount": "0"})
    trade.price("1.80")
    job = trade.world.submit(a_spec(broker=str(trade.broker.organisation_id), time_limit="2h"))
    trade.world.loop(loops.QUOTE)
    assert trade.world.state(job.id) == "REJECTED"
    assert trade.world.job(job.id).reason == {"detail": "broker-short-of-money 1"}


def test_a_carrier_gets_its_rate_of_data_lines_and_an_agency_what_is_agreed_of_the_rest(trade):
    trade.world.agent("guian").hello(data_price_gb="0.05")
    trade.sign("carriage", {"carriage": "0.4"})
    trade.sign("agency", {"commission": "0.1"})
    bill = trade.run(bytes_out=10**9)
    [data] = [line for line in bill.lines if line["kind"] == "data_out"]
    assert [(part["role"], part["amount"]) for part in data["parts"]] == [
        ("centre", "0.027000"), ("carrier", "0.020000"), ("broker", "0.003000"),
    ]  # fmt: skip
    trade.world.sleep(1)
    trade.world.loop(loops.SETTLE)
    assert str(trade.world.account(trade.carrier).balance) == "0.020000"
    assert str(trade.world.account(trade.broker).balance) == "100.283000"
    trade.world.check()


def test_a_carrier_has_its_part_of_a_direct_sale_too(trade):
    trade.world.agent("guian").hello(data_price_gb="0.05")
    trade.sign("carriage", {"carriage": "0.4"})
    spec = a_spec(time_limit="2h", expected="1h")
    bill = trade.bill(trade.world.running(spec), 60, bytes_in=10**9)
    assert bill.mode == "direct"
    assert trade.parts(bill)["carrier"] == "0.020000"
    trade.world.check()


def test_the_fee_is_that_of_the_schedule_in_force_when_the_job_was_cleared(trade, monkeypatch):
    later = TakeRates(Fraction(1, 100), Fraction(6, 100), "fees:2026-11-24")
    monkeypatch.setattr("suanwang.flows.sales.in_force", lambda _: later)
    run = trade.world.running(a_spec(time_limit="2h", expected="1h"))
    monkeypatch.undo()
    bill = trade.bill(run)
    told = [(x["kind"], x["amount"], x["price_source"]) for x in bill.lines if x["kind"] == "fee"]
    assert told == [("fee", "0.028000", "fees:2026-11-24")]
    trade.world.check()


def test_only_pools_under_a_contract_of_the_broker_are_options(trade):
    job = trade.world.submit(a_spec(broker=str(trade.broker.organisation_id)))
    trade.world.loop(loops.QUOTE)
    assert trade.world.job(job.id).reason == {"detail": "not-sold-by-broker 1"}


def test_what_was_cleared_is_billed_whatever_is_agreed_later(trade):
    contract = trade.sign("agency", {"commission": "0.05"})
    spec = a_spec(broker=str(trade.broker.organisation_id), time_limit="2h", expected="1h")
    run = trade.world.running(spec)
    trade.world.run(lambda tx, act: end_contract(tx, contract.id, act=act), trade.broker)
    bill = trade.bill(run)
    assert trade.parts(bill)["broker"] == "0.140000"
    assert bill.contract_id == f"{contract.id}#2"
    split = trade.world.read(lambda tx: evidence.find(tx, "commission", bill.id))
    assert split.record["deal"]["commission"] == "1/20"


def test_the_other_party_agrees_and_each_word_is_signed(trade):
    contract = trade.sign("agency", {"commission": "0.05"})
    said = [(each["verb"], each["organisation_id"]) for each in contract.said]
    assert said == [
        ("propose", trade.broker.organisation_id),
        ("agree", trade.owner),
    ]
    words = trade.world.read(lambda tx: evidence.find(tx, "contract", f"{contract.id}#2"))
    assert words.record["state"] == "agreed"


def test_nobody_agrees_for_the_other_and_strangers_see_nothing(trade):
    contract = trade.sign("agency", {"commission": "0.05"})

    def step(verb, key):
        return trade.world.run(lambda tx, act: verb(tx, contract.id, act=act), key)

    with pytest.raises(TransitionRefused):
        step(agree_contract, trade.owner_key)
    with pytest.raises(NotFound):
        step(show_contract, trade.carrier)
    with pytest.raises(NotFound):
        step(end_contract, trade.carrier)
    assert step(end_contract, trade.owner_key).state == "ended"
    with pytest.raises(TransitionRefused):
        step(withdraw_contract, trade.broker)


@pytest.mark.parametrize(
    ("kind", "clauses"),
    [
        ("agency", {}),
        ("agency", {"commission": "1.01"}),
        ("agency", {"commission": "-0.1"}),
        ("agency", {"commission": 0.1}),
        ("agency", {"commission": "NaN"}),
        ("agency", {"commission": "0.1", "discount": "0.1"}),
        ("self_run", {"prices": {}}),
        ("self_run", {"prices": {"a100-80g-sxm": "-1"}}),
        ("self_run", {"prices": {"a100-80g-sxm": "x"}}),
        ("carriage", {"carriage": "0.1234567"}),
    ],
)
def test_clauses_that_are_not_as_they_must_be_are_named(trade, kind, clauses):
    with pytest.raises(ContractClauseWrong):
        trade.sign(kind, clauses)


def test_a_party_proposes_only_to_another(trade):
    with pytest.raises(Invalid, match="two parties"):
        trade.world.run(lambda tx, act: refuse_or_propose(tx, act, trade.owner), trade.broker)


def refuse_or_propose(tx, act, owner):
    from suanwang.flows.sign_contract import NewContract, propose_contract  # noqa: PLC0415
    from suanwang.ledger.contracts import ContractKind  # noqa: PLC0415

    assert refuse_contract is not None
    new = NewContract(
        kind=ContractKind.AGENCY, owner_id=owner, partner_id=owner,
        clauses={"commission": "0"}, text_sha256="ab" * 32,
    )  # fmt: skip
    return propose_contract(tx, new, act=act)
