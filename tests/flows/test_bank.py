"""Money in and out, on a real store: what a bank's lines make of accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import NOW, Ids, a_member, an_act, an_exchange, keys_for

from suanwang.basics.errors import NotAllowed
from suanwang.basics.ids import KeyId, MemberId
from suanwang.basics.lifecycle import TransitionRefused
from suanwang.basics.money import Money
from suanwang.basics.slots import BEIJING
from suanwang.flows.act import Role
from suanwang.flows.assign_bank_line import assign_bank_line, keep_line, send_back
from suanwang.flows.batch_payouts import (
    Vault,
    discard_batch,
    file_of_batch,
    make_batch,
    send_batch,
    sign_batch,
    waiting_payouts,
)
from suanwang.flows.change_membership import change_membership
from suanwang.flows.check_ledger import check_ledger
from suanwang.flows.import_bank_lines import import_bank_lines
from suanwang.flows.open_organisation import NewOrganisation, open_organisation
from suanwang.flows.reconcile_bank import reconcile_bank
from suanwang.flows.request_payout import (
    NewAccount,
    cancel_payout,
    fail_payout,
    request_payout,
    set_payout_account,
)
from suanwang.flows.top_up import TopUp, top_up
from suanwang.ledger.bank.csv_lines import CsvLines
from suanwang.ledger.bank.errors import (
    ApprovalHashWrong,
    ApprovedBySamePerson,
    ApprovedTwice,
    BankLineReused,
    LineTargetWrong,
    PayoutAccountWaits,
    PayoutFileLocked,
    PayoutNameWrong,
    PayoutsNone,
    TopUpImported,
)
from suanwang.ledger.bank.references import ReferenceKind, reference, written
from suanwang.ledger.errors import FundsInsufficient, MemberNotVerified, MemberSuspended
from suanwang.ledger.membership import MemberEvent, MemberState
from suanwang.ledger.settlement import SettlementCycle
from suanwang.store import bank, ledger, payouts
from suanwang.store.verify.whole import verify

HEADER = "bank_line_id,day,amount,counterparty,counterparty_account,text\n"
NUMBER = "6222020000001234567"
WAIT = timedelta(hours=48)
VAULT = Vault(
    seal_number=lambda value, owner: f"{owner}|{value}".encode(),
    seal_file=lambda value, owner: f"{owner}|{value}".encode(),
    unseal=lambda sealed: sealed.sealed.decode().partition("|")[2],
)


class Desk:
    """An exchange with a member, and what operators do at its bank desk."""

    def __init__(self, store) -> None:
        self.store, self.ids = store, Ids()
        self.exchange = store.run_now(lambda tx: an_exchange(tx, self.ids))
        self.member = store.run_now(lambda tx: a_member(tx, self.ids))
        self.operator = self.exchange.keys[0]
        self.key = self.member.keys[0]
        self.now = NOW

    @property
    def sw(self) -> str:
        return reference(ReferenceKind.ORGANISATION, self.member.organisation.id)

    def act(self, key=None):
        return an_act(self.ids, now=self.now, key=key or self.operator)

    def do(self, flow, *args, key=None, **kwargs):
        return self.store.run_now(lambda tx: flow(tx, *args, act=self.act(key), **kwargs))

    def bring(self, *rows: str, account: str = "main"):
        """Import rows "id amount text" of today."""
        text = HEADER
        for row in rows:
            name, amount, *words = row.split(" ")
            text += f"{name},2026-11-24,{amount},Somebody,{NUMBER},{' '.join(words)}\n"
        return self.do(import_bank_lines, text.encode(), bank_account=account, adapter=CsvLines())

    def line(self, *rows: str):
        return self.bring(*rows).lines[0]

    def stand(self) -> dict[str, str]:
        """What is in the accounts, in yuan; the ledger adds up or this fails."""
        check = self.store.read_now(check_ledger)
        assert check.balanced, check.problems
        custody, in_bank = self.store.read_now(bank.custody)
        assert custody.total == in_bank, "members' and the exchange's money is what is in the bank"
        home, exchange = self.member.organisation.id, self.exchange.organisation.id
        found = {}
        for owner, name in (
            (home, "available"), (exchange, "bank"), (exchange, "suspense"), (exchange, "fees"),
        ):  # fmt: skip
            account = self.store.read_now(lambda tx, o=owner, n=name: ledger.account_of(tx, o, n))
            if account.balance:
                found[name] = f"{account.balance.decimal():.2f}"
            if account.held:
                found["held"] = f"{account.held.decimal():.2f}"
        return found

    def hands(self, count: int):
        """More operators' keys."""
        return [
            replace(self.operator, key_id=KeyId(f"key_{n}"), member_id=None) for n in range(count)
        ]

    def own_account(self, key=None):
        new = NewAccount(name="Meridian Lab", bank="ICBC Beijing", number=NUMBER)
        return self.do(
            set_payout_account, new, seal=VAULT.seal_number, wait=WAIT, key=key or self.key
        )

    def paying(self, amount="40"):
        """A payout of a member that has 100, up to being sent to the bank."""
        self.bring(f"L1 100 {self.sw}")
        self.own_account()
        payout = self.do(request_payout, Money.parse(amount), key=self.key)
        batch = self.do(make_batch, vault=VAULT)
        one, two = self.hands(2)
        self.do(sign_batch, batch.id, batch.file_sha256, key=one)
        self.do(sign_batch, batch.id, batch.file_sha256, key=two)
        return self.do(send_batch, batch.id), self.payout(payout.id)

    def payout(self, payout_id):
        return self.store.read_now(lambda tx: payouts.payout(tx, payout_id))


@pytest.fixture
def desk(store):
    return Desk(store)


def test_a_payment_that_quotes_the_reference_is_available_and_the_same_file_counts_once(desk):
    first = desk.bring(f"L1 100.50 {written(desk.sw)}", "L2 7 thanks")
    again = desk.bring(f"L1 100.50 {written(desk.sw)}", "L2 7 thanks")
    assert (len(first.lines), len(again.lines), again.known) == (2, 0, 2)
    assert desk.stand() == {"available": "100.50", "bank": "-107.50", "suspense": "7.00"}
    with pytest.raises(BankLineReused):
        desk.bring("L2 8 thanks")
    assert desk.bring("L2 8 thanks", account="second").known == 0


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("thanks", "no-reference"),
        (reference(ReferenceKind.ORGANISATION, "org_" + "A" * 26), "reference-unknown"),
    ],
)
def test_what_names_nobody_goes_to_suspense(desk, text, doubt):
    line = desk.line(f"L1 5 {text}")
    assert (line.state, line.doubt) == ("suspense", doubt)
    assert desk.stand() == {"bank": "-5.00", "suspense": "5.00"}


def test_two_members_in_one_text_are_nobody(desk):
    other = desk.store.run_now(lambda tx: a_member(tx, desk.ids, name="Rival"))
    both = f"{desk.sw} {reference(ReferenceKind.ORGANISATION, other.organisation.id)}"
    assert desk.line(f"L1 5 {both}").doubt == "ambiguous"
    assert desk.line(f"L2 5 {desk.sw} {desk.sw}").state == "matched"


def test_money_for_one_that_has_only_applied_waits_until_it_is_verified(desk):
    new = NewOrganisation(name="New", state=MemberState.APPLIED, keys=keys_for((Role.BUYER,)))
    opened = desk.store.run_now(lambda tx: open_organisation(tx, new, act=an_act(desk.ids)))
    quoted = reference(ReferenceKind.ORGANISATION, opened.organisation.id)
    line = desk.line(f"L1 5 {quoted}")
    assert line.doubt == "member-not-verified"
    with pytest.raises(MemberNotVerified):
        desk.do(assign_bank_line, line.id, opened.organisation.id, reason="they called")
    assert desk.stand() == {"bank": "-5.00", "suspense": "5.00"}


def test_a_payment_booked_by_hand_is_matched_and_never_booked_twice(desk):
    request = TopUp(
        organisation_id=desk.member.organisation.id, amount=Money.parse("100"), reference="ICBC-7"
    )
    booked = desk.do(top_up, request)
    line = desk.line("ICBC-7 100 for compute")
    assert (line.target_kind, line.transfer_id) == ("top-up", booked.id)
    assert desk.stand() == {"available": "100.00", "bank": "-100.00"}
    desk.do(top_up, request)  # said again: still the same payment
    assert desk.line("X 100 icbc 7").doubt == "no-reference"  # its line has come already
    desk.line(f"ICBC-8 30 {desk.sw}")
    with pytest.raises(TopUpImported):
        desk.do(top_up, replace(request, reference="ICBC-8", amount=Money.parse("30")))
    assert desk.stand()["available"] == "130.00"


def test_an_amount_other_than_booked_by_hand_waits(desk):
    home = desk.member.organisation.id
    desk.do(top_up, TopUp(organisation_id=home, amount=Money.parse("100"), reference="R-1"))
    assert desk.line("R-1 99 x").doubt == "amount-differs"


@pytest.mark.parametrize(
    ("target", "after"),
    [
        ("member", {"available": "5.00", "bank": "-5.00"}),
        ("fees", {"fees": "5.00", "bank": "-5.00"}),
    ],
)
def test_suspense_is_assigned_by_hand_once(desk, target, after):
    line = desk.line("L1 5 hello")
    target = desk.member.organisation.id if target == "member" else target
    desk.do(assign_bank_line, line.id, target, reason="their letter")
    assert desk.stand() == after
    with pytest.raises(TransitionRefused):
        desk.do(assign_bank_line, line.id, target, reason="again")
    with pytest.raises(NotAllowed):
        desk.do(assign_bank_line, line.id, target, reason="x", key=desk.key)


def test_what_came_by_mistake_goes_back_when_its_line_out_comes(desk):
    line = desk.line("L1 5 hello")
    desk.do(send_back, line.id, reason="not ours")
    desk.do(keep_line, line.id, reason="wait")
    desk.do(send_back, line.id, reason="not ours after all")
    back = reference(ReferenceKind.RETURN, line.id)
    assert desk.line(f"L2 -4 {back}").doubt == "amount-differs"
    assert desk.line(f"L3 -5 {back}").state == "matched"
    assert desk.store.read_now(lambda tx: bank.line(tx, line.id)).state == "returned"
    assert desk.stand() == {}


def test_what_left_unexplained_is_unbooked_until_it_is_assigned(desk):
    desk.bring(f"L1 100 {desk.sw}", "L2 50 interest")
    interest = desk.store.read_now(lambda tx: bank.lines(tx, waiting=True))[0]
    desk.do(assign_bank_line, interest.id, "fees", reason="interest")
    charge = desk.line("L3 -2 charges")
    assert charge.state == "unbooked"
    report = desk.do(reconcile_bank, None).found
    assert (report.reconciles, str(report.unexplained)) == (False, "0.000000")
    with pytest.raises(LineTargetWrong):
        desk.do(assign_bank_line, charge.id, desk.member.organisation.id, reason="x")
    desk.do(assign_bank_line, charge.id, "fees", reason="account keeping")
    assert desk.do(reconcile_bank, None).found.reconciles
    assert desk.stand() == {"available": "100.00", "fees": "48.00", "bank": "-148.00"}


def test_a_payout_holds_then_leaves_when_the_bank_says_so(desk):
    batch, payout = desk.paying()
    assert (batch.state, payout.state) == ("sent", "sent")
    assert desk.stand() == {"available": "100.00", "held": "40.00", "bank": "-100.00"}
    data = desk.do(file_of_batch, batch.id, unseal=VAULT.unseal).decode()
    assert f"{payout.reference},Meridian Lab,ICBC Beijing,{NUMBER},40.00,CNY,2026-11-24" in data
    assert desk.line(f"L2 -41 {payout.reference}").doubt == "amount-differs"
    desk.line(f"L3 -40 {payout.reference}")
    assert desk.payout(payout.id).state == "paid"
    assert desk.stand() == {"available": "60.00", "bank": "-60.00"}
    assert desk.line(f"L4 -40 {payout.reference}").doubt == "state-wrong"
    desk.line(f"L5 40 returned {payout.reference}")
    assert desk.payout(payout.id).state == "returned"
    assert desk.stand() == {"available": "100.00", "bank": "-100.00"}
    assert desk.store.read_now(verify).findings == ()


def test_paid_and_returned_in_one_file(desk):
    _, payout = desk.paying()
    desk.bring(f"L2 -40 {payout.reference}", f"L3 40 {payout.reference}")
    assert desk.payout(payout.id).state == "returned"
    assert desk.stand() == {"available": "100.00", "bank": "-100.00"}


def test_a_payout_is_settled_by_hand_where_the_bank_lost_its_reference(desk):
    _, payout = desk.paying()
    out, back = desk.line("L2 -40 lost"), desk.line("L3 40 lost again")
    with pytest.raises(LineTargetWrong):
        desk.do(assign_bank_line, back.id, payout.id, reason="too early")
    desk.do(assign_bank_line, out.id, payout.id, reason="same day and amount")
    assert desk.stand() == {"available": "60.00", "bank": "-100.00", "suspense": "40.00"}
    desk.do(assign_bank_line, back.id, payout.id, reason="came back")
    assert desk.stand() == {"available": "100.00", "bank": "-100.00"}


@pytest.mark.parametrize(("cut_off", "day"), [("00:00", "2026-11-25"), ("23:59", "2026-11-24")])
def test_the_exchange_s_own_cut_off_says_on_which_bank_day_a_batch_goes_out(desk, cut_off, day):
    desk.bring(f"L1 100 {desk.sw}")
    desk.own_account()
    desk.do(request_payout, None, key=desk.key)
    cycle = SettlementCycle(payout_cutoff=time.fromisoformat(cut_off))
    batch = desk.do(make_batch, vault=VAULT, cycle=cycle)
    assert (str(batch.day), f"{batch.cut_off.astimezone(BEIJING):%H:%M}") == (day, cut_off)


def test_a_batch_takes_three_hands_and_the_exact_file(desk):
    desk.bring(f"L1 100 {desk.sw}")
    desk.own_account()
    desk.do(request_payout, None, key=desk.key)
    batch = desk.do(make_batch, vault=VAULT)
    one, two = desk.hands(2)
    named = replace(one, member_id=MemberId("mem_a"))
    with pytest.raises(ApprovedTwice):
        desk.do(sign_batch, batch.id, batch.file_sha256)
    with pytest.raises(ApprovalHashWrong):
        desk.do(sign_batch, batch.id, "0" * 64, key=one)
    desk.do(sign_batch, batch.id, batch.file_sha256, key=named)
    with pytest.raises(ApprovedTwice):
        desk.do(sign_batch, batch.id, batch.file_sha256, key=one)
    second = replace(two, member_id=MemberId("mem_a"))
    with pytest.raises(ApprovedBySamePerson):
        desk.do(sign_batch, batch.id, batch.file_sha256, key=second)
    with pytest.raises(TransitionRefused):
        desk.do(send_batch, batch.id)
    with pytest.raises(PayoutFileLocked):
        desk.do(file_of_batch, batch.id, unseal=VAULT.unseal)
    assert desk.do(sign_batch, batch.id, batch.file_sha256, key=two).state == "approved"


def test_a_discarded_batch_lets_its_payouts_wait_and_a_cancelled_one_lets_go(desk):
    desk.bring(f"L1 100 {desk.sw}")
    desk.own_account()
    payout = desk.do(request_payout, Money.parse("40"), key=desk.key)
    batch = desk.do(make_batch, vault=VAULT)
    with pytest.raises(TransitionRefused):
        desk.do(cancel_payout, payout.id, reason="no", key=desk.key)
    desk.do(discard_batch, batch.id, reason="wrong day")
    desk.do(cancel_payout, payout.id, reason="not needed", key=desk.key)
    assert desk.stand() == {"available": "100.00", "bank": "-100.00"}
    with pytest.raises(PayoutsNone):
        desk.do(make_batch, vault=VAULT)


def test_a_payout_that_the_bank_refused_lets_go(desk):
    _, payout = desk.paying()
    desk.do(fail_payout, payout.id, reason="account closed at the bank")
    assert desk.stand() == {"available": "100.00", "bank": "-100.00"}
    assert desk.line(f"L2 -40 {payout.reference}").doubt == "state-wrong"


def test_whom_a_payout_is_refused(desk):
    desk.bring(f"L1 100 {desk.sw}")
    new = NewAccount(name="Somebody Else", bank="ICBC", number=NUMBER)
    with pytest.raises(PayoutNameWrong):
        desk.do(set_payout_account, new, seal=VAULT.seal_number, wait=WAIT, key=desk.key)
    shown = desk.own_account()
    assert shown.number_masked == "****4567"
    with pytest.raises(FundsInsufficient):
        desk.do(request_payout, Money.parse("100.01"), key=desk.key)
    waiting = desk.do(request_payout, Money.parse("10"), key=desk.key)
    desk.own_account()
    with pytest.raises(PayoutAccountWaits):
        desk.do(request_payout, Money.parse("1"), key=desk.key)
    assert [(p.id, why) for p, why in desk.do(waiting_payouts)] == [(waiting.id, "account-waits")]
    desk.now += WAIT
    home = desk.member.organisation.id
    desk.do(change_membership, home, MemberEvent.SUSPEND, reason="under review")
    with pytest.raises(MemberSuspended):
        desk.do(request_payout, Money.parse("1"), key=desk.key)
    with pytest.raises(PayoutsNone):
        desk.do(make_batch, vault=VAULT)
    assert desk.do(waiting_payouts)[0][1] == "member-suspended"


def test_the_exchange_takes_its_fees_out_by_the_same_path(desk):
    line = desk.line("L1 5 interest")
    desk.do(assign_bank_line, line.id, "fees", reason="interest")
    new = NewAccount(name="Exchange", bank="ICBC", number=NUMBER)
    desk.do(set_payout_account, new, seal=VAULT.seal_number, wait=WAIT)
    payout = desk.do(request_payout, None)
    assert (payout.source, str(payout.amount)) == ("fees", "5.000000")
    assert desk.stand() == {"fees": "5.00", "held": "5.00", "bank": "-5.00"}


@pytest.mark.parametrize(
    ("beijing", "day"),
    [
        ("2026-11-27T15:59", "2026-11-27"),  # Friday, before the cut-off
        ("2026-11-27T16:00", "2026-11-30"),
        ("2026-11-28T09:00", "2026-11-30"),
        ("2026-09-30T17:00", "2026-10-08"),  # the holiday of the National Day
        ("2026-10-10T09:00", "2026-10-10"),  # a Saturday that makes up for it
    ],
)
def test_a_batch_goes_out_on_a_bank_day(desk, beijing, day):
    desk.now = datetime.fromisoformat(beijing + "+08:00").astimezone(UTC)
    desk.bring(f"L1 100 {desk.sw}")
    desk.own_account()
    desk.do(request_payout, Money.parse("1"), key=desk.key)
    assert str(desk.do(make_batch, vault=VAULT).day) == day


def test_reconciling_lists_what_is_on_its_way(desk):
    home = desk.member.organisation.id
    desk.do(top_up, TopUp(organisation_id=home, amount=Money.parse("20"), reference="R-9"))
    desk.bring("L1 5 hello")
    report = desk.do(reconcile_bank, None).found
    listed = sorted((i.kind.value, str(i.amount)) for i in report.items)
    assert listed == [("suspense", "5.000000"), ("top-up", "20.000000")]
    assert report.reconciles
    desk.now += timedelta(days=9)
    assert not desk.do(reconcile_bank, None).found.reconciles
    desk.bring("R-9 20 x")
    assert desk.do(reconcile_bank, None).found.reconciles


def test_a_gap_between_the_banks_balances_is_told(desk):
    head = HEADER.strip() + ",balance\n"
    first = head + f"A,2026-11-24,5,S,,x,105\nB,2026-11-24,5,S,,{desk.sw},110\n"
    third = head + "D,2026-11-24,1,S,,x,114\n"
    for text in (third, first):
        desk.do(import_bank_lines, text.encode(), bank_account="main", adapter=CsvLines())
    report = desk.do(reconcile_bank, None).found
    assert (report.gaps, report.reconciles) == (1, False)
    missing = head + "C,2026-11-24,3,S,,x,113\n"
    desk.do(import_bank_lines, missing.encode(), bank_account="main", adapter=CsvLines())
    report = desk.do(reconcile_bank, None).found
    assert (report.gaps, str(report.opening), str(report.unexplained)) == (
        0, "100.000000", "100.000000",
    )  # fmt: skip


ROWS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from(["5", "7.01", "-5", "-3"]),
        st.sampled_from(["", "hello", "member", "payout", "hand"]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row[0],
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_comes_nothing_is_booked_twice_and_custody_holds(desk, data):
    # The desk lives through all examples: line ids are counted on, so that lines are fresh.
    round_ = next(desk.ids._numbers)
    home = desk.member.organisation.id
    hand = TopUp(organisation_id=home, amount=Money.parse("5"), reference=f"HAND-{round_}")
    words = {"member": desk.sw, "payout": reference(ReferenceKind.PAYOUT, "pay_" + "0" * 26)}
    words["hand"] = hand.reference
    rows = data.draw(ROWS)
    before = desk.store.read_now(bank.custody)[1]
    if data.draw(st.booleans()):
        desk.do(top_up, hand)
    written_rows = [f"L{round_}-{n} {amount} {words.get(w, w)}" for n, amount, w in rows]
    for _ in range(data.draw(st.integers(1, 3))):
        desk.bring(*data.draw(st.permutations(written_rows)))
        desk.stand()
    for line in desk.store.read_now(lambda tx: bank.lines(tx, waiting=True)):
        if line.line.amount.units > 0 and data.draw(st.booleans()):
            desk.do(assign_bank_line, line.id, home, reason="drawn")
            desk.stand()
    report = desk.do(reconcile_bank, None).found
    assert not report.unexplained
    came = sum(Money.parse(amount).units for _, amount, _ in rows if amount[0] != "-")
    by_hand = desk.store.read_now(
        lambda tx: bank.top_ups_open(tx, before=NOW + WAIT, day=NOW.date())
    )
    waits = sum(t.amount.units for t in by_hand if t.reference_key == f"HAND{round_}")
    assert desk.store.read_now(bank.custody)[1].units - before.units == came + waits
