"""Budgets: what they let through, what they stop, and that they mirror the jobs' money exactly."""

from __future__ import annotations

import ast
import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.flows.builders import World, a_spec, a_world

from suanwang.basics.errors import NotAllowed, NotFound
from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Slot
from suanwang.flows import loops, show_budgets
from suanwang.flows.act import Role
from suanwang.flows.add_member import add_member
from suanwang.flows.correct_budgets import correct_budgets
from suanwang.flows.export import Form, first_piece, wanted_by
from suanwang.flows.issue_credit_note import NewCreditNote, Payer, issue_credit_note
from suanwang.flows.issue_key import NewKey, issue_key
from suanwang.flows.set_budget import NewBudget, remove_budget, set_budget
from suanwang.ledger.budgets import (
    BudgetExceeded,
    BudgetHourTooDear,
    BudgetJobTooDear,
    BudgetKeyBound,
    BudgetMalformed,
    BudgetRemoved,
    Stop,
)
from suanwang.ledger.closing import Month
from suanwang.store import evidence, outbox
from suanwang.store.verify.whole import verify

FLOWS = Path(__file__).parents[2] / "src" / "suanwang" / "flows"


class Books:
    """A world with a buyer, and a member's key in a project of its own."""

    def __init__(self, store: Any, **kwargs: Any) -> None:
        self.world: World = a_world(store, **kwargs)
        self.owner = self.world.buyer.organisation_id
        self.li = self.world.run(
            lambda tx, act: add_member(tx, OrganisationId(self.owner), "Li Lei", act=act),
            self.world.operator,
        )
        new = NewKey(role=Role.BUYER, secret_hash="x" * 64, project="vision", member_id=self.li.id)
        self.key = self.world.run(
            lambda tx, act: issue_key(tx, OrganisationId(self.owner), new, act=act),
            self.world.operator,
        )

    def set(self, amount: str, *, key: Any = None, organisation: Any = None, **more: Any) -> Any:
        wanted = NewBudget(amount=Money.parse(amount), **more)
        return self.world.run(
            lambda tx, act: set_budget(tx, wanted, organisation_id=organisation, act=act),
            key or self.world.buyer,
        )

    def standing(self, budget: Any, month: str | None = None) -> tuple[str, str, str]:
        """Used, held, left."""
        of = None if month is None else Month.parse(month)
        shown = self.world.read(
            lambda tx: show_budgets.show_budget(
                tx, budget.budget.id, of, act=self.world.act(self.world.buyer)
            )
        ).standing
        return tuple(f"{each.decimal():.2f}" for each in (shown.used, shown.held, shown.left))

    def quoted(self, *specs: Any, key: Any = None) -> Any:
        made = self.world.submit(*specs, accept=False, key=key)
        self.world.loop(loops.QUOTE)
        return made

    def check(self) -> None:
        self.world.check()
        self.world.loop(loops.EXTEND_LOG)
        self.world.loop(loops.EXTEND_LOG)
        found = self.world.read(verify).findings
        assert [each for each in found if each.rule.startswith(("mirror", "row", "record"))] == []


def warned(world: World) -> list[int]:
    """The thresholds that were told, in order."""
    world.store.run_now(outbox.assign_sequence)
    told = world.read(lambda tx: outbox.events_after(tx, 0, organisation_id=None, limit=1000))
    return [each.body["percent"] for each in told if each.kind == "budget.warned"]


def settle(world: World, seconds: float = 60) -> None:
    for agent in world.agents.values():
        for run in agent.take():
            run.begin()
            world.sleep(seconds)
            run.finish()
    world.run_loops(turns=2)


def test_a_hold_is_mirrored_on_every_budget_that_covers_the_job(store):
    books = Books(store)
    whole = books.set("100")
    vision = books.set("50", project="vision")
    li = books.set("20", member_id=books.li.id)
    job = books.world.submit(a_spec(), key=books.key)
    other = books.world.submit(a_spec(name="other"))
    books.world.run_loops(loops.QUOTE, loops.CLEAR, loops.PLACE, turns=1)
    held = {each.id: str(books.world.read(lambda tx, e=each: tx.one("hold_by_id", id=e.hold_id)
                                          )["amount_units"])
            for each in map(books.world.job, (job.id, other.id))}  # fmt: skip
    one, two = (Decimal(held[each.id]) / 10**6 for each in (job, other))
    assert books.standing(whole)[1] == f"{one + two:.2f}"
    assert books.standing(vision)[1] == books.standing(li)[1] == f"{one:.2f}"
    books.check()
    settle(books.world)
    assert books.world.state(job.id) in ("BILLED", "SETTLED")
    charge = books.world.job(job.id).charge
    used, now_held, _ = books.standing(li)
    assert (used, now_held) == (f"{charge.decimal():.2f}", "0.00")
    assert books.standing(whole)[1] == "0.00"
    books.check()


def test_a_hard_budget_refuses_by_name_and_holds_nothing(store):
    books = Books(store)
    budget = books.set("0.10")
    job = books.quoted(a_spec())
    with pytest.raises(BudgetExceeded) as refused:
        books.world.accept(job.id)
    assert refused.value.facts["budget"] == budget.budget.id
    assert str(refused.value.facts["left"]) == "0.100000"
    assert refused.value.facts["needed"] > Money.parse("0.10")
    assert books.world.held() == "0.000000"
    assert books.standing(budget) == ("0.00", "0.00", "0.10")
    books.check()


def test_jobs_with_accept_end_with_a_reason_of_their_own_and_others_go_on(store):
    books = Books(store)
    books.set("0.80")
    jobs = books.world.submit(a_spec(array="0-2"))
    books.world.loop(loops.QUOTE)
    found = [books.world.job(each.id) for each in jobs]
    assert [str(each.state) for each in found] == ["QUOTED", "REJECTED", "REJECTED"]
    assert {each.reason_code for each in found[1:]} == {"budget-exceeded"}
    assert "left" in found[1].reason
    books.check()


@pytest.mark.parametrize(
    ("limit", "error"),
    [("job_max", BudgetJobTooDear), ("hourly_max", BudgetHourTooDear)],
)
def test_a_single_job_may_be_limited(store, limit, error):
    books = Books(store)
    books.set("100", **{limit: Money.parse("0.20")})
    job = books.quoted(a_spec())
    with pytest.raises(error) as refused:
        books.world.accept(job.id)
    assert str(refused.value.facts["limit"]) == "0.200000"
    books.set("100", **{limit: Money.parse("20")})
    assert books.world.accept(job.id).accepted_at is not None


def test_a_budget_that_warns_stops_nothing_and_tells_each_threshold_once_a_month(store):
    books = Books(store)
    budget = books.set("1", stop=Stop.WARN)
    for _ in range(4):
        books.world.accept(books.quoted(a_spec()).id)
    assert warned(books.world) == [50, 80, 100]
    assert books.standing(budget)[2].startswith("-")
    books.check()
    this = Month.of(books.world.now)
    while Month.of(books.world.now) == this:
        books.world.sleep(3600 * 24)
    for agent in books.world.agents.values():
        agent.beats()
    for _ in range(2):
        books.world.accept(books.quoted(a_spec()).id)
    assert warned(books.world) == [50, 80, 100, 50, 80]


@pytest.mark.parametrize("loop_ran", [True, False])
def test_a_month_begins_anew_and_a_job_counts_in_the_month_of_its_hold(store, loop_ran):
    books = Books(store)
    budget = books.set("0.80")
    this = Month.of(books.world.now)
    run = books.world.running(a_spec())
    held = books.standing(budget)[1]
    assert held != "0.00"
    # Two months on: the first was opened ahead, the second is opened when it is needed.
    while Month.of(books.world.now) < this.next.next:
        books.world.sleep(3600 * 24)
        run.agent.beat(run)
        if loop_ran:
            books.world.loop(loops.OPEN_BUDGET_MONTHS)
    assert books.standing(budget) == ("0.00", "0.00", "0.80")
    assert books.standing(budget, str(this))[1] == held
    books.world.accept(books.quoted(a_spec(name="new")).id)
    assert books.standing(budget)[1] != "0.00"
    run.finish()
    books.world.run_loops(turns=2)
    used, still, _ = books.standing(budget, str(this))
    assert (Decimal(used) > 0, still) == (True, "0.00")
    books.check()


def test_lowered_below_what_is_used_nothing_new_is_admitted_and_jobs_go_on(store):
    books = Books(store)
    budget = books.set("5")
    run = books.world.running(a_spec())
    books.set("0.01")
    job = books.quoted(a_spec(name="new"))
    with pytest.raises(BudgetExceeded):
        books.world.accept(job.id)
    books.world.sleep(60)
    run.finish()
    books.world.run_loops(turns=2)
    assert books.world.state(run.offer.job.id) in ("BILLED", "SETTLED")
    assert books.standing(budget)[1] == "0.00"
    words = books.world.read(lambda tx: [
        evidence.find(tx, "budget", name).record
        for name in (budget.budget.id, f"{budget.budget.id}#2")
    ])  # fmt: skip
    assert [(w["what"], w["amount"]) for w in words] == [
        ("set", "5.000000"),
        ("changed", "0.010000"),
    ]
    assert words[1]["by"] == books.world.buyer.key_id
    books.check()


def test_what_was_spent_and_held_before_counts(store):
    books = Books(store)
    books.world.placed(a_spec(name="done"))
    settle(books.world)
    books.world.placed(a_spec(name="held"))
    available = books.world.account(books.world.buyer)
    budget = books.set("100")
    used, held, _ = books.standing(budget)
    assert held == f"{available.held.decimal():.2f}"
    assert Decimal(used) > 0
    assert f"{1000 - available.balance.decimal():.2f}" == used
    settle(books.world)
    assert books.standing(budget)[1] == "0.00"
    books.check()


def test_a_cancelled_job_gives_its_budget_back(store):
    books = Books(store)
    budget = books.set("10")
    job = books.quoted(a_spec())
    books.world.accept(job.id)
    books.world.cancel(job.id)
    assert books.standing(budget) == ("0.00", "0.00", "10.00")
    books.check()


def test_corrections_are_credited_back(store):
    books = Books(store)
    budget = books.set("10")
    job = books.world.placed(a_spec())
    settle(books.world)
    used = Decimal(books.standing(budget)[0])
    for by, expected in (("-0.01", used - Decimal("0.01")), ("0.03", used + Decimal("0.02"))):
        made = books.world.run(
            lambda tx, act, b=by: correct_budgets(tx, job.id, Money.parse(b), act=act)
        )
        assert len(made) == 1
        assert books.standing(budget)[0] == f"{expected:.2f}"
    [row] = books.world.read(
        lambda tx: show_budgets.list_jobs(
            tx, budget.budget.id, act=books.world.act(books.world.buyer)
        )
    )
    assert (row.job_id, row.name) == (job.id, "train")
    charge = books.world.job(job.id).charge
    assert (row.used, row.held) == (charge + Money.parse("0.02"), Money.zero(CNY))
    assert row.price == books.world.job(job.id).price
    books.check()


def test_a_credit_note_gives_back_to_the_budgets_that_counted_its_job(store):
    books = Books(store)
    budget = books.set("10")
    job = books.world.placed(a_spec())
    settle(books.world)
    new = NewCreditNote(
        job_id=job.id, lines={0: Money.parse("0.01")}, payer=Payer.EXCHANGE, text="sorry"
    )
    note = books.world.run(
        lambda tx, act: issue_credit_note(tx, new, act=act), books.world.operator
    )
    [row] = books.world.read(
        lambda tx: show_budgets.list_jobs(
            tx, budget.budget.id, act=books.world.act(books.world.buyer)
        )
    )
    assert note.total > Money.zero(CNY)
    assert row.used == books.world.job(job.id).charge - note.total
    books.check()


def test_a_removed_budget_stops_nothing_and_what_it_mirrors_goes_on(store):
    books = Books(store)
    budget = books.set("1")
    books.world.placed(a_spec())
    world = books.world
    removed = world.run(lambda tx, act: remove_budget(tx, budget.budget.id, act=act), world.buyer)
    assert removed.removed_at == world.now
    for _ in range(5):
        world.accept(books.quoted(a_spec()).id)
    settle(world)
    assert books.standing(budget)[1] == "0.00"
    with pytest.raises(BudgetRemoved):
        world.run(lambda tx, act: remove_budget(tx, budget.budget.id, act=act), world.buyer)
    again = books.set("7")
    assert again.budget.id != budget.budget.id
    books.check()


ATTACKS = {
    "a mirror that was forgotten": ("DELETE FROM budget_holds", {"mirror-missing", "mirror-extra"}),
    "a mirror of less": (
        "UPDATE holds SET amount_units = amount_units - 1 WHERE asset = 'BUDGET'", {"mirror-wrong"},
    ),
    "a mirror that is closed": (
        "UPDATE holds SET state = 'voided' WHERE asset = 'BUDGET'", {"mirror-wrong"},
    ),
    "a mirror of another month": ("UPDATE budget_holds SET month = '2020-01'", {"mirror-wrong"}),
    "a mirror of nothing": ("UPDATE budget_holds SET hold_id = 'txf_x'", {"mirror-wrong",
                                                                        "mirror-missing"}),
    "a budget of more": ("UPDATE budgets SET amount_units = 10", {"row-differs"}),
    "a budget of somebody else": (
        "UPDATE budgets SET subject_id = 'org_x'", {"row-differs", "mirror-wrong"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_whoever_alters_a_budget_or_its_mirrors_is_found_out(store, attack):
    books = Books(store)
    books.set("10")
    books.world.placed(a_spec())
    books.check()
    statement, rules = ATTACKS[attack]
    with closing(sqlite3.connect(store.url.database)) as connection:
        connection.execute(statement)
        connection.commit()
    found = {each.rule for each in books.world.read(verify).findings}
    assert rules <= found, found


def test_who_may_set_a_budget(store):
    books = Books(store)
    world = books.world
    stranger = world.member("Other", Role.BUYER)
    provider = world.member("Firm", Role.PROVIDER)
    with pytest.raises(BudgetKeyBound):
        books.set("5", key=books.key, project="vision")
    with pytest.raises(NotAllowed):
        books.set("5", key=provider)
    with pytest.raises(NotFound):
        books.set("5", key=stranger, organisation=books.owner)
    with pytest.raises(NotFound):
        books.set("5", key=stranger, member_id=books.li.id)
    assert books.set("5", key=world.operator, organisation=books.owner).subject == "Meridian Lab"
    with pytest.raises(NotFound):
        world.read(lambda tx: show_budgets.show_budget(
            tx, books.set("5").budget.id, act=world.act(stranger)))  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"amount": "-1"}, "an amount of 0 or more"),
        ({"amount": "1", "job_max": Money.parse("1"), "stop": Stop.WARN}, "needs a hard stop"),
        ({"amount": "1", "hourly_max": Money.zero(CNY)}, "a limit above 0"),
        ({"amount": "1", "warn_at": (80, 50)}, "each above the one before"),
        ({"amount": "1", "warn_at": (0,)}, "thresholds of 1"),
        ({"amount": "1", "since": Month(2020, 1)}, "this month or a later one"),
        ({"amount": "1", "project": "default", "member_id": "mem_x"}, "found both"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(store, wrong, says):
    with pytest.raises(BudgetMalformed, match=says):
        Books(store).set(**wrong)


def test_every_flow_that_moves_a_jobs_hold_mirrors_it():
    """Only `job_money` posts what `funds` makes; who makes it hands it to Change or to job_money."""
    makers, posters = set(), set()
    for path in FLOWS.glob("*.py"):
        called = {
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        if called & {"funds.hold_of", "funds.release_of", "funds.posts_of"}:
            makers.add(path.stem)
        if "ledger.post" in called:
            posters.add(path.stem)
    assert makers == {"accept_quote", "bill_jobs", "change", "places"}
    assert makers & posters == set()
    assert "job_money" in posters


def test_exports_statements_and_bundles_speak_of_money_alone(store):
    """Without budgets and with them, a journal, a month's statements and a bundle are the same."""
    books = Books(store)
    world = books.world
    budget = books.set("10")
    job = world.placed(a_spec())
    settle(world)
    act = world.act(world.buyer)
    period = Slot(world.now - timedelta(days=30), world.now + timedelta(days=1))
    wanted = wanted_by(Form.BEANCOUNT, period, owner=books.owner, excel=False, act=act)
    text = world.read(lambda tx: first_piece(tx, wanted)).text
    assert "BUDGET" not in text
    assert budget.budget.id not in text.replace("-", "_")
    proven = world.read(lambda tx: tx.all("bundle_transfers", job_id=job.id, limit=1_000))
    assert {row.asset for row in proven} == {"CNY"}
    assert len(proven) > 2
    page = world.read(lambda tx: tx.all("accounts_after", after="", limit=1_000))
    assert {row.asset for row in page} == {"CNY"}
    everything = world.read(lambda tx: tx.all("transfers_of_group", group_id=job.id, limit=1_000))
    assert {row.asset for row in everything} == {"CNY", "BUDGET"}
