"""The end of a job: what is in flight comes to its end, the report is written, the job's work is forgotten.

Source: S3 User Guide, "Tracking job status and completion reports".
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from farshore.batch.job import JobFails, RunningJob, log_status
from farshore.batch.report import write_report
from farshore.metadata.store import Transaction
from farshore.model.batch import Job, JobFailure, JobStatus
from farshore.semantics.job_states import moved

DRAIN_US = 30 * 1_000_000
"""How long a job that is cancelled or fails waits for its tasks in flight. What a destination does not take until then
is left to replication, which goes on trying; it is in no count and no report."""

ENDS: Mapping[JobStatus, JobStatus] = {
    JobStatus.COMPLETING: JobStatus.COMPLETE,
    JobStatus.CANCELLING: JobStatus.CANCELLED,
    JobStatus.FAILING: JobStatus.FAILED,
}
"""What a status that ends a job leads to."""


async def finish_job(running: RunningJob, status: JobStatus) -> None:
    """Bring a job to its end.

    Args:
        status: the job's, one of ENDS.
    Raises:
        JobMoved: it was cancelled while it completed or failed. JobFails: the report of a job that completes cannot be
            written. StoreUnavailable, BlobsUnavailable.
    """
    if status is not JobStatus.COMPLETING and not await _drained(running):
        return
    job = running.read()
    try:
        await write_report(running, job)
    except JobFails as error:
        if status is JobStatus.COMPLETING:
            raise
        failure = error.failure
        await running.step(status, lambda _tx, job: _with_failure(job, failure))
    await _end(running, status)


async def _drained(running: RunningJob) -> bool:
    """Wait for tasks in flight, for a while. False when the process ends before."""
    while not running.stop.is_set():
        running.news.clear()
        job = running.read()
        left_us = job.state.since_us + DRAIN_US - running.deployment.clock.now_us()
        if not job.in_flight or left_us <= 0:
            return True
        await running.wait(left_us / 1e6)
    return False


async def _end(running: RunningJob, status: JobStatus) -> None:
    now_us = running.deployment.clock.now_us()

    def change(tx: Transaction, job: Job) -> Job:
        tx.jobs.drop_work(job.number)
        return moved(job, ENDS[status], now_us)

    log_status(running.region, await running.step(status, change))


def _with_failure(job: Job, failure: JobFailure) -> Job:
    failures = (*job.state.failures, failure)
    return msgspec.structs.replace(job, state=msgspec.structs.replace(job.state, failures=failures))
