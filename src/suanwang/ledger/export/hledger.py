"""The journal as hledger reads it (https://hledger.org/hledger.html#journal)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from suanwang.basics.money import Asset
from suanwang.ledger.export.journal import Movement, Posting, commodity_name


class Hledger:
    """hledger's grammar. Commodities stand in quotes, since they have digits and marks."""

    def begin(self, title: str) -> str:
        """Write the title as a comment, and how numbers are written."""
        return f"; {_line(title)}\ndecimal-mark .\n\n"

    def commodity(self, day: date, asset: Asset) -> str:
        """Declare a commodity and its places."""
        del day
        places = "." + "0" * asset.scale
        return f'commodity 1000{places} "{commodity_name(asset)}"  ; {_line(asset.code)}\n'

    def account(self, day: date, name: str) -> str:
        """Declare an account."""
        del day
        return f"account {name}\n"

    def entry(self, day: date, title: str, rest: Movement | None, to: Iterable[Posting]) -> str:
        """Write a transaction with its facts as tags."""
        facts = rest.facts if rest else ()
        lines = [f"\n{day} * {_line(title)}\n"]
        lines += [f"    ; {name}:{_line(value)}\n" for name, value in facts]
        lines += [f"    {each.account}  {_amount(each)}\n" for each in to]
        return "".join(lines)

    def aside(self, day: date, movement: Movement, account: str) -> str:
        """Write a hold as a comment: nothing moves."""
        facts = " ".join(f"{name}:{_line(value)}" for name, value in movement.facts)
        amount = _amount(Posting(account, movement.amount))
        return f"\n; {day} hold {movement.id} {account} {amount} {facts}\n"

    def balance(self, day: date, posting: Posting) -> str:
        """Claim a balance with an assertion that moves nothing."""
        commodity = f'"{commodity_name(posting.amount.asset)}"'
        claim = f"0 {commodity} = {posting.amount} {commodity}"
        return f"\n{day} * Balance\n    {posting.account}  {claim}\n"


def _line(text: str) -> str:
    return " ".join(text.split())


def _amount(posting: Posting) -> str:
    return f'{posting.amount} "{commodity_name(posting.amount.asset)}"'
