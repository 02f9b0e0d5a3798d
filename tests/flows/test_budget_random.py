"""Budgets against a naive dictionary, over random jobs, months and changes.

The model knows each accepted job's hold, the month it was held in and what its bill took; a budget
must say the sums, and admit a job exactly where the model would.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.flows.builders import a_spec, a_world
from tests.flows.test_job_random import url

from suanwang.basics.money import CNY, Money
from suanwang.flows import loops
from suanwang.flows.fail_job import Fault
from suanwang.flows.set_budget import NewBudget, remove_budget, set_budget
from suanwang.ledger.budgets import BudgetExceeded, Stop
from suanwang.ledger.closing import Month
from suanwang.store import budgets, quotes
from suanwang.store.database import Store
from suanwang.store.verify.whole import verify

NOTHING = Money.zero(CNY)
AMOUNTS = st.sampled_from(["0", "0.60", "2", "50"])
PROJECTS = st.sampled_from([None, "default"])


class Budgets(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.world = a_world(Store.open(url()), centres=("guian",), funds="10000")
        self.jobs = {}  # job id → [held, used, month]
        self.budgets = {}  # project → (id, amount, stop)

    @property
    def month(self):
        return Month.of(self.world.now)

    def taken(self, month):
        mine = [each for each in self.jobs.values() if each[2] == month]
        return sum((held + used for held, used, _ in mine), NOTHING)

    @rule(amount=AMOUNTS, project=PROJECTS, stop=st.sampled_from(Stop))
    def set(self, amount, project, stop):
        wanted = NewBudget(amount=Money.parse(amount), project=project, stop=stop)
        made = self.world.run(lambda tx, act: set_budget(tx, wanted, act=act), self.world.buyer)
        if project in self.budgets:
            assert made.budget.id == self.budgets[project][0]
        self.budgets[project] = (made.budget.id, wanted.amount, stop)

    @precondition(lambda self: self.budgets)
    @rule(data=st.data())
    def remove(self, data):
        project = data.draw(st.sampled_from(sorted(self.budgets, key=str)))
        budget_id, *_ = self.budgets.pop(project)
        self.world.run(lambda tx, act: remove_budget(tx, budget_id, act=act), self.world.buyer)

    @rule(cards=st.sampled_from([1, 2]), minutes=st.sampled_from(["2m", "10m"]))
    def accept(self, cards, minutes):
        world = self.world
        world.agent("guian").beats()
        spec = a_spec(resources={"cards": cards}, time_limit=minutes)
        job = world.submit(spec, accept=False)
        world.loop(loops.QUOTE)
        if world.state(job.id) != "QUOTED":
            return
        needed = world.read(lambda tx: quotes.quote(tx, job.id)).chosen.cost_at_most
        fits = all(
            stop is Stop.WARN or self.taken(self.month) + needed <= amount
            for _, amount, stop in self.budgets.values()
        )
        try:
            world.accept(job.id)
        except BudgetExceeded:
            assert not fits, "refused what the model admits"
            world.cancel(job.id)
            return
        assert fits, "admitted what the model refuses"
        self.jobs[job.id] = [needed, NOTHING, self.month]

    @precondition(lambda self: any(held for held, *_ in self.jobs.values()))
    @rule(data=st.data())
    def cancel(self, data):
        held = sorted(each for each, (amount, *_) in self.jobs.items() if amount)
        self.world.cancel(data.draw(st.sampled_from(held)))
        self.world.run_loops(turns=1)
        self.follow()

    @rule(end=st.sampled_from(["finish", "fail"]))
    def work(self, end):
        world = self.world
        world.agent("guian").beats()
        world.run_loops(loops.CLEAR, loops.PLACE, turns=1)
        for run in world.agent("guian").take():
            if end == "finish":
                run.begin()
                world.sleep(30)
                run.finish()
            else:
                run.fail(Fault.BUYER, "command-failed", "no")
        world.run_loops(loops.BILL, turns=1)
        self.follow()

    @rule(loop_runs=st.booleans())
    def month_turns(self, loop_runs):
        before = self.month
        while self.month == before:
            self.world.sleep(24 * 3600)
        if loop_runs:
            self.world.loop(loops.OPEN_BUDGET_MONTHS)
        self.world.agent("guian").beats()
        self.world.run_loops(turns=1)
        self.follow()

    def follow(self):
        """Learn what jobs hold and paid from the jobs themselves, never from budgets."""
        for job_id, known in self.jobs.items():
            job = self.world.job(job_id)
            known[1] = job.charge or NOTHING
            if job.hold_id is None:
                known[0] = NOTHING
                continue
            row = self.world.read(lambda tx, j=job: tx.one("hold_by_id", id=j.hold_id))
            known[0] = Money(row.amount_units - row.posted_units, CNY)

    @invariant()
    def budgets_say_what_the_model_says(self):
        self.follow()
        for budget_id, amount, stop in self.budgets.values():
            stored = self.world.read(lambda tx, b=budget_id: budgets.budget(tx, b)).budget
            assert (stored.amount, stored.stop) == (amount, stop)
            month = stored.since
            while month <= self.month:
                [found] = self.world.read(
                    lambda tx, s=stored, m=month: budgets.standings(tx, [s], m)
                )
                mine = [each for each in self.jobs.values() if each[2] == month]
                assert found.held == sum((each[0] for each in mine), NOTHING)
                assert found.used == sum((each[1] for each in mine), NOTHING)
                month = month.next

    @invariant()
    def the_ledger_adds_up_and_every_mirror_is_exact(self):
        self.world.check()
        found = self.world.read(verify).findings
        assert [each for each in found if each.rule.startswith("mirror")] == []

    def teardown(self):
        self.world.store.close()


TestBudgets = Budgets.TestCase
TestBudgets.settings = settings(
    max_examples=25,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
