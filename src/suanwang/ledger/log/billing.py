"""What the records of a bill must say to each other, once each is proven to be in the log.

    order ─▶ hold ─▶ posts of the bill's chain ──▶ parts of its lines     to the last micro-yuan
                          usage (signed) ──▶ quantities of its lines
                          round ──────────▶ prices of its lines

A bill that was corrected stands there in versions ("bil_…", "bil_…#2"): each is checked, with the
transfers of all versions up to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from suanwang.basics.money import CNY, Money
from suanwang.ledger.log.billed_lines import Line, check_totals, lines_of
from suanwang.ledger.log.billed_use import check_prices, check_use, find
from suanwang.ledger.log.dealing import check_deal
from suanwang.ledger.log.leaves import EVIDENCE, TRANSFERS
from suanwang.ledger.log.listed import check_listed
from suanwang.ledger.log.said import Said
from suanwang.ledger.log.verdict import BillFigures, Leaf, wrong

_VOUCHERS = "VOUCHER:"
# An organisation earns in one account, whatever for; the exchange has one more for each of these.
OWN_ACCOUNT = frozenset(["exchange", "tax", "funder"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a bill, as its evidence says it."""

    leaf: Leaf
    said: Said
    lines: tuple[Line, ...]
    gross: Money
    vouchers: Money
    total: Money


def check_bills(leaves: Sequence[Leaf]) -> tuple[BillFigures, ...]:
    """Check the bill of a bundle in all its versions; no bill, no figures. Raises BundleWrong."""
    bills = [each for each in leaves if each.source == EVIDENCE and each.kind == "bill"]
    if not bills:
        return ()
    versions = [_version(each) for each in bills]
    job_id = versions[0].said.text("job_id")
    for each in versions[1:]:
        if each.said.text("job_id") != job_id:
            wrong(each.leaf.place, f"a bill of {job_id}", each.said.text("job_id"))
    transfers = [each for each in leaves if each.source == TRANSFERS]
    chains = {each.leaf.id for each in versions}
    for transfer in transfers:
        if transfer.row["group_id"] != job_id and transfer.row["chain_id"] not in chains:
            wrong(transfer.place, f"a transfer of {job_id}", transfer.row["group_id"])
    find(leaves, "order", job_id, asked_by=bills[0].place)
    return tuple(
        _figures(leaves, transfers, versions[: number + 1]) for number in range(len(versions))
    )


def _version(leaf: Leaf) -> Version:
    said = Said(leaf.place, leaf.record)
    lines = lines_of(said)
    gross, vouchers, total = check_totals(said, lines)
    return Version(leaf=leaf, said=said, lines=lines, gross=gross, vouchers=vouchers, total=total)


def _figures(
    leaves: Sequence[Leaf], transfers: Sequence[Leaf], versions: Sequence[Version]
) -> BillFigures:
    """Check the newest of these versions, and that its money has moved."""
    bill = versions[-1]
    usage_id = check_use(leaves, bill.said, bill.lines)
    rounds = check_prices(leaves, bill.said, bill.lines)
    if any(part.role in ("broker", "carrier") for line in bill.lines for part in line.parts):
        _check_commission(leaves, bill)
    check_listed(leaves, bill.said, bill.lines)
    check_deal(leaves, bill.said, bill.lines)
    chains = [chain_of(transfers, each.leaf) for each in versions]
    _check_money(transfers, [one for chain in chains for one in chain], bill)
    return BillFigures(
        id=bill.leaf.id,
        job_id=bill.said.text("job_id"),
        mode=bill.said.text("mode"),
        gross=bill.gross,
        vouchers=bill.vouchers,
        total=bill.total,
        lines=len(bill.lines),
        transfers=len(chains[-1]),
        usage_id=usage_id,
        rounds=rounds,
    )


def _check_commission(leaves: Sequence[Leaf], bill: Version) -> None:
    """Check that the split is on record, of this version or of the bill as it was first written."""
    wanted = {bill.leaf.id, bill.leaf.id.partition("#")[0]}
    if not any(each.kind == "commission" and each.id in wanted for each in leaves):
        wrong(bill.leaf.place, f"the record commission {bill.leaf.id} in the bundle", "none of it")


def chain_of(transfers: Sequence[Leaf], leaf: Leaf) -> list[Leaf]:
    """Return the transfers of the chain that a record names, which must be whole and in order."""
    chain = [each for each in transfers if each.row["chain_id"] == leaf.id]
    for place, each in enumerate(chain, start=1):
        found = (each.row["chain_place"], each.row["chain_size"])
        if found != (place, len(chain)):
            wrong(
                each.place,
                f"place {place} of {len(chain)} in its chain",
                f"{found[0]} of {found[1]}",
            )
    return chain


def _check_money(transfers: Sequence[Leaf], moved: Sequence[Leaf], bill: Version) -> None:
    """Check that what the buyer paid and each party got is what the bill says.

    No record here says whose an account is, so it is the amounts that are compared: what every
    account got and paid, with what every party is due.
    """
    yuan = [
        each
        for each in moved
        if each.row["asset"] == CNY.code and each.row["kind"] in ("post", "posted")
    ]
    check_holds(transfers, yuan, job_id=bill.said.text("job_id"))
    net: Counter[str] = Counter()
    for each in yuan:
        net[each.row["debit_id"]] -= each.row["amount_units"]
        net[each.row["credit_id"]] += each.row["amount_units"]
    if bill.total and -bill.total.units not in net.values():
        wrong(bill.leaf.place, f"transfers of {bill.total} from its buyer", amounts(net.values()))
    got = sorted(units for units in net.values() if units)
    owed = sorted(units for units in [*_due(bill.lines).values(), -bill.total.units] if units)
    if got != owed:
        wrong(bill.leaf.place, f"transfers to its parties of {amounts(owed)}", amounts(got))
    units = sum(
        each.row["amount_units"] * (-1 if each.row["reverses"] else 1)
        for each in moved
        if each.row["asset"].startswith(_VOUCHERS)
    )
    if units != bill.vouchers.units:
        wrong(bill.leaf.place, f"vouchers of {bill.vouchers} used up", Money(units, CNY))


def amounts(units: Iterable[int]) -> str:
    """Write amounts of micro-yuan."""
    return ", ".join(str(Money(each, CNY)) for each in units) or "none"


def _due(lines: Sequence[Line]) -> Counter[tuple[str, str]]:
    """Return what each account of each party gets by the lines; a funder gets less than nothing."""
    due: Counter[tuple[str, str]] = Counter()
    for line in lines:
        for part in line.parts:
            account = part.role if part.role in OWN_ACCOUNT else ""
            due[part.organisation_id, account] += part.amount.units
    return due


def check_holds(transfers: Sequence[Leaf], yuan: Sequence[Leaf], *, job_id: str) -> None:
    """Check that posts took from holds of this job, and from none more than it had.

    Besides the buyer's there may be one of a broker that sells below what it buys at.
    """
    opened = {each.id: each for each in transfers if each.row["kind"] == "pending"}
    taken: dict[str, int] = {}
    for each in yuan:
        if each.row["kind"] != "post":
            continue
        hold = opened.get(str(each.row["pending_id"]))
        if hold is None or hold.row["group_id"] != job_id:
            wrong(each.place, f"a post out of a hold of {job_id}", each.row["pending_id"])
        if hold.row["debit_id"] != each.row["debit_id"]:
            wrong(each.place, f"money of {hold.row['debit_id']}", each.row["debit_id"])
        taken[hold.id] = taken.get(hold.id, 0) + each.row["amount_units"]
        if taken[hold.id] > hold.row["amount_units"]:
            most = Money(hold.row["amount_units"], CNY)
            wrong(each.place, f"at most {most} out of {hold.id}", Money(taken[hold.id], CNY))
