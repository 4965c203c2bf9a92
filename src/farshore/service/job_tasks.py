"""What becomes of a job's tasks: results and counts, in the transaction of what they count.

A task that replicates is in flight until every destination that it waits for has settled; replication's settling says
when that may be so. Whatever else finishes tasks uses `finish` in the transaction that did the work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.batch import Job, JobStatus, JobTask, ManifestRow, ReportScope, TaskResult
from farshore.model.objects import Version
from farshore.model.replication import DestinationState, FailureCode, ReplicationStatus, ReplicationTask
from farshore.semantics.job_states import TOO_MANY_FAILED, failed_too_often, moved

REPLICATED = "success"
"""ResultMessage of a replicated version, as AWS writes it."""

REPLICATION_FAILED_STATUS = 500
"""HTTPStatusCode of a version that was not replicated, as AWS writes it."""

MESSAGES = {
    FailureCode.DST_BUCKET_NOT_FOUND: "The destination bucket does not exist",
    FailureCode.DST_BUCKET_UNVERSIONED: "Versioning is not enabled on the destination bucket",
    FailureCode.DST_OBJECT_HARD_DELETED: "The replica was permanently deleted in the destination bucket",
    FailureCode.INITIATE_REPLICATION_NOT_PERMITTED: "The job's role may not initiate the replication of the object",
    FailureCode.SRC_BUCKET_INVALID_REGION: "The source bucket is in another region than the job",
    FailureCode.SRC_BUCKET_NOT_FOUND: "The source bucket does not exist",
    FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING: "The source bucket has no replication configuration",
    FailureCode.SRC_KEY_NOT_FOUND: "The source object does not exist",
    FailureCode.SRC_OBJECT_NOT_ELIGIBLE: "The object is not eligible for replication",
    FailureCode.SRC_OBJECT_NOT_FOUND: "The source object does not exist",
    FailureCode.SRC_VERSION_NOT_FOUND: "The source object version does not exist",
}

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[TaskResult]).decode


def replicated(row: ManifestRow) -> TaskResult:
    return TaskResult(row, 200, "", REPLICATED)


def not_replicated(row: ManifestRow, code: FailureCode, detail: str = "") -> TaskResult:
    """The result of a version that was not replicated. detail: replaces the code's own sentence."""
    return TaskResult(row, REPLICATION_FAILED_STATUS, code.value, detail or MESSAGES.get(code, code.value))


def finish(tx: Transaction, job: Job, results: Sequence[TaskResult], now_us: int) -> Job:
    """Inside a command: count the results of tasks that are done and keep them for the report; returns the job as it
    now stands, which is not stored yet.

    An Active job of which too many tasks failed begins to fail.
    """
    failed = [result for result in results if result.failed]
    succeeded = [result for result in results if not result.failed]
    job = msgspec.structs.replace(job, succeeded=job.succeeded + len(succeeded), failed=job.failed + len(failed))
    scope = job.request.reports
    if failed and scope is not None:
        tx.jobs.add_results(job.number, True, _encode(failed))
    if succeeded and scope is ReportScope.ALL_TASKS:
        tx.jobs.add_results(job.number, False, _encode(succeeded))
    if job.status is JobStatus.ACTIVE and failed_too_often(job):
        job = moved(job, JobStatus.FAILING, now_us, failure=TOO_MANY_FAILED)
    return job


def decode_results(content: bytes) -> list[TaskResult]:
    """What `finish` stored together."""
    return _decode(content)


def versions_settled(tx: Transaction, tasks: Iterable[ReplicationTask], now_us: int) -> bool:
    """Inside the command that settled these replication tasks: finish the jobs' tasks that waited for them.

    Returns:
        whether a job went on.
    """
    if not tx.jobs.has_tasks():
        return False
    done: dict[int, list[tuple[int, TaskResult]]] = defaultdict(list)
    for bucket_id, key, version_id in {(task.bucket_id, task.key, task.version_id) for task in tasks}:
        waiting = tx.jobs.tasks_of_version(bucket_id, key, version_id)
        if waiting:
            version = tx.version(bucket_id, key, version_id)
            for task in waiting:
                result = replication_result(task, version)
                if result is not None:
                    done[task.job].append((task.place, result))
    for number, finished in done.items():
        job = tx.jobs.by_number(number)
        assert job is not None, number
        tx.jobs.remove_tasks(number, [place for place, _ in finished])
        tx.jobs.put(finish(tx, job, [result for _, result in finished], now_us))
    return bool(done)


def replication_result(task: JobTask, version: Version | None) -> TaskResult | None:
    """The result of a task that replicates, by how its version stands; None while a destination is pending.

    Args:
        version: None when it was permanently deleted meanwhile.
    """
    if version is None:
        return not_replicated(task.row, FailureCode.SRC_VERSION_NOT_FOUND)
    failed: DestinationState | None = None
    for state in version.destinations:
        if state.bucket in task.destinations:
            if state.status is ReplicationStatus.PENDING:
                return None
            if state.status is ReplicationStatus.FAILED and failed is None:
                failed = state
    if failed is None:
        return replicated(task.row)
    assert failed.reason is not None, failed
    return not_replicated(task.row, failed.reason, failed.detail)
