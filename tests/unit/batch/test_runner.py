"""The runner: which jobs run, and how they pause, wait, are cancelled, expire and end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import EAST
from tests.support.job_runs import JobRuns, on_job_runs
from tests.support.logs import Logs, captured_logs
from tests.support.ways import LARGE, of_key

from farshore.batch import finishing, runner
from farshore.model.batch import Job, JobStatus
from farshore.semantics.job_schedule import ACTIVE_MAX
from farshore.service.batch_jobs import update_job_priority, update_job_status

pytestmark = pytest.mark.timeout(60)

DAY_S = 24 * 3600
S = JobStatus


@pytest.fixture(autouse=True)
def logs() -> Iterator[Logs]:
    with captured_logs() as captured:
        yield captured


async def change(runs: JobRuns, job: Job, status: str) -> None:
    asked = {"AccountId": job.account_id, "JobId": job.id, "RequestedJobStatus": status}
    await runs.deployed.ask(update_job_status, "UpdateJobStatus", **asked)


def states(runs: JobRuns, jobs: list[Job]) -> list[JobStatus]:
    return [runs.job(job.id).status for job in jobs]


def test_six_jobs_run_and_a_higher_priority_takes_the_place_of_the_lowest(tmp_path: Path) -> None:
    """Who makes place pauses once what it has begun is done, and goes on when there is room."""

    async def test(runs: JobRuns) -> None:
        await runs.rule()
        await runs.put(3)
        async with runs.running(replicate=False) as jobs_runner:
            jobs = [await runs.create(Priority=10 - number) for number in range(ACTIVE_MAX)]
            for job in jobs:
                await runs.store.until(lambda job=job: runs.job(job.id).in_flight == 3)
            waiting = await runs.create(Priority=1)
            jobs_runner.ring(EAST)
            await runs.until(waiting, S.READY)
            urgent = await runs.create(Priority=99)
            jobs_runner.ring(EAST)
            await runs.until(urgent, S.ACTIVE)
            assert states(runs, jobs) == [S.ACTIVE] * 5 + [S.PAUSING]
            assert states(runs, [waiting]) == [S.READY]
        async with runs.running():
            for job in (*jobs, waiting, urgent):
                job = await runs.until(job)
                assert (job.status, job.succeeded, job.failed) == (S.COMPLETE, 3, 0)

    on_job_runs(tmp_path, test)


def test_a_raised_priority_lets_a_waiting_job_run(tmp_path: Path) -> None:
    async def test(runs: JobRuns) -> None:
        await runs.rule()
        await runs.put(1)
        async with runs.running(replicate=False) as jobs_runner:
            jobs = [await runs.create(Priority=5) for _ in range(ACTIVE_MAX)]
            for job in jobs:
                await runs.store.until(lambda job=job: runs.job(job.id).in_flight == 1)
            jobs.append(await runs.create(Priority=5))
            jobs_runner.ring(EAST)
            await runs.until(jobs[-1], S.READY)
            asked = {"AccountId": jobs[-1].account_id, "JobId": jobs[-1].id, "Priority": 6}
            await runs.deployed.ask(update_job_priority, "UpdateJobPriority", **asked)
            jobs_runner.ring(EAST)
            await runs.until(jobs[-1], S.ACTIVE)
            assert states(runs, jobs) == [S.ACTIVE] * 5 + [S.PAUSING, S.ACTIVE]

    on_job_runs(tmp_path, test)


def test_a_cancelled_job_leaves_what_is_not_taken_in_time_to_replication(tmp_path: Path) -> None:
    """It is in no count, and arrives all the same; what had not begun is not begun."""

    async def test(runs: JobRuns) -> None:
        await runs.rule()
        await runs.put(3)
        async with runs.running(replicate=False) as jobs_runner:
            job = await runs.create()
            jobs_runner.ring(EAST)
            await runs.store.until(lambda: runs.job(job.id).in_flight == 3)
            await change(runs, job, "Cancelled")
            jobs_runner.ring(EAST)
            await runs.until(job, S.CANCELLING)
            runs.clock.move(finishing.DRAIN_US / 1e6 + 1)
            job = await runs.until(job)
        assert (job.status, job.drawn, job.succeeded, job.failed) == (S.CANCELLED, 3, 0, 0)
        assert runs.waiting() == 3
        async with runs.running():
            await runs.store.until(lambda: not runs.waiting())
        assert runs.job(job.id) == job
        assert {status and status.value for status in runs.statuses()} == {"COMPLETED"}

    on_job_runs(tmp_path, test)


@pytest.mark.parametrize(("days", "ends"), [(29, None), (31, S.FAILED)])
def test_a_job_that_nobody_confirms_fails_after_thirty_days(tmp_path: Path, days: int, ends: JobStatus | None) -> None:
    async def test(runs: JobRuns) -> None:
        await runs.rule()
        await runs.put(1)
        job = await runs.create(ConfirmationRequired=True)
        async with runs.running():
            await runs.until(job, S.SUSPENDED)
        runs.clock.move(days * DAY_S)
        async with runs.running():
            if ends is None:
                await change(runs, job, "Ready")
                await runs.clock_goes_on()
            job = await runs.until(job)
        assert job.status is (ends or S.COMPLETE)
        assert [failure.code for failure in job.state.failures] == (["ConfirmationExpired"] if ends else [])
        assert job.succeeded == (0 if ends else 1)

    on_job_runs(tmp_path, test)


def test_ended_jobs_are_forgotten_after_ninety_days(tmp_path: Path) -> None:
    async def test(runs: JobRuns) -> None:
        await runs.rule()
        await runs.put(1)
        job = await runs.run(await runs.create())
        store = runs.deployed.stores[EAST].metadata
        for days, known in ((89, True), (2, False)):
            runs.clock.move(days * DAY_S)
            other = await runs.create()
            await runs.run(other)
            assert (store.reader.jobs.job(job.id) is not None) is known

    on_job_runs(tmp_path, test)


def test_changes_of_status_are_logged(tmp_path: Path, logs: Logs) -> None:
    async def test(runs: JobRuns) -> None:
        await runs.rule()
        await runs.put(2)
        job = await runs.run(await runs.create())
        told = [entry for entry in logs.entries if entry["event"] == "job changed its status"]
        assert [entry["status"] for entry in told] == ["Preparing", "Ready", "Active", "Completing", "Complete"]
        assert {entry["job"] for entry in told} == {job.id} and told[-1]["succeeded"] == 2
        (created,) = [entry["job_event"] for entry in logs.entries if entry["event"] == "job was created"]
        assert (created["eventName"], created["serviceEventDetails"]["status"]) == ("JobCreated", "New")
        event = told[-1]["job_event"]
        assert (event["eventName"], event["serviceEventDetails"]["status"]) == ("JobStatusChanged", "Complete")
        assert event["serviceEventDetails"]["jobArn"] == f"arn:aws:s3:us-east-1:{job.account_id}:job/{job.id}"
        assert event["eventID"] == event["serviceEventDetails"]["jobEventId"] != created["eventID"]

    on_job_runs(tmp_path, test)


@pytest.mark.parametrize("why", ["cancelled", "no manifest", "tasks fail"])
def test_ends_before_time_are_logged_once_with_their_reasons(tmp_path: Path, logs: Logs, why: str) -> None:
    async def test(runs: JobRuns) -> None:
        await runs.rule()
        manifest = await runs.manifest("".join(f"source,absent-{number},null\n" for number in range(1100)))
        if why == "no manifest":
            manifest["Location"]["ETag"] = "0" * 32
        job = await runs.create(Manifest=manifest, ConfirmationRequired=why == "cancelled")
        async with runs.running() as jobs_runner:
            if why == "cancelled":
                await runs.until(job, S.SUSPENDED)
                await change(runs, job, "Cancelled")
                jobs_runner.ring(EAST)
            await runs.until(job)
        told = [entry for entry in logs.entries if entry["event"] == "job changed its status"]
        ends = ["Cancelling", "Cancelled"] if why == "cancelled" else ["Failing", "Failed"]
        assert [entry["status"] for entry in told][-2:] == ends
        assert len({entry["status"] for entry in told}) == len(told)
        assert len(told[-1]["reasons"]) == (0 if why == "cancelled" else 1)

    on_job_runs(tmp_path, test)


def test_a_defect_in_one_job_stops_no_other(tmp_path: Path, logs: Logs) -> None:
    async def test(runs: JobRuns) -> None:
        await runs.rule()
        await runs.put(1)
        await runs.deployed.put("source", "bad")
        broken = await runs.create(Manifest=await runs.manifest("source,bad\n", "Bucket", "Key"))
        good = await runs.create()
        runs.store.faults["current"] = of_key("bad")
        async with runs.running():
            good = await runs.until(good)
            assert good.status is S.COMPLETE
            assert runs.job(broken.id).status is S.ACTIVE
            assert "job failed" in {entry["event"] for entry in logs.entries}
            runs.store.faults.clear()
            await runs.clock_goes_on(runner.DEFECT_S)
            assert (await runs.until(broken)).status is S.COMPLETE

    on_job_runs(tmp_path, test)


async def lose_bytes(runs: JobRuns, bucket: str, key: str) -> None:
    """The blobs of the key's current version are gone from the disk."""
    _, version = runs.deployed.stores[EAST].metadata.reader.find(bucket, key, None)
    assert version is not None and version.blobs
    await runs.deployed.stores[EAST].blobs.delete(version.blobs)


@pytest.mark.parametrize(
    "operation",
    [
        {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::source", "TargetKeyPrefix": "copies"}},
        {"S3ComputeObjectChecksum": {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"}},
    ],
)
def test_an_object_whose_bytes_are_lost_fails_its_task_and_holds_up_no_other(
    tmp_path: Path, logs: Logs, operation: dict[str, Any]
) -> None:
    async def test(runs: JobRuns) -> None:
        for key in ("lost", "sound"):
            await runs.deployed.put("source", key, LARGE)
        await lose_bytes(runs, "source", "lost")
        manifest = await runs.manifest("source,lost\nsource,sound\n", "Bucket", "Key")
        job = await runs.run(await runs.create(Operation=operation, Manifest=manifest))
        assert (job.status, job.succeeded, job.failed) == (S.COMPLETE, 1, 1)
        failed = [row for row in await runs.report(job) if row[3] == "failed"]
        assert [(row[1], row[4], row[5]) for row in failed] == [("lost", "500", "InternalError")]
        assert "stored bytes are missing" in logs.events

    on_job_runs(tmp_path, test)


def test_a_manifest_whose_bytes_are_lost_fails_the_job(tmp_path: Path) -> None:
    async def test(runs: JobRuns) -> None:
        manifest = await runs.manifest("source,key\n" * 10_000, "Bucket", "Key")
        job = await runs.create(Manifest=manifest)
        await lose_bytes(runs, "reports", "manifest.csv")
        job = await runs.run(job)
        assert job.status is S.FAILED
        assert [failure.reason for failure in job.state.failures] == [
            "Reading the manifest failed: its stored bytes are lost"
        ]

    on_job_runs(tmp_path, test)


def test_a_version_that_is_named_twice_has_one_task_and_two_results(tmp_path: Path) -> None:
    """In one draw, and by two jobs: a version has at most one task for each destination."""

    async def test(runs: JobRuns) -> None:
        await runs.rule()
        (named,) = await runs.put(1)
        await runs.forget_task()
        text = f"source,{named[0]},{named[1]}\n" * 2 + f"source,%30{named[0][1:]},{named[1]}\n"
        async with runs.running(replicate=False):
            jobs = [await runs.create(Manifest=await runs.manifest(text)), await runs.create()]
            for job, rows in zip(jobs, (3, 1), strict=True):
                await runs.clock_goes_on()
                await runs.store.until(lambda job=job, rows=rows: runs.job(job.id).in_flight == rows)
            assert runs.waiting() == 1
        async with runs.running():
            ended = [await runs.until(job) for job in jobs]
        assert [(job.status, job.succeeded) for job in ended] == [(S.COMPLETE, 3), (S.COMPLETE, 1)]
        assert sorted(row[1] for row in await runs.report(ended[0])) == sorted(["00000", "00000", "%300000"])

    on_job_runs(tmp_path, test)


@pytest.mark.parametrize("own_task", [False, True])
def test_a_version_that_is_deleted_for_good_while_it_waits_ends_its_task(tmp_path: Path, own_task: bool) -> None:
    """Whether the job's task has a replication task of its own, or waits for one of live replication."""

    async def test(runs: JobRuns) -> None:
        await runs.rule()
        ((key, version_id),) = await runs.put(1)
        if own_task:
            await runs.forget_task()
        async with runs.running(replicate=False) as jobs_runner:
            job = await runs.create()
            jobs_runner.ring(EAST)
            await runs.store.until(lambda: runs.job(job.id).in_flight == 1)
            assert runs.waiting() == 1
            await runs.deployed.s3("DeleteObject", Bucket="source", Key=key, VersionId=version_id)
            assert runs.waiting() == 0
            jobs_runner.ring(EAST)
            job = await runs.until(job)
        assert (job.status, job.succeeded, job.failed) == (S.COMPLETE, 0, 1)
        assert [row[5] for row in await runs.report(job)] == ["SrcVersionNotFound"]

    on_job_runs(tmp_path, test)


def test_failures_alone_are_reported_where_only_they_are_asked_for(tmp_path: Path) -> None:
    async def test(runs: JobRuns) -> None:
        await runs.rule()
        (good,) = await runs.put(1)
        manifest = await runs.manifest(f"source,{good[0]},{good[1]}\nsource,absent,null\nnowhere,k,null\nsource,x,\n")
        asked = (await runs.create(Manifest=manifest)).request.report | {"ReportScope": "FailedTasksOnly"}
        job = await runs.run(await runs.create(Manifest=manifest, Report=asked))
        assert (job.succeeded, job.failed) == (1, 3)
        assert [(*row[:3], row[5]) for row in await runs.report(job)] == [
            ("source", "absent", "null", "SrcKeyNotFound"),
            ("nowhere", "k", "null", "SrcBucketNotFound"),
            ("source", "x", "\\N", "SrcObjectNotFound"),
        ]

    on_job_runs(tmp_path, test)


def test_a_runner_that_stops_waits_for_no_job(tmp_path: Path) -> None:
    """The job stays as it is, for the next runner."""

    async def test(runs: JobRuns) -> None:
        await runs.rule()
        await runs.put(1)
        job = await runs.create()
        async with runs.running(replicate=False):
            await runs.store.until(lambda: runs.job(job.id).in_flight == 1)
        assert (runs.job(job.id).status, runs.job(job.id).in_flight) == (S.ACTIVE, 1)

    on_job_runs(tmp_path, test)
