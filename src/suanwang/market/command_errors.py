"""What can be wrong with a market command beside its files."""

from __future__ import annotations

from suanwang.basics.errors import Invalid, NotFound


class CaseNotBeside(NotFound):
    """No CASE with the hash {sha256} lies beside {file}; name it with --case."""

    zh = "{file} 旁没有哈希为 {sha256} 的 CASE；请用 --case 指定。"
    code = "case-not-beside"


class NotPriced(NotFound):
    """{file} has no {kind} {name}; it has: {known}."""

    zh = "{file} 中没有{kind} {name}；已有：{known}。"
    code = "not-priced"


class OutputIsCase(Invalid):
    """RESULT would overwrite CASE, {file}; name another file."""

    zh = "RESULT 会覆盖 CASE {file}；请指定其他文件。"
    code = "output-is-case"


class OutputHasNoPlace(Invalid):
    """Expected a file in a folder that exists for RESULT, found {file}."""

    zh = "RESULT 应写入已有文件夹中的文件，实际为 {file}。"
    code = "output-has-no-place"
