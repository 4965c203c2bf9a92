"""Signatures that are right and yet refused: another region, another time, headers left unsigned. As AWS words it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.signing import Sent, Server, amz_time, presign, sign

from farshore.model.errors import (
    AccessDenied,
    AuthorizationHeaderMalformed,
    AuthorizationQueryParametersError,
    RequestTimeTooSkewed,
    S3Error,
    SignatureDoesNotMatch,
)


def iso(sent: Sent, after_s: int) -> str:
    """So long after a request's own time."""
    moment = amz_time(sent.credentials().amz_date) + timedelta(seconds=after_s)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2"])
def test_a_signature_holds_for_every_region_that_is_served(region: str) -> None:
    Server().verify(sign(region=region))
    Server().verify(presign(region=region))


def test_another_region_is_refused_and_the_served_one_named() -> None:
    with pytest.raises(AuthorizationHeaderMalformed) as error:
        Server().verify(sign(region="aws-global"))
    assert error.value.message == (
        "The authorization header is malformed; the region 'aws-global' is wrong; expecting 'us-east-1'"
    )
    assert error.value.details == {"Region": "us-east-1"}
    with pytest.raises(AuthorizationQueryParametersError) as query_error:
        Server(regions=["eu-west-1"]).verify(presign())
    assert query_error.value.message == (
        "Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong; expecting 'eu-west-1'"
    )
    assert query_error.value.details == {"Region": "eu-west-1"}


def test_of_a_bucket_its_own_region_is_named_instead_and_in_a_header_too() -> None:
    with pytest.raises(AuthorizationHeaderMalformed, match="expecting 'us-west-2'") as error:
        Server().verify(sign(region="aws-global"), bucket_region="us-west-2")
    assert error.value.details == {"Region": "us-west-2"}
    assert error.value.headers == {"x-amz-bucket-region": "us-west-2"}
    # Nobody serves it here; yet it is the right one, and who has it is for others to say.
    Server().verify(sign(region="mars"), bucket_region="mars")
    with pytest.raises(AuthorizationHeaderMalformed) as without:
        Server().verify(sign(region="aws-global"))
    assert without.value.headers == {}


def test_another_service_is_refused() -> None:
    with pytest.raises(AuthorizationHeaderMalformed) as error:
        Server().verify(sign(service="ec2"))
    assert error.value.message == (
        'The authorization header is malformed; incorrect service "ec2". This endpoint belongs to "s3".'
    )
    with pytest.raises(AuthorizationQueryParametersError) as query_error:
        Server(services=["iam", "s4"]).verify(presign())
    assert query_error.value.message == (
        'Error parsing the X-Amz-Credential parameter; incorrect service "s3". This endpoint belongs to "iam".'
    )


@pytest.mark.parametrize("age_s", [-900, 0, 900])
def test_a_signed_header_counts_for_a_quarter_of_an_hour_around_its_time(age_s: int) -> None:
    Server().verify(sign(), age_s=age_s)


@pytest.mark.parametrize("age_s", [-901, 901, 86400])
def test_a_signed_header_of_another_time_is_refused(age_s: int) -> None:
    sent = sign()
    with pytest.raises(RequestTimeTooSkewed) as error:
        Server().verify(sent, age_s=age_s)
    assert error.value.status == 403
    assert error.value.message == "The difference between the request time and the current time is too large."
    assert error.value.details == {
        "RequestTime": sent.credentials().amz_date,
        "ServerTime": iso(sent, age_s),
        "MaxAllowedSkewMilliseconds": "900000",
    }


@pytest.mark.parametrize("age_s", [-900, 0, 1, 2])
def test_a_presigned_url_counts_until_it_expires(age_s: int) -> None:
    Server().verify(presign(expires_s=2), age_s=age_s)


def test_an_expired_url_is_refused() -> None:
    sent = presign(expires_s=2)
    with pytest.raises(AccessDenied) as error:
        Server().verify(sent, age_s=3)
    assert error.value.message == "Request has expired"
    assert error.value.details == {"X-Amz-Expires": "2", "Expires": iso(sent, 2), "ServerTime": iso(sent, 3)}


def test_a_url_presigned_in_the_future_is_refused() -> None:
    with pytest.raises(AccessDenied, match="Request is not valid yet"):
        Server().verify(presign(), age_s=-901)


@pytest.mark.parametrize("sent", [sign("PUT"), presign("PUT")], ids=["header", "query"])
@pytest.mark.parametrize(
    ("added", "unsigned"),
    [
        (["x-amz-acl"], "x-amz-acl"),
        (["X-Amz-Meta-Wrong"], "x-amz-meta-wrong"),
        (["X-AMZ-EXPIRES"], "x-amz-expires"),
        (["X-Amz-Decoded-Content-Length", "X-Amz-Copy-Source"], "x-amz-copy-source, x-amz-decoded-content-length"),
        (["x-amz-meta-a", "X-Amz-Meta-A"], "x-amz-meta-a"),
    ],
)
def test_amazons_headers_must_be_signed(sent: Sent, added: list[str], unsigned: str) -> None:
    with pytest.raises(AccessDenied) as error:
        Server().verify(replace(sent, headers=(*sent.headers, *((name, "a") for name in added))))
    assert error.value.message == "There were headers present in the request which were not signed"
    assert error.value.details == {"HeadersNotSigned": unsigned}


def test_a_presigned_url_with_the_headers_of_a_chunked_upload_is_refused() -> None:
    sent = presign("PUT", "/bucket/key", headers={"Content-Type": "application/octet-stream"})
    for name, value in {
        "X-Amz-Content-Sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "X-Amz-Date": "20211122T191045Z",
        "X-Amz-Decoded-Content-Length": "test",
        "Expect": "100-continue",
    }.items():
        sent = sent.with_header(name, value)
    with pytest.raises(AccessDenied) as error:
        Server().verify(sent)
    assert error.value.details == {"HeadersNotSigned": "x-amz-date, x-amz-decoded-content-length"}
    with pytest.raises(AccessDenied) as error:
        Server().verify(sent.with_header("X-Amz-Decoded-Content-Length", None))
    assert error.value.details == {"HeadersNotSigned": "x-amz-date"}


def test_a_presigned_url_with_another_payload_hash_than_it_was_signed_with_does_not_match() -> None:
    sent = presign("PUT", "/bucket/key")
    Server().verify(sent.with_header("x-amz-content-sha256", "UNSIGNED-PAYLOAD"))
    with pytest.raises(SignatureDoesNotMatch):
        Server().verify(sent.with_header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"))


def test_a_presigned_url_may_carry_amazons_headers_as_parameters() -> None:
    Server().verify(presign("PUT", "/bucket/key", query="x-amz-meta-foo=bar-complicated-no-random&x-amz-acl=private"))


@pytest.mark.parametrize(("name", "value"), [("Content-Type", "text/html"), ("Content-Type", None)])
def test_a_presigned_urls_signed_headers_must_be_sent_as_they_were_signed(name: str, value: str | None) -> None:
    sent = presign("PUT", "/bucket/key", headers={"Content-Type": "text/plain", "x-amz-meta-a": "b"})
    Server().verify(sent)
    with pytest.raises(SignatureDoesNotMatch):
        Server().verify(sent.with_header(name, value))
    with pytest.raises(SignatureDoesNotMatch):
        Server().verify(sent.with_header("x-amz-meta-a", None))


@pytest.mark.parametrize("sent", [sign(), presign()], ids=["header", "query"])
def test_the_host_must_be_signed(sent: Sent) -> None:
    without = replace(
        sent.with_header("Authorization", dict(sent.headers).get("Authorization", "").replace("host;", "") or None),
        query=sent.query.replace("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=accept"),
    )
    with pytest.raises(AccessDenied) as error:
        Server().verify(without)
    assert error.value.details == {"HeadersNotSigned": "host"}


@pytest.mark.parametrize("sent", [sign(), presign()], ids=["header", "query"])
def test_a_signature_does_not_hold_for_another_host(sent: Sent) -> None:
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        Server().verify(sent.with_header("Host", "other.localhost:9000"))
