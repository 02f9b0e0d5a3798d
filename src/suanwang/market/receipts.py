"""Receipts: a market's signed word that it took an order in, and the proof that CASE knows of it.

    order ──hash──▶ Receipt ──signed──▶ its owner
                       │ a leaf of the Merkle tree
                       ▼
    CASE ◀─ receipts_root            `examine`: is the order of this receipt in this CASE?

Everything is text in lower-case hex where it is a hash, a key or a signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from suanwang.basics.canonical import canonical_bytes, sha256_hex
from suanwang.basics.errors import Invalid
from suanwang.basics.languages import Texts
from suanwang.ledger.log.tree import PATH_MAX, inclusion_proof, root, verify_inclusion
from suanwang.market.errors import MarketExtraMissing, ResultUnreadable
from suanwang.market.verify.fields import TEXT_MAX, Fields, Misplaced
from suanwang.market.verify.numbers import decimal_of
from suanwang.market.verify.result import read_result

BYTES_MAX = 1 << 20  # of a receipt's file: a proof has at most 64 hashes
_HASH = re.compile("[0-9a-f]{64}")
_SIGNATURE = re.compile("[0-9a-f]{128}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
#: Which values of an order are names, by where they stand: "1.50" is no number there.
_NAMES = {
    "order": frozenset(["id", "side", "zone", "class", "pool", "group", "parent", "shape"]),
    "data": frozenset(["at"]),
}


class ReceiptUnreadable(Invalid):
    """{file}: {place}: expected {expected}, found {found}."""

    zh = "{file}：{place}：应为 {expected}，实际为 {found}。"
    code = "receipt-unreadable"


class OrderList(StrEnum):
    """The lists of a CASE that hold orders; the same fields sell in one and buy in the other."""

    ASKS = "asks"
    BIDS = "bids"
    BLOCKS = "blocks"
    JOBS = "jobs"
    OFFERS = "offers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The word of a market that it took an order in, before anybody signs it."""

    market: str  # the market, or one round of it: whatever has one tree of receipts
    number: int  # from 0, without a gap; also the place in the tree
    order_sha256: str  # `order_hash`
    accepted_at: str  # RFC 3339 with seconds and offset, kept as it was written

    def __post_init__(self) -> None:
        assert self.number >= 0, "receipts count from 0"
        assert 0 < len(self.market) <= TEXT_MAX, "a market has a name"
        assert _HASH.fullmatch(self.order_sha256), "an order's hash is 64 hex digits"
        assert _is_instant(self.accepted_at), "an instant of RFC 3339"

    def to_document(self) -> dict[str, str | int]:
        """Return the receipt as JSON."""
        return {
            "market": self.market,
            "number": self.number,
            "order_sha256": self.order_sha256,
            "accepted_at": self.accepted_at,
        }

    def to_bytes(self) -> bytes:
        """Return what is signed, and what is a leaf of the tree."""
        return canonical_bytes({**self.to_document()})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenReceipt:
    """What the owner of an order holds after the gate; all that `examine` needs beside CASE."""

    receipt: Receipt
    signature: str  # Ed25519 over the receipt's bytes
    public_key: str
    size: int  # receipts in the tree
    path: tuple[str, ...]  # hashes from the receipt up to the root

    def to_document(self) -> dict[str, Any]:
        """Return the content of a receipt's file."""
        return {
            "receipt": self.receipt.to_document(),
            "signature": self.signature,
            "public_key": self.public_key,
            "proof": {"size": self.size, "path": list(self.path)},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a receipt shows about a CASE."""

    proven: ProvenReceipt
    signed: bool  # the signature is of the key that stands beside it
    included: bool  # the receipt is under CASE's receipts_root
    place: str | None  # of the order in CASE, None where no order has its hash

    @property
    def in_case(self) -> bool:
        """Say whether CASE holds the order and commits to its receipt."""
        return self.signed and self.included and self.place is not None

    def to_document(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {
            **self.proven.receipt.to_document(),
            "public_key": self.proven.public_key,
            "signed": self.signed,
            "included": self.included,
            "order": self.place,
            "in_case": self.in_case,
        }


def order_hash(order: Mapping[str, Any], *, kind: OrderList) -> str:
    """Return the SHA-256 of an order of a CASE, however its numbers are spelt.

    "1.50", "1.5" and 1.5 are one number; null is a key that is missing. A default that is written
    out is not one that is missing, and [2, 2] is not 2. Raises TypeError for what is no JSON.
    """
    return sha256_hex(canonical_bytes({kind.value: _spelt(order, "order")}))


def _spelt(value: Any, key: str) -> Any:  # noqa: ANN401 - any JSON value
    """Write every number within a value in one spelling."""
    if isinstance(value, Mapping):
        names = _NAMES.get(key, frozenset())
        rows = ((k, v) for k, v in value.items() if v is not None)
        return {k: v if k in names else _spelt(v, k) for k, v in rows}
    if isinstance(value, list):
        return [_spelt(each, key) for each in value]
    try:
        number = decimal_of(value)
    except ValueError:
        return value
    # Zero has a sign and an exponent of its own.
    text = f"{number:f}" if number else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def sign_receipt(receipt: Receipt, private_key: bytes) -> str:
    """Sign with the 32 bytes of an Ed25519 key. Raises MarketExtraMissing."""
    try:
        # Late: clearing and verifying work without it.
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    except ImportError:
        raise MarketExtraMissing(package="cryptography") from None
    key = ed25519.Ed25519PrivateKey.from_private_bytes(private_key)
    return key.sign(receipt.to_bytes()).hex()


def is_signed(receipt: Receipt, *, signature: str, public_key: str) -> bool:
    """Say whether the signature over a receipt is of this key. Raises MarketExtraMissing."""
    try:
        # Late: clearing and verifying work without it.
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    except ImportError:
        raise MarketExtraMissing(package="cryptography") from None
    try:
        key = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), receipt.to_bytes())
    except (InvalidSignature, ValueError):
        return False
    return True


def receipts_root(receipts: Sequence[Receipt]) -> str:
    """Return the text that CASE commits to: the root of all receipts up to the gate."""
    return root(_leaves(receipts)).hex()


def path_of(receipts: Sequence[Receipt], number: int) -> tuple[str, ...]:
    """Return the hashes that lead from a receipt to the root of them all."""
    return tuple(each.hex() for each in inclusion_proof(_leaves(receipts), number))


def _leaves(receipts: Sequence[Receipt]) -> list[bytes]:
    numbers = [receipt.number for receipt in receipts]
    assert numbers == list(range(len(receipts))), "receipts stand in the order of their numbers"
    return [receipt.to_bytes() for receipt in receipts]


def is_included(proven: ProvenReceipt, receipts_root: object) -> bool:
    """Say whether a receipt is under what stands in a CASE as its root, which may be anything."""
    if not isinstance(receipts_root, str) or not _HASH.fullmatch(receipts_root):
        return False
    return verify_inclusion(
        proven.receipt.to_bytes(),
        index=proven.receipt.number,
        size=proven.size,
        path=[bytes.fromhex(each) for each in proven.path],
        root=bytes.fromhex(receipts_root),
    )


def examine(proven: ProvenReceipt, document: Mapping[str, Any]) -> Finding:
    """Say what a receipt shows about a CASE that has been read.

    Raises:
        MarketExtraMissing: the package that checks signatures is missing.
    """
    return Finding(
        proven=proven,
        signed=is_signed(proven.receipt, signature=proven.signature, public_key=proven.public_key),
        included=is_included(proven, document.get("receipts_root")),
        place=_place(document, proven.receipt.order_sha256),
    )


def _place(document: Mapping[str, Any], order_sha256: str) -> str | None:
    for kind in OrderList:
        for index, order in enumerate(document.get(kind.value) or ()):
            if order_hash(order, kind=kind) == order_sha256:
                return f"{kind.value}[{index}] {order['id']}"
    return None


def read_receipt(path: Path) -> ProvenReceipt:
    """Read a receipt's file; raise ReceiptUnreadable with the place of what is wrong."""
    try:
        return _proven(Fields(_json(path), "", "receipt signature public_key proof"))
    except ResultUnreadable as wrong:
        raise ReceiptUnreadable(**wrong.facts) from None
    except Misplaced as wrong:
        raise ReceiptUnreadable(
            file=path.name, place=wrong.place or "{}", expected=wrong.expected, found=wrong.found
        ) from None


def _json(path: Path) -> dict[str, Any]:
    if path.is_file() and path.stat().st_size > BYTES_MAX:
        raise Misplaced("{}", f"at most {BYTES_MAX} bytes", path.stat().st_size)
    return read_result(path)


def _proven(top: Fields) -> ProvenReceipt:
    receipt = Fields(top.get("receipt"), "receipt", "market number order_sha256 accepted_at")
    proof = Fields(top.get("proof"), "proof", "size path")
    path = proof.rows("path")
    if len(path) > PATH_MAX:
        raise Misplaced("proof.path", f"at most {PATH_MAX} hashes", len(path))
    accepted_at = receipt.text("accepted_at")
    if not _is_instant(accepted_at):
        raise Misplaced(receipt.at("accepted_at"), "an instant of RFC 3339", accepted_at)
    return ProvenReceipt(
        receipt=Receipt(
            market=receipt.text("market"),
            number=_count(receipt, "number"),
            order_sha256=_hex(receipt.get("order_sha256"), "receipt.order_sha256"),
            accepted_at=accepted_at,
        ),
        signature=_hex(top.get("signature"), "signature", _SIGNATURE),
        public_key=_hex(top.get("public_key"), "public_key"),
        size=_count(proof, "size"),
        path=tuple(_hex(each, f"proof.path[{i}]") for i, each in enumerate(path)),
    )


def _count(fields: Fields, key: str) -> int:
    if fields.get(key) is None:
        raise Misplaced(fields.at(key), "a whole number", None)
    return fields.whole(key)


def _hex(value: object, place: str, pattern: re.Pattern[str] = _HASH) -> str:
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    digits = 128 if pattern is _SIGNATURE else 64
    raise Misplaced(place, f"{digits} lower-case hex digits", value)


def _is_instant(text: str) -> bool:
    try:
        # The pattern alone would take a 30th of February.
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return _INSTANT.fullmatch(text) is not None


def finding_text(finding: Finding, say: Texts) -> str:
    """Say to a person what a receipt shows; the last line is the verdict."""
    receipt = finding.proven.receipt
    lines = [
        say(
            "Receipt {number} of {market}, accepted at {time}, signed with the key {key}",
            number=receipt.number, market=receipt.market,
            time=receipt.accepted_at, key=finding.proven.public_key,
        )
    ]  # fmt: skip
    if finding.place is not None:
        lines.append(say("Its order in CASE: {place}", place=finding.place))
    return "\n".join([*lines, _verdict(finding, say)])


def _verdict(finding: Finding, say: Texts) -> str:
    if not finding.signed:
        return say("NO RECEIPT: the signature is not of this key")
    if finding.in_case:
        return say("in CASE")
    if finding.included:
        return say(
            "LEFT OUT: CASE commits to the receipt in receipts_root, but no order has its hash"
        )
    if finding.place is None:
        return say(
            "LEFT OUT: CASE neither commits to the receipt in receipts_root nor has its order"
        )
    return say("LEFT OUT: CASE has the order, but does not commit to the receipt in receipts_root")
