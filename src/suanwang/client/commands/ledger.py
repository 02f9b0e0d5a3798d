"""`suan ledger …`: heads, proofs and bundles; `verify` and `cosign` come from other rooms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.files import whole
from suanwang.client.talk import Talk

app = typer.Typer(
    cls=LateGroup,
    help="Prove what is on record: heads, proofs, bundles.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
HeadsMost = Annotated[int, typer.Option("--most", min=1, help="How many at most.")]


@app.command(cls=ClientCommand)
def key(ctx: typer.Context) -> None:
    """Show the key that signs heads; keep it in a file to pin it with verify --key."""
    talk: Talk = ctx.obj
    found = talk.grid.ledger.key()
    if talk.json_:
        talk.write_json(found.raw)
        return
    talk.write(found.key)
    if not talk.quiet:
        talk.tell(talk.say("Fingerprint: {fingerprint}", fingerprint=found.fingerprint))
        talk.tell(talk.say("Witnesses: {count}", count=len(found.witnesses)))


@app.command(cls=ClientCommand)
def head(
    ctx: typer.Context,
    *,
    now: Annotated[
        bool, typer.Option("--now", help="Sign what is on record at once; operators only.")
    ] = False,
) -> None:
    """Show the newest signed head of the log."""
    talk: Talk = ctx.obj
    if now:
        talk.grid.ledger.sign_head()
    found = next(iter(talk.grid.ledger.heads(most=1)), None)
    if found is None:
        talk.tell(talk.say("No head is signed yet."))
    elif talk.json_:
        talk.write_json(found.raw)
    else:
        talk.write(found.note.rstrip("\n"))


@app.command(cls=ClientCommand)
def heads(ctx: typer.Context, *, most: HeadsMost = 50) -> None:
    """List signed heads, newest first."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.proofs import head_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.ledger.heads(most=most)
    talk.show_all(found, lambda items: head_list(items, talk.say), id_key="size")


@app.command(
    cls=ClientCommand, epilog="Example: suan ledger proof bill bil_01JB… --json > proof.json"
)
def proof(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", show_default=False)],
    record_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    *,
    size: Annotated[
        int | None, typer.Option("--size", help="Under the head of so many leaves.")
    ] = None,
) -> None:
    """Prove that a record is in the log: KIND is transfer, bill, usage, order or round."""
    talk: Talk = ctx.obj
    found = talk.grid.ledger.inclusion(kind, record_id, size=size)
    if talk.json_:
        talk.write_json(found.raw)
        return
    talk.tell(talk.say("Leaf {index} of {size}", index=found.index, size=found.size))
    talk.write(found.record)
    for each in found.path:
        talk.write(each)


@app.command(cls=ClientCommand, epilog="Example: suan ledger consistency 100 2000")
def consistency(
    ctx: typer.Context,
    first: Annotated[int, typer.Argument(metavar="FIRST", min=0, show_default=False)],
    second: Annotated[int, typer.Argument(metavar="SECOND", min=0, show_default=False)],
) -> None:
    """Prove that the log of SECOND leaves continues the one of FIRST."""
    talk: Talk = ctx.obj
    found = talk.grid.ledger.consistency(first, second)
    if talk.json_:
        talk.write_json(found.raw)
        return
    for each in found.path:
        talk.write(each)


@app.command(cls=ClientCommand, epilog="Example: suan ledger bundle job_01JB… --out bill.json")
def bundle(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(metavar="JOB", show_default=False)],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there; else to stdout.")
    ] = None,
) -> None:
    """Fetch one file that proves a job's bill; check it with suan ledger verify --bundle."""
    talk: Talk = ctx.obj
    data = talk.grid.ledger.wait_for_bundle(job)
    if out is None:
        talk.write(data.decode().rstrip("\n"))
        return
    with whole(out) as file:
        file.write(data)
    talk.tell(talk.say("Written: {path}", path=out))


@app.command(
    cls=ClientCommand, epilog="Example: suan ledger export log-2026-11 --since log-2026-10"
)
def export(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
    *,
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="DIR", help="An earlier export, which this one continues."),
    ] = None,
) -> None:
    """Fetch the whole log with its records; check it with suan ledger verify --export.

    For auditors and operators. Called again after a break it goes on where it was.
    """
    talk: Talk = ctx.obj

    def told(count: int, size: int) -> None:
        if not talk.quiet and not talk.json_:
            talk.tell(talk.say("{count} of {size} leaves", count=count, size=size))

    path = talk.grid.ledger.export(folder, since=since, told=told)
    if talk.json_:
        talk.write_json({"path": str(path)})
    else:
        talk.tell(talk.say("Written: {path}", path=path))


@app.command(cls=ClientCommand)
def witness(
    ctx: typer.Context,
    witness_key: Annotated[str, typer.Argument(metavar="KEY", show_default=False)],
) -> None:
    """Take a witness's cosignatures from now on; operators only."""
    talk: Talk = ctx.obj
    found = talk.grid.ledger.add_witness(witness_key)
    if talk.json_:
        talk.write_json(found.raw)
        return
    facts = {"name": found.name, "fingerprint": found.fingerprint}
    talk.tell(talk.say("Witness {name}, fingerprint {fingerprint}", **facts))
