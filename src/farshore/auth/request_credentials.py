"""The credentials in a request: the Authorization header, or a presigned URL's query. Read here, not yet believed.

Signature Version 4 is understood. Of the older version only presigned URLs are, by `sigv2`; otherwise it, and the
version with asymmetric keys, are refused by name.
Source: API Reference, "Authenticating Requests (AWS Signature Version 4)"; answers recorded on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

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

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
STREAMING_PAYLOADS = (
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
)
PRESIGNED_S_MAX = 7 * 24 * 3600

_ASYMMETRIC = "AWS4-ECDSA-P256-SHA256"
_TERMINAL = "aws4_request"
_CACHED_CHARS_MAX = 512
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_BASIC_ISO = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
_EXPIRES = re.compile(r"-?[0-9]{1,18}")
_QUERY_NAMES = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
_HEADERS_IN_QUERY = ("x-amz-", "content-")
_OTHER_MECHANISM = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."


class RequestCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a request claims.

    date: YYYYMMDD of the scope; equals the day of amz_date.
    signed_headers: lower case, in the order that was signed.
    amz_date: timestamp as it is signed (YYYYMMDD'T'HHMMSS'Z').
    expires_s: of presigned URLs, 0 to a week; else None.
    payload_hash: `x-amz-content-sha256`. Of a presigned URL UNSIGNED-PAYLOAD where it says none, and any text that it
        does say: S3 compares it with the body, and never takes such a body for a chunked one. Empty where a service
        other than S3 was sent none.
    """

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: datetime
    amz_date: str
    expires_s: int | None
    presigned: bool
    session_token: str | None
    payload_hash: str

    def __repr__(self) -> str:
        return f"RequestCredentials({self.access_key_id}/{self.date}/{self.region}/{self.service})"


def read_credentials(headers: Mapping[str, str], query: Query) -> RequestCredentials | None:
    """Read the credentials of a request; None when it carries none of this version.

    Args:
        headers: case-insensitive.
    Raises:
        AuthorizationHeaderMalformed, AuthorizationQueryParametersError: credentials of another form; a presigned URL
            that repeats a parameter.
        InvalidArgument: an unknown mechanism, two at once, or an x-amz-content-sha256 that is none.
        InvalidRequest: an older mechanism; S3 without x-amz-content-sha256.
        AccessDenied: no date.
        NotImplemented: asymmetric signatures.
    """
    authorization = headers.get("Authorization")
    if authorization is None:
        if any(name in query for name in _QUERY_NAMES):
            return _from_query(headers, query)
        return None
    if "X-Amz-Algorithm" in query or "Signature" in query:
        raise _authorization_argument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
            "parameter or the Authorization header should be specified",
            authorization,
        )
    return _from_header(headers, authorization)


def credential_error(what: str, *, presigned: bool, region: str | None = None) -> S3Error:
    """The error for a credential scope, worded by where it was sent. region: the one to use instead."""
    if presigned:
        return AuthorizationQueryParametersError(f"Error parsing the X-Amz-Credential parameter; {what}", Region=region)
    return AuthorizationHeaderMalformed(f"The authorization header is malformed; {what}", Region=region)


def wrong_region(region: str, expected: str, *, presigned: bool, of_bucket: bool) -> S3Error:
    """The error for a credential scope of another region than the one to use, which clients read out of it.

    Args:
        of_bucket: the expected region is that of the addressed bucket: then a header has it too, as on AWS, where the
            answer to a HEAD has no body to read it from.
    """
    what = f"the region '{region}' is wrong; expecting '{expected}'"
    error = credential_error(what, presigned=presigned, region=expected)
    if of_bucket:
        error.headers["x-amz-bucket-region"] = expected
    return error


def _from_header(headers: Mapping[str, str], authorization: str) -> RequestCredentials:
    mechanism, space, rest = authorization.partition(" ")
    if mechanism != ALGORITHM or not space:
        raise _other_mechanism(mechanism, space, authorization)
    claim, signature = _claim(rest)
    access_key_id, date, region, service = claim.scope
    timestamp, amz_date = _timestamp(headers)
    if amz_date[:8] != date:
        raise AuthorizationHeaderMalformed(
            f'The authorization header is malformed; Invalid credential date "{date}". This date is not the same as '
            f'X-Amz-Date: "{amz_date[:8]}".'
        )
    return RequestCredentials(
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        signed_headers=claim.signed_headers,
        signature=signature,
        timestamp=timestamp,
        amz_date=amz_date,
        expires_s=None,
        presigned=False,
        session_token=headers.get("x-amz-security-token"),
        payload_hash=_payload_hash(headers, service),
    )


def _other_mechanism(mechanism: str, space: str, authorization: str) -> S3Error:
    if not space:
        return _authorization_argument(
            "Authorization header is invalid -- one and only one ' ' (space) required", authorization
        )
    if mechanism == "AWS":
        return InvalidRequest(_OTHER_MECHANISM)
    if mechanism == _ASYMMETRIC:
        return errors.NotImplemented(Header="Authorization")
    return _authorization_argument("Unsupported Authorization Type", authorization)


def _authorization_argument(message: str, authorization: str) -> InvalidArgument:
    return InvalidArgument(message, ArgumentName="Authorization", ArgumentValue=authorization)


class _Claim(NamedTuple):
    """What an Authorization header says before its signature: the same for all requests of a client and day."""

    scope: tuple[str, str, str, str]
    signed_headers: tuple[str, ...]


def _claim(text: str) -> tuple[_Claim, str]:
    """Credential and SignedHeaders, and the signature. Where that comes last, the rest is known by its text."""
    before, last, signature = text.rpartition("Signature=")
    if last and "," not in signature and len(before) <= _CACHED_CHARS_MAX:
        known = _known_claim(before)
        if known is not None:
            return known, signature
    fields = _components(text)
    return _Claim(_scope(fields["Credential"], presigned=False), _split(fields["SignedHeaders"])), fields["Signature"]


@lru_cache(maxsize=1024)
def _known_claim(before: str) -> _Claim | None:
    """None where something is wrong, which then is found again, and said."""
    try:
        fields = _components(f"{before}Signature=")
        return _Claim(_scope(fields["Credential"], presigned=False), _split(fields["SignedHeaders"]))
    except S3Error:
        return None


def _components(text: str) -> dict[str, str]:
    """Credential, SignedHeaders and Signature of an Authorization header, in whatever order they are."""
    parts = text.split(",")
    if len(parts) != 3:
        raise credential_error(
            "the authorization header requires three components: Credential, SignedHeaders, and Signature.",
            presigned=False,
        )
    fields: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise credential_error(f'the authorization component "{part.strip()}" is malformed.', presigned=False)
        fields[name] = value
    for name in ("Credential", "SignedHeaders", "Signature"):
        if name not in fields:
            raise credential_error(f"missing {name}.", presigned=False)
    return fields


def repeated_parameter(query: Query) -> str | None:
    """The name of a parameter that is there twice; None where all are there once.

    No presigned URL may have one: signatures know no order, and of a repeated parameter the first counts, so that
    whoever holds the URL could choose. Headers that stand in a query go by their names in any case.
    """
    seen: set[str] = set()
    for name, _ in query.pairs:
        lower = name.lower()
        known = lower if lower.startswith(_HEADERS_IN_QUERY) else name
        if known in seen:
            return name
        seen.add(known)
    return None


def _from_query(headers: Mapping[str, str], query: Query) -> RequestCredentials:
    if not all(query.get(name) for name in _QUERY_NAMES):
        raise AuthorizationQueryParametersError(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )
    repeated = repeated_parameter(query)
    if repeated is not None:
        raise AuthorizationQueryParametersError(f"A presigned URL may not repeat the {repeated} parameter.")
    _check_algorithm(query["X-Amz-Algorithm"])
    access_key_id, date, region, service = _scope(query["X-Amz-Credential"], presigned=True)
    amz_date = query["X-Amz-Date"]
    timestamp = _basic_iso(amz_date)
    if timestamp is None:
        raise AuthorizationQueryParametersError(
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        )
    if amz_date[:8] != date:
        raise AuthorizationQueryParametersError(
            f'Invalid credential date "{date}". This date is not the same as X-Amz-Date: "{amz_date[:8]}".'
        )
    return RequestCredentials(
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        signed_headers=_split(query["X-Amz-SignedHeaders"]),
        signature=query["X-Amz-Signature"],
        timestamp=timestamp,
        amz_date=amz_date,
        expires_s=_expires(query["X-Amz-Expires"]),
        presigned=True,
        session_token=query.get("X-Amz-Security-Token"),
        payload_hash=query.get("X-Amz-Content-Sha256") or headers.get("x-amz-content-sha256") or UNSIGNED_PAYLOAD,
    )


def _check_algorithm(algorithm: str) -> None:
    if algorithm == _ASYMMETRIC:
        raise errors.NotImplemented("A parameter you provided implies functionality that is not implemented")
    if algorithm != ALGORITHM:
        raise AuthorizationQueryParametersError(f'X-Amz-Algorithm only supports "{ALGORITHM} and {_ASYMMETRIC}"')


def _expires(text: str) -> int:
    if not _EXPIRES.fullmatch(text):
        raise AuthorizationQueryParametersError("X-Amz-Expires should be a number")
    expires_s = int(text)
    if expires_s < 0:
        raise AuthorizationQueryParametersError("X-Amz-Expires must be non-negative")
    if expires_s > PRESIGNED_S_MAX:
        raise AuthorizationQueryParametersError(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{PRESIGNED_S_MAX} seconds"
        )
    return expires_s


def _scope(credential: str, *, presigned: bool) -> tuple[str, str, str, str]:
    """(access key id, date, region, service)."""
    parts = _known_scope(credential) if len(credential) <= _CACHED_CHARS_MAX else None
    if parts is None:
        raise credential_error(_scope_fault(credential), presigned=presigned)
    return parts


@lru_cache(maxsize=1024)
def _known_scope(credential: str) -> tuple[str, str, str, str] | None:
    access_key_id, *scope = credential.split("/")
    if not access_key_id or len(scope) != 4 or scope[3] != _TERMINAL or _basic_iso(f"{scope[0]}T000000Z") is None:
        return None
    return access_key_id, scope[0], scope[1], scope[2]


def _scope_fault(credential: str) -> str:
    """What is wrong with a credential, in AWS's words."""
    parts = credential.split("/")
    if len(parts) == 5 and parts[0] and len(credential) <= _CACHED_CHARS_MAX:
        if parts[4] != _TERMINAL:
            return f'incorrect terminal "{parts[4]}". This endpoint uses "{_TERMINAL}".'
        return f'incorrect date format "{parts[1]}". This date in the credential must be in the format "yyyyMMdd".'
    return f'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/{_TERMINAL}".'


def _split(signed_headers: str) -> tuple[str, ...]:
    if len(signed_headers) > _CACHED_CHARS_MAX:
        return tuple(signed_headers.lower().split(";"))
    return _known_split(signed_headers)


@lru_cache(maxsize=1024)
def _known_split(signed_headers: str) -> tuple[str, ...]:
    return tuple(signed_headers.lower().split(";"))


def _timestamp(headers: Mapping[str, str]) -> tuple[datetime, str]:
    """When the request says it was made: x-amz-date, else Date; and in the form that is signed."""
    amz_date = headers.get("x-amz-date")
    text = headers.get("Date", "") if amz_date is None else amz_date
    moment = _basic_iso(text)
    if moment is not None:
        return moment, text
    moment = _mail_date(text) if amz_date is None else None
    if moment is None:
        raise AccessDenied("AWS authentication requires a valid Date or x-amz-date header")
    return moment, moment.strftime("%Y%m%dT%H%M%SZ")


def _mail_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _basic_iso(text: str) -> datetime | None:
    return _known_time(text) if len(text) == 16 else None


@lru_cache(maxsize=256)
def _known_time(text: str) -> datetime | None:
    match = _BASIC_ISO.fullmatch(text)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _payload_hash(headers: Mapping[str, str], service: str) -> str:
    value = headers.get("x-amz-content-sha256")
    if value is None:
        if service != "s3":
            return ""
        raise InvalidRequest("Missing required header for this request: x-amz-content-sha256")
    if value == UNSIGNED_PAYLOAD or _SHA256.fullmatch(value) or value in STREAMING_PAYLOADS:
        return value
    if value.startswith(f"STREAMING-{_ASYMMETRIC}-PAYLOAD"):
        raise errors.NotImplemented(Header="x-amz-content-sha256")
    raise InvalidArgument(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 "
        "value.",
        ArgumentName="x-amz-content-sha256",
        ArgumentValue=value,
    )
