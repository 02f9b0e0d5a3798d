"""Turns the YAML parser's complaints into sentences that say what to do, in both languages."""

from __future__ import annotations

import yaml

from suanwang.jobs.errors import Wrong

# (part of the parser's words, English, Chinese, does the place lie where the value began?)
_KNOWN: tuple[tuple[str, str, str, bool], ...] = (
    (
        "mapping values are not allowed",
        "a second `: ` stands in this line; put the value in quotes, or begin a new line",
        "此行出现了第二个 `: `；请给值加引号，或另起一行",
        False,
    ),
    (
        "cannot start any token",
        "a value may not begin with this character; put the value in quotes",
        "值不能以此字符开头；请给值加引号",
        False,
    ),
    (
        "found unexpected end of stream",
        "this quote is never closed; close it with the same quote",
        "引号没有闭合；请用同样的引号闭合",
        True,
    ),
    (
        "found unexpected document indicator",
        "this quote is never closed; close it with the same quote",
        "引号没有闭合；请用同样的引号闭合",
        True,
    ),
    (
        "find expected ':'",
        "this line has no colon; write `key: value`",
        "此行缺少冒号；请写成 `键: 值`",
        True,
    ),
    (
        "',' or '}'",
        "this { is never closed, or a comma is missing after it",
        "此 { 没有闭合，或其后缺少逗号",
        True,
    ),
    (
        "',' or ']'",
        "this [ is never closed, or a comma is missing after it",
        "此 [ 没有闭合，或其后缺少逗号",
        True,
    ),
    (
        "sequence entries are not allowed",
        "a list begins in the middle of a line; begin it on a new line, indented",
        "列表从行中开始；请另起一行并缩进",
        False,
    ),
    (
        "expected '-' indicator",
        "a list item with `- ` is expected here; check the indentation",
        "此处应为以 `- ` 开头的列表项；请检查缩进",
        False,
    ),
    (
        "did not find expected key",
        "a key is expected here; check the indentation and the quotes above",
        "此处应为一个键；请检查缩进以及上文的引号",
        False,
    ),
    (
        "expected <block end>",
        "a key is expected here; check the indentation and the quotes above",
        "此处应为一个键；请检查缩进以及上文的引号",
        False,
    ),
    (
        "unknown escape character",
        "inside double quotes a backslash begins an escape; use single quotes",
        "双引号中的反斜杠表示转义；请改用单引号",
        True,
    ),
    (
        "<document start>",
        "this does not belong to the text above; check the indentation",
        "此处与上文不相连；请检查缩进",
        False,
    ),
)


def explain_syntax(error: yaml.YAMLError, text: str) -> tuple[tuple[int, int], Wrong]:
    """Return line, column and mistake of a parser's error, within the text."""
    problem = str(getattr(error, "problem", None) or "the text ends too early")
    known = next((entry for entry in _KNOWN if entry[0] in problem), None)
    en, zh = (known[1], known[2]) if known else (problem, problem)
    mark = getattr(error, "problem_mark", None)
    if known and known[3]:
        mark = getattr(error, "context_mark", None) or mark
    mistake = Wrong("yaml-syntax", problem_en=en, problem_zh=zh)
    if mark is None:  # pragma: no cover - every parser's error has its mark; never trust that
        return (1, 1), mistake
    # At the end of the text the parser points behind the last line; people look at that line.
    last = text.count("\n") + (not text.endswith("\n"))
    return (min(mark.line + 1, max(last, 1)), mark.column + 1), mistake
