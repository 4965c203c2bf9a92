"""Requests of the load generator are signed as AWS signs them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict

from farshore.auth.request_credentials import read_credentials
from farshore.auth.sigv4 import Verifier
from farshore.bench.signing import Signer
from farshore.wire.addressing import parse_query

NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/bucket/key", b""),
        ("PUT", "/bucket/0001/00000007", b"body"),
        ("GET", "/bucket?list-type=2&max-keys=1000&start-after=0001%2F", b""),
        ("GET", "/bucket?max-keys=1&delimiter=%2F", b""),
    ],
)
def test_a_signed_request_is_accepted(method: str, target: str, body: bytes) -> None:
    signer = Signer(access_key_id="AKIA", secret="secret", region="eu-west-1", host="127.0.0.1:9", now=NOW)
    head = signer.request(method, target, content_sha256=hashlib.sha256(body).hexdigest(), body_bytes=len(body))
    first, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
    assert first == f"{method} {target} HTTP/1.1"
    headers = CIMultiDict(line.split(": ", 1) for line in lines)
    assert headers.get("Content-Length") == (str(len(body)) if body else None)
    path, _, raw_query = target.partition("?")
    query = parse_query(raw_query)
    credentials = read_credentials(headers, query)
    assert credentials is not None
    Verifier().verify(
        credentials,
        "secret",
        method=method,
        raw_path=path,
        query=query,
        headers=headers,
        now=NOW,
        regions=["eu-west-1"],
        services=["s3"],
    )
