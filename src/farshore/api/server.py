"""The HTTP front: aiohttp's low-level server on the sockets it is given."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from farshore.api import cloudwatch, iam_sts
from farshore.api.authenticate import Authenticated, Authenticator
from farshore.api.browser import opens_page
from farshore.api.document_requests import DocumentRequests
from farshore.api.http_log import HttpLog
from farshore.api.monitoring import Monitoring
from farshore.api.pipeline import OWN_PREFIX, Pipeline
from farshore.api.request_labels import RequestLabels
from farshore.api.request_records import Audit, RequestRecords
from farshore.api.respond import SERVER
from farshore.runtime import ids
from farshore.runtime.supervision import supervise
from farshore.service.access_logs import AccessLogs
from farshore.service.deployment import Deployment
from farshore.service.sessions import SIGNED_IN
from farshore.wire.service_model import load

_CLOSE_S = 1.0
"""For connections to close once nothing is under way on them: the last answers go out."""
_CONSOLE = "/-/console"
_CONSOLE_SESSION = "/-/console/session"

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

MakeConsole = Callable[[Deployment, Authenticator], Handler]
"""Makes what answers under `/-/console`: the web console, which this floor does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How the listener behaves.

    domains: base domains of virtual-host style addressing.
    counters: folder of all processes' counters; None shows this one's alone.
    metrics_token: with which `/-/metrics` may be read. metrics_on_loopback: also without it, from this machine.
    access_log_every_s: between deliveries of server access logs.
    """

    domains: Sequence[str] = ("localhost", "s3.localhost")
    default_region: str = "us-east-1"
    keepalive_s: float = 75.0
    header_bytes_max: int = 32 * 1024
    counters: Path | None = None
    metrics_token: str | None = None
    metrics_on_loopback: bool = False
    access_log_every_s: float = 300.0


class ApiServer:
    """A listening server: started by `start`, ended by `drain`."""

    def __init__(
        self,
        deployment: Deployment,
        settings: ServerSettings,
        make_console: MakeConsole | None = None,
        audit: Audit | None = None,
    ) -> None:
        self._deployment = deployment
        self._domains = settings.domains
        self._authenticator = Authenticator(deployment)
        self._access_logs = AccessLogs(deployment, every_s=settings.access_log_every_s)
        self._records = RequestRecords(deployment.counters, audit, self._access_logs)
        self._pipeline = Pipeline(
            deployment=deployment,
            authenticator=self._authenticator,
            model=load("s3"),
            control=load("s3control"),
            domains=settings.domains,
            default_region=settings.default_region,
            records=self._records,
        )
        self._console = None if make_console is None else make_console(deployment, self._authenticator)
        documents = DocumentRequests(deployment=deployment, authenticator=self._authenticator, records=self._records)
        self._identity = iam_sts.pipeline(documents)
        self._cloudwatch = cloudwatch.pipeline(documents)
        self._monitoring = Monitoring(
            deployment,
            folder=settings.counters,
            token=settings.metrics_token,
            on_loopback=settings.metrics_on_loopback,
        )
        self._draining = False
        self._under_way = 0
        self._drained = asyncio.Event()
        self._ending = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._web = web.Server(
            self._handle,
            logger=HttpLog(),
            access_log=None,
            keepalive_timeout=settings.keepalive_s,
            max_line_size=settings.header_bytes_max,
            max_field_size=settings.header_bytes_max,
            lingering_time=5.0,
            auto_decompress=False,
            read_bufsize=256 * 1024,
        )
        self._listeners: list[asyncio.Server] = []

    async def listen(self, sockets: Sequence[socket.socket]) -> None:
        loop = asyncio.get_running_loop()
        for listening in sockets:
            self._listeners.append(await loop.create_server(self._web, sock=listening, backlog=1024))
        works = {"last uses": self._deployment.last_uses.run, "access logs": self._access_logs.run}
        self._tasks += [loop.create_task(supervise(work, self._ending, what)) for what, work in works.items()]

    async def drain(self, timeout_s: float) -> None:
        """Accept no more, finish what is under way within the time, then close.

        aiohttp's own shutdown drops what a connection still receives, so it comes after the requests under way.
        """
        self._draining = True
        for watch in self._deployment.watches.values():
            watch.end()
        for listener in self._listeners:
            listener.close()
        if self._under_way:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._drained.wait()
        self._web.pre_shutdown()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._web.shutdown(_CLOSE_S), _CLOSE_S * 2)
        self._ending.set()
        await asyncio.gather(*self._tasks)

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        self._under_way += 1
        try:
            response = await self._answer(http)
        except (ConnectionError, web.RequestPayloadError):
            # The client has left, as clients do. What is returned goes nowhere: aiohttp calls what is raised an error.
            if http.transport is not None:
                http.transport.abort()
            response = web.Response(status=400)
            response.force_close()
            return response
        else:
            if self._draining:
                response.force_close()
            if not response.prepared:
                # What is sent only now would name the library and its version.
                response.headers.setdefault("Server", SERVER)
            return response
        finally:
            self._under_way -= 1
            if self._draining and not self._under_way:
                self._drained.set()

    async def _answer(self, http: web.BaseRequest) -> web.StreamResponse:
        if http.raw_path.startswith(OWN_PREFIX):
            return await self._own(http)
        if (
            http.raw_path == "/"
            and self._console is not None
            and "Authorization" not in http.headers
            and opens_page(http.method, http.headers, self._domains)
        ):
            return web.Response(status=302, headers={"Location": f"{_CONSOLE}/"})
        if cloudwatch.is_for_us(http):
            return await self._cloudwatch.handle(http)
        if iam_sts.is_for_us(http):
            return await self._identity.handle(http)
        return await self._pipeline.handle(http)

    async def _own(self, http: web.BaseRequest) -> web.StreamResponse:
        """Farshore's own paths; a bucket name cannot begin with `-`, so none is shadowed."""
        path = http.raw_path.partition("?")[0]
        if self._console is not None and (path == _CONSOLE or path.startswith(f"{_CONSOLE}/")):
            if http.path == _CONSOLE_SESSION:  # As the console reads it: `%73ession` is recorded, too.
                return await self._recorded(http, _CONSOLE_SESSION, lambda labels: self._session(http, labels))
            return await self._console(http)
        if path in ("/-/health/live", "/-/health/ready"):
            draining = self._draining and path.endswith("ready")
            return web.Response(status=503 if draining else 200, text="draining\n" if draining else "ok\n")
        if path == "/-/metrics" and http.method == "GET":
            return await self._recorded(http, path, lambda _: self._monitoring.handle(http))
        return await self._pipeline.handle(http)

    async def _recorded(
        self, http: web.BaseRequest, path: str, answer: Callable[[RequestLabels], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer a request that does not go through a pipeline, and record it."""
        now_us = self._deployment.clock.now_us()
        labels = RequestLabels(
            request_id=ids.request_id(), head=False, now_us=now_us, service="farshore", operation=path, resource=path
        )
        labels.asked_who = True
        response = await answer(labels)
        if response.status in (401, 403):
            labels.code = labels.code or "AccessDenied"
        self._records.answered(http, labels, response.status)
        return response

    async def _session(self, http: web.BaseRequest, labels: RequestLabels) -> web.StreamResponse:
        """A sign-in to the console, or what follows one."""
        assert self._console is not None
        response = await self._console(http)
        principal = http.get(SIGNED_IN)
        if principal is not None:
            labels.caller = Authenticated(principal, None, None)
        return response


async def start(
    deployment: Deployment,
    *,
    sockets: Sequence[socket.socket],
    settings: ServerSettings | None = None,
    make_console: MakeConsole | None = None,
    audit: Audit | None = None,
) -> ApiServer:
    """Serve the deployment on sockets that are bound already."""
    server = ApiServer(deployment, settings or ServerSettings(), make_console, audit)
    await server.listen(sockets)
    return server
