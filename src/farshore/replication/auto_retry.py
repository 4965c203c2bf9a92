"""Retry failures by themselves once their cause is gone: a setting, off by default, since AWS does not.

Whether a cause is gone only an attempt can tell. Of each cause one failure, the oldest that a rule still takes, goes
again now and then; when it arrives, all of that cause go again; when it fails, or no rule takes any, the pause before
the next one doubles.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice

import structlog

from farshore.metadata.store import Reader, StoreUnavailable, Transaction
from farshore.model.replication import ReplicationConfiguration, ReplicationStatus
from farshore.model.replication_record import FailedVersion
from farshore.runtime.together import first_of
from farshore.service.deployment import Deployment, Region
from farshore.service.redrive import redrive, would_go

LOOK_EVERY_S = 15.0
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3600.0

AT_ONCE = 100
"""Failures driven again in one command, during which others wait."""

LOOKED_AT_MAX = 2_000
"""Failures of a cause that one look reads to find one that a rule takes; the next look goes on from there."""

CauseKey = tuple[int, str, str]
"""(bucket id, destination, code)."""

Place = tuple[int, int]
"""(failed_us, row) of a failure, in the order of a cause."""

_START: Place = (0, 0)

log = structlog.get_logger()


@dataclass(slots=True)
class _Cause:
    """Where the retrying of one cause stands.

    canary: the failure that went ahead of the others. after: no rule takes any up to there.
    """

    canary: FailedVersion | None = None
    after: Place = _START
    next_us: int = 0
    pause_s: float = FIRST_PAUSE_S

    def pause(self, now_us: int) -> None:
        self.canary, self.after = None, _START
        self.next_us = now_us + int(self.pause_s * 1e6)
        self.pause_s = min(LONGEST_PAUSE_S, self.pause_s * 2)


class AutoRetry:
    """Of one region. One process of a deployment runs it."""

    def __init__(self, deployment: Deployment, region: Region, *, looked_at_max: int = LOOKED_AT_MAX) -> None:
        self._deployment = deployment
        self._region = region
        self._looked_at_max = looked_at_max
        self._causes: dict[CauseKey, _Cause] = {}

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.look(stop)
            except StoreUnavailable as error:
                log.warning("failures could not be retried", region=self._region.name, error=str(error))
            await first_of(stop, within_s=LOOK_EVERY_S)

    async def look(self, stop: asyncio.Event) -> None:
        """Go on with every cause. Raises StoreUnavailable."""
        standing = await self._region.metadata.read(_causes)
        for key in self._causes.keys() - set(standing):
            # Nothing of it stands FAILED: it is done, unless the only failure is on its way.
            if self._causes[key].canary is None or not self._on_its_way(key, self._causes[key]):
                del self._causes[key]
        for key in standing:
            if stop.is_set():
                return
            await self._go_on(key, self._causes.setdefault(key, _Cause()), stop)

    async def _go_on(self, key: CauseKey, cause: _Cause, stop: asyncio.Event) -> None:
        now_us = self._deployment.clock.now_us()
        if cause.canary is None:
            if now_us >= cause.next_us:
                await self._send_ahead(key, cause, now_us)
            return
        match self._status(key, cause.canary):
            case ReplicationStatus.PENDING:
                return
            case ReplicationStatus.COMPLETED:
                count = await self._release(key, now_us, stop)
                log.info("retried failures whose cause is gone", destination=key[1], code=key[2], count=count)
                del self._causes[key]
            case _:
                cause.pause(now_us)

    async def _send_ahead(self, key: CauseKey, cause: _Cause, now_us: int) -> None:
        """Drive the first failure again that a rule takes; pause when none does."""
        reader = self._region.metadata.reader
        bucket = reader.bucket_by_id(key[0])
        configuration = None if bucket is None else self._deployment.configurations.get(reader, bucket)
        found, after = await self._region.metadata.read(
            lambda reader: self._first_taken(reader, key, configuration, cause.after)
        )
        if found is not None and await self._redrive(key[0], [found]):
            cause.canary, cause.after = found, _START
        elif after is not None:
            cause.after = after
        else:
            cause.pause(now_us)

    def _first_taken(
        self, reader: Reader, key: CauseKey, configuration: ReplicationConfiguration | None, after: Place
    ) -> tuple[FailedVersion | None, Place | None]:
        """The first failure after a place that a rule takes, and the place to go on from; None at the end."""
        place = after
        scan = reader.records.scan_failures(*key, after=after, until_us=self._deployment.clock.now_us())
        for failure in islice(scan, self._looked_at_max):
            place = (failure.failed_us, failure.row)
            if would_go(reader, configuration, key[0], failure):
                return failure, place
        return None, None if next(scan, None) is None else place

    async def _release(self, key: CauseKey, until_us: int, stop: asyncio.Event) -> int:
        """Drive all failures of a cause again; those that fail meanwhile wait for the next look."""
        count, after = 0, _START
        while not stop.is_set():
            found = await self._region.metadata.read(lambda reader, after=after: _next(reader, key, after, until_us))
            if not found:
                break
            count += await self._redrive(key[0], found)
            after = (found[-1].failed_us, found[-1].row)
        return count

    async def _redrive(self, bucket_id: int, failures: list[FailedVersion]) -> int:
        now_us = self._deployment.clock.now_us()

        def command(tx: Transaction) -> int:
            bucket = tx.bucket_by_id(bucket_id)
            if bucket is None:
                return 0
            configuration = self._deployment.configurations.get(tx, bucket)
            return redrive(tx, configuration, bucket_id, failures, now_us).count

        count = await self._region.metadata.write(command)
        if count:
            self._deployment.ring(self._region.name)
        return count

    def _on_its_way(self, key: CauseKey, cause: _Cause) -> bool:
        return cause.canary is not None and self._status(key, cause.canary) is ReplicationStatus.PENDING

    def _status(self, key: CauseKey, canary: FailedVersion) -> ReplicationStatus | None:
        version = self._region.metadata.reader.version(key[0], canary.key, canary.version_id)
        states = () if version is None else version.destinations
        return next((state.status for state in states if state.bucket == key[1]), None)


def _causes(reader: Reader) -> list[CauseKey]:
    """Every cause of the region, of which something stands FAILED."""
    return [
        (bucket_id, cause.destination, cause.code)
        for bucket_id in reader.records.failing_buckets()
        for cause in reader.records.failure_causes(bucket_id)
    ]


def _next(reader: Reader, key: CauseKey, after: Place, until_us: int) -> list[FailedVersion]:
    return list(islice(reader.records.scan_failures(*key, after=after, until_us=until_us), AT_ONCE))
