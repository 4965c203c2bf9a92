"""Signs requests as clients do: with botocore's own signers, and aws-chunked bodies with an encoder of its own."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from multidict import CIMultiDict, CIMultiDictProxy

from farshore.auth.request_credentials import RequestCredentials, read_credentials
from farshore.auth.sigv4 import VerifiedSignature, Verifier
from farshore.wire.addressing import parse_query

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
HOST = "s3.localhost:9000"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as it is on the wire."""

    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def header_map(self) -> CIMultiDictProxy[str]:
        return CIMultiDictProxy(CIMultiDict(self.headers))

    def header(self, name: str) -> str:
        return self.header_map()[name]

    def with_header(self, name: str, value: str | None) -> Sent:
        """Set a header, or take it away."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def credentials(self) -> RequestCredentials:
        read = read_credentials(self.header_map(), parse_query(self.query))
        assert read is not None
        return read


@dataclass(kw_only=True)
class Server:
    """What a verifier knows of its deployment."""

    secret: str = SECRET
    regions: Sequence[str] = ("us-east-1", "us-west-2")
    services: Sequence[str] = ("s3",)
    verifier: Verifier = field(default_factory=Verifier)

    def verify(
        self, sent: Sent, *, age_s: float = 0, bucket_region: str | None = None, payload_hash: str | None = None
    ) -> VerifiedSignature:
        """Read the credentials and verify them, so long after the request's own time."""
        credentials = sent.credentials()
        return self.verifier.verify(
            credentials,
            self.secret,
            method=sent.method,
            raw_path=sent.path,
            query=parse_query(sent.query),
            headers=sent.header_map(),
            now=credentials.timestamp + timedelta(seconds=age_s),
            regions=self.regions,
            services=self.services,
            bucket_region=bucket_region,
            payload_hash=payload_hash,
        )


def sign(
    method: str = "GET",
    path: str = "/",
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    region: str = "us-east-1",
    service: str = "s3",
) -> Sent:
    """Sign by header.

    Args:
        path: escaped, as botocore escapes keys.
        params: the query, decoded; the caller puts it on the wire as it likes (`Sent.query` is empty).
    """
    request: Any = AWSRequest(method, f"http://{HOST}{path}", headers=dict(headers or {}), data=body)
    request.params = dict(params or {})
    request.context["client_config"] = None
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(ACCESS_KEY_ID, SECRET), service, region).add_auth(request)
    return Sent(method=method, path=path, headers=(("Host", HOST), *request.headers.items()))


def presign(
    method: str = "GET",
    path: str = "/",
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    expires_s: int = 3600,
    region: str = "us-east-1",
) -> Sent:
    """Sign by query. query: escaped."""
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    request: Any = AWSRequest(method, url, headers=dict(headers or {}))
    S3SigV4QueryAuth(Credentials(ACCESS_KEY_ID, SECRET), "s3", region, expires=expires_s).add_auth(request)
    return Sent(
        method=method, path=path, query=urlsplit(request.url).query, headers=(("Host", HOST), *request.headers.items())
    )


def amz_time(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


class ChunkEncoder:
    """Encodes aws-chunked bodies from AWS's description of them, sharing nothing with what is tested.

    Args:
        seed: the request's signature; None encodes unsigned chunks.
    """

    def __init__(
        self, seed: str | None, amz_date: str = "20130524T000000Z", region: str = "us-east-1", secret: str = SECRET
    ) -> None:
        self._previous = seed
        self._amz_date = amz_date
        self._scope = f"{amz_date[:8]}/{region}/s3/aws4_request"
        key = f"AWS4{secret}".encode()
        for part in self._scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        self._key = key

    def encode(
        self, chunks: Iterable[bytes], trailers: Mapping[str, str] | None = None, *, line_end: bytes = b"\r\n"
    ) -> bytes:
        """The whole body. trailers: None encodes a body of a kind that has none."""
        out = b"".join([self.chunk(data) + b"\r\n" for data in chunks if data]) + self.chunk(b"")
        for name, value in (trailers or {}).items():
            out += f"{name}:{value}".encode() + line_end
        if trailers is not None and self._previous is not None:
            canonical = "".join(f"{name}:{value}\n" for name, value in trailers.items())
            out += f"x-amz-trailer-signature:{self.sign('TRAILER', _sha256(canonical.encode()))}\r\n".encode()
        return out + b"\r\n"

    def chunk(self, data: bytes) -> bytes:
        if self._previous is None:
            return f"{len(data):x}\r\n".encode() + data
        signature = self.sign("PAYLOAD", f"{_sha256(b'')}\n{_sha256(data)}")
        return f"{len(data):x};chunk-signature={signature}\r\n".encode() + data

    def sign(self, kind: str, digests: str) -> str:
        """The next signature of the chain."""
        lines = (f"AWS4-HMAC-SHA256-{kind}", self._amz_date, self._scope, self._previous, digests)
        self._previous = self.mac("\n".join(map(str, lines)).encode())
        return self._previous

    def mac(self, data: bytes) -> str:
        """Hex HMAC under the signing key."""
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
