"""Event notifications as users of S3 see them: configured with boto3, told to a webhook, a file and NATS."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError
from nats.aio.client import Client
from tests.support.pairs import Pair
from tests.support.receiver import Receiver, is_signed, receiver
from tests.support.replication import enable_versioning, put_rule, wait_for
from tests.support.server import Server

ACCOUNT = "111122223333"
OTHER = "444455556666"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:function"
STRANGER = f"arn:aws:sqs:us-east-1:{OTHER}:queue"
WEST = f"arn:aws:sqs:us-west-2:{ACCOUNT}:queue"
SECRET = "a secret for tests"
ARRIVAL_S = 60.0
_numbers = itertools.count()


class Site:
    """A server whose queue is a webhook, and whose topic and function are files."""

    def __init__(self, folder: Path, hook: Receiver) -> None:
        self.hook = hook
        self.topic, self.function = folder / "topic.jsonl", folder / "function.jsonl"
        events = [
            {"arn": QUEUE, "webhook": hook.url, "secret_variable": "QUEUE_SECRET"},
            {"arn": TOPIC, "file": str(self.topic)},
            {"arn": FUNCTION, "file": str(self.function)},
            {"arn": STRANGER, "file": str(folder / "stranger.jsonl")},
            {"arn": WEST, "file": str(folder / "west.jsonl"), "accounts": [ACCOUNT, OTHER]},
        ]
        environment = {
            "FARSHORE_EVENTS": json.dumps(events),
            "QUEUE_SECRET": SECRET,
            "FARSHORE_ROOT_ACCOUNT_ID": ACCOUNT,
        }
        self.server = Server(folder / "data", workers=0, environment=environment)
        self.server.start()
        self.s3 = self.server.client("s3")

    def bucket(self, *, versioned: bool = False) -> str:
        name = f"events-{os.getpid()}-{next(_numbers)}"
        self.s3.create_bucket(Bucket=name)
        if versioned:
            enable_versioning(self.s3, name)
        return name

    def listen(self, bucket: str, *events: str, arn: str = QUEUE, **entry: Any) -> None:
        configured = {"QueueConfigurations": [{"Id": "mine", "QueueArn": arn, "Events": list(events), **entry}]}
        self.configure(bucket, configured)

    def configure(self, bucket: str, configuration: dict[str, Any], **more: Any) -> None:
        self.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration, **more)

    def told(self, bucket: str, count: int) -> list[dict[str, Any]]:
        """The first events of a bucket that the queue was told, waited for."""
        found = wait_for(
            lambda: (records := self.of(bucket)) and len(records) >= count and records, ARRIVAL_S, "events"
        )
        assert len(found) == count, found
        return found

    def of(self, bucket: str) -> list[dict[str, Any]]:
        return [record for record in self.hook.records if record["s3"]["bucket"]["name"] == bucket]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with receiver() as hook:
        made = Site(tmp_path_factory.mktemp("events"), hook)
        yield made
        made.server.stop()


def lines(path: Path) -> list[dict[str, Any]]:
    """The messages of a file; one that is being written does not count yet."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def test_a_message_is_awss(site: Site) -> None:
    """Every member as recorded on AWS, and no other."""
    bucket = site.bucket(versioned=True)
    site.listen(bucket, "s3:ObjectCreated:*")
    version_id = site.s3.put_object(Bucket=bucket, Key="a b/ü@~.txt", Body=b"hello", Metadata={"x": "y"})["VersionId"]
    (record,) = site.told(bucket, 1)
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": record["eventTime"],
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": ACCOUNT},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-request-id": record["responseElements"]["x-amz-request-id"],
            "x-amz-id-2": record["responseElements"]["x-amz-id-2"],
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "mine",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": record["s3"]["bucket"]["ownerIdentity"]["principalId"]},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": {
                "key": "a+b/%C3%BC%40%7E.txt",
                "size": 5,
                "eTag": "5d41402abc4b2a76b9719d911017c592",
                "versionId": version_id,
                "sequencer": record["s3"]["object"]["sequencer"],
            },
        },
    }
    assert record["eventTime"].endswith("Z")


def test_what_happens_to_an_object_in_the_order_in_which_it_happened(site: Site) -> None:
    """S3 User Guide, "Supported event types"; versions, sizes and ETags as recorded on AWS."""
    bucket = site.bucket(versioned=True)
    every = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put")
    site.listen(bucket, *every)
    ownership = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    site.s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=ownership)
    names = {"Bucket": bucket, "Key": "k"}
    first = site.s3.put_object(**names, Body=b"12345")["VersionId"]
    site.s3.put_object_tagging(**names, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    site.s3.delete_object_tagging(**names)
    site.s3.put_object_acl(**names, ACL="private")
    copied = site.s3.copy_object(**names, CopySource=names, MetadataDirective="REPLACE")["VersionId"]
    upload = site.s3.create_multipart_upload(**names)["UploadId"]
    etag = site.s3.upload_part(**names, UploadId=upload, PartNumber=1, Body=b"part")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    whole = site.s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload=parts)["VersionId"]
    marker = site.s3.delete_object(**names)["VersionId"]
    site.s3.delete_object(**names, VersionId=marker)
    site.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": first}]})
    records = site.told(bucket, 9)
    seen = [
        (
            record["eventName"],
            record["eventVersion"],
            record["s3"]["object"].get("versionId"),
            record["s3"]["object"].get("size"),
        )
        for record in records
    ]
    assert seen == [
        ("ObjectCreated:Put", "2.1", first, 5),
        ("ObjectTagging:Put", "2.3", first, None),
        ("ObjectTagging:Delete", "2.3", first, None),
        ("ObjectAcl:Put", "2.3", first, None),
        ("ObjectCreated:Copy", "2.1", copied, 5),
        ("ObjectCreated:CompleteMultipartUpload", "2.1", whole, 4),
        ("ObjectRemoved:DeleteMarkerCreated", "2.1", marker, None),
        ("ObjectRemoved:Delete", "2.1", marker, None),
        ("ObjectRemoved:Delete", "2.1", first, None),
    ]
    objects = [record["s3"]["object"] for record in records]
    assert objects[5]["eTag"].endswith("-1")
    assert objects[6]["eTag"] == "d41d8cd98f00b204e9800998ecf8427e"
    assert "eTag" not in objects[-1]
    ordered = [each["sequencer"] for each in objects if "sequencer" in each]
    assert len(ordered) == 6
    assert ordered == sorted(ordered)


def test_an_upload_by_a_browsers_form_is_told_as_such(site: Site) -> None:
    bucket = site.bucket()
    site.listen(bucket, "s3:ObjectCreated:Post")
    site.s3.put_object(Bucket=bucket, Key="put")
    form = site.s3.generate_presigned_post(bucket, "posted")
    answer = urllib3.request("POST", form["url"], fields=[*form["fields"].items(), ("file", ("name", b"12345"))])
    assert answer.status == 204
    (record,) = site.told(bucket, 1)
    assert (record["eventName"], record["eventVersion"]) == ("ObjectCreated:Post", "2.1")
    assert (record["s3"]["object"]["key"], record["s3"]["object"]["size"]) == ("posted", 5)


def test_filters_and_what_nobody_asked_for(site: Site) -> None:
    bucket = site.bucket()
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "SUFFIX", "Value": ".txt"}]
    site.listen(bucket, "s3:ObjectCreated:Put", Filter={"Key": {"FilterRules": rules}})
    for key in ("in/a.txt", "out/a.txt", "in/a.jpg", "in/b.txt"):
        site.s3.put_object(Bucket=bucket, Key=key)
    site.s3.copy_object(Bucket=bucket, Key="in/c.txt", CopySource=f"{bucket}/in/a.txt")
    site.s3.delete_object(Bucket=bucket, Key="in/a.txt")
    site.s3.put_object(Bucket=bucket, Key="in/last.txt")
    keys = [record["s3"]["object"]["key"] for record in site.told(bucket, 3)]
    assert keys == ["in/a.txt", "in/b.txt", "in/last.txt"]
    answered = site.s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    names = [rule["Name"] for rule in answered[0]["Filter"]["Key"]["FilterRules"]]
    assert names == ["Prefix", "Suffix"], "as recorded on AWS"


def test_an_empty_configuration_ends_it_and_a_bucket_without_one_tells_nothing(site: Site) -> None:
    bucket, other = site.bucket(), site.bucket()
    assert "QueueConfigurations" not in site.s3.get_bucket_notification_configuration(Bucket=bucket)
    site.listen(bucket, "s3:ObjectCreated:*")
    site.s3.put_object(Bucket=bucket, Key="a")
    site.configure(bucket, {})
    site.s3.put_object(Bucket=bucket, Key="b")
    site.s3.put_object(Bucket=other, Key="c")
    site.listen(bucket, "s3:ObjectCreated:*")
    site.s3.put_object(Bucket=bucket, Key="d")
    assert [record["s3"]["object"]["key"] for record in site.told(bucket, 2)] == ["a", "d"]
    assert site.of(other) == []


def test_each_destination_is_told_its_own_and_first_a_test(site: Site) -> None:
    bucket = site.bucket()
    site.configure(
        bucket,
        {
            "TopicConfigurations": [{"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:*"]}],
            "LambdaFunctionConfigurations": [
                {"Id": "f", "LambdaFunctionArn": FUNCTION, "Events": ["s3:ObjectRemoved:*"]}
            ],
        },
    )
    site.s3.put_object(Bucket=bucket, Key="a")
    site.s3.delete_object(Bucket=bucket, Key="a")
    wait_for(lambda: len(lines(site.topic)) >= 2 and len(lines(site.function)) >= 2, ARRIVAL_S, "both files")
    (test, created), (_, removed) = lines(site.topic)[-2:], lines(site.function)[-2:]
    assert {**test, "Time": "", "RequestId": "", "HostId": ""} == {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "",
        "Bucket": bucket,
        "RequestId": "",
        "HostId": "",
    }
    assert created["Records"][0]["eventName"] == "ObjectCreated:Put"
    assert removed["Records"][0]["eventName"] == "ObjectRemoved:Delete"
    assert len(created["Records"][0]["s3"]["configurationId"]) == 36, "an id is made where none was given"


def test_messages_are_signed_with_the_secret(site: Site) -> None:
    bucket = site.bucket()
    site.listen(bucket, "s3:ObjectCreated:*")
    site.s3.put_object(Bucket=bucket, Key="a")
    site.told(bucket, 1)
    assert is_signed(site.hook.headers[-1], site.hook.bodies[-1], SECRET)
    assert not is_signed(site.hook.headers[-1], site.hook.bodies[-1], "another")
    assert site.hook.headers[-1]["Content-Type"] == "application/json"


ENTRY = {"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}
MISSING = QUEUE.replace("queue", "nothing")


@pytest.mark.parametrize(
    ("configuration", "message", "details"),
    [
        (
            {"QueueConfigurations": [{**ENTRY, "QueueArn": "invalid-queue"}]},
            "The ARN could not be parsed",
            {"ArgumentName": "Queue", "ArgumentValue": "invalid-queue"},
        ),
        (
            {"TopicConfigurations": [{"TopicArn": "invalid-topic", "Events": ["s3:ObjectCreated:*"]}]},
            "The ARN could not be parsed",
            {"ArgumentName": "Topic", "ArgumentValue": "invalid-topic"},
        ),
        (
            {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": "x", "Events": ["s3:ObjectCreated:*"]}]},
            "The ARN could not be parsed",
            {"ArgumentName": "CloudFunction", "ArgumentValue": "x"},
        ),
        (
            {"QueueConfigurations": [{**ENTRY, "QueueArn": MISSING}]},
            "Unable to validate the following destination configurations",
            {"ArgumentName1": MISSING, "ArgumentValue1": "The destination queue does not exist"},
        ),
        (
            {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": f"{FUNCTION}x", "Events": ["s3:ObjectCreated:*"]}]},
            "Unable to validate the following destination configurations",
            {
                "ArgumentName1": f"{FUNCTION}x, null",
                "ArgumentValue1": f"Not authorized to invoke function [{FUNCTION}x]",
            },
        ),
        (
            {"QueueConfigurations": [{**ENTRY, "QueueArn": STRANGER}]},
            "Unable to validate the following destination configurations",
            {
                "ArgumentName1": STRANGER,
                "ArgumentValue1": "Permissions on the destination queue do not allow S3 to publish notifications from "
                "this bucket",
            },
        ),
        (
            {"QueueConfigurations": [{**ENTRY, "QueueArn": WEST}]},
            "The notification destination service region is not valid for the bucket location constraint",
            {},
        ),
        (
            {"QueueConfigurations": [ENTRY, ENTRY]},
            "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
            {"ArgumentName": "Event", "ArgumentValue": "s3:ObjectCreated:*, s3:ObjectCreated:*"},
        ),
    ],
)
def test_configurations_that_are_refused(
    site: Site, configuration: dict[str, Any], message: str, details: dict[str, str]
) -> None:
    """Recorded on AWS, or quoted from its answers."""
    bucket = site.bucket()
    with pytest.raises(ClientError) as refused:
        site.configure(bucket, configuration)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidArgument", message)
    assert {name: error[name] for name in details} == details
    assert "QueueConfigurations" not in site.s3.get_bucket_notification_configuration(Bucket=bucket)


def test_validation_of_destinations_can_be_skipped(site: Site) -> None:
    bucket = site.bucket()
    site.configure(bucket, {"QueueConfigurations": [{**ENTRY, "QueueArn": MISSING}]}, SkipDestinationValidation=True)
    site.s3.put_object(Bucket=bucket, Key="a")
    waiting = [each for each in site.server.cli("status")["events"] if each["destination"] == MISSING]
    assert [each["waiting"] for each in waiting] == [1], "it waits until it is given up"
    assert waiting[0]["last_error"] == "the server's settings do not name this destination"


def test_a_dead_receiver_holds_no_write_up_and_is_told_everything_later(server_factory: Any, tmp_path: Path) -> None:
    """Across a kill -9: what was answered is told, each key in its order."""
    with receiver() as hook:
        hook.answer = lambda _message: 503
        events = json.dumps([{"arn": QUEUE, "webhook": hook.url, "events_max": 7}])
        environment = {"FARSHORE_EVENTS": events, "FARSHORE_ROOT_ACCOUNT_ID": ACCOUNT}
        server = server_factory(workers=0, environment=environment)
        client = server.client("s3")
        client.create_bucket(Bucket="told")
        client.put_bucket_notification_configuration(
            Bucket="told", NotificationConfiguration={"QueueConfigurations": [ENTRY]}, SkipDestinationValidation=True
        )
        for number in range(60):
            client.put_object(Bucket="told", Key=f"k{number % 4}", Body=b"x" * number)
        (backlog,) = server.cli("status")["events"]
        assert backlog["waiting"] == 60
        assert backlog["delivered"] == 0
        wait_for(lambda: "503" in server.cli("status")["events"][0]["last_error"], ARRIVAL_S, "the reason")
        server.kill()
        hook.answer = lambda _message: 200
        server.start()
        wait_for(lambda: len(hook.records) >= 60, ARRIVAL_S, "all events")
        sizes: dict[str, list[int]] = {}
        for record in hook.records:
            sizes.setdefault(record["s3"]["object"]["key"], []).append(record["s3"]["object"]["size"])
        assert sizes == {f"k{key}": list(range(key, 60, 4)) for key in range(4)}
        wait_for(lambda: server.cli("status")["events"][0]["waiting"] == 0, ARRIVAL_S, "an empty backlog")
        assert server.cli("status")["events"][0]["delivered"] == 60


def test_more_than_may_wait_is_given_up_oldest_first_and_told(server_factory: Any) -> None:
    with receiver() as hook:
        hook.answer = lambda _message: 503
        environment = {
            "FARSHORE_EVENTS": json.dumps([{"arn": QUEUE, "webhook": hook.url}]),
            "FARSHORE_ROOT_ACCOUNT_ID": ACCOUNT,
        }
        server = server_factory(environment=environment)
        client = server.client("s3")
        client.create_bucket(Bucket="told")
        client.put_bucket_notification_configuration(
            Bucket="told", NotificationConfiguration={"QueueConfigurations": [ENTRY]}, SkipDestinationValidation=True
        )
        for number in range(20):
            client.put_object(Bucket="told", Key=f"k{number:02}")
        server.stop()
        server.environment["FARSHORE_EVENT_BACKLOG_MAX"] = "5"
        server.start()

        def backlog() -> tuple[int, int]:
            (found,) = server.cli("status")["events"]
            return found["waiting"], found["dropped"]

        wait_for(lambda: backlog() == (5, 15), ARRIVAL_S, "the oldest to be given up")
        hook.answer = lambda _message: 200
        wait_for(lambda: backlog() == (0, 15), ARRIVAL_S, "the others")
        assert [_key(record) for record in hook.records] == [f"k{number}" for number in range(15, 20)]


def test_a_refused_event_holds_up_its_own_key_alone(server_factory: Any, tmp_path: Path) -> None:
    with receiver() as hook:
        hook.answer = lambda message: 400 if any(_key(record) == "bad" for record in message["Records"]) else 200
        events = json.dumps([{"arn": QUEUE, "webhook": hook.url}])
        server = server_factory(environment={"FARSHORE_EVENTS": events, "FARSHORE_ROOT_ACCOUNT_ID": ACCOUNT})
        client = server.client("s3")
        client.create_bucket(Bucket="told")
        client.put_bucket_notification_configuration(
            Bucket="told", NotificationConfiguration={"QueueConfigurations": [ENTRY]}, SkipDestinationValidation=True
        )
        for key in ("a", "bad", "b", "bad", "c"):
            client.put_object(Bucket="told", Key=key)
        wait_for(lambda: [_key(record) for record in hook.records] == ["a", "b", "c"], ARRIVAL_S, "the others")
        hook.answer = lambda _message: 200
        wait_for(lambda: len(hook.records) == 5, ARRIVAL_S, "the rest")
        late = [record["s3"]["object"]["sequencer"] for record in hook.records[3:]]
        assert late == sorted(late)
        assert [_key(record) for record in hook.records[3:]] == ["bad", "bad"]


def _key(record: dict[str, Any]) -> str:
    return record["s3"]["object"]["key"]


def test_replicas_are_told_in_their_bucket_and_failures_in_the_source(server_factory: Any) -> None:
    """S3 User Guide, "Receiving replication failure events"; the example of a message there."""
    with receiver() as hook:
        events = [{"arn": QUEUE, "webhook": hook.url}, {"arn": WEST, "webhook": hook.url}]
        environment = {"FARSHORE_EVENTS": json.dumps(events), "FARSHORE_ROOT_ACCOUNT_ID": ACCOUNT}
        server = server_factory(environment=environment)
        client, there = server.client("s3"), server.client("s3", "us-west-2")
        client.create_bucket(Bucket="told")
        there.create_bucket(Bucket="west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        for each, bucket in ((client, "told"), (there, "west")):
            enable_versioning(each, bucket)
        metered = {"Metrics": {"Status": "Enabled"}}
        put_rule(client, "told", "west", ID="the rule", Destination=metered, delete_markers=True)
        client.put_bucket_notification_configuration(
            Bucket="told",
            NotificationConfiguration={
                "QueueConfigurations": [{"Id": "r", "QueueArn": QUEUE, "Events": ["s3:Replication:*"]}]
            },
        )
        there.put_bucket_notification_configuration(
            Bucket="west",
            NotificationConfiguration={
                "QueueConfigurations": [
                    {"Id": "w", "QueueArn": WEST, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
                ]
            },
        )
        version_id = client.put_object(Bucket="told", Key="k", Body=b"12345")["VersionId"]
        marker = client.delete_object(Bucket="told", Key="k")["VersionId"]
        wait_for(lambda: len(hook.records) == 2, ARRIVAL_S, "the replicas")
        arrived = {(each["eventName"], each["s3"]["object"]["versionId"]) for each in hook.records}
        assert arrived == {("ObjectCreated:Put", version_id), ("ObjectRemoved:DeleteMarkerCreated", marker)}
        there.put_bucket_versioning(Bucket="west", VersioningConfiguration={"Status": "Suspended"})
        failing = client.put_object(Bucket="told", Key="fails", Body=b"12345")
        wait_for(lambda: len(hook.records) == 3, ARRIVAL_S, "the failure")
        record = hook.records[-1]
        assert record["eventName"] == "Replication:OperationFailedReplication"
        assert record["eventVersion"] == "2.2"
        assert record["userIdentity"] == {"principalId": "s3.amazonaws.com"}
        assert record["requestParameters"] == {"sourceIPAddress": "s3.amazonaws.com"}
        assert record["s3"]["object"] == {
            "key": "fails",
            "size": 5,
            "eTag": failing["ETag"].strip('"'),
            "versionId": failing["VersionId"],
            "sequencer": record["s3"]["object"]["sequencer"],
        }
        assert record["replicationEventData"] == {
            "replicationRuleId": "the rule",
            "destinationBucket": "arn:aws:s3:::west",
            "s3Operation": "OBJECT_PUT",
            "requestTime": record["replicationEventData"]["requestTime"],
            "failureReason": "DstBucketUnversioned",
        }


def test_time_control_tells_of_what_is_late_also_when_no_server_ran_at_the_time(server_factory: Any) -> None:
    """The store is set back by an hour while no server runs: to the next one, the threshold has passed meanwhile."""
    with receiver() as hook:
        events = [{"arn": QUEUE, "webhook": hook.url}]
        environment = {"FARSHORE_EVENTS": json.dumps(events), "FARSHORE_ROOT_ACCOUNT_ID": ACCOUNT}
        stopped = {**environment, "FARSHORE_REPLICATE": "false"}
        server = server_factory(environment=stopped)
        pair = Pair(server)
        timed = {
            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
            "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
        }
        put_rule(pair.s3, pair.source, pair.destination, ID="timed", Destination=timed)
        configured = {"QueueConfigurations": [{"Id": "r", "QueueArn": QUEUE, "Events": ["s3:Replication:*"]}]}
        pair.s3.put_bucket_notification_configuration(
            Bucket=pair.source, NotificationConfiguration=configured, SkipDestinationValidation=True
        )
        began = time.monotonic()
        version_id = pair.put("k")
        waiting = pair.explain("k")["destinations"][0]["waiting"]
        assert waiting["threshold"] and not waiting["missed_threshold"]
        server.kill()
        path = server.data / "regions" / "us-east-1" / "metadata.sqlite"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as store:
            hour_us = 3_600_000_000
            store.execute(
                "UPDATE replication_task SET enqueued_us = enqueued_us - ?1, threshold_us = threshold_us - ?1",
                (hour_us,),
            )
        server.start()
        pair.server, pair.s3 = server, server.client("s3")
        wait_for(lambda: hook.records, ARRIVAL_S, "the missed threshold")
        found = pair.explain("k")
        assert found["destinations"][0]["waiting"]["missed_threshold"]
        assert "missed threshold" in found["summary"]
        told = [sys.executable, "-m", "farshore", "explain", f"s3://{pair.source}/k", "--data", str(server.data)]
        in_words = subprocess.run(told, env=server.environment, capture_output=True, text=True, timeout=120, check=True)
        assert "missed threshold: it ought to have arrived by" in in_words.stdout
        server.stop()
        back = server_factory(data=server.data, environment=environment)
        pair.server, pair.s3 = back, back.client("s3")
        assert pair.settled("k") == "COMPLETED"
        found = pair.explain("k")
        (late,) = [each for each in found["destinations"][0]["attempts"] if each["outcome"] == "DELIVERED_LATE"]
        assert f"replicated at {late['last_at']}, after the threshold: it ought to have arrived by" in found["summary"]
        wait_for(lambda: len(hook.records) >= 2, ARRIVAL_S, "the late replication")
        assert [record["eventName"] for record in hook.records] == [
            "Replication:OperationMissedThreshold",
            "Replication:OperationReplicatedAfterThreshold",
        ]
        missed, after = hook.records
        assert missed["s3"]["object"]["versionId"] == after["s3"]["object"]["versionId"] == version_id
        assert missed["replicationEventData"]["threshold"] == "900"
        assert 3600 < float(after["replicationEventData"]["replicationTime"]) < 3600 + time.monotonic() - began


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[str]:
    """A NATS server with JetStream, on a free port."""
    path = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
    if path is None:
        pytest.skip("nats-server is not installed (apt-get install nats-server)")
    told = tmp_path / "ports"
    told.mkdir()
    command = [path, "-js", "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", str(told), "-sd", str(tmp_path / "nats")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        (url,) = wait_for(lambda: _urls_told(told), ARRIVAL_S, "the NATS server")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _urls_told(folder: Path) -> list[str]:
    """Where a NATS server says that it listens; nothing while it has not said it to the end."""
    for file in folder.glob("*.ports"):
        with contextlib.suppress(json.JSONDecodeError):
            return json.loads(file.read_text())["nats"]
    return []


def test_events_reach_a_jetstream_once_and_in_order(server_factory: Any, nats: str) -> None:
    names: list[str] = []

    async def streamed(count: int) -> list[dict[str, Any]]:
        client = Client()
        await client.connect(nats)
        try:
            stream = client.jetstream()
            if not count:
                await stream.add_stream(name="events", subjects=["s3.>"])
                return []
            subscription = await stream.subscribe("s3.told", ordered_consumer=True)
            messages = [await subscription.next_msg(timeout=ARRIVAL_S) for _ in range(count)]
            names.extend((message.headers or {}).get("Nats-Msg-Id", "") for message in messages)
            return [json.loads(message.data) for message in messages]
        finally:
            await client.close()

    asyncio.run(streamed(0))
    events = json.dumps([{"arn": QUEUE, "nats": nats, "subject": "s3.told"}])
    server = server_factory(environment={"FARSHORE_EVENTS": events, "FARSHORE_ROOT_ACCOUNT_ID": ACCOUNT})
    client = server.client("s3")
    client.create_bucket(Bucket="told")
    client.put_bucket_notification_configuration(
        Bucket="told", NotificationConfiguration={"QueueConfigurations": [ENTRY]}, SkipDestinationValidation=True
    )
    for number in range(20):
        client.put_object(Bucket="told", Key="k", Body=b"x" * number)
    messages = asyncio.run(streamed(20))
    assert [message["Records"][0]["s3"]["object"]["size"] for message in messages] == list(range(20))
    assert all(names) and len(set(names)) == 20, "by which a stream knows what comes again"
    wait_for(lambda: server.cli("status")["events"][0]["waiting"] == 0, ARRIVAL_S, "an empty backlog")
