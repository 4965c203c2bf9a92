"""The states of a Batch Operations job, and what a change of state does to the job.

Source: S3 User Guide, "Tracking job status and completion reports".
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from farshore.model.batch import ENDED, Job, JobFailure, JobState, JobStatus

NEXT: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.NEW: frozenset((JobStatus.PREPARING, JobStatus.CANCELLING)),
    # The manifest is complete; a confirmation is awaited; the manifest cannot be read.
    JobStatus.PREPARING: frozenset((JobStatus.READY, JobStatus.SUSPENDED, JobStatus.FAILING, JobStatus.CANCELLING)),
    # UpdateJobStatus; after 30 days unconfirmed it fails.
    JobStatus.SUSPENDED: frozenset((JobStatus.READY, JobStatus.CANCELLING, JobStatus.FAILING)),
    JobStatus.READY: frozenset((JobStatus.ACTIVE, JobStatus.CANCELLING)),
    # A job of higher priority needs the place; too many tasks failed.
    JobStatus.ACTIVE: frozenset((JobStatus.COMPLETING, JobStatus.PAUSING, JobStatus.FAILING, JobStatus.CANCELLING)),
    JobStatus.PAUSING: frozenset((JobStatus.PAUSED, JobStatus.FAILING, JobStatus.CANCELLING)),
    JobStatus.PAUSED: frozenset((JobStatus.ACTIVE, JobStatus.FAILING, JobStatus.CANCELLING)),
    # The report cannot be written.
    JobStatus.COMPLETING: frozenset((JobStatus.COMPLETE, JobStatus.FAILING, JobStatus.CANCELLING)),
    JobStatus.COMPLETE: frozenset(),
    JobStatus.CANCELLING: frozenset((JobStatus.CANCELLED,)),
    JobStatus.CANCELLED: frozenset(),
    JobStatus.FAILING: frozenset((JobStatus.FAILED, JobStatus.CANCELLING)),
    JobStatus.FAILED: frozenset(),
}
"""The state table: from a status to those that may follow."""

AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"
"""The one cause of a suspension."""

TASKS_BEFORE_THRESHOLD = 1000
"""Before so many tasks have run, none of their failures fails the job."""

TOO_MANY_FAILED = JobFailure(
    "TaskFailureThresholdExceeded", "The job failed because more than 50% of its tasks failed."
)


def moved(job: Job, status: JobStatus, now_us: int, *, failure: JobFailure | None = None) -> Job:
    """The job in its next state.

    Args:
        failure: why, of a job that begins to fail.
    Raises:
        AssertionError: the table does not allow the change.
    """
    assert status in NEXT[job.status], (job.id, job.status, status)
    state = _left_active(job.state, now_us) if job.status is JobStatus.ACTIVE else job.state
    state = msgspec.structs.replace(state, since_us=now_us)
    if status is JobStatus.ACTIVE:
        state = msgspec.structs.replace(state, active_since_us=now_us)
    elif status is JobStatus.SUSPENDED:
        state = msgspec.structs.replace(state, suspended_us=now_us)
    if failure is not None:
        state = msgspec.structs.replace(state, failures=(*state.failures, failure))
    ended_us = now_us if status in ENDED else None
    return msgspec.structs.replace(job, status=status, state=state, ended_us=ended_us)


def may_move(job: Job, status: JobStatus) -> bool:
    return status in NEXT[job.status]


def active_s(job: Job, now_us: int) -> int:
    """Whole seconds that the job has been Active."""
    return _left_active(job.state, now_us).active_us // 1_000_000


def failed_too_often(job: Job) -> bool:
    """Whether at least 1,000 tasks have run, and more than half of those that were begun failed.

    A task in flight counts as begun: some failures are known at once, while successes take their time, and a job of
    which few tasks fail must not end because those came first.
    Source: User Guide, "Tracking job failures".
    """
    return job.succeeded + job.failed >= TASKS_BEFORE_THRESHOLD and job.failed * 2 > job.drawn


def _left_active(state: JobState, now_us: int) -> JobState:
    if state.active_since_us is None:
        return state
    spent_us = max(0, now_us - state.active_since_us)
    return msgspec.structs.replace(state, active_us=state.active_us + spent_us, active_since_us=None)
