from __future__ import annotations

import pytest

from suanwang.jobs.check import check_mapping
from suanwang.jobs.declared import is_declared


@pytest.mark.parametrize(
    ("outputs", "name", "asked"),
    [
        (["out/model.pt"], "out/model.pt", True),
        (["out"], "out/deep/model.pt", True),
        (["./out/"], "out/model.pt", True),
        (["out/*.png"], "out/frame_000.png", True),
        (["out/*.png"], "out/frame_000.exe", False),
        (["out/model.pt"], ".bashrc", False),
        (["out"], "outer/model.pt", False),
        ([], "out/model.pt", False),
        (["*"], "anything", True),
    ],
)
def test_only_what_was_asked_for_comes_home(outputs, name, asked):
    spec = check_mapping({"name": "x", "run": "true", "outputs": outputs}).spec
    assert spec
    assert is_declared(spec, name) is asked


def test_an_archive_brings_the_names_of_its_inputs():
    wire = {
        "name": "x",
        "kind": "store",
        "inputs": [{"from": "blob:" + "0" * 64, "to": "data.tar"}],
    }
    spec = check_mapping(wire).spec
    assert spec
    assert is_declared(spec, "data.tar")
