"""What it costs to be told: metrics and an event notification on, beside the same requests without.

Both kinds of bucket are on one server of our own and take turns, so that whatever else the machine does falls on both.
The rate is that of the requests, while what they bring about goes on; CPU time is that of the whole way, until all has
been replicated and told, into a file, and what follows has had time.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from farshore.bench.context import Context
from farshore.bench.fetch import Fetcher, open_fetcher
from farshore.bench.loads import Cpu
from farshore.bench.plan import KIB
from farshore.bench.results import Row
from farshore.bench.subject import DESTINATION_REGION, CannotMeasure, Subject

_CONCURRENCY = 64
_PAIRS = 20
"""Spells of each kind, but for those that warm up."""

_RECORD = b'{"eventVersion":'
"""Every event's record begins so."""

_LISTED = 1_000
"""Keys of one answer."""

_LOOK_EVERY_S = 0.05
_SETTLING_S = 0.5
"""After all has arrived and been told: what is written down then is part of the way too, observed or not."""

_PATIENCE_S = 120.0
_ACCOUNT = "111122223333"
_QUEUE = f"arn:aws:sqs:us-east-1:{_ACCOUNT}:bench"
_NOTIFICATION = {"QueueConfigurations": [{"Id": "bench", "QueueArn": _QUEUE, "Events": ["s3:ObjectCreated:*"]}]}
_METRICS = {"Metrics": {"Status": "Enabled"}}


async def measure_observing(context: Context) -> None:
    """PUT with a notification, and replicated PUT with a notification and metrics. Only on a server of our own."""
    if not context.servers.own:
        return
    folder = context.servers.data.with_name("observing")
    told = Told(folder.with_name("events.jsonl"))
    environment = {
        "FARSHORE_EVENTS": json.dumps([{"arn": _QUEUE, "file": str(told.path)}]),
        "FARSHORE_ROOT_ACCOUNT_ID": _ACCOUNT,
    }
    async with replace(context.servers, data=folder).start(workers=0, environment=environment) as subject:
        context.say("PUT of 1 KiB with and without a notification")
        plain = await context.make_bucket(subject, "plain", versioned=True)
        noted = await context.make_bucket(subject, "noted", versioned=True)
        await asyncio.to_thread(_listen, subject.client(), noted)
        await _compare(context, subject, told, "PUT 1 KiB × 64, notification", (plain, None), (noted, None))
        context.say("replicated PUT of 1 KiB with and without metrics and a notification")
        silent = await context.replicated_buckets(subject, "silent")
        observed = await context.replicated_buckets(subject, "observed", **_METRICS)
        await asyncio.to_thread(_listen, subject.client(), observed[0])
        name = "PUT 1 KiB × 64, replicated, metrics and notification"
        await _compare(context, subject, told, name, silent, observed)


class Told:
    """The file that events go to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        self.events = 0

    def look(self) -> None:
        """Count the events that came since, in whole lines."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._read)
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._read += len(whole)
            self.events += whole.count(_RECORD)


class _Spell(msgspec.Struct, frozen=True):
    """Requests a second, and the server's CPU time by request."""

    per_s: float
    cpu_us: float


Way = tuple[str, str | None]
"""A bucket, and the one that it replicates to."""


async def _compare(context: Context, subject: Subject, told: Told, name: str, without: Way, observed: Way) -> None:
    spells: dict[Way, list[_Spell]] = {without: [], observed: []}
    async with open_fetcher(subject.endpoint(DESTINATION_REGION)) as fetcher:
        for number in range(_PAIRS + 1):
            for way in (without, observed) if number % 2 else (observed, without):
                spell = await _spell(context, subject, fetcher, told, way, number, told_of=way is observed)
                if number:  # The first warms up.
                    spells[way].append(spell)
    pairs = list(zip(spells[observed], spells[without], strict=True))
    found = {
        **_medians(spells[observed]),
        "rate_ratio": median(one.per_s / other.per_s for one, other in pairs),
        "cost_ratio": median(one.cpu_us / other.cpu_us for one, other in pairs),
    }
    context.rows.append(Row(section="observing", name=name, values=found, floors=_medians(spells[without])))


def _medians(spells: Sequence[_Spell]) -> dict[str, float]:
    return {
        "per_s": median(spell.per_s for spell in spells),
        "cpu_us": median(spell.cpu_us for spell in spells),
    }


async def _spell(
    context: Context, subject: Subject, fetcher: Fetcher, told: Told, way: Way, number: int, *, told_of: bool
) -> _Spell:
    """Put, and wait for all that follows."""
    cpu: Cpu | None = subject.cpu
    assert cpu is not None
    source, destination = way
    count = context.plan.replicated
    targets = [f"/{source}/{number:04d}-{each:06d}" for each in range(count)]
    expected = told.events + (count if told_of else 0)
    before_s = cpu()
    load = await context.load(subject, "PUT", targets, _CONCURRENCY, body_bytes=KIB)
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s:
        await asyncio.sleep(_LOOK_EVERY_S)
        told.look()
        if told.events >= expected and (destination is None or await _has(fetcher, destination, number, count - 1)):
            await asyncio.sleep(_SETTLING_S)
            used_s = cpu() - before_s  # Before all are counted, which costs as much as what is measured.
            if destination is None or await _count(fetcher, destination, number, count) == count:
                return _Spell(load.outcome.per_s, used_s * 1e6 / count)
    raise CannotMeasure(f"not all of {source} was told and replicated")


async def _has(fetcher: Fetcher, bucket: str, number: int, each: int) -> bool:
    """Whether an object of a spell has arrived: a question that costs next to nothing."""
    query = f"list-type=2&max-keys=1&prefix={number:04d}-{each:06d}"
    return b"<Key>" in await fetcher.get(f"/{bucket}?{query}")


async def _count(fetcher: Fetcher, bucket: str, number: int, count: int) -> int:
    """Of a spell's objects those that the bucket has."""
    found = 0
    for part in range(-(-count // _LISTED)):
        query = f"list-type=2&max-keys={_LISTED}&prefix={number:04d}-{part:03d}"
        found += (await fetcher.get(f"/{bucket}?{query}")).count(b"<Key>")
    return found


def _listen(client: Any, bucket: str) -> None:
    client.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=_NOTIFICATION, SkipDestinationValidation=True
    )
