"""Metrics stay right when processes are killed while they replicate: to the operation, the byte and the microsecond."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.replication import enable_versioning, put_rules, rule, wait_for
from tests.support.server import Server

from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.model.metrics import Route
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationStatus

SETTLED_S = 60.0
SOURCE, THERE, REFUSES = "killed", "killed-there", "killed-refuses"
SIZES = (0, 100, 5_000, 70_000, 300_000)
"""Beside the metadata, and large enough to be files and to be streamed."""


class Writer(threading.Thread):
    """Writes keys of its own, half of them to a destination that refuses them, until it is told to end.

    A process that dies under it is nothing to it.
    """

    def __init__(self, server: Server, name: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._server, self._name, self._random = server, name, random.Random(seed)
        self.ends = threading.Event()
        self.answered = {"there": 0, "refuses": 0}
        """How many writes of each kind were answered."""

    def run(self) -> None:
        client: Any = None
        for number in itertools.count():
            if self.ends.is_set():
                return
            try:
                client = client or self._server.client("s3", retries=0)
                prefix = self._random.choice(tuple(self.answered))
                body = self._random.randbytes(self._random.choice(SIZES))
                client.put_object(Bucket=SOURCE, Key=f"{prefix}/{self._name}-{number}", Body=body)
                self.answered[prefix] += 1
            except (BotoCoreError, ClientError):
                client = None
                self.ends.wait(0.02)  # The server is gone for a moment.


def prepare(server: Server) -> None:
    s3, west = server.client("s3"), server.client("s3", "us-west-2")
    s3.create_bucket(Bucket=SOURCE)
    enable_versioning(s3, SOURCE)
    for bucket in (THERE, REFUSES):
        west.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        enable_versioning(west, bucket)
    metered = {"Metrics": {"Status": "Enabled"}}
    rules = [
        rule(bucket, priority=number, ID=prefix, Filter={"Prefix": f"{prefix}/"}, Destination=metered)
        for number, (prefix, bucket) in enumerate((("there", THERE), ("refuses", REFUSES)))
    ]
    put_rules(s3, SOURCE, *rules)
    west.put_bucket_versioning(Bucket=REFUSES, VersioningConfiguration={"Status": "Suspended"})


def kill_something(server: Server, chance: random.Random) -> None:
    """All of the server, or one of its processes, which its supervisor makes anew."""
    children = server.children()
    if chance.random() < 0.5 or not children:
        server.kill()
        server.start()
        return
    with suppress(ProcessLookupError):
        os.kill(chance.choice(children), signal.SIGKILL)


def until_more_is_written(writers: Sequence[Writer]) -> None:
    """Of either kind, since now: however slow the machine is, no kill falls into nothing."""
    before = written_by(writers)

    def more() -> bool:
        return all(count > before[prefix] for prefix, count in written_by(writers).items())

    wait_for(more, SETTLED_S, "more writes of either kind")


def written_by(writers: Sequence[Writer]) -> dict[str, int]:
    return {prefix: sum(writer.answered[prefix] for writer in writers) for prefix in ("there", "refuses")}


def published(server: Server, statistic: str, rule_id: str, destination: str) -> float:
    """Of OperationsFailedReplication, over the last hour."""
    names = {"SourceBucket": SOURCE, "DestinationBucket": destination, "RuleId": rule_id}
    now = datetime.now(UTC)
    found = server.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/S3",
        MetricName="OperationsFailedReplication",
        Dimensions=[{"Name": name, "Value": value} for name, value in names.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=[statistic],
    )
    return sum(point[statistic] for point in found["Datapoints"])


@contextmanager
def opened(server: Server) -> Generator[SqliteMetadataStore]:
    """The source's store, while no server runs."""
    runner = asyncio.Runner()
    store = SqliteMetadataStore.open(server.data / "regions" / "us-east-1" / "metadata.sqlite", "us-east-1")
    try:
        yield store
    finally:
        runner.run(store.close())
        runner.close()


def latency_us(version: Version) -> int:
    (state,) = version.destinations
    return state.at_us - version.created_us


def test_metrics_are_exact_after_kills_while_it_replicates(server_factory: Any, request: pytest.FixtureRequest) -> None:
    kills = 10 if request.config.getoption("--slow") else 3
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    server: Server = server_factory(workers=2)
    prepare(server)
    writers = [Writer(server, name, chance.randrange(2**32)) for name in range(3)]
    for writer in writers:
        writer.start()
    for _ in range(kills):
        until_more_is_written(writers)
        threading.Event().wait(chance.uniform(0.0, 0.5))
        kill_something(server, chance)
    until_more_is_written(writers)
    for writer in writers:
        writer.ends.set()
        writer.join(60)
        assert not writer.is_alive()
    written = _written(server)
    for prefix, bucket in (("there", THERE), ("refuses", REFUSES)):
        count = len([key for key in written if key.startswith(prefix)])
        assert count, f"nothing was written under {prefix}"
        wait_for(
            lambda prefix=prefix, bucket=bucket, count=count: published(server, "SampleCount", prefix, bucket) == count,
            SETTLED_S,
            f"{count} operations of {prefix} to be counted, each once",
        )
        assert published(server, "Sum", prefix, bucket) == (count if bucket == REFUSES else 0)
    server.stop()
    with opened(server) as store:
        _check_accounts(store, written)


def _written(server: Server) -> dict[str, int]:
    """Key -> size of all that is there: what was answered, and what was stored without its answer coming through."""
    pages = server.client("s3").get_paginator("list_object_versions").paginate(Bucket=SOURCE)
    return {version["Key"]: version["Size"] for page in pages for version in page.get("Versions", [])}


def _check_accounts(store: SqliteMetadataStore, written: dict[str, int]) -> None:
    """What is kept of each route is what its versions say, one by one."""
    bucket = store.reader.bucket(SOURCE)
    assert bucket is not None
    versions = list(store.reader.scan_versions(bucket.id, b"", True))
    assert {version.key: version.size for version in versions} == written
    arrived = [version for version in versions if version.replication_status is ReplicationStatus.COMPLETED]
    failed = [version for version in versions if version.replication_status is ReplicationStatus.FAILED]
    assert len(arrived) + len(failed) == len(versions)
    for pending in store.reader.metrics.pending():
        assert (pending.operations, pending.bytes, pending.oldest_us) == (0, 0, None), pending.route
    tally = store.reader.metrics.account(Route(bucket.id, THERE, "there")).tally
    assert (tally.completed, tally.completed_bytes) == (len(arrived), sum(version.size for version in arrived))
    assert tally.failed == {}
    assert sum(tally.latencies) == len(arrived)
    assert tally.latency_us == sum(map(latency_us, arrived))
    tally = store.reader.metrics.account(Route(bucket.id, REFUSES, "refuses")).tally
    assert tally.failed == {FailureCode.DST_BUCKET_UNVERSIONED: len(failed)}
    assert (tally.completed, sum(tally.latencies)) == (0, 0)
