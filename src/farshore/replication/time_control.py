"""Replication Time Control: tells of operations that have not arrived within 15 minutes, at that very time.

A task carries its threshold. The store names the next one by its index; until then nothing is done for any of them.
What passed while no server ran is told at the start. A task that is settled late before that tells of it by itself
(`announcing`), so that it is told once, and before what came of it.
Source: S3 User Guide, "Meeting compliance requirements with S3 Replication Time Control".
"""

from __future__ import annotations

import asyncio

import structlog

from farshore.metadata.store import StoreUnavailable, Transaction
from farshore.model.objects import Version
from farshore.model.replication import ReplicationStatus, ReplicationTask
from farshore.replication.announcing import Announcing
from farshore.runtime.together import first_of
from farshore.semantics.replication_status import state_of
from farshore.service.deployment import Deployment, Region

LOOK_EVERY_S = 60.0
"""Whatever is written meanwhile has its threshold later than this; the wall clock may be set forward, though."""

UNAVAILABLE_S = 1.0
_TOLD_AT_ONCE = 100

log = structlog.get_logger()


class TimeControl:
    """Watches the thresholds of one region. One process of a deployment runs it."""

    def __init__(self, deployment: Deployment, region: Region) -> None:
        self._deployment = deployment
        self._region = region

    async def run(self, stop: asyncio.Event) -> None:
        """Tell of each threshold as it passes, until `stop` is set."""
        while not stop.is_set():
            try:
                waits_s = await self.look(stop)
            except StoreUnavailable as error:
                log.warning("thresholds cannot be watched", region=self._region.name, error=str(error))
                waits_s = UNAVAILABLE_S
            await first_of(stop, within_s=waits_s)

    async def look(self, stop: asyncio.Event) -> float:
        """Tell of what has passed. Returns the seconds until the next may, at most `LOOK_EVERY_S`.

        Raises:
            StoreUnavailable: what was told so far stands.
        """
        clock, metadata = self._deployment.clock, self._region.metadata
        while not stop.is_set():
            now_us = clock.now_us()
            next_us = metadata.reader.thresholds.next_us()
            if next_us is None:
                return LOOK_EVERY_S
            if next_us > now_us:
                return min(LOOK_EVERY_S, (next_us - now_us) / 1e6)
            await metadata.write(lambda tx, now_us=now_us: self._tell(tx, now_us))
        return 0.0

    def _tell(self, tx: Transaction, now_us: int) -> None:
        """Inside a command: tell of some that have passed."""
        announcing = Announcing(self._deployment, self._region, now_us)
        missed: list[int] = []
        untracked: list[int] = []
        for task in tx.thresholds.passed(now_us, _TOLD_AT_ONCE):
            version = _pending(tx, task)
            tracked = version is not None and announcing.missed(tx, task, version)
            (missed if tracked else untracked).append(task.id)
        tx.thresholds.missed(missed)
        tx.thresholds.untracked(untracked)


def _pending(tx: Transaction, task: ReplicationTask) -> Version | None:
    """The version, while it is on its way; None when it was removed or settled otherwise."""
    version = tx.version(task.bucket_id, task.key, task.version_id)
    state = None if version is None else state_of(version, task.destination)
    return version if state is not None and state.status is ReplicationStatus.PENDING else None
