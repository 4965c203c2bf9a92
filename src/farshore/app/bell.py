"""The bell between processes: API processes tell the background process that a region has new replication tasks or
events, or that its jobs have changed.

A pair of datagram sockets, made before the processes part. Ringing never blocks, and many rings become one; a lost one
is harmless, since the worker also looks by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from enum import StrEnum

_NAME_BYTES_MAX = 256


class Why(StrEnum):
    """What there is to do. TASKS: to replicate, and events to deliver. EVENTS: these alone."""

    TASKS = "tasks"
    EVENTS = "events"
    JOBS = "jobs"


def message(region: str, why: Why) -> str:
    """What to ring; a region's name alone is for its tasks."""
    return region if why is Why.TASKS else f"{region} {why}"


def read(rung: str) -> tuple[str, Why]:
    """The region that somebody rang for, and why."""
    region, _, why = rung.partition(" ")
    return region, Why(why or Why.TASKS)


class Bell:
    """Made once in the parent; each process then uses one end of it."""

    def __init__(self) -> None:
        self._listening, self._ringing = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listening.setblocking(False)
        self._ringing.setblocking(False)
        self._rung: set[str] = set()

    def ring(self, region: str) -> None:
        """Tell of a region. Rings of one turn of the event loop go as one message."""
        if region not in self._rung:
            self._rung.add(region)
            asyncio.get_running_loop().call_soon(self._send, region)

    def listen(self, heard: Callable[[str], None]) -> None:
        """Call `heard` with the region whenever somebody rings, in the running loop, until `close`."""
        asyncio.get_running_loop().add_reader(self._listening, self._receive, heard)

    def deafen(self) -> None:
        """End `listen`."""
        asyncio.get_running_loop().remove_reader(self._listening)

    def close(self) -> None:
        self._listening.close()
        self._ringing.close()

    def _send(self, region: str) -> None:
        self._rung.discard(region)
        with contextlib.suppress(BlockingIOError, ConnectionError):  # Full: enough rings wait to be heard.
            self._ringing.send(region.encode())

    def _receive(self, heard: Callable[[str], None]) -> None:
        regions: set[str] = set()
        with contextlib.suppress(BlockingIOError):
            while True:
                regions.add(self._listening.recv(_NAME_BYTES_MAX).decode())
        for region in sorted(regions):
            heard(region)
