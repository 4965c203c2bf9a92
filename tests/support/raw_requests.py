"""Signed requests without an SDK between: exactly this path, these headers, and the answer as it came."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class RawAnswer(NamedTuple):
    """headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send_raw(
    server: Any,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    region: str = "us-east-1",
    host: str | None = None,
) -> RawAnswer:
    """Send one request signed with the root key.

    Args:
        path: with its query, encoded.
        host: the Host header (`bucket.localhost`); else the server's address.
    """
    connection = begin_raw(server, method, path, headers, body, region=region, host=host)
    try:
        answer = connection.getresponse()
        return RawAnswer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read())
    finally:
        connection.close()


def begin_raw(
    server: Any,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    region: str = "us-east-1",
    host: str | None = None,
) -> http.client.HTTPConnection:
    """As `send_raw`, but return once it is sent: the answer is still to be read, and the connection to be closed."""
    address = urlsplit(server.endpoint).netloc
    host = address if host is None else f"{host}:{server.port}"
    request = AWSRequest(method, f"http://{host}{path}", dict(headers or {}), body)
    S3SigV4Auth(Credentials(server.access_key_id, server.secret_access_key), "s3", region).add_auth(request)
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request(method, path, body, {"Host": host, **dict(request.headers.items())})
    return connection
