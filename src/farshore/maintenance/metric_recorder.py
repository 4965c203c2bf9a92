"""Minute by minute, what replication's accounts say becomes points of the series that CloudWatch's API reads.

One process of a deployment runs it. Minutes in which no server runs have no points, as on AWS. It also thins what has
become old.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar

import structlog

from farshore.metadata.store import StoreUnavailable, Transaction
from farshore.model.metrics import Route
from farshore.runtime.slices import slices
from farshore.runtime.together import first_of
from farshore.semantics.metric_points import MINUTE_S, RETENTION_S
from farshore.service.deployment import Deployment, Region
from farshore.service.metric_minute import Published, places_of, write_points
from farshore.service.metric_routes import configured_routes, is_configured

ROUTES_AT_ONCE = 50
"""Routes whose minute is closed in one command of the region's writer, during which others wait."""

THIN_EVERY_S = 3600
_THINNED_AT_ONCE_S = 6 * 3600
"""Points of so much time are merged in one command."""

T = TypeVar("T")

log = structlog.get_logger()


class MetricRecorder:
    """Records the minutes of one region."""

    def __init__(self, deployment: Deployment, region: Region) -> None:
        self._deployment = deployment
        self._region = region
        self._thinned_s = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Close each minute as it ends, until `stop` is set. A store that is unavailable is tried the next minute."""
        while not stop.is_set():
            try:
                await self.record()
                await self._thin_now_and_then()
            except StoreUnavailable as error:
                log.warning("metrics could not be recorded", region=self._region.name, error=str(error))
            now_us = self._deployment.clock.now_us()
            await first_of(stop, within_s=MINUTE_S - now_us / 1e6 % MINUTE_S)

    async def record(self) -> None:
        """Close the minute under way if it has ended, and begin the present one."""
        minute_s = self._deployment.clock.now_us() // 1_000_000 // MINUTE_S * MINUTE_S
        metadata = self._region.metadata
        ended_s = metadata.reader.metrics.minute()
        if ended_s == minute_s:
            return
        for routes in slices(self._routes(), ROUTES_AT_ONCE):
            await metadata.write(lambda tx, routes=routes: _close(tx, routes, ended_s))
        await metadata.write(lambda tx: tx.metrics.begin_minute(minute_s))

    async def thin(self, now_s: int) -> None:
        """Merge points that have become old into longer ones, and drop what is too old, or of routes without a rule."""
        metadata = self._region.metadata
        *merged, last_s = RETENTION_S
        oldest_s = now_s - RETENTION_S[last_s]
        for series in await metadata.read(lambda reader: reader.metrics.series()):
            for period_s, into_s in zip(merged, (*merged[1:], last_s), strict=True):
                await self._merge(series.id, period_s, into_s, (now_s - RETENTION_S[period_s]) // into_s * into_s)
            await metadata.write(lambda tx, id=series.id: tx.metrics.expire(id, period_s=last_s, before_s=oldest_s))
        ruled = set(configured_routes(self._deployment, metadata.reader))
        unruled = [account.route for account in metadata.reader.metrics.accounts() if account.route not in ruled]
        unruled += [pending.route for pending in metadata.reader.metrics.pending() if pending.route not in ruled]
        for routes in slices(unruled, ROUTES_AT_ONCE):
            await metadata.write(lambda tx, routes=routes: self._forget(tx, routes))

    def _forget(self, tx: Transaction, routes: Sequence[Route]) -> None:
        """Inside a command: a rule that is back by now has been counting, and keeps what it has counted."""
        tx.metrics.forget_routes([route for route in routes if not is_configured(self._deployment, tx, route)])

    async def _merge(self, series_id: int, period_s: int, into_s: int, before_s: int) -> None:
        def merge(tx: Transaction) -> bool:
            return tx.metrics.thin(
                series_id, period_s=period_s, into_s=into_s, before_s=before_s, span_s=_THINNED_AT_ONCE_S
            )

        while await self._region.metadata.write(merge):
            continue

    def _routes(self) -> list[tuple[Route, Published]]:
        """Every route that has something to close or to begin anew, and where its metrics are published."""
        reader = self._region.metadata.reader
        metered = set(configured_routes(self._deployment, reader, metered=True))
        counted = {pending.route for pending in reader.metrics.pending()}
        counted |= {account.route for account in reader.metrics.accounts()}
        return [
            (route, places_of(self._deployment, self._region, route) if route in metered else {})
            for route in sorted(metered | counted)
        ]

    async def _thin_now_and_then(self) -> None:
        now_s = self._deployment.clock.now_us() // 1_000_000
        if now_s - self._thinned_s >= THIN_EVERY_S:
            await self.thin(now_s)
            self._thinned_s = now_s


def _close(tx: Transaction, routes: Sequence[tuple[Route, Published]], ended_s: int | None) -> None:
    """Inside a command: points for the minute that has ended; then the routes begin anew."""
    metrics = tx.metrics
    for route, published in routes:
        if published and ended_s is not None:
            write_points(metrics, route, published, at_s=ended_s, end_us=(ended_s + MINUTE_S) * 1_000_000)
        metrics.begin_route(route)
