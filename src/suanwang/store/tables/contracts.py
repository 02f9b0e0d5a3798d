"""Contracts of brokers and carriers, and the price lists that brokers sell at."""

from __future__ import annotations

from suanwang.store.tables.columns import index, refers, table, text, whole

contracts = table(
    "contracts",
    text("id", primary_key=True),
    text("kind"),
    refers("owner_id", "organisations.id"),  # of the centres
    refers("partner_id", "organisations.id"),  # the broker or carrier
    refers("proposer_id", "organisations.id"),
    whole("from_at"),
    whole("until_at", null=True),
    text("state"),
    text("body"),  # JSON: pools, clauses, text_sha256, who said what
    whole("created_at"),
    whole("updated_at"),
    index("ix_contracts_owner_id", "owner_id", "id"),
    index("ix_contracts_partner_id", "partner_id", "id"),
)

broker_prices = table(
    "broker_prices",
    text("id", primary_key=True),  # of the record: the broker's, with "#2", "#3" …
    refers("broker_id", "organisations.id"),
    whole("from_at"),
    text("prices"),  # JSON, the wire of a PriceTable
    whole("created_at"),
    index("ix_broker_prices_broker_id", "broker_id", "from_at"),
)
