"""Replication between two regions of one server: how far it lags behind uploads, and how fast it catches up.

An object has arrived when the destination bucket lists it: seen from outside, by a listing every few milliseconds that
asks only for what came since. That costs the server a little, and is part of what is measured.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from contextlib import suppress

from farshore.bench import processes
from farshore.bench.context import Context, values
from farshore.bench.fetch import Fetcher, open_fetcher
from farshore.bench.floors import MIB
from farshore.bench.generator import percentile
from farshore.bench.large import memory_rows
from farshore.bench.plan import KIB, size_name
from farshore.bench.results import Row
from farshore.bench.subject import DESTINATION_REGION, CannotMeasure

_CONCURRENCY = 64
_LOOK_EVERY_S = 0.02
_PATIENCE_S = 120.0
"""How long nothing may arrive."""
_KEY = re.compile(rb"<Key>(\d+)</Key>")


async def measure_replication(context: Context) -> None:
    """Lag under load, the drain of a backlog, one very large object."""
    await _measure_lag(context)
    if context.servers.own:
        await _measure_drain(context)
    await _measure_large(context)


class Arrivals:
    """Watches a destination bucket for objects whose keys are numbers of eight digits, 0 to count - 1.

    seen_ns: when each was first seen, by the machine's monotonic clock; 0 until then.
    """

    def __init__(self, fetcher: Fetcher, bucket: str, count: int) -> None:
        self._fetcher = fetcher
        self._bucket = bucket
        self._missing = 0
        self.arrived = 0
        self.seen_ns = [0] * count

    async def watch(self) -> None:
        """Look until all have arrived. Raises CannotMeasure when nothing arrives for long."""
        arrived, since_s = -1, time.monotonic()
        while self.arrived < len(self.seen_ns):
            await self.look()
            if self.arrived > arrived:
                arrived, since_s = self.arrived, time.monotonic()
            elif time.monotonic() - since_s > _PATIENCE_S:
                raise CannotMeasure(f"only {arrived} of {len(self.seen_ns)} objects were replicated")
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> None:
        """Ask for what is after the objects that came without a gap."""
        after = self._missing - 1
        while True:
            start = f"&start-after={after:08d}" if after >= 0 else ""
            answer = await self._fetcher.get(f"/{self._bucket}?list-type=2&max-keys=1000{start}")
            found = [int(key) for key in _KEY.findall(answer)]
            self.saw(found, time.monotonic_ns())
            if b"<IsTruncated>true</IsTruncated>" not in answer:
                return
            after = found[-1]

    def saw(self, numbers: Sequence[int], now_ns: int) -> None:
        """Note objects that a listing showed."""
        for number in numbers:
            if not self.seen_ns[number]:
                self.seen_ns[number] = now_ns
                self.arrived += 1
        while self._missing < len(self.seen_ns) and self.seen_ns[self._missing]:
            self._missing += 1


async def _measure_lag(context: Context) -> None:
    """PUT at full speed into a replicated bucket: lag is from a PUT's answer to the object's arrival."""
    count = context.plan.replicated
    context.say(f"replicating {count:,} objects of 1 KiB while they are put")
    async with context.servers.start(workers=context.workers) as subject:
        source, destination = await context.replicated_buckets(subject, "lag")
        async with open_fetcher(subject.endpoint(DESTINATION_REGION)) as fetcher:
            arrivals = Arrivals(fetcher, destination, count)
            watching = asyncio.create_task(arrivals.watch())
            try:
                before_s = 0.0 if subject.cpu is None else subject.cpu()
                put = await context.load(
                    subject, "PUT", _targets(source, count), _CONCURRENCY, body_bytes=KIB, timed=True
                )
                await watching
                used_s = None if subject.cpu is None else subject.cpu() - before_s
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching
    answered_ns = put.outcome.answered_ns
    last_ns = max(arrivals.seen_ns)
    lags_s = sorted(max(0, seen - answered) / 1e9 for seen, answered in zip(arrivals.seen_ns, answered_ns, strict=True))
    first_s = max(answered_ns) / 1e9 - put.outcome.seconds
    found = {
        "put_per_s": put.outcome.per_s,
        "per_s": count / (last_ns / 1e9 - first_s),
        "lag_p50_s": percentile(lags_s, 0.5),
        "lag_p99_s": percentile(lags_s, 0.99),
        "lag_max_s": lags_s[-1],
        "after_last_put_s": max(0.0, (last_ns - max(answered_ns)) / 1e9),
    }
    if used_s is not None:
        found["cpu_us"] = used_s * 1e6 / count
    context.rows.append(Row(section="replication", name=f"{count:,} × 1 KiB while they are put", values=found))


async def _measure_drain(context: Context) -> None:
    """Put while nothing is replicated, start anew, and time how fast what waits arrives.

    The rate is that of the objects that still waited at the first look, from that look on.
    """
    count = context.plan.replicated
    context.say(f"replicating {count:,} objects of 1 KiB that wait")
    async with context.servers.start(workers=context.workers, replicate=False) as subject:
        source, destination = await context.replicated_buckets(subject, "drain")
        await context.load(subject, "PUT", _targets(source, count), _CONCURRENCY, body_bytes=KIB)
    async with (
        context.servers.start(workers=context.workers) as subject,
        open_fetcher(subject.endpoint(DESTINATION_REGION)) as fetcher,
    ):
        arrivals = Arrivals(fetcher, destination, count)
        cpu = subject.cpu
        before_s = 0.0 if cpu is None else cpu()
        ready_ns = time.monotonic_ns()
        await arrivals.look()
        waited, first_ns = count - arrivals.arrived, time.monotonic_ns()
        await arrivals.watch()
        found = {"drained_s": (max(arrivals.seen_ns) - ready_ns) / 1e9}
        if cpu is not None:
            found["cpu_us"] = (cpu() - before_s) * 1e6 / count
    if waited:
        found["drained_per_s"] = waited * 1e9 / (max(arrivals.seen_ns) - first_ns)
    context.rows.append(Row(section="replication", name=f"{count:,} × 1 KiB that wait", values=found))


async def _measure_large(context: Context) -> None:
    """One very large object: from the PUT's answer to its arrival."""
    size_bytes = context.plan.replicated_bytes
    name = f"one object of {size_name(size_bytes)}"
    context.say(f"replicating {name}")
    async with context.servers.start(workers=context.workers) as subject:
        source, destination = await context.replicated_buckets(subject, "large")
        processes.forget_peak_memory(subject.pids)
        async with open_fetcher(subject.endpoint(DESTINATION_REGION)) as fetcher:
            arrivals = Arrivals(fetcher, destination, 1)
            put = await context.load(subject, "PUT", _targets(source, 1), 1, body_bytes=size_bytes, timed=True)
            await arrivals.watch()
        memory = memory_rows("replication", name, subject)
    lag_s = max(_LOOK_EVERY_S, (arrivals.seen_ns[0] - put.outcome.answered_ns[0]) / 1e9)
    found = values(put, mib_s=size_bytes / MIB / lag_s, lag_max_s=lag_s)
    floors = {"mib_s": context.floors.write_mib_s}
    context.rows += [Row(section="replication", name=name, values=found, floors=floors), *memory]


def _targets(bucket: str, count: int) -> list[str]:
    return [f"/{bucket}/{number:08d}" for number in range(count)]
