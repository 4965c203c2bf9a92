"""Reads of objects that are overwritten meanwhile, and of sources that no copy may read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.deployment import EAST, STRANGER, WEST, Deployed, in_deployment

from farshore.blobs.store import BlobMissing
from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.metadata.store import Transaction
from farshore.model.buckets import VersioningStatus
from farshore.model.errors import InternalError, InvalidRequest, NoSuchKey, NoSuchVersion
from farshore.model.objects import Attributes, Version
from farshore.runtime.ids import blob_id
from farshore.service.copy_object import copy_object
from farshore.service.deployment import Region
from farshore.service.get_object import get_object
from farshore.service.upload_part import upload_part_copy

GIB_5 = 5 * 1024**3


class WithReader:
    """A metadata store around another, with another reader; and a reader around another."""

    def __init__(self, inner: Any, **given: Any) -> None:
        self._inner = inner
        vars(self).update(given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Overwriter:
    """Replaces an object's only version before its body is read, as another process may; so many times."""

    def __init__(self, deployed: Deployed, times: int) -> None:
        self._path = deployed.folder / EAST / "metadata.sqlite"
        self._reader = deployed.stores[EAST].metadata.reader
        self._left = times
        self.times = times

    def body(self, row: int) -> bytes:
        if self._left:
            self._left -= 1
            thread = threading.Thread(target=lambda: asyncio.run(self._overwrite()))
            thread.start()
            thread.join()
        return self._reader.body(row)

    async def _overwrite(self) -> None:
        store = SqliteMetadataStore.open(self._path, EAST)
        body = f"body {self.times - self._left}".encode()

        def command(tx: Transaction) -> None:
            old = tx.current(1, "key")
            assert old is not None
            tx.remove_version(old)
            tx.insert_version(msgspec.structs.replace(old, created_us=old.created_us + 1, size=len(body)), body)

        await store.write(command)
        await store.close()


@pytest.mark.parametrize("times", [1, 3, 1000])
@pytest.mark.parametrize("handler", [get_object, copy_object], ids=["get", "copy"])
def test_an_object_overwritten_while_it_is_read_is_read_again(tmp_path: Path, handler: Any, times: int) -> None:
    """Its version was found, and before its body was, another process replaced both. It does not go on forever."""

    async def test(deployed: Deployed) -> None:
        assert await deployed.bucket("bucket", versioning=VersioningStatus.UNVERSIONED) == 1
        await deployed.put("bucket", "key", b"body 0")
        region = deployed.stores[EAST]
        reader = WithReader(region.metadata.reader, body=Overwriter(deployed, times).body)
        wrapped = Region(EAST, WithReader(region.metadata, reader=reader), region.blobs)
        named = {"Bucket": "bucket", "Key": "key"}
        if handler is copy_object:
            named = {"Bucket": "bucket", "Key": "copy", "CopySource": "bucket/key"}
        asked = deployed.request("any", **named)
        asked.deployment = deployed.deployment_of({**deployed.stores, EAST: wrapped})
        if times == 1000:
            with pytest.raises(InternalError):
                await handler(asked)
            return
        answer = await handler(asked)
        if handler is copy_object:
            answer = await get_object(deployed.request("GetObject", Bucket="bucket", Key="copy"))
        assert answer.body.inline == f"body {times}".encode()

    in_deployment(tmp_path, test)


def stored(bucket_id: int, size: int) -> Callable[[Transaction], int]:
    """A version of so many bytes, of which none is there."""
    version = Version(
        bucket_id=bucket_id,
        key="large",
        version_id="null",
        created_us=1,
        owner="111122223333",
        size=size,
        etag="0" * 32,
        blob=blob_id(),
        latest=True,
        attributes=Attributes(),
    )
    return lambda tx: tx.insert_version(version, None)


@pytest.mark.parametrize("named", [False, True])
def test_a_version_is_of_the_bucket_that_was_found_whoever_has_its_name_since(tmp_path: Path, named: bool) -> None:
    """The bucket was seen in another region before; between two reads a stranger takes its name."""

    async def test(deployed: Deployed) -> None:
        await deployed.bucket("bucket", WEST)
        await deployed.bucket("strange", WEST, owner=STRANGER)
        secret = await deployed.put("strange", "key", b"secret", region=WEST, account=STRANGER)
        store = deployed.stores[WEST]
        found = store.metadata.reader.find("strange", "key", None)
        reader = WithReader(store.metadata.reader, find=lambda *_: found)
        west = Region(WEST, WithReader(store.metadata, reader=reader), store.blobs)  # type: ignore[arg-type]
        names = {"Bucket": "bucket", "Key": "key"} | ({"VersionId": secret} if named else {})
        request = deployed.request("GetObject", region=WEST, **names)
        request.deployment = deployed.deployment_of({EAST: deployed.stores[EAST], WEST: west})
        request.deployment.located["bucket"] = request.deployment.regions[EAST]
        with pytest.raises(NoSuchVersion if named else NoSuchKey):
            await get_object(request)

    in_deployment(tmp_path, test)


def test_a_copy_reads_no_more_than_five_gib(tmp_path: Path) -> None:
    """Neither a whole object, nor a part; a range of a larger object it does."""

    async def test(deployed: Deployed) -> None:
        bucket_id = await deployed.bucket("bucket")
        await deployed.stores[EAST].metadata.write(stored(bucket_id, GIB_5 + 1))
        copy = {"Bucket": "bucket", "Key": "copy", "CopySource": "bucket/large"}
        upload = await deployed.s3("CreateMultipartUpload", Bucket="bucket", Key="copy")
        part = {**copy, "UploadId": upload["UploadId"], "PartNumber": 1}
        for handler, asked in (
            (copy_object, copy),
            (upload_part_copy, part),
            (upload_part_copy, {**part, "CopySourceRange": f"bytes=0-{GIB_5}"}),
        ):
            with pytest.raises(InvalidRequest, match="maximum allowable size for a copy source: 5368709120"):
                await deployed.ask(handler, "copying", **asked)
        with pytest.raises(BlobMissing):
            await deployed.ask(upload_part_copy, "copying", **part, CopySourceRange=f"bytes=1-{GIB_5}")

    in_deployment(tmp_path, test)
