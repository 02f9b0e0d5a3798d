"""Says a verdict to a person, line by line: what is proven, the gap, and what is not proven."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from suanwang.market.verify.numbers import written
from suanwang.market.verify.verdict import FAULTS, Fault, Verdict

FAULTS_SHOWN = 20
Say = Callable[..., str]


def report(verdict: Verdict, say: Say) -> str:
    """Return the text; `say` is the room's texts in the reader's language."""
    return "\n".join([*_lines(verdict, say)])


def fault_text(fault: Fault, say: Say) -> str:
    """Return one sentence on a fault."""
    return say(FAULTS[fault.code], place=fault.place, expected=fault.expected, found=fault.found)


def _lines(verdict: Verdict, say: Say) -> Iterator[str]:
    yield say(
        "Orders: {count}, accepted: {accepted}", count=verdict.orders, accepted=verdict.accepted
    )
    yield say("Status in RESULT: {status}", status=verdict.status)
    yield say("Welfare: {amount} yuan", amount=written(verdict.welfare))
    yield say("Proven bound: {amount} yuan", amount=written(verdict.bound))
    yield say(
        "Gap: {amount} yuan ({part} of the bound)", amount=written(verdict.gap), part=_part(verdict)
    )
    yield from _gap(verdict, say)
    if verdict.claims is not None:
        claims = verdict.claims
        bound = "-" if claims.bound is None else written(claims.bound)
        yield say(
            "Claimed by {solver} {version}, not counted: bound {bound}",
            solver=claims.solver, version=claims.version, bound=bound,
        )  # fmt: skip
    yield from _faults(verdict, say)
    yield say("Not proven by any certificate:")
    yield "  " + say("a tighter bound that a solver claims")
    yield "  " + say("that a rejected block, job or offer had to be rejected")
    yield "  " + say("that CASE holds every order; a receipt of each order shows that")
    yield say("PROVEN") if verdict.proven else say("NOT PROVEN")


def _part(verdict: Verdict) -> str:
    """Write gap ÷ bound with three digits, without a float."""
    if not verdict.bound:
        return "0" if not verdict.gap else "?"
    return f"{written(verdict.gap * 10**12 // abs(verdict.bound))}"


def _gap(verdict: Verdict, say: Say) -> Iterator[str]:
    kinds = {
        "ask": say("asks"),
        "bid": say("bids"),
        "block": say("block families"),
        "job": say("jobs"),
        "offer": say("offers"),
        "link": say("links"),
        "pool": say("pools"),
    }
    for line in verdict.sums:
        yield "  " + say(
            "{kind}: {amount} yuan in {count} lines",
            kind=kinds[line.kind], amount=written(line.amount), count=line.lines,
        )  # fmt: skip
    if verdict.top:
        yield say("Greatest parts of the gap:")
    for part in verdict.top:
        yield f"  {part.name}: {written(part.amount)}"


def _faults(verdict: Verdict, say: Say) -> Iterator[str]:
    if verdict.faults:
        yield say("Faults: {count}", count=verdict.fault_count)
    for fault in verdict.faults[:FAULTS_SHOWN]:
        yield f"  [{fault.code}] {fault_text(fault, say)}"
