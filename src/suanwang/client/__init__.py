"""Program 2, for people: Python SDK, the suan command, wire shapes.

    from suanwang.client import Client

The SDK's classes are loaded when they are first named, so that the command starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from suanwang.client.aio.client import AsyncClient
    from suanwang.client.aio.job import AsyncJob
    from suanwang.client.sync.client import Client
    from suanwang.client.sync.job import Job

__all__ = ["AsyncClient", "AsyncJob", "Client", "Job"]

_PLACES = {
    "AsyncClient": "suanwang.client.aio.client",
    "AsyncJob": "suanwang.client.aio.job",
    "Client": "suanwang.client.sync.client",
    "Job": "suanwang.client.sync.job",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whichever class is named
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
