"""HTTP of the console: everything under `/-/console/`.

session     the page's session, see `sessions`
else        the built page; any path that is no file of it is an address inside of the page
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from farshore.console.built_page import BuiltFile, BuiltPage
from farshore.console.sessions import Authenticate, Sessions
from farshore.service.deployment import Deployment

PREFIX = "/-/console"

_SECURITY = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Console:
    """Answers the console's requests. authenticate: checks a signed request, as the APIs do."""

    def __init__(self, deployment: Deployment, authenticate: Authenticate, page: BuiltPage | None = None) -> None:
        self._sessions = Sessions(deployment, authenticate)
        self._page = page or BuiltPage()

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        path = http.path.removeprefix(PREFIX)
        if not path:
            response: web.StreamResponse = web.Response(status=302, headers={"Location": f"{PREFIX}/"})
        elif path == "/session":
            response = await self._sessions.handle(http)
        elif http.method not in ("GET", "HEAD"):
            response = web.Response(status=405, headers={"Allow": "GET, HEAD"})
        else:
            response = await self._file(http, path.removeprefix("/"))
        response.headers.update(_SECURITY)
        return response

    async def _file(self, http: web.BaseRequest, path: str) -> web.Response:
        file = self._page.find(path)
        if file is None:
            return web.Response(status=404, text="There is no such file. Was the console built?\n")
        headers = {"Cache-Control": file.cache_control, "ETag": file.etag, "Vary": "Accept-Encoding"}
        if http.headers.get("If-None-Match") == file.etag:
            return web.Response(status=304, headers=headers)
        body = await _packed(http, file)
        if body is not None:
            headers["Content-Encoding"] = "gzip"
        headers["Content-Type"] = file.content_type
        return web.Response(body=file.content if body is None else body, headers=headers)


async def _packed(http: web.BaseRequest, file: BuiltFile) -> bytes | None:
    """The file compressed, where the browser takes it."""
    if "gzip" not in http.headers.get("Accept-Encoding", ""):
        return None
    return await asyncio.to_thread(lambda: file.gzipped)
