"""Says in one short sentence why a row of the plan is where it is, in English or Chinese.

The reason codes and their facts are in the row and never change; only their words are here. The
Chinese stands in `texts_zh.toml`, and a test keeps it complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

from suanwang.basics.languages import Texts, load_texts
from suanwang.basics.money import Money
from suanwang.basics.slots import BEIJING, parse_instant
from suanwang.grid.demand import Option, WhyNot

WHY_NOT: Mapping[WhyNot, str] = {
    WhyNot.CLASS: "needs {needed}; these cards are {found}",
    WhyNot.CARDS: "needs {needed} cards on {nodes_needed} nodes;"
    " there are {found} cards on {nodes_found}",
    WhyNot.CORES: "needs {needed} cores on a node; there are {found}",
    WhyNot.MEMORY: "needs {needed} GB of memory on a node; there are {found} GB",
    WhyNot.DISK: "needs {needed} GB of disk on a node; there are {found} GB",
    WhyNot.LATENCY: "{found} ms away, over your {needed} ms one way",
    WhyNot.DEADLINE: "done {found}, after your deadline {needed}",
    WhyNot.COST: "up to ¥{found} at its time limit, over your ¥{needed}",
    WhyNot.SILENT: "the centre does not answer",
    WhyNot.FAILED_THERE: "this job already failed there",
    WhyNot.ELSEWHERE: "the data lies in another centre's cold store",
    WhyNot.CAPABILITY: "lacks {needed}",
    WhyNot.NO_STORE: "has no cold store",
    WhyNot.FULL: "full until {found}, beyond the two days planned ahead",
    WhyNot.TOO_SLOW: "would run {needed} on these cards, over your time limit of {found}",
    WhyNot.NOT_SOLD: "your broker has no contract or price for it",
    WhyNot.BROKER_SHORT: "your broker may lose ¥{needed} by it and has ¥{found}",
}
WHY: Mapping[str, str] = {
    "cheapest": "cheapest",
    "soonest": "done soonest",
    "nearest": "nearest to you",
    "greenest": "least carbon",
    "balance": "best balance of your preferences",
    "dearer": "¥{by} dearer",
    "later": "done {by} later",
    "farther": "{by} ms farther",
    "dirtier": "{by} more CO₂e",
    "equal": "as good as the best",
}
WAITS = "{why}; starts {by} later for a better hour"
SPEED_UNKNOWN = "{why}; speed not stated, taken as 1"
_FACTS_AS = {
    WhyNot.DEADLINE: "instant",
    WhyNot.FULL: "instant",
    WhyNot.COST: "yuan",
    WhyNot.TOO_SLOW: "seconds",
}
# A row kept from before a fact was told says so instead of failing.
_NOT_TOLD = dict.fromkeys(("needed", "found", "nodes_needed", "nodes_found"), "?")
_CENT = Decimal("0.01")
_KILO = 1000
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@cache
def _texts(lang: str) -> Texts:
    return load_texts("suanwang.grid", lang)


def explain(option: Option, lang: str) -> str:
    """Return the reason of a row, feasible or not, in `lang` ("en" or "zh")."""
    texts = _texts("zh" if lang.startswith("zh") else "en")
    if option.why_not is not None:
        kind = _FACTS_AS.get(option.why_not, "plain")
        facts = {name: _write(kind, fact, texts) for name, fact in option.why_detail.items()}
        return texts(WHY_NOT[option.why_not], **(_NOT_TOLD | facts))
    text = _why(option, texts)
    if option.waits:
        text = texts(WAITS, why=text, by=_span(option.waits.total_seconds(), texts))
    if not option.speed_known:
        text = texts(SPEED_UNKNOWN, why=text)
    return text


def _why(option: Option, texts: Texts) -> str:
    by = option.why_detail.get("by", "0")
    match option.why:
        case "dearer":
            by = _yuan(Money(int(Decimal(by)), option.cost.asset).decimal())
        case "later":
            by = _span(float(by) / 10**6, texts)
        case "dirtier":
            by = _mass(float(by))
        case "farther":
            by = f"{float(by):.1f}"
    return texts(WHY.get(option.why, option.why), by=by)


def _write(kind: str, fact: str, texts: Texts) -> str:
    if kind == "instant":
        return f"{parse_instant(fact).astimezone(BEIJING):%m-%d %H:%M}"
    if kind == "yuan":
        return _yuan(Decimal(fact))
    if kind == "seconds":
        return _span(float(fact), texts)
    return fact


def _yuan(amount: Decimal) -> str:
    """Write two places, or for less than a cent the two that say something."""
    if amount >= _CENT or not amount:
        return f"{amount:.2f}"
    return f"{amount:.6f}".rstrip("0")


def _mass(grams: float) -> str:
    return f"{grams / _KILO:.1f} kg" if grams >= _KILO else f"{grams:.3g} g"


def _span(seconds: float, texts: Texts) -> str:
    """Write a span in the unit that a person would use."""
    for size, text in ((_DAY, "{n} d"), (_HOUR, "{n} h"), (_MINUTE, "{n} min")):
        if seconds >= size:
            return texts(text, n=f"{seconds / size:.3g}")
    return texts("{n} s", n=f"{seconds:.2g}")
