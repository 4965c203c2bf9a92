"""From settings to the drivers that bring events to their destinations."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from farshore.app.cannot_serve import CannotServe
from farshore.runtime.clock import Clock
from farshore.runtime.event_settings import EventDestination
from farshore.runtime.settings import Settings
from farshore.transports.event_file import FileTarget
from farshore.transports.event_target import EventTarget
from farshore.transports.nats import NatsMissing, NatsTarget
from farshore.transports.webhook import WebhookTarget


@asynccontextmanager
async def open_event_targets(
    settings: Settings, environment: Mapping[str, str], clock: Clock
) -> AsyncGenerator[Mapping[str, EventTarget]]:
    """The targets by ARN, closed at the end.

    Raises:
        CannotServe: a library that one needs is not installed.
    """
    async with AsyncExitStack() as targets:
        made: dict[str, EventTarget] = {}
        for destination in settings.events:
            target = _target(destination, environment, clock)
            targets.push_async_callback(target.close)
            made[destination.arn] = target
        yield made


def _target(destination: EventDestination, environment: Mapping[str, str], clock: Clock) -> EventTarget:
    if destination.webhook is not None:
        secret = destination.secret(environment)
        return WebhookTarget(destination.webhook, secret=secret, clock=clock, events_max=destination.events_max)
    if destination.nats is not None:
        assert destination.subject is not None, destination
        try:
            return NatsTarget(destination.nats, destination.subject)
        except NatsMissing as error:
            raise CannotServe(str(error)) from error
    assert destination.file is not None, destination
    return FileTarget(Path(destination.file), events_max=destination.events_max)
