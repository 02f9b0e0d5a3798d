"""Print the README's block that stands under `<!-- ci:NAME -->`: CI runs what people copy."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def block(page: str, name: str) -> str:
    """Return the commands under the named mark. Raises LookupError when there is none."""
    found = re.search(rf"<!-- ci:{re.escape(name)} -->\s*```\w*\n(.*?)\n```", page, re.DOTALL)
    if not found:
        message = f"README.md has no block under <!-- ci:{name} -->"
        raise LookupError(message)
    return found.group(1)


if __name__ == "__main__":
    readme = Path(__file__).parents[1] / "README.md"
    print(block(readme.read_text("utf-8"), sys.argv[1]))
