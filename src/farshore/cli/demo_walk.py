"""The walk through replication: what it does on a server, step by step, and what it checks. It shows nothing itself.

Everything goes through boto3, as any user's program would. Each walk makes two buckets of its own and leaves them.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farshore.cli.replication_role import make_role, plan_policies
from farshore.semantics.replication_role import RolePlan

if TYPE_CHECKING:
    from farshore.cli.connection import Connection

ARRIVAL_S_MAX = 120.0
_LOOK_EVERY_S = 0.1
_READ_BYTES = 1 << 20


@dataclass(slots=True)
class DemoObject:
    """One file on its way. status: `x-amz-replication-status` as last seen; empty when there is none."""

    key: str
    path: Path
    size: int
    sha256: str
    version_id: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that replication promises, and whether it held. differs: what was found instead."""

    what: str
    differs: str = ""

    @property
    def held(self) -> bool:
        return not self.differs


@dataclass(slots=True)
class Walk:
    """The state of a walk; `run` goes through it.

    say: told of each step. watch: shown the objects again and again while they travel.
    """

    connection: Connection
    regions: tuple[str, str]
    earlier: list[DemoObject]
    later: list[DemoObject]
    say: Callable[[str], None]
    watch: Callable[[Sequence[DemoObject]], None]
    source: str = ""
    destination: str = ""
    checks: list[Check] = field(default_factory=list[Check])
    _here: Any = None
    _there: Any = None

    def run(self) -> bool:
        """Do everything; whether all checks held. Raises botocore's errors when the server refuses a step."""
        self._make_buckets()
        self.say(f"Uploading {len(self.earlier)} files before there is a rule")
        self._upload(self.earlier)
        self.say("Making the role that S3 replicates under, and a rule for all objects, delete markers not replicated")
        self._put_rule()
        self.say(f"Uploading {len(self.later)} files, which the rule covers")
        self._upload(self.later)
        self._await_arrival(self.later, "every object uploaded after the rule reached COMPLETED")
        self._check_replicas()
        self._check_earlier()
        self._check_deletion()
        return all(check.held for check in self.checks)

    def _make_buckets(self) -> None:
        name = f"demo-{secrets.token_hex(4)}"
        self.source, self.destination = f"{name}-source", f"{name}-destination"
        self.say(
            f"Making {self.source} in {self.regions[0]} and {self.destination} in {self.regions[1]}, both versioned"
        )
        self._here, self._there = (self.connection.client(region) for region in self.regions)
        for client, bucket, region in (
            (self._here, self.source, self.regions[0]),
            (self._there, self.destination, self.regions[1]),
        ):
            where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            client.create_bucket(Bucket=bucket, **where)
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    def _put_rule(self) -> None:
        rule = {
            "ID": "everything",
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{self.destination}"},
        }
        self._here.put_bucket_replication(
            Bucket=self.source, ReplicationConfiguration={"Role": self._make_role(), "Rules": [rule]}
        )

    def _make_role(self) -> str:
        """The ARN of a role that may do what the rule needs, and nothing more."""
        plan = RolePlan(source=self.source, destinations=(self.destination,), delete_markers=False)
        policies = plan_policies(self.connection, plan, self.source, "/")
        make_role(self.connection, policies)
        return policies.arn

    def _upload(self, objects: Sequence[DemoObject]) -> None:
        for each in objects:
            self._here.upload_file(str(each.path), self.source, each.key)
            self._look_at(each)

    def _look_at(self, each: DemoObject) -> None:
        head = self._here.head_object(Bucket=self.source, Key=each.key)
        each.version_id, each.status = head["VersionId"], head.get("ReplicationStatus", "")

    def _await_arrival(self, objects: Sequence[DemoObject], what: str) -> None:
        deadline = time.monotonic() + ARRIVAL_S_MAX
        while True:
            for each in objects:
                if each.status == "PENDING":
                    self._look_at(each)
            self.watch(objects)
            if all(each.status != "PENDING" for each in objects) or time.monotonic() > deadline:
                break
            time.sleep(_LOOK_EVERY_S)
        others = [f"{each.key} is {each.status or 'without status'}" for each in objects if each.status != "COMPLETED"]
        self.checks.append(Check(what, "; ".join(others)))

    def _check_replicas(self) -> None:
        differs = [text for each in self.later if (text := self._difference(each))]
        what = f"{len(self.later)} replicas have the bytes and the version ids of their sources, and status REPLICA"
        self.checks.append(Check(what, "; ".join(differs)))

    def _difference(self, each: DemoObject) -> str:
        """How the replica differs from the file and the source version; empty when it does not."""
        replica = self._found(each.key)
        if replica is None:
            return f"{each.key} is not at the destination"
        if replica["VersionId"] != each.version_id:
            return f"{each.key} has version id {replica['VersionId']}, its source {each.version_id}"
        if replica.get("ReplicationStatus") != "REPLICA":
            return f"{each.key} has status {replica.get('ReplicationStatus')}"
        body = self._there.get_object(Bucket=self.destination, Key=each.key)["Body"]
        digest = hashlib.sha256()
        for piece in body.iter_chunks(_READ_BYTES):
            digest.update(piece)
        return "" if digest.hexdigest() == each.sha256 else f"the bytes of {each.key} differ"

    def _found(self, key: str) -> dict[str, Any] | None:
        """HEAD of the key at the destination, None when it has no current object there."""
        try:
            return self._there.head_object(Bucket=self.destination, Key=key)
        except self._there.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return None

    def _check_earlier(self) -> None:
        """Objects from before the rule stay where they are: live replication is for what comes after."""
        differs: list[str] = []
        for each in self.earlier:
            self._look_at(each)
            if each.status:
                differs.append(f"{each.key} has status {each.status}")
            if self._found(each.key) is not None:
                differs.append(f"{each.key} is at the destination")
        what = f"{len(self.earlier)} objects uploaded before the rule were not copied"
        self.checks.append(Check(what, "; ".join(differs)))

    def _check_deletion(self) -> None:
        """Delete an object, send another one after it, and see that only that one had an effect at the destination."""
        deleted = self.later[0]
        self.say(f"Deleting {deleted.key} at the source, then uploading it under another name")
        self._here.delete_object(Bucket=self.source, Key=deleted.key)
        following = DemoObject(f"after-the-deletion/{deleted.key}", deleted.path, deleted.size, deleted.sha256)
        self._upload([following])
        self._await_arrival([following], "the object uploaded after the deletion reached COMPLETED")
        differs = self._difference(deleted)
        if not differs:
            listed = self._there.list_object_versions(Bucket=self.destination, Prefix=deleted.key)
            if listed.get("DeleteMarkers"):
                differs = f"{deleted.key} has a delete marker at the destination"
        self.checks.append(Check(f"{deleted.key}, deleted at the source, is still at the destination", differs))


def demo_objects(paths: Sequence[tuple[str, Path]]) -> list[DemoObject]:
    """Files as objects to upload, from (key, path). Raises OSError for one that cannot be read."""
    return [DemoObject(key, path, path.stat().st_size, _sha256(path)) for key, path in paths]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
