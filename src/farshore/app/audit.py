"""From settings to where records of requests go."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from farshore.api.request_records import Audit
from farshore.app.build import data_folder
from farshore.app.cannot_serve import CannotServe
from farshore.runtime.counters import Counters
from farshore.runtime.settings import Settings
from farshore.transports.audit_log import AuditLog


def check_audit(settings: Settings) -> None:
    """Make the audit log's file, so that a server does not start that could not keep the log it was told to keep.

    Raises:
        CannotServe: it cannot be written.
    """
    path = _path(settings)
    if path is None:
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600))
    except OSError as error:
        raise CannotServe(f"cannot write the audit log {path}: {error.strerror}") from error


@asynccontextmanager
async def open_audit(settings: Settings, counters: Counters) -> AsyncGenerator[Audit | None]:
    """What takes this process's records; None where none are kept. At the end all of them are written."""
    if settings.audit_log == "off":
        yield None
        return
    audit = AuditLog(_path(settings), counters)
    try:
        yield audit.record
    finally:
        await audit.close()


def _path(settings: Settings) -> Path | None:
    """The file of the audit log; None where it is kept elsewhere, or not at all."""
    match settings.audit_log:
        case "off" | "stdout":
            return None
        case "file":
            return data_folder(settings).audit_log
        case absolute:
            return Path(absolute)
