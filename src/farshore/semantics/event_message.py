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

from farshore.model.events import Event, EventName, EventOrigin, ReplicationEventData, StoredEvent
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
    request_id: str | msgspec.Raw = msgspec.field(name="x-amz-request-id")
    host_id: str | msgspec.Raw = msgspec.field(name="x-amz-id-2")


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
    object: _Object | msgspec.Raw


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
    event_time: str | msgspec.Raw
    event_name: str
    user_identity: _UserIdentity
    request_parameters: _RequestParameters
    response_elements: _ResponseElements
    s3: _S3
    replication_event_data: _ReplicationEventData | None = None


_GAP = msgspec.Raw(b"\n")
"""Where a record differs from others of its origin. No JSON has one elsewhere: within a string it would be escaped."""


class Messages:
    """Makes messages. What the events of an origin have in common is encoded once for those of one `Messages`."""

    def __init__(self) -> None:
        self._frames: dict[int, tuple[EventOrigin, list[bytes]]] = {}

    def message(self, events: Sequence[StoredEvent]) -> bytes:
        """One message of events in their order; of a test event, which comes alone.

        Of two events of a key the later has the greater id, and the greater sequencer.
        """
        first = events[0]
        if first.origin.name is EventName.TEST:
            assert len(events) == 1, events
            return _test_message(first.origin, first.event)
        return b'{"Records":[%b]}' % b",".join([self._record(stored) for stored in events])

    def _record(self, stored: StoredEvent) -> bytes:
        origin, event = stored.origin, stored.event
        if event.replication is not None:
            return _encode(_replication_record(stored, event.replication))
        frame = self._frames.get(id(origin))
        if frame is None:  # The origin is kept with it, so that its place in memory stays its own.
            gaps = _ResponseElements(_GAP, _GAP)
            frame = origin, _encode(_whole(origin, _GAP, gaps, _GAP)).split(b"\n")
            self._frames[id(origin)] = frame
        to_time, to_request, to_host, to_object, end = frame[1]
        request_id = event.request_id.encode()
        return b"".join(
            (
                to_time,
                b'"%b"' % zulu_time(event.at_us).encode(),
                to_request,
                b'"%b"' % request_id,
                to_host,
                b'"farshore/%b"' % request_id,
                to_object,
                _encode(_object(stored)),
                end,
            )
        )


@lru_cache(maxsize=1024)
def customer_id(account_id: str) -> str:
    """An account as messages name the owner of a bucket: `A` and 13 letters and digits, always the same."""
    return "A" + b32encode(hashlib.sha256(b"farshore customer " + account_id.encode()).digest()).decode()[:13]


def _replication_record(stored: StoredEvent, data: ReplicationEventData) -> _Record:
    event = stored.event
    elements = _ResponseElements(event.request_id, _host_id(event))
    record = _whole(stored.origin, zulu_time(event.at_us), elements, _object(stored))
    return msgspec.structs.replace(record, replication_event_data=_replication(data))


def _whole(
    origin: EventOrigin, time: str | msgspec.Raw, elements: _ResponseElements, about: _Object | msgspec.Raw
) -> _Record:
    """What is not of replication."""
    version, name = _VERSIONS_AND_NAMES[origin.name]
    return _Record(
        version,
        "aws:s3",
        origin.region,
        time,
        name,
        _UserIdentity(origin.principal_id),
        _RequestParameters(origin.source_address),
        elements,
        _S3("1.0", origin.configuration_id, _bucket(origin), about),
    )


def _bucket(origin: EventOrigin) -> _Bucket:
    return _Bucket(origin.bucket, _UserIdentity(customer_id(origin.bucket_owner)), f"arn:aws:s3:::{origin.bucket}")


def _object(stored: StoredEvent) -> _Object:
    # AWS: events of metadata have no sequencer (recorded).
    event = stored.event
    sequencer = None if stored.origin.name in _CHANGES_OF_METADATA else f"{stored.id:018X}"
    return _Object(_encoded(event.key), event.size, event.etag, event.version_id, sequencer)


def _host_id(event: Event) -> str:
    return f"farshore/{event.request_id}"


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


def _test_message(origin: EventOrigin, event: Event) -> bytes:
    return _encode(
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": zulu_time(event.at_us),
            "Bucket": origin.bucket,
            "RequestId": event.request_id,
            "HostId": _host_id(event),
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
