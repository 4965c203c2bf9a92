"""Credentials as they are read from a request, and those that are refused unread. Messages: recorded on AWS."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict
from tests.support.signing import ACCESS_KEY_ID, Sent, presign, sign

from farshore.auth.request_credentials import RequestCredentials, read_credentials
from farshore.model import errors
from farshore.model.errors import (
    AccessDenied,
    AuthorizationHeaderMalformed,
    AuthorizationQueryParametersError,
    InvalidArgument,
    InvalidRequest,
    S3Error,
)
from farshore.model.query import Query
from farshore.wire.addressing import parse_query

SCOPE = "20130524/us-east-1/s3/aws4_request"
SHA256 = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
AUTHORIZATION = (
    f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/{SCOPE}, SignedHeaders=host;range;x-amz-date, Signature=fe5f80f77d5f"
)
HEADERS = {
    "Authorization": AUTHORIZATION,
    "Host": "examplebucket.s3.amazonaws.com",
    "X-Amz-Date": "20130524T000000Z",
    "X-Amz-Content-SHA256": SHA256,
}
QUERY = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": f"{ACCESS_KEY_ID}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
    "X-Amz-Date": "20130524T000000Z",
    "X-Amz-Expires": "86400",
    "X-Amz-SignedHeaders": "host%3Bx-amz-acl",
    "X-Amz-Signature": "aeeed9bb",
}
MALFORMED = "The authorization header is malformed; "
MALFORMED_QUERY = "Error parsing the X-Amz-Credential parameter; "
EXPECTED_FORM = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
REQUIRED_QUERY = (
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
    "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)
ONE_SPACE = "Authorization header is invalid -- one and only one ' ' (space) required"
OTHER_MECHANISM = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."


def by_header(**changes: str | None) -> RequestCredentials | None:
    headers = {**HEADERS, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return read_credentials(CIMultiDict({name: value for name, value in headers.items() if value is not None}), Query())


def by_query(changes: dict[str, str | None], headers: dict[str, str] | None = None) -> RequestCredentials | None:
    query = "&".join(f"{name}={value}" for name, value in {**QUERY, **changes}.items() if value is not None)
    return read_credentials(CIMultiDict(headers or {}), parse_query(f"prefix=a&{query}"))


def refused(error: pytest.ExceptionInfo[S3Error]) -> tuple[type[S3Error], str]:
    return error.type, error.value.message


def test_credentials_are_read_from_the_authorization_header() -> None:
    assert by_header() == RequestCredentials(
        access_key_id=ACCESS_KEY_ID,
        date="20130524",
        region="us-east-1",
        service="s3",
        signed_headers=("host", "range", "x-amz-date"),
        signature="fe5f80f77d5f",
        timestamp=datetime(2013, 5, 24, tzinfo=UTC),
        amz_date="20130524T000000Z",
        expires_s=None,
        presigned=False,
        session_token=None,
        payload_hash=SHA256,
    )


def test_credentials_are_read_from_a_presigned_url() -> None:
    assert by_query({"X-Amz-Security-Token": "to%2Bken"}) == RequestCredentials(
        access_key_id=ACCESS_KEY_ID,
        date="20130524",
        region="us-east-1",
        service="s3",
        signed_headers=("host", "x-amz-acl"),
        signature="aeeed9bb",
        timestamp=datetime(2013, 5, 24, tzinfo=UTC),
        amz_date="20130524T000000Z",
        expires_s=86400,
        presigned=True,
        session_token="to+ken",
        payload_hash="UNSIGNED-PAYLOAD",
    )


@pytest.mark.parametrize(
    "raw_query", ["", "acl", "prefix=X-Amz-Signature&Expires=1", "prefix=X-Amz-Credential=1", "response-expires=1"]
)
def test_a_request_that_names_no_mechanism_is_anonymous(raw_query: str) -> None:
    assert (
        read_credentials(CIMultiDict({"Host": "h", "x-amz-date": "20130524T000000Z"}), parse_query(raw_query)) is None
    )


@pytest.mark.parametrize(
    "authorization",
    [
        AUTHORIZATION.replace(", ", ","),
        AUTHORIZATION.replace(", ", " ,  "),
        f"AWS4-HMAC-SHA256 Signature=fe5f80f77d5f,SignedHeaders=Host;Range;X-Amz-Date,"
        f"Credential={ACCESS_KEY_ID}/{SCOPE}",
    ],
)
def test_the_spaces_and_the_order_of_an_authorization_headers_components_do_not_matter(authorization: str) -> None:
    assert by_header(Authorization=authorization) == by_header()


def test_a_session_token_is_read_from_its_header() -> None:
    credentials = by_header(x_amz_security_token="token")
    assert credentials is not None
    assert credentials.session_token == "token"


@pytest.mark.parametrize(
    "date",
    ["20130524T000000Z", "Fri, 24 May 2013 00:00:00 GMT", "Fri, 24 May 2013 02:00:00 +0200", "24 May 2013 00:00:00"],
)
def test_without_x_amz_date_the_date_header_counts(date: str) -> None:
    credentials = by_header(X_Amz_Date=None, Date=date)
    assert credentials is not None
    assert credentials.amz_date == "20130524T000000Z"
    assert credentials.timestamp == datetime(2013, 5, 24, tzinfo=UTC)


def test_x_amz_date_counts_before_the_date_header() -> None:
    assert by_header(Date="Sat, 25 May 2013 00:00:00 GMT") == by_header()


@pytest.mark.parametrize(
    "dates",
    [
        {"X_Amz_Date": None},
        {"X_Amz_Date": None, "Date": ""},
        {"X_Amz_Date": None, "Date": "yesterday"},
        {"X_Amz_Date": None, "Date": "Fri, 31 Dec 9999 23:59:59 -2300"},
        {"X_Amz_Date": None, "Date": "Fri, 24 May 2013 00:00:00 +9999"},
        {"X_Amz_Date": "", "Date": "Fri, 24 May 2013 00:00:00 GMT"},
        {"X_Amz_Date": "20130524T000000"},
        {"X_Amz_Date": "20130524T240000Z"},
        {"X_Amz_Date": "20130532T000000Z"},
        {"X_Amz_Date": "２０１３0524T000000Z"},
        {"X_Amz_Date": "Fri, 24 May 2013 00:00:00 GMT"},
    ],
)
def test_a_signed_request_needs_a_date_that_is_one(dates: dict[str, str | None]) -> None:
    with pytest.raises(S3Error) as error:
        by_header(**dates)
    assert refused(error) == (AccessDenied, "AWS authentication requires a valid Date or x-amz-date header")


@pytest.mark.parametrize(
    ("credential", "what"),
    [
        ("", EXPECTED_FORM),
        (ACCESS_KEY_ID, EXPECTED_FORM),
        (f"/{SCOPE}", EXPECTED_FORM),
        (f"a/b/{SCOPE}", EXPECTED_FORM),
        (f"{ACCESS_KEY_ID}/20130524/us-east-1/aws4_request", EXPECTED_FORM),
        (f"{ACCESS_KEY_ID}/{SCOPE}/", EXPECTED_FORM),
        ("a" * 600 + f"/{SCOPE}", EXPECTED_FORM),
        (
            f"{ACCESS_KEY_ID}/20130524/us-east-1/s3/aws4",
            'incorrect terminal "aws4". This endpoint uses "aws4_request".',
        ),
        (
            f"{ACCESS_KEY_ID}/2013-05-24/us-east-1/s3/aws4_request",
            'incorrect date format "2013-05-24". This date in the credential must be in the format "yyyyMMdd".',
        ),
        (
            f"{ACCESS_KEY_ID}/20131324/us-east-1/s3/aws4_request",
            'incorrect date format "20131324". This date in the credential must be in the format "yyyyMMdd".',
        ),
    ],
)
def test_a_credential_of_another_form_is_refused(credential: str, what: str) -> None:
    with pytest.raises(S3Error) as error:
        by_header(Authorization=f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00")
    assert refused(error) == (AuthorizationHeaderMalformed, MALFORMED + what)
    if credential:
        with pytest.raises(S3Error) as error:
            by_query({"X-Amz-Credential": credential})
        assert refused(error) == (AuthorizationQueryParametersError, MALFORMED_QUERY + what)


def test_a_credential_that_was_escaped_twice_is_refused() -> None:
    with pytest.raises(S3Error) as error:
        by_query({"X-Amz-Credential": QUERY["X-Amz-Credential"].replace("%", "%25")})
    assert refused(error) == (AuthorizationQueryParametersError, MALFORMED_QUERY + EXPECTED_FORM)


THREE = "the authorization header requires three components: Credential, SignedHeaders, and Signature."


@pytest.mark.parametrize(
    ("rest", "what"),
    [
        ("", THREE),
        ("Credential=a", THREE),
        ("Credential=a, SignedHeaders=b, Signature=c, More=d", THREE),
        ("Credential=a, SignedHeaders, Signature=c", 'the authorization component "SignedHeaders" is malformed.'),
        ("Credentials=a, SignedHeaders=b, Signature=c", "missing Credential."),
        ("Credential=a, signedheaders=b, Signature=c", "missing SignedHeaders."),
        ("Credential=a, SignedHeaders=b, Sign=c", "missing Signature."),
    ],
)
def test_an_authorization_header_needs_its_three_components(rest: str, what: str) -> None:
    with pytest.raises(S3Error) as error:
        by_header(Authorization=f"AWS4-HMAC-SHA256 {rest}")
    assert refused(error) == (AuthorizationHeaderMalformed, MALFORMED + what)


@pytest.mark.parametrize(
    ("authorization", "kind", "message"),
    [
        (f"AWS {ACCESS_KEY_ID}:frJIUN8DYpKDtOLCwo//yllqDzg=", InvalidRequest, OTHER_MECHANISM),
        ("Bearer abc", InvalidArgument, "Unsupported Authorization Type"),
        ("Basic YTpi", InvalidArgument, "Unsupported Authorization Type"),
        ("aws4-hmac-sha256 Credential=a", InvalidArgument, "Unsupported Authorization Type"),
        ("", InvalidArgument, ONE_SPACE),
        ("AWS4-HMAC-SHA256", InvalidArgument, ONE_SPACE),
        (
            AUTHORIZATION.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
            errors.NotImplemented,
            "A header you provided implies functionality that is not implemented",
        ),
    ],
)  # fmt: skip
def test_mechanisms_other_than_version_4_are_refused_by_name(
    authorization: str, kind: type[S3Error], message: str
) -> None:
    with pytest.raises(S3Error) as error:
        by_header(Authorization=authorization)
    assert refused(error) == (kind, message)
    if kind is InvalidArgument:
        assert error.value.details == {"ArgumentName": "Authorization", "ArgumentValue": authorization}


@pytest.mark.parametrize("raw_query", ["X-Amz-Algorithm=AWS4-HMAC-SHA256", "a=1&Signature=x", "X-Amz-Algorith%6D"])
def test_two_mechanisms_at_once_are_refused(raw_query: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        read_credentials(CIMultiDict(HEADERS), parse_query(raw_query))
    assert error.value.message == (
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
        "or the Authorization header should be specified"
    )
    assert error.value.details == {"ArgumentName": "Authorization", "ArgumentValue": AUTHORIZATION}


@pytest.mark.parametrize("name", QUERY)
@pytest.mark.parametrize("value", [None, ""])
def test_a_presigned_url_needs_all_its_parameters(name: str, value: str | None) -> None:
    with pytest.raises(S3Error) as error:
        by_query({name: value})
    assert refused(error) == (AuthorizationQueryParametersError, REQUIRED_QUERY)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        (
            {"X-Amz-Algorithm": "AWS4-HMAC-SHA1"},
            AuthorizationQueryParametersError,
            'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
        ),
        (
            {"X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256"},
            errors.NotImplemented,
            "A parameter you provided implies functionality that is not implemented",
        ),
        (
            {"X-Amz-Date": "Fri, 24 May 2013 00:00:00 GMT"},
            AuthorizationQueryParametersError,
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
        ),
        (
            {"X-Amz-Date": "20130525T000000Z"},
            AuthorizationQueryParametersError,
            'Invalid credential date "20130524". This date is not the same as X-Amz-Date: "20130525".',
        ),
        (
            {"X-Amz-Expires": "604801"},
            AuthorizationQueryParametersError,
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            "604800 seconds",
        ),
        (
            {"X-Amz-Expires": "-1"},
            AuthorizationQueryParametersError,
            "X-Amz-Expires must be non-negative",
        ),
        *[
            ({"X-Amz-Expires": text}, AuthorizationQueryParametersError, "X-Amz-Expires should be a number")
            for text in ("soon", "1.5", "%2B1", "1_0", "%D9%A1", "9" * 5000)
        ],
    ],
)
def test_a_presigned_urls_parameters_are_checked(
    changes: dict[str, str | None], kind: type[S3Error], message: str
) -> None:
    with pytest.raises(S3Error) as error:
        by_query(changes)
    assert refused(error) == (kind, message)


@pytest.mark.parametrize("text", ["0", "1", "604800"])
def test_a_presigned_url_may_live_for_up_to_a_week(text: str) -> None:
    credentials = by_query({"X-Amz-Expires": text})
    assert credentials is not None
    assert credentials.expires_s == int(text)


def test_a_header_signed_on_another_day_than_its_scope_is_refused() -> None:
    with pytest.raises(AuthorizationHeaderMalformed) as error:
        by_header(X_Amz_Date="20130525T000000Z")
    assert error.value.message == (
        MALFORMED + 'Invalid credential date "20130524". This date is not the same as X-Amz-Date: "20130525".'
    )


@pytest.mark.parametrize(
    "value",
    [
        "UNSIGNED-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        SHA256,
        SHA256.upper(),
    ],
)
def test_the_payload_hash_of_a_signed_header_is_one_of_those_that_s3_knows(value: str) -> None:
    credentials = by_header(X_Amz_Content_SHA256=value)
    assert credentials is not None
    assert credentials.payload_hash == value


@pytest.mark.parametrize(
    "value",
    ["", "invalid", "unsigned-payload", SHA256[:-1], SHA256 + "0", SHA256[:-1] + "g", f"{SHA256}\n", "STREAMING"],
)
def test_another_payload_hash_is_refused(value: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        by_header(X_Amz_Content_SHA256=value)
    assert error.value.message == (
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 "
        "value."
    )
    assert error.value.details == {"ArgumentName": "x-amz-content-sha256", "ArgumentValue": value}


@pytest.mark.parametrize("kind", ["PAYLOAD", "PAYLOAD-TRAILER"])
def test_a_payload_with_asymmetric_signatures_is_not_implemented(kind: str) -> None:
    with pytest.raises(errors.NotImplemented) as error:
        by_header(X_Amz_Content_SHA256=f"STREAMING-AWS4-ECDSA-P256-SHA256-{kind}")
    assert error.value.details == {"Header": "x-amz-content-sha256"}


def test_s3_needs_the_payload_hash_of_a_signed_header() -> None:
    with pytest.raises(S3Error) as error:
        by_header(X_Amz_Content_SHA256=None)
    assert refused(error) == (InvalidRequest, "Missing required header for this request: x-amz-content-sha256")


def test_other_services_need_no_payload_hash() -> None:
    credentials = by_header(Authorization=AUTHORIZATION.replace("/s3/", "/iam/"), X_Amz_Content_SHA256=None)
    assert credentials is not None
    assert credentials.payload_hash == ""


@pytest.mark.parametrize(
    ("query", "header", "payload_hash"),
    [
        (None, None, "UNSIGNED-PAYLOAD"),
        ("UNSIGNED-PAYLOAD", None, "UNSIGNED-PAYLOAD"),
        (None, SHA256, SHA256),
        (SHA256, "UNSIGNED-PAYLOAD", SHA256),
        (None, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        (None, "invalid", "invalid"),
    ],
)
def test_a_presigned_url_says_its_payload_hash_in_its_query_or_in_a_header_whatever_it_is(
    query: str | None, header: str | None, payload_hash: str
) -> None:
    headers = {} if header is None else {"x-amz-content-sha256": header}
    credentials = by_query({"X-Amz-Content-Sha256": query}, headers)
    assert credentials is not None
    assert credentials.payload_hash == payload_hash


@pytest.mark.parametrize("sent", [sign("PUT", "/b/k", body=b"x"), presign("PUT", "/b/k", expires_s=60)])
def test_what_botocore_sends_is_read(sent: Sent) -> None:
    credentials = sent.credentials()
    assert credentials.access_key_id == ACCESS_KEY_ID
    assert (credentials.region, credentials.service) == ("us-east-1", "s3")
    assert "host" in credentials.signed_headers
    assert credentials.presigned == bool(sent.query)
    assert credentials.expires_s == (60 if sent.query else None)
    assert credentials.amz_date.startswith(credentials.date)


@pytest.mark.parametrize("junk", ["", "%", "X-Amz-Signature" * 1000, "X-Amz-Signature "])
def test_junk_in_a_query_names_no_mechanism(junk: str) -> None:
    assert read_credentials(CIMultiDict(), Query([(junk, junk), ("X-Amz-Foo", junk)])) is None


@pytest.mark.parametrize(
    ("name", "repeated"),
    [
        ("prefix", "prefix=b"),
        ("prefix", "%70refix=a"),
        ("X-Amz-Expires", "X-Amz-Expires=604800"),
        ("x-amz-expires", "x-amz-expires=604800"),
        ("X-Amz-Meta-A", "x-amz-meta-a=1&X-Amz-Meta-A=2"),
    ],
)
def test_a_presigned_url_that_repeats_a_parameter_is_refused(name: str, repeated: str) -> None:
    """Its signature knows no order, and whoever has the URL could choose the value that counts."""
    with pytest.raises(AuthorizationQueryParametersError) as error:
        by_query({"a": f"1&{repeated}"})
    assert error.value.message == f"A presigned URL may not repeat the {name} parameter."


def test_a_header_signed_request_may_repeat_a_parameter() -> None:
    query = parse_query("jobStatuses=Active&jobStatuses=New")
    assert read_credentials(CIMultiDict(HEADERS), query) is not None
    assert query.getall("jobStatuses") == ["Active", "New"]


def test_long_lists_of_signed_headers_are_read() -> None:
    names = tuple(f"x-amz-meta-{number}" for number in range(200))
    credentials = by_header(Authorization=AUTHORIZATION.replace("host;range;x-amz-date", ";".join(names)))
    assert credentials is not None
    assert credentials.signed_headers == names
