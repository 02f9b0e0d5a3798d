"""What the demo shows a person: plan tables, live progress, the bill, one line of proof.

Everything goes to one Rich console: standard output, or standard error when --json owns stdout.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.live import Live
from rich.table import Table

from suanwang.basics.languages import Texts
from suanwang.client.demo.figures import Told

STEPS = ("SUBMITTED", "QUOTED", "CLEARED", "PLACED", "STAGED", "RUNNING",
         "RETURNED", "METERED", "BILLED", "SETTLED")  # fmt: skip
CENTS = Decimal("0.0001")


def yuan(amount: str | Decimal | None) -> str:
    """Write an amount for people: four places, since the demo's jobs cost fractions of a fen."""
    return "–" if amount is None else f"¥{Decimal(amount).quantize(CENTS):f}"


class Screen:
    """The demo's one way to speak to a person."""

    def __init__(self, console: Console, say: Texts) -> None:
        self.console = console
        self.say = say

    def note(self, text: str) -> None:
        """Say one line."""
        self.console.print(text, highlight=False)

    def plan(self, told: Told) -> None:
        """Print the plan of one job: every centre with its figures and its reason."""
        say = self.say
        table = Table(title=f"{told.name} ({told.job['kind']})", title_justify="left")
        for name in ("", say("centre"), say("class"), say("est. cost"), say("data in"),
                     "gCO₂e/kWh", say("why")):  # fmt: skip
            table.add_column(name)
        for row in told.quote["options"]:
            open_ = row["why_not"] is None
            table.add_row(
                "✔" if row["chosen"] else "",
                row["centre"],
                f"{row['cards']} × {row['card_class']}",
                yuan(row["cost"]) if open_ else "–",
                f"{row['data_seconds']} s" if open_ else "–",
                f"{row['carbon_intensity']:.0f}",
                row["why_text"],
                style=None if open_ else "dim",
            )
        self.console.print(table)

    def progress(self, jobs: Sequence[Told]) -> Table:
        """Draw where every job stands."""
        say = self.say
        table = Table(title=say("Progress"), title_justify="left")
        for name in (say("job"), say("kind"), say("state"), say("centre"), say("steps")):
            table.add_column(name)
        for told in jobs:
            state = told.job["state"]
            done = STEPS.index(state) + 1 if state in STEPS else 0
            bar = "█" * done + "·" * (len(STEPS) - done)
            centre = (told.job["centre"] or {}).get("name", "")
            table.add_row(told.name, told.job["kind"], state, centre, bar)
        return table

    def live(self) -> Live:
        """Open a live display; on a plain pipe it draws only its last picture."""
        return Live(console=self.console, refresh_per_second=4, transient=False)

    def bills(self, jobs: Sequence[Told]) -> None:
        """Print what each job used, cost and emitted."""
        say = self.say
        table = Table(title=say("Bills"), title_justify="left")
        for name in (say("job"), say("centre"), say("card-hours"), say("compute"), say("data"),
                     say("store"), say("fee and tax"), say("total"), "Wh", "gCO₂e"):  # fmt: skip
            table.add_column(
                name, justify="left" if name in (say("job"), say("centre")) else "right"
            )
        for told in jobs:
            record = told.record()
            table.add_row(
                told.name, record["centre"] or "", record["card_hours"] or "–",
                *(yuan(told.amount(*kinds)) for kinds in
                  (("compute",), ("data_in", "data_out"), ("store",), ("fee", "tax"))),
                yuan(record["charge"]), record["energy_wh"] or "–", record["carbon_g"] or "–",
            )  # fmt: skip
        self.console.print(table)

    def comparison(self, charged: Decimal, alone: dict[str, Decimal | None]) -> None:
        """Print what the same work would have cost at each single centre."""
        say = self.say
        table = Table(title=say("The same work at one centre alone"), title_justify="left")
        for name in (say("place"), say("cost")):
            table.add_column(name)
        for centre, cost in alone.items():
            table.add_row(centre, yuan(cost) if cost is not None else say("cannot run all of it"))
        table.add_row(say("the grid"), yuan(charged), style="bold")
        self.console.print(table)
