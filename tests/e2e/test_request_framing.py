"""Requests whose length can be read in two ways are refused, so that no second request hides in the first."""

from __future__ import annotations

import socket
from uuid import uuid4

import pytest
from tests.support.server import Server

HIDDEN = b"GET /-/health/live HTTP/1.1\r\nHost: hidden\r\nConnection: close\r\n\r\n"
FRAMINGS = [
    ("two lengths that differ", b"Content-Length: 0\r\nContent-Length: %(size)d\r\n"),
    ("two lengths in one line", b"Content-Length: 0, %(size)d\r\n"),
    ("a length and chunks", b"Content-Length: %(size)d\r\nTransfer-Encoding: chunked\r\n"),
    ("chunks and a length", b"Transfer-Encoding: chunked\r\nContent-Length: %(size)d\r\n"),
    ("a signed length", b"Content-Length: +%(size)d\r\n"),
    ("a negative length", b"Content-Length: -1\r\n"),
    ("a hexadecimal length", b"Content-Length: 0x10\r\n"),
    ("space before the colon", b"Content-Length : %(size)d\r\n"),
    ("an unknown coding", b"Transfer-Encoding: chunked, identity\r\n"),
    ("chunks by another name", b"Transfer-Encoding: xchunked\r\n"),
    ("chunks twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    ("a bare line feed", b"X-One: 1\nContent-Length: %(size)d\r\n"),
    ("a folded line", b"X-One: 1\r\n Content-Length: %(size)d\r\n"),
]


@pytest.mark.parametrize(("name", "framing"), FRAMINGS, ids=[name for name, _ in FRAMINGS])
def test_a_request_of_two_readings_is_refused_and_its_connection_closed(
    server: Server, name: str, framing: bytes
) -> None:
    head = b"PUT /framing-%s/key HTTP/1.1\r\nHost: localhost\r\n" % uuid4().hex[:8].encode()
    message = head + framing % {b"size": len(HIDDEN)} + b"\r\n" + HIDDEN
    answers = _exchange(server, message)
    assert b"ok\n" not in answers, f"{name}: the hidden request was answered"
    assert answers.count(b"HTTP/1.1 ") <= 1, f"{name}: {answers!r}"
    assert b" 200 " not in answers.split(b"\r\n", 1)[0]


def _exchange(server: Server, message: bytes) -> bytes:
    """All that the server answers until it closes the connection, as it must after what it refuses."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(message)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_the_hidden_request_is_one_that_would_be_answered(server: Server) -> None:
    assert b"ok\n" in _exchange(server, HIDDEN)
