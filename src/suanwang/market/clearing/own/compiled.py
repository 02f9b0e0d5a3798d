"""How the kernels are compiled: once, kept on disk; divisions by nothing give inf as in numpy."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from numba import njit

_P = ParamSpec("_P")
_R = TypeVar("_R")
# The wrappers are not in the signature that numba publishes, though njit takes them.
_KERNEL: dict[str, Any] = {"cache": True, "error_model": "numpy"}
_INNER: dict[str, Any] = {**_KERNEL, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_BARE: dict[str, Any] = {**_INNER, "_nrt": False}
_CLEARING = Path(__file__).parents[1]
_MARKS = (b"@kernel", b"@inner", b"@bare", b"NamedTuple")  # what compiled code is made of
SOURCES = sha256(
    b"".join(
        text
        for file in sorted(_CLEARING.rglob("*.py"))
        if any(mark in (text := file.read_bytes()) for mark in _MARKS)
    )
).hexdigest()


def kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile what Python calls."""
    return cast("Callable[_P, _R]", _stamped(njit(**_KERNEL)(function)))


def inner(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile what only kernels call: no way in from Python halves the time to compile."""
    return cast("Callable[_P, _R]", _stamped(njit(**_INNER)(function)))


def bare(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile what only kernels call, allocates nothing and returns no array.

    Every array that is handed on or looked up is counted up and down otherwise, which in small
    functions costs more than what they do. A counter that is handed on begins as int(np.int64(0)):
    for a bare 0, a literal, the function that takes it would be compiled once more.
    """
    return cast("Callable[_P, _R]", _stamped(njit(**_BARE)(function)))


def _stamped(compiled: Any) -> Any:  # noqa: ANN401 - numba's own class
    # A kept kernel holds code of other files too, but numba looks only at the function's own file:
    # without this stamp a change in one file would leave the old code running in another.
    kept = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if kept is not None:
        kept._source_stamp = SOURCES  # noqa: SLF001
    return compiled
