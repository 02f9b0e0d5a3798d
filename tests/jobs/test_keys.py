from __future__ import annotations

import pytest

from suanwang.jobs.check import check_text
from suanwang.jobs.keys import closest, foreign_mapping, foreign_text, unknown_key


@pytest.mark.parametrize(
    ("path", "key", "nearest"),
    [
        # slips
        ((), "nmae", "name"), ((), "Run", "run"), ((), "dead-line", "deadline"), ((), "input", "inputs"),
        ((), "preffer", "prefer"), (("resources",), "card", "cards"), (("inputs", 0), "form", "from"),
        # words from elsewhere
        (("resources",), "gpu", "cards"), (("resources",), "accelerators", "class"), ((), "command", "run"),
        ((), "envs", "env"), ((), "depends_on", "after"), ((), "timeout", "time_limit"),
        ((), "gpus", "resources.cards"), ((), "num_nodes", "resources.nodes"), (("inputs", 1), "url", "from"),
        # right word, wrong place
        ((), "cards", "/resources/cards"), (("resources",), "deadline", "/deadline"),
        (("resources",), "timeout", "/time_limit"), (("outputs", 0), "name", "/name"),
        # nothing like it
        ((), "zzz", "name"), (("outputs", 0), "zzz", "from"), ((), "", "name"),
    ],
)  # fmt: skip
def test_an_unknown_key_names_the_nearest(path, key, nearest):
    wrong = unknown_key(path, key)
    assert wrong.code == "unknown-key"
    assert wrong.facts["nearest"] == nearest
    assert f'"{key}"' in wrong.message("en")
    assert f'"{nearest}"' in wrong.message("zh")


def test_a_very_long_key_is_cut():
    assert len(unknown_key((), "x" * 10_000).message()) < 500


def test_the_first_of_equals_is_closest():
    assert closest("b", ["xb", "bx"]) == "xb"


@pytest.mark.parametrize(
    "mapping",
    [
        {}, {"name": "x", "run": "y"}, {"kind": "train"}, {"type": "train"}, {"type": "task", "run": "y"}, {"type": []},
        {"version": 1}, {"services": {}}, {"envs": {}}, {"num_nodes": 2}, {"resources": {"gpu": 1}}, {"resources": [1]},
        {"apiVersion": 1, "kind": "Job"},
    ],
)  # fmt: skip
def test_without_unmistakable_marks_a_file_is_ours(mapping):
    assert foreign_mapping(mapping) is None


@pytest.mark.parametrize(
    ("mapping", "format_"),
    [
        ({"apiVersion": "batch/v1", "kind": "Job"}, "Kubernetes"),
        ({"version": "2.0", "services": {}, "deployment": {}}, "SDL"),
        ({"type": "service"}, "dstack"),
        ({"envs": {}, "num_nodes": 2}, "SkyPilot"),
        ({"resources": {"any_of": []}}, "SkyPilot"),
    ],
)
def test_unmistakable_marks_are_named(mapping, format_):
    wrong = foreign_mapping(mapping)
    assert wrong is not None
    assert wrong.facts["format"] == format_


def test_a_batch_script_is_known_by_its_directives_at_the_start_of_a_line():
    assert foreign_text("#!/bin/sh\n#SBATCH -N 1\n")
    assert foreign_text("name: x\nrun: |\n  #SBATCH -N 1\n  srun x\n") is None
    assert check_text("name: x\nrun: |\n  #SBATCH -N 1\n  srun x\n", name="x").ok
