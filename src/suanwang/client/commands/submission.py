"""Handing in: check the files, plan, show the prices, ask, send inputs, post, accept.

A single job is posted first and its own quote shown; nothing runs or costs before the yes. Arrays
and jobs that wait for others are planned by a dry run instead, since their quotes come later, and
posted with the order to accept them.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from suanwang.basics.errors import Invalid
from suanwang.client import specs
from suanwang.client.errors import Answered, Declined, JobFileBad, NoPlace, SpecRefused
from suanwang.client.pointers import line_of
from suanwang.client.screen.budgets import budgets_left
from suanwang.client.screen.figures import duration, money, printable
from suanwang.client.screen.plan import plan_table
from suanwang.client.screen.progress import file_progress
from suanwang.client.specs import LoadedSpec
from suanwang.client.sync.job import Job
from suanwang.client.talk import Talk
from suanwang.client.wire import Quote

_IDS_SHOWN = 5


def load_files(talk: Talk, files: Sequence[str], changes: Sequence[str]) -> list[LoadedSpec]:
    """Load and check job files; print every mistake with its place. Raises JobFileBad."""
    replaced = dict(_change(text) for text in changes)
    loaded = [specs.load(name, **replaced) for name in files]
    for spec in loaded:
        for kind, found in (("", spec.mistakes), (talk.say("note: "), spec.warnings)):
            for each in found:
                place = "" if each.line is None else f":{each.line}:{each.column}"
                text = f"{spec.name}{place}: {kind}{each.message(talk.say.lang)}"
                talk.tell(printable(text))
    bad = [spec for spec in loaded if spec.mistakes]
    if bad:
        raise JobFileBad(path=bad[0].name, count=sum(len(spec.mistakes) for spec in bad))
    return loaded


def _change(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise Invalid(reason=f"--set takes KEY=VALUE, found {text!r}")
    return key.strip(), value.strip()


def quote_files(talk: Talk, files: Sequence[str], changes: Sequence[str]) -> None:
    """Show plans and prices; hand nothing in. Raises NoPlace if a job can run nowhere."""
    loaded = load_files(talk, files, changes)
    quotes = [(spec, _dry_run(talk, spec, loaded)) for spec in loaded]
    for spec, quote in quotes:
        if talk.for_people:
            _show_plan(talk, quote, spec.job_name, members=specs.one_member(spec.mapping)[1])
        elif talk.json_:
            talk.write_json({"name": spec.job_name, **quote.raw})
        elif quote.chosen:
            talk.write(quote.chosen.pool_id or quote.chosen.centre)
    _must_have_place(quotes)


def submit_files(
    talk: Talk, files: Sequence[str], changes: Sequence[str], *, yes: bool
) -> tuple[Job, ...]:
    """Hand jobs in and accept their quotes. Raises Declined, NoPlace and what the server says."""
    loaded = load_files(talk, files, changes)
    later = any(spec.mapping.get("after") or spec.mapping.get("array") for spec in loaded)
    if later:
        jobs = _plan_then_post(talk, loaded, yes=yes)
    else:
        jobs = _post_then_accept(talk, loaded, yes=yes)
    _report(talk, jobs)
    return jobs


def _plan_then_post(talk: Talk, loaded: Sequence[LoadedSpec], *, yes: bool) -> tuple[Job, ...]:
    """Plan by dry runs, ask, then post with the order to accept."""
    if not yes or talk.for_people:
        quotes = [(spec, _dry_run(talk, spec, loaded)) for spec in loaded]
        hold = Decimal(0)
        for spec, quote in quotes:
            members = specs.one_member(spec.mapping)[1]
            _show_plan(talk, quote, spec.job_name, members=members)
            hold += (quote.hold or 0) * members
        _must_have_place(quotes)
        _agree(talk, _question(talk, hold, count=len(quotes)), yes=yes)
    return _post(talk, loaded, accept=True)


def _post_then_accept(talk: Talk, loaded: Sequence[LoadedSpec], *, yes: bool) -> tuple[Job, ...]:
    """Post, show each job's own quote, ask, accept. A no cancels what was posted."""
    if not yes and not talk.can_ask:
        talk.ask("")  # says that --yes is needed before anything is sent
    posted = _post(talk, loaded, accept=False)
    try:
        shown = talk.for_people or not yes
        hold = sum((_plan_of(talk, job, shown=shown) for job in posted), Decimal(0))
        _agree(talk, _question(talk, hold, count=len(posted)), yes=yes)
        return tuple(talk.grid.jobs.accept_job(job.id) for job in posted)
    except BaseException:
        # Whatever went wrong, nothing may start that nobody has agreed to.
        _withdraw(talk, posted)
        raise


def _plan_of(talk: Talk, job: Job, *, shown: bool) -> Decimal:
    """Show a posted job's own quote; return its hold. Raises NoPlace after showing why."""
    jobs, rejected = talk.grid.jobs, None
    with talk.busy(talk.say("planning")):
        try:
            jobs.wait_for_quote(job.id)
        except NoPlace as error:
            rejected = error
    quote = jobs.quote_of(job.id)
    if shown:
        _show_plan(talk, quote, job.name)
    if rejected is not None:
        raise rejected
    return quote.hold or Decimal(0)


def _question(talk: Talk, hold: Decimal, *, count: int) -> str:
    if count == 1:
        return talk.say("Submit?")  # its hold stands in the line above
    return talk.say("Holds {hold} in all. Submit?", hold=money(hold))


def _agree(talk: Talk, question: str, *, yes: bool) -> None:
    """Ask, unless the yes was said already. Raises Declined."""
    if not yes and not talk.ask(question):
        raise Declined


def _withdraw(talk: Talk, posted: Sequence[Job]) -> None:
    for job in posted:
        now = talk.grid.jobs.get(job.id)
        if now.accepted:
            talk.tell(talk.say("{id} submitted.", id=job.id))
        elif not now.is_final:
            talk.grid.jobs.cancel(job.id)


def _post(talk: Talk, loaded: Sequence[LoadedSpec], *, accept: bool) -> tuple[Job, ...]:
    # Made here, once for what the person asked for, and used again whenever it is sent again.
    key = secrets.token_hex(16)
    try:
        with file_progress(talk) as told:
            return talk.grid.jobs.submit_all(loaded, accept=accept, idempotency_key=key, told=told)
    except Answered as error:
        raise _placed(talk, error, loaded) from None


def _dry_run(talk: Talk, spec: LoadedSpec, loaded: Sequence[LoadedSpec]) -> Quote:
    # Alone, a job may not name the others of its submission.
    others = {each.job_name for each in loaded}
    after = [name for name in spec.mapping.get("after") or () if name not in others]
    mapping = {key: value for key, value in spec.mapping.items() if key != "after"}
    alone = {**mapping, "after": after} if after else mapping
    try:
        with talk.busy(talk.say("planning")):
            return talk.grid.jobs.quote_loaded(LoadedSpec(alone, spec.name, spec.text, spec.folder))
    except Answered as error:
        raise _placed(talk, error, [spec]) from None


def _placed(talk: Talk, error: Answered, loaded: Sequence[LoadedSpec]) -> Exception:
    """Show the server's mistakes at their lines in the files they came from."""
    shown = 0
    for each in error.errors:
        spec, pointer = _whose(str(each.get("pointer", "")), loaded)
        if spec is None:
            continue
        line = line_of(spec.text, pointer)
        place = f":{line[0]}:{line[1]}" if line else f" {pointer}"
        talk.tell(printable(f"{spec.name}{place}: {each.get('detail', '')}"))
        shown += 1
    return SpecRefused(count=shown) if shown else error


def _whose(pointer: str, loaded: Sequence[LoadedSpec]) -> tuple[LoadedSpec | None, str]:
    steps = pointer.split("/")[1:]
    if steps[:1] == ["spec"]:
        return loaded[0], "/".join(["", *steps[1:]])
    if steps[:1] == ["specs"] and len(steps) > 1 and steps[1].isdecimal():
        place = int(steps[1])
        if place < len(loaded):
            return loaded[place], "/".join(["", *steps[2:]])
    return None, pointer


def _show_plan(talk: Talk, quote: Quote, name: str, *, members: int = 1) -> None:
    say = talk.say
    many = f" × {members}" if members > 1 else ""
    talk.err.print(f"{printable(name)}{many}", style="bold", markup=False, highlight=False)
    talk.err.print(plan_table(quote, say), highlight=False)
    chosen = quote.chosen
    if chosen is not None and quote.hold is not None:
        talk.tell(
            say(
                "Holds {hold}{many}; expected {cost} for {time}.",
                hold=money(quote.hold, quote.currency),
                many=many,
                cost=money(chosen.cost, quote.currency),
                time=duration(chosen.run_seconds),
            )
        )
    for line in budgets_left(quote.budgets, say):
        talk.tell(line)


def _must_have_place(quotes: Sequence[tuple[LoadedSpec, Quote]]) -> None:
    for spec, quote in quotes:
        if quote.chosen is None:
            why = "; ".join(dict.fromkeys(o.why_text or o.why_not or "" for o in quote.options))
            raise NoPlace(name=spec.job_name, reason=why or "no centre has joined")


def _report(talk: Talk, jobs: Sequence[Job]) -> None:
    """Give the result, and say what can be done next."""
    if talk.json_:
        talk.write_json(_raw(jobs))
        return
    if talk.quiet:
        for job in jobs:
            talk.write(job.id)
        return
    arrays = Counter(job.array_id for job in jobs if job.array_id)
    heads = dict.fromkeys(job.array_id or job.id for job in jobs)
    for head in heads:
        if head in arrays:
            talk.write(talk.say("{id} submitted: {count} jobs.", id=head, count=arrays[head]))
        else:
            talk.write(talk.say("{id} submitted.", id=head))
    first = next(iter(heads))
    if first in arrays:
        talk.tell(talk.say("Wait: {command}", command=f"suan job wait {first}"))
        return
    talk.tell(
        "   ".join(
            (
                talk.say("Follow: {command}", command=f"suan job logs -f {first}"),
                talk.say("Cancel: {command}", command=f"suan job cancel {first}"),
            )
        )
    )


def _raw(jobs: Sequence[Job]) -> Any:  # noqa: ANN401 - JSON
    return [job.raw for job in jobs]
