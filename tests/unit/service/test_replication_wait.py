"""A write whose answer waits for replication is stored: whatever keeps it from being waited for is no error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.delivery import deliver, find, put_rule
from tests.support.deployment import EAST, WEST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata
from tests.support.logs import Logs, captured_logs

from farshore.service.commit_watch import CommitWatch
from farshore.service.deployment import Answer, Region, Request
from farshore.service.put_object import put_object
from farshore.service.replication_wait import wait_after_write, wait_for_bucket


@pytest.fixture(autouse=True)
def logs() -> Iterator[Logs]:
    with captured_logs() as captured:
        yield captured


async def _written(deployed: Deployed) -> tuple[Request, Answer]:
    await deployed.bucket("source", EAST)
    await deployed.bucket("there", WEST)
    await put_rule(deployed, "source", "there")
    request = deployed.request("PutObject", Bucket="source", Key="key", body=b"body")
    return request, await put_object(request)


def test_where_too_many_wait_it_is_answered_at_once(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        request, answer = await _written(deployed)
        deployed.deployment.watches[EAST] = CommitWatch(deployed.stores[EAST].metadata, waiters_max=0)
        await wait_after_write(request, answer, 60)
        assert answer.headers["x-farshore-replication"] == "PENDING"
        assert answer.headers["x-farshore-replication-wait"] == "ended early: too many requests wait"
        assert answer.headers["x-farshore-replication-1"].startswith("destination=there; status=PENDING; ")
        assert find(deployed, EAST, "source", "key", answer.output["VersionId"]) is not None

    in_deployment(tmp_path, test)


def test_where_the_store_cannot_be_asked_any_more_the_answer_says_so(tmp_path: Path, logs: Logs) -> None:
    async def test(deployed: Deployed) -> None:
        request, answer = await _written(deployed)
        store = FaultyMetadata(deployed.stores[EAST].metadata)
        request.deployment = deployed.deployment_of({EAST: Region(EAST, store, deployed.stores[EAST].blobs)})
        store.unavailable = True
        await wait_after_write(request, answer, 60)
        assert answer.headers["x-farshore-replication"] == "UNKNOWN"
        assert answer.headers["x-farshore-replication-wait"] == "ended early: the store is unavailable"

    in_deployment(tmp_path, test)


def test_where_the_bucket_is_gone_since_nothing_is_replicated(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        request, answer = await _written(deployed)
        names = {"Bucket": "source", "Key": "key", "VersionId": answer.output["VersionId"]}
        await deployed.s3("DeleteObject", **names)
        await deployed.s3("DeleteBucket", Bucket="source")
        await wait_after_write(request, answer, 60)
        assert answer.headers["x-farshore-replication"] == "NONE"
        assert "x-farshore-replication-wait" not in answer.headers

    in_deployment(tmp_path, test)


def test_a_bucket_is_waited_for_as_it_was_at_the_mark_whatever_is_written_later(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        request, _ = await _written(deployed)
        region = deployed.stores[EAST]
        bucket = region.metadata.reader.bucket("source")
        assert bucket is not None
        first = region.metadata.reader.newest_task()
        assert not await wait_for_bucket(request, region, bucket, first, 0)
        await deliver(deployed)
        await deployed.put("source", "later")
        later = region.metadata.reader.newest_task()
        assert await wait_for_bucket(request, region, bucket, first, 0)
        assert not await wait_for_bucket(request, region, bucket, later, 0)
        await deliver(deployed)
        assert await wait_for_bucket(request, region, bucket, later, 0)

    in_deployment(tmp_path, test)
