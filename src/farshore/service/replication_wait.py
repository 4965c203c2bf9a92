"""Wait until replication has brought a version everywhere, or all that a bucket had to bring, or says what it has not.

Source: the wish is old; AWS has nothing but asking for the status again and again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic

import structlog

from farshore.metadata.store import StoreUnavailable
from farshore.model.buckets import Bucket
from farshore.model.errors import InvalidArgument, NoSuchBucket, PermanentRedirect, SlowDown
from farshore.model.objects import Version
from farshore.model.replication import ReplicationStatus
from farshore.service.access import may
from farshore.service.commit_watch import CommitWatch, TooManyWait
from farshore.service.deployment import Answer, Region, Request
from farshore.service.destination_headers import state_headers
from farshore.service.locating import find_bucket

WAIT_HEADER = "x-farshore-replication-wait"
STATUS_HEADER = "x-farshore-replication"
WAIT_S_MAX = 60.0

WAITING_OPERATIONS = frozenset(
    ("PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject", "PutObjectTagging", "DeleteObjectTagging")
)
"""Writes that the header has a meaning for."""

_ENDED_EARLY = "ended early"

log = structlog.get_logger()


def asked_s(headers: Mapping[str, str]) -> float | None:
    """How long a write's answer may wait for its destinations; None when it is not to.

    Raises:
        InvalidArgument: no number of seconds from 0 to WAIT_S_MAX.
    """
    text = headers.get(WAIT_HEADER)
    if text is None:
        return None
    try:
        seconds = float(text) if text.isascii() else -1.0
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= WAIT_S_MAX:
        raise InvalidArgument(
            f"{WAIT_HEADER} must be a number of seconds from 0 to {WAIT_S_MAX:.0f}",
            ArgumentName=WAIT_HEADER,
            ArgumentValue=text,
        )
    return seconds


async def wait_after_write(request: Request, answer: Answer, seconds: float) -> None:
    """Hold the answer of a write back until every destination has what it wrote, or the time is over; then say so in
    its headers. What was written stands, so nothing is raised from here: a client would write it again.

    x-farshore-replication: COMPLETED, PENDING, FAILED; NONE where nothing is replicated; UNKNOWN where the store cannot
        be asked.
    x-farshore-replication-wait: why the wait ended early, if it did.
    x-farshore-replication-1 …: each destination, to callers who may read the bucket's replication configuration.
    """
    try:
        await _wait_after_write(request, answer, seconds)
    except StoreUnavailable as error:
        log.warning(
            "replication could not be waited for",
            request_id=request.request_id,
            principal=request.principal.arn or "anonymous",
            decision="allow",
            error=str(error),
        )
        answer.headers.update({STATUS_HEADER: "UNKNOWN", WAIT_HEADER: f"{_ENDED_EARLY}: the store is unavailable"})


async def _wait_after_write(request: Request, answer: Answer, seconds: float) -> None:
    params = request.params
    version_id: str | None = answer.output.get("VersionId")
    found = _find_bucket(request, params["Bucket"])
    if found is None or version_id is None:
        version = None
    else:
        region, bucket = found
        try:
            version = await wait_for_version(request, region, bucket, params["Key"], version_id, seconds)
        except SlowDown:
            version = region.metadata.reader.version(bucket.id, params["Key"], version_id)
            answer.headers[WAIT_HEADER] = f"{_ENDED_EARLY}: too many requests wait"
    states = () if version is None else version.destinations
    status = None if version is None else version.replication_status
    answer.headers[STATUS_HEADER] = "NONE" if status is None or not states else status.value
    if found is not None and states and may(request, *found, "s3:GetReplicationConfiguration"):
        answer.headers.update(state_headers(states))


def _find_bucket(request: Request, name: str) -> tuple[Region, Bucket] | None:
    """The bucket, unless it was deleted meanwhile, and its name perhaps taken elsewhere."""
    try:
        return find_bucket(request.deployment, name)
    except (NoSuchBucket, PermanentRedirect):
        return None


async def wait_for_version(
    request: Request, region: Region, bucket: Bucket, key: str, version_id: str, seconds: float
) -> Version | None:
    """The version once none of its destinations is PENDING, or as it is when the time is over; None when it is gone.

    Raises:
        SlowDown: too many wait.
    """
    watch = request.deployment.watches[region.name]
    end = monotonic() + seconds
    while True:
        since = watch.wakings
        version = region.metadata.reader.version(bucket.id, key, version_id)
        if version is None or not is_pending(version) or watch.ended or monotonic() >= end:
            return version
        await _changed(watch, since, end - monotonic())


async def wait_for_bucket(request: Request, region: Region, bucket: Bucket, mark: int, seconds: float) -> bool:
    """Whether all that the bucket had to bring at the mark is settled, at the latest when the time is over.

    Args:
        mark: the last task there was then.

    Raises:
        SlowDown: too many wait.
    """
    watch = request.deployment.watches[region.name]
    end = monotonic() + seconds
    while True:
        since = watch.wakings
        began = monotonic()
        waits = await region.metadata.read(lambda reader: reader.has_tasks(bucket.id, mark))
        if not waits:
            return True
        now = monotonic()
        if watch.ended or now >= end:
            return False
        # A look may walk what was added since the mark: most of the time is left to others.
        await asyncio.sleep(min(10 * (now - began), end - now))
        await _changed(watch, since, end - monotonic())


def is_pending(version: Version) -> bool:
    """Whether any destination does not have it yet, and is being tried."""
    return any(state.status is ReplicationStatus.PENDING for state in version.destinations)


async def _changed(watch: CommitWatch, since: int, seconds: float) -> None:
    try:
        await watch.changed(since, seconds)
    except TooManyWait:
        raise SlowDown() from None
