"""What becomes of a job's tasks: results and counts, in the transaction of what they count.

A task that replicates is in flight until every destination that it waits for has settled; replication's settling says
when that may be so. Whatever else finishes tasks uses `finish` in the transaction that did the work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.batch import Job, JobStatus, JobTask, ManifestRow, ReportScope, TaskResult
from farshore.model.replication import DestinationState, FailureCode, ReplicationStatus
from farshore.semantics.job_states import TOO_MANY_FAILED, failed_too_often, moved

VersionKey = tuple[int, str, str]
"""(bucket id, key, version id)."""

REPLICATED = "success"
"""ResultMessage of a replicated version, as AWS writes it."""

REPLICATION_FAILED_STATUS = 500
"""HTTPStatusCode of a version that was not replicated, as AWS writes it."""

MESSAGES = {
    FailureCode.ASSUME_ROLE_NOT_PERMITTED: "The replication role cannot be assumed",
    FailureCode.DST_BUCKET_NOT_FOUND: "The destination bucket does not exist",
    FailureCode.DST_BUCKET_OBJECT_LOCK_CONFIG_MISSING: "Object Lock is not enabled on the destination bucket",
    FailureCode.DST_BUCKET_UNVERSIONED: "Versioning is not enabled on the destination bucket",
    FailureCode.DST_DEL_OBJ_NOT_PERMITTED: "The replication role may not write delete markers at the destination",
    FailureCode.DST_MULTIPART_INIT_NOT_PERMITTED: "The replication role may not write large objects at the destination",
    FailureCode.DST_OBJECT_HARD_DELETED: "The replica was permanently deleted in the destination bucket",
    FailureCode.DST_PUT_ACL_NOT_PERMITTED: "The replication role may not write access control lists at the destination",
    FailureCode.DST_PUT_OBJECT_NOT_PERMITTED: "The replication role may not write objects at the destination",
    FailureCode.DST_PUT_TAGGING_NOT_PERMITTED: "The replication role may not write tags at the destination",
    FailureCode.DST_VERSION_NOT_FOUND: "The replica does not exist in the destination bucket",
    FailureCode.INITIATE_REPLICATION_NOT_PERMITTED: "The job's role may not initiate the replication of the object",
    FailureCode.SRC_BUCKET_INVALID_REGION: "The source bucket is in another region than the job",
    FailureCode.SRC_BUCKET_NOT_FOUND: "The source bucket does not exist",
    FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING: "The source bucket has no replication configuration",
    FailureCode.SRC_GET_ACL_NOT_PERMITTED: "The replication role may not read access control lists of the source",
    FailureCode.SRC_GET_OBJECT_NOT_PERMITTED: "The replication role may not read the source object",
    FailureCode.SRC_GET_TAGGING_NOT_PERMITTED: "The replication role may not read the tags of the source object",
    FailureCode.SRC_HEAD_OBJECT_NOT_PERMITTED: "The replication role may not read the source object",
    FailureCode.SRC_KEY_NOT_FOUND: "The source object does not exist",
    FailureCode.SRC_OBJECT_NOT_ELIGIBLE: "The object is not eligible for replication",
    FailureCode.SRC_OBJECT_NOT_FOUND: "The source object does not exist",
    FailureCode.SRC_REPLICATION_NOT_PENDING: "The replication of the source object is not pending",
    FailureCode.SRC_VERSION_NOT_FOUND: "The source object version does not exist",
}
"""ResultMessage by code. The sentences are ours: AWS documents the codes alone."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[TaskResult]).decode


def replicated(row: ManifestRow) -> TaskResult:
    return TaskResult(row, 200, "", REPLICATED)


def not_replicated(row: ManifestRow, code: FailureCode, detail: str = "") -> TaskResult:
    """The result of a version that was not replicated. detail: replaces the code's own sentence."""
    return TaskResult(row, REPLICATION_FAILED_STATUS, code.value, detail or MESSAGES[code])


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


def versions_settled(
    tx: Transaction, settled: Mapping[VersionKey, Sequence[DestinationState] | None], now_us: int
) -> bool:
    """Inside the command that settled replication tasks: finish the jobs' tasks that waited for them.

    Args:
        settled: versions of these tasks, and how their destinations stand; None where that is to be looked up.
    Returns:
        whether a job went on.
    """
    if not tx.jobs.has_tasks():
        return False
    done: dict[int, list[tuple[int, TaskResult]]] = defaultdict(list)
    for version, states in settled.items():
        waiting = tx.jobs.tasks_of_version(*version)
        if waiting and states is None:
            found = tx.version(*version)
            states = None if found is None else found.destinations
        for task in waiting:
            result = replication_result(task, states)
            if result is not None:
                done[task.job].append((task.place, result))
    for number, finished in done.items():
        job = tx.jobs.by_number(number)
        assert job is not None, number
        tx.jobs.remove_tasks(number, [place for place, _ in finished])
        tx.jobs.put(finish(tx, job, [result for _, result in finished], now_us))
    return bool(done)


def replication_result(task: JobTask, states: Sequence[DestinationState] | None) -> TaskResult | None:
    """The result of a task that replicates, by how its version's destinations stand; None while one is pending.

    Args:
        states: None when the version was permanently deleted meanwhile.
    """
    if states is None:
        return not_replicated(task.row, FailureCode.SRC_VERSION_NOT_FOUND)
    failed: DestinationState | None = None
    for state in states:
        if state.bucket in task.destinations:
            if state.status is ReplicationStatus.PENDING:
                return None
            if state.status is ReplicationStatus.FAILED and failed is None:
                failed = state
    if failed is None:
        return replicated(task.row)
    assert failed.reason is not None, failed
    return not_replicated(task.row, failed.reason, failed.detail)
