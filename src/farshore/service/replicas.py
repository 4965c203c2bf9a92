"""Accept what replication brings: replicas, delete markers and changes of tags, many in one metadata command.

Every function here is safe to repeat: a version that is there already is left alone, but for its tags. A replica keeps
its source's version id and time and enters the stack of versions where these say.
Source: S3 User Guide, "What does Amazon S3 replicate?", "Replicating delete markers between buckets".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.objects import NULL_VERSION, Version
from farshore.model.replication import ReplicationStatus, TaskKind
from farshore.service import version_stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One change for a destination bucket.

    version: as the replica will be; `bucket_id` and `owner` are set here. For TAGS only its identity and tags count.
    body: exactly when `version.inline`. Blobs that the version names are already in the destination's blob store.
    """

    kind: TaskKind
    version: Version
    body: bytes | None = None


class Accepted(Enum):
    """What became of an arrival."""

    STORED = auto()
    """It is in the bucket now; blobs that came with it are referred to."""
    THERE_ALREADY = auto()
    """A repeat, or a replica that was permanently deleted here since: blobs that came with it are of no use."""
    BUCKET_MISSING = auto()
    BUCKET_UNVERSIONED = auto()
    VERSION_MISSING = auto()
    """The version whose tags changed is not here."""


def accept(tx: Transaction, bucket_name: str, arrivals: Sequence[Arrival], now_us: int) -> list[Accepted]:
    """Inside a command of the destination's region: take the arrivals in, in order. One result for each."""
    bucket = tx.bucket(bucket_name)
    if bucket is None:
        return [Accepted.BUCKET_MISSING] * len(arrivals)
    if bucket.versioning is not VersioningStatus.ENABLED:
        return [Accepted.BUCKET_UNVERSIONED] * len(arrivals)
    return [_accept_one(tx, bucket, arrival, now_us) for arrival in arrivals]


def as_replica(version: Version, *, storage_class: str | None) -> Version:
    """What a source version becomes in a destination: everything of it but its place, status and destinations.

    Args:
        storage_class: the rule's; None keeps the source's.
    """
    return msgspec.structs.replace(
        version,
        storage_class=storage_class or version.storage_class,
        attributes=msgspec.structs.replace(version.attributes, replica=True, tags_at_creation=None),
        replication_status=ReplicationStatus.REPLICA,
        destinations=(),
        row=0,
    )


def _accept_one(tx: Transaction, bucket: Bucket, arrival: Arrival, now_us: int) -> Accepted:
    version = arrival.version
    if arrival.kind is TaskKind.TAGS:
        there = tx.version(bucket.id, version.key, version.version_id)
        if there is None or there.delete_marker:
            return Accepted.VERSION_MISSING
        _set_tags(tx, there, version)
        return Accepted.STORED
    if version.version_id != NULL_VERSION and tx.is_hard_deleted(bucket.id, version.key, version.version_id):
        return Accepted.THERE_ALREADY
    placed = msgspec.structs.replace(version, bucket_id=bucket.id, owner=bucket.owner)
    if version_stack.insert_in_order(tx, placed, arrival.body, now_us):
        return Accepted.STORED
    there = tx.version(bucket.id, version.key, version.version_id)
    if there is not None and there.is_replica and there.created_us == version.created_us:
        _set_tags(tx, there, version)
    return Accepted.THERE_ALREADY


def _set_tags(tx: Transaction, there: Version, version: Version) -> None:
    if there.tags != version.tags:
        tx.set_tags(there.row, version.tags)
