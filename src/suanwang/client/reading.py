"""Reads JSON into frozen resources by their annotations.

Unknown keys are ignored, so that servers may add; a key that is missing or of the wrong type is
named. Money and other exact numbers travel as decimal strings and become `Decimal`.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from suanwang.basics.errors import Invalid
from suanwang.basics.slots import parse_instant

R = TypeVar("R", bound="Resource")
Reader = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Something that the exchange shows. `raw` is all that it sent, newer fields included."""

    raw: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)


class Misfit(Exception):
    """A value is not what its field needs; the path says where."""

    def __init__(self, expected: str, found: object, path: str = "") -> None:
        super().__init__(f"{path or 'the document'}: expected {expected}, found {found!r:.80}")
        self.expected, self.found, self.path = expected, found, path

    def below(self, step: str) -> Misfit:
        """Return the same misfit, one step further up."""
        path = f"{step}.{self.path}" if self.path else step
        return Misfit(self.expected, self.found, path)


def read(cls: type[R], document: object, **extra: Any) -> R:  # noqa: ANN401 - fields of `cls`
    """Read `document` as a `cls`; `extra` gives fields that are not on the wire. Raises Misfit."""
    if not isinstance(document, Mapping):
        raise Misfit("an object", document)
    values: dict[str, Any] = {"raw": document, **extra}
    kind: Any = cls  # mypy takes a type variable for unhashable
    for name, (key, required, reader) in _plan(kind).items():
        if name in values:
            continue
        if key in document:
            try:
                values[name] = reader(document[key])
            except Misfit as misfit:
                raise misfit.below(key) from None
        elif required:
            raise Misfit(f"a key {key!r}", "none")
    return cls(**values)


@cache
def _plan(cls: Any) -> dict[str, tuple[str, bool, Reader]]:  # noqa: ANN401 - a cached class
    """Work out, once for each class: field → (key on the wire, required, reader)."""
    hints = _hints(cls)
    plan = {}
    for field in dataclasses.fields(cls):
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        key = field.metadata.get("key", field.name)
        if field.metadata.get("wire", True):
            plan[field.name] = (key, required, _reader(hints[field.name]))
    return plan


def _hints(cls: type[Resource]) -> dict[str, Any]:
    for base in cls.__mro__:
        try:
            return get_type_hints(base)
        except NameError:
            continue  # a class of the SDK, whose own field only the type checker can name
    raise AssertionError(f"{cls} has annotations that cannot be read")


def _reader(hint: Any) -> Reader:  # noqa: ANN401 - an annotation
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = _reader(next(a for a in arguments if a is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        return _tuple_reader(_reader(arguments[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _exactly("an object", Mapping)
    if isinstance(hint, type) and issubclass(hint, Resource):
        return lambda value: read(hint, value)
    return _SIMPLE[hint]


def _tuple_reader(inner: Reader) -> Reader:
    def read_all(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
        if not isinstance(value, list):
            raise Misfit("a list", value)
        found = []
        for place, each in enumerate(value):
            try:
                found.append(inner(each))
            except Misfit as misfit:
                raise misfit.below(str(place)) from None
        return tuple(found)

    return read_all


def _exactly(expected: str, *kinds: type) -> Reader:
    def check(value: Any) -> Any:  # noqa: ANN401 - JSON
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise Misfit(expected, value)
        return value

    return check


def _decimal(value: object) -> Decimal:
    # A JSON float is taken by its shortest text, which is what the server wrote.
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            raise Misfit("a decimal number", value) from None
        if number.is_finite():
            return number
    raise Misfit("a decimal number", value)


def _instant(value: object) -> datetime:
    try:
        return parse_instant(value)  # type: ignore[arg-type]  # anything else is refused there
    except Invalid:
        raise Misfit("an RFC 3339 time", value) from None


_SIMPLE: dict[Any, Reader] = {
    str: _exactly("text", str),
    int: _exactly("a whole number", int),
    float: lambda value: float(_exactly("a number", int, float)(value)),
    bool: _exactly("true or false", bool),
    Decimal: _decimal,
    datetime: _instant,
    Any: lambda value: value,
}
