"""Accept what replication brings: replicas, delete markers and changes of metadata, many in one metadata command.

Every function here is safe to repeat: a version that is there already is left alone, but for later tags and ACLs. A
replica keeps its source's version id and time and enters the stack of versions where these say. What arrives here is
never sent on: two buckets that replicate to each other do not loop.
Source: S3 User Guide, "What does Amazon S3 replicate?", "Replicating delete markers between buckets", "Changing the
replica owner", "Replicating metadata changes with replica modification sync".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.access_control import ObjectOwnership
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.objects import NULL_VERSION, Modified, Version
from farshore.model.replication import ReplicationRule, ReplicationStatus, TaskKind
from farshore.semantics.metadata_sync import METADATA, is_later, taken_over
from farshore.service import version_stack
from farshore.service.bucket_access import stored_ownership


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One change for a destination bucket.

    version: as the replica will be; `bucket_id` is set here, and where the bucket enforces its owner, owner and ACL.
    body, changed, two_way, replace: as a transport's `Change`. Blobs that the version names are already in the
        destination's blob store.
    """

    version: Version
    body: bytes | None = None
    changed: tuple[TaskKind, ...] = ()
    two_way: bool = False
    replace: bool = False


class Accepted(Enum):
    """What became of an arrival."""

    STORED = auto()
    """It is in the bucket now; blobs that came with it are referred to."""
    THERE_ALREADY = auto()
    """A repeat: blobs that came with it are of no use."""
    HARD_DELETED = auto()
    """A replica that was permanently deleted here, and does not come back: blobs that came with it are of no use."""
    BUCKET_GONE = auto()
    """It was deleted since it was decided that the arrival may come; another may have its name."""
    BUCKET_UNVERSIONED = auto()
    VERSION_MISSING = auto()
    """The version whose metadata changed is not here."""


def accept(tx: Transaction, bucket_id: int, arrivals: Sequence[Arrival], now_us: int) -> list[Accepted]:
    """Inside a command of the destination's region: take the arrivals in, in order. One result for each."""
    bucket = tx.bucket_by_id(bucket_id)
    if bucket is None:
        return [Accepted.BUCKET_GONE] * len(arrivals)
    if bucket.versioning is not VersioningStatus.ENABLED:
        return [Accepted.BUCKET_UNVERSIONED] * len(arrivals)
    enforced = stored_ownership(tx, bucket) is ObjectOwnership.BUCKET_OWNER_ENFORCED
    return [
        _change_metadata(tx, bucket, arrival, enforced)
        if arrival.changed
        else _accept_version(tx, bucket, arrival, enforced, now_us)
        for arrival in arrivals
    ]


def accept_known(tx: Transaction, bucket_id: int, version: Version, *, replace: bool = False) -> Accepted | None:
    """Inside a command of the destination's region: what `accept` would say of a version without its bytes.

    A version that is there already takes the later metadata that comes with it.

    Returns:
        None when the version is to be brought with its bytes.
    """
    bucket = tx.bucket_by_id(bucket_id)
    if bucket is None:
        return Accepted.BUCKET_GONE
    if bucket.versioning is not VersioningStatus.ENABLED:
        return Accepted.BUCKET_UNVERSIONED
    if version.version_id == NULL_VERSION:
        return None
    if tx.is_hard_deleted(bucket.id, version.key, version.version_id):
        return Accepted.HARD_DELETED
    if replace:
        return None
    enforced = stored_ownership(tx, bucket) is ObjectOwnership.BUCKET_OWNER_ENFORCED
    return _accept_repeat(tx, bucket, version, enforced)


def as_replica(version: Version, rule: ReplicationRule, *, with_tags: bool = True) -> Version:
    """What a source version becomes in a destination: everything of it but its place, status and destinations.

    Args:
        rule: under which it goes: its storage class, and whether the replica is given to the destination's owner.
        with_tags: False leaves the tags behind, as older than any edit.
    """
    owner, acl = version.owner, version.acl
    if rule.owner_override:
        assert rule.destination_account is not None, rule
        owner, acl = rule.destination_account, None
    return msgspec.structs.replace(
        version,
        storage_class=rule.storage_class or version.storage_class,
        attributes=msgspec.structs.replace(
            version.attributes, replica=True, tags_at_creation=None, owner_overridden=rule.owner_override
        ),
        owner=owner,
        acl=acl,
        tags=version.tags if with_tags else {},
        modified=version.modified if with_tags else Modified(acl_us=version.modified.acl_us),
        replication_status=ReplicationStatus.REPLICA,
        destinations=(),
        row=0,
    )


def _accept_version(tx: Transaction, bucket: Bucket, arrival: Arrival, enforced: bool, now_us: int) -> Accepted:
    version = msgspec.structs.replace(arrival.version, bucket_id=bucket.id)
    if enforced:
        version = msgspec.structs.replace(version, owner=bucket.owner, acl=None)
    if version.version_id != NULL_VERSION and tx.is_hard_deleted(bucket.id, version.key, version.version_id):
        return Accepted.HARD_DELETED
    if arrival.replace:
        version = _make_room(tx, version, now_us)
    if version_stack.insert_in_order(tx, version, arrival.body, now_us):
        return Accepted.STORED
    return _accept_repeat(tx, bucket, version, enforced) or Accepted.THERE_ALREADY


def _make_room(tx: Transaction, version: Version, now_us: int) -> Version:
    """Take away the damaged replica whose place a version takes in the same command; returns the version with what of
    the damaged one goes on: where its own edits are on their way to."""
    there = tx.version(version.bucket_id, version.key, version.version_id)
    if there is None:
        return version
    if version.version_id == NULL_VERSION and not (there.is_replica and there.created_us == version.created_us):
        return version  # Another version than the replica has this id.
    version_stack.pop(tx, there, now_us)
    if not there.destinations:
        return version
    return msgspec.structs.replace(
        version, destinations=there.destinations, replication_status=there.replication_status
    )


def _accept_repeat(tx: Transaction, bucket: Bucket, version: Version, enforced: bool) -> Accepted | None:
    """Give a replica that is there already what is later of its metadata. None when it is not there."""
    there = tx.version(bucket.id, version.key, version.version_id)
    if there is None:
        return None
    if there.is_replica and there.created_us == version.created_us:
        for kind in METADATA:
            if is_later(version, there, kind):
                there = _take_over(tx, there, version, kind, enforced)
    return Accepted.THERE_ALREADY


def _change_metadata(tx: Transaction, bucket: Bucket, arrival: Arrival, enforced: bool) -> Accepted:
    version = arrival.version
    there = tx.version(bucket.id, version.key, version.version_id)
    if there is None or there.delete_marker:
        return Accepted.VERSION_MISSING
    # A version whose own edits travel has states of destinations: then neither side may undo a later edit of the other.
    two_way = arrival.two_way or bool(there.destinations)
    for kind in arrival.changed:
        if not two_way or is_later(version, there, kind):
            there = _take_over(tx, there, version, kind, enforced)
    return Accepted.STORED


def _take_over(tx: Transaction, there: Version, version: Version, kind: TaskKind, enforced: bool) -> Version:
    """Give the version that is there the tags, or the ACL, of its other side. Returns it as it is then.

    An ACL has no meaning where ACLs are disabled, or between versions of different owners.
    """
    modified = taken_over(there, version, kind)
    if kind is TaskKind.TAGS:
        if there.tags == version.tags and there.modified == modified:
            return there
        tx.set_tags(there.row, version.tags, modified)
        return msgspec.structs.replace(there, tags=version.tags, modified=modified)
    if enforced or there.owner != version.owner or there.attributes.owner_overridden:
        return there
    if there.acl == version.acl and there.modified == modified:
        return there
    tx.set_acl(there.row, version.acl, modified)
    return msgspec.structs.replace(there, acl=version.acl, modified=modified)
