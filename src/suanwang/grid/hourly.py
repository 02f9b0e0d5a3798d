"""Sums over figures that change at whole hours: prices, carbon.

A running total R(t) is the integral of the figure up to t; what a span costs is R(end) − R(start),
exact in whole numbers whatever the span's length. Placement asks for R at the same minute of many
consecutive hours, which costs one addition each here instead of one look-up each.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

HOURS = 24
HOUR_MICROS = 3_600_000_000
DAY_MICROS = HOURS * HOUR_MICROS
BEIJING_MICROS = 8 * HOUR_MICROS  # Beijing is eight hours ahead of UTC, all year
BEIJING_HOURS = 8


def totals_each_hour(rates: Sequence[int], first: int, past: int) -> list[int]:
    """Return running totals at the same minute of consecutive hours.

    Args:
        rates: the figure in each hour, from the hour of the first total on to one hour after the
            last total's.
        first: the running total at the first instant.
        past: how far into its hour each instant is, in µs.
    """
    left = HOUR_MICROS - past
    return list(accumulate((a * left + b * past for a, b in pairwise(rates)), initial=first))
