"""What everybody would do alone at given multipliers: the bound, and where cards are wanted.

    D(π) = Σ simple orders, jobs, families, offers, each at its best, + Σ capacity × λ × hours

is an upper bound on welfare for every π; its slope at a node is supply less demand there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import MICRO, Case, Nodes
from suanwang.market.clearing.curves import Curves, effective_ask_prices
from suanwang.market.clearing.own.arrays import JobArrays
from suanwang.market.clearing.own.bench import Plans as OwnPlans
from suanwang.market.clearing.own.bench import empty_plans
from suanwang.market.clearing.own.compiled import kernel
from suanwang.market.clearing.own.families import FamilyArrays, add_family_demand, family_gains
from suanwang.market.clearing.own.offers import OfferArrays, add_offer_demand, offer_bounds
from suanwang.market.clearing.own.prices import Prices as OwnPrices
from suanwang.market.clearing.own.prices import ready_prices
from suanwang.market.clearing.own.sweep import no_demand, sweep
from suanwang.market.clearing.slots import Market

Floats = NDArray[np.float64]
Sums = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Response:
    """Everybody's best at some multipliers."""

    value: float  # yuan: an upper bound on welfare
    excess: Floats  # [nodes], cards wanted less cards offered
    plans: OwnPlans  # of jobs: the relaxation's where a job is hard
    links: Floats  # [links, slots], yuan per hour and unit: the least that fit the node prices
    own_prices: OwnPrices
    family_gain: Floats
    offer_gain: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crowd:
    """All orders of a case, compiled for asking them."""

    market: Market
    jobs: JobArrays
    families: FamilyArrays
    block_place: Mapping[str, int]  # in the case as it came
    offers: OfferArrays
    hours: Floats  # [nodes]
    sums: Sums  # running sums over each node's steps
    low: float  # yuan: no price that anybody names is lower
    high: float

    @classmethod
    def of(cls, market: Market, order: Case | None = None) -> Crowd:
        """Compile all orders of a case; `order` is the case as it came: it names the families."""
        case, curves = market.case, market.curves
        hours = np.array([float(h) for h in case.hours])
        jobs = JobArrays.of(case)
        named = [case.price_min / MICRO, *_job_prices(jobs)]
        high = [case.price_min / MICRO, *_job_prices(jobs)]
        if curves.price.size:
            named.append(float(curves.price.min()) / MICRO)
            high.append(float(curves.price.max()) / MICRO)
        high += [float(block.price) for block in case.blocks]
        named += [float(block.price) for block in case.blocks]
        return cls(
            market=market,
            jobs=jobs,
            families=FamilyArrays.of(case),
            block_place={block.id: i for i, block in enumerate((order or case).blocks)},
            offers=OfferArrays.of(case),
            hours=np.repeat(hours, case.nodes // case.slots),
            sums=_running_sums(curves, float(case.quantum)),
            low=min(named),
            high=max(high),
        )

    def supply(self, nodes: Floats) -> Floats:
        """Return [nodes] cards that simple orders would give net at these prices, yuan."""
        curves = self.market.curves
        offered: Floats = -_simple(curves, self.sums, nodes, self.hours)[1]
        return offered

    def margin(self, nodes: Floats) -> Floats:
        """Return [nodes] what a card used is worth beyond the dearest for sale near its price."""
        curves = self.market.curves
        reach = 0.02 * (self.high - self.low)
        cost = _dearest(curves, nodes + reach)
        return np.where(np.isnan(cost), 0.0, nodes - cost)

    def pool_room(self, nodes: Floats) -> Floats:
        """Return [pools, slots] cards of pools that are for sale near these prices, yuan."""
        case = self.market.case
        room = np.zeros((len(case.pools), case.slots))
        per_slot = case.nodes // case.slots
        pooled = np.nonzero(case.asks.pool >= 0)[0]
        if len(pooled):
            node = case.asks.node[pooled]
            price = effective_ask_prices(case)[pooled] / MICRO
            reach = 0.02 * (self.high - self.low)
            cards = np.where(price <= nodes[node] + reach, case.asks.quantity[pooled], 0)
            np.add.at(room, (case.asks.pool[pooled], node // per_slot), cards / case.quantum)
        for offer in case.offers:
            if offer.pool >= 0:
                room[offer.pool] += [float(q) for q in offer.quantity]
        return room

    def respond(self, nodes: Floats, pools: Floats) -> Response:
        """Ask everybody at multipliers nodes[nodes] and pools[pools, slots], yuan per card-hour."""
        case, curves, network = self.market.case, self.market.curves, self.market.network
        value, excess = _simple(curves, self.sums, nodes, self.hours)
        slots = case.slots
        links, rent = _links(
            (
                network.source, network.target, network.capacity / case.quantum,
                network.cost / MICRO, network.weight,
            ),
            nodes, excess, slots,
        )  # fmt: skip
        hours = self.hours[:: case.nodes // slots]
        value += float((rent * hours).sum())
        own = ready_prices(self.jobs, nodes=nodes, links=links, pools=pools)
        plans, wanted = empty_plans(self.jobs), no_demand(self.jobs, pools=len(case.pools))
        sweep(self.jobs, own, plans=plans, demand=wanted)
        families = family_gains(self.families, nodes=nodes)
        add_family_demand(self.families, families.ratio, cards=wanted.cards)
        offers = offer_bounds(self.offers, nodes=nodes, pools=pools)
        add_offer_demand(self.offers, offers, cards=wanted.cards, pools=wanted.pool_cards)
        value += float(plans.jobs["gain"].sum() + families.gain.sum() + offers.gain.sum())
        return Response(
            value=value, excess=excess + wanted.cards, plans=plans, links=links, own_prices=own,
            family_gain=families.gain, offer_gain=offers.gain,
        )  # fmt: skip


def no_pools(case: Case) -> Floats:
    """Return pool multipliers of 0."""
    return np.zeros((len(case.pools), case.slots))


def _job_prices(jobs: JobArrays) -> list[float]:
    """Return the most that a job's work may be worth per card-hour, over all jobs."""
    if not len(jobs.jobs):
        return []
    first = jobs.jobs["step_first"]
    worth = jobs.steps["value"][first] / jobs.jobs["work"]
    return [float((worth * jobs.alternatives["speed"].max(initial=1.0)).max())]


@kernel
def _running_sums(curves: Curves, quantum: float) -> Sums:
    """Return, before each step, its node's asks, asks × price, bids, bids × price (cards, yuan)."""
    first, price, asks, bids = curves.first, curves.price, curves.asks, curves.bids
    nodes = first.size - 1
    size = price.size + nodes
    out = np.zeros((4, size))
    for n in range(nodes):
        for s in range(first[n], first[n + 1]):
            i = s + n
            yuan = price[s] / 1e6
            out[0, i + 1] = out[0, i] + asks[s] / quantum
            out[1, i + 1] = out[1, i] + asks[s] / quantum * yuan
            out[2, i + 1] = out[2, i] + bids[s] / quantum
            out[3, i + 1] = out[3, i] + bids[s] / quantum * yuan
    return out[0], out[1], out[2], out[3]


@kernel
def _simple(curves: Curves, sums: Sums, nodes: Floats, hours: Floats) -> tuple[float, Floats]:
    """Return (gain of all simple orders, [nodes] bids served less asks taken)."""
    first, price = curves.first, curves.price
    asks, ask_cost, bids, bid_worth = sums
    value = 0.0
    excess = np.zeros(nodes.size)
    for n in range(nodes.size):
        lo, hi = first[n], first[n + 1]
        a, b = lo, hi
        at = nodes[n] * 1e6
        while a < b:
            mid = (a + b) // 2
            if price[mid] <= at:
                a = mid + 1
            else:
                b = mid
        i, end = a + n, hi + n
        gain = nodes[n] * asks[i] - ask_cost[i]
        gain += (bid_worth[end] - bid_worth[i]) - nodes[n] * (bids[end] - bids[i])
        value += gain * hours[n]
        excess[n] = (bids[end] - bids[i]) - asks[i]
    return value, excess


@kernel
def _dearest(curves: Curves, nodes: Floats) -> Floats:
    """Return the price of each node's last ask at or below a price, yuan; nan where none is."""
    first, price, asks = curves.first, curves.price, curves.asks
    out = np.full(nodes.size, np.nan)
    for n in range(nodes.size):
        for s in range(first[n], first[n + 1]):
            if price[s] > nodes[n] * 1e6:
                break
            if asks[s] > 0:
                out[n] = price[s] / 1e6
    return out


@kernel
def _links(
    network: tuple[Nodes, Nodes, Floats, Floats, Floats], nodes: Floats, excess: Floats, slots: int
) -> tuple[Floats, Floats]:
    """Return (least link prices, capacity × price); a priced link is filled by its best class."""
    source, target, capacity, cost, weight = network
    links, classes = weight.shape
    per_slot = nodes.size // slots
    zones = per_slot // classes
    price = np.zeros((links, slots))
    rent = np.zeros((links, slots))
    for t in range(slots):
        for j in range(links):
            best = -1
            for k in range(classes):
                base = t * per_slot + k * zones
                gain = (nodes[base + target[j]] - nodes[base + source[j]] - cost[j]) / weight[j, k]
                if gain > price[j, t]:
                    price[j, t], best = gain, k
            if best >= 0:
                rent[j, t] = price[j, t] * capacity[j, t]
                cards = capacity[j, t] / weight[j, best]
                base = t * per_slot + best * zones
                excess[base + source[j]] += cards
                excess[base + target[j]] -= cards
    return price, rent
