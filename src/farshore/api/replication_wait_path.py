"""GET /-/replication/wait: hold the answer back until replication has brought what is asked for, or the time is up."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from farshore.metadata.store import Reader
from farshore.model.errors import InvalidArgument, NoSuchVersion
from farshore.model.replication import FailureCode, ReplicationStatus
from farshore.runtime.iso_time import iso_time
from farshore.semantics import naming
from farshore.service.access import SEES_REPLICATION, bucket_for, may, version_for
from farshore.service.answers import absence
from farshore.service.deployment import Request
from farshore.service.replication_wait import (
    WAIT_S_MAX,
    is_pending,
    wait_for_bucket,
    wait_for_version,
)

_DIGITS_MAX = 18
"""Of a mark: a number that a store can hold."""


class WaitedDestination(msgspec.Struct, frozen=True, kw_only=True):
    destination: str
    status: ReplicationStatus
    rule: str
    at: str
    code: FailureCode | None


class WaitedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """settled: no destination is PENDING. arrived: it has destinations, and every one has it.

    destinations: for callers who may read the bucket's replication configuration.
    """

    bucket: str
    key: str
    version_id: str
    settled: bool
    arrived: bool
    status: ReplicationStatus | None
    destinations: tuple[WaitedDestination, ...]


class WaitedBucket(msgspec.Struct, frozen=True, kw_only=True):
    """settled: nothing waits any more of what waited at the mark. arrived: and nothing of the bucket stands FAILED.

    mark: to go on waiting for the same. failed: destinations of versions that stand FAILED, by code, whenever they came
        to: one that failed just before the question has not arrived either.
    """

    bucket: str
    mark: str
    settled: bool
    arrived: bool
    failed: dict[str, int]


async def wait(request: Request, seconds_text: str | None, mark: str | None) -> Any:
    """Wait for a version, or for all that a bucket has to bring now (or had at a mark).

    Raises:
        NoSuchKey, NoSuchVersion: there is no such version, or it was permanently deleted meanwhile.
    """
    seconds = _seconds(seconds_text)
    if "Key" in request.params:
        return await _for_version(request, seconds)
    return await _for_bucket(request, seconds, mark)


async def _for_version(request: Request, seconds: float) -> WaitedVersion:
    params = request.params
    naming.check_key(params["Key"])
    region, bucket, found = version_for(request, "s3:GetObject")
    if found is None:
        raise absence(request, bucket, found)
    version = await wait_for_version(request, region, bucket, found.key, found.version_id, seconds)
    if version is None:
        raise NoSuchVersion(Key=found.key, VersionId=found.version_id)
    shown = may(request, region, bucket, "s3:GetReplicationConfiguration")
    return WaitedVersion(
        bucket=bucket.name,
        key=version.key,
        version_id=version.version_id,
        settled=not is_pending(version),
        arrived=bool(version.destinations)
        and all(state.status is ReplicationStatus.COMPLETED for state in version.destinations),
        status=version.replication_status,
        destinations=tuple(
            WaitedDestination(
                destination=state.bucket,
                status=state.status,
                rule=state.rule_id,
                at=iso_time(state.at_us),
                code=state.reason,
            )
            for state in (version.destinations if shown else ())
        ),
    )


async def _for_bucket(request: Request, seconds: float, text: str | None) -> WaitedBucket:
    region, bucket = bucket_for(request, *SEES_REPLICATION)
    mark = region.metadata.reader.newest_task() if text is None else _mark(text)
    settled = await wait_for_bucket(request, region, bucket, mark, seconds)
    failed = await region.metadata.read(lambda reader: _failed(reader, bucket.id))
    return WaitedBucket(
        bucket=bucket.name,
        mark=str(mark),
        settled=settled,
        arrived=settled and not failed,
        failed=dict(failed),
    )


def _failed(reader: Reader, bucket_id: int) -> Counter[str]:
    failed: Counter[str] = Counter()
    for cause in reader.records.failure_causes(bucket_id):
        failed[cause.code] += cause.count
    return failed


def _seconds(text: str | None) -> float:
    try:
        seconds = WAIT_S_MAX if text is None else float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= WAIT_S_MAX:
        raise InvalidArgument(
            f"timeout must be a number of seconds from 0 to {WAIT_S_MAX:.0f}",
            ArgumentName="timeout",
            ArgumentValue=text,
        )
    return seconds


def _mark(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS_MAX:
        raise InvalidArgument("mark is none that was answered", ArgumentName="mark", ArgumentValue=text)
    return int(text)
