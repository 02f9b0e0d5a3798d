"""The SDK covers the API: every operation of docs/openapi.json has a method, every field a place."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from pathlib import Path

import httpx
import pytest

from suanwang.basics.errors import SuanwangError
from suanwang.client import (
    wire,
    wire_bank,
    wire_budgets,
    wire_contracts,
    wire_disputes,
    wire_grid,
    wire_money,
    wire_proofs,
    wire_settlement,
    wire_vouchers,
)
from suanwang.client.sync.client import Client

API = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))
# Agents speak to /v1/agent with their own client; the rest is for machines that watch a server.
NOT_FOR_PEOPLE = re.compile(r"/v1/agent/.*|/healthz|/metrics|/errors/.*|/openapi.json")
SPEC = {"name": "x", "run": "echo"}

CALLS = [
    lambda c, _: c.me(),
    lambda c, _: c.jobs.submit(SPEC),
    lambda c, _: c.jobs.quote(SPEC),
    lambda c, _: list(c.jobs.list()),
    lambda c, _: c.jobs.get("j"),
    lambda c, _: c.jobs.quote_of("j"),
    lambda c, _: c.jobs.accept_job("j"),
    lambda c, _: c.jobs.cancel("j"),
    lambda c, _: c.jobs.timeline("j"),
    lambda c, _: list(c.jobs.logs("j")),
    lambda c, _: c.jobs.outputs("j"),
    lambda c, folder: c.jobs.results("with-output", folder),
    lambda c, _: c.jobs.bill("j"),
    lambda c, _: c.blobs.has("0"),
    lambda c, folder: c.blobs.get("0", folder / "x"),
    lambda c, folder: c.blobs.send(folder / "file", "1" * 64, 1),
    lambda c, _: list(c.centres.list()),
    lambda c, _: c.centres.get("c"),
    lambda c, _: list(c.offers.list()),
    lambda c, _: list(c.accounts.list()),
    lambda c, _: c.accounts.statement(),
    lambda c, _: list(c.accounts.statements()),
    lambda c, _: c.accounts.closed_statement("a", "2026-11"),
    lambda c, _: list(c.accounts.closings()),
    lambda c, _: c.accounts.reference(),
    lambda c, _: c.bank.import_lines(b"x"),
    lambda c, _: list(c.bank.lines()),
    lambda c, _: c.bank.assign("l", "fees", reason="r"),
    lambda c, _: c.bank.send_back("l", reason="r"),
    lambda c, _: c.bank.keep("l", reason="r"),
    lambda c, _: c.bank.reconcile(),
    lambda c, _: c.payouts.set_account(name="n", bank="b", number="1"),
    lambda c, _: c.payouts.account(),
    lambda c, _: c.payouts.request("1"),
    lambda c, _: list(c.payouts.list()),
    lambda c, _: list(c.payouts.waiting()),
    lambda c, _: c.payouts.cancel("p", reason="r"),
    lambda c, _: c.payouts.fail("p", reason="r"),
    lambda c, _: c.payouts.make_batch(),
    lambda c, _: list(c.payouts.batches()),
    lambda c, _: c.payouts.batch("b"),
    lambda c, _: c.payouts.approve("b", file_sha256="0" * 64),
    lambda c, _: c.payouts.discard("b", reason="r"),
    lambda c, _: c.payouts.send("b"),
    lambda c, _: c.payouts.file("b"),
    lambda c, _: next(c.events.follow()),
    lambda c, _: c.webhooks.create("https://x"),
    lambda c, _: list(c.webhooks.list()),
    lambda c, _: c.webhooks.get("w"),
    lambda c, _: c.webhooks.delete("w"),
    lambda c, _: list(c.webhooks.deliveries("w")),
    lambda c, _: c.secrets.set("s", "v"),
    lambda c, _: list(c.secrets.list()),
    lambda c, _: c.secrets.remove("s"),
    lambda c, path: c.exports.fetch("focus", path / "bills.csv"),
    lambda c, _: c.ledger.key(),
    lambda c, _: c.ledger.checkpoint(),
    lambda c, _: list(c.ledger.heads()),
    lambda c, _: c.ledger.sign_head(),
    lambda c, _: c.ledger.tile("0/000"),
    lambda c, _: c.ledger.inclusion("bill", "b"),
    lambda c, _: c.ledger.consistency(1, 2),
    lambda c, _: c.ledger.add_witness("k"),
    lambda c, _: c.ledger.cosign(1, "l"),
    lambda c, _: c.operator.erase("order", "j", ground="unlawful"),
    lambda c, _: c.ledger.leaves(0),
    lambda c, p: c.ledger.export(p / "log"),
    lambda c, _: c.ledger.bundle("j"),
    lambda c, _: list(c.vouchers.programmes()),
    lambda c, _: c.vouchers.programme("p"),
    lambda c, _: c.vouchers.fill("p", "rates", "20", source="s"),
    lambda c, _: c.vouchers.fund("p", "1"),
    lambda c, _: c.vouchers.grant("p", "o", "1"),
    lambda c, _: c.vouchers.pay("p"),
    lambda c, _: c.vouchers.report("p"),
    lambda c, _: c.vouchers.record_party("o", region="x"),
    lambda c, _: list(c.vouchers.list()),
    lambda c, _: list(c.vouchers.claims()),
    lambda c, _: c.vouchers.claim("p", "j"),
    lambda c, _: c.vouchers.show_claim("v"),
    lambda c, _: c.vouchers.deliver("v", []),
    lambda c, _: c.vouchers.review("v", approve=True),
    lambda c, _: c.vouchers.claw_back("v", "r"),
    lambda c, _: c.contracts.propose(
        "agency", owner_id="o", partner_id="b", clauses={}, text_sha256="0"
    ),
    lambda c, _: list(c.contracts.list()),
    lambda c, _: c.contracts.get("k"),
    lambda c, _: c.contracts.agree("k"),
    lambda c, _: c.contracts.refuse("k"),
    lambda c, _: c.contracts.withdraw("k"),
    lambda c, _: c.contracts.end("k"),
    lambda c, _: c.brokers.prices("b"),
    lambda c, _: c.brokers.set_prices({}),
    lambda c, _: c.disputes.open("j", {0: None}, reason="other"),
    lambda c, _: list(c.disputes.list()),
    lambda c, _: list(c.settlement.days()),
    lambda c, _: list(c.settlement.statements()),
    lambda c, _: list(c.settlement.corrections()),
    lambda c, _: c.settlement.correct_usage("l", {}, signature="0" * 128),
    lambda c, _: c.disputes.get("d"),
    lambda c, _: c.disputes.accept("d"),
    lambda c, _: c.disputes.contest("d", text="x"),
    lambda c, _: c.disputes.rule("d", uphold=True, text="x"),
    lambda c, _: c.disputes.withdraw("d"),
    lambda c, _: c.credit_notes.issue("j", {0: "1"}, paid_by="seller", text="x"),
    lambda c, _: list(c.credit_notes.list()),
    lambda c, _: c.credit_notes.get("n"),
    lambda c, _: list(c.invoices.list()),
    lambda c, _: c.invoices.issue("2026-11"),
    lambda c, _: c.invoices.json("i"),
    lambda c, _: c.invoices.pdf("i"),
    lambda c, _: c.invoices.draft_json("2026-11"),
    lambda c, _: c.invoices.draft_pdf("2026-11"),
    lambda c, _: c.budgets.set("1"),
    lambda c, _: list(c.budgets.list()),
    lambda c, _: c.budgets.get("b"),
    lambda c, _: list(c.budgets.jobs("b")),
    lambda c, _: c.budgets.remove("b"),
    lambda c, _: c.operator.open_organisation("x"),
    lambda c, _: c.operator.verify_organisation(
        "o", registration_number="n", legal_representative="l", documents={"d": "0"}
    ),
    lambda c, _: c.operator.refuse_organisation("o", reason="r"),
    lambda c, _: c.operator.suspend_organisation("o", reason="r"),
    lambda c, _: c.operator.reinstate_organisation("o", reason="r"),
    lambda c, _: c.operator.close_organisation("o", reason="r"),
    lambda c, _: c.operator.add_project("o", "x"),
    lambda c, _: list(c.operator.projects("o")),
    lambda c, _: c.operator.add_member("o", "x"),
    lambda c, _: list(c.operator.members("o")),
    lambda c, _: c.operator.remove_member("o", "m"),
    lambda c, _: list(c.operator.organisations()),
    lambda c, _: c.operator.issue_key("o", "buyer"),
    lambda c, _: list(c.operator.keys("o")),
    lambda c, _: c.operator.revoke_key("k"),
    lambda c, _: c.operator.top_up("o", "1", reference="r"),
    lambda c, _: c.operator.set_credit_limit("o", "1"),
    lambda c, _: c.operator.add_centre("o", "x", zone="guian"),
    lambda c, _: c.operator.drain_centre("c"),
    lambda c, _: c.operator.reopen_centre("c"),
    lambda c, _: list(c.operator.records()),
    lambda c, _: c.operator.settle(),
    lambda c, _: c.operator.check_ledger(),
]


def operations() -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, item in API["paths"].items()
        for method in item
        if not NOT_FOR_PEOPLE.fullmatch(path)
    }


def template_of(path: str) -> str:
    """Return the path of the API's document that a request's path fits."""
    fitting = [t for t in API["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", t), path)]
    return min(fitting, key=lambda t: t.count("{"), default=path)


def test_every_operation_has_a_method_and_every_method_an_operation(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    asked = set()

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        asked.add((request.method, template_of(request.url.path)))
        if request.url.path == "/v1/jobs/with-output/outputs":
            return httpx.Response(200, json={"items": [{"name": "o"}], "next_cursor": None})
        body = {"code": "not-found", "detail": "x"}
        return httpx.Response(404, json=body)

    with Client("http://x", "sk_0123456789", mount=httpx.MockTransport(answer)) as client:
        for call in CALLS:
            with contextlib.suppress(SuanwangError):
                call(client, tmp_path)
    assert operations() - asked == set(), "operations without a method"
    assert asked - operations() == set(), "methods without an operation"


SHAPES = {
    wire.JobView: "JobOut",
    wire.Option: "OptionOut",
    wire.Quote: "QuoteOut",
    wire.TimelineLine: "TimelineItem",
    wire.Output: "OutputOut",
    wire.Bill: "BillOut",
    wire.CentreName: "CentreName",
    wire.PoolName: "PoolName",
    wire_grid.Centre: "CentreOut",
    wire_grid.PoolView: "PoolOut",
    wire_grid.Offer: "OfferOut",
    wire_grid.Webhook: "WebhookOut",
    wire_grid.Delivery: "DeliveryOut",
    wire_grid.Me: "MeOut",
    wire_money.Account: "AccountOut",
    wire_money.Statement: "StatementOut",
    wire_money.ClosedStatement: "ClosedStatementOut",
    wire_money.ClosedMonth: "ClosedMonthOut",
    wire_money.Entry: "EntryOut",
    wire_money.Key: "KeyOut",
    wire_money.Organisation: "OpenedOut",
    wire_money.Project: "ProjectOut",
    wire_money.Member: "MemberOut",
    wire_grid.Secret: "SecretOut",
    wire_money.OperatorRecord: "RecordOut",
    wire_money.LedgerCheck: "LedgerCheckOut",
    wire_money.LedgerProblem: "ProblemOut",
    wire_money.RegisteredCentre: "RegisteredOut",
    wire_money.TopUp: "TopUpOut",
    wire_money.Settlement: "SettledOut",
    wire_proofs.Head: "HeadOut",
    wire_proofs.LogKey: "LogKeyOut",
    wire_proofs.Inclusion: "InclusionOut",
    wire_proofs.Consistency: "ConsistencyOut",
    wire_proofs.Witness: "WitnessOut",
    wire_vouchers.VoucherProgramme: "ProgrammeOut",
    wire_vouchers.VoucherRule: "RuleOut",
    wire_vouchers.VoucherGrant: "GrantOut",
    wire_vouchers.VoucherClaim: "ClaimOut",
    wire_vouchers.VoucherReport: "ReportOut",
    wire_vouchers.VoucherReportRow: "ReportRowOut",
    wire_vouchers.VoucherParty: "PartyOut",
    wire_bank.PaymentReference: "ReferenceOut",
    wire_bank.BankLine: "BankLineOut",
    wire_bank.BankImport: "ImportOut",
    wire_bank.PayoutAccount: "PayoutAccountOut",
    wire_bank.Payout: "PayoutOut",
    wire_bank.PayoutHand: "HandOut",
    wire_bank.PayoutLeftOut: "LeftOutOut",
    wire_bank.PayoutBatch: "PayoutBatchOut",
    wire_bank.Custody: "CustodyOut",
    wire_bank.ReconciliationItem: "ReconciliationItemOut",
    wire_bank.Reconciliation: "ReconciliationOut",
    wire_contracts.Contract: "ContractOut",
    wire_contracts.BrokerPrices: "BrokerPricesOut",
    wire_disputes.Dispute: "DisputeOut",
    wire_settlement.MarketDay: "MarketDayOut",
    wire_settlement.MemberSettlement: "MemberSettlementOut",
    wire_settlement.Correction: "CorrectionOut",
    wire_disputes.CreditNote: "CreditNoteOut",
    wire_disputes.Invoice: "InvoiceOut",
    wire.BudgetLeft: "BudgetLeftOut",
    wire_budgets.Budget: "BudgetOut",
    wire_budgets.BudgetJob: "BudgetJobOut",
}
# Fields of pages, computed from others, or of no use beside `raw`.
LEFT_OUT = {"next_cursor", "chosen"}


@pytest.mark.parametrize("cls", SHAPES, ids=lambda cls: cls.__name__)
def test_a_resource_has_the_fields_of_the_api(cls):
    schema = API["components"]["schemas"][SHAPES[cls]]
    fields = {f.metadata.get("key", f.name): f for f in dataclasses.fields(cls)
              if f.name != "raw" and f.metadata.get("wire", True)}  # fmt: skip
    known = set(schema["properties"])
    assert set(fields) - known == set(), "the API has no such fields"
    assert known - set(fields) - LEFT_OUT == set(), "the SDK lacks fields"
    must = {key for key, f in fields.items()
            if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING}  # fmt: skip
    assert must - set(schema.get("required", ())) == set(), "the API need not send these"
