"""Random sequences of disputes of one bill, against a dictionary that says what must be where."""

from __future__ import annotations

import random

import pytest
from tests.flows.dispute_case import NOTHING, Case

from suanwang.basics.errors import Refused
from suanwang.basics.money import Money
from suanwang.store import disputes
from suanwang.store.verify.credits import check_credits

STEPS = 25
OPEN = ("opened", "contested", "escalated")


class Naive:
    """What the accounts must say: a dictionary of disputes, each with its parts by role."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.known: dict[str, tuple[str, dict[str, Money]]] = {}
        self.before = {role: self.balance(role) for role in ("centre", "exchange", "tax")}
        self.buyer = case.money(case.world.buyer)

    def account(self, role: str):
        world, owner = self.case.world, self.case.world.operator
        if role == "centre":
            return world.account(self.case.seller, "receivable")
        return world.account(owner, "fees" if role == "exchange" else "tax")

    def balance(self, role: str) -> Money:
        return self.account(role).balance

    def note(self, dispute) -> None:
        parts: dict[str, Money] = {}
        for part in (part for item in dispute.items for part in item.parts):
            parts[str(part.role)] = parts.get(str(part.role), NOTHING) + part.amount
        self.known[dispute.id] = (str(dispute.state), parts)

    def check(self) -> None:
        frozen = dict.fromkeys(self.before, NOTHING)
        credited = dict.fromkeys(self.before, NOTHING)
        for state, parts in self.known.values():
            sums = frozen if state in OPEN else credited
            if state in (*OPEN, "accepted", "upheld"):
                for role, amount in parts.items():
                    sums[role] = sums[role] + amount
        for role, had in self.before.items():
            assert self.account(role).held == frozen[role], role
            assert self.balance(role) == had - credited[role], role
        back = sum(credited.values(), NOTHING)
        assert self.case.money(self.case.world.buyer) == self.buyer + back
        assert sum((note.total for note in self.case.notes()), NOTHING) == back
        assert back + sum(frozen.values(), NOTHING) <= self.case.bill.total


@pytest.mark.parametrize("seed", range(6))
def test_accounts_are_where_a_dictionary_says(store, seed):
    case, dice = Case(store), random.Random(seed)
    naive = Naive(case)
    for _ in range(STEPS):
        found = case.world.read(lambda tx: disputes.of_bill(tx, case.bill.id))
        dispute = dice.choice(found) if found else None
        verb = dice.choice(["open", "open", "accept", "contest", "uphold", "reject", "withdraw",
                            "wait"])  # fmt: skip
        try:
            if verb == "open" or dispute is None:
                line = dice.choice([0, 0, case.place("fee"), case.place("tax")])
                case.open(str(Money(dice.randrange(1, 30_000))), line=line)
            elif verb == "wait":
                case.world.sleep(dice.choice([3600, 86_400]))
                case.lapse()
            elif verb in ("uphold", "reject"):
                case.rule(dispute, uphold=verb == "uphold")
            else:
                getattr(case, verb)(dispute)
        except Refused:
            pass  # too much, too late, or not from there: then nothing has changed
        for each in case.world.read(lambda tx: disputes.of_bill(tx, case.bill.id)):
            naive.note(each)
        naive.check()
    case.world.check()
    assert case.world.read(lambda tx: [*check_credits(tx)]) == []
    assert naive.known
