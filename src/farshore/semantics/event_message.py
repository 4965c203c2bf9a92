"""The messages that tell of events: AWS's JSON.

Source: S3 User Guide, "Event message structure"; messages recorded on AWS.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from farshore.model.events import Event, EventName, ReplicationEventData

_CHANGES_OF_METADATA = frozenset((EventName.TAGGING_PUT, EventName.TAGGING_DELETE, EventName.ACL_PUT))
_REPLICATION = "Replication:"
_PLAIN = re.compile(r"[A-Za-z0-9/*._-]*")


def message(events: Sequence[tuple[int, Event]]) -> dict[str, Any]:
    """One message of events, each with its place in the order of changes; of a test event, which comes alone."""
    if events[0][1].name is EventName.TEST:
        assert len(events) == 1, events
        return _test_message(events[0][1])
    return {"Records": [record(event, place) for place, event in events]}


def record(event: Event, place: int) -> dict[str, Any]:
    """One event.

    Args:
        place: ascending in the order of changes: of two events of a key the later has the greater sequencer.
    """
    made: dict[str, Any] = {
        "eventVersion": _version(event),
        "eventSource": "aws:s3",
        "awsRegion": event.region,
        "eventTime": _time(event.at_us),
        "eventName": event.name.value,
        "userIdentity": {"principalId": event.principal_id},
        "requestParameters": {"sourceIPAddress": event.source_address},
        "responseElements": {"x-amz-request-id": event.request_id, "x-amz-id-2": event.host_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": event.configuration_id,
            "bucket": {
                "name": event.bucket,
                "ownerIdentity": {"principalId": customer_id(event.bucket_owner)},
                "arn": f"arn:aws:s3:::{event.bucket}",
            },
            "object": _object(event, place),
        },
    }
    if event.replication is not None:
        made["replicationEventData"] = _replication(event.replication)
    return made


@lru_cache(maxsize=1024)
def customer_id(account_id: str) -> str:
    """An account as messages name the owner of a bucket: `A` and 13 letters and digits, always the same."""
    return "A" + b32encode(hashlib.sha256(b"farshore customer " + account_id.encode()).digest()).decode()[:13]


def _test_message(event: Event) -> dict[str, Any]:
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _time(event.at_us),
        "Bucket": event.bucket,
        "RequestId": event.request_id,
        "HostId": event.host_id,
    }


def _replication(data: ReplicationEventData) -> dict[str, str]:
    """AWS: names and types are those of its SDK for Java (`ReplicationEventData`); it shows no value of a threshold."""
    made = {
        "replicationRuleId": data.rule_id,
        "destinationBucket": f"arn:aws:s3:::{data.destination_bucket}",
        "s3Operation": data.operation,
        "requestTime": _time(data.requested_us),
    }
    if data.failure_reason:
        made["failureReason"] = data.failure_reason
    if data.threshold_us is not None:
        made["threshold"] = _seconds(data.threshold_us)
    if data.took_us is not None:
        made["replicationTime"] = _seconds(data.took_us)
    return made


def _seconds(duration_us: int) -> str:
    """To the millisecond, without zeros at the end: `900`, `1021.5`."""
    return f"{duration_us / 1e6:.3f}".rstrip("0").rstrip(".")


def _object(event: Event, place: int) -> dict[str, Any]:
    optional = {"size": event.size, "eTag": event.etag, "versionId": event.version_id}
    found: dict[str, Any] = {"key": _encoded(event.key)}
    found |= {name: value for name, value in optional.items() if value is not None}
    if event.name not in _CHANGES_OF_METADATA:  # AWS: recorded so.
        found["sequencer"] = f"{place:018X}"
    return found


def _version(event: Event) -> str:
    if event.name.startswith(_REPLICATION):
        return "2.2"
    return "2.3" if event.name in _CHANGES_OF_METADATA else "2.1"


def _encoded(key: str) -> str:
    """As a form is encoded, but for slashes: a blank is a plus."""
    if _PLAIN.fullmatch(key):
        return key
    return quote_plus(key, safe="/*").replace("~", "%7E")


def _time(at_us: int) -> str:
    return f"{_second(at_us // 1_000_000)}.{at_us // 1000 % 1000:03}Z"


@lru_cache(maxsize=64)
def _second(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%S}"
