"""What the verification of a bundle or an export says to a person."""

from __future__ import annotations

from suanwang.basics.languages import Texts
from suanwang.basics.slots import format_instant, from_micros
from suanwang.ledger.archive.verify import ExportVerdict
from suanwang.ledger.log.verdict import BillFigures, Verdict


def plain(text: str) -> str:
    """Write a text so that it does not steer a terminal."""
    return "".join(each if each.isprintable() else "�" for each in text)


def report_of_bundle(verdict: Verdict, say: Texts) -> list[str]:
    """Say what a bundle proves, whose word that is, and what it does not prove."""
    head = verdict.head
    lines = [
        say(
            "PROVEN: {count} records are in the log of {origin} ({size} leaves, root {root})",
            count=len(verdict.records), origin=head.origin, size=head.size, root=head.root.hex(),
        )
    ]  # fmt: skip
    for bill in verdict.bills:
        lines += _bill(bill, say)
    for note in verdict.credit_notes:
        text = "Credit note {number}: {amount} yuan given back, {total} of it to the buyer"
        lines.append(say(text, number=plain(note.number), amount=note.amount, total=note.total))
    if not verdict.bills:
        lines.append(say("There is no bill in it: no figures were checked."))
    return [*lines, *_signed(verdict, say)]


def report_of_export(verdict: ExportVerdict, say: Texts) -> list[str]:
    """Say what an export proves, whose word that is, and what it does not prove."""
    head = verdict.head
    figures = {
        "transfers": verdict.transfers, "evidence": verdict.evidence, "accounts": verdict.accounts,
        "bills": verdict.bills, "credit_notes": verdict.credit_notes, "months": verdict.months,
        "statements": verdict.statements,
    }  # fmt: skip
    told = [
        say(
            "PROVEN: the whole log of {origin} ({size} leaves, root {root})",
            origin=head.origin, size=head.size, root=head.root.hex(),
        )
    ]  # fmt: skip
    if verdict.since:
        text = "It continues an export of {since} leaves, which was checked with it"
        told.append(say(text, since=verdict.since))
    for text in (
        "{transfers} transfers and {evidence} records of what was decided, each as it was logged",
        "{accounts} accounts replayed: every asset sums to zero, floors, holds and chains hold",
        "{bills} bills and {credit_notes} credit notes agree with usage, rounds and transfers",
        "{statements} statements of {months} closed months follow from their entries",
    ):
        told.append(say(text, **figures))
    if verdict.unopened:
        text = "{count} accounts are older than records of accounts: their floors are unknown"
        told.append(say(text, count=verdict.unopened))
    if verdict.erased:
        text = "{count} records were erased, each by an erasure on record"
        told.append(say(text, count=verdict.erased))
    if verdict.kept:
        text = "{count} records here were erased at the exchange since: delete them here too"
        told.append(say(text, count=verdict.kept))
    return [*told, *_signed(verdict, say)]


def _signed(verdict: Verdict | ExportVerdict, say: Texts) -> list[str]:
    """Say whose key signed, and whether anybody else vouches for the head."""
    lines = []
    lines.append(say("Key: {key}", key=verdict.log.vkey))
    lines.append(say("Its fingerprint: {fingerprint}", fingerprint=verdict.log.fingerprint))
    if verdict.pinned:
        lines.append(say("The key is pinned: it is the one in --key."))
    else:
        lines.append(
            say("The key is not pinned: it came with the bundle. Compare its fingerprint.")
        )
    lines += _witnesses(verdict, say)
    return [*lines, say("Not proven by any log: that the meters told the truth.")]


def _bill(bill: BillFigures, say: Texts) -> list[str]:
    first = say(
        "Bill {bill} of {job} ({mode}): gross {gross}, vouchers {vouchers}, total {total} yuan",
        bill=plain(bill.id), job=plain(bill.job_id), mode=plain(bill.mode),
        gross=bill.gross, vouchers=bill.vouchers, total=bill.total,
    )  # fmt: skip
    second = say(
        "  {lines} lines sum to it, and {transfers} transfers moved what they say",
        lines=bill.lines, transfers=bill.transfers,
    )  # fmt: skip
    found = [first, second]
    if bill.usage_id is not None:
        text = (
            "  The quantities follow from {usage}, signed by the centre: not a proof of the meter"
        )
        found.append(say(text, usage=plain(bill.usage_id)))
    if bill.rounds:
        rounds = plain(", ".join(bill.rounds))
        found.append(say("  The round is in the log: {rounds}", rounds=rounds))
    return found


def _witnesses(verdict: Verdict | ExportVerdict, say: Texts) -> list[str]:
    count = len(verdict.cosignatures)
    if not count:
        return [say("Witnesses: 0. Nobody can see offline whether others were shown another log.")]
    lines = [say("Witnesses: {count}, by keys that came with the bundle", count=count)]
    for each in verdict.cosignatures:
        at = format_instant(from_micros(each.seconds * 1_000_000))
        name, print_ = each.witness.name, each.witness.fingerprint
        lines.append(
            say(
                "  {name} at {time}, fingerprint {fingerprint}",
                name=name,
                time=at,
                fingerprint=print_,
            )
        )
    return lines
