"""Bills and settlements as rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import BillId, JobId, OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.tx import Row, Tx
from suanwang.store.values import instant, parse, write

PAGE_MAX = 1_000
EARNING_ROLES = ("centre", "broker", "carrier")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBill:
    """One job's bill. `lines` are as the buyer reads them; they never change."""

    id: BillId
    job_id: JobId
    organisation_id: OrganisationId
    provider_id: OrganisationId
    lines: tuple[Mapping[str, Any], ...]
    gross: Money  # before vouchers
    total: Money  # what the buyer pays
    provider_share: Money
    created_at: Instant
    settled_at: Instant | None = None
    parts: tuple[Mapping[str, Any], ...] = ()  # who gets what of `gross`
    mode: str = "direct"
    contract_id: str | None = None  # the word of the contract that a broker sold it under

    @property
    def earned(self) -> Mapping[OrganisationId, Money]:
        """Who earns in receivable, and how much; a broker that lost earns nothing."""
        if not self.parts:
            return {self.provider_id: self.provider_share} if self.provider_share else {}
        sums: dict[OrganisationId, Money] = {}
        for part in self.parts:
            if part["role"] in EARNING_ROLES:
                owner = OrganisationId(part["organisation_id"])
                sums[owner] = sums.get(owner, Money.zero(CNY)) + Money.parse(part["amount"])
        return {owner: amount for owner, amount in sums.items() if amount.units > 0}

    @property
    def vouchers(self) -> Money:
        """What funders pay instead of the buyer."""
        return self.gross - self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What one provider was paid for a market day."""

    id: str
    organisation_id: OrganisationId
    day: str
    amount: Money
    at: Instant


def add(tx: Tx, bills: Iterable[StoredBill]) -> None:
    """Remember bills; the database refuses a second one of a job."""
    tx.many(
        "bill_add",
        [
            {
                "id": each.id,
                "job_id": each.job_id,
                "organisation_id": each.organisation_id,
                "provider_id": each.provider_id,
                "lines": write(
                    {
                        "lines": [dict(line) for line in each.lines],
                        "provider_units": each.provider_share.units,
                        "parts": [dict(part) for part in each.parts],
                        "gross_units": each.gross.units,
                        "mode": each.mode,
                        "contract_id": each.contract_id,
                    }
                ),
                "total_units": each.total.units,
                "created_at": to_micros(each.created_at),
            }
            for each in bills
        ],
    )


def bill_of_job(tx: Tx, job_id: JobId) -> StoredBill:
    """Return the bill of a job; NotFound if it has none yet."""
    row = tx.first("bill_of_job", job_id=job_id)
    if row is None:
        raise NotFound(kind="bill", id=job_id)
    return _bill(row)


def lock_bill_of_job(tx: Tx, job_id: JobId) -> StoredBill:
    """Return the bill of a job, locked until the transaction ends; NotFound if it has none."""
    row = tx.first("bill_lock_of_job", job_id=job_id)
    if row is None:
        raise NotFound(kind="bill", id=job_id)
    return _bill(row)


def unsettled(tx: Tx, *, before: Instant, limit: int) -> list[StoredBill]:
    """Return bills that wait for settlement, oldest first, locked."""
    rows = tx.all("bills_unsettled", before=to_micros(before), limit=limit)
    return [_bill(row) for row in rows]


def settle(tx: Tx, bills: Iterable[StoredBill], *, at: Instant) -> None:
    """Note that bills are settled; each is settled once."""
    rows = [{"id": each.id, "settled_at": to_micros(at)} for each in bills]
    settled = tx.many("bill_settle", rows)
    assert settled == len(rows), f"{len(rows) - settled} bills were settled before"


def add_settlements(tx: Tx, settlements: Iterable[Settlement]) -> None:
    """Remember what providers were paid."""
    tx.many(
        "settlement_add",
        [
            {
                "id": each.id,
                "organisation_id": each.organisation_id,
                "day": each.day,
                "amount_units": each.amount.units,
                "at": to_micros(each.at),
            }
            for each in settlements
        ],
    )


def settlements_of(
    tx: Tx, organisation_id: OrganisationId, *, limit: int = 100
) -> list[Settlement]:
    """Return what a provider was paid, newest first."""
    rows = tx.all("settlements_of", organisation_id=organisation_id, limit=min(limit, PAGE_MAX))
    return [
        Settlement(
            id=row["id"],
            organisation_id=OrganisationId(row["organisation_id"]),
            day=row["day"],
            amount=Money(row["amount_units"], CNY),
            at=from_micros(row["at"]),
        )
        for row in rows
    ]


def _bill(row: Row) -> StoredBill:
    body = parse(row["lines"])
    return StoredBill(
        id=BillId(row["id"]),
        job_id=JobId(row["job_id"]),
        organisation_id=OrganisationId(row["organisation_id"]),
        provider_id=OrganisationId(row["provider_id"]),
        lines=tuple(body["lines"]),
        total=Money(row["total_units"], CNY),
        provider_share=Money(body["provider_units"], CNY),
        created_at=from_micros(row["created_at"]),
        settled_at=instant(row["settled_at"]),
        parts=tuple(body.get("parts", ())),
        gross=Money(body.get("gross_units", row["total_units"]), CNY),
        mode=body.get("mode", "direct"),
        contract_id=body.get("contract_id"),
    )
