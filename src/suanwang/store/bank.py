"""Lines of the exchange's bank account and payments booked by hand, as rows and back.

Whoever decides about them holds the desk's lock: one at a time, so that no money is booked twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import BankLineId, OrganisationId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.ledger.bank.lines import BankLine, LineState
from suanwang.ledger.bank.matching import Doubt, MemberFound, TargetKind
from suanwang.ledger.bank.reconciling import Custody
from suanwang.ledger.bank.references import TAIL_CHARS, ReferenceKind, reference, text_key
from suanwang.ledger.membership import member_state
from suanwang.store import identity
from suanwang.store.identity import Organisation
from suanwang.store.tx import Row, Tx
from suanwang.store.values import NEWEST, money, units

LIST_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """A bank line, and where it stands in our books."""

    id: BankLineId
    bank_account: str  # the exchange's, by the name that operators give it
    line: BankLine
    file_sha256: str
    place: int  # in the bank's order
    state: LineState = LineState.RECEIVED
    doubt: Doubt | None = None
    target_kind: TargetKind | None = None
    target_id: str | None = None
    organisation_id: OrganisationId | None = None
    reason: str | None = None
    transfer_id: TransferId | None = None
    moved_id: TransferId | None = None
    created_at: Instant
    updated_at: Instant

    @property
    def reference(self) -> str:
        """What an outgoing line quotes that sends this one back."""
        return reference(ReferenceKind.RETURN, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTopUp:
    """A payment that was booked by hand."""

    id: TransferId
    organisation_id: OrganisationId
    reference_key: str
    amount: Money
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSum:
    """What an account's lines come to until a day's end, and at how many places lines miss."""

    bank_account: str
    opening: Money
    lines: Money
    gaps: int


def lock_desk(tx: Tx) -> Organisation | None:
    """Lock the bank desk until the transaction ends; return the exchange, None before it opens.

    Its row is what is locked: nothing else is waited for while it is held but accounts.
    """
    found = identity.exchange(tx)
    return None if found is None else identity.organisation_for_update(tx, found.id)


def add_lines(tx: Tx, stored: Iterable[StoredLine]) -> None:
    """Remember lines."""
    tx.many("bank_line_add", map(_line_row, stored))


def _line_row(stored: StoredLine) -> dict[str, object]:
    line = stored.line
    return {
        "reference": stored.reference,
        "bank_account": stored.bank_account,
        "bank_line_id": line.bank_line_id,
        "day": line.day.isoformat(),
        "amount_units": line.amount.units,
        "counterparty": line.counterparty,
        "counterparty_account": line.counterparty_account,
        "text": line.text,
        "text_key": text_key(line.text),
        "balance_units": units(line.balance),
        "fingerprint": line.fingerprint,
        "file_sha256": stored.file_sha256,
        "place": stored.place,
        "doubt": stored.doubt,
        "created_at": to_micros(stored.created_at),
        **_standing(stored),
    }


def save_line(tx: Tx, stored: StoredLine, *, at: Instant) -> StoredLine:
    """Write what became of a line."""
    tx.do("bank_line_save", updated_at=to_micros(at), **_standing(stored))
    return replace(stored, updated_at=at)


def _standing(stored: StoredLine) -> dict[str, object]:
    return {
        "id": stored.id,
        "state": stored.state.value,
        "target_kind": stored.target_kind,
        "target_id": stored.target_id,
        "organisation_id": stored.organisation_id,
        "reason": stored.reason,
        "transfer_id": stored.transfer_id,
        "moved_id": stored.moved_id,
    }


def line(tx: Tx, line_id: str) -> StoredLine:
    """Return a line. Raises NotFound."""
    row = tx.first("bank_line_by_id", id=line_id)
    if row is None:
        raise NotFound(kind="bank line", id=line_id)
    return _line(row)


def known(tx: Tx, bank_account: str, ids: Iterable[str]) -> dict[str, Row]:
    """Return which of these lines were imported before, by the bank's ids."""
    rows = tx.all("bank_lines_known", bank_account=bank_account, ids=sorted(set(ids)))
    return {row.bank_line_id: row for row in rows}


def last_place(tx: Tx, bank_account: str) -> int:
    """Return the place of an account's last line; 0 before there is one."""
    row = tx.first("bank_lines_last", bank_account=bank_account)
    return 0 if row is None else int(row.place)


def lines(
    tx: Tx, *, waiting: bool = False, before: str = NEWEST, limit: int = 100
) -> list[StoredLine]:
    """List lines, newest first; `waiting`: those that are nobody's yet."""
    query = "bank_lines_open" if waiting else "bank_lines_page"
    return [_line(row) for row in tx.all(query, before=before, limit=limit)]


def lines_waiting(tx: Tx, day: date) -> list[StoredLine]:
    """List lines until a day's end that are nobody's yet."""
    return [_line(r) for r in tx.all("bank_lines_waiting", day=day.isoformat(), limit=LIST_MAX)]


def lines_of_references(tx: Tx, references: Sequence[str]) -> list[StoredLine]:
    """Return the lines that these references send back."""
    rows = tx.all("bank_line_returning", references=list(references)) if references else []
    return [_line(row) for row in rows]


def line_of_reference(tx: Tx, bank_reference: str) -> str | None:
    """Return a line that came in under a bank's reference, or None."""
    key = text_key(bank_reference)
    row = tx.first("bank_line_of_reference", reference_key=key, reference=bank_reference)
    return None if row is None else str(row.id)


def members_of_references(tx: Tx, references: Sequence[str]) -> list[MemberFound]:
    """Return the members that these references name."""
    tails = [each[2 : 2 + TAIL_CHARS] for each in references]
    rows = tx.all("organisations_of_tails", tails=tails) if tails else []
    return [MemberFound(id=OrganisationId(r.id), state=member_state(r.state)) for r in rows]


def add_top_up(tx: Tx, top_up: StoredTopUp) -> None:
    """Remember a payment that was booked by hand."""
    tx.do(
        "top_up_add",
        id=top_up.id,
        organisation_id=top_up.organisation_id,
        reference_key=top_up.reference_key,
        amount_units=top_up.amount.units,
        at=to_micros(top_up.at),
    )


def top_ups_of_references(tx: Tx, keys: Sequence[str]) -> list[StoredTopUp]:
    """Return payments booked by hand under these references, of which no line has come yet."""
    rows = tx.all("top_ups_of_references", keys=sorted({each for each in keys if each}))
    return [_top_up(row) for row in rows]


def top_ups_open(tx: Tx, *, before: Instant, day: date) -> list[StoredTopUp]:
    """Return payments booked by hand before an instant, of which no line came until a day's end."""
    rows = tx.all("top_ups_open", before=to_micros(before), day=day.isoformat(), limit=LIST_MAX)
    return [_top_up(row) for row in rows]


def top_up_open(tx: Tx, top_up_id: str) -> StoredTopUp | None:
    """Return a payment booked by hand of which no line has come yet, or None."""
    row = tx.first("top_up_open", id=top_up_id)
    return None if row is None else _top_up(row)


def top_up_seen(tx: Tx, top_up_id: str, line_id: BankLineId) -> None:
    """Remember that the bank's line about a payment has come."""
    assert tx.do("top_up_seen", id=top_up_id, bank_line_id=line_id) == 1, "its line had come"


def statement_sums(tx: Tx, day: date) -> list[StatementSum]:
    """Return what every account's lines come to until a day's end."""
    return [_sum(tx, row, day=day) for row in tx.all("bank_statement_sums", day=day.isoformat())]


def _sum(tx: Tx, row: Row, *, day: date) -> StatementSum:
    account = row.bank_account
    ends = tx.all("bank_open_ends", bank_account=account, day=day.isoformat())
    openings = [each.balance_units for each in ends if each.ends < 0]
    if len(openings) != 1:
        # Closed to a ring, or with gaps: then the first line says where it began, if it does.
        first = tx.one("bank_first_line", bank_account=account)
        before = first.balance_units
        openings = [0 if before is None else before - first.amount_units]
    beginnings = sum(-int(each.ends) for each in ends if each.ends < 0)
    return StatementSum(
        bank_account=account,
        opening=Money(int(openings[0]), CNY),
        lines=Money(int(row.units), CNY),
        # Where some lines state no balance, those that do need not lead to each other.
        gaps=0 if row.silent else max(beginnings - 1, 0),
    )


def booked_later(tx: Tx, *, day: date, before: Instant) -> Money:
    """Return what was booked on our bank account for days after this one, ending at `before`."""
    row = tx.one("bank_booked_later", day=day.isoformat(), before=to_micros(before))
    return Money(int(row.lines) + int(row.top_ups), CNY)


def custody(tx: Tx) -> tuple[Custody, Money]:
    """Return whose the yuan are, and what our bank account says is in the bank."""
    found = {"members": 0, "suspense": 0, "fees": 0, "tax": 0, "exchange_other": 0, "bank": 0}
    for row in tx.all("custody_sums"):
        if row.kind == identity.OrganisationKind.MEMBER:
            name = "members"
        else:
            name = row.name if row.name in found else "exchange_other"
        found[name] += int(row.units)
    bank = found.pop("bank")
    return Custody(**{name: Money(each, CNY) for name, each in found.items()}), Money(-bank, CNY)


def _top_up(row: Row) -> StoredTopUp:
    return StoredTopUp(
        id=TransferId(row.id),
        organisation_id=OrganisationId(row.organisation_id),
        reference_key=row.reference_key,
        amount=Money(row.amount_units, CNY),
        at=from_micros(row.at),
    )


def _line(row: Row) -> StoredLine:
    said = BankLine(
        bank_line_id=row.bank_line_id,
        day=date.fromisoformat(row.day),
        amount=Money(row.amount_units, CNY),
        counterparty=row.counterparty,
        counterparty_account=row.counterparty_account,
        text=row.text,
        balance=money(row.balance_units),
    )
    return StoredLine(
        id=BankLineId(row.id),
        bank_account=row.bank_account,
        line=said,
        file_sha256=row.file_sha256,
        place=row.place,
        state=LineState(row.state),
        doubt=row.doubt and Doubt(row.doubt),
        target_kind=row.target_kind and TargetKind(row.target_kind),
        target_id=row.target_id,
        organisation_id=row.organisation_id and OrganisationId(row.organisation_id),
        reason=row.reason,
        transfer_id=row.transfer_id and TransferId(row.transfer_id),
        moved_id=row.moved_id and TransferId(row.moved_id),
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
    )
