"""From a stored version to the members of an answer, by AWS's names."""

from __future__ import annotations

from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.errors import MethodNotAllowed, NoSuchKey, NoSuchVersion, S3Error
from farshore.model.objects import Checksum, Version
from farshore.runtime.http_date import http_date
from farshore.service.access import require
from farshore.service.deployment import Params, Request
from farshore.service.locating import locate


def object_members(version: Version, bucket: Bucket) -> Params:
    """What GetObject and HeadObject say of a version, body length and checksums apart."""
    attributes = version.attributes
    output: Params = {
        "AcceptRanges": "bytes",
        "LastModified": version.created_us,
        "ETag": f'"{version.etag}"',
        "ContentType": "binary/octet-stream",
        "Metadata": attributes.metadata,
    }
    output.update(attributes.headers)
    if bucket.versioning is not VersioningStatus.UNVERSIONED:
        output["VersionId"] = version.version_id
    if version.storage_class != "STANDARD":
        output["StorageClass"] = version.storage_class
    if version.replication_status is not None:
        output["ReplicationStatus"] = version.replication_status.value
    if version.tags:
        output["TagCount"] = len(version.tags)
    return output


def checksum_members(checksum: Checksum | None, *, with_type: bool = True) -> Params:
    """`ChecksumCRC32` … and `ChecksumType`; nothing for None."""
    if checksum is None:
        return {}
    members: Params = {f"Checksum{checksum.algorithm}": checksum.value}
    if with_type:
        members["ChecksumType"] = checksum.type.value
    return members


def written_members(version: Version, bucket: Bucket) -> Params:
    """What a write says of the version it made. A suspended bucket's null version is not named."""
    output: Params = {"ETag": f'"{version.etag}"', **checksum_members(version.attributes.checksum)}
    if bucket.versioning is VersioningStatus.ENABLED:
        output["VersionId"] = version.version_id
    return output


def live_version(request: Request, bucket: Bucket, version: Version | None) -> Version:
    """The object that a read addressed, or the error that AWS gives for its absence.

    Source: API Reference, GetObject ("If the specified version is a delete marker …"); recorded answers.
    """
    if version is not None and not version.delete_marker:
        return version
    raise absence(request, bucket, version)


def absence(request: Request, bucket: Bucket, version: Version | None) -> S3Error:
    """Why there is no object: NoSuchVersion, NoSuchKey, or 405 for a delete marker that is named by its id, or that is
    to be changed (recorded: PutObjectAcl)."""
    key: str = request.params["Key"]
    version_id: str | None = request.params.get("VersionId")
    if version is None or version_id is None:
        # AWS: only who may list the bucket learns that a key is not there.
        require(request, locate(request.deployment, bucket.name), bucket, "s3:ListBucket")
    if version is None:
        if version_id is not None:
            return NoSuchVersion(Key=key, VersionId=version_id)
        return NoSuchKey(Key=key)
    headers = {"x-amz-delete-marker": "true"}
    if bucket.versioning is not VersioningStatus.UNVERSIONED:
        headers["x-amz-version-id"] = version.version_id
    method = "GET" if request.operation.startswith(("Get", "Head")) else "PUT"
    if request.operation.startswith("Delete"):
        method = "DELETE"
    if version_id is None and method == "GET":
        return NoSuchKey(headers=headers, Key=key)
    headers |= {"Last-Modified": http_date(version.created_us), "Allow": "DELETE"}
    return MethodNotAllowed(headers=headers, Method=method, ResourceType="DeleteMarker")
