"""Jobs that run in the test's own process: a source in the east, a destination in the west, a bucket for reports."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from farshore.batch.runner import LOOK_EVERY_S, BatchRunner
from farshore.metadata.store import MetadataStore, Transaction
from farshore.model.batch import ENDED, Job, JobStatus
from farshore.model.buckets import VersioningStatus
from farshore.model.replication import ReplicationStatus
from farshore.replication.worker import ReplicationWorker
from farshore.service.batch_jobs import create_job
from farshore.service.bodies import pieces_of
from farshore.service.deployment import Region
from farshore.service.get_object import get_object
from tests.support.delivery import put_rule
from tests.support.deployment import EAST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata
from tests.support.jobs import ROLE
from tests.support.roles import make_role

T = TypeVar("T")


class MortalMetadata(FaultyMetadata):
    """A store of a process that dies at a write: from then on nothing is read or written.

    Args:
        writes: that it lives through. kept: the write at which it dies reaches the disk, but nobody hears of that.
    """

    def __init__(self, inner: MetadataStore, writes: int, *, kept: bool) -> None:
        super().__init__(inner)
        self.dead = asyncio.Event()
        self._left = writes
        self._kept = kept

    async def write(self, command: Callable[[Transaction], T]) -> T:
        self._left -= 1
        if self._left < 0 and not self.unavailable:
            if self._kept:
                await super().write(command)
            self.unavailable = True
            self.dead.set()
        return await super().write(command)


class JobRuns:
    """The deployment, and jobs on its bucket `source`. `store` is the east's: it fails when told to."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.clock = deployed.clock
        self.store = FaultyMetadata(deployed.stores[EAST].metadata)

    async def prepare(self) -> None:
        await make_role(self.deployed.directory, ROLE, of_jobs=True)
        await self.deployed.bucket("source")
        await self.deployed.bucket("reports", versioning=VersioningStatus.UNVERSIONED)
        await self.deployed.bucket("there", "us-west-2")

    async def rule(self, **members: Any) -> None:
        await put_rule(self.deployed, "source", "there", **members)

    async def put(self, count: int) -> list[tuple[str, str]]:
        """(key, version id) of new objects, in the order of a generated manifest."""
        return [(key, await self.deployed.put("source", key)) for key in (f"{number:05}" for number in range(count))]

    async def manifest(self, text: str, *fields: str) -> dict[str, Any]:
        """Store a CSV manifest; returns what names it in CreateJob."""
        await self.deployed.put("reports", "manifest.csv", text.encode())
        asked = self.deployed.request("GetObject", Bucket="reports", Key="manifest.csv")
        etag = (await get_object(asked)).output["ETag"]
        return {
            "Spec": {
                "Format": "S3BatchOperations_CSV_20180820",
                "Fields": list(fields or ("Bucket", "Key", "VersionId")),
            },
            "Location": {"ObjectArn": "arn:aws:s3:::reports/manifest.csv", "ETag": etag},
        }

    async def create(self, **members: Any) -> Job:
        """A job that replicates every version of `source` and reports all, unless members say otherwise."""
        asked: dict[str, Any] = {
            "AccountId": "111122223333",
            "ConfirmationRequired": False,
            "Operation": {"S3ReplicateObject": {}},
            "ClientRequestToken": str(uuid.uuid4()),
            "Priority": 10,
            "RoleArn": ROLE,
            "Report": {
                "Enabled": True,
                "Bucket": "arn:aws:s3:::reports",
                "Format": "Report_CSV_20180820",
                "ReportScope": "AllTasks",
            },
        }
        if "Manifest" not in members:
            chosen = {"SourceBucket": "arn:aws:s3:::source", "EnableManifestOutput": False}
            asked["ManifestGenerator"] = {"S3JobManifestGenerator": chosen}
        job_id = (await self.deployed.ask(create_job, "CreateJob", **(asked | members)))["JobId"]
        return self.job(job_id)

    def job(self, job_id: str) -> Job:
        found = self.deployed.stores[EAST].metadata.reader.jobs.job(job_id)
        assert found is not None, job_id
        return found

    @asynccontextmanager
    async def running(
        self, store: FaultyMetadata | None = None, *, replicate: bool = True
    ) -> AsyncGenerator[BatchRunner]:
        """A process that runs jobs, and replicates, over the east's store or another one around it."""
        stores = self.deployed.stores
        regions = {**stores, EAST: Region(EAST, store or self.store, stores[EAST].blobs)}
        rung: list[Callable[[str], None]] = []
        deployment = self.deployed.deployment_of(regions, ring=lambda region: [hear(region) for hear in rung])
        runner = BatchRunner(deployment)
        works: list[Callable[[asyncio.Event], Awaitable[None]]] = [runner.run]
        if replicate:
            worker = ReplicationWorker(deployment, jitter=lambda: 0.5, job_went_on=runner.job_went_on)
            rung.append(worker.ring)
            works.append(worker.run)
        stop = asyncio.Event()
        tasks = [asyncio.ensure_future(work(stop)) for work in works]
        try:
            yield runner
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    async def until(self, job: Job, *statuses: JobStatus) -> Job:
        """Wait until the job has one of the statuses, or has ended; returns it."""
        wanted = statuses or tuple(ENDED)
        await self.store.until(lambda: self.job(job.id).status in wanted)
        return self.job(job.id)

    async def live(self, job: Job, store: MortalMetadata) -> None:
        """Run a process over a store until it dies, or the job has ended."""
        async with self.running(store):
            dying = asyncio.create_task(store.dead.wait())
            ending = asyncio.create_task(store.until(lambda: self.job(job.id).status in ENDED))
            await asyncio.wait((dying, ending), return_when=asyncio.FIRST_COMPLETED)
            for each in (dying, ending):
                each.cancel()

    async def run(self, job: Job) -> Job:
        """Run a job to its end."""
        async with self.running():
            return await self.until(job)

    async def clock_goes_on(self, seconds: float = LOOK_EVERY_S) -> None:
        """Let the runner look for itself, as it does now and then: nothing rang its bell."""
        await asyncio.sleep(0)
        self.clock.move(seconds + 1)

    def waiting(self) -> int:
        """Replication tasks of the east."""
        return len(self.deployed.stores[EAST].metadata.reader.pending_tasks(0, 1000))

    async def forget_task(self) -> None:
        """Make all versions of `source` as they would be from before the rule."""
        store = self.deployed.stores[EAST].metadata

        def command(tx: Transaction) -> None:
            tx.remove_tasks([task.id for task in tx.pending_tasks(0, 1000)])
            bucket = tx.bucket("source")
            assert bucket is not None
            for version in list(tx.scan_versions(bucket.id, b"", True)):
                tx.set_replication(version.row, None, ())

        await store.write(command)

    def statuses(self) -> set[ReplicationStatus | None]:
        """Of the versions of `source`."""
        reader = self.deployed.stores[EAST].metadata.reader
        bucket = reader.bucket("source")
        assert bucket is not None
        return {found.replication_status for found in reader.scan_versions(bucket.id, b"", True)}

    async def report(self, job: Job) -> list[list[str]]:
        """The rows of a job's report."""
        rows: list[list[str]] = []
        for result in json.loads(await self._read(f"job-{job.id}/manifest.json"))["Results"]:
            content = await self._read(result["Key"])
            rows += csv.reader(io.StringIO(content.decode(), newline=""))
        return rows

    async def _read(self, key: str) -> bytes:
        answer = await get_object(self.deployed.request("GetObject", Bucket="reports", Key=key))
        assert answer.body is not None
        return b"".join([bytes(piece) async for piece in pieces_of(answer.body)])


def on_job_runs(folder: Path, test: Callable[[JobRuns], Awaitable[None]]) -> None:
    """Run a test on a deployment with the buckets, without a rule."""

    async def prepared(deployed: Deployed) -> None:
        runs = JobRuns(deployed)
        await runs.prepare()
        await test(runs)

    in_deployment(folder, prepared)
