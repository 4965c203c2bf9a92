"""Reconcile: versions that stand PENDING without a task get one. That cannot be, but disks and people exist.

A version and its tasks are written in one transaction, so that one snapshot never shows the one without the other: what
is found is lost. All versions of the region are walked by their rows, span by span, each a short read in a thread, with
pauses between them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import structlog

from farshore.metadata.store import Reader, StoreUnavailable, Transaction
from farshore.model.objects import Version
from farshore.model.replication import DestinationState, ReplicationStatus
from farshore.runtime.slices import slices
from farshore.runtime.together import first_of
from farshore.service.deployment import Deployment, Region
from farshore.service.exposition import RECONCILED
from farshore.service.outbox import lost_task

EVERY_S = 3600.0

SPAN_ROWS = 20_000

AT_ONCE = 100
"""Versions given tasks in one command, during which others wait."""

_REST = 9.0
"""Rests between reads, as a multiple of what they take."""

log = structlog.get_logger()


class Reconciler:
    """Of one region. One process of a deployment runs it.

    Args:
        span_rows: rows of one read.
    """

    def __init__(self, deployment: Deployment, region: Region, *, span_rows: int = SPAN_ROWS) -> None:
        self._span_rows = span_rows
        self._deployment = deployment
        self._region = region
        self._counted = deployment.counters.block(RECONCILED, region.name)

    async def run(self, stop: asyncio.Event) -> None:
        """Reconcile now, and again every hour, until `stop` is set."""
        while not stop.is_set():
            try:
                await self.reconcile(stop)
            except StoreUnavailable as error:
                log.warning("reconciliation could not finish", region=self._region.name, error=str(error))
            await first_of(stop, within_s=EVERY_S)

    async def reconcile(self, stop: asyncio.Event) -> int:
        """Walk all versions once, or until `stop` is set; returns how many tasks were lost.

        Raises:
            StoreUnavailable: what was done until then stands.
        """
        count, after = 0, 0
        newest = await self._region.metadata.read(lambda reader: reader.survey.newest_row())
        while after < newest and not stop.is_set():
            began = time.monotonic()
            lost = await self._region.metadata.read(lambda reader, after=after: self._find(reader, after))
            rest_s = _REST * (time.monotonic() - began)
            count += await self._bring_back(lost)
            after += self._span_rows
            await first_of(stop, within_s=rest_s)
        return count

    async def _bring_back(self, lost: Sequence[Version]) -> int:
        """Give tasks to versions, and tell of those that got them, whatever comes then."""
        count = 0
        try:
            for some in slices(lost, AT_ONCE):
                count += await self._region.metadata.write(lambda tx, some=some: self._give_tasks(tx, some))
        finally:
            if count:
                self._deployment.ring(self._region.name)
                self._counted[0] += count
                log.error(
                    "pending operations had lost their tasks, and have new ones", region=self._region.name, count=count
                )
        return count

    def _find(self, reader: Reader, after_row: int) -> list[Version]:
        """The versions of the next span that have lost a task."""
        found = reader.survey.doubtful_pending(after_row, after_row + self._span_rows)
        return [version for version in found if without_task(reader, version)]

    def _give_tasks(self, tx: Transaction, found: Sequence[Version]) -> int:
        now_us = self._deployment.clock.now_us()
        count = 0
        for each in found:
            version = tx.version(each.bucket_id, each.key, each.version_id)
            tasks = (
                [] if version is None else [lost_task(version, state, now_us) for state in without_task(tx, version)]
            )
            tx.add_tasks(tasks)
            count += len(tasks)
        return count


def without_task(reader: Reader, version: Version) -> list[DestinationState]:
    """Where a version stands PENDING, though no task brings it there."""
    pending = [state for state in version.destinations if state.status is ReplicationStatus.PENDING]
    if not pending:
        return []
    tasks = reader.tasks_of_version(version.bucket_id, version.key, version.version_id)
    brought = {task.destination for task in tasks}
    return [state for state in pending if state.bucket not in brought]
