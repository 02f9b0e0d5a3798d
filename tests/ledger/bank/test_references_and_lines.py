"""References in free text, and the CSV file of bank lines: tables of what people and banks write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.basics.ids import OrganisationId
from suanwang.ledger.bank.csv_lines import LINES_MAX, CsvLines
from suanwang.ledger.bank.errors import (
    AccountNumberWrong,
    BankFileUnreadable,
    BankRowWrong,
    BankSumWrong,
)
from suanwang.ledger.bank.lines import masked
from suanwang.ledger.bank.payouts import account_number
from suanwang.ledger.bank.references import (
    ALPHABET,
    ReferenceKind,
    reference,
    references_in,
    written,
)

SW = ReferenceKind.ORGANISATION
ID = OrganisationId("org_01JB3ZK8Q48Q4R7VXM2ZK9D3TH")
PLAIN = reference(SW, ID)
OTHER = reference(SW, OrganisationId("org_01JB3ZK8Q4ABCDEFGHJKMNPQRS"))
WIDE = "".join(chr(ord(c) + 0xFEE0) for c in PLAIN)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PLAIN, [PLAIN]),
        (written(PLAIN), [PLAIN]),
        (written(PLAIN).lower(), [PLAIN]),
        (" ".join(PLAIN), [PLAIN]),
        (f"货款{PLAIN}算力", [PLAIN]),
        (f"PAY{PLAIN}99", [PLAIN]),
        (WIDE, [PLAIN]),
        (PLAIN.replace("0", "O").replace("1", "I"), [PLAIN]),
        (f"{PLAIN} {written(PLAIN)}", [PLAIN]),
        (f"{PLAIN},{OTHER}", [PLAIN, OTHER]),
        (PLAIN[:-1], []),
        ("", []),
        (reference(ReferenceKind.PAYOUT, ID), []),
    ],
)
def test_references_are_found_however_they_are_written(text, found):
    assert references_in(text, SW) == found


@given(st.integers(2, 18), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(place, character):
    wrong = PLAIN[:place] + character + PLAIN[place + 1 :]
    assert references_in(wrong, SW) == ([PLAIN] if wrong == PLAIN else [])


ENGLISH = "bank_line_id,day,amount,counterparty,counterparty_account,text,balance\n"
CHINESE = "流水号,记账日期,金额,对方户名,对方账号,附言,余额\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("header", [ENGLISH, CHINESE])
def test_a_file_is_read_in_both_encodings_and_languages(header, encoding):
    text = header + 'A1,2026/11/24,"1,234.50",北辰实验室,6222020000001234567,货款,\n\n'
    (line,) = CsvLines().read(text.encode(encoding))
    assert (str(line.amount), line.counterparty, line.text) == ("1234.500000", "北辰实验室", "货款")
    assert (line.counterparty_account, line.balance) == ("****4567", None)


def test_widths_do_not_matter_in_digits():
    (line,) = CsvLines().read((CHINESE + "A1,２０２６-１１-２４,１２.5,x,,y,\n").encode())
    assert (str(line.day), str(line.amount)) == ("2026-11-24", "12.500000")


GOOD = "A1,2026-11-24,5,x,,y,100\n"


@pytest.mark.parametrize(
    ("row", "line", "column"),
    [
        ("A2,2026-11-24,0,x,,y,\n", 3, "amount"),
        ("A2,2026-11-24,1.001,x,,y,\n", 3, "amount"),
        ("A2,2026-11-24,many,x,,y,\n", 3, "amount"),
        ("A2,2026-11-24,99999999999999999999,x,,y,\n", 3, "amount"),
        ("A2,2026-13-24,1,x,,y,\n", 3, "day"),
        ("A2,1926-11-24,1,x,,y,\n", 3, "day"),
        (",2026-11-24,1,x,,y,\n", 3, "bank_line_id"),
        ("A1,2026-11-24,1,x,,y,\n", 3, "bank_line_id"),
        (f"{'A' * 65},2026-11-24,1,x,,y,\n", 3, "bank_line_id"),
        ("A2,2026-11-24,1,x\x07,,y,\n", 3, "counterparty"),
        ("A2,2026-11-24,1,x,,y\n", 3, "-"),
        ('A2,2026-11-24,1,x,,"y,\n', 3, "-"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_read(row, line, column):
    with pytest.raises(BankRowWrong) as refused:
        CsvLines().read((ENGLISH + GOOD + row).encode())
    assert (refused.value.facts["line"], refused.value.facts["column"]) == (line, column)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xff\xff",
        ENGLISH.encode(),
        b"bank_line_id,day,amount\n",
        b"day,day,bank_line_id,amount,counterparty,counterparty_account,text\n",
        (ENGLISH + "".join(f"L{n},2026-11-24,1,x,,y,\n" for n in range(LINES_MAX + 1))).encode(),
    ],
)
def test_what_is_no_file_of_lines_is_refused(data):
    with pytest.raises(BankFileUnreadable):
        CsvLines().read(data)


def test_an_unknown_column_is_named():
    with pytest.raises(BankRowWrong):
        CsvLines().read(b"bank_line_id,day,sum,counterparty,counterparty_account,text\n")


def test_balances_must_follow_from_each_other():
    with pytest.raises(BankSumWrong) as refused:
        CsvLines().read((ENGLISH + GOOD + "A2,2026-11-24,-2,x,,y,97\n").encode())
    assert str(refused.value.facts["expected"]) == "98.000000"
    rows = "A2,2026-11-24,-2,x,,y,\nA3,2026-11-24,1,x,,y,99\n"
    assert len(CsvLines().read((ENGLISH + GOOD + rows).encode())) == 3


@pytest.mark.parametrize(
    ("number", "shown"), [("6222 0200 0000 1234", "****1234"), ("1234567", "****"), ("", "")]
)
def test_of_an_account_number_four_characters_are_shown(number, shown):
    assert masked(number) == shown


@pytest.mark.parametrize("number", ["1234567", "6" * 35, "６２２２０２００", "6222020*0001"])
def test_what_is_no_account_number_is_refused_without_being_repeated(number):
    with pytest.raises(AccountNumberWrong) as refused:
        account_number(number)
    assert number not in str(refused.value)
