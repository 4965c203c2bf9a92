"""Buckets with very many versions, put into the store itself: through requests they would take minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from farshore.app.build import open_deployment
from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket
from farshore.model.objects import Version
from farshore.runtime.ids import version_id
from farshore.runtime.settings import Settings
from tests.support.server import Server

REGION = "us-east-1"
_EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"
_AT_ONCE = 5_000


def fill(server: Server, bucket: str, keys: Sequence[str], *, versions: int = 1) -> None:
    """Store empty objects in a versioned bucket of us-east-1 beside its running server: `versions` of each key."""
    with ThreadPoolExecutor(1) as aside:  # A browser's test runs an event loop in its own thread.
        aside.submit(asyncio.run, _fill(server, bucket, keys, versions)).result()


async def _fill(server: Server, bucket: str, keys: Sequence[str], versions: int) -> None:
    async with open_deployment(Settings(data=str(server.data), regions=(REGION,)), ring=_nobody_listens) as deployment:
        store = deployment.regions[REGION].metadata
        found = store.reader.bucket(bucket)
        assert found is not None, bucket
        made = _versions(found, keys, versions, deployment.clock.now_us())
        while group := list(islice(made, _AT_ONCE)):
            await store.write(lambda tx, group=group: _insert(tx, group))


def _versions(bucket: Bucket, keys: Sequence[str], count: int, now_us: int) -> Iterator[Version]:
    for key in keys:
        for age in reversed(range(count)):
            yield Version(
                bucket_id=bucket.id,
                key=key,
                version_id=version_id(now_us - age),
                created_us=now_us - age,
                latest=age == 0,
                owner=bucket.owner,
                etag=_EMPTY_ETAG,
            )


def _insert(tx: Transaction, versions: Sequence[Version]) -> None:
    for version in versions:
        tx.insert_version(version, None)


def _nobody_listens(_region: str) -> None:
    """Nothing is to be done for what was filled in."""
