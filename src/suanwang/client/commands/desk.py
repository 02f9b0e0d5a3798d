"""`suan operator`: everything that operators do, put together."""

from __future__ import annotations

from suanwang.client.commands import bank, erase, member, membership, operator, payout

app = operator.app
operator.organisation.add_typer(membership.app)  # nameless: its commands stand beside add, list
app.add_typer(member.projects, name="project")
app.add_typer(member.members, name="member")
app.add_typer(erase.app, name="erase")
app.add_typer(bank.app, name="bank")
app.add_typer(payout.desk, name="payout")
