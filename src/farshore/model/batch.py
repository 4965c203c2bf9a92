"""The words of S3 Batch Operations: jobs, their states, tasks and results.

Source: Amazon S3 API Reference, "S3 Control"; User Guide, "Managing S3 Batch Operations jobs".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from farshore.model.replication import ReplicationStatus

NO_VERSION = ""
"""Version of a manifest's row where the manifest names none."""

EMPTY_VERSION = "\\N"
"""Version of a row whose manifest has versions and leaves this one empty; so AWS shows it in its reports."""

Document = dict[str, Any]
"""Members of a request by AWS's names."""


class JobStatus(StrEnum):
    NEW = "New"
    PREPARING = "Preparing"
    SUSPENDED = "Suspended"
    READY = "Ready"
    ACTIVE = "Active"
    PAUSING = "Pausing"
    PAUSED = "Paused"
    COMPLETING = "Completing"
    COMPLETE = "Complete"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    FAILING = "Failing"
    FAILED = "Failed"


ENDED = frozenset((JobStatus.COMPLETE, JobStatus.CANCELLED, JobStatus.FAILED))


class OperationName(StrEnum):
    """What a job does to each object, as far as it is done here."""

    REPLICATE = "S3ReplicateObject"
    COPY = "S3PutObjectCopy"
    PUT_ACL = "S3PutObjectAcl"
    PUT_TAGGING = "S3PutObjectTagging"
    DELETE_TAGGING = "S3DeleteObjectTagging"
    COMPUTE_CHECKSUM = "S3ComputeObjectChecksum"


class ReportScope(StrEnum):
    ALL_TASKS = "AllTasks"
    FAILED_TASKS_ONLY = "FailedTasksOnly"


class JobFailure(msgspec.Struct, frozen=True, array_like=True):
    """Why a job failed, as DescribeJob shows it."""

    code: str
    reason: str


class JobRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What CreateJob said, checked; `manifest`, `generator`, `parameters` and `report` are AWS's documents.

    digest: of everything that was said, so that a repeat with the same token is known from another request.
    parameters: of the operation. Exactly one of manifest and generator is there.
    """

    token: str
    digest: bytes
    operation: OperationName
    parameters: Document
    role_arn: str
    confirmation_required: bool
    report: Document
    manifest: Document | None = None
    generator: Document | None = None
    description: str | None = None

    @property
    def reports(self) -> ReportScope | None:
        """Which tasks the completion report has; None without a report."""
        return ReportScope(self.report["ReportScope"]) if self.report["Enabled"] else None


class ManifestPlace(msgspec.Struct, frozen=True, array_like=True):
    """How far a bucket's versions were read for a generated manifest: this version was the last one."""

    key: bytes
    created_us: int
    version_id: str


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """What changes in a job's life, beside status, priority and counts.

    since_us: when the present status began. active_us: time spent Active before active_since_us.
    scanned: how far a generated manifest has come.
    saved: where the generated manifest was written to, as a JobManifestLocation.
    """

    since_us: int
    reason: str | None = None
    suspended_us: int | None = None
    active_us: int = 0
    active_since_us: int | None = None
    failures: tuple[JobFailure, ...] = ()
    scanned: ManifestPlace | None = None
    saved: Document | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job, as the region that it was created in keeps it.

    number: the store's handle, ascending by creation; 0 before it is stored.
    total: tasks in the manifest, as far as it is stored. drawn: tasks that were begun, in the manifest's order; of them
    succeeded and failed are done, and the rest is in flight.
    """

    id: str
    account_id: str
    created_us: int
    status: JobStatus
    priority: int
    request: JobRequest
    state: JobState
    ended_us: int | None = None
    total: int = 0
    drawn: int = 0
    succeeded: int = 0
    failed: int = 0
    number: int = 0

    @property
    def in_flight(self) -> int:
        return self.drawn - self.succeeded - self.failed

    def arn(self, region: str) -> str:
        return f"arn:aws:s3:{region}:{self.account_id}:job/{self.id}"


class Candidate(NamedTuple):
    """What a generated manifest is decided by, of one version or delete marker.

    encryption: the version's `server_side_encryption`, where it was asked for; else empty.
    """

    key: bytes
    created_us: int
    version_id: str
    latest: bool
    delete_marker: bool
    size: int
    storage_class: str
    status: ReplicationStatus | None
    tags: Mapping[str, str]
    encryption: str


class ManifestRow(msgspec.Struct, frozen=True, array_like=True):
    """One row of a manifest. key: as it stands there, percent-encoded. version: may be NO_VERSION, EMPTY_VERSION."""

    bucket: str
    key: str
    version: str


class Segment(NamedTuple):
    """A part of a manifest. first: place of its first row. content: as `semantics.manifest_rows` packs it."""

    first: int
    rows: int
    content: bytes


class JobTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task in flight that no single replication task carries: it was drawn, and its result is not known yet.

    job: the job's number. place: of its row in the manifest, from 0.
    bucket_id, key, version_id: the version that it waits for; left out where it waits for none.
    destinations: buckets that must have settled, for a task that replicates.
    """

    job: int
    place: int
    bucket_id: int = 0
    key: str = ""
    version_id: str = ""
    destinations: tuple[str, ...] = ()


class TaskResult(msgspec.Struct, frozen=True, array_like=True):
    """What a task came to, as the completion report shows it. place: of its row. code: empty when it succeeded."""

    place: int
    http_status: int
    code: str
    message: str

    @property
    def failed(self) -> bool:
        return bool(self.code)
