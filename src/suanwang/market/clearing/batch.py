"""Slots of a case on the solver's bench: what each is asked and where the solver leaves it.

Rows are the nodes and links of one slot; variables are numbered nodes, then link × class, then the
links' slacks. Slots come in batches, so that compiled code is entered once for many of them and the
bench stays small however long the horizon is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suanwang.market.case.model import Ints
from suanwang.market.clearing.network import Links
from suanwang.market.clearing.own.compiled import inner

Floats = NDArray[np.float64]
DEGENERATE_MAX: Final = 300  # pivots without progress before Bland's rule takes over
_ENTRIES_MAX: Final = 1 << 22  # entries of all basis inverses in a batch: 32 MiB


class Limits(NamedTuple):
    """How far to go: a price beyond every other (micro-yuan), and the work limits of a slot."""

    scarce: float
    pivots_max: int
    degenerate_max: int = DEGENERATE_MAX


class Batch(NamedTuple):
    """Some slots and where the solver leaves each of them; `count` slots of the case."""

    slots: Ints  # [count]
    demand: Ints  # [nodes of the case], quanta that each owes to jobs and blocks (negative: gets)
    room: Floats  # [count, links], capacity left, in weight × quanta
    status: Ints  # [count]
    pivots: Ints  # [count]
    y: Floats  # [count, nodes], quanta
    flow: Floats  # [count, links, classes], quanta
    dual: Floats  # [count, rows]: node prices, then minus link prices
    in_row: Ints  # [count, rows], the variable of each row
    row_of: Ints  # [count, variables], or −1: not in the basis
    inverse: Floats  # [count, rows, rows]


class Tableau(NamedTuple):
    """One slot of a batch; its nodes begin at `offset`."""

    offset: int
    demand: Ints
    room: Floats
    y: Floats
    flow: Floats
    dual: Floats
    in_row: Ints
    row_of: Ints
    inverse: Floats


def empty_batch(network: Links, slots: Ints, demand: Ints, room: Floats) -> Batch:
    """Allocate a batch; room is [links, slots of the case]."""
    count, (links, classes) = len(slots), network.weight.shape
    nodes = network.zones * classes
    rows = nodes + links
    return Batch(
        slots=slots,
        demand=demand,
        room=np.ascontiguousarray(room[:, slots].T),
        status=np.zeros(count, np.int64),
        pivots=np.zeros(count, np.int64),
        y=np.zeros((count, nodes)),
        flow=np.zeros((count, links, classes)),
        dual=np.zeros((count, rows)),
        in_row=np.zeros((count, rows), np.int64),
        row_of=np.zeros((count, rows + links * classes), np.int64),
        inverse=np.zeros((count, rows, rows)),
    )


@inner
def tableau_of(batch: Batch, i: int) -> Tableau:
    """Return the views of slot i of a batch."""
    offset = batch.slots[i] * batch.y.shape[1]
    return Tableau(
        offset,
        batch.demand[offset : offset + batch.y.shape[1]],
        batch.room[i],
        batch.y[i],
        batch.flow[i],
        batch.dual[i],
        batch.in_row[i],
        batch.row_of[i],
        batch.inverse[i],
    )


def in_batches(network: Links, slots: Ints) -> Iterator[Ints]:
    """Cut a list of slots into batches whose inverses fit in memory."""
    rows = network.zones * network.classes + network.source.size
    size = max(_ENTRIES_MAX // (rows * rows), 1)
    for begin in range(0, len(slots), size):
        yield slots[begin : begin + size]
