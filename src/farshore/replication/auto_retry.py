"""Retry failures by themselves once their cause is gone: a setting, off by default, since AWS does not.

Whether a cause is gone only an attempt can tell. Of each cause one failure, the oldest, goes again now and then; when
it arrives, all of that cause go again; when it fails, the pause before the next one doubles.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from farshore.metadata.store import Reader, StoreUnavailable, Transaction
from farshore.model.replication import ReplicationStatus
from farshore.model.replication_record import FailedVersion
from farshore.service.deployment import Deployment, Region
from farshore.service.redrive import redrive

LOOK_EVERY_S = 15.0
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3600.0

AT_ONCE = 100
"""Failures driven again in one command, during which others wait."""

CauseKey = tuple[int, str, str]
"""(bucket id, destination, code)."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Cause:
    """Where the retrying of one cause stands. canary: the failure that went ahead of the others."""

    canary: FailedVersion | None = None
    next_us: int = 0
    pause_s: float = FIRST_PAUSE_S


class AutoRetry:
    """Of one region. One process of a deployment runs it."""

    def __init__(self, deployment: Deployment, region: Region) -> None:
        self._deployment = deployment
        self._region = region
        self._causes: dict[CauseKey, _Cause] = {}

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.look(stop)
            except StoreUnavailable as error:
                log.warning("failures could not be retried", region=self._region.name, error=str(error))
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stop.wait()
            except TimeoutError:
                continue

    async def look(self, stop: asyncio.Event) -> None:
        """Go on with every cause. Raises StoreUnavailable."""
        standing = await self._region.metadata.read(lambda reader: dict(_oldest(reader)))
        for key in self._causes.keys() - standing.keys():
            # Nothing of it stands FAILED: it is done, unless the only failure is on its way.
            if self._causes[key].canary is None or not self._on_its_way(key, self._causes[key]):
                del self._causes[key]
        for key, oldest in standing.items():
            if stop.is_set():
                return
            await self._go_on(key, self._causes.setdefault(key, _Cause()), oldest, stop)

    async def _go_on(self, key: CauseKey, cause: _Cause, oldest: FailedVersion, stop: asyncio.Event) -> None:
        now_us = self._deployment.clock.now_us()
        if cause.canary is None:
            if now_us >= cause.next_us and await self._redrive(key[0], [oldest]):
                cause.canary = oldest
            return
        match self._status(key, cause.canary):
            case ReplicationStatus.PENDING:
                return
            case ReplicationStatus.COMPLETED:
                count = await self._release(key, now_us, stop)
                log.info("retried failures whose cause is gone", destination=key[1], code=key[2], count=count)
                del self._causes[key]
            case _:
                cause.canary = None
                cause.next_us = now_us + int(cause.pause_s * 1e6)
                cause.pause_s = min(LONGEST_PAUSE_S, cause.pause_s * 2)

    async def _release(self, key: CauseKey, until_us: int, stop: asyncio.Event) -> int:
        """Drive all failures of a cause again; those that fail meanwhile wait for the next look."""
        count, after = 0, (0, 0)
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


def _oldest(reader: Reader) -> Iterator[tuple[CauseKey, FailedVersion]]:
    """The oldest failure of every cause of the region."""
    for bucket_id in reader.records.failing_buckets():
        for cause in reader.records.failure_causes(bucket_id):
            yield (bucket_id, cause.destination, cause.code), cause.first


def _next(reader: Reader, key: CauseKey, after: tuple[int, int], until_us: int) -> list[FailedVersion]:
    found: list[FailedVersion] = []
    for failure in reader.records.scan_failures(*key, after=after, until_us=until_us):
        found.append(failure)
        if len(found) == AT_ONCE:
            break
    return found
