"""URLs presigned by Signature Version 2, as botocore makes them by default for an endpoint of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from multidict import CIMultiDict

from farshore.auth.request_credentials import query_parameters
from farshore.auth.sigv2 import PresignedV2, read_presigned, verify_presigned
from farshore.model.errors import AccessDenied, S3Error, SignatureDoesNotMatch

SECRET = "bPxRfiCYEXAMPLEKEY/secret"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def presigned(operation: str, expires_s: int = 600, *, virtual: bool = False, **params: str) -> str:
    style = "virtual" if virtual else "path"
    s3: Any = boto3.client(
        "s3",
        endpoint_url="http://s3.localhost:9000",
        region_name="us-west-2",
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key=SECRET,
        config=Config(signature_version="s3", s3={"addressing_style": style}),
    )
    url: str = s3.generate_presigned_url(
        operation, Params={"Bucket": "b", "Key": "ü/a b", **params}, ExpiresIn=expires_s
    )
    return url


def verify(url: str, method: str = "GET", headers: Mapping[str, str] | None = None, **changes: Any) -> None:
    parts = urlsplit(url)
    found = read_presigned(query_parameters(parts.query))
    assert found is not None and found.access_key_id == "AKIAEXAMPLE"
    host = parts.netloc.partition(".s3.localhost")[0] if parts.netloc.startswith("b.") else None
    now = datetime.now(UTC)
    named: dict[str, Any] = {"method": method, "raw_path": parts.path, "host_bucket": host, "now": now, **changes}
    verify_presigned(found, SECRET, raw_query=parts.query, headers=CIMultiDict(headers or {}), **named)


@pytest.mark.parametrize(
    ("operation", "method", "params"),
    [
        ("get_object", "GET", {}),
        ("get_object", "GET", {"VersionId": "a.b_c"}),
        ("get_object", "GET", {"ResponseContentType": "text/plain; charset=x", "ResponseExpires": "Thu, 01 Jan 2026"}),
        ("head_object", "HEAD", {"PartNumber": "2"}),
        ("put_object", "PUT", {"ContentType": "text/plain", "StorageClass": "STANDARD_IA"}),
        ("upload_part", "PUT", {"UploadId": "u", "PartNumber": "1"}),
        ("get_object_tagging", "GET", {}),
        ("delete_object", "DELETE", {}),
    ],
)
@pytest.mark.parametrize("virtual", [False, True])
def test_what_botocore_presigns_holds(operation: str, method: str, params: dict[str, Any], virtual: bool) -> None:
    params = {name: int(value) if name == "PartNumber" else value for name, value in params.items()}
    verify(presigned(operation, virtual=virtual, **params), method)


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "PUT"},
        {"raw_path": "/b/other"},
        {"headers": {"x-amz-acl": "private"}},
        {"headers": {"Content-Type": "text/html"}},
        {"host_bucket": "c"},
    ],
)
def test_a_url_holds_for_what_was_signed_alone(changes: dict[str, Any]) -> None:
    with pytest.raises(SignatureDoesNotMatch) as error:
        verify(presigned("get_object"), **changes)
    assert SECRET not in str(error.value.details)


def test_another_secret_does_not_hold() -> None:
    parts = urlsplit(presigned("get_object"))
    found = read_presigned(query_parameters(parts.query))
    assert found is not None
    with pytest.raises(SignatureDoesNotMatch):
        verify_presigned(
            found,
            "x",
            method="GET",
            raw_path=parts.path,
            raw_query=parts.query,
            headers={},
            host_bucket=None,
            now=datetime.now(UTC),
        )


def test_a_url_expires() -> None:
    began = datetime.now(UTC)  # botocore signs by the machine's clock, between `began` and `signed`, in whole seconds.
    url = presigned("get_object", 600)
    signed = datetime.now(UTC)
    verify(url, now=began + timedelta(seconds=599))
    with pytest.raises(AccessDenied, match="Request has expired"):
        verify(url, now=signed + timedelta(seconds=601))


def test_a_url_counts_for_a_week_at_most() -> None:
    with pytest.raises(AccessDenied, match="less than a week"):
        verify(presigned("get_object", 604_800 + 60))


@pytest.mark.parametrize("expires", ["soon", "-1", "1e9", "٣", "9" * 13])
def test_a_time_that_is_none_is_refused(expires: str) -> None:
    claimed = PresignedV2(access_key_id="A", signature="s", expires=expires, session_token=None)
    with pytest.raises(AccessDenied, match="Invalid date"):
        verify_presigned(
            claimed, SECRET, method="GET", raw_path="/", raw_query="", headers={}, host_bucket=None, now=NOW
        )


@pytest.mark.parametrize("names", [["Signature"], ["AWSAccessKeyId", "Expires"], ["Signature", "AWSAccessKeyId"]])
def test_a_url_with_some_of_the_parameters_is_told_of_the_others(names: list[str]) -> None:
    with pytest.raises(S3Error) as error:
        read_presigned(dict.fromkeys(names, "1"))
    message = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
    assert (type(error.value), error.value.message) == (AccessDenied, message)


def test_a_query_without_them_has_no_credentials() -> None:
    assert read_presigned({"Expires": "1"}) is None
