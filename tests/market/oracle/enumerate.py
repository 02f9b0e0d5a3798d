"""The best outcome with prices at which nobody loses: every accepted set of blocks and jobs is tried.

A set's best outcome need not have such prices while another of its outcomes has, so each set is gone
through in falling order of welfare, choice by choice (where a job runs, when an offer is on), and a
few of the outcomes that are equally good are looked at.
"""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
from tests.market.oracle.milp import Model, Overbuy
from tests.market.oracle.outcome import taken
from tests.market.oracle.prices import prices_exist
from tests.market.oracle.reading import read

SETS_MAX = 2**8
CHOICES_MAX = 60  # choices looked at within a set
TRIES = 3  # equally good outcomes looked at within a choice
EQUAL = 1e-9  # of the welfare; outcomes that differ less are equally good


def no_loss_optimum(document, *, overbuy=Overbuy.LEAST):
    """(welfare in yuan, ids of accepted blocks, jobs and offers) of the best outcome with prices."""
    model = Model(read(document), overbuy=overbuy)
    assert 2 ** len(model.taken) <= SETS_MAX, "too many sets to try"
    found = ((_best_of(model, accepted), accepted) for accepted in _sets(list(model.taken)))
    tops = [(model.programme.worth(x), accepted) for x, accepted in found if x is not None]
    best = None
    for top, accepted in sorted(tops, key=lambda one: -one[0]):
        if best is not None and top <= best[0]:
            break
        best = _better(model, document, accepted, than=best)
    assert best is not None, "the case has more choices than CHOICES_MAX"
    return best


def falling(document, *, overbuy=Overbuy.LEAST):
    """The same without the sets: all choices of the case in falling order of welfare."""
    model = Model(read(document), overbuy=overbuy)
    return _descend(model, document, rows=[], than=None, choices_max=2**12)


def _sets(ids):
    for size in range(len(ids) + 1):
        yield from (frozenset(chosen) for chosen in combinations(ids, size))


def _best_of(model, accepted):
    return model.programme.solve(more=list(model.forced(accepted)))


def _better(model, document, accepted, *, than):
    return _descend(
        model, document, rows=list(model.forced(accepted)), than=than, choices_max=CHOICES_MAX
    )


def _descend(model, document, *, rows, than, choices_max):
    """The best outcome under these rows that has prices, where it is better than `than`."""
    seen = list(rows)
    for _ in range(choices_max):
        x = model.programme.solve(more=seen)
        if x is None:
            return than
        worth = model.programme.worth(x)
        if than is not None and worth <= than[0]:
            return than
        for outcome in _equally_good(model, x, seen):
            if prices_exist(document, outcome):
                return worth, taken(outcome)
        if not model.switches:
            return than
        seen.append(model.other_than(x))
    return than


def _equally_good(model, x, rows):
    yield model.outcome(x)
    worth, dice = model.programme.worth(x), random.Random(0)
    gains = [(c, gain) for c, gain in enumerate(model.programme.gains) if gain]
    same = (gains, worth - EQUAL * max(1.0, abs(worth)), np.inf)
    chosen = [([(c, 1.0)], round(x[c]), round(x[c])) for c in model.switches]
    for _ in range(TRIES):
        wish = [dice.uniform(-1, 1) if np.isfinite(h) else -0.1 for h in model.programme.high]
        other = model.programme.solve(wish, more=[*rows, same, *chosen])
        if other is not None:
            yield model.outcome(other)
