"""What the demo reports: a record a job, and what the work would have cost at one centre alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

Record = dict[str, Any]


@dataclass
class Told:
    """One job with everything that the demo learned of it."""

    job: Record
    quote: Record
    bill: Record | None = None
    outputs: list[Record] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name the job; array members carry their index."""
        index = self.job.get("array_index")
        name: str = self.job["name"]
        return name if index is None or name.endswith(str(index)) else f"{name}-{index}"

    @property
    def usage(self) -> Record:
        """Return the metered usage, empty before the job has any."""
        return self.job.get("usage") or {}

    def record(self) -> Record:
        """Return the job as `suan demo --json` prints it."""
        job, usage = self.job, self.usage
        return {
            "id": job["id"],
            "name": self.name,
            "kind": job["kind"],
            "state": job["state"],
            "centre": (job["centre"] or {}).get("name"),
            "zone": (job["centre"] or {}).get("zone"),
            "pool": (job["pool"] or {}).get("name"),
            "started": usage.get("started_at"),
            "finished": usage.get("ended_at"),
            "card_hours": self.line("compute").get("quantity"),
            "charge": job["charge"],
            "currency": job["currency"],
            "energy_wh": self.line("energy").get("quantity", usage.get("energy_wh")),
            "carbon_g": self.line("carbon").get("quantity"),
            "outputs": self.outputs,
        }

    def line(self, kind: str) -> Record:
        """Return the bill's line of a kind, empty when it has none."""
        lines = (self.bill or {}).get("lines", [])
        return next((line for line in lines if line["kind"] == kind), {})

    def amount(self, *kinds: str) -> Decimal:
        """Return what the bill's lines of these kinds sum to."""
        lines = (self.bill or {}).get("lines", [])
        return sum((Decimal(ln["amount"]) for ln in lines if ln["kind"] in kinds), Decimal(0))

    def could_move(self) -> bool:
        """Say whether the job's place was a choice, and not where its data had been put."""
        return all(row["why_not"] != "data-elsewhere" for row in self.quote["options"])

    def _elsewhere(self, centre: str, *, figure: str, here_is: Decimal) -> Decimal | None:
        """Scale a figure of another centre's plan to the use that was metered here.

        The plan of the same moment gives every centre's figure for the expected run; the ratio of
        what came out to what was planned here turns expected into metered use.
        """
        rows = {row["centre"]: row for row in self.quote["options"] if not row["why_not"]}
        here = (self.job["centre"] or {}).get("name")
        if centre == here:
            return here_is
        if here not in rows or centre not in rows:
            return None
        planned = Decimal(str(rows[here][figure]))
        return Decimal(str(rows[centre][figure])) * here_is / planned if planned else Decimal(0)

    def cost_at(self, centre: str) -> Decimal | None:
        """Return what this job's metered use would have cost at another centre, in yuan."""
        charged = Decimal(self.job["charge"] or 0)
        return self._elsewhere(centre, figure="cost", here_is=charged)

    def carbon_at(self, centre: str) -> Decimal | None:
        """Return what this job's metered use would have emitted at another centre, in grams."""
        emitted = Decimal(self.line("carbon").get("quantity", "0"))
        return self._elsewhere(centre, figure="carbon_g", here_is=emitted)

    @property
    def seconds(self) -> float:
        """Return how long the job ran."""
        return float(self.usage.get("wall_seconds", 0))


@dataclass(frozen=True, slots=True)
class Alone:
    """The same work at one place: yuan, grams, and seconds until all of it is done."""

    cost: Decimal
    carbon: Decimal
    seconds: float


def at_one_centre(told: list[Told], centre: str) -> Alone | None:
    """Return what the jobs would have come to at one centre with one card, one after another.

    None where some job could not have run there.
    """
    costs = [each.cost_at(centre) for each in told]
    carbon = [each.carbon_at(centre) for each in told]
    if None in costs or None in carbon:
        return None
    return Alone(_sum(costs), _sum(carbon), sum(each.seconds for each in told))


def on_the_grid(told: list[Told]) -> Alone:
    """Return what the jobs came to where they ran, side by side."""
    spans = [
        (
            datetime.fromisoformat(each.usage["started_at"]),
            datetime.fromisoformat(each.usage["ended_at"]),
        )
        for each in told
        if each.usage
    ]
    seconds = (max(end for _, end in spans) - min(start for start, _ in spans)).total_seconds()
    return Alone(
        cost=_sum([Decimal(each.job["charge"] or 0) for each in told]),
        carbon=_sum([Decimal(each.line("carbon").get("quantity", "0")) for each in told]),
        seconds=seconds if spans else 0.0,
    )


def _sum(amounts: Sequence[Decimal | None]) -> Decimal:
    return sum((each for each in amounts if each is not None), Decimal(0))
