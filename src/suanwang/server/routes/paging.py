"""Query parameters that every list has."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from suanwang.server.http.cursors import PAGE_MAX

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="Items on a page.")]
CursorText = Annotated[str | None, Query(max_length=500, description="Where the list goes on.")]
Whose = Annotated[str | None, Query(max_length=63, description="For operators, auditors.")]
