"""What acts later, in one process of the server: replication, the removal of unused blobs, the record of metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial

import structlog

from farshore.app.bell import Why
from farshore.app.bucket_names import mend_old_names
from farshore.batch.runner import BatchRunner
from farshore.blobs.store import BlobsUnavailable
from farshore.maintenance.blob_collector import BlobCollector
from farshore.maintenance.event_delivery import EventDelivery, Retention
from farshore.maintenance.failure_notices import FailureNotices
from farshore.maintenance.metric_recorder import MetricRecorder
from farshore.maintenance.store_sizes import measure_sizes
from farshore.metadata.store import StoreUnavailable
from farshore.replication.auto_retry import AutoRetry
from farshore.replication.reconcile import Reconciler
from farshore.replication.time_control import TimeControl
from farshore.replication.worker import ReplicationWorker
from farshore.runtime.supervision import Work, supervise
from farshore.runtime.together import first_of
from farshore.service.deployment import Deployment, Region
from farshore.transports.event_target import EventTarget

GARBAGE_EVERY_S = 600.0
ORPHANS_EVERY_S = 24 * 3600.0
SIZES_EVERY_S = 300.0
NOTICES_EVERY_S = 30.0
NAMES_EVERY_S = 600.0

log = structlog.get_logger()


class Background:
    """The workers of a deployment's regions. One process runs them.

    Args:
        replicate: False leaves replication tasks waiting.
        batch_share: as `ReplicationWorker`.
        retry_when_mended: drive failures again once their cause is gone.
        targets: where events go, by ARN. retention: how long they wait.
    """

    def __init__(
        self,
        deployment: Deployment,
        *,
        replicate: bool,
        batch_share: float,
        targets: Mapping[str, EventTarget],
        retention: Retention,
        retry_when_mended: bool = False,
    ) -> None:
        self._deployment = deployment
        self._retries = replicate and retry_when_mended
        self._events = {
            name: EventDelivery(deployment, region, targets, retention=retention)
            for name, region in deployment.regions.items()
        }
        self._jobs = BatchRunner(deployment)
        self._replication: ReplicationWorker | None = None
        if replicate:
            self._replication = ReplicationWorker(
                deployment, batch_share=batch_share, job_went_on=self._jobs.job_went_on
            )

    def hear(self, why: Why, region: str) -> None:
        """Hear the bell: a region has new replication tasks or events, or its jobs have changed."""
        match why:
            case Why.EVENTS:
                if region in self._events:
                    self._events[region].bell.set()
            case Why.TASKS:
                if self._replication is not None:
                    self._replication.ring(region)
            case Why.JOBS:
                self._jobs.ring(region)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; what is under way is finished or left to be claimed again."""
        async with asyncio.TaskGroup() as workers:
            for what, work in self._works():
                workers.create_task(supervise(work, stop, what))

    def _works(self) -> Iterator[tuple[str, Work]]:
        """Every worker by its name."""
        if self._replication is not None:
            yield "replication", self._replication.run
        yield "jobs", self._jobs.run
        names = partial(mend_old_names, self._deployment)
        yield "bucket names", partial(_repeat, names, NAMES_EVERY_S, "bucket names", "")
        for name, region in self._deployment.regions.items():
            yield f"events {name}", self._events[name].run
            yield f"metrics {name}", MetricRecorder(self._deployment, region).run
            yield f"time control {name}", TimeControl(self._deployment, region).run
            if self._replication is not None:
                yield f"reconciliation {name}", Reconciler(self._deployment, region).run
            if self._retries:
                yield f"retries {name}", AutoRetry(self._deployment, region).run
            for what, every_s, work in self._repeated(region):
                yield f"{what} {name}", partial(_repeat, work, every_s, what, name)

    def _repeated(self, region: Region) -> Iterator[tuple[str, float, Callable[[], Awaitable[int]]]]:
        """What is done now and again: its name, how often, and one time of it."""
        collector = BlobCollector(region.metadata, region.blobs, self._deployment.clock)
        yield "sizes", SIZES_EVERY_S, partial(measure_sizes, self._deployment, region)
        yield "notices", NOTICES_EVERY_S, FailureNotices(region).look
        yield "litter", GARBAGE_EVERY_S, region.blobs.remove_litter
        yield "garbage", GARBAGE_EVERY_S, collector.collect_garbage
        yield "orphans", ORPHANS_EVERY_S, collector.find_orphans


async def _repeat(
    work: Callable[[], Awaitable[int]], every_s: float, what: str, region: str, stop: asyncio.Event
) -> None:
    """Do the work now and again, until `stop`. A store that is unavailable is tried the next time."""
    while not stop.is_set():
        try:
            count = await work()
        except (StoreUnavailable, BlobsUnavailable) as error:
            log.warning("maintenance could not finish", what=what, region=region, error=str(error))
        else:
            if count:
                log.info("collected unused blobs", what=what, region=region, blobs=count)
        await first_of(stop, within_s=every_s)
