"""URLs presigned by Signature Version 2, which boto3 makes by default: each is good for what was signed, no more."""

from __future__ import annotations

import base64
import hashlib
import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.server import Server


@pytest.fixture(scope="module")
def bucket(server: Server) -> Iterator[str]:
    """A versioned bucket with an object `k` of two versions, and another, `other`."""
    name = f"presigned-{uuid4().hex[:12]}"
    s3 = server.client()
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key, body in (("k", b"old"), ("k", b"new"), ("other", b"secret")):
        s3.put_object(Bucket=name, Key=key, Body=body)
    yield name


@pytest.fixture
def presigned(server: Server, bucket: str) -> Any:
    """Presigns an operation on the bucket."""
    signer = server.client(signature_version="s3", s3={"addressing_style": "path"})
    return lambda operation, **params: signer.generate_presigned_url(operation, {"Bucket": bucket, **params})


def send(method: str, url: str, body: bytes | None = None) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.request(method, f"{parts.path}?{parts.query}", body)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def refused(answer: tuple[int, bytes]) -> bool:
    return answer[0] == 403 and (b"AccessDenied" in answer[1] or b"SignatureDoesNotMatch" in answer[1])


@pytest.mark.parametrize(
    ("method", "operation", "params", "expected"),
    [
        ("GET", "get_object", {"Key": "k"}, b"new"),
        ("GET", "list_objects", {"Prefix": "k"}, b"<Key>k</Key>"),
        ("GET", "list_objects_v2", {"MaxKeys": 1}, b"<KeyCount>1</KeyCount>"),
        ("GET", "list_object_versions", {"Prefix": "k"}, b"<VersionId>"),
        ("HEAD", "head_bucket", {}, b""),
    ],
)
def test_what_boto3_presigns_is_answered(
    presigned: Any, method: str, operation: str, params: dict[str, Any], expected: bytes
) -> None:
    status, body = send(method, presigned(operation, **params))
    assert (status, expected in body) == (200, True), body


def test_a_url_of_an_object_is_good_for_no_other_version_and_no_sub_resource(
    server: Server, bucket: str, presigned: Any
) -> None:
    s3 = server.client()
    old = s3.list_object_versions(Bucket=bucket, Prefix="k")["Versions"][-1]["VersionId"]
    for name in ("versionId", "%76ersionId", "versionI%64"):
        assert refused(send("GET", presigned("get_object", Key="k") + f"&{name}={old}"))
        assert refused(send("DELETE", presigned("delete_object", Key="k") + f"&{name}={old}"))
    tagging = b"<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
    for name in ("tagging", "%74agging", "tagg%69ng"):
        assert refused(send("PUT", presigned("put_object", Key="k") + f"&{name}", tagging))
    assert len(s3.list_object_versions(Bucket=bucket, Prefix="k")["Versions"]) == 2
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


@pytest.mark.parametrize("name", ["policy", "%70olicy", "acl", "publicAccessBlock", "policyStatus", "encryption"])
def test_a_url_of_a_list_is_good_for_no_setting_of_the_bucket(presigned: Any, name: str) -> None:
    assert refused(send("GET", f"{presigned('list_objects')}&{name}"))


def test_a_url_of_a_copy_is_good_for_its_source_alone(server: Server, bucket: str, presigned: Any) -> None:
    url = presigned("copy_object", Key="copy", CopySource=f"{bucket}/k")
    source = f"x-amz-copy-source={bucket}/other"
    assert refused(send("PUT", url.replace("?", f"?{source}&")))
    assert refused(send("PUT", f"{url}&{source}"))
    # As another name it would be signed alike, and the copy be an upload.
    assert refused(send("PUT", url.replace("x-amz-copy-source=", "X-Amz-Copy-Source="), b"stolen"))
    assert refused(send("PUT", url.replace("x-amz-copy-source=", "x-amz-%43opy-source="), b"stolen"))
    assert send("PUT", url)[0] == 200
    assert server.client().get_object(Bucket=bucket, Key="copy")["Body"].read() == b"new"


def test_a_url_of_farshores_own_paths_takes_no_parameters(server: Server, bucket: str) -> None:
    """They are not signed."""
    request: Any = AWSRequest("GET", f"{server.endpoint}/-/replication/wait")
    HmacV1QueryAuth(Credentials(server.access_key_id, server.secret_access_key)).add_auth(request)
    status, body = send("GET", request.url)
    assert (status, b"bucket" in body) == (400, True)  # The signature holds; which bucket, it does not say.
    assert refused(send("GET", f"{request.url}&bucket={bucket}&timeout=0"))


def test_what_a_url_says_of_the_body_holds_although_no_header_says_it(
    server: Server, bucket: str, presigned: Any
) -> None:
    md5 = base64.b64encode(hashlib.md5(b"agreed").digest()).decode()
    url = presigned("put_object", Key="upload", ContentMD5=md5, ContentType="text/csv", Metadata={"a": "b"})
    status, answer = send("PUT", url, b"another")
    assert (status, b"<Code>BadDigest</Code>" in answer) == (400, True)
    assert send("PUT", url, b"agreed")[0] == 200
    found = server.client().head_object(Bucket=bucket, Key="upload")
    assert (found["ContentType"], found["Metadata"]) == ("text/csv", {"a": "b"})
