"""What the replication of a draw of versions comes to: their new statuses, tasks of replication and of the job, and the
results of rows that fail at once.

Source: S3 User Guide, "Replicating existing objects with Batch Replication"; "Amazon S3 replication failure reasons".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from farshore.auth.alike import decided_alike
from farshore.batch.job_role import JobRole
from farshore.batch.manifest_cursor import Draw
from farshore.metadata.store import Transaction
from farshore.model.access_control import ObjectOwnership
from farshore.model.batch import EMPTY_VERSION, NO_VERSION, JobTask, ManifestRow, TaskResult
from farshore.model.buckets import Bucket
from farshore.model.objects import Version, VersionName
from farshore.model.replication import DestinationState, FailureCode, ReplicationStatus, ReplicationTask
from farshore.model.replication_record import AttemptOutcome, AttemptRecord
from farshore.semantics.manifest_rows import decode_key
from farshore.service import access, outbox
from farshore.service.deployment import Deployment, Region
from farshore.service.job_tasks import MESSAGES, not_replicated

INITIATE = "s3:InitiateReplication"

EMPTY_VERSION_MESSAGE = "Object versionID is invalid"
"""AWS's words for a row with an empty version id."""


class Initiator:
    """Decides whether a job's role may initiate the replication of versions, as its policies are when this is made.

    Where no policy tells one object from another, one decision serves all of a bucket.
    """

    def __init__(self, role: JobRole, region: Region) -> None:
        self._role = role
        self._region = region
        self._asking = role.request("InitiateReplication", {})
        self._decided: dict[tuple[int, int], bool | None] = {}

    def may(self, bucket: Bucket, version: Version) -> bool:
        """Whether it may do `s3:InitiateReplication` on the version."""
        key = bucket.id, bucket.generation
        if key not in self._decided:
            self._decided[key] = self._may_one(bucket, version) if self._is_alike(bucket) else None
        decided = self._decided[key]
        return self._may_one(bucket, version) if decided is None else decided

    def _may_one(self, bucket: Bucket, version: Version) -> bool:
        return access.may(self._asking, self._region, bucket, INITIATE, key=version.key, version=version)

    def _is_alike(self, bucket: Bucket) -> bool:
        of_bucket = access.access_of(self._role.deployment, self._region, bucket)
        own = self._role.policies
        policies = [*own.identity, *(own.session or ()), own.boundary, of_bucket.policy]
        return of_bucket.ownership is ObjectOwnership.BUCKET_OWNER_ENFORCED and decided_alike(
            [policy for policy in policies if policy is not None], (INITIATE,), bucket.name
        )


@dataclass(slots=True)
class Planning:
    """Inside a command: what one draw comes to. `take` plans its rows, `write` writes all but the job's results.

    Args:
        number: of the job.
    """

    deployment: Deployment
    initiator: Initiator
    tx: Transaction
    number: int
    now_us: int
    results: list[TaskResult] = field(default_factory=list[TaskResult])
    _waiting: list[JobTask] = field(default_factory=list[JobTask])
    _tasks: list[ReplicationTask] = field(default_factory=list[ReplicationTask])
    _changed: dict[int, Version] = field(default_factory=dict[int, Version])
    _buckets: dict[str, Bucket | FailureCode] = field(default_factory=dict[str, "Bucket | FailureCode"])

    def take(self, draw: Draw) -> None:
        """Plan the rows of a draw."""
        named = [self._name(row) for row in draw.rows]
        versions = self.tx.versions([name for name in named if isinstance(name, tuple) and name[2] != NO_VERSION])
        for place, (row, name) in enumerate(zip(draw.rows, named, strict=True), draw.place):
            failed = name if isinstance(name, FailureCode) else self._plan(place, row, name, versions)
            if failed is not None:
                message = EMPTY_VERSION_MESSAGE if row.version == EMPTY_VERSION else ""
                self.results.append(not_replicated(place, failed, message))

    def write(self) -> None:
        """Write statuses and tasks."""
        changed = self._changed.values()
        self.tx.set_replications([(each.row, each.replication_status, each.destinations) for each in changed])
        self.tx.add_tasks(self._tasks)
        self.tx.jobs.add_tasks(self._waiting)

    def _name(self, row: ManifestRow) -> VersionName | FailureCode:
        """What a row names, or why nothing."""
        if row.version == EMPTY_VERSION:
            return FailureCode.SRC_OBJECT_NOT_FOUND
        bucket = self._bucket(row.bucket)
        if isinstance(bucket, FailureCode):
            return bucket
        try:
            return bucket.id, decode_key(row.key), row.version
        except ValueError:
            return FailureCode.SRC_KEY_NOT_FOUND

    def _plan(
        self, place: int, row: ManifestRow, name: VersionName, versions: dict[VersionName, Version]
    ) -> FailureCode | None:
        """Plan one row; why it fails at once, where it does."""
        bucket = self._buckets[row.bucket]
        assert isinstance(bucket, Bucket), row
        version = versions.get(name) or self._otherwise(name)
        if isinstance(version, FailureCode):
            return version
        # Rows may name a version twice: the second one finds what the first one planned.
        version = self._changed.get(version.row, version)
        planned = self._planned(bucket, version)
        if isinstance(planned, FailureCode):
            self._remember(version, planned)
            return planned
        tasks = planned.tasks
        if tasks:
            self._changed[version.row] = msgspec.structs.replace(
                version, replication_status=planned.status, destinations=planned.destinations
            )
        destinations = _pending(planned.destinations)
        if [task.destination for task in tasks] == destinations and len(tasks) == 1:
            tasks = (msgspec.structs.replace(tasks[0], job=self.number, place=place),)
        else:
            self._waiting.append(
                JobTask(
                    job=self.number,
                    place=place,
                    bucket_id=bucket.id,
                    key=version.key,
                    version_id=version.version_id,
                    destinations=tuple(destinations),
                )
            )
        self._tasks += tasks
        return None

    def _planned(self, bucket: Bucket, version: Version) -> outbox.Planned | FailureCode:
        """What is to be done with a version, or why its replication does not begin."""
        if not self.initiator.may(bucket, version):
            return FailureCode.INITIATE_REPLICATION_NOT_PERMITTED
        configuration = self.deployment.configurations.get(self.tx, bucket)
        if configuration is None:
            return FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING
        planned = outbox.plan_batch(configuration, version, self.now_us)
        return FailureCode.SRC_OBJECT_NOT_ELIGIBLE if planned is None else planned

    def _remember(self, version: Version, code: FailureCode) -> None:
        """Of the version, for people who ask for it: the report is for who made the job."""
        attempt = AttemptRecord(
            destination="",
            first_us=self.now_us,
            last_us=self.now_us,
            times=1,
            outcome=AttemptOutcome.FAILED,
            code=code,
            detail=MESSAGES[code],
        )
        self.tx.records.add_attempt(version.row, attempt)

    def _otherwise(self, name: VersionName) -> Version | FailureCode:
        """The current version where a row names none; why there is none of a row that does."""
        bucket_id, key, version_id = name
        current = self.tx.current(bucket_id, key)
        if current is None:
            return FailureCode.SRC_KEY_NOT_FOUND
        return current if version_id == NO_VERSION else FailureCode.SRC_VERSION_NOT_FOUND

    def _bucket(self, name: str) -> Bucket | FailureCode:
        found = self._buckets.get(name)
        if found is None:
            found = self._buckets[name] = self._find_bucket(name)
        return found

    def _find_bucket(self, name: str) -> Bucket | FailureCode:
        bucket = self.tx.bucket(name)
        if bucket is None:
            elsewhere = self.deployment.directory.bucket_home(name) is not None
            return FailureCode.SRC_BUCKET_INVALID_REGION if elsewhere else FailureCode.SRC_BUCKET_NOT_FOUND
        return bucket


def _pending(states: Sequence[DestinationState]) -> list[str]:
    return [state.bucket for state in states if state.status is ReplicationStatus.PENDING]
