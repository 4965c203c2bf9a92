"""The words of S3 event notifications: who wants to hear of what, and what is told.

Source: S3 User Guide, "Amazon S3 Event Notifications", "Event message structure".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec


class EventName(StrEnum):
    """Events that happen here, by the name in a message; a configuration puts `s3:` before it."""

    PUT = "ObjectCreated:Put"
    POST = "ObjectCreated:Post"
    COPY = "ObjectCreated:Copy"
    COMPLETE_MULTIPART_UPLOAD = "ObjectCreated:CompleteMultipartUpload"
    DELETE = "ObjectRemoved:Delete"
    DELETE_MARKER_CREATED = "ObjectRemoved:DeleteMarkerCreated"
    TAGGING_PUT = "ObjectTagging:Put"
    TAGGING_DELETE = "ObjectTagging:Delete"
    ACL_PUT = "ObjectAcl:Put"
    REPLICATION_FAILED = "Replication:OperationFailedReplication"
    REPLICATION_MISSED_THRESHOLD = "Replication:OperationMissedThreshold"
    REPLICATION_AFTER_THRESHOLD = "Replication:OperationReplicatedAfterThreshold"
    REPLICATION_NOT_TRACKED = "Replication:OperationNotTracked"
    TEST = "TestEvent"
    """Sent to each destination of a configuration that is put. Not an event of an object."""

    __hash__ = str.__hash__  # An Enum's own is a function of Python, which every write would call.


class NotificationRule(msgspec.Struct, frozen=True, kw_only=True):
    """One configuration of a bucket, compiled: a destination, and of which keys it is told."""

    id: str
    destination: str
    prefix: str = ""
    suffix: str = ""


NotificationConfiguration = Mapping[EventName, Sequence[NotificationRule]]
"""Who is told of an event, if its key fits; empty for most buckets."""


class ReplicationEventData(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an event of replication tells besides.

    failure_reason: of a failure; empty otherwise. threshold_us: how long it may take, of events of Replication Time
    Control. took_us: how long it took, where it arrived.
    """

    rule_id: str
    destination_bucket: str
    operation: str
    requested_us: int
    failure_reason: str = ""
    threshold_us: int | None = None
    took_us: int | None = None


class EventOrigin(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What events have in common that somebody brings about in a bucket in one way, and one rule tells: it is most of a
    message, and is stored once for many.

    principal_id: who did it, as messages name it. configuration_id: of the rule by which it is told.
    """

    name: EventName
    region: str
    bucket: str
    bucket_owner: str
    configuration_id: str
    principal_id: str = ""
    source_address: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What happened to an object, as a destination will be told, but for its `EventOrigin`.

    version_id: None where the bucket was never versioned. size, etag: None where the message has none.
    """

    at_us: int
    request_id: str
    key: str = ""
    version_id: str | None = None
    size: int | None = None
    etag: str | None = None
    replication: ReplicationEventData | None = None


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """An event in the outbox of a destination.

    id: ascending in the order of the changes. enqueued_us: when the first happened of those stored together with it.
    due_us: not before this time.
    """

    id: int
    origin: EventOrigin
    event: Event
    enqueued_us: int
    due_us: int = 0
    attempts: int = 0
    last_error: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """An event that its destination refused, and is to be tried again.

    due_us: not before this time.
    """

    event_id: int
    due_us: int
    error: str


class EventBacklog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for one destination, and what has become of its events since it was first named.

    oldest_us: when the oldest event that waits was enqueued; None when none waits. dropped: not delivered in time.
    last_error: why the destination was not reached last; empty when it was.
    """

    destination: str
    events: int
    oldest_us: int | None
    delivered: int
    dropped: int
    failed_attempts: int
    last_error: str
