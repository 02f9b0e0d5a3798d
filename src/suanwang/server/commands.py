"""`suan serve`, `suan db …` and `suan ledger verify` of a database."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from suanwang.basics.errors import SuanwangError
from suanwang.basics.languages import Texts, choose_language, load_texts
from suanwang.server.log_key import PUBLIC_FILE
from suanwang.server.logs import configure_logs
from suanwang.server.running import run_server
from suanwang.server.settings import Origin, Settings, load_settings
from suanwang.store import backup as backups
from suanwang.store.backup import DatabaseCheck
from suanwang.store.verify.finding import Verification

serve = typer.Typer(
    name="serve",
    invoke_without_command=True,
    help="Run the exchange's server.",
    add_completion=False,
)
db = typer.Typer(
    name="db",
    no_args_is_help=True,
    help="Back up, restore, upgrade or check the database.",
    add_completion=False,
)
F = TypeVar("F", bound=Callable[..., None])

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings.", dir_okay=False)
]
Database = Annotated[
    str | None, typer.Option("--db", help="sqlite:///FILE or postgresql://USER@HOST/NAME.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


def _say() -> Texts:
    wishes = ("SUANWANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return load_texts("suanwang.server", choose_language(*(os.environ.get(w) for w in wishes)))


def _plainly(command: F) -> F:
    """Let a command end with one sentence instead of a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the command takes
        say = _say()
        try:
            command(*args, **kwargs)
        except SuanwangError as problem:
            typer.echo(say("Error: {message}", message=problem.message(say.lang)), err=True)
            raise typer.Exit(problem.exit_code) from None
        except OSError as problem:
            where = problem.filename or ""
            text = say("Error: {message}", message=f"{where} {problem.strerror}".strip())
            typer.echo(text, err=True)
            raise typer.Exit(1) from None

    return run  # type: ignore[return-value] # the same signature, kept by wraps


@serve.callback()
@_plainly
def serve_(
    context: typer.Context,
    *,
    config: ConfigFile = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0: any free one.")] = None,
    db: Database = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of stored files and operator.key.", file_okay=False)
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the exchange.")] = None,
    settle_every: Annotated[str | None, typer.Option(help='"day" or seconds.')] = None,
    rate_limit: Annotated[int | None, typer.Option(help="Requests a second and key.")] = None,
    log_format: Annotated[str | None, typer.Option(help='"text" or "json".')] = None,
    log_level: Annotated[str | None, typer.Option(help='"debug" … "error".')] = None,
) -> None:
    """Run the server until Ctrl-C or SIGTERM. Settings: file < SUANWANG_… < flags.

    The first start opens the exchange and leaves its operator's key in DATA_DIR/operator.key.
    """
    flags = {
        "host": host,
        "port": port,
        "database_url": db,
        "data_dir": data_dir,
        "name": name,
        "settle_every": settle_every,
        "rate_limit_per_second": rate_limit,
        "log_format": log_format,
        "log_level": log_level,
    }
    context.obj = load_settings(flags=flags, env=os.environ, file=config)
    if context.invoked_subcommand is None:
        settings = context.obj[0]
        configure_logs(settings)
        run_server(settings)


@serve.command("config")
@_plainly
def serve_config(context: typer.Context, *, json_: Json = False) -> None:
    """Print each setting with the place that it comes from."""
    origins: list[Origin] = context.obj[1]
    if json_:
        document = {o.name: {"value": o.shown, "origin": o.origin} for o in origins}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    width = max(len(o.name) for o in origins)
    longest = max(len(o.shown) for o in origins)
    for one in origins:
        typer.echo(f"{one.name:<{width}}  {one.shown:<{longest}}  {one.origin}")


@db.command("backup")
@_plainly
def db_backup(
    file: Path, *, db: Database = None, config: ConfigFile = None, force: Force = False
) -> None:
    """Write a backup while servers go on. Stored files (DATA_DIR/blobs) are copied separately."""
    path = backups.backup(_url(db, config), file, force=force)
    typer.echo(_say()("Backup written: {path}", path=path))


@db.command("restore")
@_plainly
def db_restore(
    file: Path, *, db: Database = None, config: ConfigFile = None, force: Force = False
) -> None:
    """Put a backup in the database's place. Stop the servers first."""
    backups.restore(_url(db, config), file, force=force)
    typer.echo(_say()("Restored from {path}", path=file))


@db.command("upgrade")
@_plainly
def db_upgrade(*, db: Database = None, config: ConfigFile = None) -> None:
    """Bring the database to this program's schema."""
    version = backups.upgrade(_url(db, config))
    typer.echo(_say()("The schema is at version {version}", version=version))


@db.command("check")
@_plainly
def db_check(*, db: Database = None, config: ConfigFile = None, json_: Json = False) -> None:
    """Look for damage, an unknown schema, and a ledger that does not add up. Exit 0 or 1."""
    found = backups.check(_url(db, config))
    if json_:
        typer.echo(json.dumps(_check_document(found), ensure_ascii=False))
    else:
        _print_check(found)
    if not found.good:
        raise typer.Exit(1)


@_plainly
def ledger_verify(
    *,
    db: Database = None,
    config: ConfigFile = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="File with the exchange's key (DATA_DIR/log.pub).")
    ] = None,
    json_: Json = False,
    lang: Annotated[str | None, typer.Option("--lang", help="Language: en or zh.")] = None,
) -> None:
    """Check a whole database: sums, log, heads, records. Exit 0: proven, 1: not.

    The first finding names the first record that is wrong.
    """
    _ = lang  # read before the command line is, into SUANWANG_LANG
    settings: Settings = load_settings(flags={"database_url": db}, env=os.environ, file=config)[0]
    found = backups.check(settings.database_url, key=_key(key, settings))
    if json_:
        document = _check_document(found)
        ledger = document["ledger"] or {"balanced": False}
        more = {"proven": found.proven, "damage": document["damage"], "log": document["log"]}
        shown = ledger | more
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        _print_damage(found)
        _print_ledger(found)
        _print_log(found)
    if not found.proven:
        raise typer.Exit(1)


def _key(path: Path | None, settings: Settings) -> str | None:
    """Read the exchange's key: the one given, or the one in the data directory, or none."""
    beside = settings.data_dir / PUBLIC_FILE
    if path is None and not beside.is_file():
        return None
    return (path or beside).read_text("utf-8", errors="replace").strip()


def _url(db: str | None, config: Path | None) -> str:
    settings: Settings = load_settings(flags={"database_url": db}, env=os.environ, file=config)[0]
    return settings.database_url


def _check_document(found: DatabaseCheck) -> dict[str, Any]:
    ledger = found.ledger
    return {
        "good": found.good,
        "schema": found.schema,
        "expected_schema": found.expected_schema,
        "damage": list(found.damage),
        "ledger": None
        if ledger is None
        else {
            "balanced": ledger.balanced,
            "accounts": ledger.accounts,
            "transfers": ledger.transfers,
            "problems": [
                {"rule": p.rule, "subject": p.subject, "expected": p.expected, "found": p.found}
                for p in ledger.problems
            ],
        },
        "log": None if found.log is None else _log_document(found.log),
    }


def _log_document(log: Verification) -> dict[str, Any]:
    return {
        "proven": log.proven,
        "leaves": log.leaves,
        "pending": log.pending,
        "heads": log.heads,
        "signatures_checked": log.signatures_checked,
        "findings": [
            {"rule": f.rule, "record": f.record, "expected": f.expected, "found": f.found}
            for f in log.findings
        ],
    }


def _print_log(found: DatabaseCheck) -> None:
    say, log = _say(), found.log
    if log is None:
        return
    for each in log.findings:
        typer.echo(
            say(
                "{rule}: {record}: expected {expected}, found {found}",
                rule=each.rule,
                record=each.record,
                expected=each.expected,
                found=each.found,
            )
        )
    counts = {"leaves": log.leaves, "heads": log.heads, "pending": log.pending}
    if log.proven:
        text = "The log proves it: {leaves} leaves, {heads} signed heads, {pending} rows to come."
        typer.echo(say(text, **counts))
    else:
        typer.echo(
            say("The log DOES NOT prove it: {leaves} leaves, {heads} signed heads.", **counts)
        )
    if not log.signatures_checked:
        typer.echo(say("The heads' signatures were not checked: give the key with --key."))


def _print_damage(found: DatabaseCheck) -> None:
    for line in found.damage:
        typer.echo(_say()("Damaged: {what}", what=line))


def _print_check(found: DatabaseCheck) -> None:
    say = _say()
    _print_damage(found)
    none = say("none")
    typer.echo(
        say(
            "Schema: {found} (this program knows {expected})",
            found=found.schema or none,
            expected=found.expected_schema,
        )
    )
    _print_ledger(found)
    _print_log(found)


def _print_ledger(found: DatabaseCheck) -> None:
    say, ledger = _say(), found.ledger
    if ledger is None:
        typer.echo(say("The ledger cannot be read with this schema."))
        return
    for problem in ledger.problems:
        typer.echo(
            say(
                "{rule}: {subject} should be {expected} and is {found}",
                rule=problem.rule,
                subject=problem.subject,
                expected=problem.expected,
                found=problem.found,
            )
        )
    counts = {"accounts": ledger.accounts, "transfers": ledger.transfers}
    if ledger.balanced:
        typer.echo(
            say("The ledger balances: {accounts} accounts, {transfers} transfers.", **counts)
        )
    else:
        typer.echo(
            say(
                "The ledger DOES NOT balance: {accounts} accounts, {transfers} transfers.", **counts
            )
        )
