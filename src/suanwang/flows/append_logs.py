"""Logs: what a job prints comes home while it runs, each line once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from suanwang.basics.errors import Limited
from suanwang.flows import reports
from suanwang.flows.act import Act
from suanwang.flows.reports import Report
from suanwang.store import logs
from suanwang.store.logs import LogLine
from suanwang.store.tx import Tx

LINES_MAX = 1_000  # of one report
LINE_CHARS_MAX = 8_000
RUN_LINES_MAX = 200_000  # of one run; what comes after is dropped


def append_logs(tx: Tx, lease_id: str, token: int, lines: Sequence[LogLine], *, act: Act) -> Report:
    """Keep lines that a job printed; the same line twice stands once.

    Lines of a lost lease are refused like any late report. Raises: NotFound; Limited.
    """
    if len(lines) > LINES_MAX:
        raise Limited(limit=f"{LINES_MAX} lines a report", retry_after_s=0)
    found = reports.load(tx, lease_id, token, act=act)
    if found.token_old:
        return reports.refused(tx, found.job, found.token_old, verb="logs", act=act)
    kept = [replace(each, token=token, text=each.text[:LINE_CHARS_MAX]) for each in lines]
    logs.add(tx, found.job.id, [each for each in kept if each.seq < RUN_LINES_MAX])
    return Report(found.job)
