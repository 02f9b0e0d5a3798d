"""A CASE that ends too early is refused with the place where it ends, wherever that is."""

from __future__ import annotations

import json

import pytest
from tests.market.builders import ask

from suanwang.market.case.raw import read_raw
from suanwang.market.case.read import read_case
from suanwang.market.errors import CaseUnreadable

TEXT = json.dumps({"tick": [1, {"a": "b"}], "asks": [ask("a")], "bids": []})


def place_of_refusal(read, path, text):
    path.write_text(text)
    with pytest.raises(CaseUnreadable) as refused:
        read(path)
    return refused.value.facts["place"]


@pytest.mark.parametrize("read", [read_case, read_raw], ids=lambda read: read.__name__)
def test_a_file_that_ends_too_early_is_refused_with_its_place(tmp_path, read):
    for length in range(len(TEXT)):
        place = place_of_refusal(read, tmp_path / "case.json", TEXT[:length])
        assert place.startswith("line 1 column "), TEXT[:length]


@pytest.mark.parametrize("read", [read_case, read_raw], ids=lambda read: read.__name__)
def test_a_file_that_ends_after_a_key_says_so(tmp_path, read):
    assert place_of_refusal(read, tmp_path / "case.json", '{"a":') == "line 1 column 6"
