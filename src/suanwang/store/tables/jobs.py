"""A job's life: the job, its quote, place, leases, history, logs and outputs."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import text as clause

from suanwang.store.tables.columns import index, number, refers, table, text, whole

jobs = table(
    "jobs",
    text("id", primary_key=True),
    refers("organisation_id", "organisations.id"),
    refers("project_id", "projects.id", null=True),
    refers("member_id", "members.id", null=True),
    text("name"),
    text("kind"),
    text("spec"),
    text("state"),
    text("array_id", null=True),
    whole("array_index", null=True),
    whole("array_count", null=True),
    text("after", null=True),  # JSON list of job ids
    whole("waits", server_default="0"),  # 1 while a job named in `after` is unfinished
    whole("accept", server_default="0"),  # 1: accept the quote when it comes
    whole("accepted_at", null=True),
    whole("quote_expires_at", null=True),
    whole("limit_units", null=True),
    text("hold_id", null=True),
    text("round_id", null=True),
    text("centre_id", null=True),
    text("pool_id", null=True),
    whole("cards", null=True),
    whole("start_at", null=True),
    whole("end_at", null=True),
    whole("price_units", null=True),
    text("terms", null=True),  # JSON: the prices that applied when it was cleared
    whole("token", server_default="0"),  # fencing token of the newest lease
    whole("attempt", server_default="0"),
    text("not_centres", null=True),  # JSON list of centre ids that failed it
    whole("cancel_at", null=True),
    whole("exit_code", null=True),
    text("reason_code", null=True),
    text("reason", null=True),  # JSON: the facts of reason_code
    whole("deadline_at", null=True),
    whole("created_at"),
    whole("updated_at"),
    whole("finished_at", null=True),
    whole("charge_units", null=True),
    text("usage", null=True),
    text("lock_token", null=True),
    whole("lock_until", null=True),
    whole("next_try_at", null=True),
    index("ix_jobs_organisation_id_created_at_id", "organisation_id", "created_at", "id"),
    index("ix_jobs_organisation_id_name", "organisation_id", "name"),
    index("ix_jobs_state_next_try_at_id", "state", "next_try_at", "id"),
    index("ix_jobs_centre_id_state", "centre_id", "state"),
    index("ix_jobs_array_id", "array_id", where=clause("array_id IS NOT NULL")),
    index("ix_jobs_waits", "id", where=clause("waits = 1")),
    index("ix_jobs_lock_token", "lock_token", where=clause("lock_token IS NOT NULL")),
)

quotes = table(
    "quotes",
    refers("job_id", "jobs.id", key=True),
    text("options"),
    whole("made_at"),
    whole("expires_at"),
)

reservations = table(
    "reservations",
    refers("job_id", "jobs.id", key=True),
    refers("pool_id", "pools.id"),
    whole("cards"),
    whole("start_at"),
    whole("end_at"),
    index("ix_reservations_pool_id_end_at", "pool_id", "end_at"),
)

leases = table(
    "leases",
    text("id", primary_key=True),
    refers("job_id", "jobs.id"),
    refers("centre_id", "centres.id"),
    refers("pool_id", "pools.id"),
    whole("token"),
    text("state"),  # "live", "done" or "lost"
    whole("taken_at"),
    whole("expires_at"),
    whole("ended_at", null=True),
    # A job has at most one live lease: the database itself refuses a second.
    index("uq_leases_job_id_live", "job_id", unique=True, where=clause("state = 'live'")),
    index("uq_leases_job_id_token", "job_id", "token", unique=True),
    index("ix_leases_centre_id_live", "centre_id", where=clause("state = 'live'")),
    index("ix_leases_expires_at_live", "expires_at", where=clause("state = 'live'")),
)

timeline = table(
    "timeline",
    number("seq"),
    refers("job_id", "jobs.id"),
    refers("organisation_id", "organisations.id"),
    whole("at"),
    text("verb"),
    text("state"),
    text("detail", null=True),
    index("ix_timeline_job_id_seq", "job_id", "seq"),
)

logs = table(
    "logs",
    refers("job_id", "jobs.id"),
    whole("token"),
    whole("seq"),
    whole("at"),
    text("stream"),
    text("text"),
    PrimaryKeyConstraint("job_id", "token", "seq"),
)

outputs = table(
    "outputs",
    refers("job_id", "jobs.id"),
    text("name"),
    text("kind"),  # "blob", "url" or "cold"
    text("location", null=True),
    text("sha256", null=True),
    whole("bytes", null=True),
    whole("at"),
    PrimaryKeyConstraint("job_id", "name"),
)

blobs = table(
    "blobs",
    text("sha256"),
    refers("organisation_id", "organisations.id"),
    whole("bytes"),
    whole("created_at"),
    PrimaryKeyConstraint("sha256", "organisation_id"),
)

rounds = table(
    "rounds",
    text("id", primary_key=True),
    whole("at"),
    text("outcome"),
    index("ix_rounds_at", "at"),
)
