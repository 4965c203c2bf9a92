"""The HTTP floor, a program: the HTTP library that Farshore serves with, and nothing behind it.

`/SIZE/…` answers GET and HEAD with so many bytes, `/file/…` with the file given; a PUT's body is read and dropped.
Prints its port once it listens, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import os
import sys

import uvloop
from aiohttp import web

_PIECE_BYTES = 256 * 1024
_HEADER_BYTES_MAX = 32 * 1024


class BareServer:
    """Args: file: path of the file to send."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._bodies: dict[str, bytes] = {}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method in ("GET", "HEAD"):
            size = request.raw_path.split("/", 2)[1]
            if size == "file":
                return await self._send_file(request)
            body = self._bodies.get(size)
            if body is None:
                body = self._bodies[size] = bytes(int(size))
            return web.Response(body=body)
        if request.method == "DELETE":
            return web.Response(status=204)
        content = request.content
        while not content.at_eof():
            await content.readany()
        return web.Response()

    async def _send_file(self, request: web.BaseRequest) -> web.StreamResponse:
        descriptor = os.open(self._file, os.O_RDONLY)
        try:
            response = web.StreamResponse()
            response.content_length = os.fstat(descriptor).st_size
            await response.prepare(request)
            while piece := os.read(descriptor, _PIECE_BYTES):
                await response.write(piece)
            await response.write_eof()
            return response
        finally:
            os.close(descriptor)


async def _serve(file: str) -> None:
    loop = asyncio.get_running_loop()
    server = web.Server(
        BareServer(file).handle,
        access_log=None,
        max_line_size=_HEADER_BYTES_MAX,
        max_field_size=_HEADER_BYTES_MAX,
        auto_decompress=False,
        read_bufsize=_PIECE_BYTES,
    )
    listener = await loop.create_server(server, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{listener.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    listener.close()
    await server.shutdown()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
