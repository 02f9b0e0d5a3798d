"""No two orders of a case have the same id, whatever kind they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from suanwang.market.case.fields import Misfit

#: Accounts of a settlement; an order of this name would be taken for one.
RESERVED = ("@carriage", "@rounding")


def check_ids(kinds: Mapping[str, Sequence[str]]) -> None:
    """Raise Misfit for an id that stands twice or is an account's; `kinds` by their keys."""
    for kind, ids in kinds.items():
        for name in RESERVED:
            if name in ids:
                raise Misfit(f"$.{kind}[{ids.index(name)}].id", "an id that is no account's", name)
    repeated = _repeated([hash(name) for ids in kinds.values() for name in ids])
    if repeated:
        _find(kinds, repeated)


def _repeated(hashes: list[int]) -> set[int]:
    # Sorting hashes takes a tenth of the memory of a set of millions of texts.
    column = np.sort(np.array(hashes, dtype=np.int64))
    return set(column[1:][column[1:] == column[:-1]].tolist())


def _find(kinds: Mapping[str, Sequence[str]], repeated: set[int]) -> None:
    """Tell two equal ids from two that only share their hash."""
    seen: set[str] = set()
    for kind, ids in kinds.items():
        for index, name in enumerate(ids):
            if hash(name) in repeated:
                if name in seen:
                    raise Misfit(f"$.{kind}[{index}].id", "each id once", name)
                seen.add(name)
