"""PutObject: the body to storage, then one metadata command that makes the version and its replication tasks.

Source: API Reference, PutObject; User Guide, "Conditional requests".
"""

from __future__ import annotations

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket
from farshore.model.errors import S3Error
from farshore.model.events import EventName
from farshore.model.objects import Version
from farshore.semantics import naming, object_attributes, preconditions, tagging
from farshore.service import outbox, version_stack
from farshore.service.access import bucket_for, still
from farshore.service.answers import written_members
from farshore.service.bodies import Received, discard, expectations, receive
from farshore.service.deployment import Answer, Params, Region, Request
from farshore.service.notifications import notify
from farshore.service.ownership import owner_and_acl, write_actions


async def put_object(request: Request) -> Answer:
    """Store a new object, or a new version of one."""
    params = request.params
    naming.check_key(params["Key"])
    region, bucket = bucket_for(request, *write_actions(params))
    owner, acl = owner_and_acl(request, region, bucket)
    preconditions.check_write_headers(params.get("IfMatch"), params.get("IfNoneMatch"))
    attributes = object_attributes.put_attributes(params)
    draft = Version(
        bucket_id=bucket.id,
        key=params["Key"],
        version_id="",
        created_us=0,
        owner=owner,
        acl=acl,
        storage_class=object_attributes.check_storage_class(params.get("StorageClass")),
        attributes=attributes,
        tags=tagging.parse_tagging_header(params["Tagging"]) if "Tagging" in params else {},
    )
    received = await receive(request.body, region.blobs, expectations(request))
    draft = with_content(draft, received)
    try:
        bucket, version = await commit_version(request, region, bucket, draft, received.inline or None)
    except S3Error:
        await discard(region.blobs, received)
        raise
    return Answer(output=written_members(version, bucket))


def with_content(draft: Version, received: Received) -> Version:
    """The draft with what was received: size, ETag, checksum and where the bytes are."""
    return msgspec.structs.replace(
        draft,
        size=received.size,
        etag=received.etag,
        blob=received.blob,
        inline=bool(received.inline),
        attributes=msgspec.structs.replace(draft.attributes, checksum=received.checksum),
    )


async def commit_version(
    request: Request, region: Region, bucket: Bucket, draft: Version, body: bytes | None
) -> tuple[Bucket, Version]:
    """Make the draft a version of the bucket as it is now, with its replication tasks, in one command.

    Returns the bucket as the command saw it and the version. Raises PreconditionFailed, NoSuchKey (If-Match on
    nothing), NoSuchBucket (deleted meanwhile).
    """
    params = request.params

    def command(tx: Transaction) -> tuple[Bucket, Version]:
        added = add_version(tx, request, region, bucket, draft, body, params)
        if request.also is not None:
            request.also(tx)
        return added

    bucket, version = await region.metadata.write(command)
    if version.destinations:
        request.deployment.ring(region.name)
    return bucket, version


_CREATED = {
    "CopyObject": EventName.COPY,
    "CompleteMultipartUpload": EventName.COMPLETE_MULTIPART_UPLOAD,
    "PostObject": EventName.POST,
}
"""The event of a new version by the operation that makes it; of others PUT."""


def add_version(
    tx: Transaction,
    request: Request,
    region: Region,
    bucket: Bucket,
    draft: Version,
    body: bytes | None,
    conditions: Params,
) -> tuple[Bucket, Version]:
    """Inside a command: check conditions, place the version on its stack, write its replication tasks and its event.

    Returns the bucket as it is now, and the version; with destinations, workers are to hear of it.
    """
    bucket = still(tx, bucket)
    current = tx.current(bucket.id, draft.key)
    etag = None if current is None or current.delete_marker else current.etag
    preconditions.check_write(conditions.get("IfMatch"), conditions.get("IfNoneMatch"), etag, key=draft.key)
    version_id, created_us = version_stack.next_place(bucket, current, request.now_us)
    version = msgspec.structs.replace(draft, version_id=version_id, created_us=created_us)
    version, tasks = outbox.plan_version(request.deployment.configurations.get(tx, bucket), version, request.now_us)
    version = version_stack.push(tx, version, current, body, request.now_us)
    if tasks:
        tx.add_tasks(tasks)
    notify(tx, request, region, bucket, _CREATED.get(request.operation, EventName.PUT), version)
    return bucket, version
