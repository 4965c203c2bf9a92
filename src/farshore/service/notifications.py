"""Event notifications: who listens to a bucket, and events written in the transaction of the change they tell of.

A bucket without a notification configuration pays one look-up.
Source: S3 User Guide, "Amazon S3 Event Notifications".
"""

from __future__ import annotations

from functools import lru_cache

from farshore.metadata.store import Transaction
from farshore.model.access import PrincipalKind
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.events import Event, EventName, EventOrigin, NotificationConfiguration, ReplicationEventData
from farshore.model.objects import Version
from farshore.runtime import ids
from farshore.semantics.notification_config import listening
from farshore.service.deployment import Region, Request

_OF_SERVICE = "s3.amazonaws.com"
"""Principal and address of what S3 does by itself."""

_EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"
_DELETIONS = frozenset((EventName.DELETE, EventName.DELETE_MARKER_CREATED))
_WITHOUT_SIZE = frozenset((*_DELETIONS, EventName.TAGGING_PUT, EventName.TAGGING_DELETE, EventName.ACL_PUT))


def notify(
    tx: Transaction, request: Request, region: Region, bucket: Bucket, name: EventName, version: Version
) -> None:
    """Inside the command of a request's change: store the event that tells of it, if anybody listens; mostly nobody.

    Args:
        version: that was made, changed or removed.
    """
    listeners = request.deployment.notifications.get(tx, bucket)
    rule = listening(listeners, name, version.key) if listeners else None
    if rule is None:
        return
    by, address = request.principal, request.source_address
    origin = _origin(
        name, region.name, bucket.name, bucket.owner, rule.id, by.kind, by.account_id, by.unique_id, address
    )
    tx.events.add(rule.destination, origin, _event(bucket, name, version, request.now_us, request.request_id))


def announce(
    tx: Transaction,
    listeners: NotificationConfiguration,
    region: Region,
    bucket: Bucket,
    name: EventName,
    version: Version,
    now_us: int,
    replication: ReplicationEventData | None = None,
) -> None:
    """As `notify`, of what S3 does by itself."""
    rule = listening(listeners, name, version.key)
    if rule is None:
        return
    by, address = PrincipalKind.SERVICE, _OF_SERVICE
    origin = _origin(name, region.name, bucket.name, bucket.owner, rule.id, by, "", "", address)
    event = _event(bucket, name, version, now_us, ids.request_id(), replication)
    tx.events.add(rule.destination, origin, event)


@lru_cache(maxsize=1024)
def _origin(
    name: EventName,
    region: str,
    bucket: str,
    bucket_owner: str,
    configuration_id: str,
    kind: PrincipalKind,
    account_id: str,
    unique_id: str,
    source_address: str,
) -> EventOrigin:
    """One for all events that share it, so that it is stored once for those of a group of commands.

    kind, account_id, unique_id: of the principal.
    """
    return EventOrigin(
        name=name,
        region=region,
        bucket=bucket,
        bucket_owner=bucket_owner,
        configuration_id=configuration_id,
        principal_id=_principal_id(kind, account_id, unique_id),
        source_address=source_address,
    )


def _principal_id(kind: PrincipalKind, account_id: str, unique_id: str) -> str:
    """Who did it, as messages name it: `AWS:AIDA…`, `AWS:AROA…:SESSION`, the account's id for its root."""
    if kind is PrincipalKind.ANONYMOUS:
        return "Anonymous"
    if kind is PrincipalKind.ROOT:
        return account_id
    return f"AWS:{unique_id}" if unique_id else _OF_SERVICE


def _event(
    bucket: Bucket,
    name: EventName,
    version: Version,
    now_us: int,
    request_id: str,
    replication: ReplicationEventData | None = None,
) -> Event:
    return Event(
        at_us=now_us,
        request_id=request_id,
        key=version.key,
        version_id=_shown_version(bucket, version),
        size=None if name in _WITHOUT_SIZE else version.size,
        etag=_shown_etag(name) if name in _DELETIONS else version.etag,
        replication=replication,
    )


def _shown_version(bucket: Bucket, version: Version) -> str | None:
    """AWS: null versions, and those of a bucket that was never versioned, have none (recorded)."""
    if bucket.versioning is VersioningStatus.UNVERSIONED or version.version_id == "null":
        return None
    return version.version_id


def _shown_etag(deletion: EventName) -> str | None:
    """AWS: recorded so."""
    return _EMPTY_ETAG if deletion is EventName.DELETE_MARKER_CREATED else None
