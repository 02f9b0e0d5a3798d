"""The committed documents are what the program says now."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("tool", ["print_openapi.py", "print_reference.py"])
def test_a_generated_document_is_up_to_date(tool):
    done = subprocess.run(
        [sys.executable, f"tools/{tool}", "--check"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"run tools/{tool}\n{done.stdout}{done.stderr}"


def test_every_operation_is_described_with_its_answers():
    document = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    names = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            assert operation["summary"].endswith((".", "?", ")")), (method, path)
            assert operation["description"], (method, path)
            assert "default" in operation["responses"], (method, path)
            if method == "post":
                given = {p["name"] for p in operation["parameters"]}
                assert "Idempotency-Key" in given, (method, path)
    assert len(names) == len(set(names))
