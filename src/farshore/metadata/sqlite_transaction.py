"""Changes to a region's metadata in SQLite: the port's `Transaction`, as commands get it from the writer's thread."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from farshore.metadata import named_sql
from farshore.metadata.sqlite_reader import SqliteReader
from farshore.metadata.sqlite_rows import (
    TASK_SIZE,
    Row,
    acl_column,
    attributes_column,
    destinations_column,
    failed_column,
    modified_column,
    part_row,
    tags_column,
    task_row,
    to_task,
    upload_row,
    version_row,
)
from farshore.metadata.sqlite_session import Session, listed
from farshore.metadata.tasks import NO_BATCH_LIMITS, BatchLimits
from farshore.model.access_control import Grant
from farshore.model.buckets import Bucket, ConfigurationKind, VersioningStatus
from farshore.model.objects import Attributes, Modified, Part, Upload, Version
from farshore.model.replication import DestinationState, ReplicationStatus, ReplicationTask

_SQL = named_sql.load("read", "write")


class SqliteTransaction(SqliteReader):
    """Reads and changes inside the writer's transaction. A command must not change what its own iterators walk."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._run = session.run
        self._run_many = session.run_many
        self._last_insert_rowid = session.connection.last_insert_rowid

    def write_gathered(self) -> None:
        """At the end of a group of commands: write what they have left to be written once."""
        self.events.write_gathered()

    def create_bucket(self, name: str, owner: str, created_us: int) -> Bucket:
        try:
            self._run(_SQL["create_bucket"], (name, owner, created_us, VersioningStatus.UNVERSIONED))
        except apsw.ConstraintError as error:
            raise AssertionError(f"bucket {name!r} exists") from error
        return Bucket(id=self._last_insert_rowid(), name=name, owner=owner, created_us=created_us)

    def set_created(self, bucket_id: int, created_us: int) -> None:
        self._change_bucket(_SQL["set_created"], (bucket_id, created_us))

    def delete_bucket(self, bucket_id: int) -> None:
        assert not self.has_versions(bucket_id), f"bucket {bucket_id} has versions"
        assert not self._true(_SQL["has_uploads"], (bucket_id,)), f"bucket {bucket_id} has uploads"
        self._run(_SQL["delete_bucket"], (bucket_id,))
        self._run(_SQL["delete_configurations"], (bucket_id,))
        self._run(_SQL["forget_hard_deleted"], (bucket_id,))
        self.metrics.forget_bucket(bucket_id)
        self.records.forget_bucket(bucket_id)

    def set_versioning(self, bucket_id: int, versioning: VersioningStatus) -> None:
        self._change_bucket(_SQL["set_versioning"], (bucket_id, versioning))

    def put_configuration(self, bucket_id: int, kind: ConfigurationKind, document: bytes | None) -> None:
        self._change_bucket(_SQL["raise_generation"], (bucket_id,))
        if document is None:
            self._run(_SQL["delete_configuration"], (bucket_id, kind))
        else:
            self._run(_SQL["put_configuration"], (bucket_id, kind, document))

    def insert_version(self, version: Version, body: bytes | None) -> int:
        assert version.inline == (body is not None), (version.key, version.inline)
        try:
            self._run(_SQL["insert_version"], version_row(version))
        except apsw.ConstraintError as error:
            raise AssertionError(f"version exists: {version.key!r} {version.version_id}") from error
        row = self._last_insert_rowid()
        self._add_failures(row, version.destinations)
        if body is not None:
            self._run(_SQL["insert_body"], (row, body))
        elif version.blobs:
            self._run_many(_SQL["insert_blob"], ((blob, row) for blob in version.blobs))
        return row

    def remove_version(self, version: Version) -> None:
        self._run(_SQL["remove_version"], (version.row,))
        if version.inline:
            self._run(_SQL["remove_body"], (version.row,))
        elif version.blobs:
            self._run_many(_SQL["remove_blob"], ((blob, version.row) for blob in version.blobs))

    def set_latest(self, row: int, latest: bool) -> None:
        self._run(_SQL["set_latest"], (row, latest))

    def set_tags(self, row: int, tags: dict[str, str], modified: Modified) -> None:
        self._run(_SQL["set_tags"], (row, tags_column(tags), modified_column(modified)))

    def set_acl(self, row: int, acl: tuple[Grant, ...] | None, modified: Modified) -> None:
        self._run(_SQL["set_acl"], (row, acl_column(acl), modified_column(modified)))

    def set_attributes(self, row: int, attributes: Attributes) -> None:
        self._run(_SQL["set_attributes"], (row, attributes_column(attributes)))

    def set_replication(
        self, row: int, status: ReplicationStatus | None, destinations: Sequence[DestinationState]
    ) -> None:
        self.set_replications([(row, status, destinations)])

    def set_replications(
        self, changes: Sequence[tuple[int, ReplicationStatus | None, Sequence[DestinationState]]]
    ) -> None:
        columns = [
            (row, status, destinations_column(destinations), failed_column(destinations))
            for row, status, destinations in changes
        ]
        self._run_many(_SQL["set_replication"], columns)
        for row, _, destinations in changes:
            self._add_failures(row, destinations)

    def create_upload(self, upload: Upload) -> None:
        self._run(_SQL["create_upload"], upload_row(upload))

    def put_part(self, upload_id: str, part: Part) -> None:
        self._run(_SQL["put_part"], part_row(upload_id, part))

    def remove_upload(self, upload_id: str) -> None:
        self._run(_SQL["remove_upload"], (upload_id,))
        self._run(_SQL["remove_parts"], (upload_id,))

    def add_tasks(self, tasks: Sequence[ReplicationTask]) -> None:
        self._run_many(_SQL["add_task"], [task_row(task) for task in tasks])

    def claim_tasks(
        self,
        *,
        bucket_id: int,
        destination: str,
        now_us: int,
        lease_until_us: int,
        limit: int,
        batch: BatchLimits = NO_BATCH_LIMITS,
    ) -> list[ReplicationTask]:
        rows = self._all(_SQL["due_tasks"], (bucket_id, destination, False, now_us, limit))
        late = self._all(_SQL["due_tasks"], (bucket_id, destination, True, now_us, limit))
        if late:
            late = _but_few_large(late, batch)
            taken = min(len(late), max(int(limit * batch.share), limit - len(rows)))
            rows = rows[: limit - taken] + late[:taken]
        if not rows:
            return []
        self._run(_SQL["lease_tasks"], (lease_until_us, listed([row[0] for row in rows])))
        return [
            msgspec.structs.replace(task, due_us=lease_until_us, attempts=task.attempts + 1)
            for task in map(to_task, rows)
        ]

    def renew_tasks(self, ids: Sequence[int], lease_until_us: int) -> None:
        if ids:
            self._run(_SQL["renew_tasks"], (lease_until_us, listed(ids)))

    def reschedule_tasks(self, tasks: Sequence[tuple[int, int, str]]) -> None:
        self._run_many(_SQL["reschedule_task"], tasks)

    def release_tasks(self, *, bucket_id: int, destination: str, now_us: int, limit: int) -> int:
        self._run(_SQL["release_tasks"], (bucket_id, destination, now_us, limit))
        return self._session.connection.changes()

    def remove_tasks(self, ids: Sequence[int]) -> set[int]:
        return {row[0] for row in self._all(_SQL["remove_tasks"], (listed(ids),))} if ids else set()

    def remove_tasks_of_version(self, bucket_id: int, key: str, version_id: str) -> list[ReplicationTask]:
        rows = self._all(_SQL["remove_tasks_of_version"], (bucket_id, key.encode(), version_id))
        return [to_task(row) for row in rows]

    def remember_hard_deleted(self, bucket_id: int, key: str, version_id: str) -> None:
        self._run(_SQL["remember_hard_deleted"], (bucket_id, key.encode(), version_id))

    def add_garbage(self, blobs: Sequence[str], since_us: int) -> None:
        self._run_many(_SQL["add_garbage"], ((blob, since_us) for blob in blobs))

    def garbage(self, before_us: int, limit: int) -> list[str]:
        return [row[0] for row in self._all(_SQL["garbage"], (before_us, limit))]

    def remove_garbage(self, blobs: Sequence[str]) -> None:
        self._run_many(_SQL["remove_garbage"], ((blob,) for blob in blobs))

    def _add_failures(self, row: int, destinations: Sequence[DestinationState]) -> None:
        for state in destinations:
            if state.status is ReplicationStatus.FAILED:
                self.records.add_failure(row, state.bucket, state.reason or "", state.at_us)

    def _change_bucket(self, sql: str, bindings: Row) -> None:
        self._run(sql, bindings)
        assert self._session.connection.changes() == 1, f"no bucket {bindings[0]}"


def _but_few_large(rows: list[Row], limits: BatchLimits) -> list[Row]:
    """The rows up to where there would be too many of large versions, so that these hold up nothing else for long."""
    large = 0
    for place, row in enumerate(rows):
        if row[TASK_SIZE] > limits.large_bytes:
            large += 1
            if large > limits.large:
                return rows[:place]
    return rows
