"""Vouchers: who funds which programme, who holds vouchers of it, who claimed what.

What a programme says is in its file; here is what operators filled in and what became of it.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy import text as clause

from suanwang.store.tables.columns import index, refers, table, text, whole

# Locked while anything is decided under a programme, so that caps and pool hold for all at once.
voucher_programmes = table(
    "voucher_programmes",
    text("id", primary_key=True),
    refers("organisation_id", "organisations.id", null=True),  # its funder
    text("rules"),  # JSON: rules that were filled in, each with value, source and who did
    whole("changes", server_default="0"),
    whole("pool_units", server_default="0"),  # pledged in all
    whole("created_at"),
)

voucher_parties = table(
    "voucher_parties",
    refers("organisation_id", "organisations.id", key=True),
    text("facts"),  # JSON: region, kinds, credit years, legal representative, shareholdings
    whole("changes", server_default="1"),
    whole("at"),
)

voucher_grants = table(
    "voucher_grants",
    text("id", primary_key=True),
    refers("programme_id", "voucher_programmes.id"),
    refers("organisation_id", "organisations.id"),
    whole("amount_units"),
    whole("spent_units", server_default="0"),
    whole("lapsed_units", server_default="0"),
    whole("issued_at"),
    whole("expires_at"),
    index("ix_voucher_grants_organisation_id", "organisation_id", "programme_id", "expires_at"),
    index("ix_voucher_grants_expires_at", "expires_at"),
    index("ix_voucher_grants_programme_id", "programme_id"),
    CheckConstraint("spent_units + lapsed_units <= amount_units", name="spent"),
)

voucher_claims = table(
    "voucher_claims",
    text("id", primary_key=True),
    refers("programme_id", "voucher_programmes.id"),
    refers("organisation_id", "organisations.id"),  # the firm
    refers("supplier_id", "organisations.id"),
    text("contract_id"),
    text("contract_key", null=True),  # the same, where a contract has one claim only
    text("side"),  # "user" or "supplier"
    whole("year"),  # in Shanghai
    text("state"),
    whole("base_units"),
    whole("amount_units"),
    text("bill_id", null=True),
    text("body"),  # JSON: lines, evidence, reviews, transfers
    whole("changes", server_default="1"),
    whole("created_at"),
    whole("updated_at"),
    index(
        "uq_voucher_claims_contract",
        "programme_id",
        "contract_key",
        unique=True,
        where=clause("contract_key IS NOT NULL AND state NOT IN ('rejected', 'expired')"),
    ),
    index("ix_voucher_claims_firm", "programme_id", "organisation_id", "year"),
    index("ix_voucher_claims_contract_id", "programme_id", "contract_id"),
    index("ix_voucher_claims_created_at", "programme_id", "created_at"),
)
