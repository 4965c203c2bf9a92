"""A whole deployment in the test's own process, with a clock that the test moves; no sockets, no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from farshore.api.dispatch import S3
from farshore.blobs.filesystem import FilesystemBlobStore
from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.metadata.sqlite_directory import SqliteDirectory
from farshore.metadata.store import Transaction
from farshore.model.access import AccessKey, Account
from farshore.model.metrics import Route
from farshore.replication.lane import Lane
from farshore.replication.replicate import Replicator
from farshore.service.deployment import Deployment, Region, Request
from farshore.service.identities import find_role, root_principal
from farshore.service.written_bodies import WrittenWhole
from tests.support.roles import make_role

ACCOUNT = "111122223333"
OTHER = "444455556666"
REGIONS = ("us-east-1", "us-west-2")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/replication"
NOON_US = 1_800_000_000_000_000 // 60_000_000 * 60_000_000
"""A time at which a minute begins."""


class SteppedClock:
    """`Clock` that stands still until it is moved."""

    def __init__(self, now_us: int) -> None:
        self.us = now_us

    def now_us(self) -> int:
        return self.us

    def forward(self, seconds: float) -> None:
        self.us += int(seconds * 1e6)


class World:
    """Two regions and a directory. Use inside of `in_world`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SteppedClock(NOON_US)
        self.directory = SqliteDirectory.open(folder / "directory.sqlite")
        self.stores = {
            name: Region(
                name,
                SqliteMetadataStore.open(folder / name / "metadata.sqlite", name),
                FilesystemBlobStore.open(folder / name / "blobs"),
            )
            for name in REGIONS
        }
        self.deployment = Deployment(
            directory=self.directory, regions=self.stores, clock=self.clock, ring=lambda _region: None
        )

    async def prepare(self) -> None:
        for account, name in ((ACCOUNT, "one"), (OTHER, "two")):
            if self.directory.account(account) is None:
                key = AccessKey(id=f"AKIA{account}", secret="x" * 40, account_id=account)
                await self.directory.create_account(Account(id=account, name=name, created_us=1), key)
        if find_role(self.directory.identities, ROLE) is None:
            await make_role(self.directory, ROLE)

    async def close(self) -> None:
        for store in self.stores.values():
            await store.metadata.close()
            await store.blobs.close()
        await self.directory.close()

    def request(
        self,
        operation: str,
        params: dict[str, Any],
        *,
        body: bytes = b"",
        region: str = REGIONS[0],
        account: str = ACCOUNT,
    ) -> Request:
        return Request(
            deployment=self.deployment,
            principal=root_principal(account, f"AKIA{account}"),
            operation=operation,
            params=params,
            body=WrittenWhole(body),
            request_id="REQUEST",
            now_us=self.clock.now_us(),
            region=region,
            source_address="127.0.0.1",
        )

    async def s3(self, operation: str, *, body: bytes = b"", region: str = REGIONS[0], **params: Any) -> dict[str, Any]:
        """Call an operation of S3, as the first account's root."""
        return (await S3[operation](self.request(operation, params, body=body, region=region))).output

    async def bucket(self, name: str, region: str = REGIONS[0]) -> int:
        """A versioned bucket; returns its id."""
        place = {} if region == REGIONS[0] else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        await self.s3("CreateBucket", Bucket=name, region=region, **place)
        enabled = {"Status": "Enabled"}
        await self.s3("PutBucketVersioning", Bucket=name, region=region, VersioningConfiguration=enabled)
        found = self.stores[region].metadata.reader.bucket(name)
        assert found is not None
        return found.id

    async def rule(
        self, source: str, destination: str, *, rule_id: str = "rule", metrics: bool = True, rtc: bool = False
    ) -> None:
        """Replicate everything; delete markers too."""
        target: dict[str, Any] = {"Bucket": f"arn:aws:s3:::{destination}"}
        if metrics:
            target["Metrics"] = {"Status": "Enabled"}
        if rtc:
            target["Metrics"] = {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}
            target["ReplicationTime"] = {"Status": "Enabled", "Time": {"Minutes": 15}}
        document = {
            "Role": ROLE,
            "Rules": [
                {
                    "ID": rule_id,
                    "Status": "Enabled",
                    "Priority": 1,
                    "Filter": {},
                    "DeleteMarkerReplication": {"Status": "Enabled"},
                    "Destination": target,
                }
            ],
        }
        await self.s3("PutBucketReplication", Bucket=source, ReplicationConfiguration=document)

    async def put(self, bucket: str, key: str, body: bytes = b"12345", **params: Any) -> str:
        return (await self.s3("PutObject", Bucket=bucket, Key=key, body=body, **params))["VersionId"]

    async def replicate(self) -> None:
        """Deliver what is due now."""
        replicator = Replicator(self.deployment)
        for store in self.stores.values():
            for due in store.metadata.reader.due_lanes():
                if due.due_us <= self.clock.now_us():
                    lane = Lane(replicator, store, due.bucket_id, due.destination, clock=self.clock, random=lambda: 0.5)
                    await lane.run(asyncio.Event())

    async def write(self, command: Callable[[Transaction], Any], region: str = REGIONS[0]) -> Any:
        return await self.stores[region].metadata.write(command)


def in_world(folder: Path, test: Callable[[World], Awaitable[None]]) -> None:
    """Run a test's work on the deployment in a folder; may be run again on the same folder, as after a restart."""

    async def run() -> None:
        world = World(folder)
        try:
            await world.prepare()
            await test(world)
        finally:
            await world.close()

    asyncio.run(run())


def route(bucket_id: int, destination: str, rule_id: str = "rule") -> Route:
    return Route(bucket_id, destination, rule_id)


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop's other tasks run until something holds: for what a store says, which rings no bell."""
    async with asyncio.timeout(30):
        while not holds():
            await _turn()


async def _turn() -> None:
    await asyncio.sleep(0)
