"""A process that dies at any of its writes, heard of or not: the next one goes on where jobs were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import EAST
from tests.support.job_runs import JobRuns, MortalMetadata, on_job_runs
from tests.support.logs import captured_logs

from farshore.batch import replicate_objects
from farshore.model.batch import ENDED, Job, JobStatus
from farshore.model.replication import ReplicationStatus

pytestmark = pytest.mark.timeout(120)

OBJECTS = replicate_objects.DRAWN_AT_ONCE * 2 + 20
ABSENT = 30
COPY = {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::source", "TargetKeyPrefix": "copies"}}


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """What is logged of stores that cannot be used is expected."""
    with captured_logs():
        yield


async def _make(runs: JobRuns, kind: str) -> tuple[Job, dict[tuple[str, str], str]]:
    """A job, and the expected task status of every row of its report."""
    await runs.rule()
    if kind == "copies":
        versions = await runs.put(20)
        return await runs.create(Operation=COPY), dict.fromkeys(versions, "succeeded")
    versions = await runs.put(OBJECTS)
    expected = dict.fromkeys(versions, "succeeded")
    if kind == "generated manifest":
        return await runs.create(), expected
    absent = {(f"absent-{number}", "null"): "failed" for number in range(ABSENT)}
    rows = [*versions, *absent]
    text = "".join(f"source,{key},{version_id}\n" for key, version_id in rows[::2] + rows[1::2])
    return await runs.create(Manifest=await runs.manifest(text)), expected | absent


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("kind", ["generated manifest", "CSV manifest", "copies"])
def test_a_job_survives_the_death_of_its_process_at_any_write(tmp_path: Path, kind: str, kept: bool) -> None:
    """Each process lives one write longer than the one before it, until one brings the job to its end."""

    async def test(runs: JobRuns) -> None:
        job, expected = await _make(runs, kind)
        lives = 0
        while runs.job(job.id).status not in ENDED:
            await runs.live(job, MortalMetadata(runs.deployed.stores[EAST].metadata, lives, kept=kept))
            lives += 1
            assert lives < 200
        await _check(runs, runs.job(job.id), expected)
        assert lives > 4

    on_job_runs(tmp_path, test)


async def _check(runs: JobRuns, job: Job, expected: dict[tuple[str, str], str]) -> None:
    failed = sum(status == "failed" for status in expected.values())
    assert (job.status, job.total) == (JobStatus.COMPLETE, len(expected))
    assert (job.succeeded, job.failed) == (len(expected) - failed, failed)
    rows = await runs.report(job)
    assert Counter((row[1], row[2]) for row in rows) == Counter(expected.keys())
    assert {(row[1], row[2]): row[3] for row in rows} == expected
    reader: Any = runs.deployed.stores[EAST].metadata.reader
    if job.request.operation.value == "S3ReplicateObject":
        assert runs.statuses() == {ReplicationStatus.COMPLETED} and reader.pending_tasks(0, 10) == []
    else:
        copies = [version.key for version in reader.scan_versions(1, b"copies/", True) if version.key.startswith("c")]
        assert copies == [f"copies/{key}" for key, _ in expected], "each is made once"
