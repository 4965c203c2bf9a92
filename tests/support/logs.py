"""What the program logs, kept for a test instead of shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog


class Logs:
    """Entries in order, as they come before they are formatted."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._waiting: list[asyncio.Event] = []

    @property
    def events(self) -> list[str]:
        return [entry["event"] for entry in self.entries]

    async def seen(self, event: str) -> dict[str, Any]:
        """Wait for the first entry of an event."""
        while event not in self.events:
            come = asyncio.Event()
            self._waiting.append(come)
            await come.wait()
        return self.entries[self.events.index(event)]

    def __call__(self, _logger: Any, method: str, entry: MutableMapping[str, Any]) -> str:
        """A processor of structlog."""
        self.entries.append({**entry, "log_level": method})
        for come in self._waiting:
            come.set()
        self._waiting.clear()
        raise structlog.DropEvent


@contextmanager
def captured_logs() -> Iterator[Logs]:
    logs = Logs()
    processors = structlog.get_config()["processors"]
    before = list(processors)
    processors[:] = [logs]
    try:
        yield logs
    finally:
        processors[:] = before
