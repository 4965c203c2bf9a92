"""From an answer to HTTP: one write for a head and a small body, streamed pieces for a large one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from time import perf_counter_ns
from typing import Any

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from farshore.api.request_labels import RequestLabels
from farshore.api.whole_response import WholeResponse
from farshore.blobs.store import BlobMissing, BlobsUnavailable
from farshore.model.errors import S3Error
from farshore.service.deployment import Answer, Body
from farshore.wire.serialize import WireResponse, serialize_error

S3_CONTROL_SERVICE = "s3control"

SERVER = "Farshore"

_END = object()


async def send_answer(
    http: web.BaseRequest, wire: WireResponse, answer: Answer, labels: RequestLabels
) -> web.StreamResponse:
    """The answer as a response to send; of a body in blobs, the response that was sent."""
    headers = _headers(wire, labels)
    if answer.headers:
        headers += answer.headers.items()
    body = answer.body
    if labels.head:
        content = b""
    elif body is None:
        content = wire.body
    elif body.inline is not None:
        content = bytes(body.inline)
    else:
        return await _stream(http, wire.status, CIMultiDict(headers), body, labels)
    labels.bytes_sent = len(content)
    return WholeResponse(status=wire.status, headers=headers, body=content, now_us=labels.now_us)


def send_json(document: bytes, labels: RequestLabels) -> web.StreamResponse:
    """An answer of Farshore's own API."""
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), *_labels(labels)]
    labels.bytes_sent = len(document)
    return WholeResponse(status=200, headers=headers, body=document, now_us=labels.now_us)


async def send_lines(
    http: web.BaseRequest, lines: AsyncGenerator[Any], labels: RequestLabels, *, silence_s: float = 5.0
) -> web.StreamResponse:
    """An answer of Farshore's own API that comes line by line. `lines` is closed at the end, also when the client is
    gone.

    What is raised before the first line is raised here; after it, the connection is broken off too, so that the client
    sees no end.

    Args:
        silence_s: when no line comes for so long, an empty one does, so that the client sees that there is life, and
            the server whether there is a client.
    """
    async with contextlib.aclosing(lines):
        first = await anext(lines, None)
        headers = [("Content-Type", "application/x-ndjson"), ("Cache-Control", "no-store"), *_labels(labels)]
        response = web.StreamResponse(status=200, headers=CIMultiDict(headers))
        labels.status, labels.first_byte_ns = 200, perf_counter_ns()
        await response.prepare(http)
        try:
            if first is not None:
                await response.write(_line(first))
            async with contextlib.aclosing(_alive(lines, silence_s)) as alive:
                async for line in alive:
                    await response.write(_line(line))
        except BaseException:
            if http.transport is not None:
                http.transport.abort()
            raise
    await response.write_eof()
    return response


async def _alive(lines: AsyncGenerator[Any], silence_s: float) -> AsyncGenerator[Any]:
    """The lines, and None whenever none came for a while."""
    coming: asyncio.Task[Any] | None = None
    try:
        while True:
            if coming is None:
                coming = asyncio.ensure_future(anext(lines, _END))
            done, _ = await asyncio.wait((coming,), timeout=silence_s)
            if not done:
                yield None
                continue
            line, coming = coming.result(), None
            if line is _END:
                return
            yield line
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.wait((coming,))


def _line(line: Any) -> bytes:
    return b"\n" if line is None else msgspec.json.encode(line) + b"\n"


async def send_error(http: web.BaseRequest, error: S3Error, labels: RequestLabels) -> web.StreamResponse:
    """The error as AWS words it. A connection whose request body was not read to its end is closed."""
    labels.code = error.code
    wire = serialize_error(
        error,
        request_id=labels.request_id,
        host_id=labels.host_id,
        head=labels.head,
        wrapped=labels.service == S3_CONTROL_SERVICE,
    )
    labels.bytes_sent = len(wire.body)
    response = WholeResponse(status=wire.status, headers=_headers(wire, labels), body=wire.body, now_us=labels.now_us)
    return _closing_if_unread(http, response)


def send_document(http: web.BaseRequest, wire: WireResponse, labels: RequestLabels) -> web.StreamResponse:
    """An answer or error of a service other than S3, which labels it itself."""
    headers = [*wire.headers, ("Server", SERVER)]
    labels.bytes_sent = len(wire.body)
    response = WholeResponse(status=wire.status, headers=headers, body=wire.body, now_us=labels.now_us)
    return _closing_if_unread(http, response)


def _closing_if_unread(http: web.BaseRequest, response: WholeResponse) -> web.StreamResponse:
    if not http.content.at_eof():
        response.force_close()
    return response


def _headers(wire: WireResponse, labels: RequestLabels) -> list[tuple[str, str]]:
    return [*wire.headers, *_labels(labels)]


def _labels(labels: RequestLabels) -> list[tuple[str, str]]:
    return [("x-amz-request-id", labels.request_id), ("x-amz-id-2", labels.host_id), ("Server", SERVER)]


async def _stream(
    http: web.BaseRequest, status: int, headers: CIMultiDict[str], body: Body, labels: RequestLabels
) -> web.StreamResponse:
    """Send ranges of blobs. The first piece is read before the head is sent, so that lost bytes are an error."""
    pieces = _pieces(body)
    first = await anext(pieces, None)
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = body.length
    labels.status, labels.first_byte_ns = status, perf_counter_ns()
    await response.prepare(http)
    try:
        if first is not None:
            await response.write(first)
            labels.bytes_sent = len(first)
        async for piece in pieces:
            await response.write(piece)
            labels.bytes_sent += len(piece)
    except (BlobMissing, BlobsUnavailable):
        # The head is out: all that can still be said is to break off, so that the client sees a short body.
        if http.transport is not None:
            http.transport.abort()
        raise
    await response.write_eof()
    return response


async def _pieces(body: Body) -> AsyncIterator[bytes | memoryview]:
    assert body.store is not None, body
    for blob, offset, length in body.blobs:
        async for piece in body.store.read(blob, offset, length):
            yield piece
