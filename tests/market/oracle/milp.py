"""The best outcome of every order kind, unrestricted by prices: one mixed-integer programme.

The programme is the rules page, row by row; jobs have their own columns in `job_columns`.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from tests.market.oracle import job_columns
from tests.market.oracle.job_columns import Overbuy
from tests.market.oracle.outcome import NOTHING, Outcome
from tests.market.oracle.programme import Programme
from tests.market.oracle.reading import read


def optimum(document, *, overbuy=Overbuy.LITERAL) -> float:
    """The most welfare of any feasible outcome, in yuan."""
    model = Model(read(document), overbuy=overbuy)
    x = model.programme.solve()
    assert x is not None, "rejecting everything is always feasible"
    return model.programme.worth(x)


class Model:
    """The columns of a case, and how to read an outcome off them."""

    def __init__(self, case, *, overbuy=Overbuy.LITERAL) -> None:
        self.case = case
        self.overbuy = overbuy
        self.programme = Programme()
        self.taken: dict[str, list[int]] = {}  # block, job → switches of which one is on
        self.switches: list[int] = []  # all choices that are not about amounts
        self.steps: dict[str, int] = {}
        self.ratios: dict[str, int] = {}
        self.runs: dict[str, dict[int, int]] = {}  # offer → slot → column
        self.widths: dict[str, list[tuple[tuple, int]]] = defaultdict(list)
        self.flows: dict[tuple, int] = {}
        self.data: dict[str, list[tuple[tuple, int]]] = defaultdict(list)
        self.balance: dict[tuple, list[tuple[int, float]]] = defaultdict(list)
        self.load: dict[tuple, list[tuple[int, float]]] = defaultdict(list)
        self.pools: dict[tuple, list[tuple[int, float]]] = defaultdict(list)
        self._steps()
        self._flows()
        self._blocks()
        for offer in case["offers"]:
            self._offer(offer)
        for job in case["jobs"]:
            job_columns.add(self, job)
        self._close()

    def choice(self, gain=0.0) -> int:
        """A switch that counts as a choice."""
        column = self.programme.switch(gain)
        self.switches.append(column)
        return column

    def forced(self, accepted):
        """Rows under which exactly these blocks and jobs are taken."""
        for id_, switches in self.taken.items():
            wanted = 1.0 if id_ in accepted else 0.0
            yield [(column, 1.0) for column in switches], wanted, wanted

    def other_than(self, x):
        """A row under which at least one choice differs from these."""
        on = [c for c in self.switches if x[c] > 0.5]
        off = [c for c in self.switches if x[c] <= 0.5]
        return [(c, 1.0) for c in off] + [(c, -1.0) for c in on], 1.0 - len(on), np.inf

    def outcome(self, x) -> Outcome:
        """The outcome that these columns tell."""
        slots = range(len(self.case["hours"]))
        return Outcome(
            steps={id_: _clean(x[c]) for id_, c in self.steps.items()},
            blocks={id_: _clean(x[c]) for id_, c in self.ratios.items()},
            offers={
                id_: [_clean(x[run[t]]) if t in run else 0.0 for t in slots]
                for id_, run in self.runs.items()
            },
            jobs={id_: _gathered(x, cells) for id_, cells in self.widths.items()},
            data={id_: _gathered(x, ways) for id_, ways in self.data.items()},
            flows={way: x[c] for way, c in self.flows.items() if x[c] > NOTHING},
        )

    def _steps(self) -> None:
        for sign, side in ((1, "asks"), (-1, "bids")):
            for step in self.case[side]:
                gain = -sign * step["price"] * self.case["hours"][step["node"][2]]
                column = self.programme.column(gain, high=step["quantity"])
                if step["lot"]:
                    self._in_lots([(column, 1.0)], lot=step["lot"], most=step["quantity"])
                self.steps[step["id"]] = column
                self.balance[step["node"]].append((column, sign))
                self._sell_to_pool(step, column, slot=step["node"][2])

    def _sell_to_pool(self, seller, column, *, slot) -> None:
        if seller["pool"] is not None:
            self.pools[seller["pool"], slot].append((column, -1.0))

    def _in_lots(self, terms, *, lot, most) -> None:
        """Σ terms is a whole number of lots; its binary digits are choices like any other."""
        lots = int(most / lot + 1e-9)
        digits = [(self.choice(), 2.0**i) for i in range(lots.bit_length())]
        self.programme.row([*terms, *((c, -lot * power) for c, power in digits)], low=0, high=0)

    def _flows(self) -> None:
        for link in self.case["links"]:
            source, target = link["ends"]
            for slot, hour in enumerate(self.case["hours"]):
                for k, weight in link["weights"].items():
                    column = self.programme.column(-link["cost"] * hour)
                    self.flows[source, target, k, slot] = column
                    self.balance[source, k, slot].append((column, -1.0))
                    self.balance[target, k, slot].append((column, 1.0))
                    self.load[source, target, slot].append((column, weight))

    def _blocks(self) -> None:
        for block in self.case["blocks"]:
            self._block(block)
        groups = defaultdict(list)
        for block in self.case["blocks"]:
            ratio = self.ratios[block["id"]]
            if block["parent"] is not None:
                self.programme.row([(ratio, 1.0), (self.ratios[block["parent"]], -1.0)], high=0)
            if block["group"] is not None:
                groups[block["group"]].append((ratio, 1.0))
        for terms in groups.values():
            self.programme.row(terms, high=1)

    def _block(self, block) -> None:
        sign = 1 if block["side"] == "ask" else -1
        hours = self.case["hours"]
        cells = block["cells"].items()
        gain = -sign * sum(block["prices"][cell] * q * hours[cell[2]] for cell, q in cells)
        ratio, on = self.programme.column(gain, high=1), self.choice()
        self.ratios[block["id"]], self.taken[block["id"]] = ratio, [on]
        self.programme.row([(ratio, 1.0), (on, -1.0)], high=0)
        self.programme.row([(ratio, 1.0), (on, -block["min_fraction"])], low=0)
        for cell, quantity in cells:
            self.balance[cell].append((ratio, sign * quantity))
            if block["lot"]:
                self._in_lots([(ratio, quantity)], lot=block["lot"], most=quantity)

    def _offer(self, offer) -> None:
        programme, hours = self.programme, self.case["hours"]
        window = range(offer["start"], offer["end"])
        on = {t: self.choice() for t in window}
        start = {t: programme.switch(-offer["start_cost"]) for t in window}
        cards = {t: programme.column(-offer["price"][t] * hours[t]) for t in window}
        self.runs[offer["id"]] = cards
        for t in window:
            programme.row([(cards[t], 1.0), (on[t], -offer["quantity"][t])], high=0)
            programme.row([(cards[t], 1.0), (on[t], -offer["quantity_min"])], low=0)
            before = [(on[t - 1], 1.0)] if t > offer["start"] else []
            programme.row([(start[t], 1.0), (on[t], -1.0), *before], low=0)
            for later in range(t, min(t + offer["min_run"], offer["end"])):
                programme.row([(on[later], 1.0), (start[t], -1.0)], low=0)
            if before and offer["ramp"] is not None:
                self._ramp(offer, cards, on, slot=t)
            self.balance[offer["zone"], offer["class"], t].append((cards[t], 1.0))
            self._sell_to_pool(offer, cards[t], slot=t)

    def _ramp(self, offer, cards, on, *, slot) -> None:
        most = max(offer["quantity"])
        for now, before in ((slot, slot - 1), (slot - 1, slot)):
            # Where either slot is off there is no run to be smooth within.
            terms = [(cards[now], 1.0), (cards[before], -1.0), (on[before], most)]
            self.programme.row(terms, high=offer["ramp"] + most)

    def _close(self) -> None:
        for terms in self.balance.values():
            self.programme.row(terms, low=0, high=0)
        for terms in self.pools.values():
            self.programme.row(terms, high=0)
        room = {
            (*link["ends"], slot): capacity
            for link in self.case["links"]
            for slot, capacity in enumerate(link["capacity"])
        }
        for way, terms in self.load.items():
            self.programme.row(terms, high=room[way])


def _clean(amount) -> float:
    return float(amount) if amount > NOTHING else 0.0


def _gathered(x, columns) -> dict:
    total: dict[tuple, float] = defaultdict(float)
    for key, column in columns:
        total[key] += x[column]
    return {key: float(amount) for key, amount in total.items() if amount > NOTHING}
