"""A load: requests of one kind, at one concurrency. What it is, what comes of it, and the process that makes it.

The generator runs in a process of its own, so that its work is neither the server's nor ours. It signs and connects
first and says that it is ready; then the server's CPU time is read, and the clock starts.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

import msgspec

from farshore.bench.client import UnexpectedAnswer

_LINE_BYTES_MAX = 256 * 1024 * 1024
_PREPARE_S_MAX = 120.0
LOAD_S_MAX = 900.0
"""A load that takes longer is given up."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A server's address in one region, and the key to sign with."""

    host: str
    port: int
    access_key_id: str
    secret: str
    region: str


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """Requests to make.

    targets: path and query of each, in order; each once, unless `cycle`.
    seconds: no request begins later; None: until the targets end.
    cycle: begin again when the targets end (needs `seconds`).
    body_bytes: of each request.
    answer_bytes: that each answer must announce; None for any length.
    timed: tell when each request was answered.
    """

    endpoint: Endpoint
    method: str
    targets: list[str]
    concurrency: int
    seconds: float | None = None
    cycle: bool = False
    body_bytes: int = 0
    status: int = 200
    answer_bytes: int | None = None
    timed: bool = False


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The generator has signed and connected."""


class Broken(msgspec.Struct, frozen=True, tag=True):
    """The load could not be made."""

    reason: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What came of a load; every request of it was answered as expected.

    seconds: from the first request to the last answer. Latencies are of single requests.
    answered_ns: with `timed`, when each target was answered, by the machine's monotonic clock; in the targets' order.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    client_cpu_s: float
    answered_ns: list[int] = []

    @property
    def per_s(self) -> float:
        return self.requests / self.seconds


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """A load's outcome. cpu_us: server CPU time per request, None where the server's processes are not known."""

    outcome: Outcome
    cpu_us: float | None


Reply = Ready | Broken | Outcome
Cpu = Callable[[], float]
"""CPU time that the server's processes have used, in seconds."""


class Generator:
    """The generator's process, while the context is open. One load at a time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._replies: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "farshore.bench.generator",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES_MAX,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def run(self, load: Load, cpu: Cpu | None = None) -> Measurement:
        """Make the load. Raises UnexpectedAnswer with the server's answer."""
        await self._say(msgspec.json.encode(load))
        ready = await self._hear(_PREPARE_S_MAX)
        assert isinstance(ready, Ready), ready
        before_s = 0.0 if cpu is None else cpu()
        await self._say(b"go")
        outcome = await self._hear(LOAD_S_MAX)
        assert isinstance(outcome, Outcome), outcome
        used_s = None if cpu is None else cpu() - before_s
        return Measurement(outcome=outcome, cpu_us=None if used_s is None else used_s * 1e6 / outcome.requests)

    async def _say(self, line: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        await self._process.stdin.drain()

    async def _hear(self, deadline_s: float) -> Reply:
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(deadline_s):
            line = await self._process.stdout.readline()
        if not line:
            raise UnexpectedAnswer("the load generator ended")
        reply = self._replies.decode(line)
        if isinstance(reply, Broken):
            raise UnexpectedAnswer(reply.reason)
        return reply
