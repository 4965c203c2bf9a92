"""Event notifications: who listens to a bucket, and events written in the transaction of the change they tell of.

A bucket without a notification configuration pays one look-up.
Source: S3 User Guide, "Amazon S3 Event Notifications".
"""

from __future__ import annotations

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.access import Principal, PrincipalKind
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.events import Event, EventName, NotificationConfiguration, ReplicationEventData
from farshore.model.objects import Version
from farshore.semantics.notification_config import listening
from farshore.service.deployment import Region, Request

OF_SERVICE = "s3.amazonaws.com"
"""Principal and address of what S3 does by itself."""

_EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"
_DELETIONS = frozenset((EventName.DELETE, EventName.DELETE_MARKER_CREATED))
_WITHOUT_SIZE = frozenset((*_DELETIONS, EventName.TAGGING_PUT, EventName.TAGGING_DELETE, EventName.ACL_PUT))


class Occasion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """By what an event came about: the request, or S3 itself.

    region: of the bucket.
    """

    now_us: int
    region: str
    request_id: str
    principal_id: str = OF_SERVICE
    source_address: str = OF_SERVICE


def announce(
    tx: Transaction,
    listeners: NotificationConfiguration,
    bucket: Bucket,
    name: EventName,
    version: Version,
    occasion: Occasion,
    *,
    replication: ReplicationEventData | None = None,
) -> bool:
    """Inside the command of a change: store the events that tell of it. Returns whether anybody listens.

    Args:
        version: that was made, changed or removed.
    """
    rules = listening(listeners, name, version.key)
    for rule in rules:
        event = Event(
            name=name,
            at_us=occasion.now_us,
            region=occasion.region,
            bucket=bucket.name,
            bucket_owner=bucket.owner,
            configuration_id=rule.id,
            request_id=occasion.request_id,
            host_id=f"farshore/{occasion.request_id}",
            key=version.key,
            version_id=_shown_version(bucket, version),
            size=None if name in _WITHOUT_SIZE else version.size,
            etag=_shown_etag(name, version),
            principal_id=occasion.principal_id,
            source_address=occasion.source_address,
            replication=replication,
        )
        tx.events.add(rule.destination, event)
    return bool(rules)


def occasion_of(request: Request, region: Region) -> Occasion:
    """What a request brings about."""
    return Occasion(
        now_us=request.now_us,
        region=region.name,
        request_id=request.request_id,
        principal_id=principal_id(request.principal),
        source_address=request.source_address,
    )


def notify(
    tx: Transaction, request: Request, region: Region, bucket: Bucket, name: EventName, version: Version
) -> bool:
    """Inside the command of a request's change: `announce` it to whoever listens to the bucket, mostly nobody."""
    listeners = request.deployment.notifications.get(tx, bucket)
    return bool(listeners) and announce(tx, listeners, bucket, name, version, occasion_of(request, region))


def principal_id(principal: Principal) -> str:
    """Who did it, as messages name it: `AWS:AIDA…`, `AWS:AROA…:SESSION`, the account's id for its root."""
    if principal.kind is PrincipalKind.ANONYMOUS:
        return "Anonymous"
    if principal.kind is PrincipalKind.ROOT:
        return principal.account_id
    return f"AWS:{principal.unique_id}" if principal.unique_id else OF_SERVICE


def _shown_version(bucket: Bucket, version: Version) -> str | None:
    """AWS: null versions, and those of a bucket that was never versioned, have none (recorded)."""
    if bucket.versioning is VersioningStatus.UNVERSIONED or version.version_id == "null":
        return None
    return version.version_id


def _shown_etag(name: EventName, version: Version) -> str | None:
    if name is EventName.DELETE_MARKER_CREATED:
        return _EMPTY_ETAG  # AWS: recorded so.
    return None if name is EventName.DELETE else version.etag
