"""Every error that can be answered, by its code: for /errors/{code} and for the reference page."""

from __future__ import annotations

from functools import cache
from typing import Any

from suanwang.basics.errors import SuanwangError
from suanwang.server.http.problems import title_of


@cache
def error_classes() -> dict[str, type[SuanwangError]]:
    """Return every error class of the rooms that are loaded, by code."""
    found: dict[str, type[SuanwangError]] = {}
    queue: list[type[SuanwangError]] = [SuanwangError]
    while queue:
        cls = queue.pop(0)
        if "code" in cls.__dict__:
            found.setdefault(cls.code, cls)
        queue += cls.__subclasses__()
    return dict(sorted(found.items()))


def meaning(cls: type[SuanwangError], lang: str) -> dict[str, Any]:
    """Say what a code means, with {names} where the facts go."""
    return {
        "code": cls.code,
        "status": cls.status,
        "title": title_of(cls.status, lang),
        "message": template_of(cls, lang),
    }


def template_of(cls: type[SuanwangError], lang: str) -> str:
    """Return the message of an error before its facts are filled in."""
    if lang == "zh":
        return cls.zh
    doc = cls.__doc__ or ""
    return " ".join(doc.strip().split("\n\n")[0].split())
