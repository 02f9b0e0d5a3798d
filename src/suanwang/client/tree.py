"""The tree of our own commands: what each noun is called, and where it is, without loading it.

    tree("budget")    the root with `suan budget` in full; of the others the names and a line each
    whole()           everything, for completion, for the reference pages and for tests

Typer reads every function's hints when it builds a command: half a second of a processor for all,
which nobody waits for who calls one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import suanwang
from suanwang.client.command import ClientCommand, LateGroup


@dataclass(frozen=True, slots=True)
class Noun:
    """One word below `suan`. `place`: module of client.commands, and the Typer or function."""

    name: str
    place: str
    help: str  # the first line of what the Typer or function itself says; a test compares
    epilog: str | None = None


NOUNS = (
    Noun(
        "offers",
        "offers:offers",
        "List what can be had now, cheapest first.",
        epilog="Example: suan offers 'card=a100* price<9 cards>=8'",
    ),
    Noun(
        "statement",
        "account:statement",
        "Show what moved on an account; without --from and --to: today.",
        epilog="Example: suan statement --from 2026-11-01 --to 2026-11-30",
    ),
    Noun(
        "login",
        "login:login",
        "Keep an exchange's address and a key for it (file mode 0600).",
        epilog="Example: suan login --url https://grid.example --key-file buyer.key",
    ),
    Noun("job", "job:app", "Jobs: hand in work and follow it."),
    Noun("centre", "centre:app", "Compute centres."),
    Noun("account", "account:app", "Accounts."),
    Noun("operator", "desk:app", "What an operator does: organisations, keys, centres, payments."),
    Noun("payout", "payout:app", "Payouts: money that leaves the exchange."),
    Noun("secret", "secret:app", "Secrets that jobs are given by name."),
    Noun("ledger", "ledger:app", "Prove what is on record: heads, proofs, bundles."),
    Noun("voucher", "voucher:app", "Compute vouchers: programmes, grants, claims, reports."),
    Noun("contract", "contract:app", "Contracts of centres with brokers and carriers."),
    Noun("broker", "contract:broker", "What brokers sell at."),
    Noun("dispute", "dispute:app", "Dispute bills, answer disputes, rule on them."),
    Noun("credit-note", "dispute:notes", "Credit notes: what of bills was given back."),
    Noun("invoice", "invoice:app", "Invoices of months, as JSON and PDF."),
    Noun("budget", "budget:app", "Budgets: what may be spent in a month."),
    Noun("export", "export:app", "Export bills or the ledger to other programs."),
    Noun(
        "completion", "shell:app", "Print what a shell needs to complete suan: bash, zsh or fish."
    ),
)


def whole() -> Any:  # noqa: ANN401 - Typer's own
    """Build everything."""
    return _built(each.name for each in NOUNS)


def tree(noun: str) -> Any:  # noqa: ANN401 - Typer's own
    """Build the root with one noun in full; another room's, or none, leaves names only."""
    return _built([noun])


def _built(wanted: Iterable[str]) -> Any:  # noqa: ANN401 - Typer's own
    app, names = _root(), frozenset(wanted)
    for each in NOUNS:
        if each.name in names:
            _add(app, each)
    command = typer.main.get_command(app)
    loaded = dict(command.commands)  # type: ignore[attr-defined]  # it is a group
    command.commands = {  # type: ignore[attr-defined]
        each.name: loaded.get(each.name) or _named(each) for each in NOUNS
    }
    return command


def _named(noun: Noun) -> TyperGroup:
    return TyperGroup(name=noun.name, help=noun.help, rich_markup_mode=None)


def _add(app: typer.Typer, noun: Noun) -> None:
    module, _, name = noun.place.partition(":")
    found = getattr(import_module(f"suanwang.client.commands.{module}"), name)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=noun.name)
    else:
        app.command(noun.name, cls=ClientCommand, epilog=noun.epilog)(found)


def _root() -> typer.Typer:
    app = typer.Typer(
        cls=LateGroup,
        add_completion=False,
        no_args_is_help=False,
        invoke_without_command=True,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    return app


def root(
    ctx: typer.Context,
    *,
    lang: Annotated[str | None, typer.Option("--lang", help="Language: en or zh.")] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Suanwang: hand in work, see its plan and price, follow it, fetch the results."""
    _ = lang  # read before the command line is, since help is written in it
    if version:
        typer.echo(f"suan {suanwang.__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
