"""Balances before any instant, and month close, against sums that are taken apart from them."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from tests.builders import Ids, a_member, an_act, an_exchange

from suanwang.basics.ids import TransferId
from suanwang.basics.money import Money
from suanwang.basics.slots import Slot, format_instant
from suanwang.flows import close_month as flow
from suanwang.flows.close_month import close_month
from suanwang.flows.timing import Timing
from suanwang.ledger.closing import Month, statement_id
from suanwang.ledger.errors import PeriodClosed, StatementUnbalanced
from suanwang.ledger.transfers import Rest, TransferKind, expire, hold, move, post, release
from suanwang.store import closings, evidence, ledger, past
from suanwang.store.verify.books import check_books

START = datetime(2026, 10, 20, tzinfo=UTC)
NOVEMBER = Month(2026, 11).slot.start
DECEMBER = Month(2026, 12).slot.start
LATE = datetime(2027, 1, 20, tzinfo=UTC)


class Books:
    """An exchange and some members, and a history of moves and holds over three months."""

    def __init__(self, store, *, seed=1, members=5, days=75):
        self.store, self.ids, self.dice = store, Ids(), random.Random(seed)
        exchange = store.run_now(lambda tx: an_exchange(tx, self.ids))
        self.members = [
            store.run_now(lambda tx, n=n: a_member(tx, self.ids, name=f"Member {n}"))
            for n in range(members)
        ]
        by_name = {a.name: a.id for a in exchange.accounts}
        self.exchange, self.bank, self.fees = exchange, by_name["bank"], by_name["fees"]
        self.accounts = [m.accounts[0].id for m in self.members]
        self.at = START
        self.open = []
        for account in self.accounts[:-1]:  # the last one never moves
            self.post(move(self.id(), Money(10_000), debit=self.bank, credit=account, at=self.at))
        for _ in range(days):
            self.at += timedelta(hours=self.dice.randrange(1, 30))
            self.live()

    def id(self):
        return self.ids(TransferId)

    def post(self, *transfers):
        return self.store.run_now(lambda tx: ledger.post(tx, transfers))

    def live(self):
        one, other = self.dice.sample(self.accounts[:-1], 2)
        amount = Money(self.dice.randrange(1, 50))
        match self.dice.randrange(5):
            case 0:
                self.post(move(self.id(), amount, debit=one, credit=other, at=self.at))
            case 1 | 2:
                held = hold(
                    self.id(), amount, debit=one, credit=self.fees, at=self.at,
                    expires_at=self.at + timedelta(days=self.dice.randrange(1, 40)),
                )  # fmt: skip
                self.post(held)
                self.open.append([held.id, amount.units, held.expires_at])
            case 3:
                self.use()
            case 4:
                self.end()

    def use(self):
        for one in self.dice.sample(self.open, min(len(self.open), 1)):
            hold_id, left, until = one
            if self.at >= until:
                continue
            units, rest = self.dice.randrange(1, left + 1), self.dice.choice(list(Rest))
            self.post(post(self.id(), hold_id, amount=Money(units), rest=rest, at=self.at))
            one[1] -= units
            if not one[1] or rest is Rest.RELEASE:
                self.open.remove(one)

    def end(self):
        for one in self.dice.sample(self.open, min(len(self.open), 1)):
            hold_id, left, until = one
            if self.at >= until:
                self.post(expire(self.id(), hold_id, at=self.at))
                self.open.remove(one)
                continue
            units = self.dice.randrange(1, left + 1)
            self.post(release(self.id(), hold_id, amount=Money(units), at=self.at))
            one[1] -= units
            if not one[1]:
                self.open.remove(one)

    def history(self):
        """Every account's (at, balance, held) after each transfer, by its own arithmetic."""
        rows = self.store.read_now(
            lambda tx: [
                ledger.transfer(tx, r["id"]) for r in tx.all(
                    "log_transfers_after", after=0, until=2**62, limit=10_000)
            ]
        )  # fmt: skip
        ends = {}
        for t in rows:
            if t.pending_id is not None:
                ends[t.pending_id] = t.id
        still_open = {each[0] for each in self.open}
        balance, held, left = defaultdict(int), defaultdict(int), {}
        told = []
        for t in rows:
            units = t.amount.units
            if t.kind in (TransferKind.POSTED, TransferKind.POST):
                balance[t.debit] -= units
                balance[t.credit] += units
            if t.kind is TransferKind.PENDING:
                left[t.id], held[t.debit] = units, held[t.debit] + units
            elif t.pending_id is not None:
                last = ends[t.pending_id] == t.id and t.pending_id not in still_open
                freed = left[t.pending_id] if last else units
                left[t.pending_id] -= freed
                held[t.debit] -= freed
            told.append((t.at, dict(balance), dict(held)))
        return told

    def expected_at(self, instant):
        balance, held = {}, {}
        for at, *then in self.history():
            if at < instant:
                balance, held = then
        return {a: (balance.get(a, 0), held.get(a, 0)) for a in self.accounts}

    def found_at(self, instant):
        def look(tx):
            accounts = [ledger.account(tx, a) for a in self.accounts]
            return {
                a.id: (a.balance_units, a.held_units)
                for a in past.balances_at(tx, accounts, instant)
            }

        return self.store.read_now(look)

    def close(self, *, now=LATE, steps=10**6):
        did = 0
        while did < steps and self.step(now):
            did += 1
        return did

    def step(self, now=LATE):
        act = an_act(self.ids, now=now)
        return self.store.run_now(lambda tx: close_month(tx, act=act, timing=Timing()))

    def statements(self, month):
        return self.store.read_now(
            lambda tx: closings.statements(tx, [*self.accounts, self.bank, self.fees], month)
        )


@pytest.fixture
def books(store):
    return Books(store)


def moments(books):
    ends = [START - timedelta(days=1), START, NOVEMBER, DECEMBER, LATE]
    return ends + [START + timedelta(days=n, hours=7 * n % 24) for n in range(0, 75, 5)]


def test_balances_and_holds_at_any_instant_are_those_of_then(books):
    before = {at: books.found_at(at) for at in moments(books)}
    assert before == {at: books.expected_at(at) for at in before}
    assert len({str(one) for one in before.values()}) > 10
    books.close()
    # Told from the frozen statements now, and no different.
    assert {at: books.found_at(at) for at in before} == before


def test_months_are_closed_in_turn_and_their_statements_lead_from_one_to_the_next(books):
    assert books.close(now=NOVEMBER + timedelta(days=5) - timedelta(seconds=1)) == 0
    books.close()
    months = [Month(2026, 10), Month(2026, 11), Month(2026, 12)]
    assert books.store.read_now(closings.closed_months)[0].month == months[-1]
    for month in months:
        said = books.statements(month)
        for account in books.accounts[:-1]:
            one = said[account]
            assert one.opening + one.credits - one.debits == one.closing
            then = books.expected_at(month.slot.end)[account]
            assert (one.closing.units, one.held.units) == then
            if month is not months[0]:
                assert books.statements(month.previous)[account].closing == one.opening
        assert sum(one.closing.units for one in said.values()) == 0
        assert books.accounts[-1] not in said  # it neither moved nor held anything


def test_a_statement_hashes_every_entry_so_that_its_owner_can_check_it(books):
    books.close()
    account, month = books.accounts[0], Month(2026, 11)
    shown, more = books.store.read_now(lambda tx: past.statement(tx, account, month.slot))
    assert more is None
    digest = sha256(
        "".join(
            f"{line.entry.transfer_id} {format_instant(line.entry.at)} {line.entry.amount}\n"
            for line in shown.lines
        ).encode()
    )
    said = books.statements(month)[account]
    assert said.entries == len(shown.lines) > 3
    assert said.entries_sha256 == digest.hexdigest()
    assert (said.opening, said.closing) == (shown.opening, shown.closing)


def test_a_closed_month_takes_no_entry_and_every_step_is_on_record(books, monkeypatch):
    monkeypatch.setattr(flow, "ACCOUNTS_MAX", 4)
    assert books.close(now=NOVEMBER + timedelta(days=5)) > 4
    late = move(
        books.id(), Money(1), debit=books.bank, credit=books.accounts[0],
        at=NOVEMBER - timedelta(microseconds=1),
    )  # fmt: skip
    with pytest.raises(PeriodClosed):
        books.post(late)
    books.post(replace(late, at=NOVEMBER))
    (done,) = books.store.read_now(closings.closed_months)
    records = books.store.read_now(
        lambda tx: [e for e in evidence.after(tx, 0) if e.kind == "closing"]
    )
    assert [e.id for e in records[:3]] == ["2026-10#frozen", "2026-10#000001", "2026-10#000002"]
    assert records[-1].id == "2026-10"
    assert done.progress.statements == len(books.statements(Month(2026, 10)))
    assert done.progress.accounts == 3 * 5 + len(books.exchange.accounts)


@pytest.mark.parametrize("batch", [1, 3])
def test_however_the_work_is_cut_the_statements_are_the_same(store, monkeypatch, batch):
    books = Books(store)
    monkeypatch.setattr(flow, "ACCOUNTS_MAX", batch)
    monkeypatch.setattr(closings, "ENTRIES_MAX", 3)  # most accounts are read in parts
    books.close()
    for month in (Month(2026, 10), Month(2026, 11)):
        for account in books.accounts[:-1]:
            then = books.expected_at(month.slot.end)[account]
            one = books.statements(month)[account]
            assert (one.closing.units, one.held.units) == then
            shown, _ = store.read_now(lambda tx, a=account, m=month: past.statement(tx, a, m.slot))
            assert one.entries == len(shown.lines)


def test_rows_that_were_changed_by_hand_stop_the_close_by_name(books):
    account = books.accounts[0]
    books.store.run_now(
        lambda tx: tx.script(
            [f"UPDATE accounts SET balance_units = balance_units + 1 WHERE id = '{account}'"]
        )
    )
    with pytest.raises(StatementUnbalanced, match=account):
        books.close()
    # Nothing half done: the month is frozen, no statement is there.
    assert books.statements(Month(2026, 10)) == {}


def test_a_ledger_without_transfers_has_nothing_to_close(store):
    act = an_act(now=LATE)
    assert store.run_now(lambda tx: close_month(tx, act=act, timing=Timing())) == 0


def test_a_statement_goes_on_where_its_page_ended(books):
    account = books.accounts[1]
    period = Slot(START, LATE)
    whole, _ = books.store.read_now(lambda tx: past.statement(tx, account, period))
    lines, place = [], None
    while True:
        page, place = books.store.read_now(
            lambda tx, p=place: past.statement(tx, account, period, after=p, limit=4)
        )
        assert len(page.lines) <= 4
        assert (page.opening, page.closing) == (whole.opening, whole.closing)
        lines += page.lines
        if place is None:
            break
    assert tuple(lines) == whole.lines
    assert len(lines) > 8


def test_statements_are_listed_for_their_owner_newest_first(books):
    books.close()
    owner = books.members[0].organisation.id
    listed = books.store.read_now(lambda tx: closings.statements_of(tx, owner))
    assert [str(one.month) for _, one in listed] == ["2026-12", "2026-11", "2026-10"]
    (only,) = books.store.read_now(
        lambda tx: closings.statements_of(tx, owner, month=Month(2026, 11))
    )
    assert only[1].id == statement_id(books.accounts[0], Month(2026, 11))
    older = books.store.read_now(lambda tx: closings.statements_of(tx, owner, before=listed[0][0]))
    assert older == listed[1:]


ONE = "(SELECT id FROM evidence WHERE kind = 'statement' ORDER BY id LIMIT 1)"
TAMPERS = {
    "nothing": ("UPDATE evidence SET at = at", None),
    "a statement's closing": (
        f"""UPDATE evidence SET record = REPLACE(record, '"entries":', '"entries":1')
            WHERE kind = 'statement' AND id = {ONE}""",
        "statement-wrong",
    ),
    "a statement": (f"DELETE FROM evidence WHERE kind = 'statement' AND id = {ONE}", "statement-wrong"),
    "an amount": (
        """UPDATE transfers SET amount_units = amount_units + 1
           WHERE seq = (SELECT MIN(seq) FROM transfers)""",
        "statement-wrong",
    ),
    "a time": (
        """UPDATE transfers SET at = at + 1 WHERE seq = (SELECT MIN(seq) FROM transfers)""",
        "statement-wrong",
    ),
    "a month's digest": (
        """UPDATE evidence SET record = REPLACE(record, '"statements_sha256":"', '"statements_sha256":"0')
           WHERE kind = 'closing' AND id = '2026-11'""",
        "closing-wrong",
    ),
    "a date back into a closed month": (
        """UPDATE transfers SET at = 1 WHERE seq = (SELECT MAX(seq) FROM transfers)""",
        "period-closed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERS)
def test_whoever_changes_what_is_closed_is_found(books, what):
    books.close(now=DECEMBER + timedelta(days=5))
    books.post(move(books.id(), Money(1), debit=books.bank, credit=books.accounts[0], at=LATE))
    damage, rule = TAMPERS[what]
    books.store.run_now(lambda tx: tx.script([damage]))
    rules = [each.rule for each in books.store.read_now(lambda tx: list(check_books(tx)))]
    assert (rules[0] if rules else None) == rule
