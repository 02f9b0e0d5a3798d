"""The books over the API: the past, pages of a statement, closed months, credit limits."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from tests.server.world import SPEC

from suanwang.basics.ids import TransferId
from suanwang.basics.money import Money
from suanwang.basics.slots import format_instant, to_micros
from suanwang.ledger.closing import Month
from suanwang.ledger.errors import PeriodClosed
from suanwang.ledger.transfers import move
from suanwang.store import identity, ledger


@pytest.fixture
def books(world):
    """The lab has paid a fee on each of 28 days of the month before last."""
    month = Month.of(world.parts.clock()).previous.previous
    # The world was opened just now; here it was opened when that month began.
    began = to_micros(month.slot.start)
    world.store.run_now(lambda tx: tx.script([f"UPDATE transfers SET at = {began}"]))
    accounts = world.store.read_now(lambda tx: by_name(tx, world.lab))
    exchange = world.store.read_now(identity.exchange)
    fees = world.store.read_now(lambda tx: by_name(tx, exchange.id))["fees"]
    paid = [
        move(
            world.parts.act().new_id(TransferId), Money.parse("1.5"),
            debit=accounts["available"], credit=fees, at=month.slot.start + timedelta(days=day, hours=1),
            memo={"what": "fee"},
        )
        for day in range(28)
    ]  # fmt: skip
    world.store.run_now(lambda tx: ledger.post(tx, paid))
    world.month, world.account = month, accounts["available"]
    return world


def by_name(tx, organisation_id):
    return {each.name: each.id for each in ledger.accounts_of(tx, organisation_id)}


def balance(world, caller=None, **params):
    found = (caller or world.buyer).get("/accounts", **params).ok()["items"]
    return {each["name"]: each["balance"] for each in found}["available"]


def test_accounts_are_shown_as_they_stood_at_an_instant(books):
    start, end = books.month.slot.start, books.month.slot.end
    told = [
        balance(books, at=format_instant(at))
        for at in (start, start + timedelta(microseconds=1), start + timedelta(days=10), end)
    ]
    assert told == ["0.00", "1000.00", "985.00", "958.00"]
    assert balance(books) == "958.00"
    books.turn()
    assert balance(books, at=format_instant(start + timedelta(days=10))) == "985.00"
    assert balance(books, at=format_instant(end)) == "958.00"
    books.buyer.get("/accounts", at="yesterday").refused(422, "instant-unreadable")


def test_a_hold_of_then_is_shown_with_the_balance_of_then(books):
    before = format_instant(books.parts.clock())
    books.centre()
    books.buyer.submit(**SPEC)
    books.turn()
    now = {a["name"]: a for a in books.buyer.get("/accounts").ok()["items"]}["available"]
    then = books.buyer.get("/accounts", at=before).ok()["items"]
    assert now["held"] != "0.00"
    assert {a["held"] for a in then} == {"0.00"}


def test_a_statement_comes_in_pages_that_join_up(books):
    period = {"from": format_instant(books.month.slot.start),
              "to": format_instant(books.month.slot.end)}  # fmt: skip
    whole = books.buyer.get("/statement", **period).ok()
    assert (whole["opening"], whole["closing"], len(whole["items"])) == ("0.00", "958.00", 29)
    items, cursor = [], {}
    while True:
        page = books.buyer.get("/statement", **period, limit=9, **cursor).ok()
        assert (page["opening"], page["closing"]) == ("0.00", "958.00")
        items += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert items == whole["items"]
    books.buyer.get("/statement", cursor="bm8").refused(422, "cursor-unreadable")
    books.buyer.get("/statement", currency="XAU").refused(404, "not-found")


def test_a_closed_month_is_listed_and_its_statements_can_be_recomputed(books):
    assert books.buyer.get("/closings").ok()["items"] == []
    books.turn()
    months = books.buyer.get("/closings").ok()["items"]
    assert str(books.month) in {each["month"] for each in months}
    assert all(each["statements"] is not None for each in months)
    (said,) = books.buyer.get("/statements", month=str(books.month)).ok()["items"]
    assert (said["credits"], said["debits"], said["closing"]) == ("1000.00", "42.00", "958.00")
    shown = books.buyer.get(
        "/statement", **{"from": format_instant(books.month.slot.start),
                         "to": format_instant(books.month.slot.end)}
    ).ok()["items"]  # fmt: skip
    lines = "".join(f"{e['transfer_id']} {e['at']} {e['amount']}0000\n" for e in shown)
    assert said["entries_sha256"] == sha256(lines.encode()).hexdigest()
    path = f"/statements/{books.account}/{books.month}"
    assert books.buyer.get(path).ok() == said
    assert books.operator.get(path).ok() == said
    books.other.get(path).refused(404, "not-found")
    others = books.other.get("/statements", month=str(books.month)).ok()["items"]
    assert {each["organisation_id"] for each in others} == {books.rival}
    assert books.operator.get("/statements", organisation_id=books.lab).ok()["items"] != []
    books.buyer.get(f"/statements/{books.account}/2026").refused(422, "invalid")
    books.buyer.get(f"/statements/{books.account}/1999-01").refused(404, "not-found")


def test_what_is_dated_in_a_closed_month_is_refused(books):
    books.turn()
    late = move(
        books.parts.act().new_id(TransferId), Money(1), debit=books.account,
        credit=next(iter(books.store.read_now(lambda tx: by_name(tx, books.rival)).values())),
        at=books.month.slot.start,
    )  # fmt: skip
    with pytest.raises(PeriodClosed):
        books.store.run_now(lambda tx: ledger.post(tx, [late]))


def test_a_credit_limit_is_set_shown_and_only_by_operators(world):
    asked = {"organisation_id": world.lab, "amount": "250.5"}
    world.buyer.post("/credit-limits", asked).refused(403, "not-allowed")
    made = world.operator.post("/credit-limits", asked).ok()
    assert (made["credit_limit"], made["balance"]) == ("250.50", "1000.00")
    limits = {a["name"]: a["credit_limit"] for a in world.buyer.get("/accounts").ok()["items"]}
    assert limits["available"] == "250.50"
    assert limits["receivable"] == "0.00"
    operator = world.operator
    operator.post("/credit-limits", asked | {"amount": "-1"}).refused(422, "invalid")
    operator.post("/credit-limits", asked | {"currency": "USD"}).refused(404, "not-found")
    operator.post("/credit-limits", asked | {"amount": "1e999"}).refused(422, "amount-unreadable")
    assert operator.post("/credit-limits", asked | {"account": "fees"}).status == 422


def test_the_bank_has_no_limit(world):
    found = world.operator.get("/accounts").ok()["items"]
    assert {a["name"]: a["credit_limit"] for a in found}["bank"] is None
