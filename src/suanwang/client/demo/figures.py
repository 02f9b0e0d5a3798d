"""What the demo reports: a record a job, and what the work would have cost at one centre alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from suanwang.client.results import Fetched
from suanwang.client.wire import Bill, BillLine, JobView, Quote

NOTHING = Decimal(0)


@dataclass
class Told:
    """One job with everything that the demo learned of it."""

    job: JobView
    quote: Quote
    bill: Bill | None = None
    outputs: Sequence[Fetched] = ()

    @property
    def name(self) -> str:
        """Name the job; array members carry their index."""
        index = self.job.array_index
        return self.job.name if index is None else f"{self.job.name}-{index}"

    @property
    def centre(self) -> str | None:
        """Name the centre that the job has been given."""
        return self.job.centre.name if self.job.centre else None

    @property
    def usage(self) -> Mapping[str, Any]:
        """Return the metered usage, empty before the job has any."""
        return self.job.usage or {}

    def record(self) -> dict[str, Any]:
        """Return the job as `suan demo --json` prints it."""
        job, usage = self.job, self.usage
        return {
            "id": job.id,
            "name": self.name,
            "kind": job.kind,
            "state": job.state,
            "centre": self.centre,
            "zone": job.centre.zone if job.centre else None,
            "pool": job.pool.name if job.pool else None,
            "started": usage.get("started_at"),
            "finished": usage.get("ended_at"),
            "card_hours": _text(self.quantity("compute")),
            "charge": _text(job.charge),
            "subsidy": _text(-self.amount("voucher")),
            "currency": job.currency,
            "energy_wh": _text(self.quantity("energy")) or usage.get("energy_wh"),
            "carbon_g": _text(self.quantity("carbon")),
            "outputs": [
                {"path": str(each.path), "bytes": each.output.bytes, "sha256": each.output.sha256}
                for each in self.outputs
                if each.path is not None
            ],
        }

    def _lines(self, *kinds: str) -> list[BillLine]:
        return [line for line in (self.bill.lines if self.bill else ()) if line.kind in kinds]

    def quantity(self, kind: str) -> Decimal | None:
        """Return what the bill's lines of a kind count together; None when it has none."""
        lines = self._lines(kind)
        return sum((line.quantity for line in lines), NOTHING) if lines else None

    def amount(self, *kinds: str) -> Decimal:
        """Return what the bill's lines of these kinds sum to."""
        return sum((line.amount for line in self._lines(*kinds)), NOTHING)

    def went_wrong(self) -> bool:
        """Say whether the job ended otherwise than settled with exit code 0."""
        return self.job.state != "SETTLED" or not self.job.succeeded

    def could_move(self) -> bool:
        """Say whether the job's place was a choice, and not where its data had been put."""
        return all(row.why_not != "data-elsewhere" for row in self.quote.options)

    def _elsewhere(self, centre: str, *, figure: str, here_is: Decimal) -> Decimal | None:
        """Scale a figure of another centre's plan to the use that was metered here.

        The plan of the same moment gives every centre's figure for the expected run; the ratio of
        what came out to what was planned here turns expected into metered use.
        """
        rows = {row.centre: row for row in self.quote.options if not row.why_not}
        if centre == self.centre:
            return here_is
        if self.centre not in rows or centre not in rows:
            return None
        here, there = (Decimal(str(getattr(rows[at], figure))) for at in (self.centre, centre))
        return there * here_is / here if here else NOTHING

    def cost_at(self, centre: str) -> Decimal | None:
        """Return what this job's metered use would have cost at another centre, in yuan."""
        return self._elsewhere(centre, figure="cost", here_is=self.job.charge or NOTHING)

    def carbon_at(self, centre: str) -> Decimal | None:
        """Return what this job's metered use would have emitted at another centre, in grams."""
        emitted = self.quantity("carbon") or NOTHING
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
        cost=_sum([each.job.charge for each in told]),
        carbon=_sum([each.quantity("carbon") for each in told]),
        seconds=seconds if spans else 0.0,
    )


def _sum(amounts: Sequence[Decimal | None]) -> Decimal:
    return sum((each for each in amounts if each is not None), NOTHING)


def _text(figure: Decimal | None) -> str | None:
    return None if figure is None else f"{figure:f}"
