"""An exchange that logs a bill which does not add up is found out by its own records."""

from __future__ import annotations

import pytest
from tests.ledger.log.bundles import (
    BILL,
    CHAIN,
    JOB,
    ROUND,
    USED,
    World,
    line,
    the_bill,
    the_contract,
    the_deal,
    the_lines,
    the_usage,
    transfer,
)

from suanwang.jobs.usage import UsageRecord
from suanwang.ledger.log.billed_use import USAGE_FIELDS
from suanwang.ledger.log.bundle import verify_bundle
from suanwang.ledger.log.errors import BundleWrong


def fault(world: World) -> str:
    with pytest.raises(BundleWrong) as caught:
        verify_bundle(world.bundle())
    return str(caught.value)


def billed(number: int, **fields) -> World:
    """Change one line of the bill."""
    lines = the_lines()
    lines[number] |= fields
    return World(bill=the_bill(lines=lines))


def parts(*amounts: str) -> list[dict[str, str]]:
    return [
        {"organisation_id": who, "role": role, "amount": amount}
        for (who, role), amount in zip(
            [("org_centre", "centre"), ("org_broker", "broker")], amounts, strict=False
        )
    ]


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (billed(0, amount="0.121", parts=parts("0.109", "0.012")), "lines[0].amount"),
        (billed(0, parts=parts("0.108", "0.011")), "parts that sum to 0.120000"),
        (billed(0, parts=parts("0.12")), "parts"),
        (billed(0, quantity="0.05"), "lines[0].amount"),
        (billed(0, quantity="0.033333334"), "lines[0].quantity"),
        (billed(0, price="7.2", quantity="0.016666667"), "a price of records"),
        (billed(0, price="1.8", quantity="0.066666667"), "at most 60 s of use"),
        (billed(0, price="x"), "an amount of yuan"),
        (billed(0, price="1e999999999"), "an amount of yuan"),
        (billed(0, quantity="1e999999999"), "a decimal number"),
        (billed(0, currency="USD"), "expected CNY"),
        (billed(0, price_source="round:rnd_9"), "the record round rnd_9"),
        (billed(0, usage_id="usg_9"), "expected usg_1"),
        (billed(0, parts=[]), "parts that sum to 0.120000"),
        (billed(0, parts=[{"organisation_id": "o", "role": "friend", "amount": "0.12"}]), "a role"),
        (billed(0, parts=[{"organisation_id": "o", "role": "funder", "amount": "0.12"}]), "a funder"),
        (billed(5, amount="-0.055", parts=[{"organisation_id": "org_funder", "role": "funder",
                                            "amount": "-0.055"}]), "at most rate × base"),
        (World(bill=the_bill(terms={"price": "3.6"})), "terms.deal: expected a deal"),
        (World(bill=the_bill(terms=None)), "terms.deal: expected a deal"),
        (World(bill=the_bill(gross="0.275725")), "gross: expected 0.275724"),
        (World(bill=the_bill(vouchers="0.05")), "vouchers: expected 0.054"),
        (World(bill=the_bill(total="0.2")), "total: expected 0.221724"),
        (World(bill=the_bill(total="9999999999999999")), "an amount of yuan"),
        (World(bill=the_bill(parts=parts("0.27"))), "for each party"),
        (World(bill=the_bill(lines="none")), "a list"),
        (World(bill=the_bill(lines=[7])), "an object"),
        (World(bill=the_bill(usage_id=None)), "the usage that the lines are about"),
        (World(bill=the_bill(usage_id="usg_9")), "expected usg_9"),
    ],
)  # fmt: skip
def test_a_bill_that_does_not_add_up(world, said):
    assert said in fault(world)


@pytest.mark.parametrize(
    "missing", ["order", "usage", "round", "commission", "txf_1", "txf_4", "txf_8"]
)
def test_a_record_that_is_left_out_is_missed(missing):
    assert fault(World(left_out={missing}))


@pytest.mark.parametrize(
    ("place", "change", "said"),
    [
        (0, {5: 206_401}, "from its buyer"),
        (0, {6: "txf_9"}, "a post out of a hold of job_1"),
        (0, {2: "acc_other"}, "money of acc_buyer"),
        (4, {5: 51_601}, "transfers to its parties"),
        (4, {3: "acc_broker"}, "transfers to its parties"),
        (6, {5: 53_000}, "vouchers of 0.054000 used up"),
        (0, {4: "USD"}, "from its buyer"),
    ],
)
def test_money_that_went_another_way(place, change, said):
    chain = list(CHAIN)
    row = list(chain[place])
    for column, value in change.items():
        row[column] = value
    chain[place] = tuple(row)
    assert said in fault(World(chain=chain))


def test_one_party_cannot_get_what_another_is_due():
    chain = list(CHAIN)
    chain[1] = (*chain[1][:3], "acc_centre", *chain[1][4:])
    chain[5] = (*chain[5][:3], "acc_centre", *chain[5][4:])
    assert "transfers to its parties" in fault(World(chain=chain))


def test_no_more_than_the_hold_is_taken():
    hold = list(World().hold)
    hold[5] = 200_000
    assert "at most 0.200000 out of txf_1" in fault(World(hold=tuple(hold)))


def test_a_chain_without_one_of_its_transfers_is_broken():
    def drop(rows):
        rows.pop(4)

    assert "in its chain" in fault(World(change_rows=drop))


def test_nobody_elses_transfers_are_in_a_bundle():
    def stray(rows):
        rows[0]["group_id"] = "job_2"

    assert "a transfer of job_1" in fault(World(change_rows=stray))


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        (the_usage() | {"wall_seconds": "60"}, "a signature of this record"),
        (the_usage() | {"public_key": "00" * 32}, "a signature of this record"),
        (the_usage() | {"signature": "x"}, "a signature of this record"),
        ({k: v for k, v in the_usage().items() if k != "signature"}, "signature: expected text"),
        ({k: v for k, v in the_usage().items() if k != "cards"}, "a usage record"),
        (the_usage(job_id="job_2"), "expected job_1"),
        (the_usage(usage_id="usg_2"), "expected usg_1"),
        (the_usage(cards=7), "whole seconds of 7 cards"),
        (the_usage(cards=0), "whole seconds of 0 cards"),
        (the_usage(wall_seconds="58.9"), "at most 59 s of use"),
        (the_usage(bytes_in=5), "data_in lines of 0.000000005 GB"),
        (the_usage(bytes_out=7), "data_out lines of 0.000000007 GB"),
        (the_usage(bytes_out="x"), "a whole number"),
    ],
)
def test_use_that_the_bill_does_not_follow_from(usage, said):
    assert said in fault(World(usage=usage))


def test_the_usage_may_stand_within_its_evidence():
    flat = the_usage()
    nested = {
        "record": {each: flat[each] for each in USED},
        "signature": flat["signature"],
        "public_key": flat["public_key"],
    }
    assert verify_bundle(World(usage=nested).bundle()).bills
    nested["record"] = {**nested["record"], "more": 1}
    assert "the fields that a centre signs" in fault(World(usage=nested))


def test_what_a_centre_signs_is_the_usage_record_of_the_jobs_room():
    assert set(USAGE_FIELDS) == set(UsageRecord.__dataclass_fields__)


def test_less_may_be_billed_than_was_used():
    lines = the_lines()
    lines[0] |= {"quantity": "0.016666667", "amount": "0.06", "parts": parts("0.054", "0.006")}
    lines = [each for each in lines if each["kind"] not in ("fee", "tax", "voucher")]
    bill = the_bill(
        lines=lines, gross="0.21", vouchers="0", total="0.21", parts=parts("0.189", "0.021")
    )
    chain = [
        ("txf_2", "post", "acc_buyer", "acc_centre", "CNY", 189_000, "txf_1"),
        ("txf_3", "post", "acc_buyer", "acc_broker", "CNY", 21_000, "txf_1"),
    ]
    (figures,) = verify_bundle(World(bill=bill, chain=chain).bundle()).bills
    assert (str(figures.total), figures.rounds) == ("0.210000", (ROUND,))


def test_a_job_that_used_nothing_has_a_bill_of_nothing():
    bill = the_bill(lines=[], parts=[], gross="0", vouchers="0", total="0", usage_id=None,
                    round_id=None)  # fmt: skip
    (figures,) = verify_bundle(World(bill=bill, chain=[]).bundle()).bills
    assert (str(figures.total), figures.usage_id, figures.transfers) == ("0.000000", None, 0)


@pytest.mark.parametrize("out_of", ["its account", "a hold of its own"])
def test_a_broker_may_lose_on_a_deal_of_its_own(out_of):
    """Self-run: the buyer pays 0.1, the centre gets 0.11, the broker pays the difference."""
    row = line("compute", "0.033333333", "card-hour", "3", "0.1", "broker:org_broker",
               ("org_centre", "centre", "0.11"), ("org_broker", "broker", "-0.01"), purchase="3.3")  # fmt: skip
    bill = the_bill(
        lines=[row], gross="0.1", vouchers="0", total="0.1", parts=parts("0.11", "-0.01"),
        round_id=None, mode="self_run", terms={"deal": the_deal(mode="self_run")},
    )  # fmt: skip
    chain = [
        ("txf_2", "post", "acc_buyer", "acc_centre", "CNY", 100_000, "txf_1"),
        ("txf_3", "posted", "acc_broker", "acc_centre", "CNY", 10_000, None),
    ]
    world = World(bill=bill, chain=chain, usage=the_usage(bytes_out=0))
    world.contract = the_contract(kind="self_run", clauses={"prices": {"a100": "3.300000"}})
    listed = {"kind": "per_class", "classes": {"a100": {"kind": "flat", "price": "3"}}}
    world.extra = [("broker_price", "org_broker", {"broker_id": "org_broker", "prices": listed})]
    held = ("txf_0", "pending", "acc_broker", "acc_fees", "CNY", 10_000, None)
    if out_of == "a hold of its own":
        chain[1] = ("txf_3", "post", "acc_broker", "acc_centre", "CNY", 10_000, "txf_0")
        world.change_rows = lambda rows: rows.insert(0, transfer(0, held))
    (figures,) = verify_bundle(world.bundle()).bills
    assert (figures.mode, str(figures.total)) == ("self_run", "0.100000")


def corrected() -> World:
    """Version 2 takes vouchers, fee and tax back, in a chain of its own."""
    second = the_bill(
        lines=[
            line("compute", "0.033333333", "card-hour", "3.6", "0.12", f"round:{ROUND}",
                 ("org_centre", "centre", "0.108"), ("org_broker", "broker", "0.012")),
            line("data_out", "1.5", "GB", "0.1", "0.15", "tariff",
                 ("org_centre", "centre", "0.135"), ("org_broker", "broker", "0.015")),
        ],
        parts=parts("0.243", "0.027"), gross="0.27", vouchers="0", total="0.27",
    )  # fmt: skip
    back = [
        ("txf_12", "posted", "acc_centre", "acc_funder", "CNY", 48_600, None),
        ("txf_13", "posted", "acc_broker", "acc_funder", "CNY", 5_400, None),
        ("txf_14", "posted", "acc_buyer", "acc_broker", "CNY", 5_400, None),
        ("txf_15", "posted", "acc_fees", "acc_buyer", "CNY", 5_400, None),
        ("txf_16", "posted", "acc_tax", "acc_buyer", "CNY", 324, None),
        ("txf_17", "posted", "acc_buyer", "acc_centre", "CNY", 48_600, None),
        ("txf_18", "posted", "acc_issued", "acc_buyer_city", "VOUCHER:city", 54_000, None),
    ]
    chain_id = f"{BILL}#2"

    def more(rows):
        rows += [
            transfer(20 + n, row, chain_id=chain_id, chain_place=n, chain_size=len(back),
                     reverses=f"txf_{n}" if n < 6 or n == 7 else None)
            for n, row in enumerate(back, start=1)
        ]  # fmt: skip

    return World(extra=[("bill", chain_id, second)], change_rows=more)


def test_each_version_of_a_corrected_bill_is_checked_with_the_money_up_to_it():
    first, second = verify_bundle(corrected().bundle()).bills
    assert (first.id, str(first.total)) == (BILL, "0.221724")
    assert (second.id, str(second.total)) == (f"{BILL}#2", "0.270000")


def test_a_correction_without_its_money_is_found():
    world = corrected()
    world.left_out = {"txf_17"}
    assert "in its chain" in fault(world)
    assert JOB in fault(World(extra=[("bill", f"{BILL}#2", the_bill(job_id="job_2"))]))
