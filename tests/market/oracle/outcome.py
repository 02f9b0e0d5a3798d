"""An outcome in floats: who takes how much where; from an oracle or from a RESULT."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from tests.market.oracle.reading import cell_cost, value_at

NOTHING = 1e-9  # less is what is left of rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Quantities by order; a missing id has nothing."""

    steps: dict[str, float] = field(default_factory=dict)  # asks and bids: cards
    blocks: dict[str, float] = field(default_factory=dict)  # ratio
    offers: dict[str, list[float]] = field(default_factory=dict)  # cards per slot of the case
    jobs: dict[str, dict] = field(default_factory=dict)  # {(zone, class, slot): cards}
    data: dict[str, dict] = field(default_factory=dict)  # {(from, to, slot): GB}
    flows: dict[tuple, float] = field(default_factory=dict)  # {(from, to, class, slot): cards}


def taken(outcome: Outcome) -> frozenset[str]:
    """The blocks, jobs and offers that have something."""
    offers = {id_ for id_, cards in outcome.offers.items() if max(cards) > NOTHING}
    blocks = {id_ for id_, ratio in outcome.blocks.items() if ratio > NOTHING}
    return frozenset(offers | blocks | {id_ for id_, cells in outcome.jobs.items() if cells})


def welfare(case, outcome: Outcome) -> float:
    """Value less cost of an outcome, summed order by order."""
    hours = case["hours"]
    total = 0.0
    for sign, side in ((-1, "asks"), (1, "bids")):
        for step in case[side]:
            cards = outcome.steps.get(step["id"], 0.0)
            total += sign * step["price"] * cards * hours[step["node"][2]]
    total += sum(outcome.blocks.get(b["id"], 0.0) * block_gain(case, b) for b in case["blocks"])
    total += sum(job_worth(case, j, outcome.jobs.get(j["id"], {})) for j in case["jobs"])
    total -= sum(offer_cost(case, o, outcome.offers.get(o["id"])) for o in case["offers"])
    costs = {link["ends"]: link["cost"] for link in case["links"]}
    return total - sum(costs[f, t] * hours[s] * q for (f, t, _, s), q in outcome.flows.items())


def block_gain(case, block) -> float:
    """The welfare of the whole block."""
    sign = 1 if block["side"] == "bid" else -1
    cells = block["cells"].items()
    return sign * sum(block["prices"][cell] * q * case["hours"][cell[2]] for cell, q in cells)


def job_worth(case, job, cells) -> float:
    """A job's value for this allocation, less transfer and carbon."""
    if not cells:
        return 0.0
    hours = case["hours"]
    cost = sum(
        cell_cost(case, job, zone=z, card_class=k, slot=t) * hours[t] * q
        for (z, k, t), q in cells.items()
    )
    if job["shape"] != "divisible":
        return value_at(job, max(t for _, _, t in cells)) - cost
    shares = (
        value_at(job, t) * job["classes"][k] * hours[t] * q / job["work"]
        for (_, k, t), q in cells.items()
    )
    return sum(shares) - cost


def offer_cost(case, offer, cards) -> float:
    """What an offer's cards cost, its starts included."""
    if not cards:
        return 0.0
    hourly = zip(cards, offer["price"], case["hours"], strict=True)
    return _starts(offer, cards) * offer["start_cost"] + sum(
        q * price * hour for q, price, hour in hourly
    )


def _starts(offer, cards) -> int:
    """How often the offer must start; one with quantity_min 0 may stay on without cards."""
    smooth = np.inf if offer["ramp"] is None else offer["ramp"] + NOTHING
    starts, on = 0, False
    for before, now in pairwise([0.0, *cards]):
        on = on and (before > NOTHING or offer["quantity_min"] == 0) and abs(now - before) <= smooth
        if now > NOTHING and not on:
            starts, on = starts + 1, True
        on = on and (now > NOTHING or offer["quantity_min"] == 0)
    return starts


def imbalance(case, outcome: Outcome) -> float:
    """The largest distance from balance over all nodes, in cards."""
    net: dict[tuple, float] = defaultdict(float)
    for sign, side in ((1, "asks"), (-1, "bids")):
        for step in case[side]:
            net[step["node"]] += sign * outcome.steps.get(step["id"], 0.0)
    for block in case["blocks"]:
        sign = 1 if block["side"] == "ask" else -1
        for cell, quantity in block["cells"].items():
            net[cell] += sign * quantity * outcome.blocks.get(block["id"], 0.0)
    for offer in case["offers"]:
        for slot, cards in enumerate(outcome.offers.get(offer["id"], [])):
            net[offer["zone"], offer["class"], slot] += cards
    for cells in outcome.jobs.values():
        for cell, cards in cells.items():
            net[cell] -= cards
    for (source, target, k, slot), cards in outcome.flows.items():
        net[source, k, slot] -= cards
        net[target, k, slot] += cards
    return max((abs(cards) for cards in net.values()), default=0.0)


def from_result(case, result) -> Outcome:
    """The outcome that a RESULT document tells."""
    accepted = {line["id"]: line["quantity"] for line in result["accepted"]}
    steps = {s["id"] for s in case["asks"] + case["bids"]}
    jobs, data = {}, {}
    for line in result["jobs"]:
        cells: dict[tuple, float] = defaultdict(float)
        for cell in line["allocation"]:
            cells[cell["zone"], cell["class"], cell["slot"]] += float(cell["cards"])
        moved: dict[tuple, float] = defaultdict(float)
        for way in line.get("data", []):
            moved[way["from"], way["to"], way["slot"]] += float(way["gb"])
        jobs[line["id"]], data[line["id"]] = dict(cells), dict(moved)
    return Outcome(
        steps={id_: float(q) for id_, q in accepted.items() if id_ in steps},
        blocks={
            b["id"]: _ratio(b, accepted[b["id"]]) for b in case["blocks"] if b["id"] in accepted
        },
        offers={
            o["id"]: [float(q) for q in accepted[o["id"]]]
            for o in case["offers"]
            if o["id"] in accepted
        },
        jobs=jobs,
        data=data,
        flows={
            (f["from"], f["to"], f["class"], f["slot"]): float(f["quantity"])
            for f in result["flows"]
        },
    )


def _ratio(block, quantities) -> float:
    pairs = zip(quantities, block["cells"].values(), strict=True)
    return next((float(q) / whole for q, whole in pairs if whole > 0), 0.0)
