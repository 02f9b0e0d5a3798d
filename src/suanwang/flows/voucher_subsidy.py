"""What vouchers pay of bills: decided before money is moved, moved in the bill's own chain.

desk = VoucherDesk.open(tx, buyers, act=act)     locks the programmes, in order of id
subsidy = desk.subsidy_for(job, lines, supplier=…)
moves = funding_moves(subsidy, job, payees, act=act)
desk.applied(job, subsidy, bill_id, moves)       claims, grants and their evidence
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.ids import AccountId, BillId, ClaimId, OrganisationId, TransferId
from suanwang.basics.money import CNY, Money, voucher_of
from suanwang.basics.slots import format_instant, market_day
from suanwang.flows.act import Act
from suanwang.flows.voucher_accounts import (
    FunderAccounts,
    firm_account,
    funder_accounts,
)
from suanwang.jobs.subsidy import (
    Funding,
    Subsidy,
    Wire,
    items_of,
    shares_of,
    shares_within,
    voucher_line,
)
from suanwang.ledger.membership import MemberState
from suanwang.ledger.transfers import Transfer, move
from suanwang.ledger.vouchers.claims import OFFSET_STEPS, ClaimState, walk
from suanwang.ledger.vouchers.engine import Asked, Decision, Item, Standing, decide
from suanwang.ledger.vouchers.programme import Redemption
from suanwang.ledger.vouchers.reasons import Reason
from suanwang.store import evidence, vouchers
from suanwang.store.evidence import Evidence
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx
from suanwang.store.vouchers import Claim, Grant, Running

EXPLAINED = timedelta(days=30)  # so long bills say that vouchers have expired
_NOTHING = Money.zero(CNY)


@dataclass(slots=True)
class VoucherDesk:
    """The programmes of some buyers, locked while their bills are written."""

    tx: Tx
    act: Act
    running: Mapping[str, Running]
    spent: dict[str, Money] = field(default_factory=dict)  # of pledges, not posted yet
    _decided: dict[ClaimId, tuple[Asked, Decision, str]] = field(default_factory=dict)

    @classmethod
    def open(cls, tx: Tx, buyers: Iterable[OrganisationId], *, act: Act) -> VoucherDesk:
        """Lock the programmes that these buyers have, or lately had, vouchers of."""
        wanted = set(buyers)
        after = act.now - EXPLAINED
        return cls(tx, act, vouchers.lock_for_buyers(tx, wanted, after=after) if wanted else {})

    def subsidy_for(
        self, job: Job, lines: Sequence[Wire], *, supplier: OrganisationId, usage_id: str
    ) -> Subsidy:
        """Decide, programme by programme in order of id, what vouchers pay of a bill's lines."""
        items = items_of(lines)
        written: list[Wire] = []
        fundings: list[Funding] = []
        for running in self.running.values() if items else ():
            grants = vouchers.grants_of(
                self.tx, running.id, job.organisation_id, after=self.act.now - EXPLAINED
            )
            if not grants or running.programme["redemption"] is not Redemption.OFFSET:
                continue
            accounts = funder_accounts(self.tx, running)
            asked = self._asked(job, items, supplier=supplier)
            decision = self._decide(running, asked, grants, accounts=accounts)
            written.append(
                voucher_line(running.id, decision, funder=accounts.funder_id, usage_id=usage_id,
                             at=self.act.now)
            )  # fmt: skip
            if decision.amount:
                fundings.append(
                    self._funding(
                        running, job, decision, lines=lines, accounts=accounts, paid=fundings
                    )
                )
                self._decided[fundings[-1].claim_id] = (asked, decision, usage_id)
                items = _taken(items, decision)
        return Subsidy(lines=tuple(written), fundings=tuple(fundings))

    def applied(
        self, job: Job, subsidy: Subsidy, bill_id: BillId, moves: Sequence[Transfer]
    ) -> None:
        """Mark vouchers as spent and claims as paid, and put them on record."""
        for funding in subsidy.fundings:
            asked, decision, usage_id = self._decided.pop(funding.claim_id)
            running = self.running[funding.programme]
            ours = [str(m.id) for m in moves if m.memo.get("claim_id") == funding.claim_id]
            claim = Claim(
                id=funding.claim_id,
                programme_id=running.id,
                organisation_id=job.organisation_id,
                supplier_id=OrganisationId(asked.supplier.id),
                contract_id=asked.contract_id,
                one_only=bool(running.programme["one_claim_per_contract"]),
                year=market_day(self.act.now).year,
                state=walk(ClaimState.ISSUED, *OFFSET_STEPS, subject=funding.claim_id),
                base=decision.base,
                amount=decision.amount,
                bill_id=bill_id,
                body=_body(decision, usage_id=usage_id, transfers=ours),
                created_at=self.act.now,
                updated_at=self.act.now,
            )
            vouchers.add_claims(self.tx, [claim])
            put_claim_on_record(self.tx, claim, act=self.act)

    def _asked(self, job: Job, items: Sequence[Item], *, supplier: OrganisationId) -> Asked:
        known = vouchers.parties(self.tx, (job.organisation_id, supplier))
        return Asked(
            contract_id=str(job.id),
            on=market_day(self.act.now),
            firm=known[job.organisation_id],
            supplier=known[supplier],
            items=items,
        )

    def _decide(
        self, running: Running, asked: Asked, grants: Sequence[Grant], *, accounts: FunderAccounts
    ) -> Decision:
        held = firm_account(self.tx, running.id, OrganisationId(asked.firm.id))
        for account in (held, accounts.pledged):
            # The ledger would refuse the whole bill, and with it everybody's of the same batch.
            if account.owner_state is not MemberState.VERIFIED:
                facts = {"party": str(account.organisation_id)}
                return Decision(amount=_NOTHING, reason=Reason.MEMBER_SUSPENDED, facts=facts)
        live = [each for each in grants if each.expires_at > self.act.now]
        if not live:
            at = format_instant(max(each.expires_at for each in grants))
            return Decision(amount=_NOTHING, reason=Reason.VOUCHER_EXPIRED, facts={"at": at})
        firm = OrganisationId(asked.firm.id)
        pledged = accounts.pledged.available - self.spent.get(running.id, _NOTHING)
        standing = standing_of(
            self.tx, running, firm=firm, contract_id=asked.contract_id, act=self.act
        )
        left = sum((each.left for each in live), _NOTHING)
        decision = decide(
            running.programme, asked, replace(standing, pool_left=pledged, voucher_left=left)
        )
        vouchers.save_grants(self.tx, spend(live, decision.amount))
        self.spent[running.id] = self.spent.get(running.id, _NOTHING) + decision.amount
        return decision

    def _funding(
        self,
        running: Running,
        job: Job,
        decision: Decision,
        *,
        accounts: FunderAccounts,
        lines: Sequence[Wire],
        paid: Sequence[Funding],
    ) -> Funding:
        return Funding(
            programme=running.id,
            funder_id=accounts.funder_id,
            funder_account=accounts.pledged.id,
            voucher_account=firm_account(self.tx, running.id, job.organisation_id).id,
            issuer_account=accounts.issued,
            asset=voucher_of(running.id),
            amount=decision.amount,
            claim_id=self.act.new_id(ClaimId),
            weights=shares_within(decision.amount, lines, decision.lines, paid=paid),
        )


def standing_of(
    tx: Tx, running: Running, *, firm: OrganisationId, contract_id: str, act: Act,
    but: str = "", side: str = "user",
) -> Standing:  # fmt: skip
    """Return what a firm has had of a programme, and whether a contract has its claim."""
    sides = vouchers.sides_of(tx, running.id, contract_id, but=but)
    return Standing(
        used_firm_year=vouchers.used(tx, running.id, firm, year=market_day(act.now).year, but=but),
        contract_claimed=bool(sides),
        other_side_claimed=any(each != side for each in sides),
    )


def spend(grants: Sequence[Grant], amount: Money) -> list[Grant]:
    """Spend vouchers, those that expire first in front; return the grants that changed."""
    changed = []
    for grant in grants:
        taken = min(grant.left, amount)
        if taken:
            changed.append(replace(grant, spent=grant.spent + taken))
            amount -= taken
    assert not amount, "no more is spent than there is"
    return changed


def funding_moves(
    subsidy: Subsidy, job: Job, payees: Mapping[OrganisationId, AccountId], *, act: Act
) -> list[Transfer]:
    """Move each funder's money to those who earn the lines, and the vouchers back to it."""
    made = []
    for funding in subsidy.fundings:
        memo = {"what": "voucher", "job_id": str(job.id), "programme": funding.programme,
                "claim_id": str(funding.claim_id)}  # fmt: skip
        for owner, share in shares_of(funding):
            if share:
                made.append(
                    move(act.new_id(TransferId), share, debit=funding.funder_account,
                         credit=payees[owner], at=act.now, group_id=job.id, memo=memo)
                )  # fmt: skip
        units = Money(funding.amount.units, funding.asset)
        made.append(
            move(act.new_id(TransferId), units, debit=funding.voucher_account,
                 credit=funding.issuer_account, at=act.now, group_id=job.id, memo=memo)
        )  # fmt: skip
    return made


def put_claim_on_record(tx: Tx, claim: Claim, *, act: Act, number: int = 1) -> None:
    """Put a claim, as it stands, on record; later words have their own number."""
    record: dict[str, Json] = {
        "claim_id": str(claim.id),
        "programme": claim.programme_id,
        "organisation_id": str(claim.organisation_id),
        "supplier_id": str(claim.supplier_id),
        "contract_id": claim.contract_id,
        "side": claim.side,
        "state": claim.state.value,
        "base": str(claim.base),
        "amount": str(claim.amount),
        "bill_id": claim.bill_id and str(claim.bill_id),
        **dict(claim.body),
    }
    name = str(claim.id) if number == 1 else f"{claim.id}#{number}"
    kept = Evidence(
        kind="voucher_claim", id=name, record=record, at=act.now,
        organisation_id=claim.organisation_id,
    )  # fmt: skip
    evidence.add(tx, [kept])


def _body(decision: Decision, *, usage_id: str, transfers: Sequence[str]) -> dict[str, Any]:
    return {
        "lines": [
            {"kind": each.kind, "amount": str(each.amount), "taken": str(each.taken)}
            for each in decision.lines
        ],
        "usage_id": usage_id,
        "transfers": list(transfers),
        "evidence": [],
        "reviews": [],
    }


def _taken(items: Sequence[Item], decision: Decision) -> tuple[Item, ...]:
    return tuple(
        replace(item, taken=item.taken + said.taken)
        for item, said in zip(items, decision.lines, strict=True)
    )
