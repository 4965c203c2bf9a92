"""A destination that is deleted during a delivery, its name perhaps taken by another bucket: what was decided for the
one is never done to the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.bodies import files_under
from tests.support.delivery import find, only_state, replace_bucket, stored
from tests.support.deployment import ACCOUNT, EAST, STRANGER, WEST
from tests.support.ways import LARGE, Ways, on_ways

from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationStatus

pytestmark = pytest.mark.timeout(60)

COMPLETED, FAILED = (ReplicationStatus.COMPLETED, None), ReplicationStatus.FAILED
TAGS = {"TagSet": [{"Key": "tag", "Value": "new"}]}

Bring = Callable[[Ways], Awaitable[Version]]


async def small(ways: Ways) -> Version:
    return (await ways.put("key"))[0]


async def large(ways: Ways) -> Version:
    return (await ways.put("key", body=LARGE))[0]


async def marker(ways: Ways) -> Version:
    (version,) = await ways.put("key")
    await ways.run()
    output = await ways.deployed.s3("DeleteObject", Bucket="source", Key=version.key)
    return stored(ways.deployed, EAST, "source", version.key, output["VersionId"])


async def new_tags(ways: Ways) -> Version:
    (version,) = await ways.put("key")
    await ways.run()
    await ways.deployed.s3("PutObjectTagging", Bucket="source", Key=version.key, Tagging=TAGS)
    return version


@pytest.mark.parametrize(
    ("bring", "writes", "owner", "ends"),
    [
        (small, 1, STRANGER, (FAILED, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED)),
        (small, 1, ACCOUNT, COMPLETED),
        (small, 1, None, (FAILED, FailureCode.DST_BUCKET_NOT_FOUND)),
        (marker, 1, STRANGER, (FAILED, FailureCode.DST_DEL_OBJ_NOT_PERMITTED)),
        (new_tags, 1, STRANGER, (FAILED, FailureCode.DST_PUT_TAGGING_NOT_PERMITTED)),
        (new_tags, 1, ACCOUNT, (FAILED, FailureCode.DST_VERSION_NOT_FOUND)),
        (large, 1, STRANGER, (FAILED, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED)),
        (large, 2, STRANGER, (FAILED, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED)),
        (large, 2, ACCOUNT, COMPLETED),
        (large, 2, None, (FAILED, FailureCode.DST_BUCKET_NOT_FOUND)),
    ],
)
def test_what_was_decided_for_a_bucket_is_not_done_to_another_of_its_name(
    tmp_path: Path, bring: Bring, writes: int, owner: str | None, ends: tuple[ReplicationStatus, FailureCode | None]
) -> None:
    """The bucket is replaced just before the delivery's write of that number: it is decided anew for what is there."""

    async def test(ways: Ways) -> None:
        version = await bring(ways)
        left = writes

        async def replace() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                await replace_bucket(ways.deployed, WEST, "there", owner)

        ways.there.before_write = replace
        await ways.run()
        assert left == 0
        state = only_state(stored(ways.deployed, EAST, "source", version.key, version.version_id))
        assert state.status is ReplicationStatus.PENDING
        assert find(ways.deployed, WEST, "there", version.key, version.version_id) is None
        assert files_under(ways.deployed.blob_folder(WEST)) == [], "what was copied is thrown away"
        ways.clock.move(60)
        await ways.run()
        state = only_state(stored(ways.deployed, EAST, "source", version.key, version.version_id))
        assert (state.status, state.reason) == ends
        arrived = find(ways.deployed, WEST, "there", version.key, version.version_id) is not None
        assert arrived == (ends == COMPLETED)
        assert ways.due_us() is None

    on_ways(tmp_path, test)
