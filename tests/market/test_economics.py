"""What a market must never do, as properties of RESULT for cases of every kind."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from tests.market.cleared import amounts, cleared, outcome_of, prices_of
from tests.market.oracle import milp, outcome, random_cases
from tests.market.oracle.outcome import block_gain, job_worth, offer_cost
from tests.market.oracle.reading import read

from suanwang.market.verify.check import verify

# Hundreds of cases: in CI, left out of `make check`.
pytestmark = pytest.mark.real

KINDS = (
    "SIMPLE", "LINKED", "LINEAR", "TIED", "ONE_SIDED", "EMPTY", "BLOCKS", "CONTIGUOUS",
    "PREEMPTIBLE", "GANGS", "OFFERS", "DATA", "LOTS", "EVERYTHING",
)  # fmt: skip
ORDERS = ("asks", "bids", "blocks", "jobs", "offers", "links")
MICRO = 1e-6
every_kind = pytest.mark.parametrize("kind", KINDS)
both_pricings = pytest.mark.parametrize("pricing", ["no_loss", "uplift"])
seeds = pytest.mark.parametrize("seed", range(5))
simple_cases = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def a_case(kind, seed, *, pricing="no_loss"):
    return random_cases.case(seed, replace(getattr(random_cases, kind), pricing=pricing))


def gains(document, result) -> dict[str, float]:
    """What each order has in value less what it gave, at the settlement and with its uplift."""
    case, found = read(document), outcome_of(document, result)
    worth = {}
    for sign, side in ((-1, "asks"), (1, "bids")):
        for step in case[side]:
            cards = found.steps.get(step["id"], 0.0)
            worth[step["id"]] = sign * step["price"] * cards * case["hours"][step["node"][2]]
    for block in case["blocks"]:
        worth[block["id"]] = found.blocks.get(block["id"], 0.0) * block_gain(case, block)
    for offer in case["offers"]:
        worth[offer["id"]] = -offer_cost(case, offer, found.offers.get(offer["id"]))
    for job in case["jobs"]:
        cells = found.jobs.get(job["id"], {})
        # Transfer is in the settlement already.
        carried = sum(job["zones"][z] * q * case["hours"][t] for (z, _, t), q in cells.items())
        worth[job["id"]] = job_worth(case, job, cells) + carried
    money, extra = amounts(result["settlements"]), amounts(result["uplift"])
    return {id_: w + float(money.get(id_, 0) + extra.get(id_, 0)) for id_, w in worth.items()}


def paid_by_hand(document, result) -> dict[str, float]:
    """Σ price × cards × hours of each simple order, block and offer, + for who sells."""
    case, found, price = read(document), outcome_of(document, result), prices_of(result)
    hours, money = case["hours"], {}
    for sign, side in ((1, "asks"), (-1, "bids")):
        for step in case[side]:
            cards = found.steps.get(step["id"], 0.0)
            money[step["id"]] = sign * price[step["node"]] * cards * hours[step["node"][2]]
    for block in case["blocks"]:
        sign = 1 if block["side"] == "ask" else -1
        ratio = sign * found.blocks.get(block["id"], 0.0)
        cells = block["cells"].items()
        money[block["id"]] = sum(ratio * q * price[c] * hours[c[2]] for c, q in cells)
    for offer in case["offers"]:
        cards = enumerate(found.offers.get(offer["id"], []))
        place = (offer["zone"], offer["class"])
        money[offer["id"]] = sum(q * price[*place, t] * hours[t] for t, q in cards)
    return money


@every_kind
@seeds
def test_nobody_who_is_accepted_loses(kind, seed):
    document = a_case(kind, seed)
    assert min(gains(document, cleared(document)).values(), default=0) >= -2 * MICRO


@every_kind
@seeds
def test_with_uplift_only_the_buyers_charge_can_make_one_lose(kind, seed):
    document = a_case(kind, seed, pricing="uplift")
    result = cleared(document)
    # A buyer that is paid its loss pays its share of all losses like every other buyer.
    buyers = {order["id"] for order in [*document["bids"], *document["jobs"]]}
    buyers |= {block["id"] for block in document["blocks"] if block["side"] == "bid"}
    others = {id_: g for id_, g in gains(document, result).items() if id_ not in buyers}
    assert min(others.values(), default=0) >= -2 * MICRO


@every_kind
@both_pricings
@seeds
def test_money_neither_comes_from_nowhere_nor_goes_there(kind, pricing, seed):
    result = cleared(a_case(kind, seed, pricing=pricing))
    settled = sum(amounts(result["settlements"]).values(), Decimal(0))
    assert settled + Decimal(result["congestion_rent"]) == 0
    assert sum(amounts(result["uplift"]).values(), Decimal(0)) == 0


@every_kind
@seeds
def test_settlements_are_cards_at_the_published_price(kind, seed):
    document = a_case(kind, seed)
    result = cleared(document)
    by_hand, settled = paid_by_hand(document, result), amounts(result["settlements"])
    assert {id_: float(settled.get(id_, 0)) for id_ in by_hand} == pytest.approx(
        by_hand, abs=2 * MICRO
    )


@every_kind
@both_pricings
@seeds
def test_the_gap_is_the_sum_of_its_parts(kind, pricing, seed):
    result = cleared(a_case(kind, seed, pricing=pricing))
    parts = [*result["gap_parts"]["orders"], *result["gap_parts"]["links"]]
    welfare, bound = Decimal(result["welfare"]), Decimal(result["bound"])
    assert all(Decimal(part["amount"]) > 0 for part in parts)
    assert Decimal(result["gap"]) == bound - welfare
    assert bound - welfare == sum((Decimal(part["amount"]) for part in parts), Decimal(0))


@every_kind
@both_pricings
@seeds
def test_the_outcome_is_in_balance_and_worth_what_result_says(kind, pricing, seed):
    document = a_case(kind, seed, pricing=pricing)
    result = cleared(document)
    case, found = read(document), outcome_of(document, result)
    assert outcome.imbalance(case, found) < 1e-9
    assert outcome.welfare(case, found) == pytest.approx(float(result["welfare"]), abs=MICRO)


def random_multipliers(document, dice):
    """Any prices of nodes and pools, and for links the least that the rules allow with them."""
    case = read(document)
    slots = range(len(case["hours"]))
    nodes = {
        (z, k, t): Decimal(dice.randint(-2000, 9000)) / 1000
        for z in case["zones"]
        for k in case["classes"]
        for t in slots
    }
    links = {
        (*link["ends"], t): max(
            (
                nodes[link["ends"][1], k, t]
                - nodes[link["ends"][0], k, t]
                - Decimal(str(link["cost"]))
            )
            / Decimal(str(weight))
            for k, weight in link["weights"].items()
        )
        for link in case["links"]
        for t in slots
    }
    pools = {s["pool"] for s in case["asks"] + case["offers"] if s["pool"] is not None}
    return {
        "nodes": [_priced(key, price, "zone", "class", "slot") for key, price in nodes.items()],
        "links": [
            _priced(key, price, "from", "to", "slot") for key, price in links.items() if price > 0
        ],
        "pools": [
            _priced((pool, t), dice.randint(1, 3), "pool", "slot")
            for pool in sorted(pools)
            for t in slots
        ],
    }


def _priced(key, price, *names):
    up = Decimal(price).quantize(Decimal("1e-12"), rounding=ROUND_CEILING)
    return dict(zip(names, key, strict=True)) | {"price": f"{up:f}"}


@every_kind
@seeds
def test_any_multipliers_bound_every_outcome(kind, seed):
    document, dice = a_case(kind, seed, pricing="uplift"), random.Random(seed)
    best, result = milp.optimum(document), cleared(document)
    for _ in range(5):
        other = result | {"multipliers": random_multipliers(document, dice)}
        verdict = verify(document, other, case_sha256=result["case_sha256"])
        assert not [fault for fault in verdict.faults if fault.code == "multiplier"]
        assert verdict.bound >= (best - MICRO) * 10**12


def unordered(result):
    """RESULT with its lists sorted; a family's gap part is named by whichever block comes first."""
    parts = sorted(part["amount"] for part in result["gap_parts"]["orders"])
    links = result["gap_parts"]["links"]
    return _sorted(result | {"gap_parts": {"orders": parts, "links": links}})


def _sorted(value):
    if isinstance(value, dict):
        return {key: _sorted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted((_sorted(inner) for inner in value), key=json.dumps)
    return value


@every_kind
@both_pricings
@seeds
def test_the_order_of_orders_changes_nothing(kind, pricing, seed):
    document = a_case(kind, seed, pricing=pricing)
    dice = random.Random(seed)
    mixed = document | {key: dice.sample(document[key], len(document[key])) for key in ORDERS}
    assert unordered(cleared(mixed)) == unordered(cleared(document))


@every_kind
@seeds
def test_the_same_case_gives_the_same_bytes(kind, seed):
    document = a_case(kind, seed)
    assert json.dumps(cleared(document)) == json.dumps(cleared(document))


@simple_cases
@given(random_cases.cases(random_cases.LINKED))
def test_no_simple_order_envies_what_it_could_have_at_its_nodes_price(document):
    result = cleared(document)
    case, filled, price = read(document), outcome_of(document, result).steps, prices_of(result)
    for sign, side in ((1, "asks"), (-1, "bids")):
        for step in case[side]:
            margin = sign * (price[step["node"]] - step["price"])
            most = max(0.0, margin * step["quantity"])
            assert margin * filled.get(step["id"], 0.0) == pytest.approx(most, abs=1e-6)


@simple_cases
@given(random_cases.cases(random_cases.ONE_NODE))
def test_more_supply_never_raises_the_price(document):
    node = {"zone": "z0", "class": "c0", "slot": 0}
    (before,) = prices_of(cleared(document)).values()
    for price in ("-1.5", "2", "8"):
        more = {"id": "more", **node, "quantity": "2", "price": price}
        (after,) = prices_of(cleared(document | {"asks": [*document["asks"], more]})).values()
        assert after <= before + 1e-9


def times(document, *, cards=1, yuan=1):
    """The case with all cards and all prices multiplied."""

    def scaled(row, **factors):
        return row | {key: _times(row[key], by) for key, by in factors.items()}

    return document | {
        "asks": [scaled(a, quantity=cards, price=yuan) for a in document["asks"]],
        "bids": [scaled(b, quantity=cards, price=yuan) for b in document["bids"]],
        "links": [scaled(one, capacity=cards, cost=yuan) for one in document["links"]],
        "price_min": _times(document["price_min"], yuan),
        "price_max": _times(document["price_max"], yuan),
    }


def _times(number, by):
    if isinstance(number, list):
        return [_times(n, by) for n in number]
    return str(Decimal(number) * by)


@simple_cases
@given(random_cases.cases(random_cases.LINKED))
def test_more_cards_everywhere_leave_prices_as_they_are(document):
    small, large = cleared(document), cleared(times(document, cards=8))
    assert prices_of(large) == pytest.approx(prices_of(small), abs=1e-9)
    assert float(large["welfare"]) == pytest.approx(8 * float(small["welfare"]), rel=1e-9)


@simple_cases
@given(random_cases.cases(random_cases.LINKED))
def test_dearer_money_leaves_cards_as_they_are(document):
    cheap, dear = cleared(document), cleared(times(document, yuan=3))
    tripled = {node: 3 * price for node, price in prices_of(cheap).items()}
    assert prices_of(dear) == pytest.approx(tripled, abs=1e-9)
    assert dear["accepted"] == cheap["accepted"]
