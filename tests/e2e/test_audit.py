"""The audit log: every request leaves one record of who did what, and of the statement that decided; never a secret."""

from __future__ import annotations

import http.client
import json
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.support.people import Person, allow, anonymous, deny, owner, policy, stranger, user
from tests.support.replication import wait_for
from tests.support.server import Server

from farshore.model.access_log import LOG_DELIVERY_SERVICE

TOKEN = "monitoring-token-of-the-test"


class Audited:
    """A server that keeps an audit log, and what is in it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.path = server.data / "logs" / "audit.jsonl"
        self.root = owner(server)

    def records(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def of(self, request_id: str) -> dict[str, Any]:
        """The one record of a request, which is written within a moment."""
        found = wait_for(lambda: [each for each in self.records() if each["request_id"] == request_id], 60, "a record")
        assert len(found) == 1
        return found[0]

    def last(self) -> dict[str, Any]:
        """The record of the request before: a further one is made, and everything until that one is there."""
        marker = self.server.client().list_buckets()["ResponseMetadata"]["RequestId"]
        self.of(marker)
        records = self.records()
        place = next(place for place, record in enumerate(records) if record["request_id"] == marker)
        return records[place - 1]

    def refused(self, call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        """The record of a call that is refused."""
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        return self.of(caught.value.response["ResponseMetadata"]["RequestId"])

    def done(self, call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        """The record of a call that succeeds."""
        return self.of(call(**arguments)["ResponseMetadata"]["RequestId"])


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    environment = {
        "FARSHORE_AUDIT_LOG": "file",
        "FARSHORE_ACCESS_LOG_EVERY_S": "0.05",
        "FARSHORE_METRICS_TOKEN": TOKEN,
    }
    server = Server(tmp_path_factory.mktemp("audited") / "data", environment=environment)
    server.start()
    yield Audited(server)
    server.kill()


@pytest.fixture(scope="module")
def bucket(audited: Audited) -> str:
    name = f"audited-{uuid4().hex[:12]}"
    audited.server.client().create_bucket(Bucket=name)
    return name


def test_a_request_of_the_owner_s_root(audited: Audited, bucket: str) -> None:
    s3 = audited.server.client()
    put = audited.done(s3.put_object, Bucket=bucket, Key="dir/a b", Body=b"12345")
    root, arn = audited.root, f"arn:aws:s3:::{bucket}/dir/a b"
    timed = {name: put.pop(name) for name in ("time", "total_us", "turnaround_us", "host_id", "request_id")}
    assert timed["time"].endswith("+00:00") and timed["total_us"] >= timed["turnaround_us"] > 0
    assert put.pop("user_agent").startswith("Boto3/")
    assert put == {
        "service": "s3",
        "operation": "PutObject",
        "account": root.account_id,
        "principal": root.arn,
        "access_key_id": root.key_id,
        "source_ip": "127.0.0.1",
        "region": "us-east-1",
        "bucket": bucket,
        "bucket_owner": root.account_id,
        "key": "dir/a b",
        "method": "PUT",
        "uri": f"/{bucket}/dir/a%20b",
        "protocol": "HTTP/1.1",
        "host": f"127.0.0.1:{audited.server.port}",
        "status": 200,
        "decision": "allow",
        "by": {"action": "s3:PutObject", "resource": arn, "allowed": True, "reason": "root_of_owner"},
        "object_bytes": 5,
        "signature_version": "SigV4",
        "auth_type": "AuthHeader",
    }
    got = audited.done(s3.get_object, Bucket=bucket, Key="dir/a b", Range="bytes=1-2")
    assert (got["status"], got["bytes_sent"], got["object_bytes"]) == (206, 2, 5)


def test_the_statement_of_the_caller_s_own_policy_that_let_it_in(audited: Audited, bucket: str) -> None:
    may = user(audited.root, "may", [deny("s3:DeleteObject"), {**allow("s3:PutObject"), "Sid": "Uploads"}])
    s3 = may.client()
    record = audited.done(s3.put_object, Bucket=bucket, Key="k", Body=b"x")
    named = may.arn.rpartition("/")[2]
    assert (record["decision"], record["principal"], record["access_key_id"]) == ("allow", may.arn, may.key_id)
    assert record["by"] == {
        "action": "s3:PutObject",
        "resource": f"arn:aws:s3:::{bucket}/k",
        "allowed": True,
        "reason": "identity_allow",
        "policy_type": "identity-based policy",
        "policy": f"the inline policy may of user {named}",
        "statement": "Uploads",
    }
    record = audited.refused(s3.delete_object, Bucket=bucket, Key="k")
    assert (record["decision"], record["status"], record["code"]) == ("deny", 403, "AccessDenied")
    assert record["by"] == {
        "action": "s3:DeleteObject",
        "resource": f"arn:aws:s3:::{bucket}/k",
        "allowed": False,
        "reason": "explicit_deny",
        "policy_type": "identity-based policy",
        "policy": f"the inline policy may of user {named}",
        "statement": "statement 1",
    }
    record = audited.refused(s3.get_bucket_policy, Bucket=bucket)
    assert (record["by"]["reason"], record["by"].get("statement")) == ("implicit_deny", None)


def test_bucket_policy_access_control_list_and_block_public_access(audited: Audited) -> None:
    name = f"shared-{uuid4().hex[:12]}"
    s3 = audited.server.client()
    s3.create_bucket(Bucket=name)
    guest = stranger(audited.server)
    arn = f"arn:aws:s3:::{name}"
    statement = {**allow("s3:GetObject", f"{arn}/*"), "Sid": "Guests", "Principal": {"AWS": guest.account_id}}
    s3.put_bucket_policy(Bucket=name, Policy=policy(statement))
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    record = audited.done(guest.client().get_object, Bucket=name, Key="k")
    by = {member: record["by"][member] for member in ("reason", "policy_type", "policy", "statement")}
    assert by == {
        "reason": "resource_allow",
        "policy_type": "resource-based policy",
        "policy": "the bucket policy",
        "statement": "Guests",
    }
    assert (record["account"], record["bucket_owner"]) == (guest.account_id, audited.root.account_id)
    record = audited.refused(guest.client().put_object, Bucket=name, Key="k", Body=b"x")
    assert record["by"]["reason"] == "cross_account_resource_missing"

    everyone = {**allow("s3:GetObject", f"{arn}/*"), "Principal": "*"}
    record = audited.refused(s3.put_bucket_policy, Bucket=name, Policy=policy(everyone))
    assert (record["by"]["action"], record["by"]["policy_type"]) == ("s3:PutBucketPolicy", "Block Public Access")

    s3.delete_public_access_block(Bucket=name)
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.put_object(Bucket=name, Key="open", Body=b"x", ACL="public-read")
    s3.delete_bucket_policy(Bucket=name)
    record = audited.done(anonymous(audited.server).get_object, Bucket=name, Key="open")
    assert (record["principal"], record["by"]["policy_type"]) == ("anonymous", "access control list")
    assert record["acl_required"] is True


def test_what_was_decided_besides(audited: Audited, bucket: str) -> None:
    s3 = user(audited.root, "half", [allow("s3:*"), deny("s3:DeleteObject", f"arn:aws:s3:::{bucket}/kept")]).client()
    named = {"Objects": [{"Key": key} for key in ("gone", "kept")]}
    record = audited.done(s3.delete_objects, Bucket=bucket, Delete=named)
    assert (record["status"], record["decision"], record["by"]["allowed"]) == (200, "allow", True)
    assert [(each["resource"].rpartition("/")[2], each["allowed"]) for each in record["also"]] == [("kept", False)]
    with_tags = audited.done(s3.put_object, Bucket=bucket, Key="k", Body=b"x", Tagging="a=b")
    assert [with_tags["by"]["action"], with_tags["also"][0]["action"]] == ["s3:PutObject", "s3:PutObjectTagging"]


def test_many_decisions_make_no_endless_record(audited: Audited, bucket: str) -> None:
    s3 = user(audited.root, "many", [allow("s3:*")]).client()
    named = {"Objects": [{"Key": f"none/{number}"} for number in range(500)], "Quiet": True}
    record = audited.done(s3.delete_objects, Bucket=bucket, Delete=named)
    assert len(record["also"]) == 32


def test_credentials_that_do_not_hold(audited: Audited, bucket: str) -> None:
    wrong = Person(server=audited.server, account_id="", arn="", key_id=audited.root.key_id, secret="wrong-secret")
    record = audited.refused(wrong.client().get_object, Bucket=bucket, Key="k")
    assert record["decision"] == "deny"
    assert record["by"] == {"allowed": False, "reason": "authentication"}
    assert (record["code"], record["access_key_id"]) == ("SignatureDoesNotMatch", audited.root.key_id)
    assert "principal" not in record and (record["bucket"], record["key"]) == (bucket, "k")
    unknown = Person(server=audited.server, account_id="", arn="", key_id="AKIAUNKNOWN", secret="wrong-secret")
    record = audited.refused(unknown.client().list_buckets)
    assert (record["code"], record["access_key_id"]) == ("InvalidAccessKeyId", "AKIAUNKNOWN")


def test_what_was_not_decided(audited: Audited) -> None:
    record = audited.refused(audited.server.client().list_objects_v2, Bucket=f"none-{uuid4().hex}")
    assert (record["decision"], record["code"], "by" in record) == ("none", "NoSuchBucket", False)
    record = audited.refused(anonymous(audited.server).list_buckets)
    assert (record["decision"], record["by"]["reason"]) == ("deny", "anonymous")


def test_the_expected_owner_is_named_as_the_reason(audited: Audited, bucket: str) -> None:
    record = audited.refused(audited.server.client().get_bucket_acl, Bucket=bucket, ExpectedBucketOwner="000000000000")
    assert (record["decision"], record["by"]["reason"]) == ("deny", "expected_bucket_owner")


def test_every_service_leaves_records(audited: Audited, bucket: str) -> None:
    nobody = user(audited.root, "nobody")
    server = audited.server
    record = audited.done(server.client("sts").get_caller_identity)
    assert (record["service"], record["operation"], record["decision"]) == ("sts", "GetCallerIdentity", "allow")
    role = f"arn:aws:iam::{nobody.account_id}:role/none"
    record = audited.refused(nobody.client("sts").assume_role, RoleArn=role, RoleSessionName="night")
    assert record["by"] == {
        "action": "sts:AssumeRole", "resource": role, "allowed": False, "reason": "no_such_role",
    }  # fmt: skip
    record = audited.refused(nobody.client("iam").get_user)
    assert (record["service"], record["operation"], record["by"]["action"]) == ("iam", "GetUser", "iam:GetUser")
    assert (record["by"]["resource"], record["by"]["reason"]) == (nobody.arn, "implicit_deny")
    record = audited.refused(nobody.client("cloudwatch").list_metrics)
    assert (record["service"], record["by"]["action"]) == ("monitoring", "cloudwatch:ListMetrics")
    control = nobody.client("s3control")
    record = audited.refused(control.list_jobs, AccountId=nobody.account_id)
    assert (record["service"], record["operation"], record["by"]["action"]) == ("s3control", "ListJobs", "s3:ListJobs")
    assert audited.refused(server.client().put_bucket_website, Bucket=bucket, WebsiteConfiguration={})["code"] in (
        "NotImplemented", "MalformedXML",
    )  # fmt: skip


def fetch(server: Server, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_server_s_own_paths_leave_records(audited: Audited, bucket: str) -> None:
    server = audited.server
    assert fetch(server, "/-/metrics") == 401
    record = audited.last()
    assert (record["operation"], record["decision"], record["status"]) == ("/-/metrics", "deny", 401)
    assert fetch(server, "/-/metrics", Authorization=f"Bearer {TOKEN}") == 200
    assert audited.last()["decision"] == "allow"
    assert fetch(server, f"/-/replication/status?bucket={bucket}") == 403
    record = audited.last()
    assert (record["service"], record["operation"]) == ("farshore", "/-/replication/status")
    assert (record["bucket"], record["decision"], record["by"]["reason"]) == (bucket, "deny", "anonymous")
    server.cli("status")
    record = audited.last()
    assert (record["operation"], record["principal"], record["decision"]) == (
        "/-/status", audited.root.arn, "allow",
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/-/console/session", "/-/console/%73ession"])
def test_a_sign_in_to_the_console_leaves_a_record_however_its_path_is_written(audited: Audited, path: str) -> None:
    server = audited.server
    signed = AWSRequest("POST", f"{server.endpoint}/-/console/session", {"X-Farshore-Console": "1"})
    S3SigV4Auth(Credentials(server.access_key_id, server.secret_access_key), "s3", "us-east-1").add_auth(signed)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", path, headers=dict(signed.headers))
    assert connection.getresponse().status == 200
    connection.close()
    record = audited.last()
    assert (record["operation"], record["principal"], record["decision"]) == (
        "/-/console/session", audited.root.arn, "allow",
    )  # fmt: skip


def test_a_server_does_not_start_without_the_log_it_is_to_keep(server_factory: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    server = server_factory(start=False, environment={"FARSHORE_AUDIT_LOG": str(tmp_path / "taken" / "audit.jsonl")})
    server.begin()
    assert server.wait() != 0
    assert f"cannot write the audit log {tmp_path}/taken/audit.jsonl" in server.log.read_text()


def test_both_processes_write_whole_lines_and_go_on_after_a_rotation(server_factory: Any, tmp_path: Path) -> None:
    path = tmp_path / "kept" / "audit.jsonl"
    server = server_factory(workers=2, environment={"FARSHORE_AUDIT_LOG": str(path)})
    clients = [server.client() for _ in range(4)]
    ids = {client.list_buckets()["ResponseMetadata"]["RequestId"] for client in clients for _ in range(25)}
    rotated = path.rename(tmp_path / "rotated.jsonl")
    ids |= {client.list_buckets()["ResponseMetadata"]["RequestId"] for client in clients for _ in range(25)}
    assert server.stop() == 0
    kept = [json.loads(line)["request_id"] for each in (rotated, path) for line in each.read_text().splitlines()]
    assert len(kept) == len(set(kept)) and ids <= set(kept)
    assert len(ids) == 200 and path.stat().st_size > 0


@pytest.mark.parametrize("header", ["User-Agent", "Referer", "Host", "Authorization"])
def test_bytes_that_are_no_text_are_recorded_too(audited: Audited, bucket: str, header: str) -> None:
    """They come as lone surrogates, which JSON and UTF-8 do not have."""
    target = logged_to_a_target(audited.server, bucket)
    with socket.create_connection(("127.0.0.1", audited.server.port), timeout=30) as connection:
        host = b"" if header == "Host" else f"Host: 127.0.0.1:{audited.server.port}\r\n".encode()
        head = f"GET /{bucket}/k HTTP/1.1\r\n".encode() + host + header.encode()
        connection.sendall(head + b': a\xff"\xfe\r\nConnection: close\r\n\r\n')
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 40"), answer
    request_id = answer.lower().partition(b"x-amz-request-id: ")[2].partition(b"\r\n")[0].decode().upper()
    record = audited.of(request_id)
    assert record["status"] in (400, 403)
    if header in ("User-Agent", "Referer"):
        assert record[header.lower().replace("-", "_")] == 'a\\udcff"\\udcfe'
    wait_for(lambda: request_id in delivered(audited.server, target), 60, "the access log")


def test_a_client_that_leaves_early_leaves_a_record(audited: Audited, bucket: str) -> None:
    server, size = audited.server, 30_000_000
    server.client().put_object(Bucket=bucket, Key="large", Body=b"x" * size)
    url = presigned(audited.root, bucket, "s3v4", key="large")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        target = url.removeprefix(server.endpoint)
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        received = b""
        # More than the pieces in which it is sent: what has gone out is counted.
        while len(received) < 4 * 1024 * 1024:
            piece = connection.recv(64 * 1024)
            assert piece, received[:4096]
            received += piece
    request_id = received[:4096].lower().partition(b"x-amz-request-id: ")[2].partition(b"\r\n")[0].decode().upper()
    record = audited.of(request_id)
    assert (record["status"], record["broken_off"], record["decision"]) == (200, True, "allow")
    assert record["bytes_sent"] < record["object_bytes"] == size


def presigned(person: Person, bucket: str, signature_version: str, token: str | None = None, *, key: str = "k") -> str:
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=person.server.endpoint,
        aws_access_key_id=person.key_id,
        aws_secret_access_key=person.secret,
        aws_session_token=token,
        config=Config(signature_version=signature_version),
    )
    return client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})


def logged_to_a_target(server: Server, bucket: str) -> str:
    """Let the bucket keep a server access log; returns its target."""
    s3, target = server.client(), f"{bucket}-log"
    s3.create_bucket(Bucket=target)  # Again is no error for its owner in us-east-1.
    logging = {**allow("s3:PutObject", f"arn:aws:s3:::{target}/*"), "Principal": {"Service": LOG_DELIVERY_SERVICE}}
    s3.put_bucket_policy(Bucket=target, Policy=policy(logging))
    enabled = {"TargetBucket": target, "TargetPrefix": ""}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})
    return target


def delivered(server: Server, target: str) -> str:
    """All that was delivered to a target."""
    s3 = server.client()
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=target).get("Contents", [])]
    return "".join(s3.get_object(Bucket=target, Key=key)["Body"].read().decode() for key in keys)


def test_no_log_holds_a_secret_a_signature_or_a_session_token(audited: Audited, bucket: str) -> None:
    server, root = audited.server, audited.root
    ana = user(root, "ana", [allow("s3:*"), allow("sts:*")])
    given = ana.client("sts").get_session_token()["Credentials"]
    session = Person(server=server, account_id="", arn="", key_id=given["AccessKeyId"], secret=given["SecretAccessKey"])
    target = logged_to_a_target(server, bucket)
    secrets = {root.secret, ana.secret, session.secret, given["SessionToken"], TOKEN, "wrong-secret"}
    ana.client().put_object(Bucket=bucket, Key="k", Body=b"x")
    seen: set[str] = set()

    def remember(request: Any, **_: Any) -> None:
        seen.add(request.headers["Authorization"].decode().rpartition("Signature=")[2])

    signed = ana.client()
    signed.meta.events.register("before-send.s3", remember)
    signed.put_object(Bucket=bucket, Key="k", Body=b"y")
    with pytest.raises(ClientError):
        signed.get_object(Bucket=bucket, Key="no")
    urls = [
        presigned(ana, bucket, "s3v4"),
        presigned(ana, bucket, "s3"),
        presigned(session, bucket, "s3v4", given["SessionToken"]),
        presigned(session, bucket, "s3", given["SessionToken"]),
    ]
    for url in urls:
        query = urlsplit(url).query
        seen |= {part.partition("=")[2] for part in query.split("&") if "ignature=" in part or "oken=" in part}
        path = url.removeprefix(server.endpoint)
        assert fetch(server, path) == 200
        disguised = path.replace("Signature=", "Signatur%65=").replace("Security-Token=", "Security-Toke%6E=")
        fetch(server, disguised)
        fetch(server, path + "x")  # Some other signature or key: refused.
        fetch(server, f"/{bucket}/k", Referer=url, **{"User-Agent": url})
    assert len(seen) >= 7
    seen |= {unquote(secret) for secret in seen}
    marker = server.client().head_bucket(Bucket=bucket)["ResponseMetadata"]["RequestId"]
    audited.of(marker)
    wait_for(lambda: marker in delivered(server, target), 60, "the access log")
    logs = {
        "audit": audited.path.read_text(),
        "access": delivered(server, target),
        "ordinary": server.log.read_text(),
    }
    assert [(name, what) for name, text in logs.items() for what in secrets | seen if what in text] == []
    assert min(logs[name].count("(hidden)") for name in ("audit", "access")) >= 8
    assert "identity call" in logs["ordinary"] and "access denied" in logs["ordinary"]


class OfChunks(S3SigV4Auth):
    """Signs the head of a request whose body is signed chunk by chunk."""

    def payload(self, request: Any) -> str:
        del request
        return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


def test_a_body_whose_signature_does_not_hold_is_a_refusal(audited: Audited, bucket: str) -> None:
    """Its caller is known by then, and was allowed to write."""
    server, root = audited.server, audited.root
    headers = {"x-amz-decoded-content-length": "5", "Content-Encoding": "aws-chunked"}
    body = f"5;chunk-signature={'0' * 64}\r\nhello\r\n0;chunk-signature={'0' * 64}\r\n\r\n".encode()
    request = AWSRequest("PUT", f"{server.endpoint}/{bucket}/chunked", headers, body)
    OfChunks(Credentials(root.key_id, root.secret), "s3", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("PUT", f"/{bucket}/chunked", body, dict(request.headers.items()))
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 403
    record = audited.of(answer.headers["x-amz-request-id"])
    assert (record["code"], record["decision"]) == ("SignatureDoesNotMatch", "deny")
    assert record["by"] == {"allowed": False, "reason": "authentication"}
    assert record["also"][0]["action"] == "s3:PutObject"
