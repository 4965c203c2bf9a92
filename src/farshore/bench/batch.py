"""Jobs of Batch Replication: how fast a manifest is generated or read, and how fast existing objects are brought
elsewhere, each with the memory that it takes.

The objects are stored while no server runs, then a rule is put, and a job takes them. Times are the job's own: when it
was created, suspended for its confirmation (the manifest is complete then), and ended.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from farshore.app.build import open_deployment
from farshore.bench import processes
from farshore.bench.context import Context
from farshore.bench.large import memory_rows
from farshore.bench.plan import KIB
from farshore.bench.results import Row
from farshore.bench.subject import DESTINATION_REGION, SOURCE_REGION, CannotMeasure, Subject
from farshore.metadata.store import Transaction
from farshore.model.objects import Version
from farshore.runtime import ids
from farshore.runtime.settings import Settings
from farshore.service.roles import BATCH_SERVICE

_FILL_GROUP = 5_000
_LOOK_EVERY_S = 0.05
_PATIENCE_S = 900.0
_ENDED = frozenset(("Complete", "Failed", "Cancelled"))
_POLICY_NAME = "jobs"


async def measure_batch(context: Context) -> None:
    """Manifests of many versions, and a job over existing objects of 1 KiB. On servers of our own alone."""
    if context.servers.own:
        await _measure_manifest(context)
        await _measure_csv(context)
        await _measure_replication(context)


async def _measure_manifest(context: Context) -> None:
    count = context.plan.manifest_versions
    name = f"manifest of {count:,} versions"
    async with context.servers.start(workers=context.workers) as subject:
        source, _ = await context.replicated_buckets(subject, "manifest")
    context.say(f"storing {count:,} versions")
    await _fill(str(context.servers.data), source, count, b"")
    context.say(f"generating a {name}")
    async with context.servers.start(workers=context.workers) as subject:
        jobs = await asyncio.to_thread(_Jobs, subject)
        await _prepare(context, subject, jobs, name, count, {"ManifestGenerator": _generator(source)})


async def _measure_csv(context: Context) -> None:
    count = context.plan.manifest_versions
    name = f"CSV manifest of {count:,} rows"
    async with context.servers.start(workers=context.workers) as subject:
        bucket = await context.make_bucket(subject, "csv", versioned=False)
        context.say(f"uploading a {name}")
        location = await asyncio.to_thread(_upload_csv, subject.client(), bucket, count)
        context.say(f"reading a {name}")
        jobs = await asyncio.to_thread(_Jobs, subject)
        spec = {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key", "VersionId"]}
        await _prepare(context, subject, jobs, name, count, {"Manifest": {"Spec": spec, "Location": location}})


async def _prepare(
    context: Context, subject: Subject, jobs: _Jobs, name: str, count: int, manifest: Mapping[str, Any]
) -> None:
    """Measure a job until its manifest is complete."""
    processes.forget_peak_memory(subject.pids)
    job = await jobs.run(manifest, confirm=True)
    memory = memory_rows("batch", name, subject)
    if job["Status"] != "Suspended" or job["ProgressSummary"]["TotalNumberOfTasks"] != count:
        raise CannotMeasure(f"the manifest is not what it ought to be: {job}")
    seconds = (job["SuspendedDate"] - job["CreationTime"]).total_seconds()
    await jobs.end(job["JobId"])
    context.rows += [Row(section="batch", name=name, values={"per_s": count / seconds}), *memory]


async def _measure_replication(context: Context) -> None:
    count = context.plan.existing
    name = f"{count:,} existing objects of 1 KiB"
    async with context.servers.start(workers=context.workers) as subject:
        source, _ = await context.replicated_buckets(subject, "existing")
    context.say(f"storing {name}")
    await _fill(str(context.servers.data), source, count, bytes(KIB))
    context.say(f"replicating {name}")
    async with context.servers.start(workers=context.workers) as subject:
        jobs = await asyncio.to_thread(_Jobs, subject)
        processes.forget_peak_memory(subject.pids)
        before_s = 0.0 if subject.cpu is None else subject.cpu()
        job = await jobs.run({"ManifestGenerator": _generator(source)}, confirm=False)
        used_s = None if subject.cpu is None else subject.cpu() - before_s
        memory = memory_rows("batch", name, subject)
    progress = job["ProgressSummary"]
    if progress["NumberOfTasksSucceeded"] != count:
        raise CannotMeasure(f"{progress['NumberOfTasksSucceeded']} of {count} objects were replicated: {job}")
    seconds = (job["TerminationDate"] - job["CreationTime"]).total_seconds()
    found = {"per_s": count / seconds}
    if used_s is not None:
        found["cpu_us"] = used_s * 1e6 / count
    context.rows += [Row(section="batch", name=name, values=found), *memory]


class _Jobs:
    """Jobs of the root account, under a role of their own."""

    def __init__(self, subject: Subject) -> None:
        self._account: str = subject.client(service="sts").get_caller_identity()["Account"]
        self._client = subject.control()
        self._role = _make_role(subject.client(service="iam"))

    async def run(self, manifest: Mapping[str, Any], *, confirm: bool) -> dict[str, Any]:
        """Create a job that replicates what a manifest has, and wait for its end, or for being suspended.

        Args:
            manifest: `Manifest` or `ManifestGenerator`, as CreateJob takes them.
        """
        asked: Mapping[str, Any] = {
            **manifest,
            "AccountId": self._account,
            "ConfirmationRequired": confirm,
            "Operation": {"S3ReplicateObject": {}},
            "Report": {"Enabled": False},
            "ClientRequestToken": str(uuid.uuid4()),
            "Priority": 1,
            "RoleArn": self._role,
        }
        job_id = (await asyncio.to_thread(lambda: self._client.create_job(**asked)))["JobId"]
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            job = await asyncio.to_thread(self._describe, job_id)
            if job["Status"] in _ENDED or job["Status"] == "Suspended":
                return job
            await asyncio.sleep(_LOOK_EVERY_S)
        raise CannotMeasure(f"the job did not end within {_PATIENCE_S:.0f} s")

    async def end(self, job_id: str) -> None:
        """Cancel a suspended job."""
        asked = {"AccountId": self._account, "JobId": job_id, "RequestedJobStatus": "Cancelled"}
        await asyncio.to_thread(lambda: self._client.update_job_status(**asked))

    def _describe(self, job_id: str) -> dict[str, Any]:
        return self._client.describe_job(AccountId=self._account, JobId=job_id)["Job"]


def _generator(source: str) -> dict[str, Any]:
    """Of the versions of a bucket that were never replicated."""
    wanted = {"EligibleForReplication": True, "ObjectReplicationStatuses": ["NONE"]}
    bucket = f"arn:aws:s3:::{source}"
    return {"S3JobManifestGenerator": {"SourceBucket": bucket, "EnableManifestOutput": False, "Filter": wanted}}


def _upload_csv(client: Any, bucket: str, count: int) -> dict[str, str]:
    """Store a manifest of rows that name nothing; returns its location for CreateJob."""
    with tempfile.TemporaryFile() as file:
        for number in range(count):
            file.write(f"{bucket},{number % 1000:03d}/{number:08d},{ids.version_id(number)}\n".encode())
        file.seek(0)
        put = client.put_object(Bucket=bucket, Key="manifest.csv", Body=file)
    return {"ObjectArn": f"arn:aws:s3:::{bucket}/manifest.csv", "ETag": put["ETag"]}


def _make_role(iam: Any) -> str:
    """A role that jobs may assume and that may do everything with S3; returns its ARN."""
    name = f"bench-{uuid.uuid4().hex[:12]}"
    trust = {"Effect": "Allow", "Principal": {"Service": BATCH_SERVICE}, "Action": "sts:AssumeRole"}
    policy = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
    iam.put_role_policy(RoleName=name, PolicyName=_POLICY_NAME, PolicyDocument=_document(policy))
    return made["Role"]["Arn"]


def _document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


async def _fill(data: str, bucket: str, count: int, body: bytes) -> None:
    """Store objects while no server runs, as they would be from before the rule."""
    settings = Settings(data=data, regions=(SOURCE_REGION, DESTINATION_REGION))
    async with open_deployment(settings) as deployment:
        store = deployment.regions[SOURCE_REGION].metadata
        found = store.reader.bucket(bucket)
        assert found is not None, bucket
        group: list[Version] = []

        def insert(tx: Transaction) -> None:
            for version in group:
                tx.insert_version(version, body or None)

        for version in _versions(found.id, found.owner, count, body, deployment.clock.now_us()):
            group.append(version)
            if len(group) == _FILL_GROUP:
                await store.write(insert)
                group.clear()
        await store.write(insert)


def _versions(bucket_id: int, owner: str, count: int, body: bytes, now_us: int) -> Iterator[Version]:
    etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    for number in range(count):
        yield Version(
            bucket_id=bucket_id,
            key=f"{number % 1000:03d}/{number:08d}",
            version_id=ids.version_id(now_us + number),
            created_us=now_us + number,
            owner=owner,
            size=len(body),
            etag=etag,
            inline=bool(body),
        )
