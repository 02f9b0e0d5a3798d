"""What is proven: evidence beside the transfers, and the append-only log over both.

transfers, evidence ── leaves, in order of seq ──▶ log_segments (salts), log_tiles (hashes)
│
log_heads (signed)
"""

from __future__ import annotations

from suanwang.store.tables.columns import binary, index, number, refers, table, text, whole

evidence = table(
    "evidence",
    number("seq"),
    text("kind"),  # "usage", "round", "bill", "contract" …
    text("id"),  # of what the record is about
    refers("organisation_id", "organisations.id", null=True),  # whose it is; null: everybody's
    text("record"),  # canonical JSON, never changed; "{}" once a person's data were erased
    whole("at"),
    index("uq_evidence_kind_id", "kind", "id", unique=True),
    index("ix_evidence_organisation_id_seq", "organisation_id", "seq"),
)

log_segments = table(
    "log_segments",
    whole("first_leaf", primary_key=True, autoincrement=False),
    whole("leaves"),
    text("source"),  # "transfers" or "evidence"
    whole("first_seq"),
    whole("last_seq"),
    binary("salts"),  # 16 bytes a leaf, in order; zeros where the record was erased
    index("ix_log_segments_source_first_seq", "source", "first_seq"),
)

log_tiles = table(
    "log_tiles",
    whole("level", primary_key=True, autoincrement=False),
    whole("number", primary_key=True, autoincrement=False),
    binary("hashes"),  # up to 256 hashes of 32 bytes; only the last of a level is shorter
)

log_heads = table(
    "log_heads",
    number("seq"),
    whole("size"),
    whole("at"),
    text("note"),  # the signed checkpoint, with every cosignature that came
    index("ix_log_heads_size", "size"),
)

log_witnesses = table(
    "log_witnesses",
    text("name", primary_key=True),
    text("vkey"),  # the witness's verifier key, as signed notes name keys
    whole("at"),
)
