"""What `farshore status` is told: the caller's own buckets, what waits, what failed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.support.bodies import Arriving

from farshore.blobs.filesystem import FilesystemBlobStore
from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.metadata.sqlite_directory import SqliteDirectory
from farshore.metadata.store import Transaction
from farshore.model.objects import Version
from farshore.model.replication import DestinationState, FailureCode, ReplicationStatus, ReplicationTask, TaskKind
from farshore.service.deployment import Deployment, Region, Request
from farshore.service.identities import root_principal
from farshore.service.status import deployment_status

NOW_US = 1_000_000_000
MINE, OTHERS = "111122223333", "444455556666"


class FixedClock:
    def now_us(self) -> int:
        return NOW_US


def fill(tx: Transaction) -> None:
    """A bucket of each account, each with a version that waits for one destination and failed for another."""
    for owner, name in ((MINE, "mine"), (OTHERS, "not-mine")):
        bucket = tx.create_bucket(name, owner, 1)
        failed = DestinationState(
            "gone", ReplicationStatus.FAILED, "r", 2_000_000, FailureCode.DST_BUCKET_NOT_FOUND, "why"
        )
        waiting = DestinationState("far", ReplicationStatus.PENDING, "r", 1)
        tx.insert_version(
            Version(
                bucket_id=bucket.id,
                key="k",
                version_id="v",
                created_us=1,
                owner=owner,
                latest=True,
                size=3,
                inline=True,
                replication_status=ReplicationStatus.FAILED,
                destinations=(failed, waiting),
            ),
            b"abc",
        )
        tx.add_tasks(
            [
                ReplicationTask(
                    bucket_id=bucket.id,
                    key="k",
                    version_id="v",
                    destination="far",
                    kind=TaskKind.OBJECT,
                    enqueued_us=NOW_US - 2_500_000,
                    due_us=0,
                    size=3,
                )
            ]
        )


async def status(folder: Path, account_id: str) -> dict[str, Any]:
    directory = SqliteDirectory.open(folder / "directory.sqlite")
    metadata = SqliteMetadataStore.open(folder / "metadata.sqlite", "us-east-1")
    blobs = FilesystemBlobStore.open(folder / "blobs")
    try:
        await metadata.write(fill)
        regions = {"us-east-1": Region("us-east-1", metadata, blobs)}
        deployment = Deployment(directory=directory, regions=regions, clock=FixedClock(), ring=lambda _region: None)
        return await deployment_status(
            Request(
                deployment=deployment,
                principal=root_principal(account_id, "AKIA"),
                operation="/-/status",
                params={},
                body=Arriving(b"", 0),
                request_id="REQUEST",
                now_us=NOW_US,
                region="us-east-1",
            )
        )
    finally:
        for store in (metadata, blobs, directory):
            await store.close()


def test_the_caller_sees_own_buckets_what_waits_and_since_when_and_what_failed_and_why(tmp_path: Path) -> None:
    assert asyncio.run(status(tmp_path, MINE)) == {
        "account": MINE,
        "hidden": False,
        "regions": [
            {
                "region": "us-east-1",
                "buckets": [
                    {
                        "bucket": "mine",
                        "versioning": "Unversioned",
                        "objects": 1,
                        "bytes": 3,
                        "replication_hidden": False,
                        "waiting": [
                            {"destination": "far", "tasks_pending": 1, "bytes_pending": 3, "oldest_pending_age_s": 2.5}
                        ],
                    }
                ],
            }
        ],
        "failures": [
            {
                "region": "us-east-1",
                "bucket": "mine",
                "key": "k",
                "version_id": "v",
                "destination": "gone",
                "rule": "r",
                "code": "DstBucketNotFound",
                "detail": "why",
                "at": "1970-01-01T00:00:02.000+00:00",
            }
        ],
        "events": [],
        "flushes": 1,
    }


def test_an_account_without_buckets_sees_nothing_of_others(tmp_path: Path) -> None:
    seen = asyncio.run(status(tmp_path, "777788889999"))
    assert seen["regions"] == [{"region": "us-east-1", "buckets": []}]
    assert seen["failures"] == []
