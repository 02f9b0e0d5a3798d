"""`suan market`: clear a CASE, verify and explain its RESULT, show the prices.

numpy, numba and the solver are loaded when a command needs them, so that help comes at once.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from suanwang.basics.languages import Texts
from suanwang.market.case_beside import case_beside
from suanwang.market.command_line import (
    LANGUAGE_NAMES,
    MarketCommand,
    MarketGroup,
    patience,
    peak_memory_mb,
    plainly,
    seconds_since,
    tell,
    texts,
)
from suanwang.market.errors import ResultUnreadable
from suanwang.market.price_table import Wish, check_wish, price_lines
from suanwang.market.receipts import examine, finding_text, read_receipt
from suanwang.market.result_file import (
    STDOUT,
    check_output,
    summary_of,
    summary_text,
    write_result,
)
from suanwang.market.verify.numbers import written
from suanwang.market.verify.result import Result, read_result, result_from_document
from suanwang.market.verify.verdict import Verdict

if TYPE_CHECKING:
    from suanwang.market.case.raw import RawCase
    from suanwang.market.explain.parts import Answer

app = typer.Typer(
    name="market",
    cls=MarketGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Document = dict[str, Any]
#: A unit of work is about a millisecond's, so a limit in seconds becomes this much work.
WORK_PER_SECOND = 1000
LINES_SHOWN = 20
EXIT_NOT_PROVEN = 1

CaseFile = Annotated[Path, typer.Argument(metavar="CASE", show_default=False)]
ResultFile = Annotated[Path, typer.Argument(metavar="RESULT", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Lang = Annotated[str | None, typer.Option("--lang", help="Language: en or zh.")]


@app.callback()
def market(*, lang: Lang = None) -> None:
    """Clear a case of asks, bids and jobs; verify, explain and read the result."""
    if lang is not None:
        # The commands below find it where every room looks for its language.
        os.environ[LANGUAGE_NAMES[0]] = lang


@app.command(
    cls=MarketCommand,
    short_help="Clear a CASE and write its RESULT.",
    epilog="Example: suan market clear case.json --out result.json",
)
@plainly
def clear(
    case: CaseFile,
    *,
    out: Annotated[
        str, typer.Option("--out", metavar="RESULT", help="File to write; - is stdout.")
    ],
    time_limit: Annotated[
        float | None,
        typer.Option(
            "--time-limit",
            metavar="SECONDS",
            min=0.001,
            help="About how long to search; chooses a work limit beforehand.",
        ),
    ] = None,
    json_: Json = False,
    lang: Lang = None,
) -> None:
    """Clear a CASE and write its RESULT: outcome, prices, money and the proof of the gap.

    The same CASE and work limit give the same bytes. Exit code 0: RESULT carries its certificate.
    """
    say = texts(lang)
    check_output(out, case)
    start = seconds_since(0)
    with patience(say("Still reading and clearing; the first run compiles for up to a minute.")):
        document, orders = _cleared(case, _work(time_limit), say)
        write_result(out, document)
    _tell_cost(start, say)
    summary = summary_of(document, orders=orders, out=out)
    if json_ and out != STDOUT:
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    # RESULT itself may be on stdout.
    typer.echo(summary_text(summary, say), err=out == STDOUT)
    if out != STDOUT:
        tell(say("Check it: {command}", command=f"suan market verify {case} {out}"))


def _tell_cost(start: float, say: Texts) -> None:
    memory = peak_memory_mb()
    shown_memory = "?" if memory is None else memory
    tell(
        say("All in {seconds} s, at most {memory} MB.", seconds=_passed(start), memory=shown_memory)
    )


def _work(seconds: float | None) -> int | None:
    return None if seconds is None else max(round(seconds * WORK_PER_SECOND), 1)


def _cleared(path: Path, work: int | None, say: Texts) -> tuple[Document, int]:
    # Late: numba and the solver take half a second, which --help must not pay.
    from suanwang.market.case.read import read_case  # noqa: PLC0415
    from suanwang.market.clearing.clear import clear as clear_case  # noqa: PLC0415

    start = seconds_since(0)
    case = read_case(path)
    lists = (case.asks, case.bids, case.blocks, case.jobs, case.offers)
    orders = sum(len(each) for each in lists)
    tell(say("Read {count} orders in {seconds} s.", count=orders, seconds=_passed(start)))
    start = seconds_since(0)
    found = clear_case(case) if work is None else clear_case(case, work=work)
    document = found.to_document()
    tell(say("Cleared in {seconds} s.", seconds=_passed(start)))
    return document, orders


def _passed(start: float) -> str:
    return f"{seconds_since(start):.2f}"


@app.command(
    cls=MarketCommand,
    short_help="Check a RESULT against its CASE.",
    epilog="Example: suan market verify case.json result.json",
)
@plainly
def verify(
    case: CaseFile,
    result: ResultFile,
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="Print every part of the gap, not only the greatest 20.")
    ] = False,
    receipt: Annotated[
        Path | None,
        typer.Option(
            "--receipt",
            metavar="FILE",
            help="Also check that CASE holds the order of this receipt.",
        ),
    ] = None,
    json_: Json = False,
    lang: Lang = None,
) -> None:
    """Check a RESULT against its CASE with code that shares nothing with the solver.

    Exit code 0: proven. 1: not proven, with every fault, or the order of --receipt left out. 2: a
    file cannot be read.
    """
    # Late: they need numpy, which --help must not wait for.
    from suanwang.market.case.raw import read_raw  # noqa: PLC0415
    from suanwang.market.verify.check import verify as verify_result  # noqa: PLC0415
    from suanwang.market.verify.report import report  # noqa: PLC0415

    say = texts(lang)
    held = None if receipt is None else read_receipt(receipt)
    raw, told = read_raw(case), read_result(result)
    with patience(say("Still verifying.")):
        verdict = verify_result(
            raw.document, told, case_sha256=raw.sha256, top=None if all_ else LINES_SHOWN
        )
        finding = None if held is None else examine(held, raw.document)
    if json_:
        wire = _verdict_wire(verdict)
        wire |= {} if finding is None else {"receipt": finding.to_document()}
        typer.echo(json.dumps(wire, ensure_ascii=False, indent=2))
    else:
        typer.echo(report(verdict, say))
        if finding is not None:
            typer.echo(finding_text(finding, say))
    if not verdict.proven or (finding is not None and not finding.in_case):
        raise typer.Exit(EXIT_NOT_PROVEN)


def _verdict_wire(verdict: Verdict) -> Document:
    """Return the verdict as JSON: amounts as decimal strings in yuan, faults by code."""
    claims = verdict.claims
    return {
        "proven": verdict.proven,
        "status": verdict.status,
        "welfare": written(verdict.welfare),
        "bound": written(verdict.bound),
        "gap": written(verdict.gap),
        "orders": verdict.orders,
        "accepted": verdict.accepted,
        "gap_sums": [asdict(each) | {"amount": written(each.amount)} for each in verdict.sums],
        "gap_parts": [{"name": x.name, "amount": written(x.amount)} for x in verdict.top],
        "claims": None
        if claims is None
        else {
            "solver": claims.solver,
            "version": claims.version,
            "bound": None if claims.bound is None else written(claims.bound),
        },
        "fault_count": verdict.fault_count,
        "faults": [asdict(each) for each in verdict.faults],
    }


@app.command(
    cls=MarketCommand,
    short_help="Say why an order was accepted or rejected.",
    epilog="Example: suan market explain result.json bid-7 --case case.json",
)
@plainly
def explain(
    result: ResultFile,
    order: Annotated[str, typer.Argument(metavar="ORDER", show_default=False)],
    *,
    case: Annotated[
        Path | None,
        typer.Option("--case", help="The CASE; else the file beside RESULT with its hash."),
    ] = None,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Find what would be taken by clearing again.")
    ] = False,
    json_: Json = False,
    lang: Lang = None,
) -> None:
    """Say in one sentence why an order was accepted, rejected or partly taken.

    And at which limit, value or deadline that would turn at the same prices. A block or a job moves
    the prices it is judged at, so --rerun clears the case again with the order changed, several
    times. RESULT is believed; suan market verify checks it. Exit code 3: there is no such order.
    """
    # Late: they need numpy, which --help must not wait for.
    from suanwang.market.explain.answer import explain as explain_order  # noqa: PLC0415
    from suanwang.market.explain.words import sentence  # noqa: PLC0415

    say = texts(lang)
    document = read_result(result)
    told = result_from_document(document, file=result.name)
    raw = _case_of(result, told, case)
    with patience(say("Still explaining.")):
        answer = explain_order(raw.document, told, order, file=raw.name)
    if rerun:
        answer = _with_rerun(answer, raw, work=_work_of(document), say=say)
    if json_:
        wire = asdict(answer) | {"sentence": sentence(answer, texts("en"))}
        typer.echo(json.dumps(wire, ensure_ascii=False, indent=2))
    else:
        typer.echo(sentence(answer, say))


def _case_of(result: Path, told: Result, case: Path | None) -> RawCase:
    """Read the CASE of a RESULT; raise ResultUnreadable where its hash is another's."""
    # Late: it needs numpy.
    from suanwang.market.case.raw import read_raw  # noqa: PLC0415

    wanted = told.case_sha256
    raw = read_raw(case_beside(result, wanted) if case is None else case)
    if raw.sha256 != wanted:
        raise ResultUnreadable(
            file=result.name, place="case_sha256", expected=raw.sha256, found=wanted
        )
    return raw


def _with_rerun(answer: Answer, raw: RawCase, *, work: int, say: Texts) -> Answer:
    # Late: numba and the solver take half a second.
    from suanwang.market.case.read import case_from_document  # noqa: PLC0415
    from suanwang.market.clearing.clear import clear as clear_case  # noqa: PLC0415
    from suanwang.market.explain.rerun import clear_again  # noqa: PLC0415

    def again(document: Mapping[str, Any]) -> Document:
        case = case_from_document(document, sha256=raw.sha256, name=raw.name)
        return clear_case(case, work=work).to_document()

    def progress(label: str, taken: bool) -> None:  # noqa: FBT001 - what was found
        verdict = say("taken") if taken else say("not taken")
        tell(say("Cleared again with {label}: {verdict}", label=label, verdict=verdict))

    turning = clear_again(raw.document, answer, clear=again, tell=progress)
    return replace(answer, turning=(*answer.turning, *turning))


def _work_of(told: Document) -> int:
    """Return the work limit that RESULT names; another would be another outcome."""
    work = told["work"]
    return int(work["limit"] if isinstance(work, dict) else work)


@app.command(
    cls=MarketCommand,
    short_help="Print the prices of a RESULT.",
    epilog="Example: suan market prices result.json --class a100",
)
@plainly
def prices(
    result: ResultFile,
    *,
    zone: Annotated[str | None, typer.Option("--zone", help="Only this zone.")] = None,
    card_class: Annotated[str | None, typer.Option("--class", help="Only this class.")] = None,
    slot: Annotated[int | None, typer.Option("--slot", min=0, help="Only this slot.")] = None,
    json_: Json = False,
    lang: Lang = None,
) -> None:
    """Print the price of every zone, class and slot, and below them the prices of full links.

    In yuan per card-hour and, for links, per GB and hour; rounded to 10⁻⁶, exact with --json.
    """
    say = texts(lang)
    told = read_result(result)
    wish = Wish(zone=zone, card_class=card_class, slot=slot)
    found = result_from_document(told, file=result.name)
    check_wish(found, wish, file=result.name, say=say)
    if json_:
        chosen = {
            "prices": [row for row in told["prices"] if wish.has_node(row)],
            "link_prices": [row for row in told["link_prices"] if wish.has_link(row)],
        }
        typer.echo(json.dumps(chosen, ensure_ascii=False, indent=2))
        return
    width = shutil.get_terminal_size().columns
    typer.echo("\n".join(price_lines(told, wish, width=width, say=say)))
