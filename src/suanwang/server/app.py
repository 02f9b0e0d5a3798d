"""The application: every route of the API, behind the gate, with its loops."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from suanwang import __version__
from suanwang.server.http.document import describe, operation_id
from suanwang.server.http.gate import Gate
from suanwang.server.http.routing import answer_mistakes
from suanwang.server.loops.all import make_loops
from suanwang.server.parts import Parts
from suanwang.server.routes import ROUTERS

log = structlog.get_logger()
DESCRIPTION = (
    "Hand in work, follow it, fetch results, see the money. Amounts are decimal strings, times "
    "RFC 3339 in UTC, errors RFC 9457 problems whose `code` never changes. Every POST takes an "
    "Idempotency-Key."
)


def make_app(parts: Parts, *, with_loops: bool = True) -> FastAPI:
    """Make the application. Without loops nothing happens by itself, which tests want."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loops = make_loops(parts) if with_loops else None
        app.state.loops = loops
        if loops is not None:
            loops.start()
        log.info("server started", name=parts.settings.name, database=parts.store.dialect)
        try:
            yield
        finally:
            parts.stopping = True
            parts.published.ring()
            if loops is not None:
                await loops.stop()
            log.info("server stopped")

    app = FastAPI(
        title="Suanwang 算网",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # the pages would load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    app.state.parts = parts
    app.state.loops = None
    app.add_middleware(Gate, parts=parts)
    answer_mistakes(app)
    for router in ROUTERS:
        app.include_router(router)
    describe(app)
    return app
