"""The port of a region's replication metrics: what waits, what came of it, and the series that are kept of both.

What waits is counted by the store itself, in the transaction of every change of a task, so that nobody can forget to.
What came of operations is written by whoever settles them, in that transaction. Once a minute the minute under way is
closed: its part of both becomes points of the series, and is begun anew, in one command for each route. A crash between
two routes is harmless: the minute is then closed again for all, highest values kept, sums added.

Contract, as for the region's store: reads are synchronous and see the last committed state; changes are made inside
commands, which may be run more than once and leave nothing behind when they raise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from farshore.model.metrics import Account, MetricName, Pending, Point, Route, Series


class MetricReader(Protocol):
    def pending(self) -> list[Pending]:
        """Every route that something waited on, by route. Costs by routes, not by tasks."""
        ...

    def pending_on(self, route: Route) -> Pending:
        """Of one route; all zero when nothing ever waited on it."""
        ...

    def accounts(self) -> list[Account]:
        """Every route that an operation was settled on, by route."""
        ...

    def account(self, route: Route) -> Account:
        """Of one route; all zero when nothing was settled on it."""
        ...

    def minute(self) -> int | None:
        """When the minute under way began, in seconds since the epoch. None before the first."""
        ...

    def series(self) -> list[Series]:
        """Every series, by route and name."""
        ...

    def find_series(self, route: Route, name: MetricName, region: str) -> int | None:
        """The handle of a series; None when it has no point yet."""
        ...

    def points(self, series_id: int, start_s: int, end_s: int) -> list[Point]:
        """Points that begin from `start_s` on and before `end_s`: by time, of several periods the shorter first."""
        ...


class MetricTransaction(MetricReader, Protocol):
    def put_account(self, account: Account) -> None:
        """Replace a route's account."""
        ...

    def begin_minute(self, at_s: int) -> None:
        """The minute under way is this one from now on."""
        ...

    def begin_route(self, route: Route) -> None:
        """Forget what a route counted for the minute under way: peaks fall to what waits now."""
        ...

    def series_id(self, route: Route, name: MetricName, region: str) -> int:
        """The handle of a series, which is made when it is new."""
        ...

    def add_point(self, series_id: int, point: Point) -> None:
        """Add what was observed to the point of that time."""
        ...

    def raise_point(self, series_id: int, point: Point) -> None:
        """Let the point of that time be one sample: the highest that was given for it."""
        ...

    def thin(self, series_id: int, *, period_s: int, into_s: int, before_s: int, span_s: int) -> bool:
        """Merge points of one period into those of a longer one: the oldest of them, from before a time.

        Args:
            before_s: points from before this time are merged; a multiple of `into_s`.
            span_s: at most so much time in one call; a multiple of `into_s`.
        Returns:
            Whether more are left to merge.
        """
        ...

    def expire(self, series_id: int, *, period_s: int, before_s: int) -> None:
        """Drop points of this period from before a time, and the series when it has no points left."""
        ...

    def forget_routes(self, routes: Sequence[Route]) -> None:
        """Drop what is counted of routes on which nothing waits. Their series stay until they expire."""
        ...
