"""Reading JSON bodies strictly: what could not be stored or written again is refused by name."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from pydantic import ValidationError

from suanwang.server.errors import FieldsInvalid, JsonMalformed, TextUnstorable
from suanwang.server.http.problems import FieldError

# \u0000 and halves of surrogate pairs; found only where a backslash-u stands at all.
_ESCAPE = re.compile(rb"\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})")
_PAIR = re.compile(rb"\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def parse_json(body: bytes) -> Any:  # noqa: ANN401 - JSON may be anything
    """Read JSON, refusing NaN, Infinity, NUL, lone surrogates and nesting without end."""
    if b"\\u" in body and _ESCAPE.search(_PAIR.sub(b"", body)):
        raise TextUnstorable(place="the body")
    try:
        return json.loads(body, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        reason = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise JsonMalformed(reason=reason) from None
    except UnicodeDecodeError:
        raise JsonMalformed(reason="it is not UTF-8") from None
    except RecursionError:
        raise JsonMalformed(reason="it is nested too deeply") from None
    except ValueError:
        raise JsonMalformed(reason="it has a number of too many digits") from None


def _refuse_constant(name: str) -> NoReturn:
    raise JsonMalformed(reason=f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise JsonMalformed(reason=f"the number {text[:40]} is too large")
    return number


def fields_invalid(error: ValidationError, *, lang: str, place: str = "") -> FieldsInvalid:
    """Turn pydantic's findings into ours, with JSON pointers."""
    found = [
        FieldError(
            place + "".join(f"/{escape(part)}" for part in one["loc"]),
            explain(one["type"], one["msg"], one.get("ctx") or {}, lang),
        )
        for one in error.errors(include_url=False, include_input=False)
    ]
    return FieldsInvalid(count=len(found), errors=found)


def escape(part: int | str) -> str:
    """Write one step of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


def explain(kind: str, english: str, facts: dict[str, Any], lang: str) -> str:
    """Say one finding in the reader's language; pydantic itself speaks English only."""
    if lang != "zh":
        return english
    template = _CHINESE.get(kind, "无效（" + english.replace("{", "").replace("}", "") + "）")
    try:
        return template.format(**facts)
    except (KeyError, IndexError):
        return template


_CHINESE = {
    "missing": "缺少此字段",
    "extra_forbidden": "未知字段",
    "string_type": "需要文本",
    "string_too_long": "最多 {max_length} 个字符",
    "string_too_short": "至少 {min_length} 个字符",
    "string_pattern_mismatch": "需匹配模式 {pattern}",
    "int_type": "需要整数",
    "int_parsing": "需要整数",
    "int_from_float": "需要整数",
    "bool_type": "需要 true 或 false",
    "bool_parsing": "需要 true 或 false",
    "dict_type": "需要对象",
    "list_type": "需要列表",
    "model_type": "需要对象",
    "model_attributes_type": "需要对象",
    "too_long": "最多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
    "greater_than_equal": "须大于等于 {ge}",
    "less_than_equal": "须小于等于 {le}",
    "greater_than": "须大于 {gt}",
    "less_than": "须小于 {lt}",
    "enum": "需为以下之一：{expected}",
    "literal_error": "需为以下之一：{expected}",
}
