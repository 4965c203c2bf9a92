"""Thresholds of Replication Time Control in a region's SQLite file: the port's `ThresholdTransaction`."""

from __future__ import annotations

from collections.abc import Sequence

from farshore.metadata import named_sql
from farshore.metadata.sqlite_rows import to_task
from farshore.metadata.sqlite_session import Session, listed
from farshore.model.replication import ReplicationTask

_SQL = named_sql.load("read", "thresholds")


class SqliteThresholds:
    """Reads on any connection; changes on the writer's, inside a command. `session` is the connection's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def next_us(self) -> int | None:
        row = self._session.one(_SQL["next_us"])
        return None if row is None else row[0]

    def passed(self, now_us: int, limit: int) -> list[ReplicationTask]:
        return [to_task(row) for row in self._session.all(_SQL["passed"], (now_us, limit))]

    def task(self, task_id: int) -> ReplicationTask | None:
        row = self._session.one(_SQL["task"], (task_id,))
        return None if row is None else to_task(row)

    def missed(self, ids: Sequence[int]) -> None:
        self._mark("missed", ids)

    def untracked(self, ids: Sequence[int]) -> None:
        self._mark("untracked", ids)

    def _mark(self, statement: str, ids: Sequence[int]) -> None:
        if ids:
            self._session.run(_SQL[statement], (listed(ids),))
