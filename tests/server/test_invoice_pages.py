"""The PDF of an invoice: read back by another program, page by page; the same bytes every time."""

from __future__ import annotations

import io
import json
import re

import pypdf
import pytest
from tests.server.invoice_paper import LONG, a_document

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.money import CNY, Money
from suanwang.server.pdf import pen
from suanwang.server.pdf.invoice import invoice_pdf
from suanwang.server.pdf.pen import Style
from suanwang.server.pdf.sheet import LEFT, RIGHT, shown

SHORT = "北京智算 Beijing"


def pages(document):
    return pypdf.PdfReader(io.BytesIO(invoice_pdf(document)))


def text_of(document) -> str:
    return "\n".join(page.extract_text() for page in pages(document).pages)


def flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_totals_and_chinese_can_be_read_back():
    document = a_document(bills=4, notes=1, earned=2, name=SHORT)
    text = flat(text_of(document))
    for amount in (
        document["purchases"]["total"],
        document["purchases"]["billed"],
        document["earnings"]["net"],
        document["purchases"]["sellers"][0]["fapiao"]["amount_without_tax"],
    ):
        assert shown(Money.parse(amount)) in text
    for said in ("月度结算账单", "不是增值税发票", "notaVATinvoice", "算力", "红字通知单", "统一社会信用代码",
                 "INV-2026-000001", "税率", "91110108MA01ABCD12", "北京智算"):  # fmt: skip
        assert said in text
    for seller in document["purchases"]["sellers"]:
        for bill in seller["bills"]:
            assert bill["bill_id"] in text
            assert bill["lines"][0]["usage_id"] in text


def test_the_json_and_the_list_of_bundles_are_attached():
    document = a_document(bills=2)
    attached = pages(document).attachments
    assert attached["invoice.json"] == [canonical_bytes(document) + b"\n"]
    assert json.loads(attached["bundles.json"][0]) == document["bundles"]
    assert all(each["record_sha256"] for each in document["bundles"])


def test_the_same_document_gives_the_same_bytes():
    document = a_document()
    assert invoice_pdf(document) == invoice_pdf(json.loads(canonical_bytes(document)))
    assert invoice_pdf(document) != invoice_pdf(a_document(bills=4))


def test_hundreds_of_lines_go_on_pages_with_their_sums_carried():
    document = a_document(bills=120, sellers=1, name=SHORT)
    reader = pages(document)
    assert len(reader.pages) > 10
    texts = [page.extract_text() for page in reader.pages]
    for number, text in enumerate(texts, start=1):
        assert f"{number} / {len(texts)}" in text
    carried = [_amount_after(text, "Carried forward") for text in texts]
    brought = [_amount_after(text, "Brought forward") for text in texts]
    found = [(a, b) for a, b in zip(carried, brought[1:], strict=False) if a is not None]
    assert len(found) > 10
    assert all(a == b for a, b in found)
    lines = [
        line for bill in document["purchases"]["sellers"][0]["bills"] for line in bill["lines"]
    ]
    whole = sum((Money.parse(line["amount"]) for line in lines), Money.zero(CNY))
    assert flat(f"Subtotal{shown(whole)}") in flat("".join(texts))


def _amount_after(text: str, mark: str) -> str | None:
    found = re.search(rf"{mark}\s+(-?[\d,.]+)", text)
    return found and found[1]


def test_a_draft_says_so_on_every_page():
    document = a_document(bills=40, number=None)
    assert all("DRAFT" in page.extract_text() for page in pages(document).pages)
    assert "INV-" not in text_of(document)
    assert "DRAFT" not in text_of(a_document(bills=40))


@pytest.mark.parametrize("name", [LONG, "W" * 400, "é" * 200, "a b " * 100, "😀\u0007\n名"])
def test_nothing_is_written_beyond_the_margins(name):
    document = a_document(bills=3, notes=2, earned=2, name=name)
    for page in pages(document).pages:
        found: list[tuple[float, float, str]] = []

        def look(text, _, matrix, font, size, found=found):
            if text.strip() and abs(matrix[1]) < 0.01:  # the mark of drafts is turned
                found.append((matrix[4], size, text.strip("\n")))

        page.extract_text(visitor_text=look)
        for x, size, text in found:
            assert x >= LEFT - 1
            assert x + pen.width(text, Style(size=size)) <= RIGHT + 12, text


@pytest.mark.parametrize(
    ("text", "most", "lines"),
    [
        ("", 100, [""]),
        ("one two", 1000, ["one two"]),
        ("one two", 20, ["one", "two"]),
        ("算力券", 16.5, ["算力", "券"]),
        ("abcdef", 10, ["ab", "cd", "ef"]),
    ],
)
def test_text_is_broken_at_spaces_or_else_anywhere(text, most, lines):
    assert pen.wrap(text, Style(size=8), most) == lines


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0.00"), ("-1234567.5", "-1,234,567.50"), ("0.000001", "0.000001"), ("12", "12.00")],
)
def test_amounts_are_shown_to_the_micro_yuan(amount, text):
    assert shown(Money.parse(amount)) == text
