"""The server checks five hundred specs a second beside everything else."""

from __future__ import annotations

import time
import timeit

from tests.jobs.builders import a_mapping, a_spec

from suanwang.jobs.check import check_mapping

SMALL = a_mapping(
    resources={"cards": 1, "cpus": 2, "memory": "4GB"},
    inputs=[{"from": "blob:" + "a" * 64, "to": "data.csv", "bytes": 1000}],
    outputs=["out/model.pt"],
    deadline="6h",
    max_price="12.50",
)


def test_checking_a_small_job_takes_less_than_300_microseconds():
    runs = timeit.repeat(
        lambda: check_mapping(SMALL), timer=time.process_time, number=200, repeat=5
    )
    assert min(runs) / 200 < 300e-6


def test_writing_a_spec_takes_less_than_100_microseconds():
    spec = a_spec(**SMALL)
    runs = timeit.repeat(spec.to_wire, timer=time.process_time, number=200, repeat=5)
    assert min(runs) / 200 < 100e-6
