"""Which of several offers suits a buyer best: how far each is above the best, weighted.

    score = Σ weight × (figure − best figure) ÷ best figure        lower is better, 0 is perfect

A share of the best, not of the range: ten per cent dearer weighs as much as ten per cent dirtier,
and a hopeless offer added to the list never changes the order of the others. Where the best figure
is zero, the smallest one above zero is the yardstick.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from suanwang.grid.demand import Preference


class Figures(NamedTuple):
    """What a buyer may weigh, of one offer; lower is better in each."""

    cost: int  # smallest units, fee and tax included
    time: int  # µs from now to the finish
    latency: float  # ms
    carbon: float  # g


_FIGURE_OF = {
    Preference.COST: 0,
    Preference.SPEED: 1,
    Preference.LATENCY: 2,
    Preference.GREEN: 3,
}


class Yardstick(NamedTuple):
    """Best figures and weights, ready to score with: (place in Figures, weight, best, scale)."""

    terms: tuple[tuple[int, float, float, float], ...]

    def score(self, figures: Figures) -> float:
        """Return how far an offer is above the best, weighted."""
        total = 0.0
        for i, weight, best, scale in self.terms:
            total += weight * (figures[i] - best) / scale
        return total


def normalised(weights: Mapping[Preference, float]) -> dict[Preference, float]:
    """Return the positive weights, summing to 1, in a fixed order; none given means cost alone."""
    positive = {each: weights.get(each, 0.0) for each in Preference if weights.get(each, 0.0) > 0}
    whole = sum(positive.values())
    if not positive:
        return {Preference.COST: 1.0}
    return {each: weight / whole for each, weight in positive.items()}


def yardstick(weights: Mapping[Preference, float], offers: Iterable[Figures]) -> Yardstick:
    """Take the best of each weighted figure over all offers."""
    columns = list(zip(*offers, strict=True))
    terms = []
    for preference, weight in normalised(weights).items():
        i = _FIGURE_OF[preference]
        best = min(columns[i])
        scale = best or min((each for each in columns[i] if each > 0), default=1)
        terms.append((i, weight, best, scale))
    return Yardstick(tuple(terms))


_BEST = {
    Preference.COST: "cheapest",
    Preference.SPEED: "soonest",
    Preference.LATENCY: "nearest",
    Preference.GREEN: "greenest",
}
_WORSE = ("dearer", "later", "farther", "dirtier")
BALANCE = "balance"
EQUAL = "equal"


def why_chosen(weights: Mapping[Preference, float], figures: Figures, rows: list[Figures]) -> str:
    """Say what the chosen offer is best at, the weightiest preference first."""
    ranked = sorted(normalised(weights).items(), key=lambda item: -item[1])
    for preference, _ in ranked:
        i = _FIGURE_OF[preference]
        if figures[i] == min(each[i] for each in rows):
            return _BEST[preference]
    return BALANCE


def why_behind(measure: Yardstick, figures: Figures, chosen: Figures) -> tuple[str, float]:
    """Say by which weighted figure an offer falls behind the chosen one most, and by how much."""
    behind = [
        (weight * (figures[i] - chosen[i]) / scale, i) for i, weight, _, scale in measure.terms
    ]
    most, i = max(behind, key=lambda each: each[0])
    if most <= 0:
        return EQUAL, 0.0
    return _WORSE[i], figures[i] - chosen[i]
