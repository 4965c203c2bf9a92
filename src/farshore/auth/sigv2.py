"""Presigned URLs of Signature Version 2: read and verified.

Only URLs: AWS's older regions still take them, and boto3 and the AWS CLI make them by default for an endpoint of one's
own. Requests signed by that version in their header are refused by name (`request_credentials`). The signature names no
region, and no day; like those of Version 4, a URL counts for a week at most.
Source: API Reference, "Signing and authenticating REST requests" (Signature Version 2), "Query string request
authentication alternative".
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote

import msgspec

from farshore.auth.request_credentials import PRESIGNED_S_MAX
from farshore.auth.sigv4 import same_signature
from farshore.model.errors import AccessDenied, SignatureDoesNotMatch

_SIGNED_PARAMETERS = frozenset(
    (
        "accelerate", "acl", "analytics", "cors", "delete", "inventory", "lifecycle", "location", "logging", "metrics",
        "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
        "response-cache-control", "response-content-disposition", "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
        "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    )
)  # fmt: skip


class PresignedV2(msgspec.Struct, frozen=True, kw_only=True):
    """What a URL claims. expires: text, seconds since the epoch."""

    access_key_id: str
    signature: str
    expires: str
    session_token: str | None


def read_presigned(query: Mapping[str, str]) -> PresignedV2 | None:
    """The credentials in a query that `request_credentials` found to be of the older version, decoded.

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
    raw_query: str,
    headers: Mapping[str, str],
    host_bucket: str | None,
    now: datetime,
) -> None:
    """Check the time and the signature of a URL.

    Args:
        raw_path, raw_query: as received. headers: case-insensitive.
        host_bucket: the bucket of a virtual-host style request.
    Raises:
        AccessDenied: expired, or counting for longer than a week. SignatureDoesNotMatch.
    """
    _check_time(credentials.expires, now)
    to_sign = _string_to_sign(credentials, method, raw_path, raw_query, headers, host_bucket)
    ours = base64.b64encode(hmac.digest(secret.encode(), to_sign, "sha1")).decode()
    if not same_signature(ours, credentials.signature):
        raise SignatureDoesNotMatch(
            AWSAccessKeyId=credentials.access_key_id,
            StringToSign=to_sign.decode("utf-8", "replace"),
            SignatureProvided=credentials.signature,
            StringToSignBytes=to_sign.hex(" "),
        )


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
    raw_path: str,
    raw_query: str,
    headers: Mapping[str, str],
    host_bucket: str | None,
) -> bytes:
    """Headers that belong to the signature may stand in the URL instead, where botocore puts them."""
    pairs = [part.partition("=")[::2] for part in raw_query.split("&")]
    query = {unquote(name).lower(): unquote(value) for name, value in pairs}
    named = _amz_headers(headers)
    for name, value in query.items():
        if name.startswith("x-amz-"):
            named.setdefault(name, value)
    lines = [
        method,
        headers.get("Content-MD5") or query.get("content-md5", ""),
        headers.get("Content-Type") or query.get("content-type", ""),
        credentials.expires,
        *(f"{name}:{named[name]}" for name in sorted(named)),
        ("" if host_bucket is None else f"/{host_bucket}") + raw_path + _signed_parameters(pairs),
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


def _signed_parameters(pairs: Sequence[tuple[str, ...]]) -> str:
    """The part of the query that is signed: sub-resources and overrides, sorted, their values decoded."""
    signed = sorted((name, unquote(value)) for name, value in pairs if name in _SIGNED_PARAMETERS)
    text = "&".join(f"{name}={value}" if value else name for name, value in signed)
    return f"?{text}" if text else ""


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
