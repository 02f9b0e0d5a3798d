"""What the demo shows a person: plan tables, live progress, the bill, one line of proof.

Everything goes to one Rich console: standard output, or standard error when --json owns stdout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table

from suanwang.basics.languages import Texts
from suanwang.client.demo.figures import Alone, Told

STEPS = ("SUBMITTED", "QUOTED", "CLEARED", "PLACED", "STAGED", "RUNNING",
         "RETURNED", "METERED", "BILLED", "SETTLED")  # fmt: skip
BILL_PARTS = (("compute",), ("data_in", "data_out", "store"), ("fee", "tax"), ("voucher",))


def yuan(amount: Decimal | None) -> str:
    """Write an amount for people: four places, since the demo's jobs cost fractions of a fen."""
    return f"¥{_short(amount, 4)}" if amount is not None else "–"


def _short(figure: Decimal | float | None, places: int) -> str:
    return "–" if figure is None else f"{figure:.{places}f}"


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
        table = _table(
            f"{told.name} ({told.job.kind})", "", say("centre"), say("class"), say("est. cost"),
            say("data in"), "gCO₂e/kWh", say("why"), words=7,
        )  # fmt: skip
        for row in told.quote.options:
            can = row.why_not is None
            table.add_row(
                "✔" if row.chosen else "",
                row.centre,
                f"{row.cards} × {row.card_class}",
                yuan(row.cost) if can else "–",
                f"{row.data_seconds} s" if can else "–",
                _short(row.carbon_intensity, 0),
                row.why_text,
                style=None if can else "dim",
            )
        self.console.print(table)

    def progress(self, jobs: Sequence[Told]) -> Table:
        """Draw where every job stands."""
        say = self.say
        columns = (say("job"), say("kind"), say("state"), say("centre"), say("steps"))
        table = _table(say("Progress"), *columns, words=5)
        for told in jobs:
            state = told.job.state
            done = STEPS.index(state) + 1 if state in STEPS else 0
            bar = "█" * done + "·" * (len(STEPS) - done)
            table.add_row(told.name, told.job.kind, state, told.centre or "", bar)
        return table

    def live(self) -> Live:
        """Open a live display; on a plain pipe it draws only its last picture."""
        return Live(console=self.console, refresh_per_second=4, transient=True)

    def bills(self, jobs: Sequence[Told]) -> None:
        """Print what each job used, cost and emitted."""
        say = self.say
        table = _table(
            say("Bills"), say("job"), say("centre"), say("card-hours"), say("compute"),
            say("data, store"), say("fee, tax"), say("vouchers"), say("total"), "Wh", "gCO₂e",
            words=2,
        )  # fmt: skip
        for told in jobs:
            table.add_row(
                told.name,
                told.centre or "",
                _short(told.quantity("compute"), 4),
                *(yuan(told.amount(*kinds)) for kinds in BILL_PARTS),
                yuan(told.job.charge),
                _short(told.quantity("energy"), 2),
                _short(told.quantity("carbon"), 2),
            )
        self.console.print(table)

    def comparison(self, grid: Alone, alone: Mapping[str, Alone | None]) -> None:
        """Print what the same work would have come to at each single centre."""
        say = self.say
        title = say("The same work at one centre alone")
        table = _table(title, say("place"), say("cost"), "gCO₂e", say("seconds"), words=1)
        for place, each in alone.items():
            if each is None:
                table.add_row(place, say("cannot run all of it"), "–", "–")
            else:
                table.add_row(place, *_figures(each))
        table.add_row(say("the grid, side by side"), *_figures(grid), style="bold")
        self.console.print(table)


def _table(title: str, *columns: str, words: int) -> Table:
    """Open a table whose first `words` columns are words and the rest figures."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for i, name in enumerate(columns):
        table.add_column(name, justify="left" if i < words else "right", no_wrap=True)
    return table


def _figures(alone: Alone) -> tuple[str, str, str]:
    return yuan(alone.cost), f"{alone.carbon:.2f}", f"{alone.seconds:.0f}"
