"""Exports: bills as FOCUS, CSV and JSON lines; the ledger as journals that other programs check."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data
from tests.builders import NOW
from tests.flows.builders import a_spec, a_world
from tests.flows.dispute_case import Case
from tests.flows.test_vouchers import DEMO, Programme

from suanwang.basics.errors import NotAllowed
from suanwang.basics.money import Asset, Money
from suanwang.basics.slots import Slot, to_micros
from suanwang.flows import export, loops
from suanwang.flows.export import Form, first_piece, next_piece, wanted_by
from suanwang.flows.issue_credit_note import Payer
from suanwang.flows.issue_invoice import draft_invoice
from suanwang.jobs.export import earned, focus, plain
from suanwang.ledger.closing import Month
from suanwang.ledger.export.beancount import Beancount
from suanwang.ledger.export.journal import Journal, Place, commodity_name
from suanwang.store import exports
from suanwang.store.tx import Tx

TOOL = Path(__file__).parents[2] / "tools" / "focus_validator.py"


def billed(world, *, seconds=60, spec=None, **changes):
    run = world.running(spec or a_spec())
    world.sleep(seconds)
    run.finish(usage=run.usage(**changes)).or_raise()
    world.loop(loops.BILL)
    return run.offer.job.id


def text_of(world, form, *, owner, member=None, excel=False, start=None, end=None):
    period = Slot(start or world.now - timedelta(days=30), end or world.now + timedelta(days=1))
    world.sleep(1)
    act = world.act(member or world.operator)
    wanted = wanted_by(form, period, owner=owner, excel=excel, act=act)
    piece = world.read(lambda tx: first_piece(tx, wanted))
    text = piece.text
    while piece.next is not None:
        place = piece.next
        piece = world.read(lambda tx, at=place: next_piece(tx, wanted, at))
        text += piece.text
    return text


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def world(store):
    return a_world(store)


@pytest.fixture
def programme(store):
    """A world with a bill of every kind of line."""
    found = Programme(store)
    found.grant("100")
    found.billed()
    world = found.world
    world.agent("guian").hello(data_price_gb="0.05")
    billed(world, bytes_out=10**13)  # above its hold: a cap
    return found


class TestBills:
    def test_focus_has_a_row_for_each_line_that_costs_and_they_sum_to_the_bills(self, programme):
        world = programme.world
        owner = world.buyer.organisation_id
        rows = rows_of(text_of(world, Form.FOCUS, owner=owner))
        kinds = {json.loads(row["Tags"])["x_line"] for row in rows}
        assert {"compute", "data_out", "cap", "fee", "tax", "voucher"} <= kinds
        assert "carbon" not in kinds
        sums = defaultdict(Decimal)
        for row in rows:
            sums[row["ResourceId"]] += Decimal(row["BilledCost"])
        bills = {job: world.bill(job).total.decimal() for job in sums}
        assert sums == bills
        assert len(bills) == 2

    def test_a_voucher_is_a_credit_below_zero_that_names_its_programme(self, programme):
        owner = programme.world.buyer.organisation_id
        rows = rows_of(text_of(programme.world, Form.FOCUS, owner=owner))
        credits_ = [row for row in rows if row["ChargeCategory"] == "Credit"]
        assert credits_
        assert all(Decimal(row["BilledCost"]) < 0 for row in credits_)
        assert {json.loads(row["Tags"])["x_voucher"] for row in credits_} == {DEMO}

    def test_carbon_is_told_once_a_bill(self, programme):
        owner = programme.world.buyer.organisation_id
        rows = rows_of(text_of(programme.world, Form.FOCUS, owner=owner))
        told = [row["ResourceId"] for row in rows if "x_carbon_g" in json.loads(row["Tags"])]
        assert len(told) == len(set(told)) == 2

    @pytest.mark.parametrize(
        ("source", "category"),
        [("round:rnd_1", "Dynamic"), ("list:pool_1@1", "Standard"), ("contract:ctt_1", "Standard")],
    )
    def test_prices_of_a_round_are_dynamic(self, world, source, category):
        billed(world)
        bill = self.one(world)
        lines = tuple({**line, "price_source": source} for line in bill.lines)
        [row, *_] = focus.focus_rows(replace(bill, lines=lines), exchange="X")
        assert row["PricingCategory"] == category

    def test_a_correction_is_of_class_correction(self, world):
        billed(world)
        bill = self.one(world)
        line = {**bill.lines[0], "kind": "correction", "quantity": "-1", "amount": "-2.8"}
        [row] = focus.focus_rows(replace(bill, lines=(line,)), exchange="X")
        assert (row["ChargeClass"], row["BilledCost"]) == ("Correction", "-2.8")

    def test_a_credit_note_is_a_credit_and_the_invoice_is_named(self, store):
        case = Case(store)
        owner = case.world.buyer.organisation_id
        case.accept(case.open("0.030"))
        rows = rows_of(text_of(case.world, Form.FOCUS, owner=owner))
        assert [row["InvoiceId"] for row in rows] == ["DRAFT-2026-11"] * 4
        case.close_the_month()
        later = case.credit("0.010", Payer.SELLER, key=case.seller)
        rows = rows_of(text_of(case.world, Form.FOCUS, owner=owner))
        kinds = [(row["ChargeCategory"], row["ChargeClass"], row["InvoiceId"]) for row in rows]
        assert kinds == [
            ("Usage", "", "INV-2026-000001"),
            ("Usage", "", "INV-2026-000001"),
            ("Tax", "", "INV-2026-000001"),
            ("Credit", "", "INV-2026-000001"),
            ("Credit", "Correction", "DRAFT-2026-12"),  # of a month that is over
        ]
        assert json.loads(rows[-1]["Tags"])["x_credit_note"] == later.number
        whole = sum(Decimal(row["BilledCost"]) for row in rows)
        credited = sum((note.total.decimal() for note in case.notes()), Decimal(0))
        assert whole == case.bill.total.decimal() - credited

    def test_a_beijing_month_is_the_billing_period(self, world):
        billed(world)
        bill = self.one(world)
        late = bill.created_at.replace(month=12, day=31, hour=15, minute=59)
        for at, start, end in [
            (late, "2026-11-30T16:00:00Z", "2026-12-31T16:00:00Z"),
            (late + timedelta(minutes=1), "2026-12-31T16:00:00Z", "2027-01-31T16:00:00Z"),
        ]:
            [row, *_] = focus.focus_rows(replace(bill, created_at=at), exchange="X")
            assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == (start, end)

    def test_csv_has_every_line_and_json_every_bill(self, programme):
        world, owner = programme.world, programme.world.buyer.organisation_id
        rows = rows_of(text_of(world, Form.CSV, owner=owner))
        bills = [json.loads(line) for line in text_of(world, Form.JSONL, owner=owner).splitlines()]
        assert len(rows) == sum(len(bill["lines"]) for bill in bills)
        assert {row["bill_id"] for row in rows} == {bill["id"] for bill in bills}
        assert [row["amount"] for row in rows] == [
            line["amount"] for bill in bills for line in bill["lines"]
        ]

    def test_for_excel_csv_has_a_mark_and_names_are_no_formulas(self, world):
        billed(world)
        bill = replace(self.one(world), job_name='=HYPERLINK("x")')
        assert plain.plain_rows(bill)[0]["job"] == '=HYPERLINK("x")'
        assert plain.plain_rows(bill, excel=True)[0]["job"] == '\'=HYPERLINK("x")'
        owner = world.buyer.organisation_id
        assert text_of(world, Form.CSV, owner=owner, excel=True).startswith("\ufeffbill_id,")

    def test_only_the_period_and_only_ones_own(self, world):
        first = billed(world)
        between = world.now + timedelta(seconds=1)
        world.sleep(10)
        world.agent("guian").hello()
        second = billed(world)
        owner = world.buyer.organisation_id
        before = rows_of(text_of(world, Form.CSV, owner=owner, end=between))
        after = rows_of(text_of(world, Form.CSV, owner=owner, start=between))
        assert {row["job_id"] for row in before} == {first}
        assert {row["job_id"] for row in after} == {second}
        provider = world.agent("guian").provider
        assert rows_of(text_of(world, Form.CSV, owner=provider)) == []
        period = Slot(world.now - timedelta(days=1), world.now)
        for other in (provider, None):
            with pytest.raises(NotAllowed):
                wanted_by(Form.CSV, period, owner=other, excel=False, act=world.act(world.buyer))

    @pytest.mark.parametrize("form", list(Form))
    def test_small_pieces_make_the_same_file(self, world, monkeypatch, form):
        billed(world)
        world.agent("guian").hello()
        billed(world)
        owner, end = world.buyer.organisation_id, world.now + timedelta(seconds=1)
        start = world.now - timedelta(days=1)
        world.sleep(10)
        whole = text_of(world, form, owner=owner, start=start, end=end)
        monkeypatch.setattr(export, "PIECE", 1)
        assert text_of(world, form, owner=owner, start=start, end=end) == whole

    def one(self, world):
        period = Slot(world.now - timedelta(days=1), world.now + timedelta(days=1))
        [bill], _ = world.read(lambda tx: exports.bills(tx, period, None, limit=2))
        return bill


def computed_by_beancount(text):
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    sums = defaultdict(Decimal)
    for entry in data.filter_txns(entries):
        for posting in entry.postings:
            sums[posting.account, posting.units.currency] += posting.units.number
    return sums


class TestJournals:
    @pytest.mark.parametrize("whose", ["everybody", "buyer"])
    @pytest.mark.parametrize("late", [False, True])
    def test_beancount_computes_our_balances(self, programme, whose, late):
        world = programme.world
        owner = world.buyer.organisation_id if whose == "buyer" else None
        start = world.now - timedelta(seconds=30) if late else None
        sums = computed_by_beancount(text_of(world, Form.BEANCOUNT, owner=owner, start=start))
        journal = Journal(Beancount(), Slot(world.now, world.now + timedelta(1)), owner)
        balances = world.read(lambda tx: exports.balances(tx, world.now, owner))
        assert len(balances) > 3
        for each in balances:
            key = (journal.name_of(each.place), commodity_name(each.amount.asset))
            assert sums[key] == each.amount.decimal(), key
        stored = world.read(lambda tx: tx.all("ledger_sums"))
        ours = {row.id: row.balance_units for row in stored}
        assert all(ours[each.place.id] == each.amount.units for each in balances)

    def test_a_changed_amount_is_noticed_by_beancount(self, world):
        billed(world)
        text = text_of(world, Form.BEANCOUNT, owner=None)
        assert "  Assets:" in text
        wrong = text.replace("2.800000 CNY", "2.800001 CNY").replace("0.046667", "0.046668")
        assert wrong != text
        _, errors, _ = loader.load_string(wrong)
        assert errors

    def test_holds_are_told_and_move_nothing(self, world):
        world.running()
        entries, errors, _ = loader.load_string(text_of(world, Form.BEANCOUNT, owner=None))
        assert errors == []
        holds = [each for each in entries if isinstance(each, data.Custom) and each.type == "hold"]
        assert [each.meta["kind"] for each in holds] == ["pending"]

    @pytest.mark.real
    @pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")
    @pytest.mark.parametrize("whose", ["everybody", "buyer"])
    def test_hledger_accepts_the_journal(self, programme, tmp_path, whose):
        world = programme.world
        owner = world.buyer.organisation_id if whose == "buyer" else None
        path = tmp_path / "ledger.journal"
        path.write_text(text_of(world, Form.HLEDGER, owner=owner), "utf-8")
        done = subprocess.run(
            ["hledger", "-f", str(path), "check", "accounts", "commodities", "assertions"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize(
        ("code", "name"),
        [
            ("CNY", "CNY"),
            ("CARD_HOURS:a100", "CARD_HOURS.A100"),
            ("CARD_HOURS:ascend-910b-very-long-name", None),
            ("VOUCHER:Demo", None),
            ("VOUCHER:demo", "VOUCHER.DEMO"),
            ("VOUCHER:算力", None),
        ],
    )
    def test_commodities_have_legal_names_that_differ(self, code, name):
        found = commodity_name(Asset(code))
        assert name in (None, found)
        assert data.Amount(Decimal(1), found)
        text = f'2026-01-01 open Assets:X\n2026-01-02 custom "x" 1.0 {found}\n'
        assert loader.load_string(text)[1] == []

    def test_accounts_with_alike_names_stay_apart(self):
        journal = Journal(Beancount(), Slot(NOW, NOW + timedelta(days=1)))
        names = ["vouchers:a", "vouchers-a", "vouchers:A", "available", "Available", "可用"]
        found = {journal.name_of(Place("x", "org_1", name)) for name in names}
        assert len(found) == len(names)


def the_tool():
    spec = importlib.util.spec_from_file_location("focus_validator_tool", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look
    spec.loader.exec_module(module)
    return module


@pytest.mark.real
class TestOfficialValidator:
    @pytest.fixture
    def tool(self):
        tool = the_tool()
        try:
            tool.set_up()
        except tool.CannotInstall as error:
            pytest.skip(f"the FOCUS validator cannot be installed here: {error}")
        return tool

    def test_accepts_an_export_of_every_kind_of_line(self, tool, programme, tmp_path):
        world = programme.world
        path = tmp_path / "bills.csv"
        rows = rows_of(text_of(world, Form.FOCUS, owner=world.buyer.organisation_id))
        case = Case(None, world=world, job_id=rows[0]["ResourceId"])
        case.accept(case.open("0.010"))
        case.close_the_month()
        case.credit("0.001", Payer.SELLER, key=case.seller)
        text = text_of(world, Form.FOCUS, owner=world.buyer.organisation_id)
        path.write_text(text + self.corrected(world), "utf-8")
        found = tool.check(path)
        assert found.passed > 300
        assert found.unexpected == ()

    def test_notices_what_is_wrong(self, tool, programme, tmp_path):
        text = text_of(programme.world, Form.FOCUS, owner=programme.world.buyer.organisation_id)
        path = tmp_path / "bills.csv"
        nameless = [row | {"ProviderName": ""} for row in rows_of(text)]
        path.write_text(plain.csv_text(focus.COLUMNS, nameless, header=True), "utf-8")
        assert any("ProviderName" in rule for rule in tool.check(path).unexpected)

    def corrected(self, world):
        period = Slot(world.now - timedelta(days=30), world.now + timedelta(days=1))
        bills, _ = world.read(lambda tx: exports.bills(tx, period, None, limit=9))
        line = {**bills[0].lines[0], "kind": "correction", "quantity": "-0.01"}
        line["amount"] = str(Decimal(line["price"]) * Decimal("-0.01"))
        rounded = {**bills[0].lines[0], "price_source": "round:rnd_1"}
        bill = replace(bills[0], lines=(line, rounded), project_id="prj_1", project_name="film")
        rows = focus.focus_rows(bill, exchange="X")
        return plain.csv_text(focus.COLUMNS, rows, header=False)


def test_reading_the_clock_once_keeps_pieces_together(world):
    billed(world)
    period = Slot(world.now - timedelta(days=1), world.now + timedelta(days=9))
    act = world.act(world.operator)
    wanted = wanted_by(Form.CSV, period, owner=None, excel=False, act=act)
    assert to_micros(wanted.period.end) == to_micros(act.now)


class TestEarned:
    def test_a_seller_reads_what_its_bills_and_credit_notes_come_to(self, store):
        case = Case(store)
        seller, buyer = case.seller.organisation_id, case.world.buyer.organisation_id
        earned = case.bill.earned[seller].decimal()
        rows = rows_of(text_of(case.world, Form.EARNED_CSV, owner=seller, member=case.seller))
        assert {(row["seller_id"], row["role"]) for row in rows} == {(seller, "centre")}
        assert sum(Decimal(row["earned"]) for row in rows) == earned > 0
        case.credit("0.010", Payer.SELLER, key=case.seller)
        rows = rows_of(text_of(case.world, Form.EARNED_CSV, owner=seller, member=case.seller))
        assert [row["credit_note"] != "" for row in rows].count(True) == 1
        assert Decimal(rows[-1]["earned"]) < 0
        lines = text_of(case.world, Form.EARNED_JSONL, owner=seller, member=case.seller)
        bills = [json.loads(line) for line in lines.splitlines()]
        net = sum(Decimal(row["earned"]) for row in rows)
        assert sum(Decimal(bill["earned"]) for bill in bills) == net < earned
        assert rows_of(text_of(case.world, Form.EARNED_CSV, owner=buyer)) == []
        assert text_of(case.world, Form.EARNED_JSONL, owner=buyer) == ""
        draft = case.world.run(lambda tx, act: draft_invoice(tx, Month(2026, 11), seller, act=act))
        assert Decimal(draft["earnings"]["total"]) == net

    def test_everybody_is_every_seller(self, programme):
        world = programme.world
        rows = rows_of(text_of(world, Form.EARNED_CSV, owner=None))
        for job in {row["job_id"] for row in rows}:
            bill = world.bill(job)
            for owner, amount in bill.earned.items():
                mine = [r for r in rows if (r["job_id"], r["seller_id"]) == (job, owner)]
                assert sum(Decimal(row["earned"]) for row in mine) == amount.decimal()

    def test_broker_and_carrier_earn_their_parts_and_an_old_bill_is_its_providers(self, store):
        case = Case(store)
        [bill], _ = case.world.read(
            lambda tx: exports.bills(
                tx, Slot(NOW, NOW + timedelta(days=9)), case.world.buyer.organisation_id, limit=1
            )
        )
        parts = [("org_c", "centre", "2.70"), ("org_b", "broker", "-0.20"),
                 ("org_k", "carrier", "0.30"), ("org_x", "exchange", "0.10")]  # fmt: skip
        wire = [{"organisation_id": o, "role": r, "amount": a} for o, r, a in parts]
        split = replace(bill, lines=({**bill.lines[0], "parts": wire},), centre_name="=1+1")
        said = [(r["seller_id"], r["role"], r["earned"]) for r in earned.earned_rows(split, None)]
        assert said == parts[:3]
        [mine] = earned.earned_rows(split, "org_b", excel=True)
        assert (mine["earned"], mine["centre"]) == ("-0.20", "'=1+1")
        bare = {name: each for name, each in bill.lines[0].items() if name != "parts"}
        old = replace(bill, lines=(bare,), provider_share=Money.parse("2.5"))
        [row] = earned.earned_rows(old, None)
        assert (row["seller_id"], row["earned"]) == (bill.provider_id, "2.500000")


def test_a_journal_asks_for_balances_at_its_ends_and_on_no_page_between(world, monkeypatch):
    billed(world)
    asked, ask = [], Tx.all

    def noted(tx, query, /, **params):
        asked.append(query)
        return ask(tx, query, **params)

    owner = world.buyer.organisation_id
    monkeypatch.setattr(export, "PIECE", 1)
    monkeypatch.setattr(Tx, "all", noted)
    assert text_of(world, Form.HLEDGER, owner=owner)
    assert asked.count("journal_transfers_of") > 2
    assert asked.count("moved_between") == 2


def test_balances_from_a_frozen_statement_are_those_of_all_transfers(store):
    case = Case(store, settled=True)
    case.close_the_month()
    case.world.sleep(1)
    for owner in (case.seller.organisation_id, case.world.buyer.organisation_id):
        everybody, mine = (
            case.world.read(lambda tx, who=who: exports.balances(tx, case.world.now, who))
            for who in (None, owner)
        )
        assert mine == [each for each in everybody if each.place.owner == owner]
        assert any(each.amount for each in mine)
