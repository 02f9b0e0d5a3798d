"""Erasure: a record that held a person's data becomes {} and its salt zeros; the tree stays.

    record + salt ──▶ leaf          before
       {}    00…      leaf          after: nobody can take the hash back to what it was made of
                       ▲
    evidence "erasure" └ names it, and says who erased it, when and on what ground

A leaf whose record cannot be hashed again is taken for erased only where an erasure, itself a leaf,
names its place, its hash and every column that is left of its row. Without one it is altered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.ledger.log.leaves import EVIDENCE, SALT_BYTES
from suanwang.ledger.log.signed import check_fields, read_hex
from suanwang.ledger.log.tree import HASH_BYTES
from suanwang.ledger.log.verdict import wrong

KIND = "erasure"
NO_SALT = bytes(SALT_BYTES)
#: Kinds of evidence that may hold a person's data. Whatever is not here is kept: accounting records
#: for as long as 会计档案管理办法 (2015) art. 14 says, 10 or 30 years, and transfers always.
ERASABLE = frozenset(["order", "party", "voucher_party"])
_LEFT = ("at", "id", "kind", "organisation_id", "seq")
_FIELDS = frozenset(["index", "leaf", *_LEFT])


class Ground(StrEnum):
    """Why data must be deleted: the five cases of 个人信息保护法 (PIPL) art. 47, in its order."""

    PURPOSE_SERVED = "purpose-served"  #: the purpose is served, cannot be, or no longer needs them
    SERVICE_ENDED = "service-ended"  #: the service has ended, or the time for keeping them is over
    CONSENT_WITHDRAWN = "consent-withdrawn"  #: the person withdrew consent
    UNLAWFUL = "unlawful"  #: they were handled against law or agreement
    REQUIRED_BY_LAW = "required-by-law"  #: another law or rule demands it


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """One leaf that an erasure names: where it stands, its hash, and what is left of its row."""

    index: int
    leaf: bytes
    left: Mapping[str, Any]

    def record(self) -> dict[str, Json]:
        """Write it as the erasure's record names it."""
        return {"index": self.index, "leaf": self.leaf.hex(), **self.left}

    def fits(self, row: Mapping[str, Any], *, index: int, leaf: bytes) -> bool:
        """Say whether a row that says nothing any more is the one that was erased."""
        return (
            (self.index, self.leaf) == (index, leaf)
            and row["record"] == {}
            and self.left == left_of(row)
        )


def left_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a row that an erasure leaves as they were."""
    return {name: row[name] for name in _LEFT}


def erased_by(record: Mapping[str, Any], place: str) -> Iterator[Erased]:
    """Read which leaves an erasure names. Raises BundleWrong where it is none, or names others."""
    told = record.get("records")
    if not isinstance(told, list) or not told:
        wrong(f"{place}.records", "a list of what was erased", type(told).__name__)
    for number, each in enumerate(told):
        here = f"{place}.records[{number}]"
        check_fields(each, here, _FIELDS)
        if each["kind"] not in ERASABLE:
            wrong(f"{here}.kind", f"a kind of {', '.join(sorted(ERASABLE))}", each["kind"])
        if type(each["index"]) is not int:
            wrong(f"{here}.index", "the number of a leaf", each["index"])
        leaf = read_hex(each["leaf"], f"{here}.leaf", HASH_BYTES)
        yield Erased(index=each["index"], leaf=leaf, left=left_of(each))


def check_erased(
    rows: Iterable[tuple[str, int, bytes, Mapping[str, Any]]], erased: Iterable[Erased]
) -> None:
    """Check that each row (place, index, leaf, row) that was erased is named by an erasure."""
    known = {each.index: each for each in erased}
    for place, index, leaf, row in rows:
        found = known.get(index)
        if (
            found is None
            or row["source"] != EVIDENCE
            or not found.fits(row, index=index, leaf=leaf)
        ):
            wrong(place, "a record, or an erasure that names it", "neither")
