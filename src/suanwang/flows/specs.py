"""Reads back the spec that a job was handed in with."""

from __future__ import annotations

import json
from functools import lru_cache

from suanwang.jobs.spec import JobSpec
from suanwang.store.jobs import Job

SPECS_KEPT = 1_024  # members of an array share one text


def spec_of(job: Job) -> JobSpec:
    """Return a job's spec; it was checked when the job was handed in."""
    return _read(job.spec)


@lru_cache(SPECS_KEPT)
def _read(text: str) -> JobSpec:
    return JobSpec.model_validate(json.loads(text))
