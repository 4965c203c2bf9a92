"""The load generator, a program: loads come as JSON lines on standard input, replies go as lines to standard output.

load -> ready -> "go" -> outcome
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import uvloop

from farshore.bench.client import Connection, Exchange, UnexpectedAnswer, connect
from farshore.bench.loads import LOAD_S_MAX, Broken, Load, Outcome, Ready, Reply
from farshore.bench.signing import Signer

_BLOCK_BYTES = 1024 * 1024


def main() -> None:
    gc.disable()  # Its pauses would be counted as the server's; nothing here makes cycles.
    uvloop.run(_serve_loads())


async def _serve_loads() -> None:
    while line := sys.stdin.buffer.readline():
        load = msgspec.json.decode(line, type=Load)
        run = LoadRun(load, exchanges(load, datetime.now(UTC)))
        try:
            await run.connect()
            _say(Ready())
            sys.stdin.buffer.readline()
            async with asyncio.timeout(LOAD_S_MAX):
                outcome = await run.run()
            _say(outcome)
        except (OSError, TimeoutError, UnexpectedAnswer) as error:
            _say(Broken(str(error) or type(error).__name__))
        finally:
            run.close()


def exchanges(load: Load, now: datetime) -> list[Exchange]:
    """Sign every request of a load."""
    signer = Signer(
        access_key_id=load.endpoint.access_key_id,
        secret=load.endpoint.secret,
        region=load.endpoint.region,
        host=f"{load.endpoint.host}:{load.endpoint.port}",
        now=now,
    )
    block = random.Random(0).randbytes(min(load.body_bytes, _BLOCK_BYTES))
    sha256 = _sha256(block, load.body_bytes)
    return [
        Exchange(
            head=signer.request(load.method, target, content_sha256=sha256, body_bytes=load.body_bytes),
            block=block,
            body_bytes=load.body_bytes,
            status=str(load.status).encode(),
            answer_bytes=load.answer_bytes,
        )
        for target in load.targets
    ]


class LoadRun:
    """One load: `connect`, `run`, `close`."""

    def __init__(self, load: Load, exchanges: Sequence[Exchange]) -> None:
        self._load = load
        self._exchanges = exchanges
        self._connections: list[Connection] = []
        self._under_way: dict[Connection, tuple[int, int]] = {}
        self._begun = 0
        self._end_ns = 0
        self._latencies_ns: list[int] = []
        self._answered_ns = [0] * len(exchanges) if load.timed else []
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def connect(self) -> None:
        endpoint = self._load.endpoint
        for _ in range(min(self._load.concurrency, len(self._exchanges))):
            self._connections.append(await connect(endpoint.host, endpoint.port, self._answered, self._failed))

    async def run(self) -> Outcome:
        """Keep every connection busy. Raises UnexpectedAnswer."""
        cpu_s = time.process_time()
        started_ns = time.monotonic_ns()
        self._end_ns = started_ns + int((self._load.seconds or LOAD_S_MAX) * 1e9)
        for connection in self._connections:
            self._begin(connection, started_ns)
        await self._over
        seconds = (time.monotonic_ns() - started_ns) / 1e9
        cpu_s = time.process_time() - cpu_s
        latencies_ns = sorted(self._latencies_ns)
        return Outcome(
            requests=len(latencies_ns),
            seconds=seconds,
            p50_ms=percentile(latencies_ns, 0.5) / 1e6,
            p99_ms=percentile(latencies_ns, 0.99) / 1e6,
            max_ms=latencies_ns[-1] / 1e6,
            client_cpu_s=cpu_s,
            answered_ns=self._answered_ns,
        )

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def _begin(self, connection: Connection, now_ns: int) -> None:
        """The next request on a connection that is free, or the end."""
        index, count = self._begun, len(self._exchanges)
        if now_ns >= self._end_ns or (index >= count and not self._load.cycle):
            if not self._under_way and not self._over.done():
                self._over.set_result(None)
            return
        self._begun += 1
        self._under_way[connection] = (index, now_ns)
        connection.start(self._exchanges[index % count])

    def _answered(self, connection: Connection, _body: bytes) -> None:
        index, started_ns = self._under_way.pop(connection)
        now_ns = time.monotonic_ns()
        self._latencies_ns.append(now_ns - started_ns)
        if self._answered_ns:
            self._answered_ns[index] = now_ns
        self._begin(connection, now_ns)

    def _failed(self, reason: Exception) -> None:
        if not self._over.done():
            self._over.set_exception(reason)


def percentile(ascending: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed; values ascending, at least one."""
    return ascending[max(0, -int(-share * len(ascending) // 1) - 1)]


def _sha256(block: bytes, body_bytes: int) -> str:
    digest = hashlib.sha256()
    left = body_bytes
    while left:
        size = min(left, len(block))
        digest.update(block[:size])
        left -= size
    return digest.hexdigest()


def _say(reply: Reply) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(reply) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
