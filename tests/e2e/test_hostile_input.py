"""Bad input gets AWS's error and leaves nothing behind."""

from __future__ import annotations

import base64
import hashlib
import http.client
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BUCKET = "hostile-input"


class _Signer(S3SigV4Auth):
    """Signs the x-amz-content-sha256 that a request has, where botocore would put the body's own."""

    def payload(self, request: Any) -> str:
        return str(self._said or super().payload(request))

    def _modify_request_before_signing(self, request: Any) -> None:
        self._said = request.headers.get("x-amz-content-sha256")
        super()._modify_request_before_signing(request)


class Raw:
    """Signed requests over a plain socket, with anything in them."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.host = urlsplit(server.endpoint).netloc
        self.credentials = Credentials(server.access_key_id, server.secret_access_key)

    def signed(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        *,
        signed: bytes | None = None,
    ) -> dict[str, str]:
        """Headers of a request; `signed` is the body that is signed for, where another is sent."""
        request = AWSRequest(method, f"{self.server.endpoint}{path}", headers or {}, body if signed is None else signed)
        _Signer(self.credentials, "s3", "us-east-1").add_auth(request)
        return {"Host": self.host, **dict(request.headers.items())}

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        *,
        signed: bytes | None = None,
    ) -> tuple[int, bytes]:
        return self.send(method, path, self.signed(method, path, headers, body, signed=signed), body)

    def raw(self, data: bytes) -> bytes:
        """Send bytes as they are, say that no more come, and read to the end."""
        with socket.create_connection(tuple(self.host.rsplit(":", 1)), timeout=30) as connection:  # type: ignore[arg-type]
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            return answer


@pytest.fixture(scope="module")
def raw(server: Any) -> Raw:
    server.client("s3").create_bucket(Bucket=BUCKET)
    return Raw(server)


@pytest.fixture(autouse=True)
def nothing_is_left(server: Any, raw: Raw) -> Iterator[None]:
    yield
    s3 = server.client("s3")
    assert s3.list_object_versions(Bucket=BUCKET).get("Versions", []) == []
    assert s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def expect(answer: tuple[int, bytes], status: int, code: str) -> None:
    assert answer[0] == status and f"<Code>{code}</Code>".encode() in answer[1], answer


@pytest.mark.parametrize("size", [10, 70_000, 3_000_000])
def test_a_truncated_body_is_not_stored(raw: Raw, size: int) -> None:
    body = b"x" * size
    headers = raw.signed("PUT", f"/{BUCKET}/truncated", {}, body)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    message = f"PUT /{BUCKET}/truncated HTTP/1.1\r\n{head}Content-Length: {size}\r\n\r\n".encode() + body[:-1]
    answer = raw.raw(message)
    assert answer == b"" or b" 400 " in answer.split(b"\r\n", 1)[0]


@pytest.mark.parametrize("size", [5, 100_000])
@pytest.mark.parametrize(
    ("header", "code", "status"),
    [
        ({"Content-MD5": base64.b64encode(hashlib.md5(b"other").digest()).decode()}, "BadDigest", 400),
        ({"Content-MD5": "not a digest"}, "InvalidDigest", 400),
        ({"x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest", 400),
        ({"x-amz-checksum-crc32c": "AAAAAA=="}, "BadDigest", 400),
        ({"x-amz-checksum-crc64nvme": "AAAAAAAAAAA="}, "BadDigest", 400),
        ({"x-amz-checksum-sha1": base64.b64encode(bytes(20)).decode()}, "BadDigest", 400),
        ({"x-amz-checksum-sha256": base64.b64encode(bytes(32)).decode()}, "BadDigest", 400),
        ({"x-amz-checksum-sha256": "short"}, "InvalidRequest", 400),
        ({"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA=="}, "InvalidRequest", 400),
    ],
)
def test_a_wrong_digest_is_refused(raw: Raw, header: dict[str, str], code: str, status: int, size: int) -> None:
    expect(raw.request("PUT", f"/{BUCKET}/digest", header, b"x" * size), status, code)


@pytest.mark.parametrize("size", [5, 100_000])
def test_a_body_other_than_the_signed_one_is_refused(raw: Raw, size: int) -> None:
    headers = raw.signed("PUT", f"/{BUCKET}/swapped", {"x-amz-content-sha256": hashlib.sha256(b"y" * size).hexdigest()})
    expect(raw.send("PUT", f"/{BUCKET}/swapped", headers, b"x" * size), 400, "XAmzContentSHA256Mismatch")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"<VersioningConfiguration><Status>Enabled</Status>",
        b"<Other><Status>Enabled</Status></Other>",
        b"<VersioningConfiguration><Status>enabled</Status></VersioningConfiguration>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><VersioningConfiguration><Status>&a;</Status></VersioningConfiguration>',
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b"<VersioningConfiguration>&b;</VersioningConfiguration>",
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><VersioningConfiguration/>',
        b"<VersioningConfiguration>" + b"<a>" * 10_000,
        b"\xff\xfe\x00",
    ],
)
def test_malformed_documents_are_refused(raw: Raw, body: bytes) -> None:
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    status, answer = raw.request("PUT", f"/{BUCKET}?versioning", {"Content-MD5": md5}, body)
    codes = (b"<Code>MalformedXML</Code>", b"<Code>MissingRequestBodyError</Code>")
    assert status == 400 and any(code in answer for code in codes), answer


def test_an_oversized_document_is_refused(raw: Raw) -> None:
    body = b"<Delete>" + b" " * (3 * 1024 * 1024)
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    expect(raw.request("POST", f"/{BUCKET}?delete", {"Content-MD5": md5}, body), 400, "MaxMessageLengthExceeded")


def test_oversized_headers_are_refused(raw: Raw) -> None:
    expect(raw.request("PUT", f"/{BUCKET}/k", {"x-amz-meta-a": "v" * 2100}, b"x"), 400, "MetadataTooLarge")
    head = b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 200_000 + b"\r\n\r\n"
    assert b" 400 " in raw.raw(head).split(b"\r\n", 1)[0]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 5x\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
    ],
)
def test_conflicting_lengths_are_refused(raw: Raw, framing: bytes) -> None:
    """No request smuggling: the second request that might hide in the body is never answered."""
    hidden = b"GET /-/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = raw.raw(f"PUT /{BUCKET}/k HTTP/1.1\r\nHost: {raw.host}\r\n".encode() + framing + b"\r\n" + hidden)
    assert answer.count(b"HTTP/1.1 ") <= 1 and b" 200 " not in answer, answer


@pytest.mark.parametrize(
    "key",
    [
        "a/../b",
        "a/..",
        "a//b",
        "//",
        "/lead",
        "sp ace",
        "a\u0000b",
        "ü" * 512,
        "x" * 1024,
        "😀",
        "%41",
        "a?b#c&d=e+f",
    ],
)
def test_keys_of_every_kind_are_kept_as_they_are(raw: Raw, server: Any, key: str) -> None:
    path = f"/{BUCKET}/{quote(key, safe='/~')}"
    status, answer = raw.request("PUT", path, {}, b"body")
    assert status == 200, answer
    assert raw.request("GET", path) == (200, b"body")
    listed = server.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [entry["Key"] for entry in listed] == [key]
    assert raw.request("DELETE", path)[0] == 204


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        ("x" * 1025, 400, "KeyTooLongError"),
        ("ü" * 513, 400, "KeyTooLongError"),
        ("\udcff", 400, "InvalidURI"),
        ("../up", 400, "BadRequest"),
        ("a/../../b", 400, "BadRequest"),
    ],
)
def test_keys_that_s3_does_not_take_are_refused(raw: Raw, key: str, status: int, code: str) -> None:
    path = f"/{BUCKET}/{quote(key.encode('utf-8', 'surrogateescape'))}"
    expect(raw.request("PUT", path, {}, b"x"), status, code)


@pytest.mark.parametrize(
    ("encoded", "decoded_length"),
    [
        (b"zz\r\nhello\r\n0\r\n\r\n", 5),
        (b"5\r\nhello\r\n", 5),
        (b"5\r\nhello\r\n0\r\n\r\n", 6),
        (b"6\r\nhello\r\n0\r\n\r\n", 5),
        (b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", 5),
        (b"5\r\nhello\r\n0\r\n\r\nmore", 5),
    ],
)
def test_broken_chunked_bodies_are_refused(raw: Raw, encoded: bytes, decoded_length: int) -> None:
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(decoded_length),
        "x-amz-trailer": "x-amz-checksum-crc32",
        "Content-Encoding": "aws-chunked",
    }
    status, answer = raw.request("PUT", f"/{BUCKET}/chunked", headers, encoded)
    assert 400 <= status < 500 and b"<Code>" in answer, answer


@pytest.mark.parametrize("number", ["-1", "-2147483648", "2147483648", "x", "1e3"])
@pytest.mark.parametrize(
    "query",
    [
        "max-keys=",
        "list-type=2&max-keys=",
        "versions&max-keys=",
        "uploads&max-uploads=",
    ],
)
def test_numbers_that_no_listing_takes_are_refused(raw: Raw, query: str, number: str) -> None:
    expect(raw.request("GET", f"/{BUCKET}?{query}{number}"), 400, "InvalidArgument")


@pytest.mark.parametrize("number", ["-1", "-2147483648", "2147483648", "x"])
@pytest.mark.parametrize("name", ["max-parts", "part-number-marker"])
def test_numbers_that_no_listing_of_parts_takes_are_refused(raw: Raw, server: Any, name: str, number: str) -> None:
    s3 = server.client("s3")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="k")["UploadId"]
    try:
        expect(raw.request("GET", f"/{BUCKET}/k?uploadId={upload}&{name}={number}"), 400, "InvalidArgument")
    finally:
        s3.abort_multipart_upload(Bucket=BUCKET, Key="k", UploadId=upload)


@pytest.mark.parametrize("marker", ["_" * 32, "." * 32, "a" * 32, "null", "0" * 32])
def test_version_markers_of_any_making_are_taken(raw: Raw, marker: str) -> None:
    """They may seem to tell a time that no store can hold."""
    status, answer = raw.request("GET", f"/{BUCKET}?versions&key-marker=k&version-id-marker={marker}")
    assert status == 200, answer


def test_unknown_methods_and_operations_are_named(raw: Raw) -> None:
    expect(raw.request("GET", f"/{BUCKET}?torrent-of-nothing&inventory&id=1"), 501, "NotImplemented")
    expect(raw.request("PATCH", f"/{BUCKET}/k"), 405, "MethodNotAllowed")


DIGITS = "9" * 5000


@pytest.mark.parametrize("digits", [DIGITS, "9" * 20, "9" * 19])
@pytest.mark.parametrize("anonymous", [False, True])
def test_a_decoded_length_beyond_all_bounds_is_refused(raw: Raw, digits: str, anonymous: bool) -> None:
    headers = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-decoded-content-length": digits}
    signed = {"Host": raw.host, **headers} if anonymous else raw.signed("PUT", f"/{BUCKET}/k", headers)
    expect(raw.send("PUT", f"/{BUCKET}/k", signed, b""), 400, "InvalidArgument")


@pytest.mark.parametrize("mark", ["9" * 23, "9" * 19, DIGITS, "1-1", "-1", "+1", "1_0", " 1", "", "٣"])
def test_a_mark_that_was_never_answered_is_refused(raw: Raw, mark: str) -> None:
    path = f"/-/replication/wait?bucket={BUCKET}&timeout=0&mark={quote(mark)}"
    expect(raw.request("GET", path), 400, "InvalidArgument")


@pytest.mark.parametrize(
    "place", [[2**64 - 1, "", "", 0, 0], [0, "", "", 2**63, 0], [0, "", "", 0, 2**64 - 1], ["0"], [], 1]
)
def test_a_place_of_a_retry_that_was_never_answered_is_refused(raw: Raw, place: Any) -> None:
    encoded = base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode()
    path = f"/-/replication/retry?bucket={BUCKET}&from={quote(encoded, safe='')}"
    expect(raw.request("POST", path), 400, "InvalidArgument")


@pytest.mark.parametrize(
    "date",
    [
        "Thu, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Thu, 99999999999999999999 Jan 2020 00:00:00 GMT",
        "Thu, 01 Jan 2020 00:00:00 +99999999999999999999",
        f"Thu, 01 Jan 2020 00:00:{DIGITS} GMT",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_dates_out_of_range_are_no_dates(raw: Raw, date: str) -> None:
    """RFC 9110: such a condition is ignored."""
    for name in ("If-Modified-Since", "If-Unmodified-Since"):
        expect(raw.request("GET", f"/{BUCKET}/missing", {name: date}), 404, "NoSuchKey")
    headers = {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": date}
    expect(raw.request("PUT", f"/{BUCKET}/k", headers), 400, "InvalidArgument")
