"""Contracts: proposed by one party, agreed or refused by the other, withdrawn or ended.

Each step is a word on record, with the key that signed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.errors import Invalid, NotFound
from suanwang.basics.ids import ContractId, OrganisationId
from suanwang.basics.slots import Instant, format_instant
from suanwang.flows.act import Act, Actor, Role, must_be
from suanwang.flows.show import must_see, whose
from suanwang.ledger.contracts import (
    CONTRACT,
    POOLS_MAX,
    Contract,
    ContractEvent,
    ContractKind,
    check_sha256,
    read_clauses,
)
from suanwang.store import centres, contracts, evidence, identity
from suanwang.store.evidence import Evidence
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx
from suanwang.store.values import NEWEST


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContract:
    """What is proposed to whom."""

    kind: ContractKind
    owner_id: str
    partner_id: str
    clauses: Mapping[str, Any]
    text_sha256: str
    pools: tuple[str, ...] = ()
    from_at: Instant | None = None  # None: as soon as it is agreed
    until_at: Instant | None = None


def propose_contract(tx: Tx, new: NewContract, *, act: Act) -> Contract:
    """Propose a contract to the other party.

    Raises: NotAllowed, NotFound, Invalid, ContractClauseWrong.
    """
    key = _signer(act)
    owner = identity.organisation(tx, OrganisationId(new.owner_id))
    partner = identity.organisation(tx, OrganisationId(new.partner_id))
    if owner.id == partner.id or key.organisation_id not in (owner.id, partner.id):
        raise Invalid(reason="a contract has two parties, and one of them proposes it")
    _check_pools(tx, new.pools, owner.id)
    from_at = new.from_at or act.now
    if new.until_at is not None and new.until_at <= from_at:
        raise Invalid(reason="a contract ends after it begins")
    contract = Contract(
        id=act.new_id(ContractId),
        kind=new.kind,
        owner_id=owner.id,
        partner_id=partner.id,
        proposer_id=key.organisation_id,
        pools=tuple(sorted(set(new.pools))),
        from_at=from_at,
        until_at=new.until_at,
        clauses=read_clauses(new.kind, new.clauses),
        text_sha256=check_sha256(new.text_sha256),
        state=CONTRACT.first,
        said=(_word(act, key, "propose"),),
        created_at=act.now,
        updated_at=act.now,
    )
    contracts.add(tx, contract)
    _tell(tx, contract, "proposed", act=act)
    return contract


def agree_contract(tx: Tx, contract_id: str, *, act: Act) -> Contract:
    """Agree to what the other party proposed. Raises: NotAllowed, NotFound, TransitionRefused."""
    return _step(tx, contract_id, ContractEvent.AGREE, mine=False, act=act)


def refuse_contract(tx: Tx, contract_id: str, *, act: Act) -> Contract:
    """Refuse what the other party proposed. Raises: NotAllowed, NotFound, TransitionRefused."""
    return _step(tx, contract_id, ContractEvent.REFUSE, mine=False, act=act)


def withdraw_contract(tx: Tx, contract_id: str, *, act: Act) -> Contract:
    """Take back what one has proposed. Raises: NotAllowed, NotFound, TransitionRefused."""
    return _step(tx, contract_id, ContractEvent.WITHDRAW, mine=True, act=act)


def end_contract(tx: Tx, contract_id: str, *, act: Act) -> Contract:
    """End a contract, from now on; jobs that were cleared under it are still billed by it.

    Raises: NotAllowed, NotFound, TransitionRefused.
    """
    return _step(tx, contract_id, ContractEvent.END, mine=None, act=act)


def show_contract(tx: Tx, contract_id: str, *, act: Act) -> Contract:
    """Return one contract to its parties, or to who sees all."""
    found = contracts.contract(tx, contract_id)
    must_see(act, "contract", contract_id, *found.parties)
    return found


def list_contracts(tx: Tx, *, act: Act, before: str = NEWEST, limit: int = 100) -> list[Contract]:
    """List the caller's contracts, newest first."""
    return contracts.page(tx, whose(act), before=before, limit=limit)


def _step(
    tx: Tx, contract_id: str, event: ContractEvent, *, mine: bool | None, act: Act
) -> Contract:
    """Take a step: the proposer's (`mine`), the other party's (not), or either's (None)."""
    key = _signer(act)
    found = contracts.contract_for_update(tx, contract_id)
    if key.organisation_id not in found.parties:
        raise NotFound(kind="contract", id=contract_id)
    after = CONTRACT.after(found.state, event, subject=found.id)
    if mine is not None and mine != (key.organisation_id == found.proposer_id):
        whose_step = "the party that proposed it" if mine else "the other party"
        raise Invalid(reason=f"{event} is for {whose_step}")
    said = (*found.said, _word(act, key, event))
    changed = replace(found, state=after, said=said, updated_at=act.now)
    contracts.save(tx, changed)
    _tell(tx, changed, after.value, act=act)
    return changed


def _signer(act: Act) -> Actor:
    return must_be(act, Role.PROVIDER, Role.BROKER, Role.BUYER)


def _check_pools(tx: Tx, pools: tuple[str, ...], owner: OrganisationId) -> None:
    if len(pools) > POOLS_MAX:
        raise Invalid(reason=f"expected at most {POOLS_MAX} pools, found {len(pools)}")
    for each in pools:
        if centres.pool(tx, each).organisation_id != owner:
            raise NotFound(kind="pool", id=each)


def _word(act: Act, key: Actor, verb: str) -> dict[str, Json]:
    return {
        "verb": verb,
        "organisation_id": str(key.organisation_id),
        "by": str(key.key_id),
        "at": format_instant(act.now),
    }


def _tell(tx: Tx, contract: Contract, verb: str, *, act: Act) -> None:
    """Put a contract, as it stands, on record, and tell both parties."""
    record = contract_record(contract)
    evidence.add_word(
        tx,
        Evidence(
            kind="contract", id=contract.id, record=record, at=act.now,
            organisation_id=contract.owner_id,
        ),
    )  # fmt: skip
    body = {"kind": contract.kind.value, "state": contract.state.value}
    for party in contract.parties:
        publish(
            tx, f"contract.{verb}", subject=contract.id, organisation_id=party, body=body, act=act
        )


def contract_record(contract: Contract) -> dict[str, Json]:
    """Say of a contract what can be proven."""
    until = contract.until_at
    return {
        "contract_id": str(contract.id),
        "kind": contract.kind.value,
        "owner_id": str(contract.owner_id),
        "partner_id": str(contract.partner_id),
        "proposer_id": str(contract.proposer_id),
        "pools": list(contract.pools),
        "from": format_instant(contract.from_at),
        "until": None if until is None else format_instant(until),
        "clauses": dict(contract.clauses),
        "text_sha256": contract.text_sha256,
        "state": contract.state.value,
        "said": [dict(each) for each in contract.said],
    }
