"""An invoice's JSON as pages, Chinese and English side by side, with the JSON attached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.money import Money
from suanwang.basics.slots import BEIJING, parse_instant
from suanwang.server.pdf.pen import Style
from suanwang.server.pdf.sheet import SMALL, Column, Sheet, Table, shown

Wire = Mapping[str, Any]
_KINDS = {
    "compute": "算力 Compute",
    "data_in": "数据传入 Data in",
    "data_out": "数据传出 Data out",
    "store": "存储 Storage",
    "fee": "交易手续费 Exchange fee",
    "tax": "手续费税额 Tax on the fee",
    "voucher": "算力券抵扣 Compute voucher",
    "cap": "超出冻结额，不收 Above the hold, not charged",
    "correction": "更正 Correction",
}
_ROLES = {"centre": "算力中心 Centre", "broker": "经纪商 Broker", "carrier": "承运方 Carrier"}
_LINES = Table(
    (
        Column("账单、用量记录 Bill, usage record", 150),
        Column("内容、价格来源 What, source of the price", 160),
        Column("数量 Quantity", 76, right=True),
        Column("单价 Price", 58, right=True),
        Column("金额 Amount (CNY)", 71.28, right=True),
    ),
    carried=4,
)
_NOTES = Table(
    (
        Column("红字通知单 Credit note", 150),
        Column("账单、争议 Bill, dispute", 170),
        Column("日期 Issued", 95),
        Column("金额 Amount (CNY)", 100.28, right=True),
    ),
    carried=3,
)
_CORRECTED = Table(
    (
        Column("账单版本、用量记录 Version of the bill, usage record", 170),
        Column("作业 Job", 150),
        Column("日期 Corrected", 95),
        Column("金额 Amount (CNY)", 100.28, right=True),
    ),
    carried=3,
)
_EARNED = Table(
    (
        Column("账单、用量记录 Bill, usage record", 170),
        Column("身份 As", 90),
        Column("总额 Gross", 85, right=True),
        Column("他方份额 Others' shares", 85, right=True),
        Column("净额 Net (CNY)", 85.28, right=True),
    ),
    carried=4,
)
_PROOFS = Table((Column("账单 Bill", 150), Column("记录的 SHA-256 SHA-256 of its record", 365.28)))


def invoice_pdf(document: Wire) -> bytes:
    """Write an invoice, or the draft of one, as PDF; the same document gives the same bytes."""
    counted = _pages(document, pages=0)
    return _written(document, _pages(document, pages=counted.page))


def _written(document: Wire, sheet: Sheet) -> bytes:
    name = document["number"] or f"DRAFT {document['month']}"
    attached = {
        "invoice.json": canonical_bytes(dict(document)) + b"\n",
        "bundles.json": canonical_bytes(list(document["bundles"])) + b"\n",
    }
    return sheet.finish(title=f"{name} {document['recipient']['name']}", attached=attached)


def _pages(document: Wire, *, pages: int) -> Sheet:
    draft = bool(document["draft"])
    number = "草稿 DRAFT" if draft else document["number"]
    sheet = Sheet(
        footer=f"{number}  {document['month']}  非增值税发票 not a VAT invoice (fapiao)"
        f"  {document['issuer']['name']}",
        pages=pages,
        mark="草稿 DRAFT" if draft else None,
    )
    _head(sheet, document, number)
    _summary(sheet, document)
    purchases, earnings = document["purchases"], document["earnings"]
    for each in purchases["sellers"]:
        _seller(sheet, each)
    if purchases["sellers"]:
        sheet.heading("交易所手续费 Exchange fee")
        _fapiao(sheet, purchases["fee_fapiao"])
    _notes(sheet, "收到的红字通知单 Credit notes received", purchases["credit_notes"])
    _corrections(sheet, purchases["corrections"])
    if _has_earned(earnings):
        _earnings(sheet, earnings)
    if document["bundles"]:
        _proofs(sheet, document["bundles"])
    return sheet


def _head(sheet: Sheet, document: Wire, number: str) -> None:
    sheet.y -= 8
    sheet.text("月度结算账单  Monthly invoice", Style(size=17, bold=True))
    sheet.gap(4)
    sheet.facts(
        [
            ("编号 Number", number),
            (
                "账期 Month (Beijing)",
                f"{document['month']}  ({document['from']} – {document['to']})",
            ),
            ("开具时间 Issued at", _beijing(document["issued_at"])),
            ("开具方 Issuer", _party(document["issuer"])),
            ("接收方 Recipient", _party(document["recipient"])),
        ]
    )
    note = document["fapiao"]["note"]
    sheet.gap(2)
    sheet.text(f"{note['zh']} {note['en']}", Style(size=8, bold=True))
    basis = document["fapiao"]["basis"]
    sheet.text(f"{basis['zh']} {basis['en']}", SMALL)


def _summary(sheet: Sheet, document: Wire) -> None:
    purchases, earnings = document["purchases"], document["earnings"]
    sheet.heading("汇总 Summary (CNY)")
    rows = [
        ("采购收费 Charges of sellers", purchases["charge"]),
        ("交易手续费及税额 Exchange fee and tax",
         str(Money.parse(purchases["fee"]) + Money.parse(purchases["tax"]))),
        ("算力券抵扣 Paid by vouchers", str(-Money.parse(purchases["vouchers"]))),
        ("已付账单 Bills paid", purchases["billed"]),
        ("更正 Corrections", purchases["corrected"]),
        ("退还 Credited", str(-Money.parse(purchases["credited"]))),
        ("合计支付 Total paid", purchases["total"]),
    ]  # fmt: skip
    if _has_earned(earnings):
        rows += [
            ("收入总额 Gross earned", earnings["gross"]),
            ("他方份额 Others' shares", str(-Money.parse(earnings["commission"]))),
            ("净收入 Net earned", earnings["net"]),
            ("更正 Corrections", earnings["corrected"]),
            ("退还 Given back", str(-Money.parse(earnings["credited"]))),
            ("合计收入 Total earned", earnings["total"]),
        ]
    sheet.facts([(name, shown(Money.parse(amount))) for name, amount in rows])


def _seller(sheet: Sheet, each: Wire) -> None:
    sheet.heading(f"采购 Purchases: {each['seller']['name']}", room=110)
    rows = [_line(bill, line) for bill in each["bills"] for line in bill["lines"]]
    sheet.table(_LINES, rows, after="小计 Subtotal")
    sheet.gap()
    _fapiao(sheet, each["fapiao"])


def _line(bill: Wire, line: Wire) -> tuple[str, ...]:
    what = _KINDS.get(line["kind"], line["kind"])
    source = f"\n{line['price_source']}" if line["price_source"] else ""
    return (
        f"{bill['bill_id']}\n{line['usage_id']}".rstrip(),
        f"{what}{source}",
        f"{line['quantity']} {line['unit']}".strip(),
        _short(line["price"]),
        shown(Money.parse(line["amount"])),
    )


def _fapiao(sheet: Sheet, each: Wire) -> None:
    """Write what a VAT invoice would say, in a box of its own."""
    sheet.facts(
        [
            ("卖方名称 Seller", f"{each['seller_name']}  {each['seller_credit_code'] or '—'}"),
            ("买方名称 Buyer", f"{each['buyer_name']}  {each['buyer_credit_code'] or '—'}"),
            (
                "税率、不含税金额 Tax rate, amount without tax",
                f"{each['tax_rate']}  {shown(Money.parse(each['amount_without_tax']))}",
            ),
            (
                "税额、价税合计 Tax, amount with tax",
                f"{shown(Money.parse(each['tax']))}  {shown(Money.parse(each['amount_with_tax']))}",
            ),
        ]
    )


def _notes(sheet: Sheet, title: str, notes: Sequence[Wire]) -> None:
    if not notes:
        return
    sheet.heading(title)
    rows = [
        (
            f"{each['number']}\n{each['credit_note_id']}",
            f"{each['bill_id']}\n{each['dispute_id'] or ''}".rstrip(),
            _beijing(each["issued_at"]),
            shown(Money.parse(each["amount"])),
        )
        for each in notes
    ]
    sheet.table(_NOTES, rows, after="合计 Total")


def _earnings(sheet: Sheet, earnings: Wire) -> None:
    if earnings["rows"]:
        sheet.heading("收入 Earnings", room=90)
        rows = [
            (
                f"{each['bill_id']}\n{each['usage_id']}".rstrip(),
                _ROLES[each["role"]],
                *(shown(Money.parse(each[name])) for name in ("gross", "commission", "net")),
            )
            for each in earnings["rows"]
        ]
        sheet.table(_EARNED, rows, after="合计 Total")
    _notes(sheet, "开出的红字通知单 Credit notes given", earnings["credit_notes"])
    _corrections(sheet, earnings["corrections"])


def _has_earned(earnings: Wire) -> bool:
    return bool(earnings["rows"] or earnings["credit_notes"] or earnings["corrections"])


def _corrections(sheet: Sheet, corrections: Sequence[Wire]) -> None:
    """Write what was corrected of bills of earlier months."""
    if not corrections:
        return
    sheet.heading("对以前月份账单的更正 Corrections of bills of earlier months")
    rows = [
        (
            f"{each['version_id']}\n{each['usage_id']}".rstrip(),
            each["job_id"],
            _beijing(each["corrected_at"]),
            shown(Money.parse(each["amount"])),
        )
        for each in corrections
    ]
    sheet.table(_CORRECTED, rows, after="合计 Total")


def _proofs(sheet: Sheet, bundles: Sequence[Wire]) -> None:
    sheet.heading("证据 Evidence", room=90)
    sheet.text(
        "每份账单都可离线核验：以 suan ledger bundle JOB 取得证据包，"
        "以 suan ledger verify --bundle FILE 核验。"
        " Every bill is proven by its bundle. Attached: invoice.json, bundles.json.",
        SMALL,
    )
    rows = [(each["bill_id"], each["record_sha256"] or "—") for each in bundles]
    sheet.table(_PROOFS, rows)


def _party(party: Wire) -> str:
    code = party["credit_code"]
    told = (
        f"统一社会信用代码 Credit code {code}"
        if code
        else "信用代码未登记 no credit code on record"
    )
    return f"{party['name']}  ({told})"


def _short(price: str) -> str:
    return shown(Money.parse(price))


def _beijing(instant: str) -> str:
    """Write an instant to the second as a clock in Beijing shows it, like the month above it."""
    return f"{parse_instant(instant).astimezone(BEIJING):%Y-%m-%d %H:%M:%S} +08:00"
