"""Says in the reader's language why a job ended as it did, from the code and facts it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suanwang.jobs.errors import ReasonUnknown
from suanwang.jobs.reasons import reason_text
from suanwang.store.jobs import Job


def message(job: Job, lang: str) -> str | None:
    """Say why the job ended; None while there is nothing to say."""
    if job.reason_code is None:
        return None
    return said(job.reason_code, job.reason, lang)


def said(code: str, facts: Mapping[str, Any], lang: str) -> str:
    """Say a reason, with the detail that the agent or the plan gave."""
    try:
        text = reason_text(code, lang)
    except ReasonUnknown:
        text = code  # an agent of another version knows more reasons than we do
    detail = facts.get("detail")
    if not detail:
        return text
    return f"{text}：{detail}" if lang.startswith("zh") else f"{text}: {detail}"
