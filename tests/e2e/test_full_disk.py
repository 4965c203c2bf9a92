"""A full disk: what does not fit is refused or waits, nothing is half there, and all goes on once there is room.

The disk is a small file system of its own, mounted as one region's folder, with a file of ballast beside the stores.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.replication import enable_versioning, put_rule, wait_for
from tests.support.server import Server

MIB = 1024 * 1024
DISK_MIB = 48
LARGE = os.urandom(3 * MIB)
SMALL = b"small" * 100


class SmallDisk:
    """A file system that can be filled to the last byte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(64 * 1024))
            except OSError:
                return  # A write that fits only in part is taken in part: now there is no byte left.

    def free(self) -> None:
        self._ballast.unlink()

    def used_by_blobs(self) -> int:
        return sum(path.stat().st_size for path in (self.folder / "blobs").rglob("*") if path.is_file())


@pytest.fixture
def mount() -> Iterator[Callable[[Path], SmallDisk]]:
    mounted: list[Path] = []

    def make(folder: Path) -> SmallDisk:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0700", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False) if shutil.which("mount") else None
        if done is None or done.returncode != 0:
            pytest.skip(f"a small disk needs the right to mount: {done.stderr.strip() if done else 'no mount'}")
        mounted.append(folder)
        return SmallDisk(folder)

    yield make
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_uploads_to_a_full_disk_are_refused_and_leave_nothing(
    server_factory: Any, tmp_path: Path, mount: Callable[[Path], SmallDisk]
) -> None:
    """Reads go on meanwhile; with room again, so do writes; what was answered before is whole."""
    disk = mount(tmp_path / "data" / "regions" / "us-east-1")
    server: Server = server_factory(data=tmp_path / "data")
    s3 = server.client(retries=0)
    s3.create_bucket(Bucket="full")
    for key, body in (("before-large", LARGE), ("before-small", SMALL)):
        s3.put_object(Bucket="full", Key=key, Body=body)
    used = disk.used_by_blobs()
    disk.fill()
    refused = 0
    for number in range(40):
        try:
            s3.put_object(Bucket="full", Key=f"large-{number}", Body=LARGE)
        except ClientError as error:
            answer = error.response
            assert answer["ResponseMetadata"]["HTTPStatusCode"] in (500, 503), answer
            assert answer["Error"]["Code"] in ("InternalError", "ServiceUnavailable"), answer
            refused += 1
    assert refused == 40
    assert _body(s3, "full", "before-large") == LARGE
    assert _body(s3, "full", "before-small") == SMALL
    wait_for(lambda: disk.used_by_blobs() == used, 60, "nothing half-written is left")
    disk.free()
    wait_for(lambda: _put(s3, "full", "after", LARGE), 60, "writes go on")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="full")["Contents"]]
    assert keys == ["after", "before-large", "before-small"]
    assert server.stop() == 0


def test_small_writes_on_a_full_disk_are_answered_truthfully(
    server_factory: Any, tmp_path: Path, mount: Callable[[Path], SmallDisk]
) -> None:
    """The database itself cannot grow: what was answered is there after a kill, and what was refused is not."""
    disk = mount(tmp_path / "data" / "regions" / "us-east-1")
    server: Server = server_factory(data=tmp_path / "data")
    s3 = server.client(retries=0)
    s3.create_bucket(Bucket="full")
    enable_versioning(s3, "full")
    disk.fill()
    answered: set[str] = set()
    refused: set[str] = set()
    for number in range(200):
        key = f"key-{number:03}"
        (answered if _put(s3, "full", key, SMALL * 20) else refused).add(key)
    assert refused, "the disk was not full"
    server.kill()
    disk.free()
    server.start()
    s3 = server.client()
    listed = {each["Key"] for each in s3.list_objects_v2(Bucket="full").get("Contents", [])}
    assert answered <= listed
    assert listed == answered, "refused, and there all the same"
    assert _put(s3, "full", "after", SMALL)


def test_replication_to_a_full_disk_waits_and_arrives(
    server_factory: Any, tmp_path: Path, mount: Callable[[Path], SmallDisk]
) -> None:
    """The source is not held up, says why it waits, and everything arrives once there is room: FAILED is nothing."""
    disk = mount(tmp_path / "data" / "regions" / "us-west-2")
    server: Server = server_factory(data=tmp_path / "data")
    source, destination = server.client("s3"), server.client("s3", "us-west-2")
    source.create_bucket(Bucket="full-a")
    destination.create_bucket(Bucket="full-b", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    for client, bucket in ((source, "full-a"), (destination, "full-b")):
        enable_versioning(client, bucket)
    put_rule(source, "full-a", "full-b")
    disk.fill()
    sent = {f"large-{number}": LARGE for number in range(4)} | {f"small-{number}": SMALL for number in range(4)}
    for key, body in sent.items():
        source.put_object(Bucket="full-a", Key=key, Body=body)

    def said() -> str:
        (state,) = server.cli("explain", "s3://full-a/large-0")["destinations"]
        return str(state)

    wait_for(lambda: "No space left" in said(), 60, "explain says that the disk is full")
    statuses = {source.head_object(Bucket="full-a", Key=key)["ReplicationStatus"] for key in sent if "large" in key}
    assert statuses == {"PENDING"}
    disk.free()
    wait_for(
        lambda: all(source.head_object(Bucket="full-a", Key=key)["ReplicationStatus"] == "COMPLETED" for key in sent),
        60,
        "everything has arrived",
    )
    for key, body in sent.items():
        assert hashlib.sha256(_body(destination, "full-b", key)).digest() == hashlib.sha256(body).digest()


def _body(client: Any, bucket: str, key: str) -> bytes:
    return client.get_object(Bucket=bucket, Key=key)["Body"].read()


def _put(client: Any, bucket: str, key: str, body: bytes) -> bool:
    """Whether it was answered with success."""
    try:
        client.put_object(Bucket=bucket, Key=key, Body=body)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (500, 503), error
        return False
    return True
