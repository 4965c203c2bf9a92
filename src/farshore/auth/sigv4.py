"""Signature Version 4: whether a request was signed with the secret that its access key has.

Source: IAM User Guide, "Create a signed AWS API request"; API Reference, "Authenticating Requests"; recorded answers.
S3 signs the path encoded once, and normalises neither dots nor double slashes. Clients escape paths and queries in
different ways, so both are decoded and escaped again before they are compared: of the query, what is signed is what the
operation is read from.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import msgspec

from farshore.auth.request_credentials import ALGORITHM, RequestCredentials, credential_error, wrong_region
from farshore.model.errors import AccessDenied, RequestTimeTooSkewed, S3Error, SignatureDoesNotMatch
from farshore.model.query import Query

SKEW_S_MAX = 15 * 60

_KEYS_MAX = 4096
# Bytes that must be escaped in paths, in upper case: all but A-Z a-z 0-9 - . _ ~ /
_ESCAPED = "[01][0-9A-F]|2[0-9A-C]|3[A-F]|40|5[B-E]|60|7[BCDF]|[89A-F][0-9A-F]"
_CANONICAL_PATH = re.compile(rf"(?:[A-Za-z0-9\-._~/]++|%(?:{_ESCAPED}))*+")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]*+")
_SPACES = re.compile(r" {2,}")


class VerifiedSignature(msgspec.Struct, frozen=True, kw_only=True):
    """A signature that held: what the signatures of a streamed body's chunks build on.

    scope: date/region/service/aws4_request.
    sign: hex HMAC of its argument under the request's signing key.
    canonical_request: as it was signed; errors of chunks show it.
    """

    access_key_id: str
    signature: str
    scope: str
    amz_date: str
    sign: Callable[[bytes], str]
    canonical_request: bytes

    def __repr__(self) -> str:
        return f"VerifiedSignature({self.access_key_id}/{self.scope})"


class Verifier:
    """Verifies requests; keeps the signing keys of the credentials it saw. Not shared between threads."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str, str, str, str], hmac.HMAC] = {}

    def verify(
        self,
        credentials: RequestCredentials,
        secret: str,
        *,
        method: str,
        raw_path: str,
        query: Query,
        headers: Mapping[str, str],
        now: datetime,
        regions: Collection[str],
        services: Collection[str],
        bucket_region: str | None = None,
        payload_hash: str | None = None,
    ) -> VerifiedSignature:
        """Check scope, time, signed headers and signature, in this order.

        Args:
            raw_path: as received.
            headers: case-insensitive; a `getall` gives repeated ones.
            regions, services: those that this deployment serves; the first is named to a client that uses another.
            bucket_region: of the addressed bucket, which is named instead; needed only for a region not served. A
                signature for it holds, whoever serves it: that is said later, and not that the region is wrong.
            payload_hash: in place of the header's, for services that are not sent it.
        Raises:
            AuthorizationHeaderMalformed, AuthorizationQueryParametersError: another region or service.
            RequestTimeTooSkewed; AccessDenied: an expired URL, or headers that are not signed.
            SignatureDoesNotMatch.
        """
        _check_scope(credentials, regions, services, bucket_region)
        _check_time(credentials, now)
        _check_signed_headers(credentials, headers)
        lines = (
            method,
            canonical_path(raw_path),
            canonical_query(query, without_signature=credentials.presigned),
            canonical_headers(credentials.signed_headers, headers),
            ";".join(credentials.signed_headers),
            credentials.payload_hash if payload_hash is None else payload_hash,
        )
        request = "\n".join(lines).encode("utf-8", "surrogateescape")
        scope = f"{credentials.date}/{credentials.region}/{credentials.service}/aws4_request"
        to_sign = f"{ALGORITHM}\n{credentials.amz_date}\n{scope}\n{hashlib.sha256(request).hexdigest()}".encode()
        sign = self._signer(credentials, secret)
        if not same_signature(sign(to_sign), credentials.signature):
            raise mismatch(credentials.access_key_id, credentials.signature, to_sign, request)
        return VerifiedSignature(
            access_key_id=credentials.access_key_id,
            signature=credentials.signature,
            scope=scope,
            amz_date=credentials.amz_date,
            sign=sign,
            canonical_request=request,
        )

    def _signer(self, credentials: RequestCredentials, secret: str) -> Callable[[bytes], str]:
        """Signs with the request's signing key. The secret is part of the cache's key: a new one is a new entry."""
        name = (credentials.access_key_id, secret, credentials.date, credentials.region, credentials.service)
        keyed = self._keys.get(name)
        if keyed is None:
            if len(self._keys) >= _KEYS_MAX:
                del self._keys[next(iter(self._keys))]
            keyed = self._keys[name] = _keyed(secret, credentials)

        def sign(data: bytes) -> str:
            signing = keyed.copy()
            signing.update(data)
            return signing.hexdigest()

        return sign


def canonical_path(raw_path: str) -> str:
    """The path with every byte escaped once, as S3 signs it, however the client escaped it."""
    if _CANONICAL_PATH.fullmatch(raw_path):
        return raw_path or "/"
    return quote(unquote_to_bytes(raw_path.encode("utf-8", "surrogateescape")), safe="/-._~")


def canonical_query(query: Query, *, without_signature: bool = False) -> str:
    """The query's parameters, each escaped once, sorted by name and value.

    Args:
        without_signature: leave out X-Amz-Signature, as a presigned URL's own signature does.
    """
    pairs = [
        (_escape(name), _escape(value))
        for name, value in query.pairs
        if not (without_signature and name == "X-Amz-Signature")
    ]
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def canonical_headers(names: Collection[str], headers: Mapping[str, str]) -> str:
    """A line for each name: values trimmed, runs of spaces made one, repeated headers joined by commas."""
    getall: Callable[[str, tuple[str, ...]], list[str]] | None = getattr(headers, "getall", None)
    lines: list[str] = []
    for name in names:
        values = [headers.get(name, "")] if getall is None else getall(name, ())
        value = values[0].strip() if len(values) == 1 else ",".join([text.strip() for text in values])
        if "  " in value:
            value = _SPACES.sub(" ", value)
        lines.append(f"{name}:{value}\n")
    return "".join(lines)


def same_signature(ours: str, theirs: str) -> bool:
    """Compare in a time that does not tell how much of it was right."""
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogatepass"))


def mismatch(access_key_id: str, provided: str, to_sign: bytes, canonical_request: bytes) -> SignatureDoesNotMatch:
    """The error that shows a client what it should have signed."""
    return SignatureDoesNotMatch(
        AWSAccessKeyId=access_key_id,
        StringToSign=to_sign.decode("utf-8", "replace"),
        SignatureProvided=provided,
        StringToSignBytes=to_sign.hex(" "),
        CanonicalRequest=canonical_request.decode("utf-8", "replace"),
        CanonicalRequestBytes=canonical_request.hex(" "),
    )


def _keyed(secret: str, credentials: RequestCredentials) -> hmac.HMAC:
    key = f"AWS4{secret}".encode()
    for part in (credentials.date, credentials.region, credentials.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, digestmod=hashlib.sha256)


def _check_scope(
    credentials: RequestCredentials, regions: Collection[str], services: Collection[str], bucket_region: str | None
) -> None:
    region, service = credentials.region, credentials.service
    if service not in services:
        served = next(iter(services))
        what = f'incorrect service "{service}". This endpoint belongs to "{served}".'
        raise credential_error(what, presigned=credentials.presigned)
    if region not in regions and region != bucket_region:
        expected = bucket_region or next(iter(regions))
        raise wrong_region(region, expected, presigned=credentials.presigned, of_bucket=bucket_region is not None)


def _check_time(credentials: RequestCredentials, now: datetime) -> None:
    """A header-signed request counts for 15 minutes around its time; a presigned URL until it expires."""
    age_s = (now - credentials.timestamp).total_seconds()
    expires_s = credentials.expires_s
    if expires_s is None:
        if abs(age_s) > SKEW_S_MAX:
            raise RequestTimeTooSkewed(
                RequestTime=credentials.amz_date,
                ServerTime=_iso(now),
                MaxAllowedSkewMilliseconds=SKEW_S_MAX * 1000,
            )
    elif age_s > expires_s:
        raise _expired(credentials.timestamp, expires_s, now)
    elif age_s < -SKEW_S_MAX:
        raise AccessDenied("Request is not valid yet", ServerTime=_iso(now))


def _expired(timestamp: datetime, expires_s: int, now: datetime) -> S3Error:
    ends = timestamp + timedelta(seconds=expires_s)
    details: dict[str, Any] = {"X-Amz-Expires": expires_s, "Expires": _iso(ends), "ServerTime": _iso(now)}
    return AccessDenied("Request has expired", **details)


def _check_signed_headers(credentials: RequestCredentials, headers: Mapping[str, str]) -> None:
    """Host, and every x-amz- header that was sent, must be signed."""
    signed = credentials.signed_headers
    unsigned = set() if "host" in signed else {"host"}
    for name in headers:
        if name[0] in "xX" and (lower := name.lower()) not in signed and lower.startswith("x-amz-"):
            unsigned.add(lower)
    if credentials.presigned:
        # AWS: x-amz-content-sha256 is not counted here; its value is signed as the payload's hash.
        unsigned.discard("x-amz-content-sha256")
    if unsigned:
        raise AccessDenied(
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(sorted(unsigned)),
        )


def _escape(text: str) -> str:
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="-._~")


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
