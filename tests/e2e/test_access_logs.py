"""Server access logging: put and read as on AWS, and delivered to the target as its permissions allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from tests.support.people import Person, allow, anonymous, owner, policy, stranger, user
from tests.support.replication import wait_for
from tests.support.server import Server

from farshore.model.access import canonical_user_id

LINE = re.compile(r'(?:"[^"]*"|\[[^\]]*\]|\S)+')
FIELDS = (
    "bucket_owner", "bucket", "time", "remote_ip", "requester", "request_id", "operation", "key", "request", "status",
    "code", "bytes", "size", "total", "turnaround", "referer", "agent", "version", "host_id", "signature", "cipher",
    "auth", "host", "tls", "access_point", "acl", "source_region",
)  # fmt: skip


class Logged:
    """A server that delivers at once, a bucket that is logged, and its target."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.s3 = server.client()
        self.root: Person = owner(server)
        self.bucket, self.target = self.new(), self.new()

    def new(self, region: str = "us-east-1", **more: Any) -> str:
        name = f"logs-{uuid4().hex[:12]}"
        if region != "us-east-1":
            more["CreateBucketConfiguration"] = {"LocationConstraint": region}
        self.server.client("s3", region).create_bucket(Bucket=name, **more)
        return name

    def let_in(self, target: str, **condition: Any) -> None:
        """Permit log delivery by the target's policy."""
        statement = allow("s3:PutObject", f"arn:aws:s3:::{target}/*", Principal={"Service": "logging.s3.amazonaws.com"})
        if condition:
            statement["Condition"] = condition
        self.s3.put_bucket_policy(Bucket=target, Policy=policy(statement))

    def put(self, bucket: str, target: str, prefix: str = "", **more: Any) -> None:
        enabled = {"TargetBucket": target, "TargetPrefix": prefix, **more}
        self.s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})

    def keys(self, target: str) -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=target).get("Contents", [])]

    def lines(self, target: str) -> list[dict[str, str]]:
        texts = [self.s3.get_object(Bucket=target, Key=key)["Body"].read().decode() for key in self.keys(target)]
        found = [LINE.findall(line) for text in texts for line in text.splitlines()]
        assert all(len(fields) == len(FIELDS) for fields in found), found
        return [dict(zip(FIELDS, fields, strict=True)) for fields in found]

    def line(self, target: str, request_id: str, operation: str) -> dict[str, str]:
        """The one line of a request, once it is delivered."""

        def find() -> list[dict[str, str]]:
            return [
                each
                for each in self.lines(target)
                if each["request_id"] == request_id and each["operation"] == operation
            ]

        (one,) = wait_for(find, 60, f"a line of {request_id} {operation}")
        return one


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    environment = {"FARSHORE_ACCESS_LOG_EVERY_S": "0.05"}
    server = Server(tmp_path_factory.mktemp("logged") / "data", environment=environment)
    server.start()
    one = Logged(server)
    one.let_in(
        one.target,
        StringEquals={"aws:SourceAccount": one.root.account_id},
        ArnLike={"aws:SourceArn": f"arn:aws:s3:::{one.bucket}"},
        Bool={"aws:SecureTransport": "true"},
    )
    one.put(one.bucket, one.target, "of/")
    yield one
    server.kill()


def request_id(answer: Any) -> str:
    return answer["ResponseMetadata"]["RequestId"]


def refused(call: Any, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response


def test_requests_are_logged_with_who_and_what(logged: Logged) -> None:
    s3, bucket = logged.s3, logged.bucket
    ana = user(logged.root, "ana", [allow("s3:GetObject")])
    put = s3.put_object(Bucket=bucket, Key="dir/a b", Body=b"12345")
    got = ana.client().get_object(Bucket=bucket, Key="dir/a b")
    assert got["Body"].read() == b"12345"
    denied = refused(ana.client().put_object, Bucket=bucket, Key="k", Body=b"x")
    line = logged.line(logged.target, request_id(put), "REST.PUT.OBJECT")
    id_ = canonical_user_id(logged.root.account_id)
    assert re.fullmatch(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]", line.pop("time"))
    assert int(line.pop("total")) >= int(line.pop("turnaround"))
    assert line.pop("agent").startswith('"Boto3/')
    assert line == {
        "bucket_owner": id_,
        "bucket": bucket,
        "remote_ip": "127.0.0.1",
        "requester": id_,
        "request_id": request_id(put),
        "operation": "REST.PUT.OBJECT",
        "key": "dir/a%2520b",
        "request": f'"PUT /{bucket}/dir/a%20b HTTP/1.1"',
        "status": "200",
        "code": "-",
        "bytes": "-",
        "size": "5",
        "referer": '"-"',
        "version": "-",
        "host_id": f"farshore/{request_id(put)}",
        "signature": "SigV4",
        "cipher": "-",
        "auth": "AuthHeader",
        "host": f"127.0.0.1:{logged.server.port}",
        "tls": "-",
        "access_point": "-",
        "acl": "-",
        "source_region": "-",
    }
    line = logged.line(logged.target, request_id(got), "REST.GET.OBJECT")
    assert (line["requester"], line["bytes"], line["size"]) == (ana.arn, "5", "5")
    line = logged.line(logged.target, request_id(denied), "REST.PUT.OBJECT")
    assert (line["status"], line["code"]) == ("403", "AccessDenied")


def test_who_does_not_get_in_is_logged_too(logged: Logged) -> None:
    wrong = Person(server=logged.server, account_id="", arn="", key_id=logged.root.key_id, secret="wrong")
    for client, code in ((wrong.client(), "SignatureDoesNotMatch"), (anonymous(logged.server), "AccessDenied")):
        answer = refused(client.list_objects_v2, Bucket=logged.bucket)
        line = logged.line(logged.target, request_id(answer), "REST.GET.BUCKET")
        assert (line["requester"], line["status"], line["code"]) == ("-", "403", code)


def test_copies_and_batches_leave_more_lines(logged: Logged) -> None:
    s3, bucket = logged.s3, logged.bucket
    s3.put_object(Bucket=bucket, Key="from", Body=b"x")
    elsewhere = logged.new()
    copy = s3.copy_object(Bucket=elsewhere, Key="to", CopySource=f"{bucket}/from")
    line = logged.line(logged.target, request_id(copy), "REST.COPY.OBJECT_GET")
    assert (line["bucket"], line["key"]) == (bucket, "from")
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "from"}]})
    logged.line(logged.target, request_id(deleted), "REST.POST.MULTI_OBJECT_DELETE")
    line = logged.line(logged.target, request_id(deleted), "BATCH.DELETE.OBJECT")
    assert (line["key"], line["status"]) == ("from", "204")


def test_keys_of_log_objects_and_partitions(logged: Logged) -> None:
    answer = logged.s3.head_bucket(Bucket=logged.bucket)
    logged.line(logged.target, request_id(answer), "REST.HEAD.BUCKET")
    shape = re.compile(r"of/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}")
    assert all(shape.fullmatch(key) for key in logged.keys(logged.target))
    bucket, target = logged.new(), logged.new()
    logged.let_in(target)
    logged.put(bucket, target, "p/", TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "EventTime"}})
    answer = logged.s3.head_bucket(Bucket=bucket)
    logged.line(target, request_id(answer), "REST.HEAD.BUCKET")
    folder = f"p/{logged.root.account_id}/us-east-1/{bucket}"
    shape = re.compile(folder + r"/(\d{4})/(\d\d)/(\d\d)/\1-\2-\3-00-00-00-[0-9A-F]{16}")
    assert all(shape.fullmatch(key) for key in logged.keys(target))


def test_a_target_that_lets_no_logs_in_gets_none(logged: Logged) -> None:
    bucket, closed = logged.new(), logged.new()
    logged.put(bucket, closed)
    logged.s3.head_bucket(Bucket=bucket)
    said = f'"target": "{closed}", "code": "AccessDenied"'
    wait_for(lambda: said in logged.server.log.read_text(), 60, "a refusal")
    assert logged.keys(closed) == []
    other = logged.new()
    logged.let_in(other, StringEquals={"aws:SourceAccount": "000000000000"})
    logged.put(bucket, other)
    logged.s3.head_bucket(Bucket=bucket)
    wait_for(lambda: f'"target": "{other}"' in logged.server.log.read_text(), 60, "a refusal")
    assert logged.keys(other) == []


def test_the_log_delivery_group_lets_logs_in_where_access_control_lists_count(logged: Logged) -> None:
    bucket = logged.new()
    target = logged.new(ObjectOwnership="ObjectWriter")
    logged.s3.put_bucket_acl(Bucket=target, ACL="log-delivery-write")
    guest = stranger(logged.server)
    grantee = {"Type": "CanonicalUser", "ID": canonical_user_id(guest.account_id)}
    logged.put(bucket, target, "", TargetGrants=[{"Grantee": grantee, "Permission": "READ"}])
    answer = logged.s3.head_bucket(Bucket=bucket)
    logged.line(target, request_id(answer), "REST.HEAD.BUCKET")
    (key, *_) = logged.keys(target)
    assert guest.client().get_object(Bucket=target, Key=key)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refused(guest.client().list_objects_v2, Bucket=target)["Error"]["Code"] == "AccessDenied"


def test_an_empty_status_ends_the_log(logged: Logged) -> None:
    bucket, target = logged.new(), logged.new()
    logged.let_in(target)
    logged.put(bucket, target)
    answer = logged.s3.head_bucket(Bucket=bucket)
    logged.line(target, request_id(answer), "REST.HEAD.BUCKET")
    logged.s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in logged.s3.get_bucket_logging(Bucket=bucket)
    logged.s3.get_bucket_location(Bucket=bucket)
    other = logged.s3.head_bucket(Bucket=logged.bucket)
    logged.line(logged.target, request_id(other), "REST.HEAD.BUCKET")
    assert "REST.GET.LOCATION" not in [line["operation"] for line in logged.lines(target)]


def test_what_waits_is_delivered_when_the_server_stops(server_factory: Any) -> None:
    server: Server = server_factory(workers=2, environment={"FARSHORE_ACCESS_LOG_EVERY_S": "3600"})
    one = Logged(server)
    one.let_in(one.target)
    one.put(one.bucket, one.target)
    ids = {request_id(one.s3.head_bucket(Bucket=one.bucket)) for _ in range(5)}
    assert one.keys(one.target) == []
    assert server.stop() == 0
    server.start()
    one.s3 = server.client()
    assert ids <= {line["request_id"] for line in one.lines(one.target)}


def code(logged: Logged, **enabled: Any) -> str:
    status = {"LoggingEnabled": {"TargetPrefix": "", **enabled}}
    return refused(logged.s3.put_bucket_logging, Bucket=logged.bucket, BucketLoggingStatus=status)["Error"]["Code"]


def test_targets_that_are_refused(logged: Logged) -> None:
    assert code(logged, TargetBucket=f"none-{uuid4().hex}") == "InvalidTargetBucketForLogging"
    assert code(logged, TargetBucket=logged.new("us-west-2")) == "CrossLocationLoggingProhibitted"
    guest = stranger(logged.server)
    theirs = f"theirs-{uuid4().hex[:12]}"
    guest.client().create_bucket(Bucket=theirs)
    assert code(logged, TargetBucket=theirs) == "InvalidTargetBucketForLogging"
    grants = [{"Grantee": {"Type": "CanonicalUser", "ID": canonical_user_id(guest.account_id)}, "Permission": "READ"}]
    assert code(logged, TargetBucket=logged.target, TargetGrants=grants) == "AccessControlListNotSupported"
    both = {"SimplePrefix": {}, "PartitionedPrefix": {}}
    assert code(logged, TargetBucket=logged.target, TargetObjectKeyFormat=both) == "MalformedXML"
