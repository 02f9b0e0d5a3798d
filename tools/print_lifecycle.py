"""Write the job's state diagram from its table into the docs pages of both languages."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from suanwang.jobs.lifecycle import JOB

PAGES = [Path("docs") / lang / "explanation" / "how-a-job-runs.md" for lang in ("en", "zh")]
BLOCK = re.compile(r"(?s)```mermaid\n.*?\n```")


def drawn(page: str) -> str:
    """Return the page with its diagram replaced by the table's."""
    return BLOCK.sub(lambda _: f"```mermaid\n{JOB.mermaid()}\n```", page, count=1)


def main() -> int:
    """Rewrite both pages; with --check only say whether they are up to date."""
    stale = [page for page in PAGES if drawn(page.read_text("utf-8")) != page.read_text("utf-8")]
    if "--check" in sys.argv:
        return bool(stale)
    for page in stale:
        page.write_text(drawn(page.read_text("utf-8")), "utf-8")
        print(f"wrote {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
