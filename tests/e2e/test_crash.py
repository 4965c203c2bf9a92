"""Kill -9 at any moment loses nothing that was answered, and nothing that was to be replicated.

Each round uploads from several threads, kills every process of the server at a random moment, starts it again on the
same folder, and compares every answered write, byte for byte, at the source and at the destination.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.replication import enable_versioning, put_rule, wait_for

WRITERS = 6
KEYS = 12
SIZES = (0, 1, 1_000, 1_000, 1_000, 70_000, 300_000)
"""Empty, small (kept beside the metadata), and large enough to be files."""


class Writer(threading.Thread):
    """Writes until the server is gone; remembers what was answered, and what was asked last without an answer."""

    def __init__(self, client: Any, bucket: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.client, self.bucket, self.random = client, bucket, random.Random(seed)
        self.answered: dict[tuple[str, str], str] = {}
        self.markers: set[tuple[str, str]] = set()
        self.removed: set[tuple[str, str]] = set()
        self.gone: set[tuple[str, str]] = set()
        self.unknown: list[tuple[str, str | None]] = []

    def run(self) -> None:
        try:
            while True:
                self._one()
        except (BotoCoreError, ClientError):
            return

    def _one(self) -> None:
        key = f"w{self.random.randrange(10**6) % KEYS}"
        choice = self.random.random()
        if choice < 0.8:
            body = self.random.randbytes(self.random.choice(SIZES))
            digest = hashlib.sha256(body).hexdigest()
            self.unknown.append((key, digest))
            answer = self.client.put_object(Bucket=self.bucket, Key=key, Body=body)
            self.answered[key, answer["VersionId"]] = digest
        elif choice < 0.9:
            self.unknown.append((key, None))
            answer = self.client.delete_object(Bucket=self.bucket, Key=key)
            self.markers.add((key, answer["VersionId"]))
        elif self.answered:
            mine = self.random.choice(list(self.answered))
            self.removed.add(mine)  # From here on it may be gone.
            self.client.delete_object(Bucket=self.bucket, Key=mine[0], VersionId=mine[1])
            self.gone.add(mine)  # From here on it must be.
            return
        else:
            return
        self.unknown.pop()


def test_kill_nine_loses_nothing(server_factory: Any, request: pytest.FixtureRequest) -> None:
    """Rounds of uploads and SIGKILL: what was answered is there, what a rule covers arrives, nothing half-written."""
    rounds = 200 if request.config.getoption("--slow") else 20
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    server = server_factory(workers=2)
    source, destination = server.client("s3"), server.client("s3", "us-west-2")
    source.create_bucket(Bucket="crash-a")
    destination.create_bucket(Bucket="crash-b", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    for client, bucket in ((source, "crash-a"), (destination, "crash-b")):
        enable_versioning(client, bucket)
    put_rule(source, "crash-a", "crash-b", delete_markers=True)
    history = _History()
    for number in range(rounds):
        writers = [Writer(server.client("s3", retries=0), "crash-a", chance.randrange(2**32)) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        wait_for(lambda writers=writers: any(writer.answered for writer in writers), 60, "an answered write")
        threading.Event().wait(chance.uniform(0.0, 0.5))
        server.kill()
        for writer in writers:
            writer.join(30)
            assert not writer.is_alive()
        history.add(writers)
        server.start()
        history.check_source(server.client("s3"), f"round {number}")
    history.check_destination(server.client("s3"), server.client("s3", "us-west-2"))
    assert len(history.answered) > rounds


class _History:
    """What all rounds wrote."""

    def __init__(self) -> None:
        self.answered: dict[tuple[str, str], str] = {}
        self.markers: set[tuple[str, str]] = set()
        self.removed: set[tuple[str, str]] = set()
        self.gone: set[tuple[str, str]] = set()
        self.unknown: set[str | None] = set()
        self._checked: set[tuple[str, str]] = set()

    def add(self, writers: list[Writer]) -> None:
        for writer in writers:
            self.answered |= writer.answered
            self.markers |= writer.markers
            self.removed |= writer.removed
            self.gone |= writer.gone
            self.unknown |= {digest for _, digest in writer.unknown}

    def check_source(self, client: Any, label: str) -> None:
        versions, markers = _listed(client, "crash-a")
        missing = {row for row in self.answered if row not in versions} - self.removed
        assert not missing, (label, "answered writes are gone", missing)
        assert not self.gone & versions, (label, "removed versions came back", self.gone & versions)
        assert self.markers <= markers, (label, "answered delete markers are gone", self.markers - markers)
        for key, version_id in versions - self._checked:
            digest = _digest(client, "crash-a", key, version_id)
            expected = self.answered.get((key, version_id))
            allowed = {expected} if expected else self.unknown
            assert digest in allowed, (label, "wrong or half-written bytes", key, version_id)
            self._checked.add((key, version_id))

    def check_destination(self, source: Any, destination: Any) -> None:
        """Everything that stands at the source arrives, the same bytes under the same version ids."""

        def arrived() -> bool:
            return all(
                here <= there
                for here, there in zip(_listed(source, "crash-a"), _listed(destination, "crash-b"), strict=True)
            )

        wait_for(arrived, 120, "all versions and markers at the destination")
        versions, _ = _listed(source, "crash-a")
        for key, version_id in versions:
            here, there = (
                _digest(source, "crash-a", key, version_id),
                _digest(destination, "crash-b", key, version_id),
            )
            assert here == there, (key, version_id)
        names = [{"Key": key, "VersionId": version_id} for key, version_id in sorted(versions)]
        wait_for(
            lambda: all(
                source.head_object(Bucket="crash-a", **name)["ReplicationStatus"] == "COMPLETED" for name in names
            ),
            60,
            "status COMPLETED of every version",
        )


def _listed(client: Any, bucket: str) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    versions: set[tuple[str, str]] = set()
    markers: set[tuple[str, str]] = set()
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions |= {(entry["Key"], entry["VersionId"]) for entry in page.get("Versions", [])}
        markers |= {(entry["Key"], entry["VersionId"]) for entry in page.get("DeleteMarkers", [])}
    return versions, markers


def _digest(client: Any, bucket: str, key: str, version_id: str) -> str:
    body = client.get_object(Bucket=bucket, Key=key, VersionId=version_id)["Body"].read()
    return hashlib.sha256(body).hexdigest()


def test_the_background_process_killed_while_it_streams(server_factory: Any) -> None:
    """It is killed with half of a large version written; its successor brings the whole, and nothing half stays."""
    server = server_factory(workers=1)
    source, destination = server.client("s3"), server.client("s3", "us-west-2")
    source.create_bucket(Bucket="streamed-a")
    destination.create_bucket(Bucket="streamed-b", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    for client, bucket in ((source, "streamed-a"), (destination, "streamed-b")):
        enable_versioning(client, bucket)
    put_rule(source, "streamed-a", "streamed-b")
    staging = server.data / "regions" / "us-west-2" / "blobs" / "staging"
    body = random.randbytes(96 * 1024 * 1024)
    digest = hashlib.sha256(body).hexdigest()

    def arrived(key: str) -> bool:
        return source.head_object(Bucket="streamed-a", Key=key)["ReplicationStatus"] == "COMPLETED"

    keys: list[str] = []
    killed = 0
    while killed < 2:
        assert len(keys) < 12, "no stream was met on its way"
        keys.append(f"large-{len(keys)}")
        source.put_object(Bucket="streamed-a", Key=keys[-1], Body=body)
        killed += _kill_writer(server, staging, lambda: arrived(keys[-1]))
    for key in keys:
        wait_for(lambda key=key: arrived(key), 60, "it arrives")
        version_id = destination.head_object(Bucket="streamed-b", Key=key)["VersionId"]
        assert _digest(destination, "streamed-b", key, version_id) == digest
    wait_for(lambda: not list(staging.iterdir()), 60, "the successor cleared what was half-written")


def _kill_writer(server: Any, staging: Path, too_late: Callable[[], bool]) -> bool:
    """Kill the process that writes a staged file, once it has written some of it. Whether one was met in time."""
    while not too_late():
        for _ in range(50):
            if any(_kill_if_writing(pid, staging) for pid in server.children()):
                return True
    return False


def _kill_if_writing(pid: int, staging: Path) -> bool:
    with contextlib.suppress(OSError):  # Files are closed, and processes end, while one looks.
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            target = descriptor.readlink()
            if target.parent == staging and target.stat().st_size > 1024 * 1024:
                os.kill(pid, signal.SIGKILL)
                return True
    return False
