"""What every list has: its query parameters, and pages of the newest by id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar

from fastapi import Query

from suanwang.server.http.cursors import PAGE_MAX, read_cursor, write_cursor
from suanwang.store.values import NEWEST

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="Items on a page.")]
CursorText = Annotated[str | None, Query(max_length=500, description="Where the list goes on.")]
Whose = Annotated[str | None, Query(max_length=63, description="For operators, auditors.")]


class Named(Protocol):
    """Something with an id that sorts by when it was made."""

    @property
    def id(self) -> str: ...  # noqa: D102 - what the protocol is about


T = TypeVar("T", bound=Named)


def before_of(cursor: str | None) -> str:
    """Return the id before which a page of the newest begins. Raises CursorUnreadable."""
    after = read_cursor(cursor, str)
    return str(after[0]) if after else NEWEST


def cut(found: Sequence[T], limit: int) -> tuple[Sequence[T], str | None]:
    """Cut what was asked for with one more than a page, and say where the next page begins."""
    return found[:limit], write_cursor([found[limit - 1].id]) if len(found) > limit else None
