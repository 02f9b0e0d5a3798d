"""Bills as FOCUS 1.2 (FinOps Open Cost and Usage Specification), one row a line that costs.

    compute, data, store   Usage        by a round: Dynamic, else Standard
    fee                    Usage        one charge; it grows with the use, so it is no Purchase
    tax                    Tax
    voucher                Credit       below zero, tagged x_voucher
    cap                    Adjustment   what is above the hold and not charged
    correction             Usage        ChargeClass Correction, its quantity may be below zero
    credit note            Credit       ChargeClass Correction, once its bill's month is over

The exchange is Provider and InvoiceIssuer, the centre is Publisher. Energy and carbon cost nothing:
carbon is a tag of the first row of its bill. Source: https://focus.finops.org/focus-specification/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from suanwang.basics.slots import BEIJING, Instant, parse_instant
from suanwang.jobs.export.facts import ExportedBill

COLUMNS = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName",
    "BillingAccountType", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
    "CapacityReservationId", "CapacityReservationStatus", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
    "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountQuantity", "CommitmentDiscountStatus", "CommitmentDiscountType",
    "CommitmentDiscountUnit", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost",
    "ListUnitPrice", "PricingCategory", "PricingCurrency", "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "PricingQuantity",
    "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory",
    "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId", "SubAccountName",
    "SubAccountType", "Tags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Kind:
    """How lines of a kind are told in FOCUS."""

    charge: str
    says: str
    service: str
    category: str
    unit: str = ""
    meter: str = ""


_AI, _NET, _STORE, _OTHER = "AI and Machine Learning", "Networking", "Storage", "Other"
_KINDS = {
    "compute": _Kind("Usage", "Card-hours", "Computing", _AI, "Hours", "Card hours"),
    "data_in": _Kind("Usage", "Data brought in", "Data transfer", _NET, "GB", "Data in"),
    "data_out": _Kind("Usage", "Data carried out", "Data transfer", _NET, "GB", "Data out"),
    "store": _Kind("Usage", "Data kept", "Cold storage", _STORE, "GB-Months", "Stored data"),
    "correction": _Kind("Usage", "Correction", "Computing", _AI, "Hours", "Card hours"),
    "fee": _Kind("Usage", "The exchange's fee", "Exchange", _OTHER, "Charges", "Fee"),
    "tax": _Kind("Tax", "Value-added tax on the fee", "Exchange", _OTHER),
    "voucher": _Kind("Credit", "Paid by a compute voucher", "Vouchers", _OTHER),
    "credit": _Kind("Credit", "Given back by a credit note", "Credit notes", _OTHER),
    "cap": _Kind("Adjustment", "Above the hold, not charged", "Computing", _AI),
}
_UNKNOWN = _Kind("Adjustment", "Adjustment", "Exchange", _OTHER)
# A month has a draft of its invoice until the invoice is issued: FOCUS 1.2 asks for the id of such
# a provisional invoice too, and so every charge of a file has one.
PROVISIONAL = "DRAFT"
_FEE = "fee"
_VOUCHER = "voucher"
_SECOND = timedelta(seconds=1)
_FROM_ROUND = "round:"
_DECEMBER = 12


def focus_rows(bill: ExportedBill, *, exchange: str) -> list[dict[str, str]]:
    """Write the lines of a bill that cost something; `exchange` is the exchange's name."""
    periods = _periods(bill)
    carbon = _carbon_of(bill)
    rows: list[dict[str, str]] = []
    for place, line in enumerate(bill.lines):
        if not _amount(line):
            continue
        rows.append(
            _account(bill, exchange)
            | _charge(bill, line, periods[place])
            | _price(bill, line)
            | {"Tags": _tags(bill, line, None if rows else carbon)}
        )
    return [{name: row.get(name, "") for name in COLUMNS} for row in rows]


def _account(bill: ExportedBill, exchange: str) -> dict[str, str]:
    project = bill.project_id is not None
    month = bill.created_at.astimezone(BEIJING).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    after = month.replace(
        year=month.year + month.month // _DECEMBER, month=month.month % _DECEMBER + 1
    )
    return {
        "BillingAccountId": bill.organisation_id,
        "BillingAccountName": bill.organisation_name,
        "BillingAccountType": "Organisation",
        "BillingCurrency": bill.total.asset.code,
        "PricingCurrency": bill.total.asset.code,
        "BillingPeriodStart": _when(month),
        "BillingPeriodEnd": _when(after),
        "SubAccountId": bill.project_id or "",
        "SubAccountName": bill.project_name or "",
        "SubAccountType": "Project" if project else "",
        "ProviderName": exchange,
        "InvoiceIssuerName": exchange,
        "InvoiceId": bill.invoice or f"{PROVISIONAL}-{month:%Y-%m}",
        "PublisherName": bill.centre_name or exchange,
        "RegionId": bill.zone or "",
        "RegionName": (bill.city or bill.zone or "") if bill.zone else "",
        "ResourceId": bill.job_id,
        "ResourceName": bill.job_name,
        "ResourceType": "Job",
    }


def _charge(
    bill: ExportedBill, line: Mapping[str, Any], period: tuple[Instant, Instant]
) -> dict[str, str]:
    kind, amount = _KINDS.get(line["kind"], _UNKNOWN), _plain(_amount(line))
    corrects = line["kind"] == "correction" or line.get("corrects") is True
    chip = f", {bill.chip}" if bill.chip and kind.category == _AI else ""
    return {
        "ChargeCategory": kind.charge,
        "ChargeClass": "Correction" if corrects else "",
        "ChargeDescription": f"{kind.says}{chip}: {line['quantity']} {line['unit']}".rstrip(": "),
        "ChargeFrequency": "Usage-Based" if kind.charge == "Usage" else "One-Time",
        "ChargePeriodStart": _when(period[0]),
        "ChargePeriodEnd": _when(period[1]),
        "ServiceCategory": kind.category,
        "ServiceSubcategory": f"Other ({kind.category})",
        "ServiceName": bill.chip if bill.chip and kind.category == _AI else kind.service,
        "BilledCost": amount,
        "ContractedCost": amount,
        "EffectiveCost": amount,
        "ListCost": amount,
        "PricingCurrencyEffectiveCost": amount,
    }


def _price(bill: ExportedBill, line: Mapping[str, Any]) -> dict[str, str]:
    """Say quantity and unit price; taxes, credits and adjustments have none."""
    kind = _KINDS.get(line["kind"], _UNKNOWN)
    if kind.charge != "Usage":
        return {}
    fee = line["kind"] == _FEE  # its quantity is a rate, which is no quantity of anything
    quantity = "1" if fee else _plain(Decimal(str(line["quantity"])))
    price = _plain(_amount(line) if fee else Decimal(str(line["price"])))
    source = str(line["price_source"])
    sku = f"{'exchange' if fee else bill.pool_id or 'exchange'}/{line['kind']}"
    return {
        "ListUnitPrice": price,
        "ContractedUnitPrice": price,
        "PricingCurrencyListUnitPrice": price,
        "PricingCurrencyContractedUnitPrice": price,
        "PricingCategory": "Dynamic" if source.startswith(_FROM_ROUND) else "Standard",
        "PricingQuantity": quantity,
        "PricingUnit": kind.unit,
        "ConsumedQuantity": quantity,
        "ConsumedUnit": kind.unit,
        "SkuId": sku,
        "SkuPriceId": f"{sku}@{source}",
        "SkuMeter": kind.meter,
        "SkuPriceDetails": _json({"x_Chip": bill.chip}) if bill.chip and not fee else "",
    }


def _periods(bill: ExportedBill) -> list[tuple[Instant, Instant]]:
    """Say when each line was used: compute until the next price applied, the rest all the time."""
    begin, end = bill.used or (bill.created_at, bill.created_at)
    end = max(end, begin + _SECOND)  # FOCUS knows no charge period of no length
    computed = [place for place, line in enumerate(bill.lines) if line["kind"] == "compute"]
    starts = [parse_instant(str(bill.lines[place]["at"])) for place in computed]
    found = dict(zip(computed, pairwise([*starts, end]), strict=True))
    return [found.get(place, (begin, end)) for place in range(len(bill.lines))]


def _tags(bill: ExportedBill, line: Mapping[str, Any], carbon: str | None) -> str:
    source = str(line["price_source"])
    tags = {
        "x_bill_id": bill.id,
        "x_job_kind": bill.job_kind,
        "x_mode": bill.mode,
        "x_line": str(line["kind"]),
        "x_usage_id": str(line.get("usage_id") or ""),
        "x_voucher": source.partition(":")[2] if line["kind"] == _VOUCHER else None,
        "x_carbon_g": carbon,
        "x_credit_note": bill.credit_note,
    }
    return _json({name: value for name, value in tags.items() if value})


def _carbon_of(bill: ExportedBill) -> str | None:
    found = [line for line in bill.lines if line["kind"] == "carbon"]
    return str(found[0]["quantity"]) if found else None


def _amount(line: Mapping[str, Any]) -> Decimal:
    try:
        return Decimal(str(line["amount"]))
    except InvalidOperation:
        raise AssertionError(f"a bill line has the amount {line['amount']!r}") from None


def _plain(value: Decimal) -> str:
    return f"{value:f}"


def _when(instant: datetime) -> str:
    """Write whole seconds: FOCUS knows no fractions."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
