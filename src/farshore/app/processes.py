"""What the server's processes do: answer requests, work in the background, or both in one."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Mapping

from farshore.api import server
from farshore.api.authenticate import Authenticator
from farshore.api.request_records import Audit
from farshore.app.audit import open_audit
from farshore.app.background import Background
from farshore.app.bell import Bell, Ring
from farshore.app.build import data_folder, open_deployment
from farshore.app.event_targets import open_event_targets
from farshore.app.supervisor import Ties
from farshore.console.handler import Console
from farshore.maintenance.event_delivery import Retention
from farshore.runtime.settings import Settings, metrics_token
from farshore.service.deployment import Deployment
from farshore.transports.event_target import EventTarget

COLLECTED_AFTER = 5000
"""Containers made, less those freed, between two looks for cycles."""


async def api_process(settings: Settings, name: str, listener: socket.socket, bell: Bell, ties: Ties) -> None:
    """Answer requests until SIGTERM, then finish those under way."""
    stop = _until_told(ties)
    async with (
        open_deployment(settings, bell.ring, process=name) as deployment,
        open_audit(settings, deployment.counters) as audit,
    ):
        api = await _start_api(deployment, listener, settings, audit)
        collect_seldom()
        ties.up()
        await stop.wait()
        await api.drain(settings.drain_s)


async def background_process(settings: Settings, bell: Bell, ties: Ties) -> None:
    """Replicate and maintain until SIGTERM, woken by the bell."""
    stop = _until_told(ties)
    async with (
        open_deployment(settings, bell.ring, process="background") as deployment,
        open_event_targets(settings, os.environ, deployment.clock) as targets,
    ):
        background = _background(settings, deployment, targets)
        bell.listen(background.hear)
        collect_seldom()
        ties.up()
        try:
            await background.run(stop)
        finally:
            bell.deafen()


async def whole_server(settings: Settings, listener: socket.socket, up: Callable[[], None]) -> None:
    """Both in this process, until SIGTERM or SIGINT; a second one ends it at once. `up` is called in a thread."""
    stop, told = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: os._exit(1) if told.is_set() else told.set())
    rung: list[Ring] = []
    async with (
        open_deployment(settings, lambda why, region: rung[0](why, region), process="server") as deployment,
        open_event_targets(settings, os.environ, deployment.clock) as targets,
        open_audit(settings, deployment.counters) as audit,
    ):
        background = _background(settings, deployment, targets)
        rung.append(background.hear)
        working = asyncio.create_task(background.run(stop))
        api = await _start_api(deployment, listener, settings, audit)
        collect_seldom()
        telling = asyncio.create_task(told.wait())
        try:
            await asyncio.to_thread(up)
            await asyncio.wait((working, telling), return_when=asyncio.FIRST_COMPLETED)
        finally:
            telling.cancel()
            await api.drain(settings.drain_s)
            stop.set()
            await working


def collect_seldom() -> None:
    """Let Python look for cycles among what requests leave, and less often than it does by itself.

    What is there once a process serves is there until its end. At the default threshold the look took 6 % of the CPU of
    small GETs and 12 % of small PUTs; at this one 1 %, for a megabyte or two more of memory.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER)


def _background(settings: Settings, deployment: Deployment, targets: Mapping[str, EventTarget]) -> Background:
    retention = Retention(age_s=settings.event_retention_days * 24 * 3600, events=settings.event_backlog_max)
    return Background(
        deployment,
        replicate=settings.replicate,
        batch_share=settings.batch_share,
        retry_when_mended=settings.retry_when_mended,
        targets=targets,
        retention=retention,
    )


def _until_told(ties: Ties) -> asyncio.Event:
    """An event that SIGTERM sets. The parent's death ends this process at once: nothing is lost by that."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_reader(ties.lifeline, os._exit, 1)
    return stop


async def _start_api(
    deployment: Deployment, listener: socket.socket, settings: Settings, audit: Audit | None
) -> server.ApiServer:
    return await server.start(
        deployment,
        sockets=[listener],
        settings=_server_settings(settings),
        make_console=_make_console,
        audit=audit,
    )


def _make_console(deployment: Deployment, authenticator: Authenticator) -> server.Handler:
    return Console(deployment, authenticator.authenticate).handle


def _server_settings(settings: Settings) -> server.ServerSettings:
    domains = dict.fromkeys(("localhost", "s3.localhost", settings.host, *settings.domains))
    return server.ServerSettings(
        domains=tuple(domains),
        default_region=settings.regions[0],
        counters=data_folder(settings).counters,
        metrics_token=metrics_token(os.environ),
        metrics_on_loopback=settings.metrics_on_loopback,
        access_log_every_s=settings.access_log_every_s,
    )
