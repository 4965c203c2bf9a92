"""Steps that tests of Batch Operations share: a client of S3 Control, jobs, waiting for them, reading their reports."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import uuid
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.config import Config

from farshore.app.build import open_directory
from farshore.app.data_folder import DataFolder
from farshore.metadata.identities import IdentityTransaction
from farshore.model.identity import InlinePolicy, Role
from farshore.service.roles import BATCH_SERVICE
from tests.support.replication import enable_versioning, wait_for

Version = tuple[str, str, bool]
"""(key, version id, whether it is current)"""

ROLE_NAME = "batch"
ALL_OF_S3 = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
ENDED = ("Complete", "Failed", "Cancelled")
JOB_S = 180


def without_account_in_host(endpoint: str) -> str:
    """The endpoint with an empty user before its host: the SDKs' account id then becomes part of that user."""
    return endpoint.replace("://", "://@")


class Jobs:
    """The jobs of the root account in one region."""

    def __init__(self, server: Any, region: str = "us-east-1") -> None:
        self.account: str = account_of(server)
        self.client = boto3.client(
            "s3control",
            region_name=region,
            endpoint_url=without_account_in_host(server.endpoint),
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.s3 = server.client("s3", region)
        self._server = server
        self.allow(ALL_OF_S3)

    @property
    def role(self) -> str:
        return f"arn:aws:iam::{self.account}:role/{ROLE_NAME}"

    def allow(self, *statements: dict[str, Any], service: str = BATCH_SERVICE, name: str = ROLE_NAME) -> None:
        """Give the role these permissions, and no others; make it when there is none."""
        put_role(self._server, self.account, name, service, statements)

    def create(self, **members: Any) -> str:
        """Create a job that replicates and needs no confirmation, unless members say otherwise; returns its id."""
        asked: dict[str, Any] = {
            "AccountId": self.account,
            "ConfirmationRequired": False,
            "Operation": {"S3ReplicateObject": {}},
            "Report": {"Enabled": False},
            "ClientRequestToken": str(uuid.uuid4()),
            "Priority": 10,
            "RoleArn": self.role,
        }
        return self.client.create_job(**(asked | members))["JobId"]

    def describe(self, job_id: str) -> dict[str, Any]:
        return self.client.describe_job(AccountId=self.account, JobId=job_id)["Job"]

    def wait(self, job_id: str, *statuses: str) -> dict[str, Any]:
        """Wait for the job's end, or for one of the statuses; returns its description."""
        wanted = statuses or ENDED

        def reached() -> dict[str, Any] | None:
            job = self.describe(job_id)
            return job if job["Status"] in wanted else None

        return wait_for(reached, JOB_S, f"the job is {' or '.join(wanted)}")

    def run(self, **members: Any) -> dict[str, Any]:
        """Create a job and wait for its end."""
        return self.wait(self.create(**members))

    def update(self, job_id: str, status: str) -> dict[str, Any]:
        return self.client.update_job_status(AccountId=self.account, JobId=job_id, RequestedJobStatus=status)

    def csv_manifest(
        self, bucket: str, rows: Sequence[Sequence[str]], *, fields: Sequence[str] = ("Bucket", "Key", "VersionId")
    ) -> dict[str, Any]:
        """Store a manifest, and return what names it in CreateJob."""
        text = "".join(f"{','.join(row)}\n" for row in rows)
        key = f"manifests/{uuid.uuid4()}.csv"
        etag = self.s3.put_object(Bucket=bucket, Key=key, Body=text.encode())["ETag"]
        return {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": list(fields)},
            "Location": {"ObjectArn": f"arn:aws:s3:::{bucket}/{key}", "ETag": etag},
        }

    def report(self, job: dict[str, Any]) -> list[list[str]]:
        """The rows of a job's completion report, of all its files, whose digests hold."""
        asked = job["Report"]
        bucket = asked["Bucket"].rpartition(":")[2]
        prefix = f"{asked['Prefix']}/" if "Prefix" in asked else ""
        manifest = self._read(bucket, f"{prefix}job-{job['JobId']}/manifest.json")
        rows: list[list[str]] = []
        for result in json.loads(manifest)["Results"]:
            content = self._read(result["Bucket"], result["Key"])
            assert hashlib.md5(content, usedforsecurity=False).hexdigest() == result["MD5Checksum"]
            found = list(csv.reader(io.StringIO(content.decode(), newline="")))
            assert {row[3] for row in found} == {result["TaskExecutionStatus"]}
            rows += found
        return rows

    def _read(self, bucket: str, key: str) -> bytes:
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def account_of(server: Any) -> str:
    """The id of the root account."""

    async def run() -> str:
        async with open_directory(DataFolder(server.data)) as directory:
            return min(directory.accounts(), key=lambda account: account.created_us).id

    return asyncio.run(run())


def put_role(server: Any, account: str, name: str, service: str, statements: Sequence[dict[str, Any]]) -> None:
    """Make a role that a service may assume, or change what it may do; beside the running server."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    role = Role(
        id=f"AROA{name.upper()}{account[-4:]}",
        account_id=account,
        name=name,
        path="/",
        created_us=1,
        trust=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    def command(tx: IdentityTransaction) -> None:
        if tx.role(account, name) is None:
            tx.add_role(role)
        tx.put_inline_policy(role.id, InlinePolicy(name="jobs", document=policy))

    async def run() -> None:
        async with open_directory(DataFolder(server.data)) as directory:
            await directory.write(command)

    asyncio.run(run())


def generator(bucket: str, **wanted: Any) -> dict[str, Any]:
    """A manifest generator of a bucket's versions, without saving."""
    chosen: dict[str, Any] = {"SourceBucket": f"arn:aws:s3:::{bucket}", "EnableManifestOutput": False}
    if wanted:
        chosen["Filter"] = wanted
    return {"S3JobManifestGenerator": chosen}


def all_tasks(bucket: str, prefix: str = "reports") -> dict[str, Any]:
    """A report of all tasks."""
    return {
        "Bucket": f"arn:aws:s3:::{bucket}",
        "Format": "Report_CSV_20180820",
        "Enabled": True,
        "Prefix": prefix,
        "ReportScope": "AllTasks",
    }


def listed(client: Any, bucket: str) -> list[Version]:
    """(key, version id, current) of versions and delete markers, in the order of ListObjectVersions."""
    found: list[Version] = []
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        entries.sort(key=lambda entry: (entry["Key"].encode(), -entry["LastModified"].timestamp()))
        found += [(entry["Key"], entry["VersionId"], entry["IsLatest"]) for entry in entries]
    return found


def counts(job: dict[str, Any]) -> tuple[int, int, int]:
    """(all, succeeded, failed) tasks of a job."""
    progress = job["ProgressSummary"]
    return progress["TotalNumberOfTasks"], progress["NumberOfTasksSucceeded"], progress["NumberOfTasksFailed"]


def new_bucket(client: Any, region: str, *, versioned: bool = True) -> str:
    name = f"batch-{uuid.uuid4()}"
    elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client.create_bucket(Bucket=name, **elsewhere)
    if versioned:
        enable_versioning(client, name)
    return name
