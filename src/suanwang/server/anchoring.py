"""Heads of the log on an EVM chain: deploys the contract, adds heads to it, reads them back.

    signed head ──verified──▶ Anchor.add ──JSON-RPC──▶ contract (ledger/anchor/anchor.vy)
    signed head ──compared──▶ Anchor.check ◀──────────┘

Nothing of the ledger waits for this or reads it: a chain that is down costs nobody anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Any

from suanwang.basics.errors import Invalid
from suanwang.ledger.log.notes import Checkpoint
from suanwang.ledger.log.tiles import consistency_between
from suanwang.ledger.log.tree import verify_consistency
from suanwang.server.anchor_errors import (
    AnchorExtraMissing,
    AnchorMissing,
    AnchorRefused,
    ChainUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web3 import Web3

RPC_SECONDS = 30
RECEIPT_SECONDS = 120  # a consortium chain closes a block in seconds, a public one in a dozen
Read = Callable[[int, int], bytes]


class Agreement(StrEnum):
    """What a head and the chain say to each other."""

    SAME = "same"  #: the head itself is on the chain
    CONTINUES = "continues"  #: it is larger than what is on the chain, and continues it
    BEFORE = "before"  #: the chain's last head is larger, and continues it
    NEWER = "newer"  #: it is larger; nobody has shown that it continues what is on the chain
    OLDER = (
        "older"  #: it is smaller than what is on the chain; nobody has shown that it came before
    )
    NONE = "none"  #: no head of this log is on the chain
    FORKED = "forked"  #: the two cannot both be heads of one log


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """The last head of a log on the chain."""

    size: int
    root: bytes
    seconds: int  # since 1970, by the block


class Anchor:
    """One anchor contract on one chain."""

    def __init__(
        self, web3: Web3, address: str, *, url: str, private_key: str | None = None
    ) -> None:
        self.url, self.address = url, address
        self._web3, self._private_key = web3, private_key
        with _in_words(url):
            if not web3.is_address(address):
                raise AnchorMissing(address=address, url=url)
            place = web3.to_checksum_address(address)
            if not web3.eth.get_code(place):
                raise AnchorMissing(address=address, url=url)
            self._contract: Any = web3.eth.contract(address=place, abi=contract_document()["abi"])

    def latest(self, origin: str) -> Anchored | None:
        """Return the last head of a log on the chain, None if it has none there."""
        with _in_words(self.url):
            size, root, seconds = self._contract.functions.latest(origin_hash(origin)).call()
        return Anchored(size=size, root=bytes(root), seconds=seconds) if size else None

    def add(self, head: Checkpoint) -> str:
        """Put a head on the chain; return the transaction's hash once it is in a block.

        Raises AnchorRefused where the log did not grow or the account is not the contract's owner.
        """
        call = self._contract.functions.anchor(origin_hash(head.origin), head.size, head.root)
        with _in_words(self.url, size=head.size):
            return str(_sent(self._web3, call, self._private_key)["transactionHash"].hex())

    def check(self, head: Checkpoint, *, read: Read | None = None) -> Agreement:
        """Compare a head with the chain's last; `read` gives the log's tiles for a proof."""
        there = self.latest(head.origin)
        if there is None:
            return Agreement.NONE
        if there.size == head.size:
            return Agreement.SAME if there.root == head.root else Agreement.FORKED
        with _in_words(self.url):
            same: bytes = self._contract.functions.root_at(
                origin_hash(head.origin), head.size
            ).call()
        if any(same):
            # What was anchored earlier at this very size needs no proof.
            return Agreement.SAME if bytes(same) == head.root else Agreement.FORKED
        newer = head.size > there.size
        if read is None:
            return Agreement.NEWER if newer else Agreement.OLDER
        (first, first_root), (second, second_root) = sorted(
            [(there.size, there.root), (head.size, head.root)]
        )
        proven = verify_consistency(
            consistency_between(first, second, read),
            first=first, second=second, first_root=first_root, second_root=second_root,
        )  # fmt: skip
        if not proven:
            return Agreement.FORKED
        return Agreement.CONTINUES if newer else Agreement.BEFORE


def connect(url: str) -> Web3:
    """Open a chain by the URL of its JSON-RPC. Raises AnchorExtraMissing, ChainUnavailable."""
    try:
        # Late: most exchanges have no chain, and the package takes a second to load.
        from web3 import HTTPProvider, Web3  # noqa: PLC0415
    except ImportError:
        raise AnchorExtraMissing from None
    web3 = Web3(HTTPProvider(url, request_kwargs={"timeout": RPC_SECONDS}))
    with _in_words(url):
        if not web3.is_connected():
            raise ChainUnavailable(url=url, reason="nobody answers")
    return web3


def deploy(web3: Web3, *, url: str, private_key: str | None = None) -> str:
    """Put a new contract on the chain, owned by the account; return its address."""
    document = contract_document()
    contract = web3.eth.contract(abi=document["abi"], bytecode=document["bytecode"])
    with _in_words(url):
        return str(_sent(web3, contract.constructor(), private_key)["contractAddress"])


def contract_document() -> dict[str, Any]:
    """Return the contract as it was compiled: compiler, ABI and bytecode."""
    text = resources.files("suanwang.ledger.anchor").joinpath("anchor.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def origin_hash(origin: str) -> bytes:
    """Return what names a log in the contract."""
    return sha256(origin.encode()).digest()


def _sent(web3: Web3, call: Any, private_key: str | None) -> Any:  # noqa: ANN401 - web3's own
    """Send from the key's account, or the node's own first one, and wait for the block."""
    if private_key is None:
        accounts = web3.eth.accounts
        if not accounts:
            raise Invalid(reason="the node has no account of its own; give a key with --account")
        sent = call.transact({"from": accounts[0]})
    else:
        account = web3.eth.account.from_key(private_key)
        nonce = web3.eth.get_transaction_count(account.address, "pending")
        asked = call.build_transaction({"from": account.address, "nonce": nonce})
        sent = web3.eth.send_raw_transaction(account.sign_transaction(asked).raw_transaction)
    receipt = web3.eth.wait_for_transaction_receipt(sent, timeout=RECEIPT_SECONDS)
    if receipt["status"] != 1:
        raise Invalid(reason="the transaction was reverted")
    return receipt


@contextmanager
def _in_words(url: str, *, size: int | None = None) -> Iterator[None]:
    """Turn what web3 and its transport raise into ours: they have no common root."""
    from web3.exceptions import ContractLogicError, Web3Exception  # noqa: PLC0415 - as in connect

    try:
        yield
    except ContractLogicError as error:
        raise AnchorRefused(size=size, reason=_first_line(error)) from None
    except (Web3Exception, OSError, ValueError) as error:
        raise ChainUnavailable(url=url, reason=_first_line(error)) from None


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return (text.splitlines()[0] if text else type(error).__name__)[:200]
