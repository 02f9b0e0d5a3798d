"""A broker, a carrier and a centre that trade by contracts, for tests of bills."""

from __future__ import annotations

from typing import Any

from tests.flows.builders import CLASS, a_spec, a_world

from suanwang.flows import loops
from suanwang.flows.act import Role
from suanwang.flows.set_broker_price import set_broker_price
from suanwang.flows.sign_contract import NewContract, agree_contract, propose_contract
from suanwang.ledger.contracts import ContractKind

TEXT = "ab" * 32


class Trade:
    """A world with a broker and a carrier; guian's owner signs with its provider key."""

    def __init__(self, store: Any, *, broker_funds: str = "100") -> None:
        self.world = a_world(store, centres=("guian",))
        self.broker = self.world.member("Qilu Brokers", Role.BROKER, funds=broker_funds)
        self.carrier = self.world.member("Sea Lines", Role.PROVIDER)
        self.owner = self.world.agent("guian").provider
        self.owner_key = self.world.providers["guian"]

    def sign(self, kind: str, clauses: dict[str, Any], **changes: Any) -> Any:
        """Propose as the partner, agree as the owner."""
        partner = self.carrier if kind == "carriage" else self.broker
        new = NewContract(
            kind=ContractKind(kind),
            owner_id=self.owner,
            partner_id=partner.organisation_id,
            clauses=clauses,
            text_sha256=TEXT,
            **changes,
        )
        made = self.world.run(lambda tx, act: propose_contract(tx, new, act=act), partner)
        return self.world.run(lambda tx, act: agree_contract(tx, made.id, act=act), self.owner_key)

    def price(self, yuan: str, from_at: Any = None) -> Any:
        """Sell every class at a price."""
        wire = {"kind": "per_class", "classes": {CLASS: {"kind": "flat", "price": yuan}}}
        return self.world.run(
            lambda tx, act: set_broker_price(tx, wire, from_at=from_at, act=act), self.broker
        )

    def run(self, seconds: int = 3600, **usage: Any) -> Any:
        """Run and bill a job that is sold by the broker; return its bill."""
        spec = a_spec(broker=str(self.broker.organisation_id), time_limit="2h", expected="1h")
        return self.bill(self.world.running(spec), seconds, **usage)

    def bill(self, run: Any, seconds: int = 3600, **usage: Any) -> Any:
        """Let a job run, and bill it."""
        for _ in range(0, seconds, 10):
            self.world.sleep(10)
            self.world.agent("guian").beat(run)
        run.finish(usage=run.usage(**usage)).or_raise()
        self.world.loop(loops.BILL)
        return self.world.bill(run.offer.job.id)

    def parts(self, bill: Any) -> dict[str, str]:
        """Who gets what, by role."""
        return {part["role"]: part["amount"] for part in bill.parts}
