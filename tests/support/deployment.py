"""A deployment in the test's own process, without HTTP: stores on disk, time that the test moves, requests by name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from farshore.api.dispatch import S3
from farshore.blobs.filesystem import FilesystemBlobStore
from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.metadata.sqlite_directory import SqliteDirectory
from farshore.metadata.store import Transaction
from farshore.model.buckets import BucketHome, VersioningStatus
from farshore.service.deployment import Answer, Deployment, Region, Request
from farshore.service.identities import find_role, root_principal
from tests.support.bodies import Arriving
from tests.support.roles import ANYTHING, make_role

ACCOUNT = "111122223333"
STRANGER = "444455556666"
EAST, WEST = "us-east-1", "us-west-2"
START_US = 1_800_000_000_000_000
"""A time at which an hour begins."""
ROLE = f"arn:aws:iam::{ACCOUNT}:role/replication"

Handler = Callable[[Request], Awaitable[Answer]]


class MovedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time can be moved forward: whatever waits for that time goes on at once."""

    moved_s = 0.0

    def time(self) -> float:
        return super().time() + self.moved_s

    def move(self, seconds: float) -> None:
        self.moved_s += seconds
        self.call_soon_threadsafe(lambda: None)  # It may wait in its selector, by the time as it was.


class MovedClock:
    """The wall clock, which stands still until it is moved, together with the running loop's time."""

    def __init__(self, now_us: int = START_US) -> None:
        self._now_us = now_us

    def now_us(self) -> int:
        return self._now_us

    def tick(self) -> int:
        """A microsecond on: no two requests come at the same time."""
        self._now_us += 1
        return self._now_us

    def move(self, seconds: float) -> None:
        assert seconds >= 0, seconds
        self._now_us += round(seconds * 1e6)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MovedLoop)
        loop.move(seconds)

    def move_to(self, now_us: int) -> None:
        self.move((now_us - self._now_us) / 1e6)


class Deployed:
    """The deployment and what a test does with it. `rung`: regions whose bell was rung."""

    def __init__(self, folder: Path, regions: Sequence[str] = (EAST, WEST)) -> None:
        self.folder = folder
        self.clock = MovedClock()
        self.rung: list[str] = []
        self.directory = SqliteDirectory.open(folder / "directory.sqlite")
        self.stores = {
            name: Region(
                name,
                SqliteMetadataStore.open(folder / name / "metadata.sqlite", name),
                FilesystemBlobStore.open(self.blob_folder(name)),
            )
            for name in regions
        }
        self.deployment = self.deployment_of(self.stores)

    def deployment_of(self, regions: dict[str, Region], **more: Any) -> Deployment:
        """Another deployment over the same directory: some of its stores with wrappers around them."""
        given = {
            "directory": self.directory,
            "clock": self.clock,
            "ring": self.rung.append,
            **more,
        }
        return Deployment(regions=regions, **given)

    def blob_folder(self, region: str) -> Path:
        return self.folder / region / "blobs"

    def request(
        self, operation: str, *, region: str = EAST, account: str = ACCOUNT, body: bytes = b"", **params: Any
    ) -> Request:
        return Request(
            deployment=self.deployment,
            principal=root_principal(account, "AKIA"),
            operation=operation,
            params=params,
            body=Arriving(body, len(body)),
            request_id="REQUEST",
            now_us=self.clock.tick(),
            region=region,
            region_signed=True,
        )

    async def ask(self, handler: Handler, operation: str, **more: Any) -> dict[str, Any]:
        """The output of an operation."""
        return (await handler(self.request(operation, **more))).output

    async def s3(self, operation: str, **more: Any) -> dict[str, Any]:
        """The output of an operation of S3, as the first account's root unless `account` names another."""
        return await self.ask(S3[operation], operation, **more)

    async def write(self, command: Callable[[Transaction], Any], region: str = EAST) -> Any:
        return await self.stores[region].metadata.write(command)

    async def bucket(
        self,
        name: str,
        region: str = EAST,
        versioning: VersioningStatus = VersioningStatus.ENABLED,
        *,
        owner: str = ACCOUNT,
    ) -> int:
        """A new bucket's id in its region."""
        home = BucketHome(name=name, region=region, owner=owner, created_us=self.clock.now_us())
        await self.directory.reserve_bucket(home)

        def command(tx: Transaction) -> int:
            made = tx.create_bucket(name, owner, home.created_us)
            tx.set_versioning(made.id, versioning)
            return made.id

        return await self.write(command, region)

    async def put(self, bucket: str, key: str, body: bytes = b"body", *, region: str = EAST, **params: Any) -> str:
        """Put an object; returns its version id."""
        output = await self.s3("PutObject", region=region, body=body, Bucket=bucket, Key=key, **params)
        return output.get("VersionId", "null")

    async def make_role(self, arn: str = ROLE, policy: Mapping[str, Any] = ANYTHING) -> None:
        """A role that S3 may assume. What it may do is everything, unless a policy says less."""
        await make_role(self.directory, arn, policy)

    async def close(self) -> None:
        for region in self.stores.values():
            await region.metadata.close()
            await region.blobs.close()
        await self.directory.close()


def in_deployment(
    folder: Path, test: Callable[[Deployed], Awaitable[None]], regions: Sequence[str] = (EAST, WEST)
) -> None:
    """Run a test on a deployment that has the role `ROLE`, in a loop whose time it moves.

    It may be run again on the same folder, as after a restart; its time begins anew.
    """

    async def run() -> None:
        deployed = Deployed(folder, regions)
        try:
            if find_role(deployed.directory.identities, ROLE) is None:
                await deployed.make_role()
            await test(deployed)
        finally:
            await deployed.close()

    with asyncio.Runner(loop_factory=MovedLoop) as runner:
        runner.run(run())
