"""What every answer goes through, sync or async: refusals become errors, bodies become JSON.

Also what may be tried again and after how long, and how trouble on the way is named.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from suanwang.basics.errors import SuanwangError
from suanwang.client import errors

RETRY_STATUSES = frozenset({429, 502, 503, 504})
# Our first attempt was cut off, and the exchange still works on it.
UNDER_WAY = "request-under-way"
RETRIES = 2
TIMEOUT_SECONDS = 30.0
CONNECT_SECONDS = 10.0
# A followed stream says something at least every 15 s; four times that is silence.
STREAM_SECONDS = 60.0
_BACKOFF_SECONDS = 0.3
_RETRY_AFTER_MAX_SECONDS = 20.0
_OK_MAX = 299
_REDIRECT_MAX = 399

_BY_STATUS: dict[int, type[errors.Answered]] = {
    400: errors.InvalidAnswered,
    401: errors.NotSignedInAnswered,
    403: errors.NotAllowedAnswered,
    404: errors.NotFoundAnswered,
    405: errors.InvalidAnswered,
    409: errors.ConflictAnswered,
    413: errors.InvalidAnswered,
    415: errors.InvalidAnswered,
    422: errors.RefusedAnswered,
    429: errors.LimitedAnswered,
    507: errors.RefusedAnswered,
}
# Codes of status 422 that say the request itself is malformed, and not that a rule forbids it.
_MALFORMED = ("unreadable", "invalid", "unstorable", "missing", "mixed", "malformed", "differs")


def pause_before(attempt: int, answer: httpx.Response | None) -> float:
    """Return the seconds to wait before trying again: what was asked, or backoff with jitter."""
    asked = _retry_after(answer)
    if asked is not None:
        return min(asked, _RETRY_AFTER_MAX_SECONDS)
    # Jitter spreads clients that were all refused at the same moment; no secret hangs on it.
    return float(_BACKOFF_SECONDS * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311


def may_try_again(error: Exception) -> bool:
    """Say whether a request that failed this way may be sent again: the connection was lost."""
    return isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError | httpx.ConnectTimeout)


def is_busy(answer: httpx.Response) -> bool:
    """Say whether an answer asks to come again: busy, or at work on the very same request."""
    if answer.status_code == HTTPStatus.CONFLICT:
        return (_problem(answer) or {}).get("code") == UNDER_WAY
    return answer.status_code in RETRY_STATUSES


def trouble(error: Exception, url: str, *, seconds: float) -> SuanwangError:
    """Name what went wrong on the way to `url`."""
    if isinstance(error, httpx.ConnectTimeout):
        return errors.ServerUnreachable(url=url, reason=f"no answer within {CONNECT_SECONDS:g} s")
    if isinstance(error, httpx.TimeoutException):
        return errors.TimedOut(what=url, seconds=f"{seconds:g}")
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return errors.UrlUnreadable(found=url)
    if isinstance(error, httpx.DecodingError):
        return errors.AnswerUnreadable(url=url, found="a body that cannot be decoded")
    reason = str(error).strip().rstrip(".") or type(error).__name__
    return errors.ServerUnreachable(url=url, reason=reason)


def refusal(answer: httpx.Response) -> SuanwangError | None:
    """Return the error that an answer is, or None for a good one. The body must have been read."""
    status = answer.status_code
    if status <= _OK_MAX:
        return None
    if status <= _REDIRECT_MAX:
        place = answer.headers.get("location", "elsewhere")
        return errors.AnswerUnreadable(url=_shown(answer), found=f"a redirect to {place}")
    problem = _problem(answer)
    # An answer to HEAD has no body; any other without a problem was not written by an exchange.
    bodiless = answer.request.method == "HEAD"
    if problem is None and not bodiless and status < 500 and status != 429:  # noqa: PLR2004 - a proxy says these
        return errors.AnswerUnreadable(url=_shown(answer), found=_look(answer))
    facts = {
        "status": status,
        "retry_after_seconds": _retry_after(answer),
        **{key: (problem or {}).get(key) for key in ("code", "detail", "errors", "trace_id")},
    }
    return _class_for(status, str(facts["code"] or ""), facts["errors"])(**facts)


def document(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON of a good answer. Raises AnswerUnreadable for anything else."""
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        raise errors.AnswerUnreadable(url=_shown(answer), found=_look(answer)) from None


def items_of(page: Any, url: str) -> list[Any]:  # noqa: ANN401 - JSON
    """Return the items of a list's page. Raises AnswerUnreadable."""
    items = page.get("items") if isinstance(page, dict) else None
    if not isinstance(items, list):
        raise errors.AnswerUnreadable(url=url, found="no list of items")
    return items


def json_line(line: str, url: str) -> Any:  # noqa: ANN401 - JSON
    """Return one line of NDJSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise errors.AnswerUnreadable(url=url, found=f"the line {line[:60]!r}") from None


def _class_for(status: int, code: str, mistakes: object) -> type[errors.Answered]:
    if status == 422 and (mistakes or code.endswith(_MALFORMED)):  # noqa: PLR2004 - see _MALFORMED
        return errors.InvalidAnswered
    known = _BY_STATUS.get(status)
    if known is not None:
        return known
    return errors.UnavailableAnswered if status >= 500 else errors.RefusedAnswered  # noqa: PLR2004


def _problem(answer: httpx.Response) -> Mapping[str, Any] | None:
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(answer.content)
        if isinstance(found, dict) and "code" in found:
            return found
    return None


def _retry_after(answer: httpx.Response | None) -> float | None:
    if answer is None:
        return None
    with contextlib.suppress(ValueError):
        return max(0.0, float(answer.headers.get("retry-after", "")))
    return None


def _look(answer: httpx.Response) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0] or "no content type"
    return f"{kind} with status {answer.status_code}"


def _shown(answer: httpx.Response) -> str:
    return str(answer.request.url.copy_with(query=None))
