"""How the innermost loops are compiled: without reference counts.

Every array that a compiled function is handed or looks up is counted up and down again, which in
small functions costs more than what they do, to run and to compile. A function that allocates
nothing and returns no array only borrows from its caller, and needs no count.

A counter that is handed on begins as int(np.int64(0)): for a bare 0, a literal, the function that
takes it would be compiled once more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from numba import njit

_P = ParamSpec("_P")
_R = TypeVar("_R")

# Not in the signature that numba publishes, though njit takes them.
_BARE: dict[str, Any] = {
    "cache": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,
}


def bare(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile what only kernels call, allocates nothing and returns no array."""
    return cast("Callable[_P, _R]", njit(**_BARE)(function))
