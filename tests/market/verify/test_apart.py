"""The verifier stands apart from the solver, and reads any file without falling over."""

from __future__ import annotations

import ast
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from tests.market.verify.results import PAIRS

import suanwang.market.verify
from suanwang.market.errors import ResultUnreadable
from suanwang.market.verify.numbers import cut, exact, half_even, scaled, written
from suanwang.market.verify.result import read_result

ROOM = Path(suanwang.market.verify.__file__).parent


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda p: p.name)
def test_the_verifier_shares_nothing_with_the_solver(path):
    ours = ("suanwang.market.verify.", "suanwang.market.errors")
    outside = {name for name in imported(path) if not name.startswith(ours)}
    assert {
        name for name in outside if name.split(".")[0] in ("suanwang", "numpy", "numba")
    } == set()
    assert "float(" not in path.read_text("utf-8"), "whole numbers only"


def test_a_result_file_is_read_as_it_was_written(tmp_path):
    result = PAIRS["simple"]().result
    (tmp_path / "r.json").write_text(json.dumps(result), "utf-8")
    assert read_result(tmp_path / "r.json") == result


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe{}", b"\x00", b'{"a": NaN}',
        b'{"a": 1, "a": 2}', b"[" * 100_000, b'{"a":' * 100_000, b'{"a": ' + b"1" * 10_000 + b"}",
    ],
)  # fmt: skip
def test_a_file_that_is_no_result_is_refused_by_name(tmp_path, content):
    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(ResultUnreadable, match=r"r\.json"):
        read_result(tmp_path / "r.json")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ResultUnreadable):
        read_result(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("value", "units"),
    [
        (3, 3 * 10**12), ("0.5", 5 * 10**11), (Decimal("1e-12"), 1), ("1E-13", 0), ("-1e-13", -1),
        (0.1, 10**11), ("1e3", 10**15), ("-0.0000000000019", -1),
    ],
)  # fmt: skip
def test_numbers_are_cut_to_a_millionth_of_a_millionth(value, units):
    assert cut(value) == units


@pytest.mark.parametrize(
    "value", ["", " 1", "1_0", "１", "+1", "0x1", "1e99", True, None, "01", 10**64]
)
def test_what_is_no_number_is_refused(value):
    for read in (cut, exact, scaled):
        with pytest.raises(ValueError):  # noqa: PT011 - the reader names the place
            read(value)


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [(5, 0), (15, 2), (25, 2), (-5, 0), (-15, -2), (-16, -2), (Fraction(11, 2), 1)],
)
def test_halves_go_to_the_even_neighbour(amount, rounded):
    assert half_even(amount, 10) == rounded


@pytest.mark.parametrize("text", ["0", "1", "-1", "0.000000000001", "-12.5", "7000000.25"])
def test_a_written_number_reads_back(text):
    assert written(scaled(text)) == text
