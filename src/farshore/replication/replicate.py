"""Deliver claimed tasks of one lane: re-read each version as it is now, and bring it to its destination.

Everything is done under the replication role: what it may not do ends FAILED. Small versions, delete markers and
changes of metadata travel many to a call; a version with blobs is streamed by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from farshore.blobs.store import BlobMissing, BlobsUnavailable
from farshore.metadata.store import StoreUnavailable
from farshore.model.buckets import Bucket
from farshore.model.objects import Version
from farshore.model.replication import (
    FailureCode,
    ReplicationConfiguration,
    ReplicationRule,
    ReplicationStatus,
    ReplicationTask,
    TaskKind,
)
from farshore.replication.announcing import Announcing
from farshore.replication.body_check import body_matches
from farshore.replication.destinations import Destination, Destinations
from farshore.replication.outcome import Attempt, Delivered, Dropped, Failed, Outcome, Retry
from farshore.replication.role import Permissions, Roles, Verdict
from farshore.runtime.slices import slices
from farshore.runtime.together import all_or_first_error
from farshore.semantics.metadata_sync import METADATA
from farshore.semantics.replication_eligibility import recheck_at_delivery
from farshore.semantics.replication_status import state_of
from farshore.service.bodies import StoredBytesDiffer
from farshore.service.deployment import Deployment, Region
from farshore.service.job_tasks import name_of
from farshore.service.outbox import kind_of
from farshore.service.replicas import as_replica
from farshore.transports.transport import (
    CHANGES_BYTES_MAX,
    CHANGES_MAX,
    Change,
    PermanentError,
    TransientError,
)

CALLS_AT_ONCE = 4
"""Calls with many changes that a lane makes at the same time."""


@dataclass(frozen=True, slots=True)
class Way:
    """From a source bucket to a destination, and what the replication role may do on it."""

    destination: Destination
    permissions: Permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the tasks of a lane's turn share, as it is when the turn begins.

    bucket: the source; None when it is gone. way: or why none of the tasks can be delivered.
    """

    region: Region
    bucket: Bucket | None
    configuration: ReplicationConfiguration | None
    way: Way | Failed | Retry


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A task that may be delivered now.

    version: as the source has it. seen_us: `at_us` of its state there. verdict: what of it may go. replace: it takes
        the place of a replica that differs.
    """

    task: ReplicationTask
    version: Version
    rule: ReplicationRule
    seen_us: int
    verdict: Verdict
    destination: Destination
    replace: bool = False

    @property
    def brings_object(self) -> bool:
        return self.verdict.kinds == _OBJECT

    @property
    def needs_body(self) -> bool:
        """Whether it brings a body that is kept inline."""
        return self.version.inline and self.verdict.kinds[0] not in METADATA

    @property
    def streamed(self) -> bool:
        """Whether it brings blobs, and so travels alone."""
        return self.brings_object and bool(self.version.blobs)


class Replicator:
    """Delivers from the regions of this process."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._destinations = Destinations(deployment)
        self._roles = Roles(deployment)

    def announcing(self, region: Region, now_us: int) -> Announcing:
        """Tells of what is settled in a command of the region."""
        return Announcing(self._deployment, region, now_us)

    def begin(self, region: Region, bucket_id: int, destination: str) -> Turn:
        """Look at both buckets, the rules and the role as they are now. Point reads only.

        Raises:
            StoreUnavailable: the source's own store, or the directory.
        """
        reader = region.metadata.reader
        bucket = reader.bucket_by_id(bucket_id)
        configuration = None if bucket is None else self._deployment.configurations.get(reader, bucket)
        if bucket is None or configuration is None:
            # Then no task gets as far as the way.
            return Turn(region=region, bucket=bucket, configuration=None, way=Retry(""))
        way = self._find_way(configuration.role, region, bucket, destination)
        return Turn(region=region, bucket=bucket, configuration=configuration, way=way)

    def _find_way(self, role_arn: str, region: Region, bucket: Bucket, name: str) -> Way | Failed | Retry:
        try:
            destination = self._destinations.find(name)
        except (PermanentError, TransientError) as error:
            return _outcome(error)
        permissions = self._roles.permissions(role_arn, (region, bucket), (destination.region, destination.bucket))
        return permissions if isinstance(permissions, Failed) else Way(destination, permissions)

    def prepare(self, turn: Turn, tasks: Sequence[ReplicationTask]) -> list[Ready | Attempt]:
        """Read the versions of tasks as they are now, and decide whether and how each goes. Point reads, in order."""
        versions = turn.region.metadata.reader.versions([name_of(task) for task in tasks])
        return [self._prepare(turn, task, versions.get(name_of(task))) for task in tasks]

    def _prepare(self, turn: Turn, task: ReplicationTask, version: Version | None) -> Ready | Attempt:
        state = None if version is None else state_of(version, task.destination)
        if version is None or state is None or turn.bucket is None or state.status is not ReplicationStatus.PENDING:
            return Attempt(task, Dropped())
        rule = recheck_at_delivery(turn.configuration, version, task.destination)
        if isinstance(rule, FailureCode):
            return Attempt(task, Failed(rule, _WHY_NOT.get(rule, "")))
        if not isinstance(turn.way, Way):
            return Attempt(task, turn.way)
        verdict = turn.way.permissions.verdict(version, state.changed or (kind_of(version),), rule)
        if not verdict.kinds:
            assert verdict.refused is not None, verdict
            return Attempt(task, replace(verdict.refused, seen_us=state.at_us))
        return Ready(
            task=task,
            version=version,
            rule=rule,
            seen_us=state.at_us,
            verdict=verdict,
            destination=turn.way.destination,
            replace=state.replace,
        )

    async def deliver_many(self, region: Region, ready: Sequence[Ready]) -> list[Attempt]:
        """Deliver what brings no blobs, all to one destination. One attempt for each, in any order."""
        attempts: list[Attempt] = []
        changes: list[tuple[Ready, Change]] = []
        bodies = region.metadata.reader.bodies([each.version.row for each in ready if each.needs_body])
        for each in ready:
            change = _change(region, each, bodies)
            if isinstance(change, Change):
                changes.append((each, change))
            else:
                attempts.append(Attempt(each.task, change))
        calls = list(_batches(changes))
        for together in slices(calls, CALLS_AT_ONCE):
            # Calls that reach their receiver together share its flush; in which order changes arrive does not matter.
            puts = [_put(batch[0][0].destination, batch) for batch in together]
            for done in await all_or_first_error(puts):
                attempts += done
        return attempts

    async def deliver_streamed(self, region: Region, ready: Ready) -> Attempt:
        """Deliver a version with blobs."""
        destination = ready.destination
        replica = as_replica(ready.version, ready.rule, with_tags=ready.verdict.with_tags)
        try:
            refused = await destination.transport.put_streamed(
                destination.bucket, replica, region.blobs, replace=ready.replace
            )
        except (PermanentError, TransientError) as error:
            return Attempt(ready.task, _outcome(error))
        except (BlobsUnavailable, StoreUnavailable) as error:
            return Attempt(ready.task, Retry(f"source: {error}", own=True))
        except (BlobMissing, StoredBytesDiffer) as error:
            task = ready.task
            if region.metadata.reader.version(task.bucket_id, task.key, task.version_id) is None:
                return Attempt(task, Dropped())
            return Attempt(task, Failed(FailureCode.SRC_OBJECT_NOT_FOUND, f"{_DAMAGED}: {error}"))
        return Attempt(ready.task, _result(ready, refused))


_DAMAGED = "stored bytes of the source are lost or damaged"

_OBJECT = (TaskKind.OBJECT,)

_WHY_NOT = {
    FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING: "the replication configuration was deleted before delivery",
    FailureCode.SRC_OBJECT_NOT_ELIGIBLE: "no enabled rule covers it any more: the rules changed before delivery",
}

_REFUSED = {
    FailureCode.DST_OBJECT_HARD_DELETED: "the replica was permanently deleted in the destination bucket",
    FailureCode.DST_BUCKET_UNVERSIONED: "versioning is not enabled on the destination bucket",
    FailureCode.DST_VERSION_NOT_FOUND: "the version whose tags or ACL changed is not in the destination bucket",
}


def _change(region: Region, ready: Ready, bodies: Mapping[int, bytes]) -> Change | Dropped | Failed:
    """What travels; Dropped when the version was removed since it was read, and its body with it."""
    version, verdict = ready.version, ready.verdict
    if verdict.kinds[0] in METADATA:
        return Change(version=version, changed=verdict.kinds, two_way=ready.rule.replica_modifications)
    body = None
    if ready.needs_body:
        body = bodies.get(version.row)
        if body is None and not _stands(region, version):
            return Dropped()
        if body is None or not body_matches(version, body):
            return Failed(FailureCode.SRC_OBJECT_NOT_FOUND, _DAMAGED)
    replica = as_replica(version, ready.rule, with_tags=verdict.with_tags)
    return Change(version=replica, body=body, replace=ready.replace)


def _stands(region: Region, version: Version) -> bool:
    now = region.metadata.reader.version(version.bucket_id, version.key, version.version_id)
    return now is not None and now.row == version.row


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


async def _put(destination: Destination, batch: Sequence[tuple[Ready, Change]]) -> list[Attempt]:
    try:
        results = await destination.transport.put_many(destination.bucket, [change for _, change in batch])
    except (PermanentError, TransientError) as error:
        return _all(batch, _outcome(error))
    return [Attempt(ready.task, _result(ready, refused)) for (ready, _), refused in zip(batch, results, strict=True)]


def _all(changes: Sequence[tuple[Ready, Change]], outcome: Outcome) -> list[Attempt]:
    return [Attempt(ready.task, outcome) for ready, _ in changes]


def _result(ready: Ready, refused: FailureCode | None) -> Outcome:
    if refused is FailureCode.DST_OBJECT_HARD_DELETED and not ready.task.batch:
        # It arrived before, by a delivery that was not settled, and was deleted since: that is no failure.
        refused = None
    if refused is not None:
        return Failed(refused, _REFUSED.get(refused, ""))
    if ready.verdict.refused is not None:
        return replace(ready.verdict.refused, seen_us=ready.seen_us)
    return Delivered(ready.seen_us, ready.rule.owner_override if ready.brings_object else None)


def _outcome(error: PermanentError | TransientError) -> Failed | Retry:
    return Failed(error.code, error.detail) if isinstance(error, PermanentError) else Retry(str(error))
