"""Presigned URLs of Signature Version 2: read and verified.

Only URLs: AWS's older regions still take them, and boto3 and the AWS CLI make them by default for an endpoint of one's
own. Requests signed by that version in their header are refused by name (`request_credentials`). The signature names no
region, and no day; like those of Version 4, a URL counts for a week at most.

The signature covers a fixed list of parameters, which is older than some of S3's sub-resources. So that a URL is good
for what was signed and nothing else, a query may have no other parameters than those, and the few that choose neither
operation nor resource (what is listed of a bucket, which AWS leaves unsigned as well).
Source: API Reference, "Signing and authenticating REST requests" (Signature Version 2), "Query string request
authentication alternative".
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from farshore.auth.request_credentials import PRESIGNED_S_MAX, repeated_parameter
from farshore.auth.sigv4 import same_signature
from farshore.model.errors import AccessDenied, SignatureDoesNotMatch
from farshore.model.query import Query

_CREDENTIALS = frozenset(("AWSAccessKeyId", "Signature", "Expires"))

_SIGNED_PARAMETERS = frozenset(
    (
        "accelerate", "acl", "analytics", "cors", "delete", "inventory", "lifecycle", "location", "logging", "metrics",
        "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
        "response-cache-control", "response-content-disposition", "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
        "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    )
)  # fmt: skip
UNSIGNED_PARAMETERS = frozenset(
    (
        "bucket-region", "continuation-token", "delimiter", "encoding-type", "fetch-owner", "key-marker", "list-type",
        "marker", "max-buckets", "max-keys", "max-parts", "max-uploads", "part-number-marker", "prefix", "start-after",
        "upload-id-marker", "version-id-marker", "x-id",
    )
)  # fmt: skip
"""Parameters that are not signed, and select neither operation nor resource. (`list-type` chooses between two forms of
the same list, `x-id` is a note of SDKs that S3 does not read.)"""
_HEADERS = ("content-md5", "content-type")


class PresignedV2(msgspec.Struct, frozen=True, kw_only=True):
    """What a URL claims. expires: text, seconds since the epoch."""

    access_key_id: str
    signature: str
    expires: str
    session_token: str | None


def read_presigned(query: Mapping[str, str]) -> PresignedV2 | None:
    """The credentials in a query; None where it has none of this version.

    Raises:
        AccessDenied: some of its parameters are missing.
    """
    if "Signature" not in query and "AWSAccessKeyId" not in query:
        return None
    if not all(query.get(name) for name in ("Signature", "Expires", "AWSAccessKeyId")):
        raise AccessDenied("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
    return PresignedV2(
        access_key_id=query["AWSAccessKeyId"],
        signature=query["Signature"],
        expires=query["Expires"],
        session_token=query.get("x-amz-security-token"),
    )


def verify_presigned(
    credentials: PresignedV2,
    secret: str,
    *,
    method: str,
    raw_path: str,
    query: Query,
    headers: Mapping[str, str],
    host_bucket: str | None,
    now: datetime,
) -> None:
    """Check that a URL says nothing that its signature does not cover, its time, and its signature.

    Args:
        raw_path: as received. headers: case-insensitive.
        host_bucket: the bucket of a virtual-host style request.
    Raises:
        AccessDenied: expired, or counting for longer than a week; parameters that are repeated, not signed, or could be
            read in two ways. SignatureDoesNotMatch.
    """
    _check_parameters(query)
    _check_time(credentials.expires, now)
    texts = [
        _string_to_sign(credentials, method, resource, query, headers) for resource in _resources(raw_path, host_bucket)
    ]
    if not any(same_signature(_signature(secret, text), credentials.signature) for text in texts):
        to_sign = texts[0]
        raise SignatureDoesNotMatch(
            AWSAccessKeyId=credentials.access_key_id,
            StringToSign=to_sign.decode("utf-8", "replace"),
            SignatureProvided=credentials.signature,
            StringToSignBytes=to_sign.hex(" "),
        )


def _signature(secret: str, to_sign: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), to_sign, "sha1")).decode()


def _resources(raw_path: str, host_bucket: str | None) -> Iterator[str]:
    """What a path may be signed as: a bucket alone ends with a slash, as botocore signs it, or as it was sent."""
    if host_bucket is not None:
        yield f"/{host_bucket}{raw_path}"
        return
    if raw_path.rfind("/") == 0 and raw_path != "/":
        yield f"{raw_path}/"
    yield raw_path


def _check_parameters(query: Query) -> None:
    """Raises AccessDenied: the query says something that the signature does not cover."""
    repeated = repeated_parameter(query)
    if repeated is not None:
        raise AccessDenied(f"A presigned URL may not repeat the {repeated} parameter")
    unsigned = [name for name in query if not _is_covered(name)]
    if unsigned:
        raise AccessDenied(
            "There were query parameters present in the request which were not signed",
            ParametersNotSigned=", ".join(sorted(unsigned)),
        )
    for name, value in query.items():
        if _is_ambiguous(name, value):
            raise AccessDenied(f"The value of the {name} parameter could be taken for further parameters")


def _is_covered(name: str) -> bool:
    """Headers that stand in a query are named in lower case: by no other name are they found everywhere."""
    if name in _SIGNED_PARAMETERS or name in _CREDENTIALS or name in UNSIGNED_PARAMETERS:
        return True
    return name in _HEADERS or (name.startswith("x-amz-") and name == name.lower())


def _is_ambiguous(name: str, value: str) -> bool:
    """Whether the text that is signed reads the same with more parameters, of which this value swallows some."""
    if name in _SIGNED_PARAMETERS:
        return any(part.partition("=")[0] in _SIGNED_PARAMETERS for part in value.split("&")[1:])
    return "\n" in value and name not in UNSIGNED_PARAMETERS


def _check_time(expires: str, now: datetime) -> None:
    if not expires.isascii() or not expires.isdigit() or len(expires) > 12:
        raise AccessDenied(f"Invalid date (should be seconds since epoch): {expires}")
    left_s = int(expires) - now.timestamp()
    if left_s < 0:
        ends = datetime.fromtimestamp(int(expires), UTC)
        raise AccessDenied("Request has expired", Expires=_iso(ends), ServerTime=_iso(now))
    if left_s > PRESIGNED_S_MAX:
        raise AccessDenied("Expires must be less than a week from now", ServerTime=_iso(now))


def _string_to_sign(
    credentials: PresignedV2,
    method: str,
    resource: str,
    query: Query,
    headers: Mapping[str, str],
) -> bytes:
    """Headers that belong to the signature may stand in the URL instead, where botocore puts them."""
    named = _amz_headers(headers)
    for name, value in query.items():
        if name.startswith("x-amz-"):
            named.setdefault(name, value)
    lines = [
        method,
        headers.get("Content-MD5", query.get("content-md5", "")),
        headers.get("Content-Type", query.get("content-type", "")),
        credentials.expires,
        *(f"{name}:{named[name]}" for name in sorted(named)),
        resource + _signed_parameters(query),
    ]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _amz_headers(headers: Mapping[str, str]) -> dict[str, str]:
    getall: Callable[[str], list[str]] | None = getattr(headers, "getall", None)
    found: dict[str, str] = {}
    for name in headers:
        lower = name.lower()
        if lower.startswith("x-amz-") and lower not in found:
            values = [headers[name]] if getall is None else getall(name)
            found[lower] = ",".join(value.strip() for value in values)
    return found


def _signed_parameters(query: Query) -> str:
    """The part of the query that is signed: sub-resources and overrides, sorted, their values decoded."""
    signed = sorted((name, value) for name, value in query.items() if name in _SIGNED_PARAMETERS)
    text = "&".join(f"{name}={value}" if value else name for name, value in signed)
    return f"?{text}" if text else ""


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
