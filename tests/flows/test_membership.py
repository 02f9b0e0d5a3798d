"""Members apply, are verified, suspended, reinstated, closed; money moves as each state lets it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.builders import NOW, Ids, a_member, an_act, an_exchange

from suanwang.basics.errors import Invalid, NotAllowed, NotFound
from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.lifecycle import TransitionRefused
from suanwang.basics.money import BUDGET, Money
from suanwang.flows.change_membership import Verification, change_membership, verify_member
from suanwang.flows.identity_errors import ExchangeNoMember, MemberNotEmpty
from suanwang.flows.open_organisation import NewOrganisation, open_organisation
from suanwang.flows.top_up import TopUp, top_up
from suanwang.ledger.accounts import Account, AccountName
from suanwang.ledger.errors import CreditCodeWrong, MemberNotVerified, MemberSuspended
from suanwang.ledger.membership import MemberEvent, MemberState
from suanwang.ledger.transfers import hold, move, post, release
from suanwang.store import evidence, identity, ledger, outbox, records

CODE = "91330100799655058B"
SHA = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
YUAN = Money.parse


def seen(**changes) -> Verification:
    facts = {
        "registration_number": CODE,
        "legal_representative": "Lin Yue",
        "documents": {"licence.pdf": SHA},
    }
    return Verification(**facts | changes)


class Club:
    """An exchange, its operator, and one member that has only applied."""

    def __init__(self, store):
        self.store, self.ids = store, Ids()
        exchange = store.run_now(lambda tx: an_exchange(tx, self.ids))
        self.exchange, self.operator = exchange.organisation.id, exchange.keys[0]
        new = NewOrganisation(name="Yunlan", state=MemberState.APPLIED)
        self.opened = self.do(open_organisation, new)
        self.id = self.opened.organisation.id
        self.other = store.run_now(lambda tx: a_member(tx, self.ids, name="Other")).organisation.id

    def do(self, flow, *args, key=None, **named):
        act = an_act(self.ids, key=key or self.operator)
        return self.store.run_now(lambda tx: flow(tx, *args, act=act, **named))

    def verify(self, **changes):
        return self.do(verify_member, self.id, seen(**changes))

    def change(self, event, reason="seen"):
        return self.do(change_membership, self.id, event, reason=reason)

    def pay_in(self, amount, reference="b1"):
        new = TopUp(organisation_id=self.id, amount=YUAN(amount), reference=reference)
        return self.do(top_up, new)

    def account(self, name=AccountName.AVAILABLE, owner=None):
        return self.store.read_now(lambda tx: ledger.account_of(tx, owner or self.id, name))

    def post(self, *transfers):
        return self.store.run_now(lambda tx: ledger.post(tx, transfers))

    def between(self, kind, amount, *, back=False, **named):
        ends = [self.account().id, self.account(owner=self.other).id]
        debit, credit = ends[::-1] if back else ends
        return kind(self.ids(TransferId), YUAN(amount), debit=debit, credit=credit, at=NOW, **named)

    def state(self):
        return self.store.read_now(lambda tx: identity.organisation(tx, self.id)).state

    def word(self, number=1):
        name = self.id if number == 1 else f"{self.id}#{number}"
        return self.store.read_now(lambda tx: evidence.find(tx, "party", name)).record


@pytest.fixture
def club(store):
    return Club(store)


def test_who_has_only_applied_moves_no_money(club):
    with pytest.raises(MemberNotVerified, match="applied"):
        club.pay_in("10")
    club.verify()
    club.pay_in("10")
    assert club.account().balance == YUAN("10")


def test_a_verification_is_kept_as_evidence_with_what_was_seen(club):
    assert club.word()["state"] == "applied"
    club.verify(registration_number=CODE.lower())
    word = club.word(2)
    assert (word["event"], word["state"]) == ("verify", "verified")
    assert word["registration_number"] == CODE
    assert word["legal_representative"] == "Lin Yue"
    assert word["documents"] == [{"name": "licence.pdf", "sha256": SHA}]
    assert word["by"] == club.operator.key_id


def test_the_operator_who_lets_a_member_in_vouches_for_it_and_its_keys_are_named(club):
    opened = club.store.run_now(lambda tx: a_member(tx, club.ids, name="Vouched"))
    name = opened.organisation.id
    word = club.store.read_now(lambda tx: evidence.find(tx, "party", name)).record
    assert (word["event"], word["state"]) == ("open", "verified")
    assert word["keys"] == [{"key_id": opened.keys[0].key_id, "role": "buyer"}]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"registration_number": "91330100799655058C"}, CreditCodeWrong),
        ({"legal_representative": "  "}, Invalid),
        ({"documents": {}}, Invalid),
        ({"documents": {"licence.pdf": SHA.upper()}}, Invalid),
        ({"documents": {"licence.pdf": "2cf2"}}, Invalid),
        ({"documents": {f"{n}.pdf": SHA for n in range(21)}}, Invalid),
    ],
)
def test_a_verification_that_shows_too_little_changes_nothing(club, changes, refusal):
    with pytest.raises(refusal):
        club.verify(**changes)
    assert club.state() == "applied"


def test_a_suspended_member_spends_nothing_new_but_what_is_held_goes_on(club):
    club.verify()
    club.pay_in("10")
    held, spare = club.between(hold, "4"), club.between(hold, "3")
    club.post(held, spare)
    club.change(MemberEvent.SUSPEND)
    for kind in (move, hold):
        with pytest.raises(MemberSuspended):
            club.post(club.between(kind, "1"))
    at = NOW + timedelta(minutes=1)
    club.post(
        post(club.ids(TransferId), held.id, amount=YUAN("4"), at=at),
        release(club.ids(TransferId), spare.id, at=at),
    )
    club.post(club.between(move, "2", back=True))  # what it earns still arrives
    assert club.account().available == YUAN("8")
    club.change(MemberEvent.REINSTATE)
    club.post(club.between(move, "1"))
    assert club.account().available == YUAN("7")


V, S, C = MemberState.VERIFIED, MemberState.SUSPENDED, MemberState.CLOSED


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ("verify", V),
        ("refuse", C),
        ("verify suspend", S),
        ("verify suspend reinstate", V),
        ("verify close", C),
        ("verify suspend close", C),
    ],
)
def test_a_membership_goes_where_its_table_says(club, events, end):
    for event in events.split():
        club.verify() if event == "verify" else club.change(MemberEvent(event))
    assert club.state() == end
    assert club.word(len(events.split()) + 1)["state"] == end


@pytest.mark.parametrize(
    "events", ["suspend", "reinstate", "close", "verify refuse", "refuse verify", "verify verify"]
)
def test_what_the_table_does_not_have_is_refused(club, events):
    *before, last = events.split()
    for event in before:
        club.verify() if event == "verify" else club.change(MemberEvent(event))
    state = club.state()
    with pytest.raises(TransitionRefused):
        club.verify() if last == "verify" else club.change(MemberEvent(last))
    assert club.state() == state


def test_a_member_with_money_is_not_closed(club):
    club.verify()
    club.pay_in("10")
    with pytest.raises(MemberNotEmpty, match="available 10"):
        club.change(MemberEvent.CLOSE)
    club.post(club.between(move, "10"))
    club.change(MemberEvent.CLOSE)
    with pytest.raises(MemberNotVerified, match="closed"):
        club.pay_in("1", "b2")


def test_what_budgets_have_counted_holds_no_member_back(club):
    club.verify()
    counted = [
        Account(id=club.ids(AccountId), organisation_id=club.id, name=name, asset=BUDGET,
                floor_units=None)
        for name in ("budget:one", "counter")
    ]  # fmt: skip
    for each in counted:
        club.store.run_now(lambda tx, each=each: ledger.open_account(tx, each, at=NOW))
    spent = Money(16_000, BUDGET)
    club.post(move(club.ids(TransferId), spent, debit=counted[0].id, credit=counted[1].id, at=NOW))
    club.change(MemberEvent.CLOSE)
    assert club.state() == "closed"


def test_only_operators_say_it_and_each_time_is_recorded(club):
    club.verify()
    member = club.store.run_now(lambda tx: a_member(tx, club.ids, name="Third"))
    with pytest.raises(NotAllowed):
        club.do(change_membership, club.id, MemberEvent.SUSPEND, reason="x", key=member.keys[0])
    with pytest.raises(Invalid, match="reason"):
        club.change(MemberEvent.SUSPEND, reason=" ")
    assert club.state() == "verified"
    club.change(MemberEvent.SUSPEND, reason="unpaid")
    newest = club.store.read_now(records.records_before)[0]
    assert newest.action == "suspend-member"
    assert newest.body == {"organisation_id": club.id, "reason": "unpaid"}
    club.store.run_now(outbox.assign_sequence)
    events = club.store.read_now(lambda tx: outbox.events_after(tx, 0, organisation_id=club.id))
    assert [each.kind for each in events].count("organisation.changed") == 2


def test_neither_the_exchange_nor_nobody_is_a_member(club):
    with pytest.raises(ExchangeNoMember):
        club.do(change_membership, club.exchange, MemberEvent.SUSPEND, reason="x")
    with pytest.raises(NotFound):
        club.do(change_membership, "org_none", MemberEvent.SUSPEND, reason="x")


def test_organisations_from_before_there_were_states_count_as_verified(club):
    club.verify()
    club.store.run_now(
        lambda tx: identity.set_organisation_state(
            tx,
            identity.Organisation(
                id=club.id,
                name="x",
                kind=identity.OrganisationKind.MEMBER,
                state="open",
                created_at=NOW,
            ),
        )
    )
    club.pay_in("1")
    club.change(MemberEvent.SUSPEND)
    assert club.state() == "suspended"
