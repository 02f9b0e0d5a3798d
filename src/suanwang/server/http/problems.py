"""Every error as an RFC 9457 problem: in the reader's language, with a code that never changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from suanwang.basics.errors import SuanwangError

PROBLEM_TYPE = "application/problem+json"
ERRORS_MAX = 100  # mistakes named in one problem
_TITLES = {
    400: ("Malformed request", "请求格式错误"),
    401: ("Not signed in", "未登录"),
    403: ("Not allowed", "不允许"),
    404: ("Not found", "未找到"),
    405: ("Method not possible", "方法不支持"),
    409: ("Conflict", "冲突"),
    413: ("Too large", "过大"),
    415: ("Wrong type of body", "请求体类型错误"),
    422: ("Refused", "已拒绝"),
    429: ("Too many requests", "请求过多"),
    500: ("Our mistake", "我方出错"),
    503: ("Not possible now", "暂不可用"),
    507: ("No room", "空间不足"),
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One mistake in a request: where (JSON pointer) and what."""

    pointer: str
    detail: str

    def to_wire(self) -> dict[str, str]:
        """Write it as the API does."""
        return {"pointer": self.pointer, "detail": self.detail}


def title_of(status: int, lang: str) -> str:
    """Say in a few words what a status means."""
    known = _TITLES.get(status)
    if known is None:
        return HTTPStatus(status).phrase
    return known[1] if lang == "zh" else known[0]


def problem_body(
    error: SuanwangError, *, lang: str, instance: str, trace_id: str
) -> dict[str, Any]:
    """Write an error as a problem document."""
    return {
        "type": f"/errors/{error.code}",
        "title": title_of(error.status, lang),
        "status": error.status,
        "detail": error.message(lang),
        "instance": instance,
        "code": error.code,
        "errors": [e.to_wire() for e in errors_of(error, lang)][:ERRORS_MAX],
        "trace_id": trace_id,
    }


def problem(error: SuanwangError, *, lang: str, instance: str, trace_id: str) -> Response:
    """Answer with a problem."""
    body = problem_body(error, lang=lang, instance=instance, trace_id=trace_id)
    headers = {"Content-Language": lang}
    if error.status in (429, 503):
        headers["Retry-After"] = str(error.facts.get("retry_after_s", 1))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="suanwang"'
    if "allowed" in error.facts and error.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = str(error.facts["allowed"])
    return Response(
        json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace"),
        status_code=error.status,
        media_type=PROBLEM_TYPE,
        headers=headers,
    )


def errors_of(error: SuanwangError, lang: str) -> Sequence[FieldError]:
    """Return the single mistakes that an error carries.

    They come as `errors`: our own FieldErrors, or mistakes of a job file, which speak both
    languages themselves.
    """
    found = []
    carried = error.facts.get("mistakes") or error.facts.get("errors") or ()
    for one in carried if isinstance(carried, list | tuple) else ():
        if isinstance(one, FieldError):
            found.append(one)
        elif hasattr(one, "pointer") and hasattr(one, "message"):
            found.append(FieldError(str(one.pointer), one.message(lang)))
    return found
