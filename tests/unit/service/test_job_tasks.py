"""Results of tasks: what a job counts, keeps for its report, and when it has had enough failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.support.jobs import job_of, request_of
from tests.support.metadata import task, version

from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.metadata.store import Transaction
from farshore.model.batch import Job, JobStatus, JobTask, TaskResult
from farshore.model.objects import VersionName
from farshore.model.replication import DestinationState, FailureCode, ReplicationStatus, ReplicationTask
from farshore.service.job_tasks import (
    BLOCK_ROWS,
    finish,
    not_replicated,
    replicated,
    replication_result,
    replications_settled,
    results_of_block,
)

T = TypeVar("T")

PENDING, COMPLETED, FAILED = ReplicationStatus.PENDING, ReplicationStatus.COMPLETED, ReplicationStatus.FAILED
MISSING = FailureCode.DST_BUCKET_NOT_FOUND
NAME: VersionName = (1, "key", "null")


def state(bucket: str, status: ReplicationStatus) -> DestinationState:
    if status is FAILED:
        return DestinationState(bucket, status, "rule", 1, MISSING, "it is gone")
    return DestinationState(bucket, status, "rule", 1)


def report(scope: str) -> dict[str, Any]:
    return {"Enabled": True, "ReportScope": scope, "Bucket": "arn:aws:s3:::reports"}


class Region:
    """A store with one active job, whose tasks all are drawn; commands are run at once."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self._store = self._runner.run(self._open(folder))

    async def _open(self, folder: Path) -> SqliteMetadataStore:
        return SqliteMetadataStore.open(folder / "metadata.sqlite", "us-east-1")

    def write(self, command: Callable[[Transaction], T]) -> T:
        return self._runner.run(self._store.write(command))

    def job(self, *, drawn: int = 10, scope: str = "AllTasks", **members: Any) -> Job:
        given = job_of(
            **({"status": JobStatus.ACTIVE, "drawn": drawn, "total": drawn} | members),
            request=request_of(report=report(scope)),
        )
        return self.write(lambda tx: tx.jobs.add(given, {}))

    def settle(
        self, settled: Sequence[ReplicationTask], states: Mapping[VersionName, Sequence[DestinationState]]
    ) -> bool:
        return self.write(lambda tx: replications_settled(tx, settled, states, 5))

    def insert(self, *states: DestinationState) -> None:
        def command(tx: Transaction) -> None:
            bucket = tx.create_bucket("bucket", "owner", 1)
            tx.insert_version(version(bucket.id, destinations=states), None)

        self.write(command)

    def counts(self, job: Job) -> tuple[int, int]:
        found = self._store.reader.jobs.by_number(job.number)
        assert found is not None
        return found.succeeded, found.failed

    def results(self, job: Job, *, failed: bool, block: int = 0) -> list[TaskResult]:
        return results_of_block(self._store.reader, job.number, failed, block)

    def waiting(self) -> list[JobTask]:
        return self._store.reader.jobs.tasks_of_versions([NAME])

    def close(self) -> None:
        self._runner.run(self._store.close())
        self._runner.close()


@pytest.fixture
def region(tmp_path: Path) -> Any:
    one = Region(tmp_path)
    yield one
    one.close()


@pytest.mark.parametrize("code", FailureCode)
def test_every_failure_code_has_a_sentence(code: FailureCode) -> None:
    result = not_replicated(3, code)
    assert result.message[0].isupper() and " " in result.message and not result.message.endswith(".")


A_SUCCEEDED, A_FAILED = replicated(3), not_replicated(3, MISSING, "it is gone")


@pytest.mark.parametrize(
    ("states", "result"),
    [
        ((state("a", COMPLETED), state("b", COMPLETED)), A_SUCCEEDED),
        ((state("a", COMPLETED), state("b", PENDING)), None),
        ((state("a", FAILED), state("b", PENDING)), None),
        ((state("a", FAILED), state("b", COMPLETED)), A_FAILED),
        ((state("a", COMPLETED), state("b", COMPLETED), state("other", PENDING)), A_SUCCEEDED),
        ((state("a", COMPLETED), state("b", COMPLETED), state("other", FAILED)), A_SUCCEEDED),
        (None, not_replicated(3, FailureCode.SRC_VERSION_NOT_FOUND)),
    ],
)
def test_a_version_is_replicated_once_all_that_is_waited_for_has_settled(
    states: Sequence[DestinationState] | None, result: TaskResult | None
) -> None:
    assert replication_result(3, states, ("a", "b")) == result


def test_a_task_that_a_replication_task_carries_ends_with_it(region: Region) -> None:
    job = region.job()
    settled = [task(1, str(place), job=job.number, place=place) for place in range(3)]
    states = {
        (1, "0", "v"): (state("there", COMPLETED),),
        (1, "1", "v"): (state("there", FAILED), state("other", PENDING)),
    }
    assert region.settle([*settled, task(1, "live")], states)
    assert region.counts(job) == (1, 2)
    assert region.results(job, failed=False) == [replicated(0)]
    gone = not_replicated(2, FailureCode.SRC_VERSION_NOT_FOUND)
    assert region.results(job, failed=True) == [not_replicated(1, MISSING, "it is gone"), gone]


def test_what_no_job_waits_for_changes_no_job(region: Region) -> None:
    job = region.job()
    assert not region.settle([task(1, "live")], {})
    assert region.counts(job) == (0, 0)


def test_a_task_that_waits_for_two_destinations_ends_with_the_last(region: Region) -> None:
    """It also ends when it was another's task that brought the version, and both jobs that wait go on."""
    job = region.job()
    waiting = JobTask(job=job.number, place=4, bucket_id=1, key="key", version_id="null", destinations=("a", "b"))
    region.write(lambda tx: tx.jobs.add_tasks([waiting]))
    region.insert(state("a", COMPLETED), state("b", PENDING))
    assert not region.settle([task(1, destination="a", version_id="null")], {})
    assert region.waiting() == [waiting]
    assert region.settle(
        [task(1, destination="b", version_id="null")], {NAME: (state("a", COMPLETED), state("b", COMPLETED))}
    )
    assert region.counts(job) == (1, 0) and region.waiting() == []


def test_a_null_version_that_was_written_over_is_waited_for_in_its_place(region: Region) -> None:
    """The task that was on its way finds nothing to bring; the one of the new null version ends the job's task."""
    job = region.job()
    region.insert(state("there", PENDING))
    assert not region.settle([task(1, version_id="null", job=job.number, place=6)], {})
    assert region.counts(job) == (0, 0)
    assert [(each.place, each.destinations) for each in region.waiting()] == [(6, ("there",))]
    assert region.settle([task(1, version_id="null")], {NAME: (state("there", COMPLETED),)})
    assert region.counts(job) == (1, 0) and region.waiting() == []


@pytest.mark.parametrize("status", [JobStatus.CANCELLED, JobStatus.FAILED])
def test_what_an_ended_job_left_behind_is_in_no_count(region: Region, status: JobStatus) -> None:
    job = region.job(status=status, ended_us=3)
    settled = [task(1, job=job.number, place=1), task(1, "other", job=job.number + 1, place=1)]
    region.settle(settled, {(1, "key", "v"): (state("there", COMPLETED),)})
    assert region.counts(job) == (0, 0) and region.results(job, failed=False) == []


@pytest.mark.parametrize(("scope", "kept"), [("AllTasks", (2, 1)), ("FailedTasksOnly", (0, 1))])
def test_what_the_report_will_have_is_kept_by_place(region: Region, scope: str, kept: tuple[int, int]) -> None:
    job = region.job(scope=scope)
    far = BLOCK_ROWS + 5
    results = [replicated(far), not_replicated(2, MISSING), replicated(1), replicated(0)]
    job = region.write(lambda tx: finish(tx, job, results, 1))
    assert (job.succeeded, job.failed) == (3, 1)
    assert (len(region.results(job, failed=False)), len(region.results(job, failed=True))) == kept
    if scope == "AllTasks":
        assert [result.place for result in region.results(job, failed=False)] == [0, 1]
        assert [result.place for result in region.results(job, failed=False, block=1)] == [far]


def test_too_many_failures_make_an_active_job_fail(region: Region) -> None:
    job = region.job(drawn=1500, failed=999)
    job = region.write(lambda tx: finish(tx, job, [not_replicated(999, MISSING)], 1))
    assert job.status is JobStatus.FAILING and job.state.failures[0].code == "TaskFailureThresholdExceeded"
