"""Logs are events: a name and facts, as readable lines or as JSON; keys and money stay out."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from suanwang.server.settings import Settings

# Local variables hold keys: a trace shows places only.
_TRACES = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure_logs(settings: Settings) -> None:
    """Send this process's events to standard error in the form the settings ask for."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.log_format == "json":
        shared += [
            structlog.processors.ExceptionRenderer(_TRACES),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        shared += [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[settings.log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries speak through the standard logging; only their warnings matter to an operator.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
