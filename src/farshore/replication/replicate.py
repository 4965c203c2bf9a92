"""Deliver claimed tasks of one lane: re-read each version as it is now, and bring it to its destination.

Small versions, delete markers and tags travel many to a call; a version with blobs is streamed by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from farshore.blobs.store import BlobMissing, BlobsUnavailable
from farshore.metadata.store import StoreUnavailable
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationRule, ReplicationStatus, ReplicationTask, TaskKind
from farshore.replication.destinations import Destinations
from farshore.replication.outcome import Attempt, Delivered, Dropped, Failed, Outcome, Retry
from farshore.replication.settle import state_of
from farshore.semantics.replication_eligibility import recheck_at_delivery
from farshore.service.bodies import StoredBytesDiffer
from farshore.service.deployment import Deployment, Region
from farshore.service.replicas import as_replica
from farshore.transports.transport import (
    CHANGES_BYTES_MAX,
    CHANGES_MAX,
    Change,
    PermanentError,
    TransientError,
    Transport,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A task that may be delivered now. version: as the source has it. seen_us: `at_us` of its state there."""

    task: ReplicationTask
    version: Version
    rule: ReplicationRule
    seen_us: int

    @property
    def streamed(self) -> bool:
        """Whether it brings blobs, and so travels alone."""
        return self.task.kind is TaskKind.OBJECT and bool(self.version.blobs)


class Replicator:
    """Delivers from the regions of this process."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._destinations = Destinations(deployment)

    def prepare(self, region: Region, task: ReplicationTask) -> Ready | Attempt:
        """Read the task's version as it is now, and decide by the rules as they are now. Point reads only."""
        reader = region.metadata.reader
        version = reader.version(task.bucket_id, task.key, task.version_id)
        state = None if version is None else state_of(version, task.destination)
        bucket = reader.bucket_by_id(task.bucket_id)
        if version is None or state is None or bucket is None or state.status is not ReplicationStatus.PENDING:
            return Attempt(task, Dropped())
        configuration = self._deployment.configurations.get(reader, bucket)
        rule = recheck_at_delivery(configuration, version, task.destination)
        if isinstance(rule, FailureCode):
            return Attempt(task, Failed(rule, _WHY_NOT.get(rule, "")))
        return Ready(task=task, version=version, rule=rule, seen_us=state.at_us)

    async def deliver_many(self, region: Region, destination: str, ready: Sequence[Ready]) -> list[Attempt]:
        """Deliver what brings no blobs. One attempt for each, in any order."""
        attempts: list[Attempt] = []
        changes: list[tuple[Ready, Change]] = []
        for each in ready:
            change = _change(region, each)
            if change is None:
                attempts.append(Attempt(each.task, Dropped()))
            else:
                changes.append((each, change))
        try:
            transport = self._destinations.transport(destination)
        except (PermanentError, TransientError) as error:
            return attempts + _all(changes, _outcome(error))
        for batch in _batches(changes):
            attempts += await _put(transport, destination, batch)
        return attempts

    async def deliver_streamed(self, region: Region, destination: str, ready: Ready) -> Attempt:
        """Deliver a version with blobs."""
        replica = as_replica(ready.version, storage_class=ready.rule.storage_class)
        try:
            transport = self._destinations.transport(destination)
            refused = await transport.put_streamed(destination, replica, region.blobs)
        except (PermanentError, TransientError) as error:
            return Attempt(ready.task, _outcome(error))
        except (BlobsUnavailable, StoreUnavailable) as error:
            return Attempt(ready.task, Retry(f"source: {error}"))
        except (BlobMissing, StoredBytesDiffer) as error:
            task = ready.task
            if region.metadata.reader.version(task.bucket_id, task.key, task.version_id) is None:
                return Attempt(task, Dropped())
            detail = f"stored bytes of the source are lost or damaged: {error}"
            return Attempt(task, Failed(FailureCode.SRC_OBJECT_NOT_FOUND, detail))
        return Attempt(ready.task, _result(ready, refused))


_WHY_NOT = {
    FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING: "the replication configuration was deleted before delivery",
    FailureCode.SRC_OBJECT_NOT_ELIGIBLE: "no enabled rule covers it any more: the rules changed before delivery",
}

_REFUSED = {
    FailureCode.DST_BUCKET_UNVERSIONED: "versioning is not enabled on the destination bucket",
    FailureCode.DST_VERSION_NOT_FOUND: "the version whose tags changed is not in the destination bucket",
}


def _change(region: Region, ready: Ready) -> Change | None:
    """What travels; None when the version was removed since it was read, and its body with it."""
    version = ready.version
    body = None
    if version.inline and ready.task.kind is TaskKind.OBJECT:
        try:
            body = region.metadata.reader.body(version.row)
        except KeyError:
            return None
    replica = as_replica(version, storage_class=ready.rule.storage_class)
    return Change(kind=ready.task.kind, version=replica, body=body)


def _batches(changes: Sequence[tuple[Ready, Change]]) -> Iterator[Sequence[tuple[Ready, Change]]]:
    """Cut into calls that are short enough for their receiver."""
    start = size = 0
    for place, (_, change) in enumerate(changes):
        length = len(change.body or b"")
        if place > start and (place - start >= CHANGES_MAX or size + length > CHANGES_BYTES_MAX):
            yield changes[start:place]
            start, size = place, 0
        size += length
    if start < len(changes):
        yield changes[start:]


async def _put(transport: Transport, destination: str, batch: Sequence[tuple[Ready, Change]]) -> list[Attempt]:
    try:
        results = await transport.put_many(destination, [change for _, change in batch])
    except (PermanentError, TransientError) as error:
        return _all(batch, _outcome(error))
    return [Attempt(ready.task, _result(ready, refused)) for (ready, _), refused in zip(batch, results, strict=True)]


def _all(changes: Sequence[tuple[Ready, Change]], outcome: Outcome) -> list[Attempt]:
    return [Attempt(ready.task, outcome) for ready, _ in changes]


def _result(ready: Ready, refused: FailureCode | None) -> Outcome:
    return Delivered(ready.seen_us) if refused is None else Failed(refused, _REFUSED.get(refused, ""))


def _outcome(error: PermanentError | TransientError) -> Outcome:
    return Failed(error.code, error.detail) if isinstance(error, PermanentError) else Retry(str(error))
