"""What can run work: centres and their pools."""

from __future__ import annotations

from suanwang.store.tables.columns import index, refers, table, text, whole

centres = table(
    "centres",
    text("id", primary_key=True),
    refers("organisation_id", "organisations.id"),
    text("name"),
    text("zone"),
    text("city"),
    text("province"),
    text("public_key", null=True),  # Ed25519, known once its agent has said hello
    text("facts"),  # JSON, the wire of a Centre
    text("state"),  # "joined", "draining" or "left"
    whole("last_seen_at", null=True),
    whole("created_at"),
    whole("price_version", server_default="0"),  # of its data prices on record; 0: none yet
    index("ix_centres_organisation_id", "organisation_id"),
    index("ix_centres_created_at_id", "created_at", "id"),
)

pools = table(
    "pools",
    text("id", primary_key=True),
    refers("centre_id", "centres.id"),
    refers("organisation_id", "organisations.id"),
    text("name"),
    text("chip"),
    text("facts"),  # JSON, the wire of a Pool
    text("state"),
    whole("created_at"),
    whole("price_version", server_default="0"),  # of its list price on record; 0: none yet
    index("uq_pools_centre_id_name", "centre_id", "name", unique=True),
)
