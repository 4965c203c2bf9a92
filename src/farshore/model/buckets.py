"""What is stored of a bucket, and of the directory that names it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class VersioningStatus(StrEnum):
    """State of a bucket's versioning. UNVERSIONED is answered as an empty VersioningConfiguration."""

    UNVERSIONED = ""
    ENABLED = "Enabled"
    SUSPENDED = "Suspended"


class ConfigurationKind(StrEnum):
    """Sub-resources of a bucket that are stored as documents."""

    REPLICATION = "replication"
    TAGGING = "tagging"
    POLICY = "policy"
    PUBLIC_ACCESS_BLOCK = "publicAccessBlock"
    OWNERSHIP = "ownershipControls"
    ACL = "acl"
    LOCATION = "location"
    NOTIFICATION = "notification"
    LOGGING = "logging"


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket as its region keeps it.

    id: the region's own handle, never used again after the bucket is deleted.
    created_us: that of the directory's entry.
    generation: raised by every change of the bucket's configuration, in that change's transaction; caches are keyed
    by it. A number that was taken back with its transaction is not used again.
    """

    id: int
    name: str
    owner: str
    created_us: int
    versioning: VersioningStatus = VersioningStatus.UNVERSIONED
    generation: int = 0


class BucketHome(msgspec.Struct, frozen=True, kw_only=True):
    """The directory's entry of a bucket name: unique in the deployment."""

    name: str
    region: str
    owner: str
    created_us: int
