"""Surveys of a region's SQLite file: the port's `SurveyReader` over one connection."""

from __future__ import annotations

from collections.abc import Collection

from farshore.metadata import named_sql
from farshore.metadata.sqlite_rows import Row, tags_column, tags_parameter, to_tags, to_version
from farshore.metadata.sqlite_session import Session
from farshore.metadata.survey import KEYS_END, Counted, Kind, Tag
from farshore.model.objects import Version
from farshore.model.replication import ReplicationStatus

_SQL = named_sql.load("read", "survey")


class SqliteSurvey:
    def __init__(self, session: Session) -> None:
        self._session = session

    def first_key(self, bucket_id: int, start: bytes) -> bytes | None:
        row = self._session.one(_SQL["first_key"], (bucket_id, start))
        return None if row is None else row[0]

    def key_after(self, bucket_id: int, start: bytes, versions: int) -> bytes:
        row = self._session.one(_SQL["key_after"], (bucket_id, start, versions))
        return KEYS_END if row is None else row[0]

    def versions(self, bucket_id: int, start: bytes, end: bytes) -> int:
        row = self._session.one(_SQL["versions"], (bucket_id, start, end))
        assert row is not None
        return row[0]

    def count(self, bucket_id: int, start: bytes, end: bytes, tags: Collection[Tag]) -> list[Counted]:
        bindings = (bucket_id, start, end, tags_parameter(tags))
        return [_to_counted(row) for row in self._session.all(_SQL["count_kinds"], bindings)]

    def keys(
        self, bucket_id: int, start: bytes, end: bytes, kind: Kind, tags: Collection[Tag], limit: int
    ) -> list[str]:
        bindings = (
            bucket_id,
            start,
            end,
            kind.latest,
            kind.delete_marker,
            kind.storage_class,
            kind.status,
            tags_parameter(tags),
            tags_column(kind.tags),
            limit,
        )
        return [row[0].decode() for row in self._session.all(_SQL["keys_of_kind"], bindings)]

    def newest_row(self) -> int:
        row = self._session.one(_SQL["newest_row"])
        return 0 if row is None else row[0]

    def doubtful_pending(self, after_row: int, up_to_row: int) -> list[Version]:
        return [to_version(row) for row in self._session.all(_SQL["doubtful_pending"], (after_row, up_to_row))]


def _to_counted(row: Row) -> Counted:
    latest, delete_marker, storage_class, status, tags, versions, size, key = row
    kind = Kind(
        latest=latest == 1,
        delete_marker=delete_marker == 1,
        storage_class=storage_class,
        status=None if status is None else ReplicationStatus(status),
        tags=to_tags(tags),
    )
    return Counted(kind=kind, versions=versions, bytes=size, key=key.decode())
