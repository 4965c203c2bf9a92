"""What `farshore status` is told: the caller's own buckets, what waits, what failed, where events go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.support.access import identity, statement, user
from tests.support.bodies import Arriving
from tests.support.deployment import ACCOUNT, EAST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata

from farshore.auth.evaluate import IdentityPolicies
from farshore.blobs.filesystem import FilesystemBlobStore
from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.metadata.sqlite_directory import SqliteDirectory
from farshore.metadata.store import MetadataStore, Reader, Transaction
from farshore.model.buckets import ConfigurationKind
from farshore.model.events import Event, EventName, EventOrigin
from farshore.model.objects import Version
from farshore.model.replication import DestinationState, FailureCode, ReplicationStatus, ReplicationTask, TaskKind
from farshore.service.configurations import encode_document
from farshore.service.deployment import Deployment, Region, Request
from farshore.service.identities import root_principal
from farshore.service.status import BUCKETS_AT_ONCE, deployment_status

T = TypeVar("T")

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
        "replicates": True,
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
        "events_hidden": False,
        "flushes": 1,
    }


def test_an_account_without_buckets_sees_nothing_of_others(tmp_path: Path) -> None:
    seen = asyncio.run(status(tmp_path, "777788889999"))
    assert seen["regions"] == [{"region": "us-east-1", "buckets": []}]
    assert seen["failures"] == []


LEFT, USED, SHARED = (f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}" for name in ("left", "used", "shared"))
FOREIGN = "arn:aws:sqs:us-east-1:444455556666:foreign"
READS = "s3:GetBucketNotification"
ON_ALL = statement("Allow", READS)
ON_FIRST = statement("Allow", READS, Resource="arn:aws:s3:::first")
NOT_ON_FIRST = statement("Deny", READS, Resource="arn:aws:s3:::first")


ORIGIN = EventOrigin(name=EventName.PUT, region=EAST, bucket="first", bucket_owner=ACCOUNT, configuration_id="c")


async def name_destinations(deployed: Deployed) -> None:
    """`first` sends to two destinations, `second` to one of them; nothing sends to `LEFT` and `FOREIGN` any more."""
    ids = {name: await deployed.bucket(name) for name in ("first", "second")}

    def command(tx: Transaction) -> None:
        for name, destinations in (("first", (USED, SHARED)), ("second", (SHARED,))):
            rules = [
                {"Id": str(number), "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
                for number, arn in enumerate(destinations)
            ]
            stored = encode_document({"QueueConfigurations": rules})
            tx.put_configuration(ids[name], ConfigurationKind.NOTIFICATION, stored)
        for destination in (LEFT, USED, SHARED, FOREIGN):
            tx.events.add(destination, ORIGIN, Event(at_us=1, request_id="r"))

    await deployed.write(command)


@pytest.mark.parametrize(
    ("statements", "seen"),
    [
        (None, {LEFT, USED, SHARED}),
        ([], set[str]()),
        ([statement("Allow", ["s3:ListBucket", "s3:ListAllMyBuckets"])], set[str]()),
        ([ON_ALL], {LEFT, USED, SHARED}),
        ([ON_FIRST], {USED, SHARED}),
        ([ON_ALL, NOT_ON_FIRST], {LEFT, SHARED}),
    ],
    ids=["root", "nothing", "lists buckets", "reads all", "reads one bucket's", "reads all but one bucket's"],
)
def test_event_destinations_are_seen_by_who_may_read_the_notifications_that_go_there(
    tmp_path: Path, statements: list[dict[str, Any]] | None, seen: set[str]
) -> None:
    async def test(deployed: Deployed) -> None:
        await name_destinations(deployed)
        request = deployed.request("/-/status")
        if statements is not None:
            policies = IdentityPolicies(identity=(identity(*statements),) if statements else ())
            request = replace(request, principal=user(ACCOUNT), policies=policies)
        told = await deployment_status(request)
        assert {(each["region"], each["destination"]) for each in told["events"]} == {(EAST, arn) for arn in seen}
        assert told["events_hidden"] is (len(seen) < 3)

    in_deployment(tmp_path, test)


class Watched(FaultyMetadata):
    """Counts the buckets that something is read of on the event loop between two waits."""

    def __init__(self, inner: MetadataStore) -> None:
        super().__init__(inner)
        self.together: list[set[int]] = [set()]
        self.faults["configuration"] = self._read_on_the_loop

    async def read(self, query: Callable[[Reader], T]) -> T:
        self.together.append(set())
        return await super().read(query)

    def _read_on_the_loop(self, bucket_id: int, _kind: ConfigurationKind) -> None:
        self.together[-1].add(bucket_id)


def test_the_event_loop_has_its_turn_after_a_few_buckets(tmp_path: Path) -> None:
    """What may be seen of a bucket is decided on the loop, by what is read of the bucket there."""

    async def test(deployed: Deployed) -> None:
        for number in range(2 * BUCKETS_AT_ONCE + 1):
            await deployed.bucket(f"bucket-{number:03}")
        watched = Watched(deployed.stores[EAST].metadata)
        deployment = deployed.deployment_of({EAST: replace(deployed.stores[EAST], metadata=watched)})
        policies = IdentityPolicies(identity=(identity(statement("Allow", "s3:*")),))
        request = replace(
            deployed.request("/-/status"), deployment=deployment, principal=user(ACCOUNT), policies=policies
        )
        told = await deployment_status(request)
        assert len(told["regions"][0]["buckets"]) == 2 * BUCKETS_AT_ONCE + 1
        assert [len(buckets) for buckets in watched.together if buckets] == [BUCKETS_AT_ONCE, BUCKETS_AT_ONCE, 1]

    in_deployment(tmp_path, test)
