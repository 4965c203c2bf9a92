"""Event notifications: who listens to a bucket, and events written in the transaction of the change they tell of.

A bucket without a notification configuration pays one look-up.
Source: S3 User Guide, "Amazon S3 Event Notifications".
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.access import Principal, PrincipalKind
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.events import Event, EventName, EventOrigin, NotificationConfiguration, ReplicationEventData
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
    """Inside the command of a change: store the event that tells of it. Returns whether anybody listens.

    Args:
        version: that was made, changed or removed.
    """
    rule = listening(listeners, name, version.key)
    if rule is None:
        return False
    origin = _origin(
        name, occasion.region, bucket.name, bucket.owner, rule.id, occasion.principal_id, occasion.source_address
    )
    event = Event(
        at_us=occasion.now_us,
        request_id=occasion.request_id,
        key=version.key,
        version_id=_shown_version(bucket, version),
        size=None if name in _WITHOUT_SIZE else version.size,
        etag=_shown_etag(name) if name in _DELETIONS else version.etag,
        replication=replication,
    )
    tx.events.add(rule.destination, origin, event)
    return True


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


@lru_cache(maxsize=1024)
def _origin(
    name: EventName,
    region: str,
    bucket: str,
    bucket_owner: str,
    configuration_id: str,
    principal_id: str,
    source_address: str,
) -> EventOrigin:
    """One for all events that share it, so that it is stored once for those of a group of commands."""
    return EventOrigin(
        name=name,
        region=region,
        bucket=bucket,
        bucket_owner=bucket_owner,
        configuration_id=configuration_id,
        principal_id=principal_id,
        source_address=source_address,
    )


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


def _shown_etag(deletion: EventName) -> str | None:
    """AWS: recorded so."""
    return _EMPTY_ETAG if deletion is EventName.DELETE_MARKER_CREATED else None
