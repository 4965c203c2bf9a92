"""DeleteObject and DeleteObjects: delete markers, and the permanent removal of versions.

Source: User Guide, "Deleting object versions from a versioning-enabled bucket"; API Reference, DeleteObjects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.errors import AccessDenied, InternalError, MalformedXML, NoSuchVersion, S3Error
from farshore.model.events import EventName
from farshore.model.objects import NULL_VERSION, Version
from farshore.model.replication import ReplicationStatus
from farshore.runtime.slices import slices
from farshore.runtime.together import all_or_first_error
from farshore.semantics import naming, preconditions, versioning
from farshore.semantics.versioning import DeleteAction
from farshore.service import outbox, version_stack
from farshore.service.access import bucket_for, object_action, require, still
from farshore.service.deployment import Answer, Params, Region, Request
from farshore.service.job_tasks import replications_settled
from farshore.service.notifications import notify

DELETED_AT_ONCE_MAX = 1000
DELETED_IN_A_COMMAND = 64
"""Entries that one command deletes, during which other writes wait."""

_AS_PARAMETER = {"ETag": "IfMatch", "LastModifiedTime": "IfMatchLastModifiedTime", "Size": "IfMatchSize"}


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a deletion did.

    marker: a delete marker was made or removed; marker_id names it. follows: the region's workers are to hear of it.
    """

    marker: bool = False
    marker_id: str | None = None
    version_id: str | None = None
    follows: bool = False


async def delete_object(request: Request) -> Answer:
    """Add a delete marker, or remove one version for good."""
    params = request.params
    version_id: str | None = params.get("VersionId")
    naming.check_key(params["Key"])
    if version_id is not None:
        versioning.check_version_id(version_id)
    region, bucket = bucket_for(request, object_action("s3:DeleteObject", version_id))

    def command(tx: Transaction) -> Deleted:
        return _delete(tx, request, region, still(tx, bucket), params)

    deleted = await region.metadata.write(command)
    if deleted.follows:
        request.deployment.ring(region.name)
    output: Params = {}
    if deleted.marker:
        output["DeleteMarker"] = True
    shown = deleted.version_id or deleted.marker_id
    if shown is not None:
        output["VersionId"] = shown
    return Answer(output=output)


async def delete_objects(request: Request) -> Answer:
    """Delete up to 1,000 keys or versions; each succeeds or fails by itself, in the order in which they are listed."""
    document: Params = request.params["Delete"]
    listed: list[Params] = document.get("Objects", [])
    if not 1 <= len(listed) <= DELETED_AT_ONCE_MAX:
        raise MalformedXML()
    region, bucket = bucket_for(request)
    parts = slices(listed, DELETED_IN_A_COMMAND)
    done = await all_or_first_error(_delete_some(request, region, bucket, part) for part in parts)
    outcomes = [outcome for part in done for outcome in part]
    if any(isinstance(outcome, Deleted) and outcome.follows for outcome in outcomes):
        request.deployment.ring(region.name)
    quiet: bool = document.get("Quiet", False)
    pairs = list(zip(listed, outcomes, strict=True))
    output: Params = {"Errors": [_error_entry(entry, error) for entry, error in pairs if isinstance(error, S3Error)]}
    if not quiet:
        output["Deleted"] = [_deleted_entry(entry, done) for entry, done in pairs if isinstance(done, Deleted)]
    return Answer(output={name: entries for name, entries in output.items() if entries})


async def _delete_some(
    request: Request, region: Region, bucket: Bucket, entries: Sequence[Params]
) -> list[Deleted | S3Error]:
    refusals = [_refusal(request, region, bucket, entry) for entry in entries]

    def command(tx: Transaction) -> list[Deleted | S3Error]:
        now = still(tx, bucket)
        pairs = zip(entries, refusals, strict=True)
        return [refused or _delete_listed(tx, request, region, now, entry) for entry, refused in pairs]

    return await region.metadata.write(command)


def _refusal(request: Request, region: Region, bucket: Bucket, entry: Params) -> AccessDenied | None:
    """Each entry is decided by itself, on its own object."""
    action = object_action("s3:DeleteObject", entry.get("VersionId"))
    try:
        require(request, region, bucket, action, key=entry["Key"], params=entry)
    except AccessDenied as refused:
        return refused
    return None


def _delete_listed(
    tx: Transaction, request: Request, region: Region, bucket: Bucket, entry: Params
) -> Deleted | S3Error:
    """One entry of DeleteObjects. Unlike DeleteObject, AWS names a version that is not there (recorded)."""
    try:
        naming.check_key(entry["Key"])
        version_id = entry.get("VersionId")
        if version_id is not None:
            versioning.check_version_id(version_id)
            if tx.version(bucket.id, entry["Key"], version_id) is None and version_id != "null":
                return NoSuchVersion()
        params = {_AS_PARAMETER.get(name, name): value for name, value in entry.items()}
        return _delete(tx, request, region, bucket, params)
    except InternalError:
        raise
    except S3Error as refused:
        return refused


def _delete(tx: Transaction, request: Request, region: Region, bucket: Bucket, params: Params) -> Deleted:
    """Every check comes before the first change, so that a refusal leaves the rest of a group alone."""
    key: str = params["Key"]
    version_id: str | None = params.get("VersionId")
    current = tx.current(bucket.id, key)
    marker = current is not None and current.delete_marker
    etag = None if current is None or marker else current.etag
    preconditions.check_delete(params, etag, key=key, marker=marker)
    match versioning.delete_action(bucket.versioning, version_id):
        case DeleteAction.REMOVE_VERSION:
            return _remove(tx, request, region, bucket, key, version_id or NULL_VERSION)
        case DeleteAction.REMOVE_NULL:
            if current is None:
                return Deleted()
            version_stack.pop(tx, current, request.now_us)
            notify(tx, request, region, bucket, EventName.DELETE, current)
            return Deleted()
        case DeleteAction.ADD_MARKER | DeleteAction.ADD_NULL_MARKER:
            return _mark(tx, request, region, bucket, key, current)


def _remove(tx: Transaction, request: Request, region: Region, bucket: Bucket, key: str, version_id: str) -> Deleted:
    """Permanent: never replicated, and a replica removed so is remembered, since it must not come back."""
    named = version_id if bucket.versioning is not VersioningStatus.UNVERSIONED else None
    version = tx.version(bucket.id, key, version_id)
    if version is None:
        return Deleted(version_id=named)
    version_stack.pop(tx, version, request.now_us)
    follows = _abandon(tx, version, request.now_us)
    notify(tx, request, region, bucket, EventName.DELETE, version)
    if version.is_replica:
        tx.remember_hard_deleted(bucket.id, key, version_id)
    if version.delete_marker:
        return Deleted(marker=True, marker_id=version_id, version_id=named, follows=follows)
    return Deleted(version_id=named, follows=follows)


def _abandon(tx: Transaction, version: Version, now_us: int) -> bool:
    """What is gone does not wait any more: else it counted as pending until its destination is tried again.

    Returns:
        whether a job of Batch Replication, which brought it, went on by it.
    """
    if all(state.status is not ReplicationStatus.PENDING for state in version.destinations):
        return False
    tasks = tx.remove_tasks_of_version(version.bucket_id, version.key, version.version_id)
    return replications_settled(tx, tasks, {}, now_us)


def _mark(
    tx: Transaction, request: Request, region: Region, bucket: Bucket, key: str, current: Version | None
) -> Deleted:
    version_id, created_us = version_stack.next_place(bucket, current, request.now_us)
    marker = Version(
        bucket_id=bucket.id,
        key=key,
        version_id=version_id,
        created_us=created_us,
        owner=bucket.owner,
        delete_marker=True,
    )
    marker, tasks = outbox.plan_version(request.deployment.configurations.get(tx, bucket), marker, request.now_us)
    version_stack.push(tx, marker, current, None, request.now_us)
    if tasks:
        tx.add_tasks(tasks)
    notify(tx, request, region, bucket, EventName.DELETE_MARKER_CREATED, marker)
    return Deleted(marker=True, marker_id=version_id, follows=bool(tasks))


def _deleted_entry(entry: Params, done: Deleted) -> Params:
    shown: Params = {"Key": entry["Key"]}
    if entry.get("VersionId") is not None:
        shown["VersionId"] = entry["VersionId"]
    if done.marker:
        shown |= {"DeleteMarker": True, "DeleteMarkerVersionId": done.marker_id}
    return shown


def _error_entry(entry: Params, error: S3Error) -> Params:
    shown: Params = {"Key": entry["Key"], "Code": error.code, "Message": error.message}
    if entry.get("VersionId") is not None:
        shown["VersionId"] = entry["VersionId"]
    return shown
