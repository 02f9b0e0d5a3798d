"""The first bank adapter: a CSV file of lines, UTF-8 or GB18030, header in Chinese or English.

    流水号,记账日期,金额,对方户名,对方账号,附言,余额
    bank_line_id,day,amount,counterparty,counterparty_account,text,balance

    20261124-0007,2026-11-24,1000.00,北辰实验室,6222020000001234567,SW-8Q4R-7VXM-2ZK9-D3TH-F,51000.00

Columns may stand in any order; `balance` may be missing. An amount above zero came in, below zero
went out; it has at most two places. Nothing is read from a file with one bad row.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NoReturn

from suanwang.basics.money import CNY, AmountTooLarge, AmountUnreadable, Money
from suanwang.ledger.bank.errors import BankFileUnreadable, BankRowWrong, BankSumWrong
from suanwang.ledger.bank.lines import BankLine, masked

LINES_MAX = 10_000
TEXT_MAX = 500
ID_MAX = 64
FEN = 10_000  # micro-yuan
YEAR_MIN, YEAR_MAX = 2000, 2099
COLUMNS: Mapping[str, str] = {
    "流水号": "bank_line_id",
    "记账日期": "day",
    "金额": "amount",
    "对方户名": "counterparty",
    "对方账号": "counterparty_account",
    "附言": "text",
    "余额": "balance",
}
_OPTIONAL = frozenset({"balance"})
_LENGTHS = {"bank_line_id": ID_MAX}
_BOM = "\ufeff"


class CsvLines:
    """The CSV file as an adapter."""

    def read(self, data: bytes) -> Sequence[BankLine]:
        """Read every line. Raises BankFileUnreadable, BankRowWrong, BankSumWrong."""
        rows = csv.reader(io.StringIO(_decoded(data), newline=""), strict=True)
        try:
            lines = _lines(rows)
        except csv.Error as error:
            raise BankRowWrong(
                line=rows.line_num, column="-", expected="CSV as RFC 4180 has it", found=str(error)
            ) from None
        _check_ids(lines)
        _check_balances(lines)
        return lines


def _decoded(data: bytes) -> str:
    # What is UTF-8 is hardly ever GB18030 by chance, so the stricter one is tried first.
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding).removeprefix(_BOM)
        except UnicodeDecodeError:
            continue
    raise BankFileUnreadable(reason="it is neither UTF-8 nor GB18030")


def _lines(rows: csv.Reader) -> list[BankLine]:  # type: ignore[name-defined]  # typeshed's own name
    header = next(rows, None)
    if header is None:
        raise BankFileUnreadable(reason="it is empty")
    names = _columns(header)
    found: list[BankLine] = []
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            _wrong(rows.line_num, "-", f"{len(names)} columns", str(len(cells)))
        if len(found) >= LINES_MAX:
            raise BankFileUnreadable(reason=f"it has more than {LINES_MAX} lines")
        found.append(_line(dict(zip(names, cells, strict=True)), row=rows.line_num))
    if not found:
        raise BankFileUnreadable(reason="it has a header and no lines")
    return found


def _columns(header: Sequence[str]) -> list[str]:
    plain = [unicodedata.normalize("NFKC", cell).strip() for cell in header]
    names = [COLUMNS.get(name, name.lower()) for name in plain]
    for name, written in zip(names, header, strict=True):
        if name not in COLUMNS.values():
            _wrong(1, written[:40], "one of " + ", ".join(COLUMNS.values()), written[:40])
    missing = [name for name in COLUMNS.values() if name not in names and name not in _OPTIONAL]
    if missing:
        raise BankFileUnreadable(reason=f"its header lacks {', '.join(missing)}")
    if len(set(names)) != len(names):
        raise BankFileUnreadable(reason="its header names a column twice")
    return names


def _line(cells: Mapping[str, str], *, row: int) -> BankLine:
    kept = {name: _text(name, cell, row=row) for name, cell in cells.items()}
    if not kept["bank_line_id"]:
        _wrong(row, "bank_line_id", "the bank's own id of the line", "")
    amount = _amount("amount", kept["amount"], row=row)
    if not amount:
        _wrong(row, "amount", "an amount other than 0", kept["amount"])
    balance = kept.get("balance", "")
    return BankLine(
        bank_line_id=kept["bank_line_id"],
        day=_day(kept["day"], row=row),
        amount=amount,
        counterparty=kept["counterparty"],
        counterparty_account=masked(kept["counterparty_account"]),
        text=kept["text"],
        balance=_amount("balance", balance, row=row) if balance else None,
        row=row,
    )


def _text(name: str, cell: str, *, row: int) -> str:
    kept = cell.strip()
    most = _LENGTHS.get(name, TEXT_MAX)
    if len(kept) > most:
        _wrong(row, name, f"at most {most} characters", f"{len(kept)} characters")
    if any(unicodedata.category(each) in ("Cc", "Cs", "Cn") for each in kept):
        _wrong(row, name, "text without control characters", kept[:40])
    return kept


def _amount(name: str, text: str, *, row: int) -> Money:
    plain = unicodedata.normalize("NFKC", text).replace(",", "").replace("¥", "").strip()
    try:
        amount = Money.parse(plain.removeprefix("+"), CNY)
    except (AmountUnreadable, AmountTooLarge):
        _wrong(row, name, "yuan such as -1234.50", text[:40])
    if amount.units % FEN:
        _wrong(row, name, "yuan with at most two places", text[:40])
    return amount


def _day(text: str, *, row: int) -> date:
    plain = unicodedata.normalize("NFKC", text).replace("/", "-")
    try:
        day = date.fromisoformat(plain)
    except ValueError:
        _wrong(row, "day", "a day such as 2026-11-24", text[:40])
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        _wrong(row, "day", f"a day of {YEAR_MIN} to {YEAR_MAX}", text[:40])
    return day


def _check_ids(lines: Sequence[BankLine]) -> None:
    known: dict[str, BankLine] = {}
    for line in lines:
        before = known.setdefault(line.bank_line_id, line)
        if before is not line:
            _wrong(
                line.row, "bank_line_id", "an id that no other line of the file has",
                f"{line.bank_line_id} as in line {before.row}",
            )  # fmt: skip


def _check_balances(lines: Sequence[BankLine]) -> None:
    """Refuse a file whose balances do not follow from each other: a line of it is missing."""
    running: Money | None = None
    for line in lines:
        expected = None if running is None else running + line.amount
        if expected is not None and line.balance is not None and expected != line.balance:
            raise BankSumWrong(line=line.row, expected=expected, found=line.balance)
        running = line.balance if line.balance is not None else expected


def _wrong(line: int, column: str, expected: str, found: str) -> NoReturn:
    raise BankRowWrong(line=line, column=column, expected=expected, found=found)
