"""Events into a file: one message a line, on disk before it counts as delivered. For local tools, and for tests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from farshore.transports.event_target import Message, Unreachable

EVENTS_AT_ONCE = 1000
"""Events of one flush."""


class FileTarget:
    """`EventTarget` that appends to a file. A file that was moved away is made anew.

    A crash may leave an unfinished last line: what follows begins on a line of its own.

    Args:
        events_max: events in one message.
    """

    def __init__(self, path: Path, *, events_max: int = 100) -> None:
        self.events_max = events_max
        self.messages_max = max(1, EVENTS_AT_ONCE // events_max)
        self._path = path

    async def deliver(self, messages: Sequence[Message]) -> None:
        lines = [message.content for message in messages]
        await asyncio.to_thread(self._append, b"\n".join([*lines, b""]))

    async def close(self) -> None:
        """Nothing is held open."""

    def _append(self, lines: bytes) -> None:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                if size and os.pread(descriptor, 1, size - 1) != b"\n":
                    lines = b"\n" + lines
                while lines:
                    lines = lines[os.write(descriptor, lines) :]
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise Unreachable(f"{self._path}: {error.strerror}") from error
