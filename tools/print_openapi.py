"""Write docs/openapi.json from the application; with --check only say whether it is up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from suanwang.server.app import make_app
from suanwang.server.parts import Parts
from suanwang.server.settings import Settings
from suanwang.store.database import Store

PATH = Path(__file__).parents[1] / "docs" / "openapi.json"


def document() -> str:
    """Return the document as it is committed."""
    store = Store.open("sqlite://")
    try:
        app = make_app(Parts(Settings(), store), with_loops=False)
        return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    finally:
        store.close()


def main() -> int:
    """Write the file, or compare it."""
    fresh = document()
    if "--check" in sys.argv:
        return PATH.read_text("utf-8") != fresh
    PATH.write_text(fresh, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
