"""What becomes of a job's tasks: results and counts, in the transaction of what they count.

A task that replicates is in flight until every destination that it waits for has settled; replication's settling says
when that may be so. Where it waits for a single replication task of its own, that one carries it. Whatever else
finishes tasks uses `finish` in the transaction that did the work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import msgspec

from farshore.metadata.store import Reader, Transaction
from farshore.model.batch import ENDED, Job, JobStatus, JobTask, ReportScope, TaskResult
from farshore.model.objects import VersionName
from farshore.model.replication import DestinationState, FailureCode, ReplicationStatus, ReplicationTask
from farshore.semantics.job_states import TOO_MANY_FAILED, failed_too_often, moved

BLOCK_ROWS = 10_000
"""Places of a manifest whose results are kept together: so many are in memory at once when the report is written."""

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


def replicated(place: int) -> TaskResult:
    return TaskResult(place, 200, "", REPLICATED)


def not_replicated(place: int, code: FailureCode, detail: str = "") -> TaskResult:
    """The result of a version that was not replicated. detail: replaces the code's own sentence."""
    return TaskResult(place, REPLICATION_FAILED_STATUS, code.value, detail or MESSAGES[code])


def finish(tx: Transaction, job: Job, results: Sequence[TaskResult], now_us: int) -> Job:
    """Inside a command: count the results of tasks that are done and keep them for the report; returns the job as it
    now stands, which is not stored yet.

    An Active job of which too many tasks failed begins to fail.
    """
    failed = [result for result in results if result.failed]
    succeeded = len(results) - len(failed)
    job = msgspec.structs.replace(job, succeeded=job.succeeded + succeeded, failed=job.failed + len(failed))
    scope = job.request.reports
    if failed and scope is not None:
        _keep(tx, job, failed, failed=True)
    if succeeded and scope is ReportScope.ALL_TASKS:
        _keep(tx, job, [result for result in results if not result.failed], failed=False)
    if job.status is JobStatus.ACTIVE and failed_too_often(job):
        job = moved(job, JobStatus.FAILING, now_us, failure=TOO_MANY_FAILED)
    return job


def results_of_block(reader: Reader, number: int, failed: bool, block: int) -> list[TaskResult]:
    """What a job keeps of a block of its manifest for its report, by place."""
    return sorted(
        (result for content in reader.jobs.results(number, failed, block) for result in _decode(content)),
        key=lambda result: result.place,
    )


def _keep(tx: Transaction, job: Job, results: Sequence[TaskResult], *, failed: bool) -> None:
    blocks: dict[int, list[TaskResult]] = defaultdict(list)
    for result in results:
        blocks[result.place // BLOCK_ROWS].append(result)
    for block, of_block in blocks.items():
        tx.jobs.add_results(job.number, failed, block, _encode(of_block))


def replications_settled(
    tx: Transaction,
    settled: Sequence[ReplicationTask],
    states: Mapping[VersionName, Sequence[DestinationState]],
    now_us: int,
) -> bool:
    """Inside the command that settled replication tasks: finish the jobs' tasks that waited for them.

    Args:
        settled: tasks that are no more.
        states: how the destinations of their versions stand, as far as that was changed.
    Returns:
        whether a job went on.
    """

    def states_of(version: VersionName) -> Sequence[DestinationState] | None:
        if version in states:
            return states[version]
        found = tx.version(*version)
        return None if found is None else found.destinations

    results: dict[int, list[TaskResult]] = defaultdict(list)
    for task in settled:
        if task.job:
            result = replication_result(task.place, states_of(name_of(task)), (task.destination,))
            if result is None:
                # A null version was written over meanwhile: another task is on its way with what stands there now.
                tx.jobs.add_tasks([_waiting(task)])
            else:
                results[task.job].append(result)
    if tx.jobs.has_tasks():
        done: list[JobTask] = []
        for waiting in tx.jobs.tasks_of_versions([name_of(task) for task in settled]):
            states_now = states_of((waiting.bucket_id, waiting.key, waiting.version_id))
            result = replication_result(waiting.place, states_now, waiting.destinations)
            if result is not None:
                done.append(waiting)
                results[waiting.job].append(result)
        tx.jobs.remove_tasks(done)
    for number, of_job in results.items():
        job = tx.jobs.by_number(number)
        # What a job left behind when it was cancelled, or failed, is in no count.
        if job is not None and job.status not in ENDED:
            tx.jobs.put(finish(tx, job, of_job, now_us))
    return bool(results)


def replication_result(
    place: int, states: Sequence[DestinationState] | None, destinations: Collection[str]
) -> TaskResult | None:
    """The result of a task that replicates, by how its version's destinations stand; None while one is pending.

    Args:
        place: of the task's row in the manifest.
        states: None when the version was permanently deleted meanwhile.
        destinations: those that the task waits for.
    """
    if states is None:
        return not_replicated(place, FailureCode.SRC_VERSION_NOT_FOUND)
    named = [state for state in states if state.bucket in destinations]
    if any(state.status is ReplicationStatus.PENDING for state in named):
        return None
    if len(named) < len(destinations):
        # A null version was written over by one that goes elsewhere, or nowhere.
        return not_replicated(place, FailureCode.SRC_OBJECT_NOT_ELIGIBLE)
    failed = next((state for state in named if state.status is ReplicationStatus.FAILED), None)
    if failed is None:
        return replicated(place)
    assert failed.reason is not None, failed
    return not_replicated(place, failed.reason, failed.detail)


def _waiting(task: ReplicationTask) -> JobTask:
    """The job's task that a replication task carried, by itself."""
    return JobTask(
        job=task.job,
        place=task.place,
        bucket_id=task.bucket_id,
        key=task.key,
        version_id=task.version_id,
        destinations=(task.destination,),
    )


def name_of(task: ReplicationTask) -> VersionName:
    """The version that a replication task brings."""
    return task.bucket_id, task.key, task.version_id
