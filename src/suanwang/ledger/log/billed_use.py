"""What a bill's lines rest on: the usage record that the centre signed, the round of its price."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.errors import Invalid
from suanwang.basics.money import CNY, Money
from suanwang.ledger.log.billed_lines import QUANTITY_SLACK, Line
from suanwang.ledger.log.leaves import EVIDENCE
from suanwang.ledger.log.said import Said
from suanwang.ledger.log.verdict import Leaf, wrong

#: The fields that a centre signs, as canonical JSON.
USAGE_FIELDS = (
    "usage_id", "lease_id", "job_id", "centre_id", "token", "started_at", "ended_at",
    "wall_seconds", "cpu_seconds", "cards", "peak_memory_bytes", "bytes_in", "bytes_out",
    "energy_wh", "energy_basis", "exit_code", "ended_by",
)  # fmt: skip
_ROUND = "round:"
_GB = 10**9
_HOUR_SECONDS = 3600
_DEPTH_MAX = 50


def find(leaves: Sequence[Leaf], kind: str, record_id: str, *, asked_by: str) -> Leaf:
    """Return the one piece of evidence of a kind and id. Raises BundleWrong if it is missing."""
    found = [
        each
        for each in leaves
        if each.source == EVIDENCE and (each.kind, each.id) == (kind, record_id)
    ]
    if len(found) != 1:
        wrong(asked_by, f"the record {kind} {record_id} in the bundle", f"{len(found)} of it")
    return found[0]


def check_use(leaves: Sequence[Leaf], bill: Said, lines: Sequence[Line]) -> str | None:
    """Check a bill's quantities against its signed usage record; return that one's id.

    A bill without usage has no lines. Raises BundleWrong.
    """
    usage_id = bill.text_or_none("usage_id")
    if usage_id is None:
        if lines:
            wrong(bill.at("usage_id"), "the usage that the lines are about", None)
        return None
    for line in lines:
        if line.said.text_or_none("usage_id") not in (usage_id, None):
            wrong(line.said.at("usage_id"), usage_id, line.said.text("usage_id"))
    leaf = find(leaves, "usage", usage_id, asked_by=bill.place)
    usage = _signed_usage(Said(leaf.place, leaf.record))
    for field, expected in (("usage_id", usage_id), ("job_id", bill.text("job_id"))):
        if usage.text(field) != expected:
            wrong(usage.at(field), expected, usage.text(field))
    _check_card_hours(usage, [line for line in lines if line.kind == "compute"])
    for kind, field in (("data_in", "bytes_in"), ("data_out", "bytes_out")):
        told = sum((line.quantity for line in lines if line.kind == kind), Fraction(0))
        if told != Fraction(usage.whole(field), _GB):
            gigabytes = f"{usage.whole(field) / _GB:.9f}"
            wrong(bill.at("lines"), f"{kind} lines of {gigabytes} GB", f"{float(told):.9f}")
    return usage_id


def _signed_usage(said: Said) -> Said:
    """Return the usage record within its evidence, its signature checked with the centre's key."""
    nested = said.fields.get("record")
    usage = Said(said.at("record"), nested) if isinstance(nested, dict) else said
    missing = [each for each in USAGE_FIELDS if each not in usage.fields]
    if missing:
        wrong(usage.place, "a usage record", f"none of {', '.join(missing)}")
    signed: dict[str, Any] = {each: usage.fields[each] for each in USAGE_FIELDS}
    if usage is not said and usage.fields.keys() != signed.keys():
        wrong(usage.place, "the fields that a centre signs", ", ".join(sorted(usage.fields)))
    key, signature = said.text("public_key"), said.text("signature")
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), canonical_bytes(signed))
    except (InvalidSignature, ValueError):
        wrong(said.at("signature"), f"a signature of this record by the centre's key {key}", "none")
    return usage


def _check_card_hours(usage: Said, lines: Sequence[Line]) -> None:
    """Check that compute lines are whole card-seconds, together no more than were used.

    The begun second counts in full. What a job ran beyond its time limit is not billed, so the
    lines may say less.
    """
    cards, seconds = usage.whole("cards"), 0
    for line in lines:
        card_seconds = round(line.quantity * _HOUR_SECONDS)
        exact = Fraction(card_seconds, _HOUR_SECONDS)
        whole = card_seconds == 0 or (cards > 0 and card_seconds % cards == 0)
        if not whole or abs(line.quantity - exact) > QUANTITY_SLACK:
            wrong(line.said.at("quantity"), f"whole seconds of {cards} cards", line.quantity)
        if line.price.times(exact) != line.amount:
            wrong(line.said.at("amount"), str(line.price.times(exact)), line.amount)
        seconds += card_seconds // max(cards, 1)
    most = ceil(usage.number("wall_seconds"))
    if seconds > most:
        wrong(lines[0].said.at("quantity"), f"at most {most} s of use", f"{seconds} s")


def check_prices(leaves: Sequence[Leaf], bill: Said, lines: Sequence[Line]) -> tuple[str, ...]:
    """Check that each price which a round set is in that round's record; return the rounds."""
    named = {bill.text_or_none("round_id")} - {None}
    for line in lines:
        source = line.said.text("price_source")
        if source.startswith(_ROUND):
            named.add(source.removeprefix(_ROUND))
    rounds = {str(each): find(leaves, "round", str(each), asked_by=bill.place) for each in named}
    for line in lines:
        source = line.said.text("price_source")
        if not source.startswith(_ROUND):
            continue
        leaf = rounds[source.removeprefix(_ROUND)]
        if not _has_price(leaf.record, line.price, depth=0):
            wrong(line.said.at("price"), f"a price of {leaf.place}", line.price)
    return tuple(sorted(rounds))


def _has_price(value: Any, price: Money, *, depth: int) -> bool:  # noqa: ANN401 - any JSON
    """Say whether a round's record names a price of this value under "price"."""
    if depth > _DEPTH_MAX:
        return False
    if isinstance(value, list):
        return any(_has_price(each, price, depth=depth + 1) for each in value)
    if not isinstance(value, dict):
        return False
    return _is_price(value.get("price"), price) or any(
        _has_price(each, price, depth=depth + 1) for each in value.values()
    )


def _is_price(value: object, price: Money) -> bool:
    try:
        return isinstance(value, str) and Money.parse(value, CNY) == price
    except (Invalid, ArithmeticError):
        return False
