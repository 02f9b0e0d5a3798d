"""What the demo reports: a record a job, and what the work would have cost at one centre alone."""

from __future__ import annotations

from dataclasses import dataclass, field
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

    def cost_at(self, centre: str) -> Decimal | None:
        """Return what this job's metered use would have cost at another centre.

        The plan of the same moment gives every centre's cost for the expected run; the ratio of
        what was charged to what was planned here turns expected into metered use.
        """
        by_centre = {row["centre"]: row for row in self.quote["options"] if not row["why_not"]}
        here = (self.job["centre"] or {}).get("name")
        if centre == here:
            return Decimal(self.job["charge"] or 0)
        if here not in by_centre or centre not in by_centre:
            return None
        planned = Decimal(by_centre[here]["cost"])
        if not planned:
            return None
        return Decimal(by_centre[centre]["cost"]) * Decimal(self.job["charge"] or 0) / planned


def single_centre_costs(told: list[Told], centres: list[str]) -> dict[str, Decimal | None]:
    """Sum each centre's cost over all jobs; None where some job could not have run there."""
    sums: dict[str, Decimal | None] = {}
    for centre in centres:
        costs = [each.cost_at(centre) for each in told]
        sums[centre] = (
            None if None in costs else sum((c for c in costs if c is not None), Decimal(0))
        )
    return sums
