"""The page from which others write their verifiers has the hashes and columns that ours has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from suanwang.basics.canonical import canonical_bytes
from suanwang.ledger.log.bundle import FORMAT
from suanwang.ledger.log.leaves import EVIDENCE_COLUMNS, TRANSFER_COLUMNS, entry, transfer_record
from suanwang.ledger.log.notes import SECONDS_MAX
from suanwang.ledger.log.tree import leaf_hash

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_example_and_the_columns_are_ours(lang):
    page = (DOCS / lang / "reference" / "proofs.md").read_text("utf-8")
    told = dict(re.findall(r"(?m)^(record|salt|entry|leaf) +(?!=)(\S.*)$", page))
    row = json.loads(told["record"])
    assert canonical_bytes(row) == told["record"].encode() == transfer_record(row)
    made = entry(bytes.fromhex(told["salt"]), told["record"].encode())
    assert made.hex() == told["entry"]
    assert leaf_hash(made).hex() == told["leaf"]
    for source, columns in (("transfers", TRANSFER_COLUMNS), ("evidence", EVIDENCE_COLUMNS)):
        assert f"| `{source}` | {' '.join(f'`{each}`' for each in columns)} |" in page
    assert FORMAT in page
    assert str(SECONDS_MAX) in page
