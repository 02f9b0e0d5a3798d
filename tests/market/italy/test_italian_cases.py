"""What the published tables become: no data needed, the tables are made up here."""

import pytest
from tests.market.italy_case import Book, Boundary, Italy, step

DAY = "2025-04-01"


def table(text):
    """Rows in the reader's notation; they are of the day's first hour, unless they say so."""
    head, *lines = [line.split() for line in text.strip().splitlines()]
    fixed = {"timestamp": f"{DAY}T00:00:00+02:00", "period": "1"}
    return {DAY: [fixed | dict(zip(head, line, strict=True)) for line in lines]}


def curve(text):
    return {day: [step(row) for row in rows] for day, rows in table(text).items()}


def an_italy():
    return Italy(
        tables={
            "block-orders": table("""
                block_id  zone  side    price_eur_per_mwh  quantity_mwh  published_status  period
                X1        NORD  supply  95.0               150.0         PREJ              1
                X1        NORD  supply  95.0               75.5          PREJ              2
                X2        SARD  demand  700.0              1.2           ACC               1
            """),
            "transfer-capacities": table("""
                from_zone  to_zone  min_flow_mwh  max_flow_mwh
                NORD       SARD     -870.0        720.0
                FRAN       NORD     -0.0          433.5
                COUP       FRAN     -1.0          1.0
            """),
            "published-prices": table("""
                zone  price_eur_per_mwh
                NORD  105.3
                FRAN  93.80001
            """),
            "published-exchanges": table("""
                zone  external_zone  exchange_mwh
                NORD  FRAN           -516.0
                SARD  CORS           12.5
                NORD  AUST           0.0
            """),
            "published-flows": table("""
                from_zone  to_zone  flow_mwh
                NORD       SARD     -12.5
            """),
        },
        curves={
            Book.CURVES: curve("""
                zone  side    price_eur_per_mwh  quantity_mwh
                NORD  supply  -500.0             74.89999999999999
                NORD  demand  4000.0             30.5
                SARD  demand  107.25             0.30000000000000004
            """),
            Book.BLOCKS: curve("""
                zone  side    price_eur_per_mwh  quantity_mwh
                NORD  demand  4000.0             30.5
            """),
        },
    )


def terms(orders):
    return [(o["zone"], o["slot"], o["quantity"], o["price"]) for o in orders]


def test_steps_become_orders_and_sums_of_tenths_are_tenths_again():
    case = an_italy().case(DAY, boundary=Boundary.EXCHANGES)
    assert terms(case["asks"])[0] == ("NORD", 0, "74.9", "-500")
    assert terms(case["bids"])[:2] == [("NORD", 0, "30.5", "4000"), ("SARD", 0, "0.3", "107.25")]


def test_ids_are_unique():
    case = an_italy().case(DAY, book=Book.BLOCKS)
    ids = [o["id"] for kind in ("asks", "bids", "blocks") for o in case[kind]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("boundary", "links"),
    [
        (Boundary.NEIGHBOURS, [("FRAN", "NORD", ["433.5"]), ("NORD", "FRAN", ["0"]), ("NORD", "SARD", ["720"]), ("SARD", "NORD", ["870"])]),
        (Boundary.PRICES, [("NORD", "SARD", ["720"]), ("SARD", "NORD", ["870"])]),
        (Boundary.EXCHANGES, [("NORD", "SARD", ["720"]), ("SARD", "NORD", ["870"])]),
    ],
)  # fmt: skip
def test_an_interconnection_is_two_links_and_those_abroad_are_left_out(boundary, links):
    case = an_italy().case(DAY, boundary=boundary)
    assert [(x["from"], x["to"], x["capacity"]) for x in case["links"]] == links


def test_a_neighbour_at_its_price_buys_and_sells_more_than_its_links_carry():
    case = an_italy().case(DAY, boundary=Boundary.NEIGHBOURS)
    for side in ("asks", "bids"):
        assert terms(case[side])[-1] == ("FRAN", 0, "100000", "93.80001")


def test_a_border_at_the_neighbours_price_buys_and_sells_what_it_carries():
    case = an_italy().case(DAY, boundary=Boundary.PRICES)
    assert terms(case["bids"])[-1] == ("NORD", 0, "0", "93.80001")
    assert terms(case["asks"])[-1] == ("NORD", 0, "433.5", "93.80001")


def test_a_pinned_import_is_sold_at_any_price_and_an_export_bought():
    case = an_italy().case(DAY, boundary=Boundary.EXCHANGES)
    assert terms(case["asks"])[1:] == [("NORD", 0, "516", "-500")]
    assert terms(case["bids"])[2:] == [("SARD", 0, "12.5", "4000")]
    assert case["zones"] == ["NORD", "CNOR", "CSUD", "SUD", "CALA", "SICI", "SARD"]


def test_legs_become_one_block():
    blocks = an_italy().case(DAY, book=Book.BLOCKS)["blocks"]
    assert [(b["id"], b["side"], b["slots"], b["quantity"], b["price"]) for b in blocks] == [
        ("X1", "ask", [0, 1], ["150", "75.5"], "95"),
        ("X2", "bid", [0], ["1.2"], "700"),
    ]
    assert an_italy().statuses(DAY) == {"X1": "PREJ", "X2": "ACC"}


def test_the_accepted_blocks_are_in_the_curves_already():
    assert an_italy().case(DAY, book=Book.CURVES)["blocks"] == []


def test_an_hour_is_an_hour():
    assert an_italy().case(DAY)["slots"] == [
        {"start": f"{DAY}T00:00:00+02:00", "end": f"{DAY}T01:00:00+02:00"}
    ]
