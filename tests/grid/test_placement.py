"""Placement by example: what each figure is, who is chosen, and why the others are not."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from tests.grid.builders import (
    CARD,
    HOUR,
    NOW,
    PEAK_AND_VALLEY,
    a_centre,
    a_demand,
    a_pool,
    a_state,
    after,
    centre_id,
    pool_id,
    slot,
    yuan,
)

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import Money
from suanwang.basics.products import CardClass, ZoneId
from suanwang.grid.catalogue import Position, city
from suanwang.grid.centre import PoolState
from suanwang.grid.deal import Sale
from suanwang.grid.demand import Preference, WhyNot
from suanwang.grid.energy import carbon_g
from suanwang.grid.errors import PlaceUnknown
from suanwang.grid.fees import TAKE_RATES, TakeRates
from suanwang.grid.list_price import ListPrice
from suanwang.grid.offer import latency_between
from suanwang.grid.placement import plan

COST, SPEED = Preference.COST, Preference.SPEED
LATENCY, GREEN = Preference.LATENCY, Preference.GREEN


def the_row(demand, state, **options):
    (row,) = plan(demand, [state], now=NOW, **options)
    return row


def order(demand, states) -> list[str]:
    return [str(row.pool_id)[-1] for row in plan(demand, states, now=NOW)]


def test_no_pools_no_rows():
    assert plan(a_demand(), [], now=NOW) == []


def test_a_plain_job_starts_now_and_costs_its_card_hours_fee_and_tax():
    row = the_row(a_demand(), a_state(price="4.00"))
    assert (row.start, row.finish) == (NOW, after(1))
    assert (row.run_time, row.data_time) == (HOUR, timedelta(0))
    assert row.reserved_until == after(2)
    assert row.compute_cost == yuan("32")
    # 32 + 2 % fee + 6 % tax on the fee
    assert row.cost == yuan("32.6784")
    assert row.cost_at_most == yuan("65.3568")
    assert (row.price, row.card_class, row.cards) == (yuan("4.00"), CARD, 8)
    assert (row.chosen, row.why, row.why_not, row.score) == (True, "cheapest", None, 0)


def test_fee_and_tax_are_arguments():
    free = TakeRates(fee=Fraction(0), tax=Fraction(6, 100))
    assert the_row(a_demand(), a_state(), take=free).cost == yuan("32")


@pytest.mark.parametrize("units", [0, 1, 24, 25, 26, 2_499_999, 32_000_000, 10**15 + 7])
def test_the_quick_sum_of_fees_is_the_slow_one(units):
    assert TAKE_RATES.total_units(units) == TAKE_RATES.total(Money(units)).units


def test_a_faster_card_runs_shorter_and_a_slower_one_longer():
    states = [a_state(1), a_state(2, chip=CardClass("h100-80g-sxm"), price="10")]
    demand = a_demand(classes={CARD: 0.5, CardClass("h100-80g-sxm"): 2.0})
    fast, slow = plan(demand, states, now=NOW)
    assert (fast.run_time, fast.compute_cost, fast.speed) == (HOUR / 2, yuan("40"), 2.0)
    assert (slow.run_time, slow.compute_cost, slow.speed) == (2 * HOUR, yuan("64"), 0.5)


def test_a_class_without_a_stated_speed_counts_as_one_and_the_row_says_so():
    row = the_row(a_demand(classes={}), a_state(chip=CardClass("h100-80g-sxm")))
    assert (row.run_time, row.speed, row.speed_known) == (HOUR, 1.0, False)
    assert the_row(a_demand(), a_state()).speed_known


def test_data_takes_its_bytes_over_the_bandwidth_and_the_way():
    # 10 GB in and 5 GB out over 1000 Mbit/s: 80 s and 40 s, and twice 7.9 ms to Beijing.
    state = a_state(centre={"data_price_gb": yuan("0.10")})
    row = the_row(a_demand(bytes_in=10**10, bytes_out=5 * 10**9, home="beijing"), state)
    assert row.data_time == pytest.approx(
        timedelta(seconds=120.0158), abs=timedelta(milliseconds=1)
    )
    assert row.data_cost == yuan("1.5")
    assert row.finish == NOW + row.data_time + HOUR
    assert row.reserved_until == NOW + row.data_time + 2 * HOUR
    assert row.latency_ms == pytest.approx(7.9, abs=0.05)


def test_data_that_lies_in_the_zone_already_costs_nothing_to_bring():
    state = a_state(centre={"data_price_gb": yuan("0.10")})
    near = a_demand(bytes_in=10**10, data_at=ZoneId("zhongwei"), home="beijing")
    row = the_row(near, state)
    assert (row.data_cost, row.data_time) == (yuan("0"), timedelta(seconds=80))


def test_the_hour_of_the_run_sets_its_price():
    # 09:00 in Beijing is peak; four hours reach past noon.
    demand = a_demand(expected=4 * HOUR, time_limit=4 * HOUR)
    row = the_row(demand, a_state(price=PEAK_AND_VALLEY))
    assert row.price == yuan("6")
    assert row.compute_cost == yuan("176")  # 8 × (3 × 6 + 4)


def test_the_hold_covers_a_run_that_data_pushes_into_a_dearer_hour_or_not():
    # An hour of data before 09:00 … 11:00 peak: early data would run in peak, late data not.
    state = a_state(price=PEAK_AND_VALLEY, centre={"bandwidth_mbps": 1000.0})
    demand = a_demand(bytes_in=450 * 10**9, expected=HOUR, time_limit=2 * HOUR, earliest=after(2))
    row = the_row(demand, state)
    assert row.data_time == HOUR
    assert row.compute_cost == yuan("32")  # 12:00 to 13:00
    # 11:00 to 13:00 without the wait: 8 × (6 + 4), and one unit for each hour begun
    assert row.cost_at_most == TAKE_RATES.total(yuan("80.000004"))


def test_energy_and_carbon_follow_power_pue_and_hour():
    row = the_row(a_demand(), a_state(centre={"zone": "guian", "pue": 1.25}))
    # 8 cards × 400 W × 0.9 × 1.25 for an hour
    assert row.energy_wh == pytest.approx(3600)
    assert row.carbon_g == pytest.approx(3.6 * row.carbon_intensity)
    assert row.carbon_basis == "modelled hourly"


def test_a_centre_where_no_factor_is_published_is_planned_with_the_national_one():
    row = the_row(a_demand(), a_state(centre={"zone": "hong-kong"}))
    assert row.carbon_intensity == 530.6
    assert row.carbon_basis == "national average"


def test_data_in_and_out_keeps_the_cards_waiting_at_idle_power():
    with_data = the_row(a_demand(bytes_in=45 * 10**10, bytes_out=45 * 10**10), a_state())
    without = the_row(a_demand(), a_state())
    # Two hours at 8 × 400 W × 0.15 × 1.2.
    assert with_data.energy_wh - without.energy_wh == pytest.approx(2 * 576)
    idle, busy = 576, 8 * 400 * 0.9 * 1.2
    waits = carbon_g("CN-NX", slot(0, 1), idle) + carbon_g("CN-NX", slot(2, 3), idle)
    runs = carbon_g("CN-NX", slot(1, 2), busy)
    assert with_data.carbon_g == pytest.approx(waits + runs)


def test_a_store_job_pays_for_its_gigabyte_months():
    state = a_state(centre={"cold_price_gb_month": yuan("0.012")})
    row = the_row(a_demand(cards=1, store_gb=500.0, store_months=2.0), state)
    assert row.store_cost == yuan("12")
    assert row.cost == TAKE_RATES.total(yuan("16"))


def test_a_job_without_cards_costs_only_its_data_and_store():
    state = a_state(centre={"cold_price_gb_month": yuan("0.01")}, busy=[(slot(0, 9), 8)])
    row = the_row(a_demand(cards=0, store_gb=100.0, store_months=1.0), state)
    assert (row.start, row.compute_cost, row.store_cost) == (NOW, yuan("0"), yuan("1"))
    assert (row.energy_wh, row.carbon_g) == (0, 0)


@pytest.mark.parametrize(
    ("busy", "cards", "start"),
    [
        ([], 8, 0),
        ([(0, 3, 8)], 8, 3),
        ([(0, 3, 4)], 4, 0),
        ([(0, 3, 4)], 5, 3),
        ([(1, 3, 8)], 8, 3),  # the time limit of two hours does not fit before
        ([(2, 3, 8)], 8, 0),
    ],
)
def test_a_job_starts_when_its_cards_are_free_for_its_whole_time_limit(busy, cards, start):
    state = a_state(busy=[(slot(a, b), taken) for a, b, taken in busy])
    assert the_row(a_demand(cards=cards), state).start == after(start)


def test_a_job_never_starts_before_its_buyer_wants_it():
    assert the_row(a_demand(earliest=after(5)), a_state()).start == after(5)
    assert the_row(a_demand(earliest=after(-5)), a_state()).start == NOW


@pytest.mark.parametrize(
    ("weights", "best"),
    [({COST: 1.0}, "121"), ({SPEED: 1.0}, "211"), ({GREEN: 1.0}, "211"), ({LATENCY: 1.0}, "121")],
)
def test_preferences_choose(weights, best):
    # 1 is near Beijing, cheap, dirty and busy for an hour; 2 is in green Sichuan, dear and free.
    states = [
        a_state(1, centre={"zone": "zhangjiakou"}, price="4", busy=[(slot(0, 1), 8)]),
        a_state(2, centre={"zone": "tianfu"}, price="9"),
    ]
    rows = plan(a_demand(weights=weights, home="beijing"), states, now=NOW)
    assert str(rows[0].pool_id)[-1] == best[0]
    assert rows[0].chosen
    assert not rows[1].chosen
    expected = {COST: "cheapest", SPEED: "soonest", GREEN: "greenest", LATENCY: "nearest"}
    behind = {COST: "dearer", SPEED: "later", GREEN: "dirtier", LATENCY: "farther"}
    (weight,) = weights
    assert (rows[0].why, rows[1].why) == (expected[weight], behind[weight])
    assert float(rows[1].why_detail["by"]) > 0


def test_a_compromise_that_is_best_at_nothing_is_called_a_balance():
    states = [
        a_state(1, price="4.0", busy=[(slot(0, 9), 8)]),
        a_state(2, price="4.4", busy=[(slot(0, 1), 8)]),
        a_state(3, price="9.0"),
    ]
    rows = plan(a_demand(weights={COST: 0.7, SPEED: 0.3}), states, now=NOW)
    assert (str(rows[0].pool_id)[-1], rows[0].why) == ("2", "balance")


def test_equal_offers_go_to_the_smaller_pool_id():
    rows = plan(a_demand(), [a_state(3), a_state(1), a_state(2)], now=NOW)
    assert [str(row.pool_id)[-1] for row in rows] == ["1", "2", "3"]
    assert [row.why for row in rows] == ["cheapest", "equal", "equal"]


def test_weights_that_say_nothing_mean_cost():
    states = [a_state(1, price="5"), a_state(2, price="4")]
    assert order(a_demand(weights={}), states) == ["2", "1"]
    assert order(a_demand(weights={SPEED: 0.0}), states) == ["2", "1"]


def test_offers_that_cost_nothing_are_ranked_too():
    states = [a_state(1, price="5"), a_state(2, price="0")]
    rows = plan(a_demand(), states, now=NOW)
    assert [row.score for row in rows] == [0, 1]
    assert plan(a_demand(), [a_state(2, price="0")], now=NOW)[0].score == 0


VALLEY_AT_23 = 14  # hours from NOW to 23:00 in Beijing


def test_with_a_deadline_a_job_waits_for_the_cheaper_hour():
    state = a_state(price=PEAK_AND_VALLEY)
    row = the_row(a_demand(deadline=after(40)), state)
    assert (row.start, row.price) == (after(VALLEY_AT_23), yuan("2"))
    assert row.waits == VALLEY_AT_23 * HOUR


def test_without_a_deadline_it_starts_as_soon_as_it_can():
    row = the_row(a_demand(), a_state(price=PEAK_AND_VALLEY))
    assert (row.start, row.waits) == (NOW, timedelta(0))


@pytest.mark.parametrize(
    ("deadline", "start"),
    [(15, VALLEY_AT_23), (14.9, 3), (4.5, 3), (2, 0), (1, 0)],
)
def test_it_waits_no_longer_than_its_deadline_allows(deadline, start):
    row = the_row(a_demand(deadline=after(deadline)), a_state(price=PEAK_AND_VALLEY))
    assert row.start == after(start)


def test_it_waits_for_the_sun_when_green_is_what_counts():
    state = a_state(centre={"zone": "zhongwei"})
    green = the_row(a_demand(weights={GREEN: 1.0}, deadline=after(40)), state)
    now = the_row(a_demand(weights={GREEN: 1.0}), state)
    assert green.carbon_g < now.carbon_g
    assert green.waits > timedelta(0)


def test_it_waits_only_while_cards_are_free():
    busy = [(slot(VALLEY_AT_23, VALLEY_AT_23 + 3), 8)]
    row = the_row(a_demand(deadline=after(40)), a_state(price=PEAK_AND_VALLEY, busy=busy))
    assert row.start == after(VALLEY_AT_23 + 3)


def test_speed_alone_never_waits_and_a_flat_price_gives_no_reason_to():
    by_hour = a_state(price=PEAK_AND_VALLEY)
    assert the_row(a_demand(weights={SPEED: 1.0}, deadline=after(40)), by_hour).start == NOW
    assert the_row(a_demand(deadline=after(40)), a_state()).start == NOW


def test_a_budget_may_be_kept_by_waiting():
    state = a_state(price=PEAK_AND_VALLEY)
    # Two hours of eight cards: ¥96 at peak, ¥32 in the valley.
    row = the_row(a_demand(cost_max=yuan("40"), deadline=after(40)), state)
    assert (row.start, row.why_not) == (after(VALLEY_AT_23), None)
    refused = the_row(a_demand(cost_max=yuan("40"), deadline=after(2)), state)
    assert refused.why_not is WhyNot.COST


BROKER = OrganisationId("org_broker")
LOSS = {
    a_state().pool.id: Sale(
        price=ListPrice.flat("1"), purchase=ListPrice.flat("9"), funds=yuan("10")
    )
}
CASES = {
    WhyNot.ELSEWHERE: ({"only_centre": centre_id(9)}, {}),
    WhyNot.FAILED_THERE: ({"not_centres": frozenset({centre_id(1)})}, {}),
    WhyNot.NOT_SOLD: ({"broker": BROKER}, {}),
    WhyNot.BROKER_SHORT: ({"broker": BROKER, "sold": LOSS}, {}),
    WhyNot.SILENT: ({}, {"silent": True}),
    WhyNot.CLASS: ({"classes": {CardClass("h100-80g-sxm"): 1.0}}, {}),
    WhyNot.CARDS: ({"cards": 9}, {}),
    WhyNot.CORES: ({"cores": 65}, {}),
    WhyNot.MEMORY: ({"memory_gb": 513.0}, {}),
    WhyNot.DISK: ({"disk_gb": 1000.5}, {}),
    WhyNot.CAPABILITY: ({"needs": frozenset({"image"})}, {}),
    WhyNot.NO_STORE: ({"store_gb": 5.0, "store_months": 1.0}, {}),
    WhyNot.LATENCY: ({"home": "beijing", "latency_ms_max": 5.0}, {}),
    WhyNot.TOO_SLOW: ({"classes": {CARD: 0.25}}, {}),
    WhyNot.FULL: ({}, {"busy": [(slot(0, 49), 8)]}),
    WhyNot.DEADLINE: ({"deadline": after(0.9)}, {}),
    WhyNot.COST: ({"cost_max": yuan("65.35")}, {}),
}


def test_every_reason_has_its_case():
    assert set(CASES) == set(WhyNot)


@pytest.mark.parametrize("why", list(CASES), ids=str)
def test_a_pool_that_cannot_take_it_says_why(why):
    demand, state = CASES[why]
    row = the_row(a_demand(**demand), a_state(**state))
    assert (row.why_not, row.chosen, row.score) == (why, False, None)
    assert row.why_detail
    # One thing less and it fits: nothing else stood in the way.
    assert the_row(a_demand(), a_state()).why_not is None


@pytest.mark.parametrize(
    ("why", "detail"),
    [
        (WhyNot.CLASS, {"needed": "h100-80g-sxm", "found": CARD}),
        (WhyNot.CARDS, {"needed": "9", "found": "8", "nodes_needed": "2", "nodes_found": "1"}),
        (WhyNot.MEMORY, {"needed": "513", "found": "512"}),
        (WhyNot.CAPABILITY, {"needed": "image"}),
        (WhyNot.LATENCY, {"needed": "5", "found": "7.9"}),
        (WhyNot.TOO_SLOW, {"needed": "14400", "found": "7200"}),
        (WhyNot.DEADLINE, {"needed": "2026-11-24T01:54:00Z", "found": "2026-11-24T02:00:00Z"}),
        (WhyNot.FULL, {"needed": "2026-11-26T01:00:00Z", "found": "2026-11-26T02:00:00Z"}),
        (WhyNot.COST, {"needed": "65.350000", "found": "65.356800"}),
    ],
)
def test_what_was_needed_and_what_was_found_is_told(why, detail):
    demand, state = CASES[why]
    assert the_row(a_demand(**demand), a_state(**state)).why_detail == detail


def test_what_can_be_mended_shows_what_it_would_have_been():
    row = the_row(a_demand(cost_max=yuan("1")), a_state())
    assert (row.start, row.cost) == (NOW, yuan("32.6784"))
    never = the_row(a_demand(cards=9), a_state())
    assert (never.start, never.finish, never.cost, never.price) == (
        None,
        None,
        yuan("0"),
        yuan("4"),
    )


def test_the_nearest_to_feasible_comes_first_among_the_others():
    states = [
        a_state(1, chip=CardClass("t4-16g")),
        a_state(2, silent=True),
        a_state(3, busy=[(slot(0, 60), 8)]),
        a_state(4, chip=CardClass("t4-16g")),
        a_state(5),
    ]
    assert order(a_demand(), states) == ["5", "3", "1", "4", "2"]


def test_many_classes_are_named_only_up_to_a_few():
    named = {CardClass(f"class-{i}"): 1.0 for i in range(9)}
    detail = the_row(a_demand(classes=named), a_state()).why_detail
    assert detail["needed"] == "class-0, class-1, class-2, class-3, class-4, …"


@pytest.mark.parametrize(
    ("cards", "nodes", "fits"),
    [(16, 1, True), (16, 2, True), (17, 1, False), (8, 3, False), (2, 2, True)],
)
def test_cards_spread_over_as_many_nodes_as_they_need(cards, nodes, fits):
    row = the_row(a_demand(cards=cards, nodes=nodes), a_state(nodes=2))
    assert (row.why_not is None) == fits


def test_an_unknown_home_is_refused_by_name():
    with pytest.raises(PlaceUnknown):
        plan(a_demand(home="shangai"), [a_state()], now=NOW)


def test_a_latency_wish_without_a_home_rules_nothing_out():
    assert the_row(a_demand(latency_ms_max=1.0), a_state()).why_not is None


def test_a_centre_off_the_middle_of_its_zone_is_as_far_as_it_is():
    home = city("beijing")
    assert latency_between(None, a_centre()) is None
    assert latency_between(home, a_centre(zone="shanghai")) == 14.3  # measured
    own = Position(home.position.latitude, home.position.longitude)
    assert latency_between(home, a_centre(position=own)) == 1.0
    assert 1.1 < latency_between(city("chongqing"), a_centre(zone="chongqing")) < 1.3


def test_two_pools_of_one_centre_are_two_rows():
    centre = a_centre(1)
    states = [
        PoolState(pool=a_pool(n, centre=centre.id, price=p), centre=centre)
        for n, p in ((1, "5"), (2, "4"))
    ]
    assert [row.pool_id for row in plan(a_demand(), states, now=NOW)] == [pool_id(2), pool_id(1)]
