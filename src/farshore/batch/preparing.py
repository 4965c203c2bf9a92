"""Preparing a job: its manifest is read or generated into segments, saved if that is asked for, and the job made ready.

Each segment is stored with how far it brings the manifest, in one command; a job that was interrupted goes on there.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from farshore.batch.job import JobFails, RunningJob
from farshore.batch.job_role import JobRole
from farshore.batch.manifest import manifest_rows
from farshore.batch.manifest_generator import Scanned, Wanted, scan_segment
from farshore.metadata.jobs import JobReader
from farshore.metadata.store import Transaction
from farshore.model.batch import Document, Job, JobStatus, ManifestPlace, ManifestRow, OperationName, Segment
from farshore.model.errors import S3Error
from farshore.semantics.batch_request import bucket_of_arn
from farshore.semantics.manifest_filter import asks_for_encryption, common_prefix, compile_filter
from farshore.semantics.manifest_rows import SEGMENT_ROWS, inventory_line, pack, storable
from farshore.service.access import may
from farshore.service.deployment import RequestBody
from farshore.service.put_object import put_object
from farshore.service.written_bodies import WrittenStream, WrittenWhole

NO_KEYS = "Manifest generation found no keys matching the filter criteria."
_FILE_SEGMENTS = 100
"""Segments in one file of a saved manifest."""


async def prepare(running: RunningJob) -> None:
    """Bring a Preparing job to Ready or Suspended.

    Raises:
        JobFails: its manifest cannot be had. JobMoved: it was cancelled. StoreUnavailable, BlobsUnavailable.
    """
    job = running.read()
    role = running.role(job)
    if job.request.manifest is not None:
        job = await _read(running, role, job, job.request.manifest)
        if not job.total:
            raise JobFails("InvalidManifestContent", "Manifest file is not properly formatted: it has no rows")
    else:
        assert job.request.generator is not None, job.id
        generator: Document = job.request.generator["S3JobManifestGenerator"]
        job = await _generate(running, role, job, generator)
        if not job.total:
            raise JobFails("NoKeysFound", NO_KEYS)
        if generator["EnableManifestOutput"] and job.state.saved is None:
            job = await _save(running, role, job, generator)
    ready = JobStatus.SUSPENDED if job.request.confirmation_required else JobStatus.READY
    await running.move(JobStatus.PREPARING, ready)


async def _read(running: RunningJob, role: JobRole, job: Job, manifest: Document) -> Job:
    """Store a user's manifest; what was stored before an interruption is passed over."""
    stored = job.total
    gathered: list[ManifestRow] = []
    async for rows in manifest_rows(role, manifest):
        passed = min(stored, len(rows))
        stored -= passed
        gathered += rows[passed:]
        while len(gathered) >= SEGMENT_ROWS:
            job = await _store_rows(running, gathered[:SEGMENT_ROWS])
            del gathered[:SEGMENT_ROWS]
    return await _store_rows(running, gathered) if gathered else running.read()


async def _store_rows(running: RunningJob, rows: Sequence[ManifestRow]) -> Job:
    content = await asyncio.to_thread(_pack, rows)
    return await _store(running, content, len(rows), None)


def _pack(rows: Sequence[ManifestRow]) -> bytes:
    return pack([inventory_line(storable(row)) for row in rows])


async def _generate(running: RunningJob, role: JobRole, job: Job, generator: Document) -> Job:
    wanted = _wanted(running, role, job, generator)
    store = running.region.metadata
    place = job.state.scanned
    scanned = await store.read(lambda reader: scan_segment(reader, wanted, place))
    while not scanned.ended:
        # The next segment is read while this one is stored.
        reading = asyncio.create_task(_scan(running, wanted, scanned.place))
        try:
            await _store(running, scanned.content, scanned.rows, scanned.place)
        except BaseException:
            reading.cancel()
            raise
        scanned = await reading
    return await _store(running, scanned.content, scanned.rows, scanned.place)


async def _scan(running: RunningJob, wanted: Wanted, place: ManifestPlace | None) -> Scanned:
    return await running.region.metadata.read(lambda reader: scan_segment(reader, wanted, place))


def _wanted(running: RunningJob, role: JobRole, job: Job, generator: Document) -> Wanted:
    """What the generator asks for. Raises JobFails.

    The role must be able to read the bucket's rules for Batch Replication, and to have an inventory made of it.
    """
    name = bucket_of_arn(generator["SourceBucket"])
    reader = running.region.metadata.reader
    bucket = reader.bucket(name)
    if bucket is None:
        home = running.deployment.directory.bucket_home(name)
        why = "does not exist" if home is None else f"is in {home.region}, and the job in {running.region.name}"
        raise JobFails("ManifestGenerationFailed", f"The source bucket {name} {why}")
    expected: str | None = generator.get("ExpectedBucketOwner")
    replicates = job.request.operation is OperationName.REPLICATE
    actions = ["s3:PutInventoryConfiguration", *(["s3:GetReplicationConfiguration"] if replicates else [])]
    asking = role.request("CreateManifest", {})
    allowed = all(may(asking, running.region, bucket, action) for action in actions)
    if not allowed or expected not in (None, bucket.owner):
        raise JobFails("AccessDenied", "Manifest generation is forbidden: AccessDenied")
    wanted: Document = generator.get("Filter", {})
    configuration = running.deployment.configurations.get(reader, bucket)
    return Wanted(
        bucket=bucket,
        prefix=common_prefix(wanted),
        passes=compile_filter(wanted, configuration, replicates=replicates),
        encryption=asks_for_encryption(wanted),
    )


async def _store(running: RunningJob, content: bytes, rows: int, place: ManifestPlace | None) -> Job:
    """Add a segment to the manifest, or with no rows only what was passed over."""

    def change(tx: Transaction, job: Job) -> Job:
        state = msgspec.structs.replace(job.state, scanned=place)
        if rows:
            tx.jobs.add_segment(job.number, Segment(job.total, rows, content))
        return msgspec.structs.replace(job, total=job.total + rows, state=state)

    return await running.step(JobStatus.PREPARING, change)


async def _save(running: RunningJob, role: JobRole, job: Job, generator: Document) -> Job:
    """Write the generated manifest where the job says, as an inventory report: segments make its files as they are."""
    place: Document = generator["ManifestOutputLocation"]
    bucket = bucket_of_arn(place["Bucket"])
    home = running.deployment.directory.bucket_home(bucket)
    if home is not None and home.region != running.region.name:
        raise JobFails("ManifestGenerationFailed", f"The manifest's bucket {bucket} is in {home.region}")
    prefix = f"{place['ManifestPrefix']}/" if "ManifestPrefix" in place else ""
    folder = f"{prefix}job-{job.id}/manifest"
    owner: str | None = place.get("ExpectedManifestBucketOwner")
    files: list[dict[str, Any]] = []
    first = 0
    while first < job.total:
        key = f"{folder}/data/{len(files):06d}.csv.gz"
        file = _SavedFile(running.region.metadata.reader.jobs, job, first)
        await _put(role, bucket, key, "application/gzip", owner, WrittenStream(file.pieces()))
        files.append({"key": key, "size": file.size, "MD5checksum": file.md5})
        first = file.place
    described = {
        "sourceBucket": bucket_of_arn(generator["SourceBucket"]),
        "destinationBucket": place["Bucket"],
        "version": "2021-11-30",
        "creationTimestamp": str(running.deployment.clock.now_us() // 1000),
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, VersionId",
        "files": files,
    }
    key = f"{folder}/manifest.json"
    content = json.dumps(described, indent=2).encode()
    etag = await _put(role, bucket, key, "application/json", owner, WrittenWhole(content))
    saved: Document = {"ObjectArn": f"{place['Bucket']}/{key}", "ETag": etag.strip('"')}

    def change(_tx: Transaction, job: Job) -> Job:
        return msgspec.structs.replace(job, state=msgspec.structs.replace(job.state, saved=saved))

    return await running.step(JobStatus.PREPARING, change)


async def _put(role: JobRole, bucket: str, key: str, content_type: str, owner: str | None, body: RequestBody) -> str:
    """Store one object as the job's role; returns its ETag."""
    params = {"Bucket": bucket, "Key": key, "ContentType": content_type}
    if owner is not None:
        params["ExpectedBucketOwner"] = owner
    try:
        answer = await put_object(role.request("PutObject", params, body))
    except S3Error as error:
        reason = f"The manifest could not be written to the bucket {bucket}: {error.code}: {error.message}"
        raise JobFails(error.code, reason) from error
    return answer.output["ETag"]


class _SavedFile:
    """Segments from a place on; known once they were read: the place behind them, their bytes, and their MD5 in hex."""

    def __init__(self, jobs: JobReader, job: Job, place: int) -> None:
        self._jobs = jobs
        self._job = job
        self._digest = hashlib.md5(usedforsecurity=False)
        self.place = place
        self.size = 0

    @property
    def md5(self) -> str:
        return self._digest.hexdigest()

    async def pieces(self) -> AsyncIterator[bytes]:
        for _ in range(_FILE_SEGMENTS):
            if self.place >= self._job.total:
                return
            segment = self._jobs.segment(self._job.number, self.place)
            self.place += segment.rows
            self.size += len(segment.content)
            self._digest.update(segment.content)
            yield segment.content
