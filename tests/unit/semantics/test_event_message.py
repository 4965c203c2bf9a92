"""The messages of events: AWS's members in their order, whatever the names and keys are made of."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from farshore.model.events import Event, EventName, EventOrigin, ReplicationEventData, StoredEvent
from farshore.semantics.event_message import customer_id, message

AT_US = 1_772_366_400_123_456
HOSTILE = 'a"b\\c\nd\te%s%d{}{0}\x7f\u2028ü😀'


def origin(**changed: Any) -> EventOrigin:
    given: dict[str, Any] = {
        "name": EventName.PUT,
        "region": "us-east-1",
        "bucket": "bucket",
        "bucket_owner": "111122223333",
        "configuration_id": "mine",
        "principal_id": "AWS:AIDAEXAMPLE",
        "source_address": "127.0.0.1",
    }
    return EventOrigin(**(given | changed))


def event(key: str = "a/b.txt", **changed: Any) -> Event:
    given: dict[str, Any] = {"at_us": AT_US, "request_id": "REQUEST", "version_id": "v1", "size": 5, "etag": "e-1"}
    return Event(key=key, **(given | changed))


def told(*pairs: tuple[EventOrigin, Event]) -> list[StoredEvent]:
    return [StoredEvent(0x1000 + place, of, each, AT_US) for place, (of, each) in enumerate(pairs)]


def record(of: EventOrigin, each: Event, place: int = 0, *, version: str = "2.1", key: str) -> dict[str, Any]:
    """As AWS has it, member by member."""
    about = {"key": key, "size": each.size, "eTag": each.etag, "versionId": each.version_id}
    if version != "2.3":
        about["sequencer"] = f"{0x1000 + place:018X}"
    return {
        "eventVersion": version,
        "eventSource": "aws:s3",
        "awsRegion": of.region,
        "eventTime": "2026-03-01T12:00:00.123Z",
        "eventName": of.name.value,
        "userIdentity": {"principalId": of.principal_id},
        "requestParameters": {"sourceIPAddress": of.source_address},
        "responseElements": {"x-amz-request-id": each.request_id, "x-amz-id-2": f"farshore/{each.request_id}"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": of.configuration_id,
            "bucket": {
                "name": of.bucket,
                "ownerIdentity": {"principalId": customer_id(of.bucket_owner)},
                "arn": f"arn:aws:s3:::{of.bucket}",
            },
            "object": {name: value for name, value in about.items() if value is not None},
        },
    }


def shown(content: bytes) -> str:
    """The message with its members in their order, for comparison with others."""
    return json.dumps(json.loads(content))


@pytest.mark.parametrize("lacking", [(), ("version_id",), ("size", "etag"), ("size",), ("etag",)])
@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("a/b.txt", "a/b.txt"),
        ("", ""),
        ("a b+ü@~.txt", "a+b%2B%C3%BC%40%7E.txt"),
        ("100%s", "100%25s"),
        ('"}]}\n\\', "%22%7D%5D%7D%0A%5C"),
    ],
)
def test_a_record_has_the_members_that_its_event_has(key: str, encoded: str, lacking: tuple[str, ...]) -> None:
    of, each = origin(), event(key, **dict.fromkeys(lacking))
    assert shown(message(told((of, each)))) == json.dumps({"Records": [record(of, each, key=encoded)]})


@pytest.mark.parametrize("member", ["configuration_id", "principal_id", "source_address", "bucket", "region"])
def test_whatever_a_name_is_made_of_it_stands_for_itself(member: str) -> None:
    """Configuration ids and names of sessions are whatever somebody chose."""
    of = origin(**{member: HOSTILE})
    assert shown(message(told((of, event())))) == json.dumps({"Records": [record(of, event(), key="a/b.txt")]})


def test_events_of_several_origins_share_a_message_in_their_order() -> None:
    here, there = origin(), origin(name=EventName.TAGGING_PUT, configuration_id="other", bucket="second")
    tagging = event("t", size=None)
    pairs = [(here, event("1")), (there, tagging), (here, event("2", version_id=None)), (here, event("3"))]
    versions = ["2.1", "2.3", "2.1", "2.1"]
    expected = [
        record(of, each, place, version=version, key=each.key)
        for place, ((of, each), version) in enumerate(zip(pairs, versions, strict=True))
    ]
    assert shown(message(told(*pairs))) == json.dumps({"Records": expected})


def test_messages_made_one_after_another_do_not_mix_their_origins() -> None:
    """Also where one origin's place in memory is used by the next."""
    for number in range(200):
        of = origin(configuration_id=f"{number}")
        (made,) = json.loads(message(told((of, event()))))["Records"]
        assert made["s3"]["configurationId"] == f"{number}"


def test_an_event_of_replication_tells_what_became_of_it() -> None:
    of = origin(name=EventName.REPLICATION_AFTER_THRESHOLD)
    data = ReplicationEventData(
        rule_id=HOSTILE,
        destination_bucket="west",
        operation="OBJECT_PUT",
        requested_us=AT_US,
        threshold_us=900_000_000,
        took_us=1_021_500_000,
    )
    late = event(replication=data)
    expected = record(of, late, version="2.2", key="a/b.txt") | {
        "replicationEventData": {
            "replicationRuleId": HOSTILE,
            "destinationBucket": "arn:aws:s3:::west",
            "s3Operation": "OBJECT_PUT",
            "requestTime": "2026-03-01T12:00:00.123Z",
            "threshold": "900",
            "replicationTime": "1021.5",
        }
    }
    assert shown(message(told((of, late)))) == json.dumps({"Records": [expected]})
    failed = msgspec.structs.replace(data, failure_reason="DstBucketNotFound", threshold_us=None, took_us=None)
    (made,) = json.loads(message(told((of, event(replication=failed)))))["Records"]
    assert made["replicationEventData"]["failureReason"] == "DstBucketNotFound"
    assert {"threshold", "replicationTime"}.isdisjoint(made["replicationEventData"])


def test_a_test_event_is_a_message_of_its_own_kind() -> None:
    stored = told((origin(name=EventName.TEST), Event(at_us=AT_US, request_id="REQUEST")))
    assert json.loads(message(stored)) == {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2026-03-01T12:00:00.123Z",
        "Bucket": "bucket",
        "RequestId": "REQUEST",
        "HostId": "farshore/REQUEST",
    }
