"""Voucher programmes, what is known of firms, grants and claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suanwang.basics.money import CNY, Money
from suanwang.store.verify.kinds.kind import (
    Fields,
    Kind,
    column,
    columns,
    instant,
    part,
    yuan,
)

_OF_RULE = ("value", "source", "by", "at")
_OF_CLAIM = ("lines", "evidence", "reviews", "transfers")


def _programme(records: Sequence[Fields]) -> Fields:
    """Replay what operators filled in and what funders pledged."""
    rules: dict[str, Mapping[str, Any]] = {}
    pledged, funder = str(Money.zero(CNY)), None
    for record in records:
        if record["what"] == "filled":
            rules[record["rule"]] = {name: record[name] for name in _OF_RULE}
        else:
            pledged, funder = record["pledged"], record["funder_id"]
    return {"rules": rules, "pledged": pledged, "funder_id": funder}


KINDS = (
    Kind(
        evidence="programme",
        table="voucher_programmes",
        rows="verify_voucher_programmes",
        made_at="created_at",
        replay=_programme,
        replayed={
            "rules": part("rules"),
            "pledged": yuan("pool_units"),
            "funder_id": column("organisation_id"),
        },
    ),
    Kind(
        evidence="voucher_party",
        table="voucher_parties",
        rows="verify_voucher_parties",
        made_at="at",
        last={"facts": part("facts")},
    ),
    Kind(
        evidence="voucher",
        table="voucher_grants",
        rows="verify_voucher_grants",
        made_at="issued_at",
        first={
            "organisation_id": column("organisation_id"),
            "programme": column("programme_id"),
            "amount": yuan("amount_units"),
            "expires_at": instant("expires_at"),
        },
        last={"lapsed": yuan("lapsed_units")},
        unsaid={"lapsed": str(Money.zero(CNY))},
    ),
    Kind(
        evidence="voucher_claim",
        table="voucher_claims",
        rows="verify_voucher_claims",
        made_at="created_at",
        last={
            **columns("organisation_id", "supplier_id", "contract_id", "side", "state", "bill_id"),
            "programme": column("programme_id"),
            "base": yuan("base_units"),
            "amount": yuan("amount_units"),
            **{name: part("body", name) for name in _OF_CLAIM},
        },
        unsaid=dict.fromkeys(_OF_CLAIM),
    ),
)
