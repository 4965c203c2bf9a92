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

_BYTES_MAX = 256


class Why(StrEnum):
    """What there is to do: versions to replicate, events to deliver, jobs to run."""

    TASKS = "tasks"
    EVENTS = "events"
    JOBS = "jobs"

    __hash__ = str.__hash__  # An Enum's own is a function of Python, and most writes ring.


Ring = Callable[[Why, str], None]
"""To be called with what there is to do, and in which region."""


def nobody_listens(_why: Why, _region: str) -> None:
    """No worker runs; the next one looks for itself when it starts."""


class Bell:
    """Made once in the parent; each process then uses one end of it."""

    def __init__(self) -> None:
        self._listening, self._ringing = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listening.setblocking(False)
        self._ringing.setblocking(False)
        self._rung: set[tuple[Why, str]] = set()

    def ring(self, why: Why, region: str) -> None:
        """Tell of a region. Rings of one turn of the event loop go as one message."""
        if (why, region) not in self._rung:
            self._rung.add((why, region))
            asyncio.get_running_loop().call_soon(self._send, why, region)

    def listen(self, heard: Ring) -> None:
        """Call `heard` whenever somebody rings, in the running loop, until `close`."""
        asyncio.get_running_loop().add_reader(self._listening, self._receive, heard)

    def deafen(self) -> None:
        """End `listen`."""
        asyncio.get_running_loop().remove_reader(self._listening)

    def close(self) -> None:
        self._listening.close()
        self._ringing.close()

    def _send(self, why: Why, region: str) -> None:
        self._rung.discard((why, region))
        with contextlib.suppress(BlockingIOError, ConnectionError):  # Full: enough rings wait to be heard.
            self._ringing.send(f"{why} {region}".encode())

    def _receive(self, heard: Ring) -> None:
        rung: set[str] = set()
        with contextlib.suppress(BlockingIOError):
            while True:
                rung.add(self._listening.recv(_BYTES_MAX).decode())
        for message in sorted(rung):
            why, _, region = message.partition(" ")
            heard(Why(why), region)
