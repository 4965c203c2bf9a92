"""Replication metrics in a region's SQLite file: the port's `MetricTransaction` over one connection."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from farshore.metadata import named_sql
from farshore.metadata.sqlite_rows import Row
from farshore.metadata.sqlite_session import Session
from farshore.model.metrics import Account, MetricName, Pending, Point, Route, Series, Tally

_SQL = named_sql.load("metrics")
_encode = msgspec.msgpack.Encoder().encode
_decode_tally = msgspec.msgpack.Decoder(Tally).decode


class SqliteMetrics:
    """Reads on any connection; changes on the writer's, inside a command. `session` is the connection's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def pending(self) -> list[Pending]:
        return [_to_pending(row) for row in self._session.all(_SQL["pending"])]

    def pending_on(self, route: Route) -> Pending:
        row = self._session.one(_SQL["pending_on"], _key(route))
        return Pending(route=route) if row is None else _to_pending(row)

    def accounts(self) -> list[Account]:
        return [_to_account(row) for row in self._session.all(_SQL["accounts"])]

    def account(self, route: Route) -> Account:
        row = self._session.one(_SQL["account"], _key(route))
        return Account(route=route) if row is None else _to_account(row)

    def minute(self) -> int | None:
        row = self._session.one(_SQL["minute"])
        return None if row is None else row[0]

    def series(self) -> list[Series]:
        return [_to_series(row) for row in self._session.all(_SQL["series"])]

    def find_series(self, route: Route, name: MetricName, region: str) -> int | None:
        row = self._session.one(_SQL["series_id"], (*_key(route), name, region))
        return None if row is None else row[0]

    def points(self, series_id: int, start_s: int, end_s: int) -> list[Point]:
        return [Point(*row) for row in self._session.all(_SQL["points"], (series_id, start_s, end_s))]

    def put_account(self, account: Account) -> None:
        self._session.run(
            _SQL["put_account"],
            (
                *_key(account.route),
                _encode(account.tally),
                account.minute_completed,
                account.minute_failed,
                account.minute_latency_us,
            ),
        )

    def begin_minute(self, at_s: int) -> None:
        self._session.run(_SQL["begin_minute"], (at_s,))

    def begin_route(self, route: Route) -> None:
        self._session.run(_SQL["begin_peaks"], _key(route))
        self._session.run(_SQL["begin_account"], _key(route))

    def series_id(self, route: Route, name: MetricName, region: str) -> int:
        found = self.find_series(route, name, region)
        if found is not None:
            return found
        self._session.run(_SQL["add_series"], (*_key(route), name, region))
        return self._session.connection.last_insert_rowid()

    def add_point(self, series_id: int, point: Point) -> None:
        self._session.run(_SQL["add_point"], _point_row(series_id, point))

    def raise_point(self, series_id: int, point: Point) -> None:
        self._session.run(_SQL["raise_point"], _point_row(series_id, point))

    def thin(self, series_id: int, *, period_s: int, into_s: int, before_s: int, span_s: int) -> bool:
        assert before_s % into_s == 0 and span_s % into_s == 0, (before_s, span_s, into_s)
        row = self._session.one(_SQL["oldest_point"], (series_id, period_s))
        if row is None or row[0] is None or row[0] >= before_s:
            return False
        start_s = row[0] // into_s * into_s
        end_s = min(before_s, start_s + span_s)
        self._session.run(_SQL["merge_points"], (series_id, period_s, into_s, start_s, end_s))
        self._session.run(_SQL["remove_points"], (series_id, period_s, end_s))
        return end_s < before_s

    def expire(self, series_id: int, *, period_s: int, before_s: int) -> None:
        self._session.run(_SQL["remove_points"], (series_id, period_s, before_s))
        self._session.run(_SQL["remove_empty_series"], (series_id,))

    def forget_routes(self, routes: Sequence[Route]) -> None:
        for route in routes:
            self._session.run(_SQL["forget_pending"], _key(route))
            self._session.run(_SQL["forget_account"], _key(route))

    def forget_bucket(self, bucket_id: int) -> None:
        """Drop the series of a bucket that is deleted. What still waits of it is counted until it is settled."""
        self._session.run(_SQL["forget_points_of_bucket"], (bucket_id,))
        self._session.run(_SQL["forget_series_of_bucket"], (bucket_id,))


def _key(route: Route) -> tuple[int, str, str]:
    return (route.bucket_id, route.destination, route.rule_id)


def _to_pending(row: Row) -> Pending:
    bucket_id, destination, rule_id, operations, size, peak_operations, peak_bytes, oldest_us = row
    return Pending(
        route=Route(bucket_id, destination, rule_id),
        operations=operations,
        bytes=size,
        peak_operations=peak_operations,
        peak_bytes=peak_bytes,
        oldest_us=oldest_us,
    )


def _to_account(row: Row) -> Account:
    bucket_id, destination, rule_id, tally, completed, failed, latency_us = row
    return Account(
        route=Route(bucket_id, destination, rule_id),
        tally=_decode_tally(tally),
        minute_completed=completed,
        minute_failed=failed,
        minute_latency_us=latency_us,
    )


def _to_series(row: Row) -> Series:
    series_id, bucket_id, destination, rule_id, name, region, last_s = row
    return Series(
        route=Route(bucket_id, destination, rule_id),
        name=MetricName(name),
        region=region,
        id=series_id,
        last_s=last_s,
    )


def _point_row(series_id: int, point: Point) -> Row:
    return (series_id, point.at_s, point.period_s, point.samples, point.total, point.minimum, point.maximum)
