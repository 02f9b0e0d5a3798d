"""Compiles the engine's kernels before the first test, which may not take as long as they do."""

from __future__ import annotations

from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "market" / "small.json"


def pytest_collection_finish(session):
    if session.config.option.collectonly or not session.items:
        return
    # Imported here: collecting tests of other rooms needs no solver.
    from suanwang.market.case.read import read_case  # noqa: PLC0415
    from suanwang.market.clearing.clear import clear  # noqa: PLC0415

    clear(read_case(EXAMPLE))
