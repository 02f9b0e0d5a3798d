"""What the verifier found: faults, each with its place, and how the gap comes about."""

from __future__ import annotations

from dataclasses import dataclass, field

from suanwang.market.verify.result import Claims

FAULTS_MAX = 1000  # kept; the rest are counted
#: What is wrong, by code. {place} is an id, a node, a link or a key of RESULT.
FAULTS = {
    "hash": "{place}: RESULT is of a case with hash {found}; this one has {expected}",
    "rules": "{place}: rules version {found}; this program checks {expected}",
    "seed": "{place}: seed {found} instead of {expected}",
    "unknown": "{place}: CASE has no {found}",
    "twice": "{place} is listed twice",
    "unlisted": "{place} is not listed",
    "order": "{place}: listed out of order; {expected} comes here",
    "quantity": "{place}: {found} cards; allowed is {expected}",
    "lot": "{place}: {found} cards is no multiple of the lot of {expected}",
    "balance": "{place}: what comes in exceeds what goes out by {found} cards",
    "capacity": "{place}: {found} is used of a capacity of {expected}",
    "ratio": "{place}: its slots are not taken in one ratio",
    "min-fraction": "{place}: taken at {found}, its least fraction is {expected}",
    "group": "{place}: the ratios of the group sum to {found}, above 1",
    "parent": "{place}: its ratio {found} is above its parent's {expected}",
    "job-place": "{place}: runs at {found}, which it does not allow",
    "job-width": "{place}: width {found} is not within {expected}",
    "job-work": "{place}: does work of {found} card-hours instead of {expected}",
    "job-split": "{place}: is split over {found}; its shape allows {expected}",
    "job-pauses": "{place}: pauses {found} times; allowed is {expected}",
    "pool": "{place}: gangs take {found} cards of the pool's {expected}",
    "gang": "{place}: a gang takes all its cards from one pool of their place, not from {found}",
    "data-window": "{place}: data moves in slot {found}, outside its window",
    "data": "{place}: {found} GB moved where {expected} must",
    "offer-range": "{place}: {found} cards; allowed is 0 or {expected}",
    "offer-run": "{place}: a run of {found} slots; at least {expected}",
    "offer-ramp": "{place}: changes by {found} cards from one slot to the next; at most {expected}",
    "price-range": "{place}: price {found} is outside {expected}",
    "price-interval": "{place}: price {found} is outside the node's own interval {expected}",
    "price-nearest": "{place}: price {found}; {expected} is nearer to the middle and possible",
    "link-support": "{place}: prices differ by {found}; the link allows {expected}",
    "link-least": "{place}: link price {found} instead of {expected}",
    "link-room": "{place}: link price {found} although capacity is left",
    "loss": "{place}: accepted, and loses {found} yuan at the published prices",
    "uplift": "{place}: uplift of {found} yuan instead of {expected}",
    "uplift-sum": "{place}: uplift sums to {found} yuan instead of 0",
    "settlement": "{place}: settled with {found} yuan instead of {expected}",
    "paid": "{place}: paid {found} yuan instead of {expected}",
    "rent": "{place}: congestion rent of {found} yuan instead of {expected}",
    "money-sum": "{place}: settlements and congestion rent sum to {found} yuan instead of 0",
    "missed": "{place}: missed {expected} yuan; RESULT says {found}",
    "tie": "{place}: filled with {found} cards; its share of the tie is {expected}",
    "tie-links": "{place}: unfilled parts of {found} and {expected} could be evened out over links",
    "tie-lots": "{place}: filled before {expected}, which comes first",
    "welfare": "{place}: welfare {found} yuan instead of {expected}",
    "multiplier": "{place}: multiplier {found}; at least {expected} is needed",
    "bound": "{place}: bound {found} yuan; the multipliers prove {expected}",
    "bound-sum": "{place}: bound {found} yuan; welfare and the listed parts sum to {expected}",
    "gap": "{place}: gap {found} yuan instead of {expected}",
    "gap-part": "{place}: contributes {expected} yuan to the gap; RESULT says {found}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that does not hold; `expected` and `found` are written out already."""

    code: str
    place: str
    expected: str
    found: str


@dataclass(slots=True)
class Faults:
    """Collects faults; of a great many only the first are kept."""

    found: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, code: str, place: str, *, expected: object = "", found: object = "") -> None:
        """Note a fault."""
        self.count += 1
        if len(self.found) < FAULTS_MAX:
            self.found.append(
                Fault(code=code, place=place, expected=str(expected), found=str(found))
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class GapLine:
    """How far one order or link falls short of its own best, in 10⁻¹² yuan."""

    kind: str  # "ask", "bid", "block", "job", "offer", "link" or "pool"
    name: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GapSum:
    """What all orders of one kind, or all links, contribute to the gap."""

    kind: str
    lines: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a RESULT is proven, and the numbers that were computed anew, in 10⁻¹² yuan."""

    proven: bool
    faults: tuple[Fault, ...]
    fault_count: int
    status: str
    welfare: int
    bound: int
    gap: int
    sums: tuple[GapSum, ...]
    top: tuple[GapLine, ...]  # the greatest first
    claims: Claims | None
    orders: int
    accepted: int
