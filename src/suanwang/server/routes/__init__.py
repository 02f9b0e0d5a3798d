"""The API's routes, one file a noun."""

from __future__ import annotations

from suanwang.server.routes import (
    accounts,
    agent,
    agent_files,
    agent_reports,
    blobs,
    centres,
    events,
    job_logs,
    job_reads,
    jobs,
    me,
    members,
    money,
    ops,
    organisations,
    proofs,
    quotes,
    records,
    secrets,
)

ROUTERS = (
    jobs.router,
    job_reads.router,
    job_logs.router,
    quotes.router,
    blobs.router,
    accounts.router,
    money.router,
    centres.router,
    events.router,
    me.router,
    organisations.router,
    members.router,
    secrets.router,
    records.router,
    proofs.router,
    agent.router,
    agent_reports.router,
    agent_files.router,
    ops.router,
)
