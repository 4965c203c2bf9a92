"""The messages that tell of events: AWS's JSON.

Source: S3 User Guide, "Event message structure"; messages recorded on AWS.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import quote_plus

import msgspec

from farshore.model.events import Event, EventName, EventOrigin, ReplicationEventData, StoredEvent
from farshore.runtime.iso_time import zulu_time

_CHANGES_OF_METADATA = frozenset((EventName.TAGGING_PUT, EventName.TAGGING_DELETE, EventName.ACL_PUT))
_is_plain = re.compile(r"[A-Za-z0-9/*._-]*").fullmatch

_Value = str | msgspec.Raw
"""A member that is given, or a gap (`_GAP`)."""

_encode = msgspec.json.Encoder().encode


class _Told(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """Members as AWS spells and orders them; what is None is left out."""


class _UserIdentity(_Told, frozen=True, gc=False):
    principal_id: str


class _RequestParameters(_Told, frozen=True, gc=False):
    source_address: str = msgspec.field(name="sourceIPAddress")


class _ResponseElements(_Told, frozen=True, gc=False):
    request_id: _Value = msgspec.field(name="x-amz-request-id")
    host_id: _Value = msgspec.field(name="x-amz-id-2")


class _Bucket(_Told, frozen=True, gc=False):
    name: str
    owner_identity: _UserIdentity
    arn: str


class _Object(_Told, frozen=True, gc=False):
    key: _Value
    size: int | msgspec.Raw | None = None
    e_tag: _Value | None = None
    version_id: _Value | None = None
    sequencer: _Value | None = None


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
    event_time: _Value
    event_name: str
    user_identity: _UserIdentity
    request_parameters: _RequestParameters
    response_elements: _ResponseElements
    s3: _S3
    replication_event_data: _ReplicationEventData | None = None


_GAP = msgspec.Raw(b"\n")
_GAP_OF_TEXT = msgspec.Raw(b'"\n"')
_GAP_OF_HOST_ID = msgspec.Raw(b'"farshore/\n"')
"""Where records of one origin differ. Encoded JSON has no line feed elsewhere: within a string it is escaped."""

_MakeRecord = Callable[[StoredEvent], str]


def message(events: Sequence[StoredEvent]) -> bytes:
    """One message of events in their order; of a test event, which comes alone.

    Of two events of a key the later has the greater id, and the greater sequencer.
    """
    origin = events[0].origin
    if origin.name is EventName.TEST:
        assert len(events) == 1, events
        return _test_message(origin, events[0].event)
    make = _records_of(origin)
    records: list[str] = []
    for stored in events:
        if stored.origin is not origin:  # Mostly many of one origin follow each other.
            origin = stored.origin
            make = _records_of(origin)
        records.append(make(stored))
    return f'{{"Records":[{",".join(records)}]}}'.encode()


@lru_cache(maxsize=256)
def _records_of(origin: EventOrigin) -> _MakeRecord:
    """A function that makes the records of an origin's events: it fills gaps, where encoding all costs twice that."""
    if origin.name in _CHANGES_OF_METADATA:
        return _encoded_record
    elements = _ResponseElements(_GAP_OF_TEXT, _GAP_OF_HOST_ID)
    about = _Object(_GAP_OF_TEXT, _GAP, _GAP_OF_TEXT, _GAP_OF_TEXT, _GAP_OF_TEXT)
    encoded = _encode(_record(origin, _GAP_OF_TEXT, elements, about)).decode()
    # What is before each gap, by the name of what fills it.
    time, request_id, host_id, key, size, e_tag, version_id, sequencer, end = encoded.split("\n")

    def make(stored: StoredEvent) -> str:
        event = stored.event
        if event.version_id is None or event.size is None or event.etag is None or event.replication is not None:
            return _encoded_record(stored)
        encoded_key = event.key if _is_plain(event.key) else _encoded(event.key)
        return (
            f"{time}{zulu_time(event.at_us)}{request_id}{event.request_id}{host_id}{event.request_id}"
            f"{key}{encoded_key}{size}{event.size}{e_tag}{event.etag}{version_id}{event.version_id}"
            f"{sequencer}{stored.id:018X}{end}"
        )

    return make


@lru_cache(maxsize=1024)
def customer_id(account_id: str) -> str:
    """An account as messages name the owner of a bucket: `A` and 13 letters and digits, always the same."""
    return "A" + b32encode(hashlib.sha256(b"farshore customer " + account_id.encode()).digest()).decode()[:13]


def _encoded_record(stored: StoredEvent) -> str:
    """The record of any event, whatever it has and has not."""
    event = stored.event
    # AWS: events of metadata have no sequencer (recorded).
    sequencer = None if stored.origin.name in _CHANGES_OF_METADATA else f"{stored.id:018X}"
    about = _Object(_encoded(event.key), event.size, event.etag, event.version_id, sequencer)
    record = _record(stored.origin, zulu_time(event.at_us), _ResponseElements(event.request_id, _host_id(event)), about)
    if event.replication is not None:
        record = msgspec.structs.replace(record, replication_event_data=_replication(event.replication))
    return _encode(record).decode()


def _record(origin: EventOrigin, time: _Value, elements: _ResponseElements, about: _Object) -> _Record:
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
    return quote_plus(key, safe="/*").replace("~", "%7E")


def _seconds(duration_us: int) -> str:
    """To the millisecond, without zeros at the end: `900`, `1021.5`."""
    return f"{duration_us / 1e6:.3f}".rstrip("0").rstrip(".")
