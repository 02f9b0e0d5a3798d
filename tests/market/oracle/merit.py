"""The welfare of a case of simple orders without links, exactly: each node by its own merit order."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from tests.market.oracle.reading import MICRO, hours_of


def optimum(document) -> Fraction:
    """The most welfare, in yuan: the cheapest asks meet the dearest bids until they cross."""
    asks, bids = _by_node(document, "asks"), _by_node(document, "bids")
    hours = [hours_of(slot) for slot in document["slots"]]
    return sum((_node(asks[n], bids[n]) * hours[n[2]] for n in asks.keys() & bids), Fraction(0))


def _by_node(document, side):
    carbon = _carbon(document) if side == "asks" else {}
    orders = defaultdict(list)
    for order in document.get(side, []):
        node = (order["zone"], order["class"], order["slot"])
        price = Fraction(order["price"]) + carbon.get(node, 0)
        orders[node].append((price, Fraction(order["quantity"])))
    return orders


def _carbon(document):
    price = Fraction(document.get("carbon_price", 0))
    carbon = {}
    for entry in document.get("carbon", []):
        for slot in range(len(document["slots"])):
            kg = entry["kg"][slot] if isinstance(entry["kg"], list) else entry["kg"]
            cost = Fraction(round(price * Fraction(kg) * MICRO), MICRO)
            carbon[entry["zone"], entry["class"], slot] = cost
    return carbon


def _node(asks, bids) -> Fraction:
    supply, demand = sorted(asks, reverse=True), sorted(bids)
    total, left_ask, left_bid = Fraction(0), Fraction(0), Fraction(0)
    ask = bid = None
    while True:
        while not left_ask and supply:
            ask, left_ask = supply.pop()
        while not left_bid and demand:
            bid, left_bid = demand.pop()
        if not left_ask or not left_bid or ask >= bid:
            return total
        traded = min(left_ask, left_bid)
        total += traded * (bid - ask)
        left_ask, left_bid = left_ask - traded, left_bid - traded
