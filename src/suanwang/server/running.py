"""Runs the application with uvicorn: binds first, so that a taken port is a sentence, not a trace.

On SIGTERM or SIGINT new requests are refused, streams end, requests in hand are answered, loops end
between two steps, leads are given up, the store is closed.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from types import FrameType

import structlog
import uvicorn
import uvloop

from suanwang.server.app import make_app
from suanwang.server.errors import AddressTaken
from suanwang.server.first_start import open_exchange
from suanwang.server.parts import Parts
from suanwang.server.settings import Settings
from suanwang.store import jobs
from suanwang.store.database import Store

log = structlog.get_logger()
URL_FILE = "server.url"
BACKLOG = 2_048
GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 75  # longer than the usual proxy's, so that it is the proxy that closes


class Server(uvicorn.Server):
    """Uvicorn, which tells our parts at once that it is going to stop."""

    def __init__(self, config: uvicorn.Config, parts: Parts) -> None:
        super().__init__(config)
        self._parts = parts

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; a second Ctrl-C does not wait for anything."""
        del frame
        # Not uvicorn's own: that raises the signal again at the end, and a wish would be a crash.
        self._parts.stopping = True
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def run_server(settings: Settings) -> None:
    """Serve until told to stop. Raises AddressTaken, or what the store says."""
    listener = listen(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    store = Store.open(settings.database_url)
    try:
        store.migrate()
        parts = Parts(settings, store)
        open_exchange(parts)
        # What a killed server had in hand need not wait until its locks run out.
        store.run_now(jobs.free)
        stale = parts.blobs.sweep()
        if stale:
            log.info("removed half-written files", files=stale)
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{port}"
        (settings.data_dir / URL_FILE).write_text(url + "\n", "utf-8")
        log.info("listening", url=url)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(parts, listener))
    finally:
        store.close()
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """Take the address, or say why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressTaken(host=host, port=port, reason=reason) from None
    listener.setblocking(False)
    return listener


async def _serve(parts: Parts, listener: socket.socket) -> None:
    config = uvicorn.Config(
        make_app(parts),
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    await Server(config, parts).serve(sockets=[listener])
