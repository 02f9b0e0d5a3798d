"""What a bundle proves, and where one is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from suanwang.basics.money import Money
from suanwang.basics.slots import format_instant, from_micros
from suanwang.ledger.log.errors import BundleWrong
from suanwang.ledger.log.leaves import TRANSFERS
from suanwang.ledger.log.notes import Checkpoint, Cosignature, Verifier

FOUND_MAX = 120  # characters of what was found that are repeated


def wrong(place: str, expected: object, found: object) -> NoReturn:
    """Raise BundleWrong; what was found is cut where it is long."""
    shown = str(found)
    if len(shown) > FOUND_MAX:
        shown = shown[:FOUND_MAX] + "…"
    raise BundleWrong(place=place, expected=expected, found=shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One record of a bundle that is proven to be a leaf: its place in the log, and its row."""

    number: int  # in the bundle
    index: int  # in the log
    row: Mapping[str, Any]
    erased: bytes | None = None  # its hash, where the record was erased
    where: str = ""  # in a file that holds no bundle

    @property
    def source(self) -> str:
        """The table that the row stands in."""
        return str(self.row["source"])

    @property
    def kind(self) -> str:
        """What the record is: "transfer", or a kind of evidence."""
        return "transfer" if self.source == TRANSFERS else str(self.row["kind"])

    @property
    def id(self) -> str:
        """What the record is about."""
        return str(self.row["id"])

    @property
    def place(self) -> str:
        """Where the record stands in the file, for a person who looks for it."""
        return f"{self.where or f'records[{self.number}]'} ({self.kind} {self.id})"

    @property
    def record(self) -> Mapping[str, Any]:
        """What a piece of evidence says."""
        found = self.row["record"]
        assert isinstance(found, Mapping), "the record of evidence is an object"
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFigures:
    """What the bill of a bundle says, all of it checked against the other records."""

    id: str
    job_id: str
    mode: str
    gross: Money
    vouchers: Money
    total: Money
    lines: int
    transfers: int  # of its chain
    usage_id: str | None
    rounds: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """Return the figures as JSON."""
        return {
            "id": self.id,
            "job_id": self.job_id,
            "mode": self.mode,
            "gross": str(self.gross),
            "vouchers": str(self.vouchers),
            "total": str(self.total),
            "currency": self.total.asset.code,
            "lines": self.lines,
            "transfers": self.transfers,
            "usage_id": self.usage_id,
            "rounds": list(self.rounds),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFigures:
    """What a credit note of a bundle says, checked against its bill and its transfers."""

    id: str
    number: str
    amount: Money
    total: Money
    dispute_id: str | None
    transfers: int  # of its chain

    def to_document(self) -> dict[str, Any]:
        """Return the figures as JSON."""
        return {
            "id": self.id,
            "number": self.number,
            "amount": str(self.amount),
            "total": str(self.total),
            "currency": self.total.asset.code,
            "dispute_id": self.dispute_id,
            "transfers": self.transfers,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a bundle proves: its records are in the log with this head, and the bills add up."""

    head: Checkpoint
    log: Verifier
    pinned: bool  # the key came from elsewhere, not out of the bundle
    cosignatures: tuple[Cosignature, ...]
    records: tuple[Leaf, ...]
    bills: tuple[BillFigures, ...] = ()
    credit_notes: tuple[CreditFigures, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """Return the verdict as JSON."""
        return {
            "proven": True,
            "origin": self.head.origin,
            "size": self.head.size,
            "root": self.head.root.hex(),
            "key": self.log.vkey,
            "fingerprint": self.log.fingerprint,
            "pinned": self.pinned,
            "witnesses": witnesses_document(self.cosignatures),
            "records": [
                {"index": each.index, "kind": each.kind, "id": each.id}
                | ({"erased": True} if each.erased else {})
                for each in self.records
            ],
            "bills": [each.to_document() for each in self.bills],
            "credit_notes": [each.to_document() for each in self.credit_notes],
        }


def witnesses_document(cosignatures: Iterable[Cosignature]) -> list[dict[str, Any]]:
    """Return who cosigned a head, and when, as JSON."""
    return [
        {
            "name": each.witness.name,
            "fingerprint": each.witness.fingerprint,
            "at": format_instant(from_micros(each.seconds * 1_000_000)),
        }
        for each in cosignatures
    ]
