"""Every header and parameter of every operation that is served, with values that hurt: none makes the server fail.

The operations are the server's own table, their members AWS's model's, so that one that is added cannot be forgotten.
"""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote
from uuid import uuid4

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.server import Server

from farshore.api.dispatch import S3
from farshore.wire.operations import Operation
from farshore.wire.service_model import load
from farshore.wire.shapes import load_definition

MODEL = load("s3")
DEFINITION = load_definition("s3")
COMMON = [
    "Content-MD5",
    "If-Match",
    "Origin",
    "Range",
    "x-amz-account-id",
    "x-amz-decoded-content-length",
    "x-amz-meta-a",
]
VALUES = [
    *("", " ", "0", "-1", "9" * 19, "9" * 5000, "-" + "9" * 18, str(2**63 - 1), "1e400", "nan", "0." + "9" * 4000, "٣"),
    *(
        "Thu, 01 Jan 99999999999999999999 00:00:00 GMT",
        "2020-01-01T00:00:00+23:59",
        "0001-01-01",
        "9999-12-31T23:59:59-23:00",
    ),
    *(
        "bytes=0-",
        "bytes=-0",
        "bytes=" + "9" * 19 + "-" + "9" * 19,
        "*",
        '"',
        "/",
        "?",
        "x" * 3000,
        "\\",
        "a" * 255 + "=b",
    ),
    *("%00", "%41%zz", "a=b&c=d", "key/k?versionId=" + "9" * 50, "arn:aws:s3:::", "{", "<a/>", " " * 3000 + '"'),
    *("AAAA", "MTIzNA==", "=?UTF-8?B?" + "/" * 50 + "?=", "=?UTF-8?Q?=ZZ?=", "id=" + " " * 3000 + '""x'),
    *("true", "ON", "CRC32", "CRC64NVME", "SHA256", "COMPOSITE", "FULL_OBJECT", "GOVERNANCE", "STANDARD_IA", "COPY"),
]
PLAIN = {"partNumber": "1", "id": "1", "annotationName": "a"}


class Target(NamedTuple):
    """Where hostile requests go: a versioned bucket, an object in it, and a connection that is kept."""

    server: Server
    bucket: str
    version_id: str
    connection: http.client.HTTPConnection

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        request = AWSRequest(method, f"{self.server.endpoint}{path}", headers, body)
        credentials = Credentials(self.server.access_key_id, self.server.secret_access_key)
        S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
        self.connection.request(method, path, body, dict(request.headers.items()))
        answer = self.connection.getresponse()
        return answer.status, answer.read()


@pytest.fixture(scope="module")
def target(server: Server) -> Iterator[Target]:
    bucket = f"hostile-{uuid4().hex[:12]}"
    s3 = server.client()
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version_id = s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")["VersionId"]
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=30)
    yield Target(server, bucket, version_id, connection)
    connection.close()


@pytest.mark.parametrize("name", sorted(S3.keys() - {"ListBuckets"}))
def test_no_value_of_a_header_or_parameter_makes_an_operation_fail(
    target: Target, name: str, request: pytest.FixtureRequest
) -> None:
    """Two values for each, chosen by its name; with --slow all."""
    operation = MODEL.operations[name]
    upload = target.server.client().create_multipart_upload(Bucket=target.bucket, Key="k")["UploadId"]
    given = PLAIN | {"uploadId": upload, "versionId": target.version_id}
    for member, in_query in _members(operation):
        known = [value for value in VALUES if in_query or _fits_in_header(value)]
        chosen = random.Random(f"{name} {member}").sample(known, 2)
        for value in known if request.config.getoption("--slow") else chosen:
            path, headers = _addressed(operation, target.bucket, given, None if not in_query else (member, value))
            if not in_query:
                headers[member] = value
            body = b"x" if operation.streaming_input else b"<a/>" if operation.has_body else b""
            status, answer = target.send(operation.method, path, headers, body)
            assert status < 500 or (status == 501 and b"NotImplemented" in answer), (member, value[:60], status, answer)


def _members(operation: Operation) -> list[tuple[str, bool]]:
    """Names on the wire, and whether they stand in the query."""
    shape = DEFINITION.shape(DEFINITION.operations[operation.name]["input"])
    located = ((member.wire_name(name), member.location) for name, member in shape.members.items())
    found = [(name, location == "querystring") for name, location in located if location in ("querystring", "header")]
    return [*found, *((name, False) for name in COMMON)]


def _addressed(
    operation: Operation, bucket: str, given: dict[str, str], instead: tuple[str, str] | None
) -> tuple[str, dict[str, str]]:
    """Path and required headers of a request, with one parameter other than it ought to be."""
    # What is deleted is another object, so that there is one for the operations that follow.
    path = operation.path.replace("{Bucket}", bucket).replace("{Key+}", "none" if operation.method == "DELETE" else "k")
    query = {name: value or "" for name, value in operation.fixed_query}
    query |= {name: given[name] for name in operation.required_query}
    if instead is not None:
        query[instead[0]] = instead[1]
    text = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in query.items())
    source = f"{bucket}/k"
    return f"{path}?{text}" if text else path, {
        name: source if "source" in name else "x" for name in operation.required_headers
    }


def _fits_in_header(value: str) -> bool:
    return value.isascii() and value == value.strip()
