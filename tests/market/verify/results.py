"""Hand-made CASE and RESULT pairs; every number is worked out beside it.

A pair's RESULT is what the rules ask for, so each of its fields is the only one that may stand there.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.market.builders import a_document, ask, bid, block, job, link, offer

HASH = "c0" * 32
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """A case and what must come out of it."""

    case: Document
    result: Document = field(repr=False)

    def copy(self) -> tuple[Document, Document]:
        return deepcopy(self.case), deepcopy(self.result)


def a_result(prices: str, *, settlements: str = "", accepted: str = "", **keys: Any) -> Document:
    """A RESULT; `prices` are "zone/class/slot price" lines, the others "id amount" lines."""
    welfare = keys.pop("welfare", "0")
    gap_parts = keys.pop("gap_parts", {"orders": [], "links": []})
    return {
        "case_sha256": HASH,
        "rules": "1",
        "seed": "0",
        "work": "1000",
        "status": "complete",
        "welfare": welfare,
        "bound": keys.pop("bound", welfare),
        "gap": keys.pop("gap", "0"),
        "prices": [_node(line) for line in _lines(prices)],
        "link_prices": [],
        "multipliers": None,
        "gap_parts": gap_parts,
        "accepted": [_pair(line, "quantity") for line in _lines(accepted)],
        "jobs": [],
        "flows": [],
        "settlements": [_pair(line, "amount") for line in _lines(settlements)],
        "uplift": [],
        "rejected_profitable": [],
        "congestion_rent": "0",
        "claims": None,
    } | keys


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _node(line: str) -> Document:
    place, price = line.split()
    zone, card_class, slot = place.split("/")
    return {"zone": zone, "class": card_class, "slot": int(slot), "price": price}


def _pair(line: str, key: str) -> Document:
    name, *numbers = line.split()
    listed = key == "quantity" and numbers[0].startswith("[")
    values = [n.strip("[],") for n in numbers]
    return {"id": name, key: values if listed else values[0]}


def a_run(name: str, cells: str = "", *, paid: str = "0", data: str = "", **keys: Any) -> Document:
    """A job's outcome; cells are "zone/class/slot cards [pool]", data "from→to/slot gb direction"."""
    allocation = []
    for line in _lines(cells):
        place, cards, *pool = line.split()
        zone, card_class, slot = place.split("/")
        cell = {"zone": zone, "class": card_class, "slot": int(slot), "cards": cards}
        allocation.append(cell | ({"pool": pool[0]} if pool else {}))
    moves = [_move(line) for line in _lines(data)]
    run = {"id": name, "accepted": bool(allocation), "allocation": allocation, "paid": paid}
    return run | ({"data": moves} if moves else {}) | keys


def _move(line: str) -> Document:
    way, gb, direction = line.split()
    ends, slot = way.split("/")
    source, target = ends.split("→")
    return {"from": source, "to": target, "slot": int(slot), "gb": gb, "direction": direction}


def a_flow(way: str, quantity: str) -> Document:
    """A flow; `way` is "from→to/class/slot"."""
    ends, card_class, slot = way.split("/")
    source, target = ends.split("→")
    return {
        "from": source,
        "to": target,
        "class": card_class,
        "slot": int(slot),
        "quantity": quantity,
    }


def simple() -> Pair:
    """Ask 10 at 2, bids 4 at 5 and 3 at 1: 4 are traded at 2; welfare 4 × (5 − 2)."""
    case = a_document(
        asks=[ask("a", 10, 2)], bids=[bid("b", 4, 5), bid("c", 3, 1)], price_min=0, price_max=9
    )
    return Pair(
        case,
        a_result("A/x/0 2", accepted="a 4\n b 4", settlements="a 8\n b -8", welfare="12"),
    )


def tied() -> Pair:
    """Ask 5 at 1; bids of 3, 3 and 1 at 4 share it 5 : 7, so 15/7, 15/7 and 5/7 at price 4.

    Cut down to 10⁻¹² cards one quantum is left over. SHA-256 of "7:b1" begins with 47, of "7:b2"
    with a5, of "7:b3" with 9f: b1 gets it.
    """
    case = a_document(
        asks=[ask("a", 5, 1)],
        bids=[bid("b1", 3, 4), bid("b2", 3, 4), bid("b3", 1, 4)],
        price_min=0, price_max=9, seed=7,
    )  # fmt: skip
    accepted = "a 5\n b1 2.142857142858\n b2 2.142857142857\n b3 0.714285714285"
    settlements = "a 20\n b1 -8.571429\n b2 -8.571429\n b3 -2.857143\n @rounding 0.000001"
    return Pair(
        case,
        a_result("A/x/0 4", accepted=accepted, settlements=settlements, welfare="15", seed="7"),
    )


def carbon() -> Pair:
    """`simple` with 5 kg a card-hour at 0.1 yuan: the ask costs 2.5; welfare 4 × (5 − 2.5)."""
    case = simple().case | {
        "carbon": [{"zone": "A", "class": "x", "kg": 5}], "carbon_price": "0.1",
    }  # fmt: skip
    return Pair(
        case,
        a_result("A/x/0 2.5", accepted="a 4\n b 4", settlements="a 10\n b -10", welfare="10"),
    )


def congested() -> Pair:
    """A link of 3 GB carries 1.5 cards of weight 2 at 0.5: from 1 to 6, link price 4.5 ÷ 2."""
    case = a_document(
        zones="A B",
        links=[link("A", "B", 3, cost="0.5", weights={"x": 2})],
        asks=[ask("a", 10, 1)], bids=[bid("b", 4, 6, zone="B")],
        price_min=0, price_max=9,
    )  # fmt: skip
    return Pair(
        case,
        a_result(
            "A/x/0 1\n B/x/0 6",
            accepted="a 1.5\n b 1.5",
            settlements="a 1.5\n b -9\n @carriage 0.75",
            welfare="6.75",
            flows=[a_flow("A→B/x/0", "1.5")],
            link_prices=[{"from": "A", "to": "B", "slot": 0, "price": "2.25"}],
            congestion_rent="6.75",
        ),
    )


def tied_over_link() -> Pair:
    """4 cards of A for bids of 3 there and of 5 in B, all at 5, with room between: half of each."""
    case = a_document(
        zones="A B",
        links=[link("A", "B", 100)],
        asks=[ask("a", 4, 1)], bids=[bid("here", 3, 5), bid("there", 5, 5, zone="B")],
        price_min=0, price_max=9,
    )  # fmt: skip
    return Pair(
        case,
        a_result(
            "A/x/0 5\n B/x/0 5",
            accepted="a 4\n here 1.5\n there 2.5",
            settlements="a 20\n here -7.5\n there -12.5",
            welfare="16",
            flows=[a_flow("A→B/x/0", "2.5")],
        ),
    )


def block_taken() -> Pair:
    """A block of 2 at 5 over two slots that cost 2 and 4; welfare 2 × 3 + 2 × 1."""
    case = a_document(
        slots=2,
        asks=[ask("a0", 3, 2), ask("a1", 3, 4, slot=1)],
        blocks=[block("k", 2, 5, slots=[0, 1])],
        price_min=0, price_max=9,
    )  # fmt: skip
    return Pair(
        case,
        a_result(
            "A/x/0 2\n A/x/1 4",
            accepted="a0 2\n a1 2\n k [2, 2]",
            settlements="a0 4\n a1 8\n k -12",
            welfare="8",
        ),
    )


def _block_case(**keys: Any) -> Document:
    return a_document(
        asks=[ask("a", 3, 2)], bids=[bid("b", 2, 6)], blocks=[block("k", 2, 5)],
        price_min=0, price_max=9, **keys,
    )  # fmt: skip


def block_left() -> Pair:
    """With k, b would be cut and set the price at 6, above k's 5; so k misses 2 × (5 − 2).

    At the multiplier 5 the ask could gain 3 × 3, it gained 2 × 3; b 2 × 1, k nothing: bound 11.
    """
    return Pair(
        _block_case(),
        a_result(
            "A/x/0 2",
            accepted="a 2\n b 2",
            settlements="a 4\n b -4",
            welfare="8",
            bound="11",
            gap="3",
            multipliers={
                "nodes": [{"zone": "A", "class": "x", "slot": 0, "price": "5"}],
                "links": [],
                "pools": [],
            },
            gap_parts={"orders": [{"id": "a", "amount": "3"}], "links": []},
            rejected_profitable=[{"id": "k", "missed": "6"}],
            claims={"solver": "s", "version": "1", "bound": "10"},
        ),
    )


def block_uplifted() -> Pair:
    """The same with uplift: k loses 2 at the price 6; b and k pay for it by 1 and 2 card-hours.

    k gets 2 − 4/3, b pays 2/3. At the multiplier 5, b could gain 2 and gained 1.
    """
    result = block_left().result | a_result(
        "A/x/0 6",
        accepted="a 3\n b 1\n k [2]",
        settlements="a 18\n b -6\n k -12",
        welfare="10",
        bound="11",
        gap="1",
        uplift=[{"id": "k", "amount": "0.666667"}, {"id": "b", "amount": "-0.666667"}],
        gap_parts={"orders": [{"id": "b", "amount": "1"}], "links": []},
    )
    result["multipliers"] = block_left().result["multipliers"]
    return Pair(_block_case(pricing="uplift"), result)


def divisible() -> Pair:
    """Work of 3 worth 4 a card-hour: 2 cards at 1 in slot 0, 1 at 3 in slot 1."""
    case = a_document(
        slots=2,
        asks=[ask("a0", 9, 1), ask("a1", 9, 3, slot=1)],
        jobs=[job("j", 3, 12, cards_max=2, end=2)],
        price_min=0, price_max=9,
    )  # fmt: skip
    return Pair(
        case,
        a_result(
            "A/x/0 1\n A/x/1 3",
            accepted="a0 2\n a1 1",
            settlements="a0 2\n a1 3\n j -5",
            welfare="7",
            jobs=[a_run("j", "A/x/0 2\n A/x/1 1", paid="5")],
        ),
    )


def contiguous() -> Pair:
    """Data of A comes in slot 0, the job runs in B in slots 1 and 2, and 2 GB go home in slot 3.

    4 card-hours at 1, carried in at 0.5 each: 20 − 4 − 2. Free links make A's prices those of B.
    """
    case = a_document(
        zones="A B",
        slots=4,
        links=[link("A", "B", 10), link("B", "A", 10)],
        asks=[ask("a1", 5, 1, zone="B", slot=1), ask("a2", 5, 1, zone="B", slot=2)],
        jobs=[
            job(
                "j", 4, 20, zones={"B": "0.5"}, cards_min=1, cards_max=2, end=4,
                shape="contiguous", data={"at": "A", "in": 6, "out": 2},
            )
        ],
        price_min=0, price_max=9,
    )  # fmt: skip
    prices = "".join(f"{z}/x/{t} {p}\n" for z in "AB" for t, p in enumerate(["4.5", 1, 1, "4.5"]))
    run = a_run("j", "B/x/1 2\n B/x/2 2", paid="6", data="A→B/0 6 in\n B→A/3 2 out")
    return Pair(
        case,
        a_result(
            prices,
            accepted="a1 2\n a2 2",
            settlements="a1 2\n a2 2\n j -6\n @carriage 2",
            welfare="14",
            jobs=[run],
        ),
    )


def gang() -> Pair:
    """A gang of pool p runs in slots 0 and 2 and does 0.5 again for its pause: 2 and 1.5 cards.

    Slot 0: a0 is full, so 1 to 9, in the middle 5. Slot 2: 1. Slot 1: nothing sold, 0 to 9.
    At the multipliers 1, 9, 1 and 0.25 for the pool in slot 2 the job's relaxation takes 2 at 1 and
    1 at 1.25, 16.75, and it gained 20 − 2 − 1.5 × 1.25 = 16.125. a2: 2 × 0.25 less 1.5 × 0.25.
    """
    asks = [ask(f"a{t}", 2, p, slot=t, pool="p") for t, p in enumerate([1, 9, 1])]
    jobs = [
        job(
            "j", 3, 20, cards_max=2, end=3, shape="preemptible", setup="0.5", max_pauses=1,
            gang=True,
        )
    ]  # fmt: skip
    case = a_document(slots=3, asks=asks, jobs=jobs, price_min=0, price_max=9)
    nodes = a_result("A/x/0 1\n A/x/1 9\n A/x/2 1")["prices"]
    return Pair(
        case,
        a_result(
            "A/x/0 5\n A/x/1 4.5\n A/x/2 1",
            accepted="a0 2\n a2 1.5",
            settlements="a0 10\n a2 1.5\n j -11.5",
            welfare="16.5",
            bound="17.25",
            gap="0.75",
            jobs=[a_run("j", "A/x/0 2 p\n A/x/2 1.5 p", paid="11.5")],
            multipliers={
                "nodes": nodes,
                "links": [],
                "pools": [{"pool": "p", "slot": 2, "price": "0.25"}],
            },
            gap_parts={
                "orders": [{"id": "a2", "amount": "0.125"}, {"id": "j", "amount": "0.625"}],
                "links": [],
            },
        ),
    )


def offered() -> Pair:
    """An offer on in both slots, 3 and 1 cards at 2 and one start of 4, that must not lose.

    The middles 3 and 1.5 bring it 10.5 of 12; the nearest prices that bring 12 are 3.45 and 1.65.
    """
    case = a_document(
        slots=2,
        bids=[bid("b0", 3, 6), bid("b1", 1, 3, slot=1)],
        offers=[offer("o", 3, 2, quantity_min=1, start_cost=4, min_run=2, end=2)],
        price_min=0, price_max=9,
    )  # fmt: skip
    return Pair(
        case,
        a_result(
            "A/x/0 3.45\n A/x/1 1.65",
            accepted="b0 3\n b1 1\n o [3, 1]",
            settlements="b0 -10.35\n b1 -1.65\n o 12",
            welfare="9",
        ),
    )


def job_left() -> Pair:
    """Of 2 cards at 2, b takes one for 9 and the job, which needs both for 8, misses 8 − 4."""
    case = a_document(
        asks=[ask("a", 2, 2)],
        bids=[bid("b", 1, 9)],
        jobs=[job("j", 2, 8, cards_min=2, cards_max=2, shape="contiguous")],
        price_min=0, price_max=9,
    )  # fmt: skip
    return Pair(
        case,
        a_result(
            "A/x/0 2",
            accepted="a 1\n b 1",
            settlements="a 2\n b -2",
            welfare="7",
            bound="11",
            gap="4",
            jobs=[a_run("j")],
            gap_parts={"orders": [{"id": "j", "amount": "4"}], "links": []},
            rejected_profitable=[{"id": "j", "missed": "4"}],
        ),
    )


PAIRS = {
    pair.__name__: pair
    for pair in (
        simple, tied, carbon, congested, tied_over_link, block_taken, block_left, block_uplifted,
        divisible, contiguous, gang, offered, job_left,
    )
}  # fmt: skip
