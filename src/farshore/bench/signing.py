"""Requests as signed bytes, made before the clock starts: SigV4 in the header, as AWS's tools sign over plain HTTP."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_SIGNED_HEADERS = "host;x-amz-content-sha256;x-amz-date"


class Signer:
    """Signs requests of one key and region with one time; they count for 15 minutes around it.

    Args:
        host: the Host header, with the port.
        now: aware UTC.
    """

    def __init__(self, *, access_key_id: str, secret: str, region: str, host: str, now: datetime) -> None:
        self._host = host
        self._amz_date = now.strftime("%Y%m%dT%H%M%SZ")
        self._scope = f"{self._amz_date[:8]}/{region}/s3/aws4_request"
        self._credential = f"{access_key_id}/{self._scope}"
        key = f"AWS4{secret}".encode()
        for part in self._scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._key = key

    def request(self, method: str, target: str, *, content_sha256: str = EMPTY_SHA256, body_bytes: int = 0) -> bytes:
        """The head of a request, ready to be sent.

        Args:
            target: path and query, escaped as AWS escapes them.
            content_sha256: hex digest of the body.
        """
        path, _, query = target.partition("?")
        canonical = (
            f"{method}\n{path}\n{_canonical_query(query)}\n"
            f"host:{self._host}\nx-amz-content-sha256:{content_sha256}\nx-amz-date:{self._amz_date}\n\n"
            f"{_SIGNED_HEADERS}\n{content_sha256}"
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{self._amz_date}\n{self._scope}\n{digest}"
        signature = hmac.digest(self._key, to_sign.encode(), "sha256").hex()
        length = f"Content-Length: {body_bytes}\r\n" if body_bytes or method == "PUT" else ""
        return (
            f"{method} {target} HTTP/1.1\r\nHost: {self._host}\r\n"
            f"x-amz-date: {self._amz_date}\r\nx-amz-content-sha256: {content_sha256}\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential={self._credential}, SignedHeaders={_SIGNED_HEADERS}, "
            f"Signature={signature}\r\n{length}\r\n"
        ).encode("latin-1")


def _canonical_query(query: str) -> str:
    pairs = [part if "=" in part else f"{part}=" for part in query.split("&") if part]
    return "&".join(sorted(pairs))
