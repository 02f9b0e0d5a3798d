"""Every reason that a timeline or a job may give: one closed list, each in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources

from suanwang.jobs.errors import ReasonUnknown

#: Code → texts by language.
REASONS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    resources.files("suanwang.jobs").joinpath("reasons.toml").read_text("utf-8")
)


def reason_text(code: str, lang: str = "en") -> str:
    """Say a reason in "en" or "zh"; an unknown code is refused by name."""
    reason = REASONS.get(code)
    if reason is None:
        raise ReasonUnknown(kind="reason", id=code)
    return reason["zh" if lang.startswith("zh") else "en"]
