"""Small requests, one kind at a time; and how their rate grows with processes."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from farshore.bench.context import Context, values
from farshore.bench.fetch import open_fetcher
from farshore.bench.loads import Measurement
from farshore.bench.plan import KIB, size_name
from farshore.bench.results import Row
from farshore.bench.subject import Subject

_PUT_PER_S_MAX = 20_000
_SIGNED_MIN = 2_000
_GROWTH_CONCURRENCY = 64


async def measure_requests(context: Context) -> None:
    """PUT, GET, HEAD, DELETE of each size at each concurrency, on one process that does everything."""
    async with context.servers.start(workers=0) as subject:
        bucket = await context.make_bucket(subject, "requests")
        await _warm_up(context, subject, bucket)
        for size_bytes in context.plan.sizes_bytes:
            for concurrency in context.plan.concurrencies:
                context.say(f"requests of {size_name(size_bytes)}, {concurrency} at a time")
                await _measure_all(context, subject, bucket, size_bytes, concurrency)


async def measure_processes(context: Context) -> None:
    """PUT and GET of 1 KiB on several API processes, beside one."""
    rates: dict[str, float] = {}
    for workers in (1, context.workers):
        context.say(f"requests of 1 KiB, {_GROWTH_CONCURRENCY} at a time, {workers} API processes")
        async with context.servers.start(workers=workers) as subject:
            bucket = await context.make_bucket(subject, f"processes-{workers}")
            await _warm_up(context, subject, bucket)
            put = await _put(context, subject, f"/{bucket}/grow", KIB, _GROWTH_CONCURRENCY)
            targets = _written(f"/{bucket}/grow", put)
            get = await _read(context, subject, "GET", targets, KIB, _GROWTH_CONCURRENCY)
        for method, measurement in (("PUT", put), ("GET", get)):
            rate = measurement.outcome.per_s
            if workers == 1:
                rates[method] = rate
                continue
            name = f"{method} 1 KiB × {_GROWTH_CONCURRENCY}, {workers} API processes"
            floors = {"per_s": rates[method]}
            context.rows.append(Row(section="processes", name=name, values=values(measurement), floors=floors))


async def _warm_up(context: Context, subject: Subject, bucket: str) -> None:
    targets = [f"/{bucket}/warm/{number:04d}" for number in range(256)]
    await context.load(subject, "PUT", targets, 16, body_bytes=KIB)
    await context.load(subject, "GET", targets, 16)


async def _measure_all(context: Context, subject: Subject, bucket: str, size_bytes: int, concurrency: int) -> None:
    path = f"/{bucket}/{size_bytes}/{concurrency}"
    flushes = await _flushes(subject)
    put = await _put(context, subject, path, size_bytes, concurrency)
    more: dict[str, float] = {}
    if flushes is not None:
        after = await _flushes(subject)
        assert after is not None
        more["fsyncs_per_put"] = (after - flushes) / put.outcome.requests
    targets = _written(path, put)
    name = f"{size_name(size_bytes)} × {concurrency}"
    bare = await context.bare_load("PUT", "/0", concurrency, body_bytes=size_bytes, answer_bytes=0)
    floors = values(bare)
    if concurrency == 1:
        floors["p50_ms"] += context.floors.fsync_ms
    context.rows.append(Row(section="requests", name=f"PUT {name}", values=values(put, **more), floors=floors))
    for method in ("GET", "HEAD"):
        measured = await _read(context, subject, method, targets, size_bytes, concurrency)
        bare = await context.bare_load(method, f"/{size_bytes}", concurrency, answer_bytes=size_bytes)
        context.rows.append(
            Row(section="requests", name=f"{method} {name}", values=values(measured), floors=values(bare))
        )
    deleted = await context.load(subject, "DELETE", targets, concurrency, seconds=context.plan.load_s, status=204)
    bare = await context.bare_load("DELETE", "/0", concurrency)
    context.rows.append(Row(section="requests", name=f"DELETE {name}", values=values(deleted), floors=values(bare)))


async def _put(context: Context, subject: Subject, path: str, size_bytes: int, concurrency: int) -> Measurement:
    """New keys for as long as a load lasts: as many as no server could take in that time are signed before."""
    count = max(_SIGNED_MIN, int(_PUT_PER_S_MAX * context.plan.load_s))
    targets = [f"{path}/{number:08d}" for number in range(count)]
    return await context.load(
        subject, "PUT", targets, concurrency, seconds=context.plan.load_s, body_bytes=size_bytes, answer_bytes=0
    )


def _written(path: str, put: Measurement) -> list[str]:
    """The keys that `_put` stored."""
    return [f"{path}/{number:08d}" for number in range(put.outcome.requests)]


async def _read(
    context: Context, subject: Subject, method: str, targets: Sequence[str], size_bytes: int, concurrency: int
) -> Measurement:
    """In random order, again and again."""
    shuffled = random.Random(0).sample(targets, len(targets))
    return await context.load(
        subject,
        method,
        shuffled,
        concurrency,
        seconds=context.plan.load_s,
        cycle=True,
        answer_bytes=size_bytes,
    )


async def _flushes(subject: Subject) -> int | None:
    """How often the server has flushed its metadata; None when it does not say."""
    async with open_fetcher(subject.endpoint()) as fetcher:
        return json.loads(await fetcher.get("/-/status")).get("flushes")
