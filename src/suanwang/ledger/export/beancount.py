"""The journal as Beancount reads it (https://beancount.github.io/docs/beancount_language_syntax)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from suanwang.basics.money import Asset
from suanwang.ledger.export.journal import Movement, Posting, commodity_name

_DAY = timedelta(days=1)


class Beancount:
    """Beancount's grammar. A balance is claimed for the morning after the day."""

    def begin(self, title: str) -> str:
        """Write the title and the currency in which reports are drawn up."""
        return f'option "title" {quoted(title)}\noption "operating_currency" "CNY"\n\n'

    def commodity(self, day: date, asset: Asset) -> str:
        """Declare a commodity; its own name is metadata."""
        return f"{day} commodity {commodity_name(asset)}\n  name: {quoted(asset.code)}\n"

    def account(self, day: date, name: str) -> str:
        """Open an account."""
        return f"{day} open {name}\n"

    def entry(self, day: date, title: str, rest: Movement | None, to: Iterable[Posting]) -> str:
        """Write a transaction with its facts as metadata."""
        facts = rest.facts if rest else ()
        lines = [f"\n{day} * {quoted(title)}\n"]
        lines += [f"  {name}: {quoted(value)}\n" for name, value in facts]
        lines += [f"  {each.account}  {_amount(each)}\n" for each in to]
        return "".join(lines)

    def aside(self, day: date, movement: Movement, account: str) -> str:
        """Write a hold as a custom directive."""
        amount = _amount(Posting(account, movement.amount))
        lines = [f'\n{day} custom "hold" {quoted(movement.id)} {account} {amount}\n']
        lines += [f"  {name}: {quoted(value)}\n" for name, value in movement.facts]
        return "".join(lines)

    def balance(self, day: date, posting: Posting) -> str:
        """Claim a balance, to the last digit."""
        amount, commodity = str(posting.amount), commodity_name(posting.amount.asset)
        return f"{day + _DAY} balance {posting.account}  {amount} ~ 0 {commodity}\n"


def quoted(text: str) -> str:
    """Write a string of Beancount's."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _amount(posting: Posting) -> str:
    return f"{posting.amount} {commodity_name(posting.amount.asset)}"
