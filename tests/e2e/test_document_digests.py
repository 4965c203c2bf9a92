"""Which documents must come with Content-MD5 or a checksum, and that a wrong one is refused of any.

Source: SDKs from before flexible checksums (aws-sdk-go 1.17 among them) send a digest with few operations, and version
buckets on AWS with none. PutBucketTagging, PutObjectLockConfiguration: refused without by S3, in these words.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest
from tests.support.raw_requests import RawAnswer, send_raw
from tests.support.server import Server

BLOCK = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>"
CONTROLS = "<Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule>"
TAGS = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", '
OPTIONAL = [
    ("?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
    ("?ownershipControls", f"<OwnershipControls>{CONTROLS}</OwnershipControls>"),
    ("?publicAccessBlock", BLOCK),
    ("?logging", "<BucketLoggingStatus/>"),
    ("?notification", "<NotificationConfiguration/>"),
    ("?policy", POLICY + '"Resource": "arn:aws:s3:::BUCKET/*"}]}'),
    ("/key?tagging", TAGS),
]
REQUIRED = [
    ("PUT", "?tagging", TAGS),
    ("PUT", "?replication", "<ReplicationConfiguration/>"),
    ("POST", "?delete", "<Delete><Object><Key>key</Key></Object></Delete>"),
]


def send(server: Server, method: str, path: str, document: str, **headers: str) -> RawAnswer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send_raw(server, method, path, named, document.encode())


@pytest.fixture
def filled(s3: Any, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    return bucket


@pytest.mark.parametrize(("path", "document"), OPTIONAL, ids=[path for path, _ in OPTIONAL])
def test_a_document_that_needs_no_digest_is_taken_without(
    server: Server, filled: str, path: str, document: str
) -> None:
    text = document.replace("BUCKET", filled)
    answer = send(server, "PUT", f"/{filled}{path}", text)
    assert answer.status in (200, 204), answer.body
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    refused = send(server, "PUT", f"/{filled}{path}", text, Content_MD5=wrong)
    assert refused.status == 400 and b"<Code>BadDigest</Code>" in refused.body


@pytest.mark.parametrize(("method", "path", "document"), REQUIRED, ids=[path for _, path, _ in REQUIRED])
def test_a_document_that_needs_a_digest_is_refused_without(
    server: Server, s3: Any, filled: str, method: str, path: str, document: str
) -> None:
    refused = send(server, method, f"/{filled}{path}", document)
    assert refused.status == 400 and b"<Code>InvalidRequest</Code>" in refused.body
    assert (
        b"<Message>Missing required header for this request: Content-MD5 OR x-amz-checksum-*</Message>" in refused.body
    )
    assert s3.head_object(Bucket=filled, Key="key")
    crc = base64.b64encode(zlib.crc32(document.encode()).to_bytes(4)).decode()
    assert b"Content-MD5" not in send(server, method, f"/{filled}{path}", document, x_amz_checksum_crc32=crc).body


@pytest.mark.parametrize(
    "path", ["?versioning", "?policy", "?tagging", "?replication", "?ownershipControls", "?publicAccessBlock"]
)
def test_a_document_that_must_come_is_missed(server: Server, filled: str, path: str) -> None:
    refused = send(server, "PUT", f"/{filled}{path}", "")
    assert refused.status == 400 and b"<Code>MissingRequestBodyError</Code>" in refused.body
