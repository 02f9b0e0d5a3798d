"""Finds the CASE of a RESULT: RESULT names it by its hash only."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

from suanwang.market.command_errors import CaseNotBeside

_ENDINGS = {".json", ".parquet", ".arrow"}
_FILES_MAX = 1000  # looked at in one folder


def case_beside(result: Path, sha256: str) -> Path:
    """Return the file with this hash in the folder of a RESULT; raise CaseNotBeside."""
    for path in _candidates(result):
        try:
            with path.open("rb") as file:
                if file_digest(file, "sha256").hexdigest() == sha256:
                    return path
        except OSError:
            continue  # not ours to read, so not the one
    raise CaseNotBeside(file=result.name, sha256=sha256[:12] + "…")


def _candidates(result: Path) -> Iterator[Path]:
    """Yield the files that may be a CASE, the small ones first: they are the quickest to try."""
    found = []
    for count, path in enumerate(result.resolve().parent.iterdir()):
        if count >= _FILES_MAX:
            break
        if path.suffix.lower() in _ENDINGS and path.is_file():
            found.append((path.stat().st_size, path.name, path))
    yield from (path for _, _, path in sorted(found))
