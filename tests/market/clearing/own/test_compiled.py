"""Kept kernels are compiled anew when any file of the kernels has changed."""

from __future__ import annotations

from suanwang.market.clearing.own import compiled, sweep
from suanwang.market.clearing.own.contiguous import plan_contiguous


def test_every_kernel_is_kept_under_the_stamp_of_all_files():
    for function in (sweep.ask, plan_contiguous):
        assert function._cache._cache_file._source_stamp == compiled.SOURCES
