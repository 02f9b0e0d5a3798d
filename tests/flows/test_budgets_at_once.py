"""Budgets under sixteen acceptances at once: nothing is held beyond them, no mirror is missed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.flows.builders import a_spec
from tests.flows.test_budgets import Books, settle, warned

from suanwang.basics.money import CNY, Money
from suanwang.flows import loops
from suanwang.flows.set_budget import remove_budget
from suanwang.ledger.budgets import BudgetExceeded
from suanwang.ledger.closing import Month

AT_ONCE = 16


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """Do everything in threads of its own; an answer or an error for each."""
    answers: list[Any] = [None] * len(works)
    gate = threading.Barrier(len(works))

    def run(number: int) -> None:
        gate.wait()
        try:
            answers[number] = works[number]()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            answers[number] = error

    threads = [threading.Thread(target=run, args=[n]) for n in range(len(works))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return answers


def quoted(books: Books, count: int = AT_ONCE, **keys: Any) -> list[Any]:
    made = books.quoted(*(a_spec(name=f"job-{n}") for n in range(count)), **keys)
    return [books.world.job(each.id) for each in made]


@pytest.mark.parametrize("new_month", [False, True])
def test_sixteen_acceptances_never_hold_more_than_a_hard_budget_has(store, new_month):
    books = Books(store)
    books.set("2.00")
    if new_month:
        # No loop has opened this month's account: the first of the sixteen does.
        first = Month.of(books.world.now).next.next
        while Month.of(books.world.now) < first:
            books.world.sleep(3600 * 24)
        for agent in books.world.agents.values():
            agent.beats()
    jobs = quoted(books)
    answers = at_once([lambda job=each: books.world.accept(job.id) for each in jobs])
    refused = [each for each in answers if isinstance(each, Exception)]
    assert {type(each) for each in refused} == {BudgetExceeded}
    held = books.world.account(books.world.buyer).held
    assert Money.zero(CNY) < held <= Money.parse("2.00")
    accepted = AT_ONCE - len(refused)
    assert held.units % accepted == 0
    assert held + Money(held.units // accepted) > Money.parse("2.00"), "one more would have fitted"
    assert warned(books.world) == [50, 80]
    books.check()


def test_a_budget_that_is_set_meanwhile_counts_every_hold_once(store):
    books = Books(store)
    jobs = quoted(books)
    works: list[Callable[[], Any]] = [
        lambda job=each: books.world.accept(job.id) for each in jobs[: AT_ONCE - 4]
    ]
    works += [lambda: books.set("1000"), lambda: books.set("900", project="default")]
    works += [lambda: books.set("800"), lambda: books.world.loop(loops.OPEN_BUDGET_MONTHS)]
    answers = at_once(works)
    assert [each for each in answers if isinstance(each, Exception)] == []
    held = books.world.account(books.world.buyer).held
    assert (
        f"{held.decimal():.2f}" == books.standing(answers[-4])[1] == books.standing(answers[-3])[1]
    )
    books.check()


def test_a_budget_that_is_set_while_jobs_are_billed_mirrors_what_is_held(store):
    books = Books(store)
    world = books.world
    world.placed(*(a_spec(name=f"job-{n}") for n in range(8)))
    runs = [run.begin() for agent in world.agents.values() for run in agent.take()]
    world.sleep(60)
    for run in runs:
        run.agent.beat(run)
        run.finish()
    answers = at_once(
        [lambda: books.set("1000"), lambda: books.set("10", member_id=books.li.id)]
        + [lambda: world.loop(loops.BILL) for _ in range(6)]
    )
    assert [each for each in answers if isinstance(each, Exception)] == []
    used, held, _ = books.standing(answers[0])
    assert held == "0.00"
    spent = Money.parse("1000") - world.account(world.buyer).balance
    assert used == f"{spent.decimal():.2f}"
    books.check()


def test_a_budget_that_is_removed_meanwhile_leaves_no_mirror_behind(store):
    books = Books(store)
    budget = books.set("1000")
    jobs = quoted(books)
    world = books.world
    works: list[Callable[[], Any]] = [lambda job=each: world.accept(job.id) for each in jobs]

    def remove() -> Any:
        return world.run(lambda tx, act: remove_budget(tx, budget.budget.id, act=act), world.buyer)

    answers = at_once([*works, remove])
    assert [each for each in answers if isinstance(each, Exception)] == []
    books.check()
    for each in jobs:
        world.cancel(each.id)
    assert books.standing(budget)[:2] == ("0.00", "0.00")
    settle(world)
    books.check()
