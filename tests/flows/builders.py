"""A small world for the flows of jobs: an exchange, a buyer with funds, centres with agents.

world = a_world(store, centres=["zhongwei", "guian"])
job = world.submit()                         quoted, cleared and placed by world.run_loops()
run = world.agent("zhongwei").take()[0]
run.stage(); run.start(); run.finish()
assert world.job(job.id).state == "SETTLED"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.builders import NOW, Ids

from suanwang.basics.canonical import sha256_hex
from suanwang.basics.ids import JobId, UsageId
from suanwang.basics.money import Money
from suanwang.flows import loops, return_job, show
from suanwang.flows.accept_quote import accept_quote
from suanwang.flows.act import Act, Actor, Role
from suanwang.flows.append_logs import append_logs
from suanwang.flows.cancel_job import cancel_job
from suanwang.flows.fail_job import Fault, fail_job
from suanwang.flows.finish_job import Ending
from suanwang.flows.heartbeat import Beat, heartbeat
from suanwang.flows.hello import Hello, hello
from suanwang.flows.issue_key import NewKey
from suanwang.flows.open_organisation import NewOrganisation, open_organisation
from suanwang.flows.pipeline import Loop, Pipeline, run_once
from suanwang.flows.register_centre import NewCentre, register_centre
from suanwang.flows.reports import Report
from suanwang.flows.stage_job import stage_job
from suanwang.flows.start_job import start_job
from suanwang.flows.submit_jobs import submit_jobs
from suanwang.flows.take_leases import LeaseOffer, take_leases
from suanwang.flows.timing import Timing
from suanwang.flows.top_up import TopUp, top_up
from suanwang.jobs.spec import JobSpec
from suanwang.jobs.usage import EndedBy, EnergyBasis, UsageRecord
from suanwang.store import jobs, ledger, timeline
from suanwang.store.database import Store
from suanwang.store.identity import OrganisationKind, hash_secret
from suanwang.store.jobs import Job
from suanwang.store.verify.records import check_records

TIMING = Timing(settle_every=timedelta(0))
ZONES = {"zhongwei": "3.20", "guian": "2.80", "wuhu": "4.10"}
CLASS = "a100-80g-sxm"


def a_spec(**changes: Any) -> JobSpec:
    """A job of one card for a minute."""
    wire = {"name": "train", "run": "python train.py", "expected": "1m", "time_limit": "10m"}
    return JobSpec.model_validate(wire | changes)


def sign(public_key: str, data: bytes) -> str:
    """Stands for Ed25519: whoever knows the key can sign, nobody else's signature fits."""
    return sha256_hex(public_key.encode() + data)


def verify(public_key: str, data: bytes, signature: str) -> bool:
    return signature == sign(public_key, data)


@dataclass
class Run:
    """One lease in an agent's hands."""

    agent: Agent
    offer: LeaseOffer

    @property
    def id(self) -> str:
        return self.offer.lease.id

    @property
    def token(self) -> int:
        return self.offer.lease.token

    def stage(self) -> Report:
        return self._do(lambda tx, act: stage_job(tx, self.id, self.token, act=act))

    def start(self) -> Report:
        return self._do(lambda tx, act: start_job(tx, self.id, self.token, act=act))

    def begin(self) -> Run:
        self.stage().or_raise()
        self.start().or_raise()
        return self

    def log(self, *lines: Any) -> Report:
        return self._do(lambda tx, act: append_logs(tx, self.id, self.token, lines, act=act))

    def fail(self, fault: Fault, code: str = "centre-fault", detail: str = "") -> Report:
        return self._do(
            lambda tx, act: fail_job(
                tx, self.id, self.token, fault=fault, code=code, detail=detail, act=act
            )
        )

    def usage(self, **changes: Any) -> UsageRecord:
        lease, world = self.offer.lease, self.agent.world
        values: dict[str, Any] = {
            "usage_id": UsageId.make(NOW, sha256_hex(self.id.encode())[:10].encode()),
            "lease_id": lease.id,
            "job_id": lease.job_id,
            "centre_id": lease.centre_id,
            "token": lease.token,
            "started_at": lease.taken_at,
            "ended_at": world.now,
            "wall_seconds": Decimal((world.now - lease.taken_at) // timedelta(seconds=1)),
            "cpu_seconds": Decimal(30),
            "cards": self.offer.job.cards,
            "peak_memory_bytes": 10**8,
            "bytes_in": 0,
            "bytes_out": 0,
            "energy_wh": Decimal("1.5"),
            "energy_basis": EnergyBasis.MODELLED,
            "exit_code": 0,
            "ended_by": EndedBy.EXIT,
        }
        return UsageRecord(**(values | changes))

    def finish(
        self,
        ending: Ending | None = None,
        *,
        usage: UsageRecord | None = None,
        signature: str | None = None,
    ) -> Report:
        record = usage or self.usage()
        signed = signature or sign(self.agent.public_key, record.signing_bytes())
        return self._do(
            lambda tx, act: return_job.return_job(
                tx,
                self.id,
                self.token,
                ending or Ending(exit_code=0),
                usage=record.to_wire(),
                signature=signed,
                verify=verify,
                act=act,
            )
        )

    def _do(self, flow: Any) -> Any:
        return self.agent.do(flow)


@dataclass
class Agent:
    """One centre's agent."""

    world: World
    name: str
    key: Actor
    public_key: str
    provider: str

    def do(self, flow: Any) -> Any:
        act = self.world.act(self.key)
        return self.world.store.run_now(lambda tx: flow(tx, act))

    def hello(self, *, price: str | None = None, cards: int = 8, **facts: Any) -> Any:
        pool = {
            "name": "gpu",
            "chip": CLASS,
            "nodes": 1,
            "cards_per_node": cards,
            "cores_per_node": 64,
            "memory_gb": "512",
            "disk_gb": "2000",
            "price": {"kind": "flat", "price": price or ZONES[self.name]},
        }
        said = Hello(public_key=self.public_key, facts=facts, pools=[pool])
        return self.do(lambda tx, act: hello(tx, said, act=act))

    def take(self, limit: int = 10) -> list[Run]:
        offers = self.do(lambda tx, act: take_leases(tx, limit=limit, act=act, timing=TIMING))
        return [Run(self, offer) for offer in offers]

    def beat(self, *runs: Run) -> dict[str, str]:
        answers = self.beats(*runs)
        return {each.lease_id: str(each.order) for each in answers.leases}

    def beats(self, *runs: Run) -> Any:
        beats = [Beat(run.offer.lease.id, run.token) for run in runs]
        return self.do(lambda tx, act: heartbeat(tx, beats, act=act, timing=TIMING))


@dataclass
class World:
    """The exchange and all who take part in it, with a clock that tests move."""

    store: Store
    ids: Ids = field(default_factory=Ids)
    now: Any = NOW
    agents: dict[str, Agent] = field(default_factory=dict)
    providers: dict[str, Actor] = field(default_factory=dict)
    operator: Actor | None = None
    buyer: Actor | None = None

    def act(self, key: Actor | None = None) -> Act:
        return Act(self.now, self.ids, key)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def run(self, flow: Any, key: Actor | None = None) -> Any:
        act = self.act(key)
        return self.store.run_now(lambda tx: flow(tx, act))

    def read(self, look: Any) -> Any:
        return self.store.read_now(look)

    def member(self, name: str, *roles: Role, funds: str = "0") -> Actor:
        keys = tuple(NewKey(role=r, secret_hash=hash_secret(r.value)) for r in roles)
        new = NewOrganisation(name=name, keys=keys)
        opened = self.run(lambda tx, act: open_organisation(tx, new, act=act), self.operator)
        owner = opened.organisation.id
        if Money.parse(funds):
            paid = TopUp(organisation_id=owner, amount=Money.parse(funds), reference=name)
            self.run(lambda tx, act: top_up(tx, paid, act=act), self.operator)
        return opened.keys[0]

    def join(self, zone: str, **said: Any) -> Agent:
        provider = self.providers[zone] = self.member(f"Firm of {zone}", Role.PROVIDER)
        new = NewCentre(
            organisation_id=provider.organisation_id,
            facts={"name": f"{zone} centre", "zone": zone},
            secret_hash=hash_secret(zone),
        )
        registered = self.run(lambda tx, act: register_centre(tx, new, act=act), self.operator)
        owner = provider.organisation_id
        agent = Agent(self, zone, registered.key, f"public key of {zone}", owner)
        self.agents[zone] = agent
        agent.hello(**said)
        return agent

    def agent(self, name: str) -> Agent:
        return self.agents[name]

    def submit(self, *specs: JobSpec, accept: bool = True, key: Actor | None = None) -> Any:
        wanted = specs or (a_spec(),)
        made = self.run(
            lambda tx, act: submit_jobs(tx, wanted, accept=accept, act=act), key or self.buyer
        )
        return made[0] if len(made) == 1 else made

    def accept(self, job_id: str) -> Job:
        return self.run(lambda tx, act: accept_quote(tx, job_id, act=act), self.buyer)

    def cancel(self, job_id: str) -> Job:
        return self.run(lambda tx, act: cancel_job(tx, job_id, act=act), self.buyer)

    def loop(self, loop: Loop | Pipeline) -> int:
        return run_once(self.store.run_now, loop, act=self.act(), timing=TIMING)

    def run_loops(self, *some: Loop | Pipeline, turns: int = 6) -> None:
        for _ in range(turns):
            for loop in some or loops.LOOPS:
                self.loop(loop)

    def placed(self, *specs: JobSpec) -> Any:
        """Submit and run the loops until the jobs wait for their agents."""
        made = self.submit(*specs)
        self.run_loops(loops.QUOTE, loops.CLEAR, loops.PLACE, turns=1)
        return made

    def running(self, *specs: JobSpec, at: str = "guian") -> Run:
        self.placed(*specs)
        return self.agent(at).take()[0].begin()

    def job(self, job_id: str) -> Job:
        return self.read(lambda tx: jobs.job(tx, job_id))

    def state(self, job_id: str) -> str:
        return str(self.job(job_id).state)

    def verbs(self, job_id: str) -> list[str]:
        return [line.verb for line in self.lines(job_id)]

    def lines(self, job_id: str) -> list[timeline.Line]:
        return self.read(lambda tx: timeline.of_job(tx, JobId(job_id)))

    def account(self, key: Actor | str, name: str = "available") -> Any:
        owner = key if isinstance(key, str) else key.organisation_id
        return self.read(lambda tx: ledger.account_of(tx, owner, name))

    def held(self) -> str:
        return str(self.account(self.buyer).held)

    def bill(self, job_id: str) -> Any:
        return self.read(lambda tx: show.show_bill(tx, job_id, act=self.act(self.buyer)))

    def check(self) -> None:
        """The ledger adds up, rows say what is on record, ended jobs have let go of everything."""
        found = self.read(ledger.check)
        assert found.problems == ()
        assert self.read(lambda tx: [*check_records(tx)]) == []
        self.store.run_now(_nothing_left_over)


def _nothing_left_over(tx: Any) -> None:
    everything = jobs.page(tx, None, jobs.JobFilter(), limit=1000)
    final = [each for each in everything if each.is_final]
    assert [each.id for each in final if each.hold_id is not None] == []
    held = sum((jobs.held(tx, [each]).get(each.id, Money(0)) for each in everything), Money(0))
    owners = {each.organisation_id for each in everything}
    accounts = [ledger.account_of(tx, owner, "available") for owner in owners]
    assert sum((each.held for each in accounts), Money(0)) == held
    ids = {each.id for each in final}
    kept = tx.all("reservations_open", now=0)
    assert [row for row in kept if row["job_id"] in ids] == []
    assert [each.id for each in final if tx.first("lease_live_of_job", job_id=each.id)] == []


def a_world(store: Store, *, centres: tuple[str, ...] = ("zhongwei", "guian"), funds: str = "1000"):
    """An exchange, a buyer with funds, and centres that have said hello."""
    world = World(store)
    keys = (NewKey(role=Role.OPERATOR, secret_hash=hash_secret("operator")),)
    new = NewOrganisation(name="Exchange", kind=OrganisationKind.EXCHANGE, keys=keys)
    opened = world.run(lambda tx, act: open_organisation(tx, new, act=act))
    world.operator = opened.keys[0]
    world.buyer = world.member("Meridian Lab", Role.BUYER, funds=funds)
    for zone in centres:
        world.join(zone)
    return world
