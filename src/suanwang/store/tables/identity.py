"""Who may do what: organisations, their projects, members, keys and secrets."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint

from suanwang.store.tables.columns import binary, index, number, refers, table, text, whole

organisations = table(
    "organisations",
    text("id", primary_key=True),
    text("name"),
    text("kind"),  # "member" or "exchange"
    text("state"),
    whole("created_at"),
    index("ix_organisations_created_at_id", "created_at", "id"),
)

projects = table(
    "projects",
    text("id", primary_key=True),
    refers("organisation_id", "organisations.id"),
    text("name"),
    whole("created_at"),
    index("uq_projects_organisation_id_name", "organisation_id", "name", unique=True),
)

members = table(
    "members",
    text("id", primary_key=True),
    refers("organisation_id", "organisations.id"),
    text("name"),
    whole("created_at"),
    whole("removed_at", null=True),  # kept for ever: jobs and keys name who had them
    index("ix_members_organisation_id", "organisation_id"),
)

keys = table(
    "keys",
    text("id", primary_key=True),
    refers("organisation_id", "organisations.id"),
    refers("project_id", "projects.id", null=True),
    refers("member_id", "members.id", null=True),
    refers("centre_id", "centres.id", null=True),  # an agent's key is bound to its centre
    text("role"),
    text("hash"),  # SHA-256 of the secret, hex; the secret itself is never stored
    whole("created_at"),
    whole("revoked_at", null=True),
    index("ix_keys_organisation_id", "organisation_id"),
)

secrets = table(
    "secrets",
    refers("organisation_id", "organisations.id"),
    text("name"),
    binary("sealed"),  # opened only by the server's secrets.key, and only for this row
    whole("created_at"),  # when the value came
    PrimaryKeyConstraint("organisation_id", "name"),
)

operator_records = table(
    "operator_records",
    number("seq"),
    whole("at"),
    text("key_id"),
    text("action"),
    text("body"),
)
