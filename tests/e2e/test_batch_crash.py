"""Kill -9 at any moment: jobs go on where they were, no task is lost, none is counted twice or done twice."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.batch import ENDED, Jobs, all_tasks, counts, generator, listed, new_bucket
from tests.support.replication import put_rule

from farshore.app.build import open_deployment
from farshore.metadata.store import Transaction
from farshore.model.batch import Candidate
from farshore.model.objects import Version
from farshore.model.replication import ReplicationStatus
from farshore.runtime import ids
from farshore.runtime.settings import Settings

KEYS = 5_000
VERSIONS_OF_A_KEY = 2
MARKER_EVERY = 10
"""Of the keys some end with a delete marker."""

ABSENT = 2_000
"""Rows of the manifest that name nothing: they fail, once each."""

COPIED = "00"
"""Keys that begin so are copied by a job of their own."""

LARGE = 6
LARGE_BYTES = 300_000
"""Large enough to be files, and to be streamed."""


@pytest.mark.timeout(900)
def test_jobs_survive_kill_nine_at_any_moment(server_factory: Any, request: pytest.FixtureRequest) -> None:
    """A job that replicates a user's manifest, one that copies and one that is cancelled, through one SIGKILL after
    another."""
    slow = request.config.getoption("--slow")
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(20 if slow else 1):
        _jobs_survive(server_factory(workers=2), chance, kills_max=40 if slow else 8)


def _jobs_survive(server: Any, chance: random.Random, kills_max: int) -> None:
    source, target, reports, destination = _buckets(server)
    server.stop()
    asyncio.run(_fill(server, source))
    start_s = _start(server)
    jobs = Jobs(server)
    s3, west = jobs.s3, server.client("s3", "us-west-2")
    put_rule(s3, source, destination, delete_markers=True)
    versions = listed(s3, source)
    rows = [(source, key, version_id) for key, version_id, _ in versions]
    rows += [(source, f"absent-{number}", "null") for number in range(ABSENT)]
    chance.shuffle(rows)
    copying = {"S3PutObjectCopy": {"TargetResource": f"arn:aws:s3:::{target}", "TargetKeyPrefix": "copies"}}
    asked: list[dict[str, Any]] = [
        {"Manifest": jobs.csv_manifest(reports, rows), "Priority": 30},
        {"ManifestGenerator": generator(source, KeyNameConstraint={"MatchAnyPrefix": [COPIED]}), "Operation": copying},
        {"ManifestGenerator": generator(source, EligibleForReplication=True), "Priority": 5},
    ]
    for members in asked:
        members |= {"Report": all_tasks(reports), "ClientRequestToken": str(uuid.uuid4())}
    made = [jobs.create(**members) for members in asked]
    _kill_again_and_again(server, jobs, asked, made, chance, start_s, kills_max)
    replicated, copied, given_up = (jobs.wait(job_id) for job_id in made)

    assert replicated["Status"] == "Complete" and counts(replicated) == (len(rows), len(versions), ABSENT)
    expected = {(key, version_id): ("succeeded", "") for key, version_id, _ in versions}
    expected |= {(key, "null"): ("failed", "SrcKeyNotFound") for _, key, _ in rows if key.startswith("absent")}
    assert _results(jobs, replicated) == expected
    assert listed(west, destination) == versions == listed(s3, source)

    current = {key for key, _, latest in versions if latest and key.startswith(COPIED) and not _has_marker(key)}
    assert copied["Status"] == "Complete" and counts(copied) == (len(current), len(current), 0)
    assert set(_results(jobs, copied).values()) == {("succeeded", "")}
    assert Counter(key for key, _, _ in listed(s3, target)) == Counter(f"copies/{key}" for key in current)

    total, succeeded, failed = counts(given_up)
    assert given_up["Status"] in ("Cancelled", "Complete") and failed == 0
    reported = _results(jobs, given_up) if succeeded else {}
    assert len(reported) == succeeded <= total and set(reported.values()) <= {("succeeded", "")}
    server.stop()
    assert asyncio.run(_statuses(server, source)) == {ReplicationStatus.COMPLETED: len(versions)}
    assert asyncio.run(_statuses(server, destination)) == {ReplicationStatus.REPLICA: len(versions)}


def _kill_again_and_again(
    server: Any,
    jobs: Jobs,
    asked: Sequence[dict[str, Any]],
    made: Sequence[str],
    chance: random.Random,
    start_s: float,
    kills_max: int,
) -> None:
    """Kills fall into the start of the server, when jobs are taken up, and into their run; the last leaves it running.

    Half-way one of the jobs is cancelled, whether that is answered or not.
    """
    seen: Counter[str] = Counter()
    kill = 0
    for kill in range(kills_max):
        if kill % 3 == 1:
            # The background begins to work before the ready line is printed.
            server.begin()
            threading.Event().wait(chance.uniform(0.5, 1.0) * start_s)
        else:
            if kill:
                start_s = _start(server)
            standing = [jobs.describe(job_id)["Status"] for job_id in made]
            seen.update(standing)
            if all(status in ENDED for status in standing):
                break
            if kill == kills_max // 2:
                _cancel(jobs, made[-1])
            threading.Event().wait(chance.uniform(0.0, 0.6))
        server.kill()
    else:
        _start(server)
    print(f"{kill + 1} kills; found meanwhile: {dict(seen)}")
    assert seen["Active"] >= 2, "kills that fall into no work show nothing"
    assert [jobs.create(**members) for members in asked] == made, "the same token is the same job"


def _start(server: Any) -> float:
    began_s = time.monotonic()
    server.start()
    return time.monotonic() - began_s


def _cancel(jobs: Jobs, job_id: str) -> None:
    """Ask for it; whether it is answered, and whether the job has not ended, is as it happens."""
    try:
        jobs.update(job_id, "Cancelled")
    except (BotoCoreError, ClientError) as error:
        print(f"not cancelled: {error}")


def _results(jobs: Jobs, job: dict[str, Any]) -> dict[tuple[str, str], tuple[str, str]]:
    """(key, version id) -> (task status, error code) of a job's report, which has every row once."""
    rows = jobs.report(job)
    found = {(row[1], row[2]): (row[3], row[5]) for row in rows}
    assert len(found) == len(rows), [
        place for place, times in Counter((row[1], row[2]) for row in rows).items() if times > 1
    ]
    return found


def _has_marker(key: str) -> bool:
    return key.isdecimal() and int(key) % MARKER_EVERY == 3


def _buckets(server: Any) -> tuple[str, str, str, str]:
    """Source, with some large objects, target of copies, reports, and the destination in the other region."""
    s3, west = server.client("s3"), server.client("s3", "us-west-2")
    source = new_bucket(s3, "us-east-1")
    for number in range(LARGE):
        s3.put_object(Bucket=source, Key=f"{COPIED}-large-{number}", Body=os.urandom(LARGE_BYTES))
    return (
        source,
        new_bucket(s3, "us-east-1"),
        new_bucket(s3, "us-east-1", versioned=False),
        new_bucket(west, "us-west-2"),
    )


async def _fill(server: Any, bucket: str) -> None:
    """Store small objects while no server runs."""
    async with open_deployment(Settings(data=str(server.data)), ring=_nobody_listens) as deployment:
        store = deployment.regions["us-east-1"].metadata
        found = store.reader.bucket(bucket)
        assert found is not None

        def insert(tx: Transaction) -> None:
            for number in range(KEYS):
                for version in _versions(found.id, found.owner, f"{number:05}", deployment.clock.now_us()):
                    tx.insert_version(version, None if version.delete_marker else b"body")

        await store.write(insert)


def _versions(bucket_id: int, owner: str, key: str, now_us: int) -> list[Version]:
    """Of one key, the latest last."""
    markers = [False] * VERSIONS_OF_A_KEY + [True] * _has_marker(key)
    return [
        Version(
            bucket_id=bucket_id,
            key=key,
            version_id=ids.version_id(now_us + place),
            created_us=now_us + place,
            owner=owner,
            latest=place == len(markers) - 1,
            delete_marker=marker,
            size=0 if marker else 4,
            etag="" if marker else "841a2d689ad86bd1611447453c22c6fc",
            inline=not marker,
        )
        for place, marker in enumerate(markers)
    ]


async def _statuses(server: Any, bucket: str) -> dict[ReplicationStatus | None, int]:
    """How many versions and delete markers stand how, while no server runs."""
    async with open_deployment(Settings(data=str(server.data)), ring=_nobody_listens) as deployment:
        for region in deployment.regions.values():
            found = region.metadata.reader.bucket(bucket)
            if found is not None:
                walked: list[Candidate] = list(
                    region.metadata.reader.scan_candidates(found.id, b"", None, encryption=False)
                )
                return Counter(candidate.status for candidate in walked)
    raise AssertionError(bucket)


def _nobody_listens(_region: str) -> None:
    """No server runs."""
