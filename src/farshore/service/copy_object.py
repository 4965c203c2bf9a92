"""CopyObject: a stored object becomes another, in any region of the deployment.

Source: API Reference, CopyObject; recorded answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from farshore.model.buckets import Bucket
from farshore.model.errors import InvalidRequest, NoSuchKey, NoSuchVersion, S3Error
from farshore.model.objects import Version
from farshore.semantics import checksums, naming, object_attributes, preconditions, ranges, versioning
from farshore.semantics.copy_source import parse_copy_source
from farshore.service.access import bucket_for, copy_source_for, object_action, require
from farshore.service.answers import checksum_members
from farshore.service.bodies import BODY_BYTES_MAX, body_of, discard, receive_stored, until_found
from farshore.service.deployment import Answer, Body, Params, Region, Request
from farshore.service.ownership import owner_and_acl, write_actions
from farshore.service.put_object import commit_version, with_content


@dataclass(frozen=True, slots=True)
class Source:
    """The version that a copy reads. body: its bytes, or the range of an UploadPartCopy."""

    region: Region
    bucket: Bucket
    version: Version
    body: Body

    def named(self) -> Params:
        """`CopySourceVersionId`, where AWS shows it."""
        shown = versioning.copy_source_version_id(self.version.version_id)
        return {} if shown is None else {"CopySourceVersionId": shown}


async def copy_object(request: Request) -> Answer:
    """Copy one version, with its metadata and tags or with new ones."""
    params = request.params
    naming.check_key(params["Key"])
    region, bucket = bucket_for(request, *write_actions(params))
    preconditions.check_write_headers(params.get("IfMatch"), params.get("IfNoneMatch"))
    source = readable_source(request)
    old = source.version
    if source.region is region and source.bucket.id == bucket.id and old.key == params["Key"]:
        current = region.metadata.reader.current(bucket.id, old.key)
        in_place = current is not None and current.version_id == old.version_id
        if in_place:
            object_attributes.check_self_copy(params)
    owner, acl = owner_and_acl(request, region, bucket)
    if old.tags and params.get("TaggingDirective") != "REPLACE":
        _require_tags_copied(request, source, region, bucket)
    draft = Version(
        bucket_id=bucket.id,
        key=params["Key"],
        version_id="",
        created_us=0,
        owner=owner,
        acl=acl,
        storage_class=object_attributes.check_storage_class(params.get("StorageClass")),
        attributes=object_attributes.copy_attributes(old, params),
        tags=object_attributes.copy_tags(old, params),
    )
    algorithm = checksums.copy_algorithm(old.attributes.checksum, params.get("ChecksumAlgorithm"))
    received = await receive_stored(source.body, region.blobs, algorithm=algorithm)
    try:
        bucket, version = await commit_version(
            request, region, bucket, with_content(draft, received), received.inline or None
        )
    except S3Error:
        await discard(region.blobs, received)
        raise
    result: Params = {"ETag": f'"{version.etag}"', "LastModified": version.created_us}
    result |= checksum_members(version.attributes.checksum)
    output: Params = {"CopyObjectResult": result, **source.named()}
    shown = versioning.version_id_of_read(bucket.versioning, version.version_id)
    if shown is not None:
        output["VersionId"] = shown
    return Answer(output=output)


def readable_source(request: Request) -> Source:
    """The version named by `x-amz-copy-source`, which the caller may read and whose conditions hold.

    Raises:
        InvalidRequest: it is a delete marker, or larger than one copy may be.
        NoSuchKey, NoSuchVersion, PreconditionFailed; InvalidArgument for a range that is none.
    """
    copy_range = request.params.get("CopySourceRange")

    def found() -> Source:
        region, bucket, version = _source_version(request)
        window = ranges.copy_source_range(copy_range, version.size)
        if (version.size if window is None else window.length) > BODY_BYTES_MAX:
            raise InvalidRequest(
                "The specified copy source is larger than the maximum allowable size for a copy source: "
                f"{BODY_BYTES_MAX}"
            )
        return Source(region, bucket, version, body_of(version, region, window))

    return until_found(found)


def _source_version(request: Request) -> tuple[Region, Bucket, Version]:
    params = request.params
    name, key, version_id = parse_copy_source(params["CopySource"])
    region, bucket, version = copy_source_for(request, name, key, version_id)
    if version is None or (version.delete_marker and version_id is None):
        require(request, region, bucket, "s3:ListBucket")
        raise NoSuchKey(Key=key) if version_id is None else NoSuchVersion(Key=key, VersionId=version_id)
    if version.delete_marker:
        raise InvalidRequest(
            "The source of a copy request may not specifically refer to a delete marker by version id."
        )
    preconditions.check_copy_source(params, version.etag, version.created_us, now_us=request.now_us)
    return region, bucket, version


def _require_tags_copied(request: Request, source: Source, region: Region, bucket: Bucket) -> None:
    """Copying tags needs their reading at the source and their writing at the destination."""
    old = source.version
    _, _, version_id = parse_copy_source(request.params["CopySource"])
    action = object_action("s3:GetObjectTagging", version_id)
    named: Params = {} if version_id is None else {"VersionId": version_id}
    require(request, source.region, source.bucket, action, key=old.key, version=old, params=named)
    require(request, region, bucket, "s3:PutObjectTagging", key=request.params["Key"])
