"""Export bills and the ledger piece by piece, so that a big one needs little memory.

piece = first_piece(tx, wanted); while piece.next is not None: piece = next_piece(tx, wanted, …)

What lies before now never changes, so pieces read one after another fit together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from suanwang.basics.errors import NotAllowed
from suanwang.basics.ids import OrganisationId
from suanwang.basics.slots import Slot, format_instant
from suanwang.flows.act import Act, Role
from suanwang.jobs.export import earned, focus, plain
from suanwang.jobs.export.facts import ExportedBill
from suanwang.ledger.export.beancount import Beancount
from suanwang.ledger.export.hledger import Hledger
from suanwang.ledger.export.journal import Balance, Grammar, Journal
from suanwang.store import exports, identity
from suanwang.store.tx import Tx

PIECE = 1_000  # bills or transfers


class Form(StrEnum):
    """What an export can be."""

    FOCUS = "focus"  #: bills as FOCUS 1.2, CSV
    CSV = "csv"  #: bills, a row a line
    JSONL = "jsonl"  #: bills, one a line
    EARNED_CSV = "earned-csv"  #: what sellers earned by bills, a part of a line a row
    EARNED_JSONL = "earned-jsonl"  #: what sellers earned, a bill a line
    BEANCOUNT = "beancount"  #: the ledger
    HLEDGER = "hledger"  #: the ledger


EARNED = (Form.EARNED_CSV, Form.EARNED_JSONL)
_WITH_NOTES = (Form.FOCUS, *EARNED)  # credit notes follow the bills
JOURNALS: dict[Form, type[Grammar]] = {Form.BEANCOUNT: Beancount, Form.HLEDGER: Hledger}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be exported; `owner` None: everybody's."""

    form: Form
    period: Slot
    owner: OrganisationId | None
    excel: bool = False  # plain CSV that Excel reads as it is meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far an export has come."""

    bill: tuple[int, str] = exports.FIRST
    note: tuple[int, str] | None = None  # after the bills, credit notes: where they go on
    transfer: int = -1
    accounts: tuple[str, ...] | None = None  # of one organisation's journal; None: everybody's
    others: frozenset[str] = frozenset()  # accounts of a journal that are declared


@dataclass(frozen=True, slots=True)
class Piece:
    """Text, and where the next piece begins; None: this was the last."""

    text: str
    next: Place | None


def wanted_by(
    form: Form, period: Slot, *, owner: OrganisationId | None, excel: bool, act: Act
) -> Wanted:
    """Say what the caller may export: nothing later than now, and only what they see.

    Raises: NotAllowed for everybody's or another's, unless the key sees all.
    """
    key = act.key
    sees_all = key is None or key.sees_all
    if not sees_all and key is not None and owner != key.organisation_id:
        raise NotAllowed(needed=f"{Role.OPERATOR} or {Role.AUDITOR}", found=key.role)
    end = max(min(period.end, act.now), period.start.replace(microsecond=0))
    until = Slot(period.start, end) if end > period.start else period
    return Wanted(form=form, period=until, owner=owner, excel=excel)


def first_piece(tx: Tx, wanted: Wanted) -> Piece:
    """Write the beginning of an export and its first page."""
    if wanted.form in JOURNALS:
        opening = exports.balances(tx, wanted.period.start, wanted.owner)
        period = f"{format_instant(wanted.period.start)} - {format_instant(wanted.period.end)}"
        head = _journal(wanted).header(f"{_title(tx, wanted)}, {period}", opening)
        accounts = None if wanted.owner is None else tuple(each.place.id for each in opening)
        return Piece(head, Place(accounts=accounts))
    return _bills(tx, wanted, Place(), first=True)


def next_piece(tx: Tx, wanted: Wanted, place: Place) -> Piece:
    """Write the next page of an export; a journal's last one claims the closing balances."""
    if wanted.form not in JOURNALS:
        return _bills(tx, wanted, place, first=False)
    journal = _journal(wanted)
    found, after = exports.movements(
        tx, wanted.period, place.accounts, after=place.transfer, limit=PIECE
    )
    known = set(place.others)
    text = journal.moved(found, known)
    if len(found) == PIECE:
        return Piece(text, replace(place, transfer=after, others=frozenset(known)))
    return Piece(text + "\n" + journal.footer(_closing(tx, wanted)), None)


def _bills(tx: Tx, wanted: Wanted, place: Place, *, first: bool) -> Piece:
    if place.note is not None:
        return _notes(tx, wanted, place.note)
    found, after = exports.bills(
        tx,
        wanted.period,
        wanted.owner,
        earned=wanted.form in EARNED,
        after=place.bill,
        limit=PIECE,
    )
    more = replace(place, bill=after) if len(found) == PIECE else None
    if more is None and wanted.form in _WITH_NOTES:
        more = replace(place, note=exports.FIRST)
    return Piece(_writer(tx, wanted, first=first)(found), more)


def _notes(tx: Tx, wanted: Wanted, place: tuple[int, str]) -> Piece:
    found, after = exports.credit_notes(
        tx,
        wanted.period,
        wanted.owner,
        earned=wanted.form in EARNED,
        after=place,
        limit=PIECE,
    )
    more = Place(note=after) if len(found) == PIECE else None
    return Piece(_writer(tx, wanted, first=False)(found), more)


def _writer(tx: Tx, wanted: Wanted, *, first: bool) -> Callable[[list[ExportedBill]], str]:
    if wanted.form is Form.JSONL:
        return lambda found: "".join(map(plain.json_line, found))
    if wanted.form is Form.FOCUS:
        name = _exchange(tx)
        return lambda found: plain.csv_text(
            focus.COLUMNS,
            [row for bill in found for row in focus.focus_rows(bill, exchange=name)],
            header=first,
        )
    if wanted.form is Form.EARNED_CSV:
        return lambda found: _earned_csv(found, wanted, first=first)
    if wanted.form is Form.EARNED_JSONL:
        return lambda found: "".join(earned.earned_line(bill, wanted.owner) for bill in found)
    bom = plain.BOM if wanted.excel and first else ""
    return lambda found: (
        bom
        + plain.csv_text(
            plain.COLUMNS,
            [row for bill in found for row in plain.plain_rows(bill, excel=wanted.excel)],
            header=first,
        )
    )


def _earned_csv(found: list[ExportedBill], wanted: Wanted, *, first: bool) -> str:
    bom = plain.BOM if wanted.excel and first else ""
    rows = [
        row for each in found for row in earned.earned_rows(each, wanted.owner, excel=wanted.excel)
    ]
    return bom + plain.csv_text(earned.COLUMNS, rows, header=first)


def _closing(tx: Tx, wanted: Wanted) -> list[Balance]:
    return exports.balances(tx, wanted.period.end, wanted.owner)


def _journal(wanted: Wanted) -> Journal:
    return Journal(JOURNALS[wanted.form](), wanted.period, wanted.owner)


def _title(tx: Tx, wanted: Wanted) -> str:
    if wanted.owner is None:
        return _exchange(tx)
    return identity.organisation(tx, wanted.owner).name


def _exchange(tx: Tx) -> str:
    exchange = identity.exchange(tx)
    assert exchange is not None, "the exchange has no organisation yet"
    return exchange.name
