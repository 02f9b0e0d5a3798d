"""Typed, prefixed, sortable ids: `job_01JB3ZK8…` sorts by the millisecond it was made.

A ULID (48 bits of milliseconds, 80 bits of entropy, Crockford base 32) behind a prefix that says
what it names. Clock and entropy come in as arguments, so that pure rooms can be replayed.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar, Protocol, Self, TypeVar

from suanwang.basics.errors import Invalid

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BODY = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
ENTROPY_BYTES = 10


class IdUnreadable(Invalid):
    """Expected an id such as {prefix}_01JB3ZK8Q4…, found {found!r}."""

    zh = "需要形如 {prefix}_01JB3ZK8Q4… 的编号，实际为 {found!r}。"
    code = "id-unreadable"


class Id(str):
    """The id of one kind of thing; subclasses name the kind by its prefix."""

    prefix: ClassVar[str]
    __slots__ = ()

    @classmethod
    def make(cls, now: datetime, entropy: bytes) -> Self:
        """Make an id from the time and ten bytes of entropy."""
        assert len(entropy) == ENTROPY_BYTES, f"expected ten bytes, found {len(entropy)}"
        number = (int(now.timestamp() * 1000) << 80) | int.from_bytes(entropy, "big")
        body = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
        return cls(f"{cls.prefix}_{body}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id of this kind, or refuse it by name."""
        prefix, _, body = str(text).partition("_")
        if prefix != cls.prefix or not _BODY.fullmatch(body):
            raise IdUnreadable(prefix=cls.prefix, found=text)
        return cls(text)


class JobId(Id):
    """One job."""

    prefix = "job"


class CentreId(Id):
    """One compute centre."""

    prefix = "ctr"


class PoolId(Id):
    """One pool of cards at a centre."""

    prefix = "pool"


class LeaseId(Id):
    """One lease of a job to an agent."""

    prefix = "lse"


class OrganisationId(Id):
    """One organisation."""

    prefix = "org"


class ProjectId(Id):
    """One project of an organisation."""

    prefix = "prj"


class MemberId(Id):
    """One member of an organisation."""

    prefix = "mem"


class KeyId(Id):
    """One API key."""

    prefix = "key"


class AccountId(Id):
    """One account in the ledger."""

    prefix = "acc"


class TransferId(Id):
    """One transfer in the ledger."""

    prefix = "txf"


class UsageId(Id):
    """One usage record."""

    prefix = "usg"


class BillId(Id):
    """One bill."""

    prefix = "bil"


class EventId(Id):
    """One event in the outbox."""

    prefix = "evt"


class WebhookId(Id):
    """One webhook endpoint."""

    prefix = "whk"


class RoundId(Id):
    """One round of clearing."""

    prefix = "rnd"


class GrantId(Id):
    """One grant of vouchers to a firm."""

    prefix = "vgr"


class ErasureId(Id):
    """One erasure of a person's data from records."""

    prefix = "ers"


class ClaimId(Id):
    """One claim under a voucher programme."""

    prefix = "vcl"


class SettlementId(Id):
    """What one member is paid, or pays back, for a market day."""

    prefix = "stl"


class CorrectionId(Id):
    """One correction of a meter's record."""

    prefix = "cor"


class ContractId(Id):
    """One contract between a centre's owner and a broker or carrier."""

    prefix = "con"


class DisputeId(Id):
    """One dispute of a bill."""

    prefix = "dsp"


class CreditNoteId(Id):
    """One credit note."""

    prefix = "crn"


class InvoiceId(Id):
    """One organisation's invoice of a month."""

    prefix = "inv"


class BudgetId(Id):
    """One budget."""

    prefix = "bdg"


class BankLineId(Id):
    """One line of the exchange's bank account."""

    prefix = "bln"


class PayoutId(Id):
    """One payout."""

    prefix = "pay"


class PayoutBatchId(Id):
    """One batch of payouts."""

    prefix = "pbt"


class ReconciliationId(Id):
    """One reconciliation of the bank's account with ours."""

    prefix = "rec"


AnyId = TypeVar("AnyId", bound=Id)


class IdMaker(Protocol):
    """Makes fresh ids; production reads a clock and entropy, tests count."""

    def __call__(self, kind: type[AnyId]) -> AnyId:
        """Make a fresh id of this kind."""
        ...
