"""A response that is complete before its first byte goes out: status, headers and body in one write.

It has just the headers it is given, Date, Content-Length and, where it must be said, Connection: S3 answers an empty
body without a Content-Type, which the HTTP library would add. Most answers are such; the library's header machinery
would be a tenth of a small request's cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from farshore.runtime.http_date import http_date

_BODILESS = frozenset((204, 304))


class WholeResponse(web.StreamResponse):
    """Args: headers: names and values, without line ends; a Content-Length among them counts instead of the body's."""

    def __init__(self, *, status: int, headers: Sequence[tuple[str, str]], body: bytes, now_us: int) -> None:
        super().__init__(status=status)
        self._lines = headers
        self._whole_body = body
        self._now_us = now_us

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        keeps = request.keep_alive if self.keep_alive is None else self.keep_alive
        self._keep_alive = keeps
        head = self._head(request, keeps)
        transport.write(head + self._whole_body if self._whole_body else head)
        if transport.get_write_buffer_size():
            await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        assert not data, "everything was sent"

    def _head(self, request: web.BaseRequest, keeps: bool) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {self.reason}", _date_line(self._now_us // 1_000_000)]
        announced = self.status in _BODILESS or request.method == "HEAD"
        for name, value in self._lines:
            lines.append(f"{name}: {value}")
            if name == "Content-Length":
                announced = True
        if not announced:
            lines.append(f"Content-Length: {len(self._whole_body)}")
        if request.version >= (1, 1):
            if not keeps:
                lines.append("Connection: close")
        elif keeps:
            lines.append("Connection: keep-alive")
        text = "\r\n".join(lines)
        # Header values were cleaned where they came from; a line end that slipped through would forge a header.
        assert text.count("\n") == text.count("\r") == len(lines) - 1, "a header holds a line end"
        return f"{text}\r\n\r\n".encode("utf-8", "surrogateescape")


@lru_cache(maxsize=4)
def _date_line(second: int) -> str:
    return f"Date: {http_date(second * 1_000_000)}"
