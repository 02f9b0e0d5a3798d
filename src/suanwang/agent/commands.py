"""`suan agent`: join a centre to the grid, run its agent, show what it is."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer

from suanwang.agent.api import Api
from suanwang.agent.assembly import (
    capabilities_of,
    environments_of,
    only_agent,
    site_of,
    tried_sandbox,
)
from suanwang.agent.backends import sandbox
from suanwang.agent.catalogue import check_places
from suanwang.agent.config import (
    AgentConfig,
    CentreFacts,
    Home,
    default_home,
    public_key_hex,
    read_centre_file,
    read_key,
    read_key_file,
)
from suanwang.agent.discovery import this_machine
from suanwang.agent.errors import SandboxForbidden, SandboxMissing
from suanwang.agent.worker import Worker, introduction
from suanwang.basics.errors import SuanwangError
from suanwang.basics.languages import Texts, choose_language, load_texts

app = typer.Typer(
    name="agent",
    no_args_is_help=True,
    help="Join a centre to the grid and run its work.",
    add_completion=False,  # `suan completion` completes all of it
)
F = TypeVar("F", bound=Callable[..., None])

Dir = Annotated[
    Path | None, typer.Option("--dir", help="Where the agent keeps its things.", file_okay=False)
]


def _say() -> Texts:
    wishes = ("SUANWANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return load_texts("suanwang.agent", choose_language(*(os.environ.get(w) for w in wishes)))


def _plainly(command: F) -> F:
    """Let a command end with one sentence instead of a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the command takes
        say = _say()
        try:
            command(*args, **kwargs)
        except SuanwangError as problem:
            typer.echo(say("Error: {message}", message=problem.message(say.lang)), err=True)
            if isinstance(problem, SandboxForbidden | SandboxMissing):
                _hint(say)
            raise typer.Exit(problem.exit_code) from None
        except OSError as problem:
            where = f"{problem.filename}: " if problem.filename else ""
            reason = f"{where}{problem.strerror or problem}"
            typer.echo(say("Error: {message}", message=reason), err=True)
            raise typer.Exit(1) from None

    return run  # type: ignore[return-value] # the same signature, kept by wraps


def _hint(say: Texts) -> None:
    for found, helps in sandbox.hints():
        typer.echo(
            say("In the way: {found}. What helps: {helps}", found=found, helps=helps), err=True
        )
    text = say("Or run jobs unprotected, only for people you trust: suan agent run --no-sandbox")
    typer.echo(text, err=True)


@app.command()
@_plainly
def join(
    *,
    server: Annotated[str, typer.Option(help="The exchange's address, e.g. https://…")],
    key_file: Annotated[str, typer.Option(help="File with the agent's key, or - for stdin.")],
    config: Annotated[Path | None, typer.Option(help="The centre's facts: centre.toml.")] = None,
    name: Annotated[str | None, typer.Option(help="The centre's name.")] = None,
    dir: Dir = None,  # noqa: A002 - the option is called --dir
) -> None:
    """Join this centre: check its facts and its key, make its signing key, keep both.

    Example: suan agent join --server https://grid.example --key-file agent.key --config centre.toml
    """
    say = _say()
    home = Home(dir or default_home())
    key = _read_key(key_file)
    centre = _centre(config, name=name, home=home)
    check_places(centre)
    environments_of(centre)
    with only_agent(home):
        public_key = public_key_hex(home.signing_key())
        centre_id = asyncio.run(_introduce(server, key, centre=centre, public_key=public_key))
        home.save(AgentConfig(server=server.rstrip("/"), centre=centre), key)
    typer.echo(
        say("{name} has joined {server} as {id}.", name=centre.name, server=server, id=centre_id)
    )
    typer.echo(say("Next: suan agent run --dir {dir}", dir=home.folder), err=True)


async def _introduce(server: str, key: str, *, centre: CentreFacts, public_key: str) -> str:
    api = Api(server, key)
    offered = capabilities_of(centre, sandboxed=True)
    try:
        welcome = await api.hello(introduction(centre, public_key=public_key, offered=offered))
    finally:
        await api.close()
    return welcome.centre_id


def _read_key(key_file: str) -> str:
    if key_file == "-":
        return read_key(sys.stdin.readline(), path="stdin")
    return read_key_file(Path(key_file))


def _centre(config: Path | None, *, name: str | None, home: Home) -> CentreFacts:
    if config is None:
        python = Path(sys.prefix) if sys.prefix != sys.base_prefix else None
        return this_machine(name=name, python=python, folder=home.folder)
    centre = read_centre_file(config)
    return centre.model_copy(update={"name": name}) if name else centre


@app.command()
@_plainly
def run(
    *,
    dir: Dir = None,  # noqa: A002 - the option is called --dir
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run jobs as plain processes: no protection.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="End after the first lease.")] = False,
) -> None:
    """Take work from the exchange and run it until SIGTERM.

    The first SIGTERM drains: running jobs go on to their end. A second one stops them.
    """
    say = _say()
    _log_to_stderr()
    home = Home(dir or default_home())
    home.config()
    with only_agent(home):
        bwrap = tried_sandbox(home, wanted=not no_sandbox)
        if bwrap is None:
            typer.echo(say("Warning: jobs run without a sandbox, as your own user."), err=True)
        asyncio.run(_run(home, bwrap=bwrap, once=once))


async def _run(home: Home, *, bwrap: Path | None, once: bool) -> None:
    site = site_of(home, bwrap=bwrap)
    offered = capabilities_of(site.centre, sandboxed=bwrap is not None)
    try:
        await Worker(site, capabilities=offered).run(once=once)
    finally:
        await site.api.close()
        site.journal.close()


@app.command()
@_plainly
def show(
    *,
    dir: Dir = None,  # noqa: A002 - the option is called --dir
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the centre, its pools and environments, and the leases and archives at hand."""
    say = _say()
    home = Home(dir or default_home())
    facts = _shown(home)
    if as_json:
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    typer.echo(say("{name} in {zone}, joined to {server}", **facts["summary"]))
    typer.echo(say("public key {key}", key=facts["public_key"]))
    for pool in facts["pools"]:
        typer.echo(say("pool {name}: {cards} × {chip}", **pool))
    for each in facts["environments"]:
        typer.echo(say("environment {name}: {path}", **each))
    typer.echo(say("leases at hand: {count}", count=facts["leases"]))
    typer.echo(say("archives in the cold store: {count}", count=facts["archives"]))


def _shown(home: Home) -> dict[str, Any]:
    config = home.config()
    centre = config.centre
    archives = list(home.cold.glob("*.tar.zst"))
    return {
        "summary": {"name": centre.name, "zone": centre.zone, "server": config.server},
        "public_key": public_key_hex(home.signing_key()),
        "pools": [{"name": p.name, "chip": p.chip, "cards": p.cards} for p in centre.pools],
        "environments": [
            {"name": name, "path": str(facts.python)} for name, facts in centre.environments.items()
        ],
        "leases": len(list(home.jobs.iterdir())) if home.jobs.exists() else 0,
        "archives": len(archives),
    }


def _log_to_stderr() -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
