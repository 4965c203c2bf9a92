"""Notification configurations: what is refused, and who hears of what."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from farshore.model.errors import InvalidArgument, MalformedXML, NotImplemented
from farshore.model.events import EventName
from farshore.semantics.notification_config import compile_notifications, listening, validate

QUEUE = "arn:aws:sqs:us-east-1:111122223333:queue"
TOPIC = "arn:aws:sns:us-east-1:111122223333:topic"


def made_ids() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"made-{next(numbers)}"


def check(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    document = {"QueueConfigurations": [{"QueueArn": QUEUE, **entry} for entry in entries], **more}
    return validate(document, region="us-east-1", new_id=made_ids(), reachable=None)


def entry(*events: str, prefix: str | None = None, suffix: str | None = None, **more: Any) -> dict[str, Any]:
    rules = [
        {"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value is not None
    ]
    return {"Events": list(events), **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}), **more}


CREATED = "s3:ObjectCreated:*"
AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
    "overlapping for the same event type."
)


@pytest.mark.parametrize(
    ("one", "other", "allowed"),
    [
        # S3 User Guide, "Configuring event notifications using object key name filtering": its examples.
        (entry(CREATED, prefix="images/"), entry(CREATED, prefix="logs/"), True),
        (entry(CREATED, suffix=".jpg"), entry(CREATED, suffix=".png"), True),
        (entry(CREATED, prefix="images", suffix=".jpg"), entry(CREATED, prefix="images", suffix=".png"), True),
        (entry("s3:ObjectCreated:Put", suffix=".jpg"), entry("s3:ObjectCreated:Copy", suffix=".jpg"), True),
        (entry(CREATED), entry("s3:ObjectRemoved:*"), True),
        (entry(CREATED), entry("s3:ObjectCreated:Put", prefix="images"), False),
        (entry(CREATED, prefix="images"), entry("s3:ObjectCreated:Put", prefix="image"), False),
        (entry(CREATED, suffix="jpg"), entry(CREATED, suffix="pg"), False),
        (entry(CREATED, prefix="images"), entry(CREATED, suffix="jpg"), False),
        (entry(CREATED, prefix=""), entry(CREATED, prefix="a"), False),
        (entry(CREATED, prefix="a%3D1/"), entry(CREATED, prefix="a%3d1/b"), False),
        (entry(CREATED, prefix="a+b"), entry(CREATED, prefix="a%2Bb"), True),
        (entry("s3:Replication:*"), entry("s3:Replication:OperationMissedThreshold", prefix="x"), False),
    ],
)
def test_two_configurations_of_one_event_must_not_meet(one: Any, other: Any, allowed: bool) -> None:
    if allowed:
        assert len(check(one, other)["QueueConfigurations"]) == 2
        return
    with pytest.raises(InvalidArgument) as refused:
        check(one, other)
    assert refused.value.message == AMBIGUOUS


def test_kinds_of_destinations_are_compared_with_each_other() -> None:
    with pytest.raises(InvalidArgument, match="Configurations overlap"):
        check(entry(CREATED), TopicConfigurations=[{"TopicArn": TOPIC, "Events": [CREATED]}])


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        ({"Events": []}, MalformedXML, ""),
        ({}, MalformedXML, ""),
        (entry("s3:Nothing"), InvalidArgument, "A specified event is not supported for notifications."),
        (entry("ObjectCreated:Put"), InvalidArgument, "A specified event is not supported for notifications."),
        (entry("s3:TestEvent"), InvalidArgument, "A specified event is not supported for notifications."),
        (
            {"Events": [CREATED], "Filter": {"Key": {"FilterRules": [{"Name": "infix", "Value": "x"}]}}},
            InvalidArgument,
            "filter rule name must be either prefix or suffix",
        ),
        ({"Events": [CREATED], "Filter": {"Key": {"FilterRules": [{"Name": "prefix"}]}}}, MalformedXML, ""),
        (
            {"Events": [CREATED], "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "x"}] * 2}}},
            InvalidArgument,
            "Cannot specify more than one prefix rule in a filter.",
        ),
        (
            entry(CREATED, suffix="ü" * 513),
            InvalidArgument,
            "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation",
        ),
        (entry(CREATED, Id="x" * 256), InvalidArgument, "The length of an Id cannot exceed 255"),
        (entry(CREATED, QueueArn=TOPIC), InvalidArgument, "The ARN could not be parsed"),
    ],
)
def test_entries_that_are_refused(wrong: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as refused:
        check(wrong)
    assert text in str(refused.value)


def test_ids_are_unique_and_made_where_there_are_none() -> None:
    one, other = entry("s3:ObjectCreated:Put"), entry("s3:ObjectCreated:Copy")
    stored = check(one, other)["QueueConfigurations"]
    assert [each["Id"] for each in stored] == ["made-0", "made-1"]
    with pytest.raises(InvalidArgument, match="Same ID used for multiple configurations"):
        check({**one, "Id": "x"}, {**other, "Id": "x"})


def test_event_bridge_is_refused_by_name() -> None:
    with pytest.raises(NotImplemented):
        check(EventBridgeConfiguration={})


@pytest.mark.parametrize(
    ("prefix", "suffix", "key", "heard"),
    [
        # S3 User Guide, "Configuring event notifications using object key name filtering", Note.
        ("a+b/", "", "a b/x", True),
        ("a+b/", "", "a+b/x", False),
        ("a%2Bb/", "", "a+b/x", True),
        ("year%3D2026/", "", "year=2026/x", True),
        ("a%20b/", "%2Ejp+g", "a b/x.jp g", True),
        ("%C3%BC/", "", "ü/x", True),
        ("ü/", "", "ü/x", True),
        ("%C3", "", "ü/x", False),
        ("100%/", "", "100%/x", True),
    ],
)
def test_values_of_filters_are_url_encoded(prefix: str, suffix: str, key: str, heard: bool) -> None:
    document = check(entry(CREATED, prefix=prefix, suffix=suffix))
    rules = document["QueueConfigurations"][0]["Filter"]["Key"]["FilterRules"]
    assert [rule["Value"] for rule in rules] == [prefix, suffix], "answered as they were put"
    assert bool(listening(compile_notifications(document), EventName.PUT, key)) is heard


def test_who_hears_of_what() -> None:
    rules = compile_notifications(
        check(
            entry("s3:ObjectCreated:Put", prefix="a/", suffix=".txt", Id="put"),
            entry("s3:ObjectRemoved:*", "s3:ObjectTagging:Put", Id="others"),
            entry("s3:ObjectRestore:*", "s3:LifecycleTransition", Id="never"),
            entry("s3:Replication:*", "s3:ObjectAcl:Put", Id="replication"),
        )
    )
    assert {rule.id for of_event in rules.values() for rule in of_event} == {"put", "others", "replication"}, (
        "events that never happen need no rule"
    )

    def heard(name: EventName, key: str = "a/b.txt") -> str | None:
        rule = listening(rules, name, key)
        return None if rule is None else rule.id

    assert heard(EventName.PUT) == "put"
    assert heard(EventName.PUT, "a/b.jpg") is heard(EventName.PUT, "b/a/b.txt") is heard(EventName.COPY) is None
    assert heard(EventName.DELETE) == heard(EventName.DELETE_MARKER_CREATED) == heard(EventName.TAGGING_PUT) == "others"
    assert heard(EventName.TAGGING_DELETE) is None
    for name in EventName:
        if name.startswith("Replication:"):
            assert heard(name) == "replication"
