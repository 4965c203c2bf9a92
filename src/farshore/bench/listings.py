"""Listings: 1,000 keys, and 1,000 common prefixes, out of few and out of many. Their cost should be the same.

Both buckets have 1,000 prefixes of four digits with equally many keys under each, so that the answers are alike, and
only the number of keys around them differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from farshore.app.build import open_deployment
from farshore.bench.context import Context, values
from farshore.bench.fetch import open_fetcher
from farshore.bench.loads import Measurement
from farshore.bench.results import Row
from farshore.bench.subject import DESTINATION_REGION, SOURCE_REGION, CannotMeasure, Subject
from farshore.metadata.store import Transaction
from farshore.model.objects import NULL_VERSION, Version
from farshore.runtime.settings import Settings

PREFIXES = 1_000
_STARTS = range(0, 900, 18)
_EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"
_FILL_GROUP = 5_000
_ENTRY = re.compile(rb"<Key>|<CommonPrefixes>")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of listing: its name, and what to ask a bucket for."""

    name: str
    queries: tuple[str, ...]


_KINDS = (
    _Kind("1,000 keys", tuple(f"list-type=2&max-keys=1000&start-after={start:04d}%2F" for start in _STARTS)),
    _Kind("1,000 prefixes", ("delimiter=%2F&list-type=2&max-keys=1000",)),
)


async def measure_listings(context: Context) -> None:
    """Fill two buckets, list both in turns, compare."""
    plan = context.plan
    counts = (plan.list_few, plan.list_many)
    async with context.servers.start(workers=0) as subject:
        buckets = [await context.make_bucket(subject, f"list-{count}") for count in counts]
        if not (plan.fill_directly and context.servers.own):
            for bucket, count in zip(buckets, counts, strict=True):
                context.say(f"putting {count:,} objects to list")
                targets = [f"/{bucket}/{key}" for key in keys(count)]
                await context.load(subject, "PUT", targets, 64, answer_bytes=0)
            await _list_all(context, subject, buckets)
            return
    for bucket, count in zip(buckets, counts, strict=True):
        context.say(f"storing {count:,} objects to list")
        await _fill_directly(str(context.servers.data), bucket, count)
    async with context.servers.start(workers=0) as subject:
        await _list_all(context, subject, buckets)


def keys(count: int) -> Iterator[str]:
    """Keys of a bucket to list, ascending, as equally many under each of 1,000 prefixes; a multiple of 1,000."""
    under = count // PREFIXES
    return (f"{prefix:04d}/{number:08d}" for prefix in range(PREFIXES) for number in range(under))


async def _list_all(context: Context, subject: Subject, buckets: list[str]) -> None:
    counts = (context.plan.list_few, context.plan.list_many)
    for kind in _KINDS:
        context.say(f"listing {kind.name}")
        rows: list[Row] = []
        best: dict[str, Measurement] = {}
        for bucket in (*buckets, *buckets):  # In turns, so that what else the machine does meets both.
            found = await context.load(
                subject,
                "GET",
                [f"/{bucket}?{query}" for query in kind.queries],
                1,
                seconds=context.plan.load_s,
                cycle=True,
            )
            if bucket not in best or _cost(found) < _cost(best[bucket]):
                best[bucket] = found
        for bucket, count in zip(buckets, counts, strict=True):
            size_bytes = await _answer_bytes(subject, f"/{bucket}?{kind.queries[0]}", kind)
            bare = await context.bare_load("GET", f"/{size_bytes}", 1, answer_bytes=size_bytes)
            name = f"{kind.name} of {count:,}"
            rows.append(Row(section="list", name=name, values=values(best[bucket]), floors=values(bare)))
        few, many = (best[bucket] for bucket in buckets)
        name = f"{kind.name}: cost out of {counts[1]:,} as a multiple of the cost out of {counts[0]:,}"
        rows.append(Row(section="list", name=name, values={"cost_ratio": _cost(many) / _cost(few)}))
        context.rows += rows


def _cost(measurement: Measurement) -> float:
    """Server CPU where it is known, else the typical latency."""
    return measurement.outcome.p50_ms if measurement.cpu_us is None else measurement.cpu_us


async def _answer_bytes(subject: Subject, target: str, kind: _Kind) -> int:
    """The length of one answer, which must hold 1,000 entries."""
    async with open_fetcher(subject.endpoint()) as fetcher:
        answer = await fetcher.get(target)
    entries = len(_ENTRY.findall(answer))
    if entries != PREFIXES:
        raise CannotMeasure(f"{target} lists {entries} entries instead of {kind.name}")
    return len(answer)


async def _fill_directly(data: str, bucket: str, count: int) -> None:
    """Store empty objects while no server runs, as an unversioned bucket has them."""
    settings = Settings(data=data, regions=(SOURCE_REGION, DESTINATION_REGION))
    async with open_deployment(settings) as deployment:
        store = deployment.regions[SOURCE_REGION].metadata
        found = store.reader.bucket(bucket)
        assert found is not None, bucket
        now_us = deployment.clock.now_us()
        group: list[Version] = []

        def insert(tx: Transaction) -> None:
            for version in group:
                tx.insert_version(version, None)

        for number, key in enumerate(keys(count), 1):
            group.append(
                Version(
                    bucket_id=found.id,
                    key=key,
                    version_id=NULL_VERSION,
                    created_us=now_us,
                    owner=found.owner,
                    etag=_EMPTY_ETAG,
                )
            )
            if len(group) == _FILL_GROUP or number == count:
                await store.write(insert)
                group.clear()
