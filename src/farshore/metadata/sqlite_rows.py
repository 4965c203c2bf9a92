"""Between SQLite's rows and the model's values. The orders of columns are those of queries/read.sql and write.sql.

What is usually empty (attributes, tags, destinations, ACL, times of change) is NULL when it is, and is then not decoded
at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec

from farshore.model.access_control import Grant
from farshore.model.batch import Candidate
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.objects import Attributes, Checksum, ChecksumType, Modified, Part, Upload, Version
from farshore.model.replication import DestinationState, ReplicationStatus, ReplicationTask, TaskKind
from farshore.model.replication_record import PendingTask
from farshore.runtime.ids import version_time_hint

Row = tuple[Any, ...]

BUCKET_WIDTH = 6
"""Columns of a bucket, which come first where a row holds a bucket and a version."""

TASK_SIZE = 8
"""Place of the size among the columns of a task."""

_NO_ATTRIBUTES = Attributes()
_NEVER_MODIFIED = Modified()
_NO_TAGS: Mapping[str, str] = MappingProxyType({})
_STATUSES: dict[str | None, ReplicationStatus | None] = {
    None: None,
    **{status.value: status for status in ReplicationStatus},
}
_KINDS = {kind.value: kind for kind in TaskKind}

_encode = msgspec.msgpack.Encoder().encode
_decode_attributes = msgspec.msgpack.Decoder(Attributes).decode
_decode_tags = msgspec.msgpack.Decoder(dict[str, str]).decode
_decode_pairs = msgspec.msgpack.Decoder(list[tuple[str, str]]).decode
_decode_destinations = msgspec.msgpack.Decoder(tuple[DestinationState, ...]).decode
_decode_modified = msgspec.msgpack.Decoder(Modified).decode
_decode_acl = msgspec.msgpack.Decoder(tuple[Grant, ...]).decode
_decode_checksum = msgspec.msgpack.Decoder(Checksum).decode


def to_bucket(row: Row) -> Bucket:
    bucket_id, name, owner, created_us, versioning, generation = row
    return Bucket(
        id=bucket_id,
        name=name,
        owner=owner,
        created_us=created_us,
        versioning=VersioningStatus(versioning),
        generation=generation,
    )


def to_version(row: Row) -> Version:
    (
        row_id,
        bucket_id,
        key,
        created_us,
        version_id,
        latest,
        delete_marker,
        inline,
        size,
        etag,
        storage_class,
        owner,
        blob,
        attributes,
        tags,
        replication_status,
        destinations,
        acl,
        modified,
    ) = row
    return Version(
        bucket_id=bucket_id,
        key=key.decode(),
        version_id=version_id,
        created_us=created_us,
        owner=owner,
        latest=latest == 1,
        delete_marker=delete_marker == 1,
        size=size,
        etag=etag,
        storage_class=storage_class,
        blob=blob,
        inline=inline == 1,
        attributes=_NO_ATTRIBUTES if attributes is None else _decode_attributes(attributes),
        tags={} if tags is None else _decode_tags(tags),
        replication_status=_STATUSES[replication_status],
        destinations=() if destinations is None else _decode_destinations(destinations),
        acl=None if acl is None else _decode_acl(acl),
        modified=_NEVER_MODIFIED if modified is None else _decode_modified(modified),
        row=row_id,
    )


def to_candidate(row: Row) -> Candidate:
    key, created_us, version_id, latest, delete_marker, size, storage_class, status, tags, attributes = row
    return Candidate(
        key,
        created_us,
        version_id,
        latest == 1,
        delete_marker == 1,
        size,
        storage_class,
        _STATUSES[status],
        _NO_TAGS if tags is None else _decode_tags(tags),
        "" if attributes is None else _decode_attributes(attributes).server_side_encryption,
    )


def version_row(version: Version) -> Row:
    """The columns of a version to insert; SQLite numbers the row."""
    return (
        version.bucket_id,
        version.key.encode(),
        version.created_us,
        version.version_id,
        version.latest,
        version.delete_marker,
        version.inline,
        version.size,
        version.etag,
        version.storage_class,
        version.owner,
        version.blob,
        attributes_column(version.attributes),
        tags_column(version.tags),
        version.replication_status,
        destinations_column(version.destinations),
        failed_column(version.destinations),
        acl_column(version.acl),
        modified_column(version.modified),
        version_time_hint(version.version_id) != version.created_us,
    )


def attributes_column(attributes: Attributes) -> bytes | None:
    return None if attributes == _NO_ATTRIBUTES else _encode(attributes)


def tags_column(tags: Mapping[str, str]) -> bytes | None:
    return _encode(tags) if tags else None


def acl_column(acl: tuple[Grant, ...] | None) -> bytes | None:
    return None if acl is None else _encode(acl)


def modified_column(modified: Modified) -> bytes | None:
    return None if modified == _NEVER_MODIFIED else _encode(modified)


def to_tags(column: bytes | None) -> dict[str, str]:
    return {} if column is None else _decode_tags(column)


def tags_parameter(tags: Collection[tuple[str, str]]) -> bytes | None:
    """Tags for `picked_tags`; None for none."""
    return _encode(sorted(tags)) if tags else None


def picked_tags(*given: Any) -> bytes | None:
    """The SQL function of this name: of a column of tags, those that are among some (`tags_parameter`), in order."""
    column, among = given
    wanted = _wanted(among)
    if not any(encoded in column for _, encoded in wanted):
        return None
    tags = _decode_tags(column)
    return tags_column({name: value for (name, value), _ in wanted if tags.get(name) == value})


@lru_cache(maxsize=64)
def _wanted(among: bytes) -> tuple[tuple[tuple[str, str], bytes], ...]:
    """Each tag, and as it stands in a column that has it: name and value, one after the other."""
    return tuple((tag, _encode(tag[0]) + _encode(tag[1])) for tag in _decode_pairs(among))


def destinations_column(destinations: Sequence[DestinationState]) -> bytes | None:
    return _encode(destinations) if destinations else None


def failed_column(destinations: Sequence[DestinationState]) -> int | None:
    """When the latest destination that stands FAILED came to do so."""
    if not destinations:
        return None
    return max((state.at_us for state in destinations if state.status is ReplicationStatus.FAILED), default=None)


def failed_destinations(column: bytes) -> list[DestinationState]:
    return [state for state in _decode_destinations(column) if state.status is ReplicationStatus.FAILED]


def to_upload(row: Row) -> Upload:
    bucket_id, key, created_us, upload_id, owner, initiator, storage_class, algorithm, kind, attributes, tags, acl = row
    return Upload(
        bucket_id=bucket_id,
        key=key.decode(),
        upload_id=upload_id,
        created_us=created_us,
        owner=owner,
        initiator=initiator,
        storage_class=storage_class,
        checksum_algorithm=algorithm,
        checksum_type=None if kind is None else ChecksumType(kind),
        attributes=_NO_ATTRIBUTES if attributes is None else _decode_attributes(attributes),
        tags={} if tags is None else _decode_tags(tags),
        acl=None if acl is None else _decode_acl(acl),
    )


def upload_row(upload: Upload) -> Row:
    return (
        upload.bucket_id,
        upload.key.encode(),
        upload.created_us,
        upload.upload_id,
        upload.owner,
        upload.initiator,
        upload.storage_class,
        upload.checksum_algorithm,
        upload.checksum_type,
        attributes_column(upload.attributes),
        tags_column(upload.tags),
        acl_column(upload.acl),
    )


def to_part(row: Row) -> Part:
    number, size, etag, blob, checksum, created_us = row
    return Part(number, size, etag, blob, None if checksum is None else _decode_checksum(checksum), created_us)


def part_row(upload_id: str, part: Part) -> Row:
    checksum = None if part.checksum is None else _encode(part.checksum)
    return (upload_id, part.number, part.size, part.etag, part.blob, checksum, part.created_us)


def to_task(row: Row) -> ReplicationTask:
    (
        task_id,
        bucket_id,
        destination,
        key,
        version_id,
        kind,
        enqueued_us,
        due_us,
        size,
        attempts,
        last_error,
        rule_id,
        threshold_us,
        missed,
        batch,
        job,
        place,
    ) = row
    return ReplicationTask(
        id=task_id,
        bucket_id=bucket_id,
        destination=destination,
        key=key.decode(),
        version_id=version_id,
        kind=_KINDS[kind],
        enqueued_us=enqueued_us,
        due_us=due_us,
        size=size,
        attempts=attempts,
        last_error=last_error,
        rule_id=rule_id,
        threshold_us=threshold_us,
        missed=missed == 1,
        batch=batch == 1,
        job=job,
        place=place,
    )


def task_row(task: ReplicationTask) -> Row:
    return (
        task.bucket_id,
        task.destination,
        task.key.encode(),
        task.version_id,
        task.kind,
        task.enqueued_us,
        task.due_us,
        task.size,
        task.attempts,
        task.last_error,
        task.rule_id,
        task.threshold_us,
        task.missed,
        task.batch,
        task.job,
        task.place,
    )


def to_pending_task(row: Row) -> PendingTask:
    destination, kind, enqueued_us, due_us, attempts, last_error, leased, threshold_us = row
    return PendingTask(
        destination=destination,
        kind=kind,
        enqueued_us=enqueued_us,
        due_us=due_us,
        attempts=attempts,
        last_error=last_error,
        leased=leased == 1,
        threshold_us=threshold_us,
    )
