"""Grant vouchers to a firm, out of its programme's pool; take back what is not spent in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from suanwang.basics.canonical import Json
from suanwang.basics.ids import GrantId, OrganisationId, TransferId
from suanwang.basics.money import CNY, Money, voucher_of
from suanwang.basics.slots import format_instant
from suanwang.flows.act import Act
from suanwang.flows.timing import Timing
from suanwang.flows.voucher_accounts import (
    firm_account,
    funder_accounts,
    must_be_complete,
    must_fund,
    open_firm,
)
from suanwang.ledger.transfers import move
from suanwang.ledger.vouchers.errors import PoolTooSmall, ProgrammeModeWrong
from suanwang.ledger.vouchers.programme import Redemption
from suanwang.store import evidence, identity, ledger, vouchers
from suanwang.store.evidence import Evidence
from suanwang.store.tx import Tx
from suanwang.store.vouchers import Grant

DAYS_DEFAULT = 365
BATCH = 200


def grant_voucher(
    tx: Tx,
    programme_id: str,
    firm: OrganisationId,
    amount: Money,
    *,
    days: int | None = None,
    act: Act,
) -> Grant:
    """Give a firm vouchers that it may spend on bills until they expire.

    Raises: ProgrammeUnknown, ProgrammeIncomplete, ProgrammeModeWrong, PoolTooSmall, NotAllowed.
    """
    running = vouchers.lock_programme(tx, programme_id, at=act.now)
    must_fund(running, act)
    must_be_complete(running)
    if running.programme["redemption"] is not Redemption.OFFSET:
        raise ProgrammeModeWrong(kind="programme", id=running.id,
                                 found=running.programme["redemption"].value,
                                 expected=Redemption.OFFSET.value)  # fmt: skip
    owner = identity.organisation(tx, firm).id
    accounts = funder_accounts(tx, running)
    left = ledger.account(tx, accounts.stock).available
    if left.units < amount.units:
        raise PoolTooSmall(id=running.id, left=left, needed=amount)
    lasts = days or running.programme["grant_days"] or DAYS_DEFAULT
    grant = Grant(
        id=act.new_id(GrantId),
        programme_id=running.id,
        organisation_id=owner,
        amount=amount,
        issued_at=act.now,
        expires_at=act.now + timedelta(days=lasts),
    )
    transfer = move(
        act.new_id(TransferId),
        Money(amount.units, voucher_of(running.id)),
        debit=accounts.stock,
        credit=open_firm(tx, running.id, owner, act=act),
        at=act.now,
        group_id=grant.id,
        memo={"what": "voucher-grant", "programme": running.id},
    )
    ledger.post(tx, [transfer])
    vouchers.add_grant(tx, grant)
    facts = {"what": "granted", "expires_at": format_instant(grant.expires_at)}
    _tell(tx, grant, {**facts, "amount": str(amount), "transfer_id": str(transfer.id)}, act=act)
    return grant


def lapse_vouchers(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Take back vouchers that were not spent in time; return how many grants lapsed."""
    del timing  # a grant says itself when its time is over
    locked = vouchers.lock_lapsing(tx, now=act.now)
    if not locked:
        return 0
    late = vouchers.grants_lapsing(tx, locked, now=act.now, limit=BATCH)
    transfers = [
        move(
            act.new_id(TransferId),
            Money(grant.left.units, voucher_of(grant.programme_id)),
            debit=firm_account(tx, grant.programme_id, grant.organisation_id).id,
            credit=funder_accounts(tx, locked[grant.programme_id]).stock,
            at=act.now,
            group_id=grant.id,
            memo={"what": "voucher-lapse", "programme": grant.programme_id},
        )
        for grant in late
    ]
    if transfers:
        ledger.post(tx, transfers)
    vouchers.save_grants(tx, [replace(each, lapsed=each.lapsed + each.left) for each in late])
    for grant, transfer in zip(late, transfers, strict=True):
        left = str(Money(grant.left.units, CNY))
        said = {"amount": left, "lapsed": left, "transfer_id": str(transfer.id)}
        _tell(tx, grant, {"what": "lapsed", **said}, act=act, name=f"{grant.id}#lapsed")
    return len(late)


def _tell(
    tx: Tx, grant: Grant, record: Mapping[str, Json], *, act: Act, name: str | None = None
) -> None:
    said = {"grant_id": str(grant.id), "programme": grant.programme_id,
            "organisation_id": str(grant.organisation_id), **record}  # fmt: skip
    kept = Evidence(kind="voucher", id=name or grant.id, record=said, at=act.now,
                    organisation_id=grant.organisation_id)  # fmt: skip
    evidence.add(tx, [kept])
