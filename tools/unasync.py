"""Makes the synchronous SDK from the asynchronous one: `aio` is written by hand, `sync` is not.

python tools/unasync.py            write src/suanwang/client/sync
python tools/unasync.py --check    exit 1 and name the files that differ
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

CLIENT = Path(__file__).parents[1] / "src" / "suanwang" / "client"
MARK = "# Made by tools/unasync.py from ../aio/{name}; change that file and run the tool.\n"
# In this order: the first pattern that fits a piece of text wins.
RULES = [
    (r"  # noqa: ASYNC[^\n]*", ""),
    (r"\basync def\b", "def"),
    (r"\basync with\b", "with"),
    (r"\basync for\b", "for"),
    (r"\bawait ", ""),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\b__aenter__\b", "__enter__"),
    (r"\b__aexit__\b", "__exit__"),
    (r"\bAsyncBaseTransport\b", "BaseTransport"),
    (r"\baclose\b", "close"),
    (r"\baread\b", "read"),
    (r"\baiter_(\w+)\b", r"iter_\1"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"^import asyncio\n", "import time\n"),
    (r"suanwang\.client\.aio\b", "suanwang.client.sync"),
    (r"\bAsync([A-Z]\w*)", r"\1"),
    (
        r"The asynchronous SDK, written by hand\. .*?\"\"\"",
        'The synchronous SDK, made from `aio`."""',
    ),
]
# What reads better, or is spelled shorter, once nothing is awaited.
_FIX = [
    "check", "--fix", "--unsafe-fixes", "--exit-zero", "--quiet", "--select", "I,F401,UP028,SIM117",
    "--config", 'lint.isort.known-first-party=["suanwang"]',
]  # fmt: skip


def made_from(text: str, name: str) -> str:
    """Return the synchronous twin of a module."""
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE | re.DOTALL)
    # A module that imported time already has it once.
    first = text.find("import time\n")
    if first >= 0:
        rest = text[first + len("import time\n") :].replace("\nimport time\n", "\n")
        text = text[: first + len("import time\n")] + rest
    return _formatted(MARK.format(name=name) + text, name)


def _formatted(text: str, name: str) -> str:
    """Sort imports and format, since names have become shorter."""
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or "ruff"
    as_file = str(CLIENT / "sync" / name)
    for command in (_FIX, ["format", "--quiet"]):
        text = subprocess.run(
            [ruff, *command, "--stdin-filename", as_file, "-"],
            input=text, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    return text


def main() -> int:
    """Write or check every module of `sync`."""
    check = "--check" in sys.argv[1:]
    wanted = {
        p.name: made_from(p.read_text("utf-8"), p.name) for p in (CLIENT / "aio").glob("*.py")
    }
    folder = CLIENT / "sync"
    have = {p.name: p.read_text("utf-8") for p in folder.glob("*.py")}
    if check:
        differing = sorted(n for n in wanted.keys() | have.keys() if wanted.get(n) != have.get(n))
        for name in differing:
            print(f"sync/{name} is not what aio/{name} makes; run tools/unasync.py")
        return bool(differing)
    for name, text in wanted.items():
        (folder / name).write_text(text, "utf-8")
    for name in have.keys() - wanted.keys():
        (folder / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
