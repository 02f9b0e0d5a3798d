"""Job specs on their way out: read, checked by the jobs room's checker, local inputs found.

The checker comes through the entry-point group `suanwang.checks`, since the client stands on basics
alone. A relative path in a job file counts from the file's own folder; in a mapping, from here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from suanwang.client import files
from suanwang.client.errors import (
    FileMissing,
    FileTrouble,
    IndexInTarget,
    InputsTooMany,
    JobFileBad,
)

INPUTS_MAX = 1_000
INDEX = "{index}"
_SCHEME = re.compile(r"(?:file|https?|s3|blob|store):", re.IGNORECASE)
_ARRAY_MEMBERS_MAX = 10_000

Source: TypeAlias = str | Path | Mapping[str, Any]


class Mistake(Protocol):
    """What the checker says about one mistake."""

    pointer: str
    line: int | None
    column: int | None
    code: str

    def message(self, lang: str = "en") -> str:
        """Say what is wrong."""
        ...


@dataclass(frozen=True, slots=True)
class LoadedSpec:
    """A spec as it will be sent, where it came from, and what the checker had to say."""

    mapping: dict[str, Any]
    name: str = "spec"
    text: str = ""
    folder: Path = field(default_factory=Path)
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()

    @property
    def job_name(self) -> str:
        """Return the job's name."""
        return str(self.mapping.get("name", self.name))

    def must_be_good(self) -> None:
        """Raise JobFileBad, with the mistakes as its fact, unless the checker found none."""
        if self.mistakes:
            raise JobFileBad(path=self.name, count=len(self.mistakes), mistakes=self.mistakes)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine that an input names, and where it goes in the work directory."""

    path: Path
    to: str


def load(source: Source, **changes: Any) -> LoadedSpec:  # noqa: ANN401 - keys of a job file
    """Load a job file (a path) or take a mapping; `changes` replace its keys."""
    if isinstance(source, Mapping):
        return LoadedSpec({**source, **changes}, name=str(source.get("name", "spec")))
    name = str(source)
    data = files.read_text(name)
    text = data.decode("utf-8", "replace")
    checked = _checker("job")(text, name=name)
    folder = Path() if name == files.STDIN else Path(name).parent
    mapping = checked.spec.to_wire() if checked.spec is not None else {}
    return LoadedSpec(
        {**mapping, **changes} if mapping else {},
        name=name,
        text=text,
        folder=folder,
        mistakes=tuple(checked.mistakes),
        warnings=tuple(checked.warnings),
    )


def _checker(kind: str) -> Callable[..., Any]:
    found = entry_points(group="suanwang.checks", name=kind)
    assert found, "the package's own entry point suanwang.checks is missing; install it again"
    check: Callable[..., Any] = next(iter(found)).load()
    return check


def local_files(spec: LoadedSpec) -> dict[int, list[LocalFile]]:
    """Return the files behind each local input, by its place in `inputs`.

    A folder stands for all files below it; `{index}` of an array, for every member's file.
    Raises FileMissing, InputsTooMany or IndexInTarget.
    """
    found: dict[int, list[LocalFile]] = {}
    inputs = spec.mapping.get("inputs")
    for place, each in enumerate(inputs if isinstance(inputs, list | tuple) else ()):
        source = each.get("from") if isinstance(each, Mapping) else None
        if isinstance(source, str) and not _SCHEME.match(source):
            found[place] = _behind(spec, source, str(each.get("to", "")))
    return found


def _behind(spec: LoadedSpec, source: str, to: str) -> list[LocalFile]:
    array = spec.mapping.get("array")
    if INDEX not in source or array is None:
        return _below(spec.folder / source, to)
    if INDEX not in to:
        raise IndexInTarget(path=source)
    found: list[LocalFile] = []
    for index in _indices(str(array)):
        path = spec.folder / source.replace(INDEX, str(index))
        found += _below(path, to.replace(INDEX, str(index)))
        if len(found) > INPUTS_MAX:
            raise InputsTooMany(path=source, limit=INPUTS_MAX)
    return found


def _below(path: Path, to: str) -> list[LocalFile]:
    if not path.exists():
        raise FileMissing(path=path)
    if not path.is_dir():
        return [LocalFile(_regular(path), to)]
    below = files.files_below(path, most=INPUTS_MAX)
    if len(below) > INPUTS_MAX:
        raise InputsTooMany(path=path, limit=INPUTS_MAX)
    return [LocalFile(_regular(each), f"{to.rstrip('/')}/{each.relative_to(path).as_posix()}")
            for each in below]  # fmt: skip


def _regular(path: Path) -> Path:
    """Return the path; a pipe or device would never end. Raises FileTrouble or FileMissing."""
    if path.is_file():
        return path
    if path.exists():
        raise FileTrouble(path=path, reason="neither a file nor a folder")
    raise FileMissing(path=path)


def _indices(array: str) -> range:
    """Read "0-99". The checker has read it before; anything else is one member."""
    first, _, last = array.partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        return range(1)
    return range(int(first), min(int(last), int(first) + _ARRAY_MEMBERS_MAX) + 1)


def with_blobs(
    spec: LoadedSpec, blobs: Mapping[Path, tuple[str, int]], found: Mapping[int, list[LocalFile]]
) -> dict[str, Any]:
    """Return the spec with every local input replaced by blobs (path → SHA-256 and bytes)."""
    inputs: list[Any] = []
    for place, each in enumerate(spec.mapping.get("inputs") or ()):
        if place not in found:
            inputs.append(each)
            continue
        for file in found[place]:
            sha256, size = blobs[file.path]
            inputs.append(
                {"from": f"blob:{sha256}", "to": file.to, "sha256": sha256, "bytes": size}
            )
    return {**spec.mapping, "inputs": inputs} if inputs else dict(spec.mapping)


def one_member(spec: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return the spec of an array's first member, for a dry run, and how many members there are."""
    array = spec.get("array")
    if array is None:
        return dict(spec), 1
    indices = _indices(str(array))
    single = {key: value for key, value in spec.items() if key != "array"}
    first: dict[str, Any] = json.loads(json.dumps(single).replace(INDEX, str(indices.start)))
    return first, len(indices)
