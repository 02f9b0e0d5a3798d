"""`--json` and `--json id,state`: all fields of what the exchange sent, or those asked for.

JSON is never translated, and a field keeps its name: a place inside is written `centre.name`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from suanwang.client.errors import FieldUnknown
from suanwang.client.reading import Resource

ALL_FIELDS = "*"
_FIELDS = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*(,[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*)*,?")


def with_json_value(args: Sequence[str]) -> list[str]:
    """Give a bare `--json` its value, so that what follows it is not taken for fields.

    What follows is taken for fields if it reads like some: `--json id,state` or `--json state`.
    """
    given: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*given, word, *rest]
        if word == "--json" and rest and _reads_like_fields(rest[0]):
            word = f"--json={rest.pop(0)}"
        elif word == "--json":
            word = f"--json={ALL_FIELDS}"
        given.append(word)
    return given


def chosen_fields(document: Any, wish: str) -> Any:  # noqa: ANN401 - JSON
    """Return the document with the wished fields only. Raises FieldUnknown."""
    if isinstance(document, list | tuple):
        return [chosen_fields(each, wish) for each in document]
    if wish == ALL_FIELDS or not isinstance(document, Mapping):
        return document
    return {path: _at(document, path) for path in wish.split(",") if path}


def _at(document: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - JSON
    here: Any = document
    for step in path.split("."):
        if here is None:
            return None  # nothing is there yet, such as the centre of a job that has none
        if not isinstance(here, Mapping) or step not in here:
            raise FieldUnknown(found=path, known=", ".join(sorted(document)))
        here = here[step]
    return here


def _reads_like_fields(word: str) -> bool:
    if not _FIELDS.fullmatch(word):
        return False
    return "," in word or word.partition(".")[0] in _known()


@cache
def _known() -> frozenset[str]:
    """Return the names of all fields of all resources.

    Their modules are loaded here: only a word after --json asks for them.
    """
    import suanwang.client as package  # noqa: PLC0415 - late, as said

    names = [each.name for each in iter_modules(package.__path__) if each.name.startswith("wire")]
    modules = [import_module(f"{package.__name__}.{name}") for name in names]
    things = [each for module in modules for each in vars(module).values()]
    found: set[str] = set()
    for thing in things:
        if isinstance(thing, type) and issubclass(thing, Resource):
            found |= {f.metadata.get("key", f.name) for f in dataclasses.fields(thing)}
    return frozenset(found - {"raw"})
