"""Bills as rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import BillId, JobId, OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.ledger.settlement import DaySettling
from suanwang.store.tx import Row, Tx
from suanwang.store.values import instant, parse, write

EARNING_ROLES = ("centre", "broker", "carrier")
RETRY_SECONDS = 10  # what a run takes from gathering to the last bill, mostly


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
    day: str | None = None  # the market day, "2026-11-28"
    version: int = 1
    run_id: str | None = None  # the settlement run that pays it

    @property
    def version_id(self) -> str:
        """Return the name of this version, as evidence and chains bear it."""
        return str(self.id) if self.version == 1 else f"{self.id}#{self.version}"

    @property
    def is_settling(self) -> bool:
        """Say whether a run has taken the bill in and not finished with it yet."""
        return self.run_id is not None and self.settled_at is None

    @property
    def seller_id(self) -> OrganisationId:
        """Who sold it: the broker, or the centre's owner."""
        brokers = (part for part in self.parts if part["role"] == "broker")
        found = next(brokers, None)
        return self.provider_id if found is None else OrganisationId(found["organisation_id"])

    @property
    def market_day(self) -> date:
        """The market day that it belongs to, once it is written."""
        assert self.day is not None, f"{self.id} has no market day"
        return date.fromisoformat(self.day)

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
                "lines": body_of(each),
                "total_units": each.total.units,
                "created_at": to_micros(each.created_at),
                "day": each.day,
            }
            for each in bills
        ],
    )


def body_of(bill: StoredBill) -> str | None:
    """Write what a bill says, as its row keeps it."""
    return write(
        {
            "lines": [dict(line) for line in bill.lines],
            "provider_units": bill.provider_share.units,
            "parts": [dict(part) for part in bill.parts],
            "gross_units": bill.gross.units,
            "mode": bill.mode,
            "contract_id": bill.contract_id,
        }
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
    bill = _bill(row)
    if bill.is_settling:
        raise DaySettling(
            kind="bill", id=bill.id, found="settling", expected="settled", day=bill.day,
            retry_after_s=RETRY_SECONDS,
        )  # fmt: skip
    return bill


def to_gather(tx: Tx, day: str, *, before: Instant, limit: int) -> list[StoredBill]:
    """Return bills of a market day that no run has taken in yet, oldest first, locked."""
    rows = tx.all("bills_to_gather", day=day, before=to_micros(before), limit=limit)
    return [_bill(row) for row in rows]


def take_in(tx: Tx, bills: Iterable[StoredBill], run_id: str) -> None:
    """Note which run pays bills; each is taken in once."""
    rows = [{"id": each.id, "run_id": run_id} for each in bills]
    taken = tx.many("bill_take_in", rows)
    assert taken == len(rows), f"{len(rows) - taken} bills were taken in before"


def of_run(tx: Tx, run_id: str, *, limit: int) -> list[StoredBill]:
    """Return bills that a run has paid and not finished with, oldest first."""
    return [_bill(row) for row in tx.all("bills_of_run", run_id=run_id, limit=limit)]


def settle(tx: Tx, bills: Iterable[StoredBill], *, at: Instant) -> None:
    """Note that bills are settled; each is settled once."""
    rows = [{"id": each.id, "settled_at": to_micros(at)} for each in bills]
    settled = tx.many("bill_settle", rows)
    assert settled == len(rows), f"{len(rows) - settled} bills were settled before"


def oldest_unsettled_day(tx: Tx, *, before: Instant) -> str | None:
    """Return the oldest open market day with bills that are older than `before`."""
    row = tx.first("bills_oldest_day", before=to_micros(before))
    return None if row is None else str(row.day)


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
        day=row["day"],
        version=row["version"],
        run_id=row["run_id"],
    )
