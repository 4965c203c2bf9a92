"""The audit log: records as JSON lines, appended to a file that all processes share, or to standard output.

Whoever records never waits. Lines are gathered for a moment, and written by a thread. What cannot be written (the disk
is full, standard output is not read) is lost, counted, and told once in the ordinary log.

A file that was moved or removed is made anew, at the latest with the next lines: to rotate it, rename it. Every write
is whole lines, appended at once, so that lines of several processes do not mix. A write that the disk broke off leaves
an unfinished line; what follows begins on a line of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import msgspec
import structlog

from farshore.model.audit import AuditRecord
from farshore.runtime.counters import Counters

GATHER_S = 0.1
WAITING_BYTES_MAX = 16 * 1024 * 1024
"""Of lines that wait for the thread; those that come then are lost."""

AUDIT = ("audit",)
"""The counters' block: AUDIT_SLOTS."""
AUDIT_SLOTS = ("written", "lost")
_WRITTEN, _LOST = range(2)

CLOSE_S_MAX = 5.0
_FILE_BYTES_AT_ONCE = 1024 * 1024
_PIPE_BYTES_AT_ONCE = 4096
"""What a pipe takes as one, whoever else writes to it."""
_STDOUT = 1

log = structlog.get_logger()


class AuditLog:
    """Belongs to the event loop that it is made in; end it with `close`.

    Args:
        path: None is standard output.
    """

    def __init__(self, path: Path | None, counters: Counters) -> None:
        self._loop = asyncio.get_running_loop()
        self._tally = counters.block(*AUDIT)
        self._encode = msgspec.json.Encoder().encode
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._gathering: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._failing = False
        self._batches: SimpleQueue[list[bytes] | None] = SimpleQueue()
        self._writer = _Writer(path)
        # A thread that does not hold up the process's end: standard output may never be read.
        Thread(target=self._work, name="audit log", daemon=True).start()

    def record(self, record: AuditRecord) -> None:
        """Take a record. Never blocks, never raises."""
        try:
            line = self._encode(record) + b"\n"
        except UnicodeEncodeError:
            # A lone surrogate from bytes that were no text: JSON's escapes can say it, UTF-8 cannot.
            line = json.dumps(msgspec.to_builtins(record), separators=(",", ":")).encode() + b"\n"
        if self._waiting_bytes + len(line) > WAITING_BYTES_MAX:
            self._tally[_LOST] += 1
            return
        self._waiting.append(line)
        self._waiting_bytes += len(line)
        if self._gathering is None and self._idle.is_set():
            self._gathering = self._loop.call_later(GATHER_S, self._hand_over)

    async def close(self) -> None:
        """Write what waits, for as long as that takes a few seconds; then nothing more is taken."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S_MAX):
                await self._idle.wait()
                while self._waiting:
                    self._hand_over()
                    await self._idle.wait()
        if self._gathering is not None:
            self._gathering.cancel()
        self._batches.put(None)

    def _hand_over(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        batch, self._waiting, self._waiting_bytes = self._waiting, [], 0
        self._idle.clear()
        self._batches.put(batch)

    def _work(self) -> None:
        """The thread."""
        while (batch := self._batches.get()) is not None:
            written, error = self._writer.write(batch)
            with contextlib.suppress(RuntimeError):  # The loop has ended meanwhile: nobody is left to be told.
                self._loop.call_soon_threadsafe(self._settle, written, len(batch) - written, error)
        self._writer.close()

    def _settle(self, written: int, lost: int, error: str) -> None:
        self._tally[_WRITTEN] += written
        self._tally[_LOST] += lost
        if error and not self._failing:
            log.error("audit log cannot be written", error=error, lost=lost)
        elif self._failing and not error:
            log.info("audit log is written again", lost=self._tally[_LOST])
        self._failing = bool(error)
        self._idle.set()
        if self._waiting:
            self._gathering = self._loop.call_later(GATHER_S, self._hand_over)


class _Writer:
    """For the thread alone."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._descriptor = _STDOUT if path is None else -1
        self._torn = False

    def write(self, batch: Sequence[bytes]) -> tuple[int, str]:
        """Append; returns how many lines were written, and why not all."""
        written = 0
        try:
            if self._path is not None:
                self._reopen_if_moved(self._path)
            for lines in self._pieces(batch):
                self._append(b"".join(lines))
                written += len(lines)
        except OSError as error:
            return written, f"{self._path or 'standard output'}: {error.strerror}"
        return written, ""

    def close(self) -> None:
        if self._path is not None and self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _pieces(self, batch: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
        """Lines to be written at once."""
        limit = _PIPE_BYTES_AT_ONCE if self._path is None else _FILE_BYTES_AT_ONCE
        lines: list[bytes] = []
        size = 0
        for line in batch:
            if lines and size + len(line) > limit:
                yield lines
                lines, size = [], 0
            lines.append(line)
            size += len(line)
        yield lines

    def _append(self, lines: bytes) -> None:
        if self._torn:
            lines = b"\n" + lines
        while lines:
            count = os.write(self._descriptor, lines)
            lines = lines[count:]
            self._torn = bool(lines)

    def _reopen_if_moved(self, path: Path) -> None:
        if self._descriptor >= 0:
            here = os.fstat(self._descriptor)
            try:
                there = path.stat()
            except FileNotFoundError:
                there = None
            if there is not None and (there.st_ino, there.st_dev) == (here.st_ino, here.st_dev):
                return
            self.close()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._torn = False
