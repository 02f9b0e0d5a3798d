"""Each order's own problem against trying everything."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.builders import a_document, ask, block, job, link, offer

from suanwang.market.verify.best import best_of_job, best_of_offer, best_of_step
from suanwang.market.verify.case import case_from_document
from suanwang.market.verify.families import best_of_family, families_of
from suanwang.market.verify.numbers import ONE
from suanwang.market.verify.quotes import Quotes

few = settings(max_examples=60, deadline=None)
prices = st.lists(st.integers(-2, 9), min_size=4, max_size=4)


def a_case(**keys):
    return case_from_document(a_document(price_min=-9, price_max=99, **keys))


def quoted(case, nodes, *, links=(), pools=None) -> Quotes:
    return Quotes(
        case,
        [p * ONE for p in nodes],
        [[p * ONE for p in row] for row in links],
        {name: [p * ONE for p in row] for name, row in (pools or {}).items()},
    )


def yuan(case, grains) -> Fraction:
    return Fraction(grains, ONE * ONE * case.hour)


def job_gain(nodes, *, slots=4, links=(), pools=None, document=None, **keys) -> Fraction:
    """What a job gains at these prices, in yuan."""
    case = a_case(slots=slots, jobs=[job("j", end=4, **keys)], **(document or {}))
    return yuan(case, best_of_job(case.jobs[0], quoted(case, nodes, links=links, pools=pools)))


def test_a_step_takes_all_whole_lots_or_nothing():
    assert [best_of_step(v, 7, lot) for v, lot in ((2, 0), (2, 3), (0, 0), (-1, 3))] == [
        14, 12, 0, 0,
    ]  # fmt: skip


@few
@given(prices, st.integers(1, 9), st.integers(0, 2), st.integers(2, 4))
def test_a_contiguous_job_takes_its_best_run(nodes, work, least, most):
    runs = [(a, b) for a in range(4) for b in range(a + 1, 5) if work <= most * (b - a)]
    gains = [
        20 - max(Fraction(work, b - a), least) * sum(nodes[a:b]) for a, b in runs
    ]  # fmt: skip
    found = job_gain(
        nodes, work=work, value=20, cards_min=least, cards_max=most, shape="contiguous"
    )
    best = max([*gains, Fraction(0)])
    assert best <= found <= best + Fraction(1, 10**20)


@few
@given(prices, prices, st.integers(1, 9), st.integers(1, 3), st.integers(0, 30))
def test_a_divisible_job_meets_its_dual(cheap, fast, work, most, value):
    """Σ over slots of the best cell at a price for work, plus that price × work: least over prices."""
    cells = [((1, cheap[t]), (2, fast[t])) for t in range(4)]
    rate = Fraction(value, work)
    points = [[(0, 0), *((most * s, most * (rate * s - c)) for s, c in row)] for row in cells]
    slopes = {
        Fraction(g - h) / (w - v) for row in points for w, g in row for v, h in row if w != v
    }  # fmt: skip
    dual = min(
        p * work + sum(max(g - p * w for w, g in row) for row in points)
        for p in {s for s in slopes if s > 0} | {0}
    )
    found = job_gain(
        [*cheap, *fast], work=work, value=value, cards_max=most, classes={"x": 1, "y": 2},
        document={"classes": "x y"},
    )  # fmt: skip
    assert dual <= found <= dual + Fraction(1, 10**20)


@few
@given(prices, st.integers(1, 8), st.integers(1, 2))
def test_a_preemptible_job_is_bounded_by_its_cheapest_cards(nodes, work, most):
    """Every way to run whole cards, extra ones where they are paid for taking, is tried."""
    found = job_gain(nodes, work=work, value=20, cards_max=most, shape="preemptible")
    ways = product(range(most + 1), repeat=4)
    gains = [
        20 - sum(w * p for w, p in zip(way, nodes, strict=True)) for way in ways if sum(way) >= work
    ]
    assert found == max([*gains, 0])


def test_values_fall_with_the_last_slot_and_end_the_window():
    keys = {"work": 1, "values": [{"end": 2, "value": 9}, {"end": 3, "value": 4}]}
    for shape in ("preemptible", "contiguous", "divisible"):
        assert job_gain([9, 7, 1, 0], shape=shape, **keys) == 3
        assert job_gain([9, 9, 9, 0], shape=shape, **keys) == 0


def test_a_gang_pays_its_pool_and_needs_one():
    keys = {"work": 2, "value": 9, "cards_max": 2, "shape": "contiguous", "gang": True}
    pool = {"asks": [ask("a", 2, 1, pool="p"), ask("b", 2, 1, pool="q")]}
    dear = {"p": [3, 3, 3, 3], "q": [1, 1, 1, 1]}
    assert job_gain([1] * 4, document=pool, pools=dear, **keys) == 5
    assert job_gain([1] * 4, **keys) == 0


def test_carbon_and_transfer_make_a_card_dearer():
    carbon = {"carbon": [{"zone": "A", "class": "x", "kg": "0.5"}]}
    for shape in ("preemptible", "contiguous", "divisible"):
        keys = {"work": 2, "value": 20, "shape": shape, "carbon_weight": 3, "zones": {"A": 2}}
        assert job_gain([1] * 4, document=carbon, **keys) == 20 - 2 * (1 + 2 + Fraction(3, 2))


def test_data_pays_the_cheapest_path_before_and_after_each_run():
    document = {
        "zones": "A B C",
        "links": [link("A", "B"), link("A", "C"), link("C", "B"), link("B", "A")],
    }
    nodes = [1] * 12
    links = [[9] * 4, [1, 5, 5, 5], [2, 5, 5, 5], [7, 7, 4, 1]]
    keys = {
        "document": document, "links": links, "work": 2, "value": 30, "cards_max": 2,
        "zones": {"B": 0}, "data": {"at": "A", "in": 2, "out": 3},
    }  # fmt: skip
    # In by C in slot 0 at 3 a GB, out in slot 3 at 1: 30 − 2 − 6 − 3.
    for shape in ("contiguous", "preemptible", "divisible"):
        assert job_gain(nodes, shape=shape, **keys) == 19
    # Without a way home there is no place to run but A.
    document["links"] = document["links"][:3]
    assert job_gain(nodes, shape="contiguous", **keys | {"links": links[:3]}) == 0
    assert (
        job_gain(nodes, shape="contiguous", **keys | {"links": links[:3], "zones": {"A": 0}}) == 28
    )


@few
@given(prices, st.integers(1, 3), st.integers(0, 6), st.integers(0, 2), st.booleans())
def test_an_offer_is_on_and_off_at_its_best(nodes, min_run, start_cost, least, gap):
    quantity = [3, 0 if gap and least else 3, 3, 3]
    case = a_case(
        slots=4,
        offers=[
            offer(
                "o", quantity, 2, quantity_min=least, start_cost=start_cost, min_run=min_run, end=4
            )
        ],
    )

    def gain(on) -> int:
        runs = [t for t in range(4) if on[t] and not (t and on[t - 1])]
        value = sum(
            max((p - 2) * q, (p - 2) * least)
            for p, q, o in zip(nodes, quantity, on, strict=True)
            if o
        )
        return value - start_cost * len(runs)

    def fits(on) -> bool:
        edges = [t for t, (a, b) in enumerate(pairwise([0, *on, 0])) if a != b]
        long = all(b - a >= min_run or b == 4 for a, b in zip(edges[::2], edges[1::2], strict=True))
        return long and all(quantity[t] >= least for t in range(4) if on[t])

    best = max(gain(on) for on in product((0, 1), repeat=4) if fits(on))
    assert yuan(case, best_of_offer(case.offers[0], quoted(case, nodes))) == best


TREE = st.lists(
    st.tuples(st.integers(-5, 9), st.integers(-1, 4), st.sampled_from([None, "g", "h"]), st.booleans()),
    min_size=1, max_size=5,
)  # fmt: skip


@few
@given(TREE)
def test_no_family_gains_more_than_its_bound(rows):
    """Ratios 0, 1/2 and 1 of every block; the bound is met where none may be taken in part."""
    parents: dict[str, str | None] = {}
    blocks = []
    for i, (price, above, group, part) in enumerate(rows):
        parent = f"k{above}" if 0 <= above < i else None
        shared = group is None or parents.setdefault(group, parent) == parent
        fraction = "0.5" if part else 1
        blocks.append(
            block(
                f"k{i}",
                1,
                price,
                group=group if shared else None,
                parent=parent,
                min_fraction=fraction,
            )
        )
    case = a_case(blocks=blocks)
    quotes = quoted(case, [0])
    found = sum(yuan(case, best_of_family(f, quotes)) for f in families_of(case.blocks))

    def fits(ratios) -> bool:
        by_id = {b["id"]: r for b, r in zip(blocks, ratios, strict=True)}
        groups = [
            sum(by_id[b["id"]] for b in blocks if b["group"] == g) for g in ("g", "h")
        ]  # fmt: skip
        return max(groups) <= 2 and all(
            by_id[b["id"]] <= by_id.get(b["parent"], 2) and (by_id[b["id"]] != 1 or part)
            for b, (_, _, _, part) in zip(blocks, rows, strict=True)
        )

    best = max(
        Fraction(sum(r * row[0] for r, row in zip(ratios, rows, strict=True)), 2)
        for ratios in product((0, 1, 2), repeat=len(rows))
        if fits(ratios)
    )
    assert best <= found
    assert best == found or any(part for *_, part in rows)
