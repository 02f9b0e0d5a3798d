"""The tree of everything that can be refused or go wrong, drawn once.

    SuanwangError
    ├─ Refused                 the caller's mistake or a rule: 4xx, exit 2, 3, 4 or 5
    │  ├─ Invalid              the request itself is malformed: 422, exit 2
    │  ├─ NotFound             no such thing, or not yours: 404, exit 3
    │  ├─ NotSignedIn          no key, or a wrong one: 401, exit 4
    │  ├─ NotAllowed           the key's role does not allow it: 403, exit 5
    │  ├─ Conflict             the thing is not in a state for this: 409, exit 5
    │  └─ Limited              too much at once: 429, exit 5
    └─ Unavailable             our side cannot do it now: 503, exit 1

A class's first docstring line is its English message and `zh` its Chinese one; both are templates
over the keyword arguments. `code` is stable for ever: clients branch on it, never on the text.
Rooms add their own leaves below these.
"""

from __future__ import annotations

from string import Formatter
from typing import Any, ClassVar


class SuanwangError(Exception):
    """Something went wrong."""

    zh: ClassVar[str] = "出错了。"
    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, **facts: Any) -> None:  # noqa: ANN401 - facts are whatever the template names
        self.facts = facts
        super().__init__(self.message("en"))

    def message(self, lang: str = "en") -> str:
        """Say what happened, in `lang` ("en" or "zh")."""
        template = self.zh if lang.startswith("zh") else self._english()
        known = {name for _, name, _, _ in Formatter().parse(template) if name}
        missing = known - self.facts.keys()
        assert not missing, f"{type(self).__name__} was raised without {sorted(missing)}"
        return template.format(**self.facts)

    @classmethod
    def _english(cls) -> str:
        doc = cls.__doc__
        assert doc, f"{cls.__name__} has no docstring, which is its message"
        return doc.strip().split("\n\n")[0].replace("\n    ", " ")


class Refused(SuanwangError):
    """Refused: {reason}."""

    zh = "已拒绝：{reason}。"
    code = "refused"
    status = 422
    exit_code = 5


class Invalid(Refused):
    """The request is not valid: {reason}."""

    zh = "请求无效：{reason}。"
    code = "invalid"
    exit_code = 2


class NotFound(Refused):
    """There is no {kind} {id} that you may see."""

    zh = "没有您可查看的 {kind} {id}。"
    code = "not-found"
    status = 404
    exit_code = 3


class NotSignedIn(Refused):
    """No valid key came with the request; run `suan login` or set SUANWANG_KEY."""

    zh = "请求未附有效密钥；请运行 `suan login` 或设置 SUANWANG_KEY。"
    code = "not-signed-in"
    status = 401
    exit_code = 4


class NotAllowed(Refused):
    """This needs the role {needed}; the key has {found}."""

    zh = "此操作需要角色 {needed}；当前密钥的角色是 {found}。"
    code = "not-allowed"
    status = 403


class Conflict(Refused):
    """{kind} {id} is {found}; this needs {expected}."""

    zh = "{kind} {id} 当前为 {found}；此操作要求 {expected}。"
    code = "conflict"
    status = 409


class Limited(Refused):
    """Too many requests: at most {limit}; try again in {retry_after_s} s."""

    zh = "请求过多：上限为 {limit}；请在 {retry_after_s} 秒后重试。"
    code = "limited"
    status = 429


class Unavailable(SuanwangError):
    """The exchange cannot do this now: {reason}."""

    zh = "交易所暂时无法处理：{reason}。"
    code = "unavailable"
    status = 503
