"""What can be wrong with a job file. The texts stand in `mistakes.toml`, by code.

`Wrong` is one mistake without a place, raised where a value is read; `jobs/check.py` catches it,
finds its line and column, and collects all of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources

from suanwang.basics.errors import Invalid, NotFound

_TEXTS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    resources.files("suanwang.jobs").joinpath("mistakes.toml").read_text("utf-8")
)


class Wrong(Invalid, ValueError):
    """The job file has a mistake: {reason}.

    One mistake: the key of its text, and the facts that the text names. Also a ValueError, so that
    a pydantic validator may raise it and pydantic adds the path.
    """

    zh = "作业文件有误：{reason}。"
    code = "job-file-mistake"

    def __init__(self, key: str, /, **facts: object) -> None:
        self.key = key
        self.code = _TEXTS[key].get("code", key)  # type: ignore[misc]  # each text has its own
        super().__init__(**facts)

    def message(self, lang: str = "en") -> str:
        """Say what is wrong, in "en" or "zh"."""
        return _TEXTS[self.key]["zh" if lang.startswith("zh") else "en"].format(**self.facts)


class UsageUnreadable(Invalid):
    """The usage record does not read: {reason}."""

    zh = "用量记录无法读取：{reason}。"
    code = "usage-unreadable"


class ReasonUnknown(NotFound):
    """There is no reason called {id}."""

    zh = "没有名为 {id} 的原因。"
    code = "reason-unknown"
