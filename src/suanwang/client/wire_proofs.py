"""Heads of the log and proofs under them, as the exchange shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from suanwang.client.reading import Resource


@dataclass(frozen=True, kw_only=True)
class Head(Resource):
    """A signed head of the log; `note` is the checkpoint with every signature under it."""

    size: int
    at: datetime
    note: str


@dataclass(frozen=True, kw_only=True)
class LogKey(Resource):
    """The key that signs heads. Compare the fingerprint with one from elsewhere."""

    key: str
    fingerprint: str
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Inclusion(Resource):
    """That a record is a leaf of the log under a head."""

    index: int
    size: int
    salt: str
    record: str
    path: tuple[str, ...]
    note: str


@dataclass(frozen=True, kw_only=True)
class Consistency(Resource):
    """That the larger tree continues the smaller one."""

    first: int
    second: int
    path: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Witness(Resource):
    """A witness whose cosignatures are taken."""

    name: str
    key: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class ErasedRecord(Resource):
    """One record that says nothing any more."""

    kind: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Erasure(Resource):
    """What was erased, and the record of it; `more`: erase again, there is more of a member."""

    id: str
    records: tuple[ErasedRecord, ...]
    more: bool
