"""`python -m suanwang.client` is `suan`."""

from __future__ import annotations

from suanwang.client.cli import main

if __name__ == "__main__":
    main()
