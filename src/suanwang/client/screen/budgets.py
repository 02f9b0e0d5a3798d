"""Budgets, their bars and their jobs, on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.text import Text

from suanwang.basics.languages import Texts
from suanwang.client.screen.figures import clock, exact_money, money, printable
from suanwang.client.screen.plan import a_table
from suanwang.client.wire import BudgetLeft
from suanwang.client.wire_budgets import Budget, BudgetJob

BAR_CELLS = 20


def budget_list(found: Sequence[Budget], say: Texts) -> RenderableType:
    """Draw budgets: a bar of what is used and held, and the figures."""
    table = a_table(say("budget"), say("month"), say("used"), say("held"), say("left"),
                    say("amount"), say("at its end"), right=(2, 3, 4, 5), ids=(0,))  # fmt: skip
    for each in found:
        amounts = (money(a, each.currency) for a in (each.used, each.held, each.left, each.amount))
        end = say("(removed)") if each.removed_at else _stop(each.stop, say)
        whose = Text(f"{each.id}\n{_whose(each, say)}\n", overflow="fold", no_wrap=False)
        table.add_row(whose + bar(each), each.month, *amounts, end)
    return table


def budget_page(found: Budget, jobs: Sequence[BudgetJob], say: Texts) -> RenderableType:
    """Draw one budget, its limits, and the jobs that took of it."""
    limits = []
    if found.job_max is not None:
        most = money(found.job_max, found.currency)
        limits.append(say("at most {amount} for a job", amount=most))
    if found.hourly_max is not None:
        most = money(found.hourly_max, found.currency)
        limits.append(say("at most {amount} an hour for a job", amount=most))
    told = ", ".join(f"{each} %" for each in found.warn_at)
    if told:
        limits.append(say("told at {thresholds}", thresholds=told))
    table = a_table(say("job"), say("name"), say("state"), say("at"), say("price"), say("used"),
                    say("held"), right=(4, 5, 6))  # fmt: skip
    for each in jobs:
        table.add_row(
            each.job_id, printable(each.name), each.state, clock(each.at),
            money(each.price, each.currency), exact_money(each.used, each.currency),
            exact_money(each.held, each.currency),
        )  # fmt: skip
    return Group(budget_list([found], say), "; ".join(limits), table)


def bar(found: Budget) -> Text:
    """Draw what is used (full) and held (half) of a budget, in cells of five per cent."""
    if found.amount <= 0:
        return Text("█" * BAR_CELLS if found.used + found.held > 0 else "·" * BAR_CELLS)
    used = _cells(found.used / found.amount)
    held = _cells((found.used + found.held) / found.amount) - used
    style = "red" if found.left <= 0 else ""
    return Text("█" * used + "▒" * held + "·" * (BAR_CELLS - used - held), style=style)


def budgets_left(found: Sequence[BudgetLeft], say: Texts) -> list[str]:
    """Write a line for each budget that counts a job, with what is left of it."""
    lines, gap = [], "" if say.lang == "zh" else " "
    for each in found:
        facts = {
            "whose": f"{_scope(each.scope, say)} {printable(each.subject)}",
            "left": money(each.left, each.currency),
            "amount": money(each.amount, each.currency),
            "month": each.month,
        }
        line = say("Budget of {whose}: {left} of {amount} left in {month}.", **facts)
        if not each.enough:
            line += gap + say("It would refuse this job.")
        elif each.stop == "warn":
            line += gap + say("It only warns.")
        lines.append(line)
    return lines


def _cells(share: Decimal) -> int:
    return max(0, min(BAR_CELLS, int(share * BAR_CELLS + Decimal("0.5"))))


def _whose(found: Budget, say: Texts) -> str:
    return f"{_scope(found.scope, say)} {printable(found.subject)}"


def _scope(scope: str, say: Texts) -> str:
    names = {"organisation": say("organisation"), "project": say("project"),
             "member": say("member")}  # fmt: skip
    return names.get(scope, scope)


def _stop(stop: str, say: Texts) -> str:
    return say("stops") if stop == "hard" else say("warns")
