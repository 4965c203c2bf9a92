"""Serving, from settings to the last process's end."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import http.client
import os
import resource
import socket
import subprocess
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
import uvloop

from farshore.app import listeners
from farshore.app.audit import check_audit
from farshore.app.bell import Bell
from farshore.app.build import data_folder, prepare
from farshore.app.cannot_serve import CannotServe
from farshore.app.data_folder import DataFolder
from farshore.app.processes import api_process, background_process, whole_server
from farshore.app.supervisor import Role, Supervisor, Ties
from farshore.runtime import log as logging
from farshore.runtime.settings import RootCredentials, Settings

_READY_S_MAX = 10.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A server that answers. first: this is the folder's first start."""

    endpoint: str
    folder: DataFolder
    first: bool


Companion = subprocess.Popen[bytes]
"""A program that ends with the server."""

Announce = Callable[[Serving], Companion | None]
"""Told once that the server answers; may return a companion."""


def serve(settings: Settings, root: RootCredentials, announce: Announce) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code: 0 when everything that was under way was finished.

    Raises:
        CannotServe: what stands in the way.
    """
    logging.configure(form=settings.log_format, level=settings.log_level, process="server")
    folder = data_folder(settings)
    with contextlib.ExitStack() as held:
        held.callback(os.close, folder.take())
        check_audit(settings)
        sockets = listeners.bind(settings.host, settings.port, max(1, settings.workers))
        held.callback(_close_all, sockets)
        first = folder.read_credentials() is None
        asyncio.run(prepare(settings, root))
        _allow_many_files()
        serving = Serving(endpoint=listeners.endpoint(sockets[0], settings.host), folder=folder, first=first)
        held.callback(folder.endpoint.unlink, missing_ok=True)
        up = functools.partial(_up, serving, announce)
        if settings.workers == 0:
            return _in_one_process(settings, sockets[0], up)
        bell = held.enter_context(contextlib.closing(Bell()))
        roles = [_api(settings, f"api {number}", sockets, own, bell) for number, own in enumerate(sockets, 1)]
        roles.append(Role("background", _Process(settings, "background", sockets, None, background_process, (bell,))))
        gc.freeze()  # What was imported until here lives for ever, and is shared by all processes.
        release = functools.partial(_close_all, sockets)
        return Supervisor(roles, drain_s=settings.drain_s, announce=up, release=release).run()


def _api(settings: Settings, name: str, sockets: Sequence[socket.socket], own: socket.socket, bell: Bell) -> Role:
    return Role(name, _Process(settings, name, sockets, own, api_process, (name, own, bell)))


@dataclass(frozen=True, slots=True)
class _Process:
    """What a child runs: `body(settings, *arguments, ties)`, holding no listening socket but its own."""

    settings: Settings
    name: str
    sockets: Sequence[socket.socket]
    own: socket.socket | None
    body: Callable[..., Coroutine[None, None, None]]
    arguments: tuple[object, ...]

    def __call__(self, ties: Ties) -> int:
        logging.configure(form=self.settings.log_format, level=self.settings.log_level, process=self.name)
        _close_all([each for each in self.sockets if each is not self.own])
        try:
            uvloop.run(self.body(self.settings, *self.arguments, ties))
        except CannotServe as error:
            log.error("cannot serve", reason=str(error))
            return 1
        return 0


def _in_one_process(settings: Settings, listener: socket.socket, up: Callable[[], Companion | None]) -> int:
    companions: list[Companion | None] = []
    try:
        uvloop.run(whole_server(settings, listener, lambda: companions.append(up())))
    finally:
        for companion in companions:
            if companion is not None:
                companion.terminate()
                companion.wait()
    return 0


def _up(serving: Serving, announce: Announce) -> Companion | None:
    """All processes say that they serve: ask as a client would, then tell."""
    place = urlsplit(serving.endpoint)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_READY_S_MAX)
    try:
        connection.request("GET", "/-/health/ready")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise CannotServe(f"the server does not answer at {serving.endpoint}: {error}") from error
    finally:
        connection.close()
    if status != http.client.OK:
        raise CannotServe(f"the server answers at {serving.endpoint}, but is not ready (status {status})")
    serving.folder.write_endpoint(serving.endpoint)
    return announce(serving)


def _allow_many_files() -> None:
    """Use as many descriptors as the machine allows: each connection and each body under way takes one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _close_all(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.close()
