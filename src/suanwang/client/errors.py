"""What can go wrong between a person and the exchange, and the exchange's own refusals.

A refusal that comes over the wire becomes one of the `…Answered` classes, which stand below the
classes of basics/errors.py: `except NotFound` catches it, `code` is the server's own stable code,
and the message is the server's, already in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suanwang.basics.errors import (
    Conflict,
    Invalid,
    Limited,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refused,
    SuanwangError,
    Unavailable,
)

EXIT_TIMED_OUT = 6
EXIT_JOB_FAILED = 10
EXIT_INTERRUPTED = 130
_DETAIL_CHARS_MAX = 2_000
_FIELDS_SHOWN_MAX = 10
_FIELD_CHARS_MAX = 500


def _field_line(found: Mapping[str, Any]) -> str:
    """Write one field that is wrong: "  /lines/0/line: …"."""
    return f"  {found.get('pointer') or '/'}: {found.get('detail') or ''}"[:_FIELD_CHARS_MAX]


class Answered(SuanwangError):
    """The exchange answered with status {status}."""

    zh = "交易所返回状态 {status}。"

    def __init__(self, **facts: Any) -> None:  # noqa: ANN401 - facts are what the server sent
        self.detail = str(facts.get("detail") or "")[:_DETAIL_CHARS_MAX]
        self.trace_id = str(facts.get("trace_id") or "")
        found = facts.get("errors")
        self.errors: Sequence[Mapping[str, Any]] = tuple(
            each for each in (found if isinstance(found, list) else ()) if isinstance(each, Mapping)
        )
        self.retry_after_seconds: float | None = facts.get("retry_after_seconds")
        super().__init__(**facts)
        # These two are the server's, so they belong to the instance.
        self.__dict__["code"] = str(facts.get("code") or type(self).code)
        self.__dict__["status"] = int(facts["status"])

    def message(self, lang: str = "en") -> str:
        """Say it in the server's words, and in ours where it had none; then field by field."""
        said = self.detail or super().message(lang)
        return "\n".join([said, *(_field_line(each) for each in self.errors[:_FIELDS_SHOWN_MAX])])


class RefusedAnswered(Answered, Refused):
    """The exchange refused this (status {status})."""

    zh = "交易所拒绝了此请求（状态 {status}）。"


class InvalidAnswered(Answered, Invalid):
    """The exchange found the request not valid (status {status})."""

    zh = "交易所认为请求无效（状态 {status}）。"


class NotFoundAnswered(Answered, NotFound):
    """The exchange has no such thing that you may see (status {status})."""

    zh = "交易所没有您可查看的此项内容（状态 {status}）。"


class NotSignedInAnswered(Answered, NotSignedIn):
    """The exchange does not know this key (status {status}); run `suan login`."""

    zh = "交易所不认识此密钥（状态 {status}）；请运行 `suan login`。"


class NotAllowedAnswered(Answered, NotAllowed):
    """The key's role does not allow this (status {status})."""

    zh = "当前密钥的角色不允许此操作（状态 {status}）。"


class ConflictAnswered(Answered, Conflict):
    """The thing is not in a state for this (status {status})."""

    zh = "当前状态不允许此操作（状态 {status}）。"


class LimitedAnswered(Answered, Limited):
    """Too many requests (status {status}); try again in a moment."""

    zh = "请求过多（状态 {status}）；请稍后重试。"


class UnavailableAnswered(Answered, Unavailable):
    """The exchange cannot do this now (status {status}); try again later."""

    zh = "交易所暂时无法处理（状态 {status}）；请稍后重试。"


class ServerUnreachable(Unavailable):
    """Cannot reach an exchange at {url}: {reason}."""

    zh = "无法连接 {url} 的交易所：{reason}。"
    code = "server-unreachable"


class TimedOut(Unavailable):
    """{what} took longer than {seconds} s."""

    zh = "{what} 超过了 {seconds} 秒。"
    code = "timed-out"
    exit_code = EXIT_TIMED_OUT


class AnswerUnreadable(Unavailable):
    """Expected the JSON of an exchange from {url}, found {found}; check the address."""

    zh = "{url} 应返回交易所的 JSON，实际为 {found}；请检查地址。"
    code = "answer-unreadable"


class UrlUnreadable(Invalid):
    """Expected an address such as https://grid.example, found {found!r}."""

    zh = "需要形如 https://grid.example 的地址，实际为 {found!r}。"
    code = "url-unreadable"


class KeyUnreadable(Invalid):
    """Expected a key such as sk_…, found {found}."""

    zh = "需要形如 sk_… 的密钥，实际为 {found}。"
    code = "key-unreadable"


class ProfileUnreadable(Invalid):
    """Cannot read {path}: {reason}."""

    zh = "无法读取 {path}：{reason}。"
    code = "profile-unreadable"


class FileMissing(Invalid):
    """There is no file {path}."""

    zh = "没有文件 {path}。"
    code = "client-file-missing"


class FolderMissing(Invalid):
    """Cannot write {path}: there is no folder {folder}; make it first."""

    zh = "无法写入 {path}：没有文件夹 {folder}；请先创建。"
    code = "client-folder-missing"


class FileIsFolder(Invalid):
    """{path} is a folder; a file is needed here."""

    zh = "{path} 是文件夹；此处需要文件。"
    code = "file-is-folder"


class FileForbidden(Invalid):
    """No permission to open {path}."""

    zh = "没有打开 {path} 的权限。"
    code = "file-forbidden"


class FileTrouble(Invalid):
    """Cannot use {path}: {reason}."""

    zh = "无法使用 {path}：{reason}。"
    code = "file-trouble"


class ExportThere(Invalid):
    """{path} holds an export already; name a new folder, with --since {path} to continue it."""

    zh = "{path} 中已有导出；请另指定文件夹，并用 --since {path} 延续它。"
    code = "export-there"


class ExportOther(Invalid):
    """{path} holds another export that is under way; name the same --since, or a new folder."""

    zh = "{path} 中有另一份未完成的导出；请指定相同的 --since，或另指定文件夹。"
    code = "export-other"


class FileChanged(Refused):
    """{path} changed while it was being sent; nothing was submitted."""

    zh = "{path} 在发送过程中被改动；未提交任何内容。"
    code = "file-changed"


class InputsTooMany(Invalid):
    """{path} holds more than {limit} files; pack them into one archive."""

    zh = "{path} 含有超过 {limit} 个文件；请打包为一个归档。"
    code = "inputs-too-many"


class IndexInTarget(Invalid):
    """{path} has {{index}}, so its `to` needs {{index}} too: every member gets every file."""

    zh = "{path} 含有 {{index}}，其 `to` 也须含有 {{index}}：每个成员都会得到全部文件。"
    code = "index-in-target"


class JobFileBad(Invalid):
    """The job file {path} has {count} mistake(s)."""

    zh = "作业文件 {path} 有 {count} 处错误。"
    code = "job-file-bad"


class QueryUnreadable(Invalid):
    """Cannot read the query at {found!r}: {expected}."""

    zh = "无法读懂查询中的 {found!r}：{expected}。"
    code = "offer-query-unreadable"


class FieldUnknown(Invalid):
    """There is no field {found!r}; the fields are: {known}."""

    zh = "没有字段 {found!r}；可用字段：{known}。"
    code = "field-unknown"


class OneOf(Invalid):
    """Say one of {choices}, and only one."""

    zh = "请在 {choices} 中选一个，且只选一个。"
    code = "one-of"


class OptionUnreadable(Invalid):
    """Expected {option} {expected}; found {found!r}."""

    zh = "{option} 应为 {expected}，实际为 {found!r}。"
    code = "option-unreadable"


class ConfirmationNeeded(Invalid):
    """This spends or destroys something and needs a yes; there is nobody to ask: say --yes."""

    zh = "此操作会花费或销毁，需要确认，而现在无人可问：请加 --yes。"
    code = "confirmation-needed"


class Declined(SuanwangError):
    """Nothing was done."""

    zh = "未做任何操作。"
    code = "declined"


class NoPlace(Refused):
    """No centre can take {name}: {reason}."""

    zh = "没有算力中心能承接 {name}：{reason}。"
    code = "no-place"


class PriceRose(Refused):
    """{name} was quoted a hold of {quoted}; it would now be {found}. Nothing was spent."""

    zh = "{name} 报价时的冻结额为 {quoted}，现为 {found}。未产生花费。"
    code = "price-rose"


class OutputDamaged(Unavailable):
    """{name} arrived with another SHA-256 than the exchange has on record; it was removed."""

    zh = "{name} 收到后的 SHA-256 与交易所记录不符；已删除。"
    code = "output-damaged"


class OutputNameUnsafe(Refused):
    """The output {name!r} would be written outside the folder; it was not fetched."""

    zh = "输出 {name!r} 会写到文件夹之外；未取回。"
    code = "output-name-unsafe"


class ExtraMissing(Unavailable):
    """`suan {command}` needs more packages: pip install '{package}'."""

    zh = "`suan {command}` 需要更多软件包：pip install '{package}'。"
    code = "extra-missing"


class CommandMissing(Unavailable):
    """`suan {command}` cannot be loaded: {reason}."""

    zh = "无法载入 `suan {command}`：{reason}。"
    code = "command-missing"


class KeysTooMany(Invalid):
    """--key-file takes one key, and {found} roles were asked for; say --role once."""

    zh = "--key-file 只存放一个密钥，而给出了 {found} 个角色；请只用一次 --role。"
    code = "keys-too-many"


class ShellUnknown(Invalid):
    """Expected one of the shells {known}, found {found!r}."""

    zh = "需要以下 shell 之一：{known}，实际为 {found!r}。"
    code = "shell-unknown"


class ArrayNeedsAll(Invalid):
    """{name} is an array and makes many jobs; hand it in with `submit_all`."""

    zh = "{name} 是数组作业，会产生多个作业；请用 `submit_all` 提交。"
    code = "array-needs-all"


class SpecRefused(Invalid):
    """The exchange found {count} mistake(s) in what was handed in."""

    zh = "交易所在提交的内容中发现 {count} 处错误。"
    code = "spec-refused"
