"""Many jobs, random events, random crashes and replays: what must always hold, holds.

Runs on SQLite; `make check` draws few examples, and any that fails is printed as a program.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from tests.flows.builders import a_spec, a_world

from suanwang.basics.errors import SuanwangError
from suanwang.flows import loops
from suanwang.flows.fail_job import Fault
from suanwang.flows.finish_job import Ending
from suanwang.jobs.lifecycle import JOB
from suanwang.store import jobs, ledger
from suanwang.store.database import Store
from suanwang.store.jobs import JobFilter

FOLDER = Path(tempfile.mkdtemp())
TEMPLATE = FOLDER / "template.db"
SPECS = st.fixed_dictionaries(
    {
        "resources": st.sampled_from([{"cards": 1}, {"cards": 3}, {"cards": 8}]),
        "retry": st.sampled_from([0, 2]),
        "time_limit": st.sampled_from(["2m", "2h"]),
    },
    optional={
        "array": st.just("0-2"),
        "deadline": st.sampled_from(["5m", "1h"]),
        "max_price": st.sampled_from(["0.60", "30"]),
    },
)


def url() -> str:
    if not TEMPLATE.exists():
        made = Store.open(f"sqlite:///{TEMPLATE}?synchronous=off")
        made.migrate()
        made.close()
    copy = FOLDER / f"{len(list(FOLDER.iterdir()))}.db"
    shutil.copy(TEMPLATE, copy)
    return f"sqlite:///{copy}?synchronous=off"


class Jobs(RuleBasedStateMachine):
    runs = Bundle("runs")
    submitted = Bundle("submitted")

    def __init__(self):
        super().__init__()
        self.url = url()
        self.world = a_world(Store.open(self.url), funds="60")

    def tell(self, report):
        """Agents and buyers may be refused, by name; anything else is a mistake of ours."""
        try:
            return report()
        except SuanwangError:
            return None

    @rule(target=submitted, spec=SPECS, accept=st.booleans())
    def submit(self, spec, accept):
        made = self.world.submit(a_spec(**spec), accept=accept)
        return made[-1].id if isinstance(made, list) else made.id

    @rule(target=submitted, earlier=submitted)
    def submit_one_that_waits(self, earlier):
        return self.world.submit(a_spec(after=[earlier])).id

    @rule(job_id=submitted)
    def accept(self, job_id):
        self.tell(lambda: self.world.accept(job_id))

    @rule(job_id=submitted)
    def cancel(self, job_id):
        self.tell(lambda: self.world.cancel(job_id))

    @rule(loop=st.sampled_from(loops.LOOPS))
    def one_loop(self, loop):
        self.world.loop(loop)

    @rule(target=submitted, spec=SPECS)
    def submit_and_place(self, spec):
        self.everybody_speaks()
        made = self.world.placed(a_spec(**spec))
        return made[-1].id if isinstance(made, list) else made.id

    @rule()
    def all_loops(self):
        self.everybody_speaks()
        self.world.run_loops(turns=1)

    def everybody_speaks(self):
        for agent in self.world.agents.values():
            agent.beats()

    @rule(loop=st.sampled_from([loops.QUOTE, loops.CLEAR, loops.PLACE]))
    def die_between_fetch_and_apply(self, loop):
        act = self.world.act()
        self.world.store.run_now(lambda tx: loop.fetch(tx, act=act, timing=loops.Timing()))
        self.reopen()

    @rule()
    def reopen(self):
        self.world.store.close()
        self.world.store = Store.open(self.url)

    @rule(seconds=st.sampled_from([0, 1, 1, 5, 5, 16, 70, 4000]))
    def sleep(self, seconds):
        self.world.sleep(seconds)

    @rule(target=runs, centre=st.sampled_from(["guian", "zhongwei"]))
    def take(self, centre):
        taken = self.world.agent(centre).take(limit=1)
        return taken[0] if taken else None

    @rule(target=runs, centre=st.sampled_from(["guian", "zhongwei"]))
    def take_and_begin(self, centre):
        taken = self.world.agent(centre).take(limit=1)
        return taken[0].begin() if taken else None

    @rule(run=runs, step=st.sampled_from(["stage", "start", "begin"]))
    def report(self, run, step):
        if run is not None:
            self.tell(getattr(run, step))

    @rule(run=runs, exit_code=st.sampled_from([0, 0, 1]))
    def finish(self, run, exit_code):
        if run is not None:
            self.tell(lambda: run.finish(Ending(exit_code=exit_code)))

    @rule(run=consumes(runs), fault=st.sampled_from(Fault))
    def fail(self, run, fault):
        if run is not None:
            self.tell(lambda: run.fail(fault))

    @rule(run=runs)
    def beat(self, run):
        if run is not None:
            run.agent.beat(run)

    @rule(centre=st.sampled_from(["guian", "zhongwei"]))
    def beat_without_work(self, centre):
        self.world.agent(centre).beats()

    @invariant()
    def money_adds_up(self):
        assert self.world.read(ledger.check).problems == ()

    @invariant()
    def nobody_works_on_more_cards_than_there_are(self):
        rows = self.world.read(lambda tx: tx.all("reservations_open", now=0))
        by_pool = {}
        for row in rows:
            if row["leased"]:
                by_pool[row["pool_id"]] = by_pool.get(row["pool_id"], 0) + row["cards"]
        assert all(cards <= 8 for cards in by_pool.values())

    @invariant()
    def nothing_is_paid_above_its_limit(self):
        for job in self.everything():
            assert job.charge is None or job.limit is None or job.charge <= job.limit

    def everything(self):
        return self.world.read(lambda tx: jobs.page(tx, None, JobFilter(), limit=1000))

    def teardown(self):
        """Left alone with one patient centre, everything ends and lets go of what it held."""
        world = self.world
        for _ in range(200):
            if all(job.is_final for job in self.everything()):
                break
            world.agent("guian").beats()
            world.run_loops(turns=1)
            for run in world.agent("guian").take():
                run.begin()
                run.finish()
            waiting = [each for each in self.everything() if each.state == "QUOTED"]
            for job in waiting:
                if not job.accepted_at or job.reason_code:
                    world.cancel(job.id)
            world.sleep(61)
        assert [
            (j.state, j.reason_code) for j in self.everything() if j.state not in JOB.final
        ] == []
        world.check()
        world.store.close()


TestRandomJobs = Jobs.TestCase
TestRandomJobs.settings = settings(
    max_examples=12,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
