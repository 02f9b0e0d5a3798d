"""The fields of a job file as pydantic types: each reads one value or names the mistake in it."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, PlainValidator

from suanwang.basics.ids import IdUnreadable, JobId
from suanwang.basics.money import Money
from suanwang.grid.catalogue import city
from suanwang.grid.demand import Preference
from suanwang.grid.errors import PlaceUnknown
from suanwang.jobs.errors import Wrong
from suanwang.jobs.values import (
    SIZE_MAX_BYTES,
    IndexRange,
    When,
    parse_array,
    parse_duration,
    parse_number,
    parse_price,
    parse_size,
    parse_when,
    shown,
)

NAME_MAX = 63
LINE_MAX = 512  # images, environments, budgets, references
PATH_MAX = 4096
SCRIPT_MAX = 200_000
VARIABLE_MAX = 32_768
CARDS_MAX = 4096
RESERVED_PREFIX = "SUANWANG_"
TIME_MAX = timedelta(days=365)

# NUL ends strings in operating systems and databases; lone surrogates are no text at all.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+-]*):(?://)?(.*)", re.DOTALL)
_SOURCES = {"file", "http", "https", "s3", "blob", "store"}
_TARGETS = {"file", "http", "https", "s3"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def plain_text(value: object, *, most: int = LINE_MAX) -> str:
    """Read some text without control characters."""
    text = _text(value, most=most)
    if not text or text.isspace():
        raise Wrong("text-empty")
    return text


def _text(value: object, *, most: int) -> str:
    if not isinstance(value, str):
        raise Wrong("expected-text", found=shown(value))
    if len(value) > most:
        raise Wrong("text-too-long", most=most, found=len(value))
    bad = _FORBIDDEN.search(value)
    if bad:
        raise Wrong("control-character", character=f"U+{ord(bad[0]):04X}")
    return value


def secret_name(value: object) -> str:
    """Read the name of a stored secret: one name, or several joined by "/" (team/hf-token)."""
    text = plain_text(value)
    try:
        return "/".join(name(part) for part in text.split("/"))
    except Wrong:
        raise Wrong("secret-name-unreadable", found=shown(value)) from None


def script(value: object) -> str:
    """Read shell text."""
    return plain_text(value, most=SCRIPT_MAX)


def name(value: object) -> str:
    """Read a name: letters of any script, digits, ".", "_", "-"; the first a letter or digit."""
    text = plain_text(value, most=PATH_MAX)
    if text.isascii():
        good = text.replace("-", "").replace(".", "").replace("_", "").isalnum()
    else:
        text = unicodedata.normalize("NFC", text)
        # Marks (M) are part of the letters of many scripts.
        good = all(c in "._-" or unicodedata.category(c)[0] in "LMN" for c in text)
    if not good or len(text) > NAME_MAX or not text[0].isalnum():
        raise Wrong("name-unreadable", most=NAME_MAX, found=shown(value))
    return text


def whole(value: object, *, least: int, most: int) -> int:
    """Read a whole number; text and true are not numbers."""
    if type(value) is not int:
        raise Wrong("expected-whole-number", least=least, most=most, found=shown(value))
    if not least <= value <= most:
        raise Wrong("out-of-range", least=least, most=most, found=shown(value))
    return value


def switch(value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise Wrong("expected-true-or-false", found=shown(value))
    return value


def inner_path(value: object) -> str:
    """Read a path that stays inside the work directory."""
    text = plain_text(value, most=PATH_MAX)
    parts = text.replace("\\", "/").split("/")
    if text[0] in "/~\\" or ".." in parts or text in {".", "./"} or "\n" in text or ":" in parts[0]:
        raise Wrong("path-unsafe", found=shown(value))
    return text


def source(value: object) -> str:
    """Read where an input comes from: a local path or one of the known URL schemes."""
    text = plain_text(value, most=PATH_MAX)
    scheme, rest = scheme_of(text)
    if scheme is None:
        return text
    good = bool(rest) and scheme in _SOURCES
    if scheme == "blob":
        good = bool(_SHA256.fullmatch(rest))
    elif scheme == "store":
        job, _, path = rest.partition("/")
        good = is_job_id(job) and bool(path)
    if not good:
        raise Wrong("source-unreadable", found=shown(value))
    return text


def target(value: object) -> str:
    """Read where an output goes: a URL of a known scheme."""
    text = plain_text(value, most=PATH_MAX)
    scheme, rest = scheme_of(text)
    if scheme not in _TARGETS or not rest:
        raise Wrong("target-unreadable", found=shown(value))
    return text


def scheme_of(text: str) -> tuple[str | None, str]:
    """Split a source into scheme and rest; a local path has no scheme."""
    match = _SCHEME.fullmatch(text)
    # One letter before the colon is a drive of a desktop system, not a scheme.
    if match is None or len(match[1]) == 1:
        return None, text
    if "@" in match[2].split("/")[0] and match[1] in _TARGETS:
        raise Wrong("key-in-url")
    return match[1], match[2]


def is_job_id(text: str) -> bool:
    """Say whether the text is a job id rather than a job's name."""
    try:
        JobId.parse(text)
    except IdUnreadable:
        return False
    return True


def sha256(value: object) -> str:
    """Read a SHA-256 in hex, upper case allowed."""
    text = value.lower() if isinstance(value, str) else ""
    if not _SHA256.fullmatch(text):
        raise Wrong("checksum-unreadable", found=shown(value))
    return text


def variable_name(value: object) -> str:
    """Read the name of an environment variable that is the buyer's to set."""
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
        raise Wrong("variable-name-unreadable", found=shown(value))
    if value.startswith(RESERVED_PREFIX):
        raise Wrong("variable-reserved", found=value)
    return value


def variable_value(value: object) -> str:
    """Read a variable's value; numbers and switches count as the text they are written as."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal) and -(10**30) < value < 10**30:
        return f"{Decimal(str(value)):f}"
    return _text(value, most=VARIABLE_MAX)


def choice(choices: type[E]) -> PlainValidator:
    """Make a validator for one word of a closed list."""
    known = {str(member): member for member in choices}

    def read(value: object) -> E:
        member = known.get(value) if isinstance(value, str) else None
        if member is None:
            raise Wrong("unknown-choice", choices=", ".join(known), found=shown(value))
        return member

    return PlainValidator(read)


def number(least: str, most: str, example: str) -> PlainValidator:
    """Make a validator for a number between two bounds."""
    low, high = Decimal(least), Decimal(most)
    return PlainValidator(lambda value: parse_number(value, least=low, most=high, example=example))


def count(least: int, most: int) -> PlainValidator:
    """Make a validator for a whole number between two bounds."""
    return PlainValidator(lambda value: whole(value, least=least, most=most))


def card_class(value: object) -> str:
    """Read the slug of a chip; catalogue slugs are lower case."""
    return name(value).lower()


def demand_city(value: object) -> str:
    """Read a demand city, by its id or its name in either language, as its id."""
    text = plain_text(value)
    try:
        return city(text).id
    except PlaceUnknown as unknown:
        nearest = unknown.facts["nearest"]
        raise Wrong("city-unknown", found=shown(text), nearest=nearest) from None


def one_as_list(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    """Let one text stand for a list of one."""
    return [value] if isinstance(value, str) else value


def names_as_shares(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    """Let a name or a list of names stand for a mapping that gives each the same number, 1."""
    if isinstance(value, str):
        return {value: 1}
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
        return value
    for position, each in enumerate(value):
        if each in value[:position]:
            raise Wrong("said-twice", found=shown(each))
    return dict.fromkeys(value, 1)


Name = Annotated[str, PlainValidator(name)]
Line = Annotated[str, PlainValidator(plain_text)]
# `| None` is for the default: these validators read None as a mistake, since `run:` with nothing
# behind it is a slip.
Note = Annotated[str | None, PlainValidator(plain_text)]
DemandCity = Annotated[str | None, PlainValidator(demand_city)]
Bytes = Annotated[int | None, count(0, SIZE_MAX_BYTES)]
Script = Annotated[str | None, PlainValidator(script)]
Cards = Annotated[int, count(1, CARDS_MAX)]
Switch = Annotated[bool, PlainValidator(switch)]
Size = Annotated[int, PlainValidator(parse_size)]
Duration = Annotated[timedelta, PlainValidator(lambda value: parse_duration(value, most=TIME_MAX))]
Retention = Annotated[timedelta, PlainValidator(parse_duration)]
Price = Annotated[Money | None, PlainValidator(parse_price)]
Moment = Annotated[When | None, PlainValidator(parse_when)]
Array = Annotated[IndexRange | None, PlainValidator(parse_array)]
InnerPath = Annotated[str, PlainValidator(inner_path)]
Source = Annotated[str, PlainValidator(source)]
Target = Annotated[str | None, PlainValidator(target)]
Checksum = Annotated[str | None, PlainValidator(sha256)]
Speed = Annotated[Decimal, number("0.000001", "1000000", "1.5")]
Weight = Annotated[Decimal, number("0", "1000000", "0.7")]
Milliseconds = Annotated[Decimal | None, number("0", "10000", "20")]
VariableName = Annotated[str, PlainValidator(variable_name)]
SecretName = Annotated[str, PlainValidator(secret_name)]
VariableValue = Annotated[str, PlainValidator(variable_value)]
ClassSpeeds = Annotated[
    dict[Annotated[str, PlainValidator(card_class)], Speed],
    Field(min_length=1, max_length=64),
    BeforeValidator(names_as_shares),
]
Weights = Annotated[
    dict[Annotated[Preference, choice(Preference)], Weight], BeforeValidator(names_as_shares)
]
Lines = Annotated[tuple[Line, ...], Field(max_length=1000), BeforeValidator(one_as_list)]
Variables = Annotated[dict[VariableName, VariableValue], Field(max_length=256)]
References = Annotated[dict[VariableName, SecretName], Field(max_length=256)]
Ports = Annotated[tuple[Annotated[int, count(1, 65_535)], ...], Field(max_length=32)]
