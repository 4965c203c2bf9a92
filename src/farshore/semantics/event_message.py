"""The messages that tell of events: AWS's JSON.

Source: S3 User Guide, "Event message structure"; messages recorded on AWS.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote_plus

import msgspec

from farshore.model.events import Event, EventName, ReplicationEventData, StoredEvent
from farshore.runtime.iso_time import zulu_time

_CHANGES_OF_METADATA = frozenset((EventName.TAGGING_PUT, EventName.TAGGING_DELETE, EventName.ACL_PUT))
_PLAIN = re.compile(r"[A-Za-z0-9/*._-]*")

_encode = msgspec.json.Encoder().encode


class _Told(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """Members as AWS spells and orders them; what is None is left out."""


class _UserIdentity(_Told, frozen=True, gc=False):
    principal_id: str


class _RequestParameters(_Told, frozen=True, gc=False):
    source_address: str = msgspec.field(name="sourceIPAddress")


class _ResponseElements(_Told, frozen=True, gc=False):
    request_id: str = msgspec.field(name="x-amz-request-id")
    host_id: str = msgspec.field(name="x-amz-id-2")


class _Bucket(_Told, frozen=True, gc=False):
    name: str
    owner_identity: _UserIdentity
    arn: str


class _Object(_Told, frozen=True, gc=False):
    key: str
    size: int | None = None
    e_tag: str | None = None
    version_id: str | None = None
    sequencer: str | None = None


class _S3(_Told, frozen=True, gc=False):
    s3_schema_version: str
    configuration_id: str
    bucket: _Bucket
    object: _Object


class _ReplicationEventData(_Told, frozen=True, gc=False):
    """AWS: names and types are those of its SDK for Java (`ReplicationEventData`); it shows no value of a threshold."""

    replication_rule_id: str
    destination_bucket: str
    s3_operation: str
    request_time: str
    failure_reason: str | None = None
    threshold: str | None = None
    replication_time: str | None = None


class _Record(_Told, frozen=True, gc=False):
    event_version: str
    event_source: str
    aws_region: str
    event_time: str
    event_name: str
    user_identity: _UserIdentity
    request_parameters: _RequestParameters
    response_elements: _ResponseElements
    s3: _S3
    replication_event_data: _ReplicationEventData | None = None


class _Message(msgspec.Struct, frozen=True):
    records: list[_Record] = msgspec.field(name="Records")


def message(events: Sequence[StoredEvent]) -> bytes:
    """One message of events in their order; of a test event, which comes alone.

    Of two events of a key the later has the greater id, and the greater sequencer.
    """
    if events[0].event.name is EventName.TEST:
        assert len(events) == 1, events
        return _test_message(events[0].event)
    return _encode(_Message([_record(stored.event, stored.id) for stored in events]))


@lru_cache(maxsize=1024)
def customer_id(account_id: str) -> str:
    """An account as messages name the owner of a bucket: `A` and 13 letters and digits, always the same."""
    return "A" + b32encode(hashlib.sha256(b"farshore customer " + account_id.encode()).digest()).decode()[:13]


def _record(event: Event, place: int) -> _Record:
    version, name = _VERSIONS_AND_NAMES[event.name]
    return _Record(
        version,
        "aws:s3",
        event.region,
        zulu_time(event.at_us),
        name,
        _identity(event.principal_id),
        _parameters(event.source_address),
        _ResponseElements(event.request_id, event.host_id),
        _S3("1.0", event.configuration_id, _bucket(event.bucket, event.bucket_owner), _object(event, place)),
        None if event.replication is None else _replication(event.replication),
    )


_identity = lru_cache(maxsize=1024)(_UserIdentity)
_parameters = lru_cache(maxsize=1024)(_RequestParameters)


@lru_cache(maxsize=1024)
def _bucket(name: str, owner: str) -> _Bucket:
    return _Bucket(name, _UserIdentity(customer_id(owner)), f"arn:aws:s3:::{name}")


def _object(event: Event, place: int) -> _Object:
    # AWS: events of metadata have no sequencer (recorded).
    sequencer = None if event.name in _CHANGES_OF_METADATA else f"{place:018X}"
    return _Object(_encoded(event.key), event.size, event.etag, event.version_id, sequencer)


def _replication(data: ReplicationEventData) -> _ReplicationEventData:
    return _ReplicationEventData(
        data.rule_id,
        f"arn:aws:s3:::{data.destination_bucket}",
        data.operation,
        zulu_time(data.requested_us),
        data.failure_reason or None,
        None if data.threshold_us is None else _seconds(data.threshold_us),
        None if data.took_us is None else _seconds(data.took_us),
    )


def _test_message(event: Event) -> bytes:
    return _encode(
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": zulu_time(event.at_us),
            "Bucket": event.bucket,
            "RequestId": event.request_id,
            "HostId": event.host_id,
        }
    )


def _version(name: EventName) -> str:
    if name.startswith("Replication:"):
        return "2.2"
    return "2.3" if name in _CHANGES_OF_METADATA else "2.1"


_VERSIONS_AND_NAMES = {name: (_version(name), name.value) for name in EventName}


def _encoded(key: str) -> str:
    """As a form is encoded, but for slashes: a blank is a plus."""
    if _PLAIN.fullmatch(key):
        return key
    return quote_plus(key, safe="/*").replace("~", "%7E")


def _seconds(duration_us: int) -> str:
    """To the millisecond, without zeros at the end: `900`, `1021.5`."""
    return f"{duration_us / 1e6:.3f}".rstrip("0").rstrip(".")
