"""`make check`: lint, format, types, import rules and the fast tests, each with its seconds."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
STEPS = [
    ("lint", [BIN / "ruff", "check", "src", "tests", "tools", "benchmarks"]),
    ("format", [BIN / "ruff", "format", "--check", "src", "tests", "tools", "benchmarks"]),
    ("types", [BIN / "mypy"]),
    ("imports", [BIN / "lint-imports", "--no-logo"]),
    ("tests", [BIN / "pytest", "-n", "2", "-m", "not real"]),
]


def main() -> int:
    """Run every step, print what failed, return 1 if anything did."""
    failed = []
    for name, command in STEPS:
        start = time.monotonic()
        done = subprocess.run(list(map(str, command)), check=False)
        print(
            f"── {name}: {'ok' if done.returncode == 0 else 'FAILED'}"
            f" ({time.monotonic() - start:.1f} s)",
            flush=True,
        )
        if done.returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
