"""Reads of a region's metadata from SQLite: the port's `Reader`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from farshore.metadata import named_sql
from farshore.metadata.sqlite_events import SqliteEvents
from farshore.metadata.sqlite_jobs import SqliteJobs
from farshore.metadata.sqlite_metrics import SqliteMetrics
from farshore.metadata.sqlite_replication_records import SqliteReplicationRecords
from farshore.metadata.sqlite_rows import (
    BUCKET_WIDTH,
    Row,
    failed_destinations,
    to_bucket,
    to_candidate,
    to_part,
    to_pending_task,
    to_task,
    to_upload,
    to_version,
)
from farshore.metadata.sqlite_session import Session, listed
from farshore.metadata.sqlite_survey import SqliteSurvey
from farshore.metadata.sqlite_thresholds import SqliteThresholds
from farshore.metadata.store import Failure
from farshore.metadata.tasks import DueLane, Lane
from farshore.model.batch import Candidate, ManifestPlace
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.objects import Part, Upload, Version, VersionName
from farshore.model.replication import ReplicationTask
from farshore.model.replication_record import PendingAgain, PendingTask
from farshore.runtime.ids import version_time_hint

_SQL = named_sql.load("read")
_BUCKETS_MAX = 10_000
_INT64_END = 1 << 63


class SqliteReader:
    """Reads on one connection, by one thread at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._one = session.one
        self._all = session.all
        self._iterate = session.iterate
        self._buckets: dict[Row, Bucket] = {}
        self._jobs = SqliteJobs(session)
        self._events = SqliteEvents(session)
        self._metrics = SqliteMetrics(session)
        self._records = SqliteReplicationRecords(session)
        self._survey = SqliteSurvey(session)
        self._thresholds = SqliteThresholds(session)

    @property
    def jobs(self) -> SqliteJobs:
        return self._jobs

    @property
    def events(self) -> SqliteEvents:
        return self._events

    @property
    def metrics(self) -> SqliteMetrics:
        return self._metrics

    @property
    def records(self) -> SqliteReplicationRecords:
        return self._records

    @property
    def survey(self) -> SqliteSurvey:
        return self._survey

    @property
    def thresholds(self) -> SqliteThresholds:
        return self._thresholds

    def data_version(self) -> int:
        """Another number once another connection has committed."""
        row = self._one(_SQL["data_version"])
        assert row is not None
        return row[0]

    def bucket(self, name: str) -> Bucket | None:
        row = self._one(_SQL["bucket_by_name"], (name,))
        return None if row is None else self._to_bucket(row)

    def bucket_by_id(self, bucket_id: int) -> Bucket | None:
        row = self._one(_SQL["bucket_by_id"], (bucket_id,))
        return None if row is None else self._to_bucket(row)

    def buckets(self) -> list[Bucket]:
        return [to_bucket(row) for row in self._all(_SQL["buckets"])]

    def buckets_with(self, kind: ConfigurationKind) -> list[Bucket]:
        return [self._to_bucket(row) for row in self._all(_SQL["buckets_with"], (kind,))]

    def source_buckets(self, owner: str, after: str, limit: int) -> list[Bucket]:
        bindings = (ConfigurationKind.REPLICATION, owner, after, limit)
        return [self._to_bucket(row) for row in self._all(_SQL["source_buckets"], bindings)]

    def configuration(self, bucket_id: int, kind: ConfigurationKind) -> bytes | None:
        row = self._one(_SQL["configuration"], (bucket_id, kind))
        return None if row is None else row[0]

    def find(self, bucket: str, key: str, version_id: str | None) -> tuple[Bucket | None, Version | None]:
        if version_id is None:
            row = self._one(_SQL["find_current"], (bucket, key.encode()))
        else:
            row = self._one(_SQL["find_version"], (bucket, key.encode(), _time_hint(version_id), version_id))
        if row is None:
            return None, None
        found = self._to_bucket(row[:BUCKET_WIDTH])
        if row[BUCKET_WIDTH] is not None:
            return found, to_version(row[BUCKET_WIDTH:])
        return found, None if version_id is None else self._untimed_version(found.id, key, version_id)

    def body(self, row: int) -> bytes:
        found = self._one(_SQL["body"], (row,))
        if found is None:
            raise KeyError(row)
        return found[0]

    def bodies(self, rows: Sequence[int]) -> dict[int, bytes]:
        if not rows:
            return {}
        found: dict[int, bytes] = dict(self._all(_SQL["bodies"], (listed(rows),)))
        return found

    def current(self, bucket_id: int, key: str) -> Version | None:
        row = self._one(_SQL["current"], (bucket_id, key.encode()))
        return None if row is None else to_version(row)

    def version(self, bucket_id: int, key: str, version_id: str) -> Version | None:
        hint = _time_hint(version_id)
        if hint is not None:
            row = self._one(_SQL["version_by_time"], (bucket_id, key.encode(), hint, version_id))
            if row is not None:
                return to_version(row)
        return self._untimed_version(bucket_id, key, version_id)

    def versions(self, names: Collection[VersionName]) -> dict[VersionName, Version]:
        wanted = [(bucket_id, key.encode(), _time_hint(version_id), version_id) for bucket_id, key, version_id in names]
        rows = self._session.all_of_many(_SQL["version_by_time"], wanted)
        found = {(version.bucket_id, version.key, version.version_id): version for version in map(to_version, rows)}
        for name in names if len(found) < len(names) else ():
            if name not in found and (version := self._untimed_version(*name)) is not None:
                found[name] = version
        return found

    def scan_current(self, bucket_id: int, start: bytes, inclusive: bool) -> Iterator[Version]:
        return self._versions(_SQL["scan_current"], (bucket_id, _from_key(start, inclusive)))

    def first_current_key(self, bucket_id: int, start: bytes, inclusive: bool) -> bytes | None:
        row = self._one(_SQL["first_current_key"], (bucket_id, _from_key(start, inclusive)))
        return None if row is None else row[0]

    def scan_versions(self, bucket_id: int, start: bytes, inclusive: bool) -> Iterator[Version]:
        return self._versions(_SQL["scan_versions"], (bucket_id, _from_key(start, inclusive)))

    def scan_versions_after(self, bucket_id: int, key: bytes, created_us: int, version_id: str) -> Iterator[Version]:
        return self._versions(_SQL["scan_versions_after"], (bucket_id, key, created_us, version_id))

    def scan_candidates(
        self, bucket_id: int, prefix: bytes, after: ManifestPlace | None, *, encryption: bool
    ) -> Iterator[Candidate]:
        if after is None:
            rows = self._iterate(_SQL["scan_candidates"], (bucket_id, encryption, prefix))
        else:
            place = (after.key, after.created_us, after.version_id)
            rows = self._iterate(_SQL["scan_candidates_after"], (bucket_id, encryption, *place))
        for row in rows:
            if not row[0].startswith(prefix):
                return
            yield to_candidate(row)

    def has_versions(self, bucket_id: int) -> bool:
        return self._true(_SQL["has_versions"], (bucket_id,))

    def is_hard_deleted(self, bucket_id: int, key: str, version_id: str) -> bool:
        return self._true(_SQL["is_hard_deleted"], (bucket_id, key.encode(), version_id))

    def upload(self, bucket_id: int, key: str, upload_id: str) -> Upload | None:
        row = self._one(_SQL["upload"], (bucket_id, key.encode(), upload_id))
        return None if row is None else to_upload(row)

    def scan_uploads(self, bucket_id: int, start: bytes, inclusive: bool) -> Iterator[Upload]:
        for row in self._iterate(_SQL["scan_uploads"], (bucket_id, _from_key(start, inclusive))):
            yield to_upload(row)

    def parts(self, upload_id: str, after: int, limit: int) -> list[Part]:
        return [to_part(row) for row in self._all(_SQL["parts"], (upload_id, after, limit))]

    def parts_state(self, upload_id: str) -> str:
        row = self._one(_SQL["parts_state"], (upload_id,))
        assert row is not None
        return row[0] or ""

    def pending_tasks(self, after_id: int, limit: int) -> list[ReplicationTask]:
        return [to_task(row) for row in self._all(_SQL["pending_tasks"], (after_id, limit))]

    def lanes(self) -> list[Lane]:
        return [
            Lane(bucket_id=bucket_id, destination=destination, tasks=tasks, bytes=size, oldest_enqueued_us=oldest)
            for bucket_id, destination, tasks, size, oldest in self._all(_SQL["lanes"])
        ]

    def due_lanes(self) -> list[DueLane]:
        return [
            DueLane(bucket_id=bucket_id, destination=destination, due_us=due_us)
            for bucket_id, destination, due_us in self._all(_SQL["due_lanes"])
        ]

    def lanes_since(self, task_id: int) -> list[DueLane]:
        return [
            DueLane(bucket_id=bucket_id, destination=destination, due_us=due_us)
            for bucket_id, destination, due_us in self._all(_SQL["lanes_since"], (task_id,))
        ]

    def lane_due(self, bucket_id: int, destination: str) -> int | None:
        row = self._one(_SQL["lane_due"], (bucket_id, destination))
        assert row is not None
        return row[0]

    def tasks_of_version(self, bucket_id: int, key: str, version_id: str) -> list[PendingTask]:
        rows = self._all(_SQL["tasks_of_version"], (bucket_id, key.encode(), version_id))
        return [to_pending_task(row) for row in rows]

    def newest_task(self) -> int:
        row = self._one(_SQL["newest_task"])
        assert row is not None
        return row[0]

    def has_tasks(self, bucket_id: int, up_to: int) -> bool:
        return self._true(_SQL["has_tasks"], (bucket_id, up_to))

    def pending_again(self, bucket_id: int) -> list[PendingAgain]:
        rows = self._all(_SQL["pending_again"], (bucket_id,))
        return [PendingAgain(destination=row[0], operations=row[1], bytes=row[2]) for row in rows]

    def failures(self, bucket_id: int | None, limit: int) -> list[Failure]:
        if bucket_id is None:
            rows = self._all(_SQL["failures"], (limit,))
        else:
            rows = self._all(_SQL["failures_by_bucket"], (bucket_id, limit))
        failures = [
            Failure(bucket_id=of_bucket, key=key.decode(), version_id=version_id, state=state)
            for of_bucket, key, version_id, destinations in rows
            for state in failed_destinations(destinations)
        ]
        return sorted(failures, key=lambda failure: failure.state.at_us, reverse=True)[:limit]

    def counts(self, bucket_id: int) -> tuple[int, int]:
        row = self._one(_SQL["counts"], (bucket_id,))
        assert row is not None
        return row[0], row[1]

    def referenced_blobs(self, blobs: Sequence[str]) -> set[str]:
        rows = self._session.all_of_many(_SQL["is_referenced"], ((blob,) for blob in blobs))
        return {row[0] for row in rows}

    def _versions(self, sql: str, bindings: Row) -> Iterator[Version]:
        for row in self._iterate(sql, bindings):
            yield to_version(row)

    def _true(self, sql: str, bindings: Row) -> bool:
        row = self._one(sql, bindings)
        assert row is not None
        return row[0] == 1

    def _untimed_version(self, bucket_id: int, key: str, version_id: str) -> Version | None:
        row = self._one(_SQL["untimed_version"], (bucket_id, key.encode(), version_id))
        return None if row is None else to_version(row)

    def _to_bucket(self, row: Row) -> Bucket:
        """The bucket of a row, made once: a changed bucket is another row."""
        bucket = self._buckets.get(row)
        if bucket is None:
            if len(self._buckets) >= _BUCKETS_MAX:
                self._buckets.clear()
            bucket = self._buckets[row] = to_bucket(row)
        return bucket


def _time_hint(version_id: str) -> int | None:
    """Where to look first. None, which equals nothing in SQL, when the id says nothing that fits a column."""
    hint = version_time_hint(version_id)
    return hint if hint is not None and hint < _INT64_END else None


def _from_key(start: bytes, inclusive: bool) -> bytes:
    """The least key of a scan: the next one after `start` is `start` with a zero byte."""
    return start if inclusive else start + b"\x00"
