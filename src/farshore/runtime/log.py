"""The log: one line an event on standard error, for people on a terminal, JSON otherwise. Never a secret in it."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from farshore.runtime.settings import LogFormat, LogLevel

_SECRET_NAMES = re.compile(r"secret|password|authorization|signature|token", re.IGNORECASE)
_SECRET_IN_TEXT = re.compile(
    r"((?:X-Amz-Signature|X-Amz-Security-Token|Signature|Server-Side-Encryption-Customer-Key)(?:=|%3D))[^&\s,\"']+",
    re.IGNORECASE,
)
_HIDDEN = "(hidden)"
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)  # Locals hold secrets.
)

Event = MutableMapping[str, Any]


def configure(*, form: LogFormat, level: LogLevel, process: str, stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's events to `stream` (standard error).

    Args:
        form: auto is text on a terminal, else JSON.
        process: which of the server's processes this is; in every line. Empty leaves it out.
    """
    out = sys.stderr if stream is None else stream
    text = out.isatty() if form == "auto" else form == "text"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_process(process),
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if text
        else [_TRACEBACKS, structlog.processors.JSONRenderer(default=repr)]
    )
    structlog.configure(
        processors=[*shared, hide_secrets, *last],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, hide_secrets, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, getattr(logging, level.upper())))


def hide_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Hide values whose names say that they are secret, and signatures inside of URLs and headers."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name):
            event[name] = _HIDDEN
        elif isinstance(value, str):
            event[name] = hide_in_text(value)
    return event


def hide_in_text(text: str) -> str:
    """Hide signatures and session tokens inside of URLs and headers."""
    if "=" not in text and "%" not in text:
        return text
    return _SECRET_IN_TEXT.sub(rf"\1{_HIDDEN}", text)


def _name_process(process: str) -> Any:
    def add(_logger: object, _method: str, event: Event) -> Event:
        if process:
            event["process"] = process
        return event

    return add
