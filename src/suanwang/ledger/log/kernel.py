"""SHA-256 over many leaves and nodes in one call, on processors that have instructions for it.

    salts    s0 s1 s2 …           16 bytes each                ┐
    records  r0 ⏎ r1 ⏎ r2 ⏎ …     each ended by a newline      ┘─▶  the hashes of the leaves, joined

What `hashlib` takes for a short message is mostly the way there: a tenth of it is the hash. Here a
leaf costs as much as its blocks do. `hashing` says whether to use this, and holds it to `hashlib`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_K = (
    "428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5"
    " d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174"
    " e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da"
    " 983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967"
    " 27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85"
    " a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070"
    " 19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3"
    " 748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2"
)  # fmt: skip
_ROUNDS = [int(word, 16) for word in _K.split()]
# The words a … h of a state in the order in which the instructions keep them: f e b a, h g d c.
_START = np.array(
    [
        *(0x9B05688C, 0x510E527F, 0xBB67AE85, 0x6A09E667),
        *(0x5BE0CD19, 0x1F83D9AB, 0xA54FF53A, 0x3C6EF372),
    ],
    dtype=np.uint32,
)
_PLACES = np.array([3, 2, 7, 6, 1, 0, 5, 4], dtype=np.int64)
_BLOCK, _HASH, _SALT, _NEWLINE = 64, 32, 16, 10

_WORD = ir.IntType(32)
_FOUR = ir.VectorType(_WORD, 4)
_BYTES = types.Array(types.uint8, 1, "C")
_GIVEN = types.Array(types.uint8, 1, "C", readonly=True)
_STATE = types.Array(types.uint32, 1, "C")
_function: Callable[..., Any] = cgutils.get_or_insert_function
_memchr: Any = types.ExternalFunction("memchr", types.uintp(types.uintp, types.intc, types.uintp))


def leaf_hashes(salts: bytes, records: bytes) -> bytes:
    """Return SHA-256(0 ‖ SHA-256(salt ‖ record)) of each record, joined."""
    count = len(salts) // _SALT
    out = np.empty(count * _HASH, dtype=np.uint8)
    read = _leaves(np.frombuffer(salts, np.uint8), np.frombuffer(records, np.uint8), out)
    assert read == len(records), "a salt for each record, and a record for each salt"
    return out.tobytes()


def root_of_full(level: bytes) -> bytes:
    """Return the root over a power of two of hashes."""
    nodes = np.frombuffer(level, np.uint8).copy()
    _reduce(nodes)
    return nodes[:_HASH].tobytes()


def _vector(*words: int) -> ir.Constant:
    return ir.Constant(_FOUR, [ir.Constant(_WORD, word) for word in words])


def _compiled(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - numba's own types
    """Compile for one kind of arguments, as the module is loaded, and keep it on disk."""
    decorator: Callable[[Any], Any] = njit(kind, cache=True, nogil=True)
    return decorator


_intrinsic: Callable[[Any], Any] = intrinsic


@_intrinsic
def _compress(_: Any, state: Any, block: Any) -> Any:  # noqa: ANN401, ARG001 - numba's own types
    """Take the 64 bytes at an address into the state at another."""
    return types.void(types.uintp, types.uintp), _emit


def _emit(context: Any, build: Any, _: Any, addresses: Any) -> Any:  # noqa: ANN401 - numba's own
    def call(name: str, *values: Any) -> Any:  # noqa: ANN401 - values of LLVM
        kind = ir.FunctionType(_FOUR, [_FOUR] * len(values))
        return build.call(_function(build.module, kind, name), list(values))

    def at(address: Any, place: int) -> Any:  # noqa: ANN401 - a pointer of LLVM
        return build.gep(address, [ir.Constant(_WORD, place)])

    def load(address: Any, place: int) -> Any:  # noqa: ANN401 - a value of LLVM
        found = build.load(at(address, place))
        found.align = 1
        return found

    state, block = (build.inttoptr(each, _FOUR.as_pointer()) for each in addresses)
    # These instructions are of the older kind, which after wide ones cost fifty times as much.
    nothing = ir.FunctionType(ir.VoidType(), [])
    build.call(_function(build.module, nothing, "llvm.x86.avx.vzeroupper"), [])
    abef, cdgh = before = load(state, 0), load(state, 1)
    words = [call("llvm.bswap.v4i32", load(block, place)) for place in range(4)]
    for turn in range(16):
        if turn >= len(words):
            first = call("llvm.x86.sha256msg1", words[-4], words[-3])
            seven = build.shuffle_vector(words[-2], words[-1], _vector(1, 2, 3, 4))
            words.append(call("llvm.x86.sha256msg2", build.add(first, seven), words[-1]))
        added = build.add(words[turn], _vector(*_ROUNDS[4 * turn : 4 * turn + 4]))
        cdgh = call("llvm.x86.sha256rnds2", cdgh, abef, added)
        upper = build.shuffle_vector(added, ir.Constant(_FOUR, ir.Undefined), _vector(2, 3, 2, 3))
        abef = call("llvm.x86.sha256rnds2", abef, cdgh, upper)
    for place, now in enumerate((abef, cdgh)):
        build.store(build.add(now, before[place]), at(state, place)).align = 1
    return context.get_dummy_value()


@_compiled(types.void(_STATE, _BYTES, types.int64, types.int64))
def _finish(state: Any, last: Any, used: int, length: int) -> None:  # noqa: ANN401 - arrays
    """Take in the last `used` bytes of a message of `length`, padded; `last` has two blocks."""
    blocks = 1 if used < _BLOCK - 8 else 2
    end = blocks * _BLOCK
    last[used] = 0x80
    for place in range(used + 1, end - 8):
        last[place] = 0
    for place in range(8):
        last[end - 1 - place] = ((length * 8) >> (8 * place)) & 255
    for block in range(blocks):
        _compress(state.ctypes.data, last.ctypes.data + block * _BLOCK)


@_compiled(types.void(_STATE, _BYTES, types.int64))
def _write(state: Any, out: Any, start: int) -> None:  # noqa: ANN401 - arrays
    """Write a state as the 32 bytes of a hash, and begin the next."""
    for place in range(8):
        word = state[_PLACES[place]]
        for byte in range(4):
            out[start + 4 * place + byte] = (word >> (24 - 8 * byte)) & 255
    for place in range(8):
        state[place] = _START[place]


@_compiled(types.int64(_GIVEN, _GIVEN, _BYTES))
def _leaves(salts: Any, records: Any, out: Any) -> Any:  # noqa: ANN401 - arrays
    """Write the hash of each leaf; return how much of the records was read, -1 for too little."""
    state, last = _START.copy(), np.empty(2 * _BLOCK, np.uint8)
    data: Any = records.ctypes.data
    start: Any = 0
    for number in range(len(out) // _HASH):
        found = _memchr(data + start, _NEWLINE, len(records) - start)
        if not found:
            return -1
        end: Any = np.int64(found - data)
        length = end - start + _SALT
        for place in range(_SALT):
            last[place] = salts[number * _SALT + place]
        head: Any = min(end - start, _BLOCK - _SALT)
        for place in range(head):
            last[_SALT + place] = records[start + place]
        used: Any = _SALT + head
        start += head
        if used == _BLOCK:
            _compress(state.ctypes.data, last.ctypes.data)
            while end - start >= _BLOCK:
                _compress(state.ctypes.data, data + start)
                start += _BLOCK
            used = end - start
            for place in range(used):
                last[place] = records[start + place]
        _finish(state, last, used, length)
        _write(state, last, 1)
        last[0] = 0
        _finish(state, last, 1 + _HASH, 1 + _HASH)
        _write(state, out, number * _HASH)
        start = end + 1
    return start


@_compiled(types.void(_BYTES))
def _reduce(nodes: Any) -> None:  # noqa: ANN401 - an array
    """Hash neighbours, level by level, until the root stands first."""
    state, last = _START.copy(), np.empty(2 * _BLOCK, np.uint8)
    count = len(nodes) // _HASH
    while count > 1:
        count //= 2
        for number in range(count):
            last[0] = 1
            for place in range(2 * _HASH):
                last[1 + place] = nodes[number * 2 * _HASH + place]
            _finish(state, last, 1 + 2 * _HASH, 1 + 2 * _HASH)
            _write(state, nodes, number * _HASH)
