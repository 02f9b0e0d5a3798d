"""The second reading's bills: each held against order, usage, round and transfers, job by job.

Records of a job are kept from its order to its last bill or credit note and no longer, so that
memory grows with the jobs that are under way. A bill's transfers stand in the log before it; what
else is written with it may come a little later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from suanwang.ledger.archive.proven import LAG, WORDS, Facts, rounds_of
from suanwang.ledger.log.billing import check_bills
from suanwang.ledger.log.crediting import check_credits
from suanwang.ledger.log.leaves import TRANSFERS
from suanwang.ledger.log.sources import SHARED, named_by
from suanwang.ledger.log.verdict import Leaf, wrong

_OF_BILL = "bil_"


class Bills:
    """Jobs with bills, and what of each was read so far."""

    def __init__(self, facts: Facts) -> None:
        self._tail = facts.tail
        self._last_evidence = facts.last_evidence
        self.under_way: set[str] = set()
        self._bills = facts.bills
        self._due_words = facts.words  # bills and credit notes of jobs that were not read yet
        self._leaves: dict[str, list[Leaf]] = {}
        self._rounds: dict[str, Leaf] = {}
        self._rounds_due = facts.rounds
        self._commissions: dict[str, Leaf] = {}
        # Contracts, price lists and fees: few, and any later bill may name them.
        self._shared: dict[tuple[str, str], Leaf] = {}
        self._due: deque[tuple[int, str]] = deque()
        self.checked = 0
        self.credit_notes = 0

    def take(self, leaf: Leaf) -> None:
        """Keep a record of a job with a bill; check what is complete. Raises BundleWrong."""
        if leaf.source == TRANSFERS:
            self._transfer(leaf)
        else:
            self._evidence(leaf)
        while self._due and self._due[0][0] < leaf.index:
            self._check(self._due.popleft()[1])

    def end(self) -> None:
        """Check what is left once everything was read."""
        while self._due:
            index, job = self._due.popleft()
            if index - LAG == self._last_evidence and self._lacks_split(job):
                self.under_way.add(job)  # it was written with the bill and comes after it
            else:
                self._check(job)
        for leaf in self._commissions.values():
            wrong(leaf.place, f"the bill {leaf.id}", "none")

    def _lacks_split(self, job: str) -> bool:
        bill = self._leaves[job][-1]
        parts = bill.record.get("parts")
        roles = {each.get("role") for each in parts} if isinstance(parts, list) else set()
        return bool(roles & {"broker", "carrier"}) and bill.id not in self._commissions

    def _transfer(self, leaf: Leaf) -> None:
        chain, group = leaf.row["chain_id"], leaf.row["group_id"]
        job = group if group in self._due_words else self._bills.get(str(chain))
        if job in self._due_words:
            self._keep(str(job), leaf)
        elif chain is not None and chain.startswith(_OF_BILL) and chain not in self._bills:
            # A head may be signed when a bill's transfers are in the log and itself is not yet.
            if leaf.index < self._tail:
                wrong(leaf.place, f"the bill {chain} on record", "none")
            self.under_way.add(chain)

    def _evidence(self, leaf: Leaf) -> None:
        if leaf.kind in SHARED:
            self._shared[leaf.kind, leaf.id] = leaf
        elif leaf.kind == "round":
            if self._rounds_due[leaf.id]:
                self._rounds[leaf.id] = leaf
        elif leaf.kind == "commission":
            self._commissions[leaf.id] = leaf
        elif (job := self._job_of(leaf)) in self._due_words:
            self._keep(job, leaf)
            if leaf.kind in WORDS:
                self._heard(job, leaf)

    def _job_of(self, leaf: Leaf) -> str:
        """Return the job that a record is about; "" where it is about none."""
        if leaf.kind == "order":  # it may have been erased
            return leaf.id
        said = leaf.record
        nested = said.get("record")
        told = nested if isinstance(nested, Mapping) else said
        return str(told.get("job_id") or self._bills.get(str(said.get("bill_id")), ""))

    def _heard(self, job: str, leaf: Leaf) -> None:
        self._due_words[job] -= 1
        if not self._due_words[job]:
            self._due.append((leaf.index + LAG, job))

    def _keep(self, job: str, leaf: Leaf) -> None:
        self._leaves.setdefault(job, []).append(leaf)

    def _check(self, job: str) -> None:
        leaves = self._leaves.pop(job)
        del self._due_words[job]
        named: set[str] = set()
        shared: set[tuple[str, str]] = set()
        for bill in [each for each in leaves if each.kind == "bill"]:
            if (split := self._commissions.pop(bill.id, None)) is not None:
                leaves.append(split)
            shared |= named_by(bill.record["lines"], bill.record.get("terms"))
            for round_id in rounds_of(bill.record):
                named.add(round_id)
                self._rounds_due[round_id] -= 1
        leaves += [self._rounds[each] for each in named if each in self._rounds]
        leaves += [self._shared[each] for each in shared if each in self._shared]
        leaves.sort(key=lambda each: each.index)
        bills = check_bills(leaves)
        self.checked += len(bills)
        self.credit_notes += len(check_credits(leaves, bills))
        for round_id in named:
            if not self._rounds_due[round_id]:
                self._rounds.pop(round_id, None)
