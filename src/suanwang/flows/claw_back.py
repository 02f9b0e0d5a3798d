"""Claw back what a programme has paid: by reversing entries, or from the firm that was helped.

reimbursed   the transfers to the firm are reversed; the vouchers go back to the funder's stock
offset       the centre keeps what it earned; the firm pays the funder what the voucher paid
"""

from __future__ import annotations

from dataclasses import replace

from suanwang.basics.errors import Invalid
from suanwang.basics.ids import TransferId
from suanwang.basics.money import Money, voucher_of
from suanwang.basics.slots import format_instant
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.claim_voucher import lock_claim, save, step
from suanwang.flows.voucher_accounts import funder_accounts, must_fund
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.transfers import Transfer, chained, move, reverse
from suanwang.ledger.vouchers.claims import ClaimEvent
from suanwang.ledger.vouchers.programme import Redemption
from suanwang.store import ledger
from suanwang.store.tx import Tx
from suanwang.store.vouchers import Claim, Running


def claw_back(tx: Tx, claim_id: str, reason: str, *, act: Act) -> Claim:
    """Take back what was paid for a claim, for a reason that its programme lists.

    Raises: NotFound, NotTheFunder, TransitionRefused, Invalid, FundsInsufficient.
    """
    key = must_be(act, Role.FUNDER, Role.OPERATOR)
    running, claim = lock_claim(tx, claim_id, act=act)
    must_fund(running, act)
    allowed = running.programme["claw_back"] or ()
    if reason not in allowed:
        raise Invalid(reason=f"expected a reason of {', '.join(allowed) or 'none'}; found {reason}")
    claim = step(claim, ClaimEvent.CLAW_BACK, act=act)
    offset = running.programme["redemption"] is Redemption.OFFSET
    made = (_from_firm if offset else _reversed)(tx, running, claim, act=act)
    ledger.post(tx, chained(f"{claim.id}#clawed-back", made))
    said = {"reason": reason, "by": str(key.key_id), "at": format_instant(act.now)}
    transfers = [*claim.body["transfers"], *(str(each.id) for each in made)]
    body = {**claim.body, "transfers": transfers, "clawed_back": said}
    return save(tx, replace(claim, body=body), act=act)


def _reversed(tx: Tx, running: Running, claim: Claim, *, act: Act) -> list[Transfer]:
    memo = _memo(claim)
    paid = [each for each in ledger.transfers_of(tx, claim.id)
            if each.memo.get("what") == "voucher-pay"]  # fmt: skip
    made = [
        reverse(act.new_id(TransferId), each, at=act.now, group_id=claim.id, memo=memo)
        for each in paid
    ]
    # Reversed, the vouchers are where they were: with the firm, or in the stock already.
    accounts = funder_accounts(tx, running)
    held = next(each.credit for each in made if each.debit == accounts.issued)
    if held is not None and held != accounts.stock:
        units = Money(claim.amount.units, voucher_of(running.id))
        made.append(move(act.new_id(TransferId), units, debit=held, credit=accounts.stock,
                         at=act.now, group_id=claim.id, memo=memo))  # fmt: skip
    return made


def _from_firm(tx: Tx, running: Running, claim: Claim, *, act: Act) -> list[Transfer]:
    accounts, memo = funder_accounts(tx, running), _memo(claim)
    available = ledger.account_of(tx, claim.organisation_id, AccountName.AVAILABLE).id
    units = Money(claim.amount.units, voucher_of(running.id))
    return [
        move(act.new_id(TransferId), claim.amount, debit=available, credit=accounts.pledged.id,
             at=act.now, group_id=claim.id, memo=memo),
        move(act.new_id(TransferId), units, debit=accounts.issued, credit=accounts.stock,
             at=act.now, group_id=claim.id, memo=memo),
    ]  # fmt: skip


def _memo(claim: Claim) -> dict[str, str]:
    return {
        "what": "voucher-claw-back",
        "programme": claim.programme_id,
        "claim_id": str(claim.id),
    }
