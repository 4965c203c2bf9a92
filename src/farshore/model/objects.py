"""What is stored of an object: versions, delete markers, multipart uploads and their parts.

Times are integer microseconds since the epoch (UTC), sizes are bytes, ETags and checksums are bare (no quotes).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from farshore.model.access_control import Grant
from farshore.model.replication import DestinationState, ReplicationStatus

NULL_VERSION = "null"
"""Version id of an object stored while versioning was off or suspended."""

VersionName = tuple[int, str, str]
"""(bucket id, key, version id) of a version or delete marker."""


class ChecksumType(StrEnum):
    FULL_OBJECT = "FULL_OBJECT"
    COMPOSITE = "COMPOSITE"


class Checksum(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One checksum: the algorithm's AWS name (of `semantics.checksums.ALGORITHMS`), base64 value (with `-N` when
    composite), and over what it was computed."""

    algorithm: str
    value: str
    type: ChecksumType = ChecksumType.FULL_OBJECT


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part of a completed multipart object, or an uploaded part. `blob` is None only when size is 0."""

    number: int
    size: int
    etag: str
    blob: str | None
    checksum: Checksum | None = None
    created_us: int = 0


class Attributes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a version carries and does not change after its creation, apart from its identity and size.

    headers: system metadata by AWS member name (ContentType, CacheControl, ContentDisposition, ContentEncoding,
    ContentLanguage, Expires (text as sent), WebsiteRedirectLocation).
    metadata: user metadata, lower-case names without `x-amz-meta-`.
    parts: of a multipart object, in order; empty otherwise.
    server_side_encryption: `aws:kms` …; empty where the server does not encrypt.
    replica: replication wrote it here. Its status says REPLICA, but for while an edit of it travels back.
    tags_at_creation: kept from the first change of the tags by a client on: they decided which rules covered the
        version. None while they are `Version.tags`.
    owner_overridden: of a replica that was given to the destination's owner: its ACL and its source's are apart.
    """

    headers: dict[str, str] = {}
    metadata: dict[str, str] = {}
    checksum: Checksum | None = None
    parts: tuple[Part, ...] = ()
    server_side_encryption: str = ""
    replica: bool = False
    tags_at_creation: dict[str, str] | None = None
    owner_overridden: bool = False


class Modified(msgspec.Struct, frozen=True, array_like=True):
    """When what may change after a version's creation was last changed, in microseconds; 0 when it never was.

    The times travel with the values: of an edit here and an edit of the replica the later one stands on both sides.
    """

    tags_us: int = 0
    acl_us: int = 0


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version of an object, or a delete marker (then size 0, empty ETag).

    row: the store's own handle, 0 before it is inserted.
    blob: the single blob that holds the body; None when the body is inline, empty, or in `attributes.parts`.
    inline: True when the body is stored beside the version (`Reader.body`).
    created_us: Last-Modified; a replica keeps its source's. Versions of a key are ordered by (created_us, version_id).
    owner: account id; empty for what an anonymous caller wrote. acl: None for full control of the owner, and no more.
    """

    bucket_id: int
    key: str
    version_id: str
    created_us: int
    owner: str
    latest: bool = True
    delete_marker: bool = False
    size: int = 0
    etag: str = ""
    storage_class: str = "STANDARD"
    blob: str | None = None
    inline: bool = False
    attributes: Attributes = Attributes()
    tags: dict[str, str] = {}
    modified: Modified = Modified()
    replication_status: ReplicationStatus | None = None
    destinations: tuple[DestinationState, ...] = ()
    acl: tuple[Grant, ...] | None = None
    row: int = 0

    @property
    def is_replica(self) -> bool:
        """Whether replication wrote it here, whatever its status is while an edit of it travels."""
        return self.attributes.replica or self.replication_status is ReplicationStatus.REPLICA

    @property
    def blobs(self) -> tuple[str, ...]:
        """Every blob that the version refers to."""
        if self.blob is not None:
            return (self.blob,)
        return tuple(part.blob for part in self.attributes.parts if part.blob is not None)


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A multipart upload in progress: what CreateMultipartUpload said, for CompleteMultipartUpload to use."""

    bucket_id: int
    key: str
    upload_id: str
    created_us: int
    owner: str
    initiator: str
    storage_class: str = "STANDARD"
    checksum_algorithm: str | None = None
    checksum_type: ChecksumType | None = None
    attributes: Attributes = Attributes()
    tags: dict[str, str] = {}
    acl: tuple[Grant, ...] | None = None
