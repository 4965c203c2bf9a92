"""What is not HTTP is answered 400, and cannot fill the log: anybody who reaches the port can send it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.server import Server

MALFORMED = {
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
    "a header too long": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n",
    "a path too long": b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an address that is none": b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a version that is none": b"GET / HTTP/9.9\r\n\r\n",
    "chunks that are none": b"PUT /b/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhey\r\n",
    "a second request": b"GET /-/health/live HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nno colon\r\n\r\n",
}
ANOTHER_PROTOCOL = b"\x16\x03\x01\x02\x00\r\n\r\n"
"""The beginning of TLS, which the HTTP library itself leaves out of the log."""


def last_status(server: Server, message: bytes) -> bytes:
    """The status line of the last answer on a connection that the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(message)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer[answer.rindex(b"HTTP/1.") :].split(b"\r\n", 1)[0]


@pytest.mark.parametrize(("level", "lines"), [("info", 0), ("debug", len(MALFORMED))])
def test_what_is_not_http_is_answered_400_with_one_short_line_of_level_debug(
    server_factory: Callable[..., Server], level: str, lines: int
) -> None:
    server = server_factory(workers=0, environment={"FARSHORE_LOG_LEVEL": level})
    for name, message in MALFORMED.items():
        assert b" 400 " in last_status(server, message), name
    assert b" 400 " in last_status(server, ANOTHER_PROTOCOL)
    assert server.stop() == 0
    written: list[dict[str, Any]] = [
        json.loads(line) for line in server.log.read_text().splitlines() if line[:1] == "{"
    ]
    assert [line for line in written if line["level"] in ("warning", "error", "critical")] == []
    refused = [line for line in written if line["event"] == "refused what is not HTTP"]
    assert len(refused) == lines
    assert all("exception" not in line and len(json.dumps(line)) < 500 for line in refused)
