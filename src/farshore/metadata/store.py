"""The port of a region's metadata: versions, bodies kept inline, uploads, buckets, and the replication outbox.

Reads are plain synchronous calls on a `Reader`: each is a few microseconds and sees the last committed state. A write
is a *command*: a plain function over a `Transaction`, run in the region's single writer. The store runs the commands
that wait as one group, in one transaction with one flush to disk, and answers each after that flush.

Contract, for every driver:
- `write` returns only when the command's changes are on disk. Commands run one after another: a command sees every
  change of the commands before it, so check-then-change needs no lock.
- A command that raises leaves nothing behind, and the exception reaches its caller; other commands of its group stand.
- A command may be run more than once before its result counts (a group is retried without the one that failed): it must
  have no effect outside its transaction, and take time and ids from its arguments or make them anew.
- A command does no other I/O and does not wait: it is short. It may run on the event loop, where everything else waits
  for it: split what takes more than a few milliseconds.
- `write` raises `StoreUnavailable` when the disk refuses; nothing of the command is then stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol, TypeVar

import msgspec

from farshore.metadata.events import EventReader, EventTransaction
from farshore.metadata.jobs import JobReader, JobTransaction
from farshore.metadata.metrics import MetricReader, MetricTransaction
from farshore.metadata.replication_records import RecordReader, RecordTransaction
from farshore.metadata.survey import SurveyReader
from farshore.metadata.tasks import TaskReader, TaskTransaction
from farshore.metadata.thresholds import ThresholdReader, ThresholdTransaction
from farshore.model.access_control import Grant
from farshore.model.batch import Candidate, ManifestPlace
from farshore.model.buckets import Bucket, ConfigurationKind, VersioningStatus
from farshore.model.objects import Attributes, Modified, Part, Upload, Version, VersionName
from farshore.model.replication import DestinationState, ReplicationStatus

T = TypeVar("T")


class StoreUnavailable(Exception):  # noqa: N818 - named for what is so, as S3 names its errors.
    """The store cannot be read or written now (disk full, I/O error, stopping). Transient."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A version whose replication to a destination ended FAILED."""

    bucket_id: int
    key: str
    version_id: str
    state: DestinationState


class Reader(TaskReader, Protocol):
    """Synchronous reads. Iterators read as they are advanced, see one snapshot, and must be closed or exhausted."""

    @property
    def jobs(self) -> JobReader:
        """Reads of Batch Operations jobs."""
        ...

    @property
    def events(self) -> EventReader:
        """Reads of the event outbox."""
        ...

    @property
    def metrics(self) -> MetricReader:
        """Reads of replication metrics."""
        ...

    @property
    def records(self) -> RecordReader:
        """Reads of what is recorded of replication."""
        ...

    @property
    def survey(self) -> SurveyReader:
        """Reads of whole buckets, range by range. For `MetadataStore.read`."""
        ...

    @property
    def thresholds(self) -> ThresholdReader:
        """Reads of what Replication Time Control watches."""
        ...

    def bucket(self, name: str) -> Bucket | None: ...

    def bucket_by_id(self, bucket_id: int) -> Bucket | None: ...

    def buckets(self) -> list[Bucket]:
        """All buckets of the region, by name."""
        ...

    def buckets_with(self, kind: ConfigurationKind) -> list[Bucket]:
        """The buckets that have a document of this kind, in no order."""
        ...

    def source_buckets(self, owner: str, after: str, limit: int) -> list[Bucket]:
        """An account's buckets with a replication configuration, or with failures of an earlier one, by name: the
        first after this name. Costs by the region's source buckets, not by its buckets."""
        ...

    def configuration(self, bucket_id: int, kind: ConfigurationKind) -> bytes | None:
        """The stored document, as it was put, or None."""
        ...

    def find(self, bucket: str, key: str, version_id: str | None) -> tuple[Bucket | None, Version | None]:
        """The bucket, and of the key the named version or the current one (which may be a delete marker).

        The one read of a GET or HEAD: one statement where the driver can.
        """
        ...

    def body(self, row: int) -> bytes:
        """The inline body of a version. Raises KeyError when the version is gone."""
        ...

    def bodies(self, rows: Sequence[int]) -> dict[int, bytes]:
        """The inline bodies of many versions, by their rows; of those that are there."""
        ...

    def current(self, bucket_id: int, key: str) -> Version | None:
        """The newest version of the key, which may be a delete marker."""
        ...

    def version(self, bucket_id: int, key: str, version_id: str) -> Version | None: ...

    def versions(self, names: Collection[VersionName]) -> dict[VersionName, Version]:
        """Those of many versions that are there, by their names: cheaper than one by one."""
        ...

    def scan_current(self, bucket_id: int, start: bytes, inclusive: bool) -> Iterator[Version]:
        """Current versions that are not delete markers, by key bytes, from `start`."""
        ...

    def first_current_key(self, bucket_id: int, start: bytes, inclusive: bool) -> bytes | None:
        """The key that `scan_current` would begin with, without reading its version."""
        ...

    def scan_versions(self, bucket_id: int, start: bytes, inclusive: bool) -> Iterator[Version]:
        """All versions and markers from key `start`, by key bytes, then newest first (created_us, version_id)."""
        ...

    def scan_versions_after(self, bucket_id: int, key: bytes, created_us: int, version_id: str) -> Iterator[Version]:
        """As `scan_versions`, beginning just after this place in the order (the version need not exist any more)."""
        ...

    def scan_candidates(
        self, bucket_id: int, prefix: bytes, after: ManifestPlace | None, *, encryption: bool
    ) -> Iterator[Candidate]:
        """All versions and markers of keys that begin so, in the order of `scan_versions`, for a generated manifest.

        Args:
            after: goes on just after this version, which need not exist any more.
            encryption: read how versions are encrypted.
        """
        ...

    def has_versions(self, bucket_id: int) -> bool: ...

    def is_hard_deleted(self, bucket_id: int, key: str, version_id: str) -> bool:
        """Whether a replica of this version was permanently deleted here."""
        ...

    def upload(self, bucket_id: int, key: str, upload_id: str) -> Upload | None: ...

    def scan_uploads(self, bucket_id: int, start: bytes, inclusive: bool) -> Iterator[Upload]:
        """Uploads in progress, by key bytes, then oldest first, then upload id."""
        ...

    def parts(self, upload_id: str, after: int, limit: int) -> list[Part]:
        """Uploaded parts with number > after, ascending."""
        ...

    def parts_state(self, upload_id: str) -> str:
        """Another text whenever a part came or was replaced; cheaper than to read the parts."""
        ...

    def failures(self, bucket_id: int | None, limit: int) -> list[Failure]:
        """The most recent failures, newest first."""
        ...

    def counts(self, bucket_id: int) -> tuple[int, int]:
        """(current objects, their bytes) of the bucket. Walks an index: for status pages, not for requests."""
        ...


class Transaction(Reader, TaskTransaction, Protocol):
    """What a command may change. Rows are named by `Version.row`."""

    @property
    def jobs(self) -> JobTransaction:
        """Batch Operations jobs, in the same transaction."""
        ...

    @property
    def events(self) -> EventTransaction:
        """The event outbox, in the same transaction."""
        ...

    @property
    def metrics(self) -> MetricTransaction:
        """Replication metrics, in the same transaction."""
        ...

    @property
    def records(self) -> RecordTransaction:
        """What is recorded of replication, in the same transaction."""
        ...

    @property
    def thresholds(self) -> ThresholdTransaction:
        """What Replication Time Control watches, in the same transaction."""
        ...

    def create_bucket(self, name: str, owner: str, created_us: int) -> Bucket:
        """Insert a bucket. AssertionError if the name exists in this region (the directory decides that before)."""
        ...

    def set_created(self, bucket_id: int, created_us: int) -> None:
        """Give a bucket the time of the directory's entry that names it now."""
        ...

    def delete_bucket(self, bucket_id: int) -> None:
        """Remove the bucket and its configurations. It must have no versions and no uploads."""
        ...

    def set_versioning(self, bucket_id: int, versioning: VersioningStatus) -> None:
        """Also raises the bucket's generation."""
        ...

    def put_configuration(self, bucket_id: int, kind: ConfigurationKind, document: bytes | None) -> None:
        """Store or (None) remove a document; raises the bucket's generation."""
        ...

    def insert_version(self, version: Version, body: bytes | None) -> int:
        """Insert as given and return its row. `latest`, which is true of the newest version of a key alone, is the
        caller's to keep so. `body` is given exactly when `version.inline`.

        Raises AssertionError if the (bucket, key, created_us, version_id) exists.
        """
        ...

    def remove_version(self, version: Version) -> None:
        """Remove a version and its inline body. The caller hands its blobs to `add_garbage`. Its replication tasks
        stay: the worker finds the version gone."""
        ...

    def set_latest(self, row: int, latest: bool) -> None: ...

    def set_tags(self, row: int, tags: dict[str, str], modified: Modified) -> None:
        """Replace the tags. `modified` replaces all of the version's times."""
        ...

    def set_attributes(self, row: int, attributes: Attributes) -> None: ...

    def set_acl(self, row: int, acl: tuple[Grant, ...] | None, modified: Modified) -> None:
        """Replace the ACL. `modified` replaces all of the version's times."""
        ...

    def set_replication(
        self, row: int, status: ReplicationStatus | None, destinations: Sequence[DestinationState]
    ) -> None: ...

    def set_replications(
        self, changes: Sequence[tuple[int, ReplicationStatus | None, Sequence[DestinationState]]]
    ) -> None:
        """`set_replication` of many versions, in this order."""
        ...

    def create_upload(self, upload: Upload) -> None: ...

    def put_part(self, upload_id: str, part: Part) -> None:
        """Insert or replace the part of that number. The caller hands a replaced part's blob to `add_garbage`."""
        ...

    def remove_upload(self, upload_id: str) -> None:
        """Remove an upload and its parts. The caller hands blobs that are not kept to `add_garbage`."""
        ...

    def remember_hard_deleted(self, bucket_id: int, key: str, version_id: str) -> None:
        """A replica was permanently deleted here; Batch Replication must not bring it back."""
        ...

    def add_garbage(self, blobs: Sequence[str], since_us: int) -> None:
        """Blobs that nothing refers to any more, to be deleted after a grace period."""
        ...

    def garbage(self, before_us: int, limit: int) -> list[str]:
        """Blobs that became garbage before this time, oldest first."""
        ...

    def remove_garbage(self, blobs: Sequence[str]) -> None: ...


class MetadataStore(Protocol):
    """A region's metadata. Safe to use from one event loop; several processes may open the same store."""

    region: str

    @property
    def reader(self) -> Reader:
        """For point reads on the event loop."""
        ...

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a longer read (a listing) in a thread, on one snapshot."""
        ...

    async def write(self, command: Callable[[Transaction], T]) -> T:
        """Run a command in the writer; see the module's contract."""
        ...

    async def referenced_blobs(self, blobs: Sequence[str]) -> set[str]:
        """Those of the given blobs that a version or an uploaded part refers to (for the collector of orphans)."""
        ...

    def change_mark(self) -> int:
        """A number that is another one once anybody has committed, in whatever process. Microseconds."""
        ...

    def watch_events(self, heard: Callable[[], None]) -> None:
        """Call `heard` in the event loop after commits of this process that stored events to be told, so that nobody
        who makes one has to say so. Sometimes also when there are none."""
        ...

    def watch(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call `heard` in the event loop after commits of this process, until what is returned is called."""
        ...

    def flushes(self) -> int:
        """How often this process's writer flushed to disk, for the benchmark's account of group commit."""
        ...

    def sizes(self) -> dict[str, int]:
        """Bytes on disk by part: `data`, and `log` for what is written but not yet moved there."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, checkpoint, release the files."""
        ...
