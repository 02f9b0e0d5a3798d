"""Disputes end to end: what is frozen, who decides, what time decides, what is paid back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.flows.dispute_case import NOTHING, Case
from tests.flows.test_vouchers import Programme

from suanwang.basics.errors import Conflict, Invalid, NotAllowed, NotFound
from suanwang.basics.ids import TransferId
from suanwang.basics.lifecycle import TransitionRefused
from suanwang.basics.money import Money
from suanwang.flows.act import Act
from suanwang.flows.change_membership import change_membership
from suanwang.flows.issue_credit_note import Payer
from suanwang.flows.timing import Timing
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.disputes import CreditTooLarge, DisputeTooLate, LineNotCharged, Overdue
from suanwang.ledger.membership import MemberEvent
from suanwang.ledger.transfers import move
from suanwang.store import disputes, evidence, ledger, vouchers


def test_opening_freezes_exactly_the_disputed_amount_where_it_lies(store):
    case = Case(store)
    dispute = case.open("0.035")
    assert str(case.compute) == "0.070000"
    # Half of the charge, and with it half of the fee and half of the tax on the fee.
    assert case.frozen(dispute) == {"centre": "0.035000", "exchange": "0.000700", "tax": "0.000042"}
    assert str(dispute.amount) == "0.035742"
    held = {
        "centre": case.world.account(case.seller, "receivable").held,
        "exchange": case.world.account(case.world.operator, "fees").held,
        "tax": case.world.account(case.world.operator, "tax").held,
    }
    assert {role: str(amount) for role, amount in held.items()} == case.frozen(dispute)
    case.world.check()


def test_after_settlement_it_is_frozen_in_available(store):
    case = Case(store, settled=True)
    case.open()
    assert case.world.account(case.seller).held == case.compute
    assert case.world.account(case.seller, "receivable").held == NOTHING


def test_settlement_leaves_what_is_disputed_and_pays_it_when_it_is_let_go(store):
    case = Case(store)
    dispute = case.open("0.030")
    case.settle()
    assert str(case.money(case.seller)) == "0.040000"
    assert str(case.money(case.seller, "receivable")) == "0.030000"
    case.withdraw(dispute)
    assert case.money(case.seller) == case.compute
    assert case.money(case.seller, "receivable") == NOTHING
    case.world.check()


def test_an_accepted_dispute_is_paid_back_in_one_chain_and_the_bill_stays(store):
    case = Case(store)
    before, bill = case.money(case.world.buyer), case.bill
    case.accept(case.open())
    (note,) = case.notes()
    assert (note.number, note.amount, note.total) == ("CN-2026-000001", bill.total, bill.total)
    assert case.money(case.world.buyer) == before + bill.total
    assert case.bill == bill
    moved = [each for each in case.world.read(lambda tx: ledger.transfers_of(tx, case.job_id))
             if each.chain and each.chain.id == note.id]  # fmt: skip
    assert [str(each.id) for each in moved] == note.body["transfers"]
    assert sum((each.amount for each in moved), NOTHING) == note.amount
    assert {each.kind for each in moved} == {"post"}
    case.settle()
    assert case.money(case.seller) == case.money(case.seller, "receivable") == NOTHING
    case.world.check()


def test_what_was_credited_before_settlement_is_not_settled(store):
    case = Case(store)
    case.accept(case.open("0.020"))
    case.settle()
    assert str(case.money(case.seller)) == "0.050000"
    assert case.money(case.seller, "receivable") == NOTHING


@pytest.mark.parametrize(
    ("uphold", "state", "paid"), [(True, "upheld", True), (False, "rejected", False)]
)
def test_an_operator_rules_on_what_is_contested(store, uphold, state, paid):
    case = Case(store)
    dispute = case.open()
    with pytest.raises(TransitionRefused):
        case.rule(dispute, uphold=uphold)
    case.contest(dispute, evidence=[{"kind": "log", "sha256": "ab" * 32}])
    with pytest.raises(NotAllowed):
        case.rule(dispute, uphold=uphold, key=case.seller)
    with pytest.raises(Invalid):
        case.rule(dispute, uphold=uphold, text="")
    assert case.rule(dispute, uphold=uphold).state == state
    assert bool(case.notes()) is paid
    said = case.dispute(dispute).body["said"]
    assert [each["verb"] for each in said] == ["open", "contest", "uphold" if paid else "reject"]
    assert said[1]["evidence"] == [{"kind": "log", "sha256": "ab" * 32}]
    case.world.check()


# The National Day holiday of 2026 is 1 to 7 October; 10 October makes up for a day of it, and 20
# September (a Sunday) too. State Council notice 国办发明电〔2025〕7号.
@pytest.mark.parametrize(
    ("opened", "last"),
    [
        ("2026-11-23", "2026-11-30"),  # Monday: the Monday after
        ("2026-09-30", "2026-10-13"),  # 8, 9, 10 (made up), 12, 13
        ("2026-09-18", "2026-09-24"),  # 20 (made up), 21, 22, 23, 24
    ],
)
def test_silence_counts_bank_days(store, opened, last):
    case = Case(store)
    start = datetime.fromisoformat(f"{opened}T03:00:00+00:00")
    case.world.now = start
    dispute = _open_at(case, start)
    end = datetime.fromisoformat(f"{last}T16:00:00+00:00")  # midnight in Beijing
    assert dispute.due_at == end
    case.world.now = end - timedelta(seconds=1)
    assert case.lapse() == 0
    case.world.now = end
    assert case.lapse() == 1
    assert case.dispute(dispute).state == "upheld"
    assert len(case.notes()) == 1
    assert case.lapse() == 0


def _open_at(case: Any, at: datetime) -> Any:
    case.timing = Timing(settle_every=timedelta(0), dispute_window=timedelta(days=365))
    return case.open()


@pytest.mark.parametrize(
    ("rule", "state", "notes"),
    [(Overdue.ESCALATE, "escalated", 0), (Overdue.UPHOLD, "upheld", 1), (Overdue.REJECT, "rejected", 0)],
)  # fmt: skip
def test_a_late_ruling_goes_as_the_setting_says(store, rule, state, notes):
    case = Case(store)
    case.timing = Timing(settle_every=timedelta(0), dispute_overdue=rule)
    dispute = case.contest(case.open())
    case.world.sleep(60 * 86400)
    assert case.lapse() == 1
    assert case.dispute(dispute).state == state
    assert len(case.notes()) == notes
    assert case.lapse() == 0
    if rule is Overdue.ESCALATE:
        assert case.rule(dispute, uphold=True).state == "upheld"
    case.world.check()


def test_a_deadline_beyond_the_calendar_is_not_guessed(store):
    case = Case(store)
    case.world.now = datetime(2026, 12, 30, 3, tzinfo=UTC)
    dispute = _open_at(case, case.world.now)
    assert dispute.due_at is None
    case.world.sleep(40 * 86400)
    assert case.lapse() == 0
    assert case.dispute(dispute).state == "opened"


def test_who_may_do_what(store):
    case = Case(store)
    other = case.world.member("Other", *[case.world.buyer.role])
    dispute = case.open()
    with pytest.raises(NotFound):
        case.withdraw(dispute, other)
    with pytest.raises(NotFound):
        case.accept(dispute, other_seller(case, other))
    with pytest.raises(NotAllowed):
        case.accept(dispute, case.world.buyer)
    with pytest.raises(Invalid):
        case.contest(dispute, "")
    with pytest.raises(Invalid):
        case.contest(dispute, evidence=[{"kind": "log", "sha256": "AB"}])
    case.withdraw(dispute)
    with pytest.raises(TransitionRefused):
        case.accept(dispute)


def other_seller(case: Any, other: Any) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    return replace(case.seller, organisation_id=other.organisation_id)


def test_never_more_than_the_bill_open_disputes_included(store):
    case = Case(store)
    first = case.open("0.050")
    with pytest.raises(CreditTooLarge, match=r"0\.02"):
        case.open("0.020001")
    case.open("0.020")
    with pytest.raises(LineNotCharged):
        case.open(line=99)
    with pytest.raises(CreditTooLarge):
        case.open("0.000001")
    case.withdraw(first)
    case.open("0.050")
    total = sum((d.amount for d in case.world.read(lambda tx: disputes.of_bill(tx, case.bill.id))
                 if d.state == "opened"), NOTHING)  # fmt: skip
    assert total == case.bill.total


@pytest.mark.parametrize("amount", ["0", "-1", "100000000"])
def test_bad_amounts_are_refused(store, amount):
    case = Case(store)
    before = case.balances()
    with pytest.raises(CreditTooLarge):
        case.open(amount)
    assert case.balances() == before


def test_too_late(store):
    case = Case(store)
    case.world.sleep(30 * 86400)
    with pytest.raises(DisputeTooLate):
        case.open()


def test_not_once_the_market_day_is_closed(store):
    case = Case(store)
    case.world.run(lambda tx, _: close_day(tx, "2026-11-24"))
    with pytest.raises(DisputeTooLate, match="closed"):
        case.open()


def test_the_day_that_counts_is_the_bills_own_whenever_it_was_begun(store):
    """A bill begun before midnight that came after its day's run belongs to the next day."""
    case = Case(store)
    case.world.run(lambda tx, _: tx.script(["UPDATE bills SET day = '2026-11-25'"]))
    case.world.run(lambda tx, _: close_day(tx, "2026-11-24"))
    case.world.run(lambda tx, _: close_day(tx, "2026-11-25"))
    with pytest.raises(DisputeTooLate, match="2026-11-25"):
        case.open()


def close_day(tx: Any, day: str) -> None:
    sql = f"INSERT INTO market_days (day, state, closed_at) VALUES ('{day}', 'closed', 1)"
    tx._cursor.execute(f"{sql} ON CONFLICT (day) DO UPDATE SET state = 'closed', closed_at = 1")


def test_who_has_less_has_that_frozen_and_the_rest_is_asked_for_later(store):
    case = Case(store, settled=True)
    spend(case, "0.050")  # of 0.07: the seller has 0.02 left
    dispute = case.open()
    assert case.frozen(dispute)["centre"] == "0.020000"
    [said] = [each for each in dispute.body["frozen"] if each["role"] == "centre"]
    assert (said["wanted"], said["frozen"]) == ("0.070000", "0.020000")
    done = case.accept(dispute)
    (note,) = case.notes()
    assert (done.body["credited"], done.body["unpaid"]) == (str(note.amount), "0.050000")
    assert case.money(case.seller) == NOTHING
    # What was not paid is still there to be credited, once the seller has earned something.
    case.bill_a_job()
    case.settle()
    again = case.credit(None, Payer.SELLER, key=case.seller)
    assert str(again.amount) == "0.050000"
    assert note.amount + again.amount == case.bill.total
    case.world.check()


def spend(case: Any, amount: str) -> None:
    def flow(tx: Any, act: Act) -> None:
        debit = ledger.account_of(tx, case.seller.organisation_id, AccountName.AVAILABLE)
        credit = ledger.account_of(tx, case.world.operator.organisation_id, AccountName.BANK)
        one = move(act.new_id(TransferId), Money.parse(amount), debit=debit.id, credit=credit.id,
                   at=act.now)  # fmt: skip
        ledger.post(tx, [one])

    case.world.run(flow)


def test_a_suspended_sellers_money_stays_until_it_is_reinstated(store):
    case = Case(store, settled=True)
    owner = case.seller.organisation_id
    case.world.run(
        lambda tx, act: change_membership(tx, owner, MemberEvent.SUSPEND, reason="x", act=act),
        case.world.operator,
    )
    assert case.frozen(case.open())["centre"] == "0.000000"
    case.world.check()


def test_goodwill_comes_out_of_the_exchanges_fees(store):
    case = Case(store)
    before = case.money(case.world.operator, "fees")
    with pytest.raises(NotAllowed):
        case.credit("0.001", Payer.EXCHANGE, key=case.world.buyer)
    note = case.credit("0.001", Payer.EXCHANGE)
    # The fee has only 0.0014: of 0.001 and its own share of fee and tax that is enough.
    assert case.money(case.world.operator, "fees") == before - note.amount
    assert case.money(case.seller, "receivable") == case.compute


def test_a_seller_gives_back_no_more_than_its_part(store):
    case = Case(store)
    note = case.credit("0.010", Payer.SELLER, key=case.seller)
    assert str(note.amount) == "0.010000"
    with pytest.raises(NotAllowed):
        case.credit("0.001", Payer.EXCHANGE, key=case.seller)
    with pytest.raises(CreditTooLarge):
        case.credit("0.060001", Payer.SELLER, key=case.seller)
    with pytest.raises(Invalid):
        case.credit(None, Payer.SELLER, line=case.place("fee"), key=case.seller)
    case.settle()
    assert str(case.money(case.seller)) == "0.060000"
    case.world.check()


def test_credit_notes_are_numbered_without_gaps(store):
    case = Case(store)
    case.accept(case.open("0.010"))
    with pytest.raises(CreditTooLarge):
        case.credit("5", Payer.EXCHANGE)
    with pytest.raises(ZeroDivisionError):
        case.world.run(lambda tx, act: (_credit(tx, act, case), 1 // 0), case.world.operator)
    case.accept(case.open("0.010"))
    assert [note.number for note in case.notes()] == ["CN-2026-000001", "CN-2026-000002"]


def _credit(tx: Any, act: Act, case: Any) -> None:
    assert disputes.next_number(tx, "credit_note/2026") == 2


def test_a_vouchers_part_goes_back_to_its_programme(store):
    set_up = Programme(store)
    set_up.grant("500")
    case = Case(store, world=set_up.world)
    bill, pledged = case.bill, Money.parse(set_up.pledged())
    assert str(bill.vouchers) == "0.014000"  # a fifth of 0.07
    buyer = case.money(case.world.buyer)
    case.accept(case.open("0.035"))
    (note,) = case.notes()
    assert str(note.amount - note.total) == "0.007000"
    assert Money.parse(set_up.pledged()) == pledged + Money.parse("0.007")
    assert case.money(case.world.buyer) == buyer + note.total
    (claim,) = set_up.claims()
    assert (str(claim.amount), claim.state) == ("0.007000", "paid")
    case.accept(case.open())
    assert set_up.pledged() == "1000.000000"
    assert sum((note.total for note in case.notes()), NOTHING) == bill.total
    assert [each.state for each in set_up.claims()] == ["clawed_back"]
    case.world.check()


def test_every_step_is_on_record(store):
    case = Case(store)
    dispute = case.open()
    case.contest(dispute)
    case.rule(dispute, uphold=True)
    words = [
        case.world.read(lambda tx, name=name: evidence.find(tx, "dispute", name))
        for name in (dispute.id, f"{dispute.id}#2", f"{dispute.id}#3")
    ]
    assert [word.record["state"] for word in words] == ["opened", "contested", "upheld"]
    (note,) = case.notes()
    kept = case.world.read(lambda tx: evidence.find(tx, "credit_note", note.id)).record
    assert (kept["number"], kept["amount"], kept["dispute_id"]) == (
        note.number, str(note.amount), dispute.id,
    )  # fmt: skip


def test_two_disputes_of_one_line_at_once(store):
    case = Case(store)
    answers: list[str] = []

    def one() -> None:
        try:
            case.open("0.050")
            answers.append("opened")
        except (CreditTooLarge, Conflict) as error:
            answers.append(error.code)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["credit-too-large"] * 3 + ["opened"]
    case.world.check()


def test_what_fails_leaves_nothing(store):
    case = Case(store)
    dispute = case.open()
    before = case.balances()

    def broken(tx: Any, act: Act) -> None:
        from suanwang.flows.decide_dispute import accept_dispute  # noqa: PLC0415

        accept_dispute(tx, dispute.id, act=act)
        raise RuntimeError("killed between writing and commit")

    with pytest.raises(RuntimeError):
        case.world.run(broken, case.seller)
    assert case.balances() == before
    assert case.dispute(dispute).state == "opened"
    assert case.notes() == []
    case.accept(dispute)
    assert [note.number for note in case.notes()] == ["CN-2026-000001"]
    assert case.world.read(vouchers.claims) == []
