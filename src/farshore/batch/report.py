"""The completion report of a job, written as the job's role into the bucket that the job names.

Files are written under keys that do not change, so that a report that was interrupted is written again in their place.
Source: S3 User Guide, "Completion reports".
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

from farshore.batch.job import JobFails, RunningJob
from farshore.batch.job_role import JobRole
from farshore.batch.manifest_cursor import ManifestCursor
from farshore.metadata.store import Reader
from farshore.model.batch import Document, Job, JobFailure, ReportScope
from farshore.model.errors import S3Error
from farshore.semantics import completion_report
from farshore.semantics.batch_request import bucket_of_arn
from farshore.semantics.completion_report import ReportFile
from farshore.service.deployment import RequestBody
from farshore.service.job_tasks import results_of_block
from farshore.service.put_object import put_object
from farshore.service.written_bodies import WrittenStream, WrittenWhole

FILE_ROWS_MAX = 1_000_000

NOT_WRITTEN = JobFailure(
    "ReportNotWritten", "The job report could not be written to your report bucket. Please check your permissions."
)


async def write_report(running: RunningJob, job: Job) -> None:
    """Write the report of a job that has run; nothing where none was asked for, no task was run, or it failed before.

    Raises:
        JobFails: it cannot be written. StoreUnavailable, BlobsUnavailable.
    """
    scope = job.request.reports
    if scope is None or not job.succeeded + job.failed or NOT_WRITTEN in job.state.failures:
        return
    report = _Report(running, running.role(job), job)
    if scope is ReportScope.ALL_TASKS:
        await report.write_results(failed=False)
    await report.write_results(failed=True)
    await report.write_manifest()


class _Report:
    def __init__(self, running: RunningJob, role: JobRole, job: Job) -> None:
        self._running = running
        self._role = role
        self._job = job
        self._asked: Document = job.request.report
        self._bucket = bucket_of_arn(self._asked["Bucket"])
        self._prefix: str | None = self._asked.get("Prefix")
        self._files: list[ReportFile] = []

    async def write_results(self, *, failed: bool) -> None:
        """The files of the tasks that failed, or of those that succeeded; none when there are no such."""
        after = -1
        while True:
            file = _ResultFile(self._running.region.metadata.reader, self._job.number, failed, after)
            if not file.begins():
                return
            number = sum(each.failed is failed for each in self._files)
            key = completion_report.file_key(self._prefix, self._job.id, failed, number)
            await self._put(key, "text/csv", WrittenStream(file.pieces()))
            self._files.append(ReportFile(failed, key, file.md5))
            after = file.last

    async def write_manifest(self) -> None:
        now_us = self._running.deployment.clock.now_us()
        content = completion_report.manifest(self._bucket, self._files, now_us)
        folder = completion_report.folder(self._prefix, self._job.id)
        await self._put(f"{folder}/manifest.json", "application/json", WrittenWhole(content))

    async def _put(self, key: str, content_type: str, body: RequestBody) -> None:
        params = {"Bucket": self._bucket, "Key": key, "ContentType": content_type}
        if "ExpectedBucketOwner" in self._asked:
            params["ExpectedBucketOwner"] = self._asked["ExpectedBucketOwner"]
        try:
            await put_object(self._role.request("PutObject", params, body))
        except S3Error as error:
            raise JobFails(NOT_WRITTEN.code, NOT_WRITTEN.reason) from error


class _ResultFile:
    """The lines of one file, block by block of the results that are kept.

    last: the last block in it. md5: hex, once it was read.
    """

    def __init__(self, reader: Reader, number: int, failed: bool, after: int) -> None:
        self._reader = reader
        self._number = number
        self._failed = failed
        self._manifest = ManifestCursor(reader.jobs, number)
        self._digest = hashlib.md5(usedforsecurity=False)
        self.last = after

    @property
    def md5(self) -> str:
        return self._digest.hexdigest()

    def begins(self) -> bool:
        """Whether there is anything to write."""
        return self._next() is not None

    async def pieces(self) -> AsyncIterator[bytes]:
        rows = 0
        while rows < FILE_ROWS_MAX and (block := self._next()) is not None:
            results = results_of_block(self._reader, self._number, self._failed, block)
            rows += len(results)
            lines = [(await self._manifest.row(result.place), result) for result in results]
            piece = await asyncio.to_thread(completion_report.rows, lines)
            self._digest.update(piece)
            self.last = block
            yield piece

    def _next(self) -> int | None:
        return self._reader.jobs.result_block(self._number, self._failed, self.last)
