"""URLs presigned by Signature Version 2, as botocore makes them by default for an endpoint of one's own."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import pytest
from botocore.config import Config
from multidict import CIMultiDict

from farshore.auth import sigv2
from farshore.auth.sigv2 import PresignedV2, read_presigned, verify_presigned
from farshore.model.errors import AccessDenied, S3Error, SignatureDoesNotMatch
from farshore.model.query import Query
from farshore.wire.addressing import parse_query
from farshore.wire.service_model import load

SECRET = "bPxRfiCYEXAMPLEKEY/secret"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BUCKET_OPERATIONS = ("list_objects", "list_objects_v2", "list_object_versions", "head_bucket", "create_bucket")
MODELS = [load("s3"), load("s3control")]


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
    named = {"Bucket": "b", **({} if operation in BUCKET_OPERATIONS else {"Key": "ü/a b"}), **params}
    url: str = s3.generate_presigned_url(operation, Params=named, ExpiresIn=expires_s)
    return url


def verify(url: str, method: str = "GET", headers: Mapping[str, str] | None = None, **changes: Any) -> None:
    parts = urlsplit(url)
    found = read_presigned(parse_query(parts.query))
    assert found is not None and found.access_key_id == "AKIAEXAMPLE"
    host = parts.netloc.partition(".s3.localhost")[0] if parts.netloc.startswith("b.") else None
    now = datetime.now(UTC)
    named: dict[str, Any] = {"method": method, "raw_path": parts.path, "host_bucket": host, "now": now, **changes}
    verify_presigned(found, SECRET, query=parse_query(parts.query), headers=CIMultiDict(headers or {}), **named)


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
        ("copy_object", "PUT", {"CopySource": "b/k"}),
        ("list_objects", "GET", {}),
        ("list_objects", "GET", {"Prefix": "a/", "Delimiter": "/", "Marker": "a", "EncodingType": "url"}),
        ("list_objects_v2", "GET", {"StartAfter": "a", "ContinuationToken": "a"}),
        ("list_object_versions", "GET", {"KeyMarker": "a", "VersionIdMarker": "b"}),
        ("head_bucket", "HEAD", {}),
        ("create_bucket", "PUT", {}),
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


@pytest.mark.parametrize(
    "added",
    [
        "%76ersionId=1",
        "versionId=1",
        "VersionId=1",
        "%70olicy",
        "%74agging",
        "publicAccessBlock",
        "attributes",
        "unknown=1",
        "X-Amz-Copy-Source=b/other",
        "x-amz-cop%79-source=b/other",
        "Content-Type=text/html",
        "action=x",
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_a_url_to_which_a_parameter_was_added_does_not_hold(added: str, first: bool) -> None:
    url = presigned("get_object")
    path, _, query = url.partition("?")
    with pytest.raises((AccessDenied, SignatureDoesNotMatch)):
        verify(f"{path}?{added}&{query}" if first else f"{url}&{added}")


@pytest.mark.parametrize("header", ["Content-Type", "Content-MD5"])
@pytest.mark.parametrize("value", ["", "other"])
def test_a_header_that_is_sent_counts_instead_of_what_the_url_says(header: str, value: str) -> None:
    url = presigned("put_object", ContentType="text/plain", ContentMD5="MTIzNA==")
    verify(url, "PUT")
    with pytest.raises(SignatureDoesNotMatch):
        verify(url, "PUT", {header: value})


def test_the_parameters_that_are_not_signed_are_named() -> None:
    with pytest.raises(AccessDenied) as error:
        verify(presigned("get_object") + "&publicAccessBlock&X-Amz-Acl=private&attributes=")
    assert error.value.message == "There were query parameters present in the request which were not signed"
    assert error.value.details["ParametersNotSigned"] == "X-Amz-Acl, attributes, publicAccessBlock"


@pytest.mark.parametrize(
    ("operation", "added"),
    [
        ("copy_object", "x-amz-copy-source=b/k"),
        ("copy_object", "x%2Damz-copy-source=b/other"),
        ("copy_object", "X-Amz-Copy-Source=b/other"),
        ("list_objects", "prefix=b"),
        ("put_object", "Expires=9999999999"),
        ("put_object", "content-type=text/html"),
        ("put_object", "Content-Type=text/html"),
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_a_url_that_repeats_a_parameter_is_refused(operation: str, added: str, first: bool) -> None:
    """Of a repeated parameter the first counts: whoever holds the URL could put another before it."""
    params = {"copy_object": {"CopySource": "b/k"}, "list_objects": {"Prefix": "a"}, "put_object": {"ContentType": "a"}}
    url = presigned(operation, **params[operation])
    path, _, query = url.partition("?")
    with pytest.raises(AccessDenied, match=r"may not repeat the .* parameter"):
        verify(
            f"{path}?{added}&{query}" if first else f"{url}&{added}", "GET" if operation == "list_objects" else "PUT"
        )


def test_one_parameter_may_not_swallow_those_that_follow_it_in_what_is_signed() -> None:
    url = presigned("get_object", ResponseContentType="a", VersionId="v")
    verify(url)
    swallowed = url.replace("response-content-type=a&", "response-content-type=a%26versionId%3Dv&")
    swallowed = swallowed.replace("&versionId=v", "").replace("?versionId=v&", "?")
    with pytest.raises(AccessDenied, match="response-content-type parameter could be taken for further parameters"):
        verify(swallowed)
    verify(presigned("get_object", ResponseContentDisposition='attachment; filename="a&b=c"'))

    url = presigned("put_object", ACL="private", StorageClass="STANDARD_IA")
    verify(url, "PUT")
    swallowed = url.replace("x-amz-acl=private", "x-amz-acl=private%0Ax-amz-storage-class%3ASTANDARD_IA")
    with pytest.raises(AccessDenied, match="x-amz-acl parameter could be taken for further parameters"):
        verify(swallowed.replace("&x-amz-storage-class=STANDARD_IA", ""), "PUT")


SELECTORS = sorted(
    {
        name
        for model in MODELS
        for operation in model.operations.values()
        for name in (*(name for name, _ in operation.fixed_query), *operation.required_query)
    }
    - {"list-type"}
)


def test_the_model_has_sub_resources() -> None:
    assert {"publicAccessBlock", "encryption", "attributes", "partNumber", "uploadId", "policy"} <= set(SELECTORS)


@pytest.mark.parametrize("name", SELECTORS)
def test_whatever_selects_an_operation_is_signed_or_refused(name: str) -> None:
    with pytest.raises((AccessDenied, SignatureDoesNotMatch)):
        verify(presigned("list_objects") + f"&{name}=2")


@pytest.mark.parametrize("name", sorted(sigv2.UNSIGNED_PARAMETERS))
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("value", ["", "2"])
def test_no_parameter_that_is_not_signed_selects_an_operation(
    name: str, method: str, key: str | None, value: str
) -> None:
    assert _routed(method, key, {name: value}) == _routed(method, key, {})


def _routed(method: str, key: str | None, query: dict[str, str]) -> str:
    try:
        return MODELS[0].route(method, "b", key, query, {}).name.replace("ListObjectsV2", "ListObjects")
    except S3Error as error:
        return error.code


def test_a_bucket_alone_may_be_signed_without_a_slash_as_well() -> None:
    expires = str(int(datetime.now(UTC).timestamp()) + 60)
    to_sign = f"GET\n\n\n{expires}\n/b".encode()
    signature = quote(base64.b64encode(hmac.digest(SECRET.encode(), to_sign, "sha1")), safe="")
    query = f"AWSAccessKeyId=AKIAEXAMPLE&Expires={expires}&Signature={signature}"
    verify(f"http://s3.localhost:9000/b?{query}")
    for other in ("/b/", "/b/b", "/c", "/"):
        with pytest.raises(SignatureDoesNotMatch):
            verify(f"http://s3.localhost:9000{other}?{query}")


def test_another_secret_does_not_hold() -> None:
    parts = urlsplit(presigned("get_object"))
    found = read_presigned(parse_query(parts.query))
    assert found is not None
    with pytest.raises(SignatureDoesNotMatch):
        verify_presigned(
            found,
            "x",
            method="GET",
            raw_path=parts.path,
            query=parse_query(parts.query),
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
            claimed, SECRET, method="GET", raw_path="/", query=Query(), headers={}, host_bucket=None, now=NOW
        )


@pytest.mark.parametrize("names", [["Signature"], ["AWSAccessKeyId", "Expires"], ["Signature", "AWSAccessKeyId"]])
def test_a_url_with_some_of_the_parameters_is_told_of_the_others(names: list[str]) -> None:
    with pytest.raises(S3Error) as error:
        read_presigned(dict.fromkeys(names, "1"))
    message = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
    assert (type(error.value), error.value.message) == (AccessDenied, message)


def test_a_query_without_them_has_no_credentials() -> None:
    assert read_presigned({"Expires": "1"}) is None
