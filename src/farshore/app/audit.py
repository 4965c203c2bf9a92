"""From settings to where records of requests go."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from farshore.api.request_records import Audit
from farshore.app.build import data_folder
from farshore.runtime.counters import Counters
from farshore.runtime.settings import Settings
from farshore.transports.audit_log import AuditLog


@asynccontextmanager
async def open_audit(settings: Settings, counters: Counters) -> AsyncGenerator[Audit | None]:
    """What takes this process's records; None where none are kept. At the end all of them are written."""
    if settings.audit_log == "off":
        yield None
        return
    match settings.audit_log:
        case "stdout":
            path = None
        case "file":
            path = data_folder(settings).audit_log
        case absolute:
            path = Path(absolute)
    audit = AuditLog(path, counters)
    try:
        yield audit.record
    finally:
        await audit.close()
