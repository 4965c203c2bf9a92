"""The words of S3 Replication: statuses, failure codes, rules, tasks.

Source: Amazon S3 User Guide, "Replicating objects within and across Regions"; API Reference, ReplicationConfiguration.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ReplicationStatus(StrEnum):
    """`x-amz-replication-status`."""

    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    REPLICA = "REPLICA"


class TaskKind(StrEnum):
    """What a replication task carries to its destination. `s3Operation` of AWS's events."""

    OBJECT = "OBJECT_PUT"
    DELETE_MARKER = "DELETE_MARKER"
    TAGS = "OBJECT_TAGGING"
    ACL = "OBJECT_ACL"


class FailureCode(StrEnum):
    """AWS's failure reasons, of events and Batch Replication reports (User Guide, "Replication failure reasons")."""

    ASSUME_ROLE_NOT_PERMITTED = "AssumeRoleNotPermitted"
    DST_BUCKET_NOT_FOUND = "DstBucketNotFound"
    DST_BUCKET_OBJECT_LOCK_CONFIG_MISSING = "DstBucketObjectLockConfigMissing"
    DST_BUCKET_UNVERSIONED = "DstBucketUnversioned"
    DST_DEL_OBJ_NOT_PERMITTED = "DstDelObjNotPermitted"
    DST_MULTIPART_INIT_NOT_PERMITTED = "DstMultipartInitNotPermitted"
    DST_OBJECT_HARD_DELETED = "DstObjectHardDeleted"
    DST_PUT_ACL_NOT_PERMITTED = "DstPutAclNotPermitted"
    DST_PUT_OBJECT_NOT_PERMITTED = "DstPutObjectNotPermitted"
    DST_PUT_TAGGING_NOT_PERMITTED = "DstPutTaggingNotPermitted"
    DST_VERSION_NOT_FOUND = "DstVersionNotFound"
    INITIATE_REPLICATION_NOT_PERMITTED = "InitiateReplicationNotPermitted"
    SRC_BUCKET_INVALID_REGION = "SrcBucketInvalidRegion"
    SRC_BUCKET_NOT_FOUND = "SrcBucketNotFound"
    SRC_BUCKET_REPLICATION_CONFIG_MISSING = "SrcBucketReplicationConfigMissing"
    SRC_GET_ACL_NOT_PERMITTED = "SrcGetAclNotPermitted"
    SRC_GET_OBJECT_NOT_PERMITTED = "SrcGetObjectNotPermitted"
    SRC_GET_TAGGING_NOT_PERMITTED = "SrcGetTaggingNotPermitted"
    SRC_HEAD_OBJECT_NOT_PERMITTED = "SrcHeadObjectNotPermitted"
    SRC_KEY_NOT_FOUND = "SrcKeyNotFound"
    SRC_OBJECT_NOT_ELIGIBLE = "SrcObjectNotEligible"
    SRC_OBJECT_NOT_FOUND = "SrcObjectNotFound"
    SRC_REPLICATION_NOT_PENDING = "SrcReplicationNotPending"
    SRC_VERSION_NOT_FOUND = "SrcVersionNotFound"


class DestinationState(msgspec.Struct, frozen=True, array_like=True):
    """Where one destination of a version stands.

    bucket: destination bucket name. rule_id: the rule that won for this destination. at_us: when it came to be so.
    detail: what went wrong, in words for a person; empty when nothing did.
    changed: what of a version that the destination has is on its way there, or FAILED to get there (TAGS, ACL); empty
        while the version itself is on its way.
    owner_override: the version was given to the destination's owner when it was brought there; its ACL stays behind
        for good.
    replace: the replica that is there differs from its source, and the version on its way takes its place.
    """

    bucket: str
    status: ReplicationStatus
    rule_id: str
    at_us: int
    reason: FailureCode | None = None
    detail: str = ""
    changed: tuple[TaskKind, ...] = ()
    owner_override: bool = False
    replace: bool = False


class RuleFilter(msgspec.Struct, frozen=True):
    """A rule's filter, compiled: key prefix (empty = all) and tags that must all be present with these values."""

    prefix: str = ""
    tags: tuple[tuple[str, str], ...] = ()


class ReplicationRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, compiled from AWS's document. Flags are True where the document says Enabled."""

    id: str
    priority: int
    enabled: bool
    filter: RuleFilter
    destination: str
    destination_account: str | None = None
    storage_class: str | None = None
    owner_override: bool = False
    delete_markers: bool = False
    replica_modifications: bool = False
    sse_kms: bool = False
    metrics: bool = False
    replication_time: bool = False

    @property
    def metered(self) -> bool:
        """Whether its metrics are published, and its events sent."""
        return self.metrics or self.replication_time


class ReplicationConfiguration(msgspec.Struct, frozen=True):
    """A bucket's rules, compiled. `v1`: the older schema (rule-level Prefix)."""

    role: str
    rules: tuple[ReplicationRule, ...]
    v1: bool = False


class ReplicationTask(msgspec.Struct, frozen=True, kw_only=True):
    """One version (or a change of its metadata) on its way to one destination: identity only, the worker re-reads.

    id: the store's handle, 0 before insertion; ascending in order of insertion.
    due_us: not before this time; a claim moves it forward to the end of the lease.
    size: bytes of the version when enqueued, for metrics and batching.
    rule_id: the rule that it was made by, whose metrics it counts in.
    threshold_us: when Replication Time Control wants it to have arrived; None without, and once it has been told that
        it is no longer tracked. missed: it has been told that it had not arrived by then.
    batch: Batch Replication made it, not a change.
    job, place: the task of a Batch Operations job that is done with it: the job's number, and the place of its row in
        the manifest; 0 without one.
    """

    bucket_id: int
    key: str
    version_id: str
    destination: str
    kind: TaskKind
    enqueued_us: int
    due_us: int
    size: int = 0
    attempts: int = 0
    last_error: str = ""
    rule_id: str = ""
    threshold_us: int | None = None
    missed: bool = False
    batch: bool = False
    job: int = 0
    place: int = 0
    id: int = 0
