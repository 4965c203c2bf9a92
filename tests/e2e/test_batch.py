"""Batch Replication and the other jobs of S3 Batch Operations, by boto3, on a running server.

Each test names the AWS behaviour that it shows (S3 User Guide, "Replicating existing objects with Batch Replication",
"Managing S3 Batch Operations jobs"; reports recorded on AWS).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.batch import ALL_OF_S3, Jobs, Version, all_tasks, counts, generator, listed, new_bucket
from tests.support.replication import enable_versioning, put_rule, put_rules, rule, wait_for

MIB = 1024 * 1024


@dataclass
class Pair:
    """A source bucket with existing objects to come, a destination of another region, a bucket for reports."""

    server: Any
    jobs: Jobs
    source: str
    destination: str
    reports: str

    @property
    def s3(self) -> Any:
        return self.jobs.s3

    @property
    def there(self) -> Any:
        return self.server.client("s3", "us-west-2")

    def put(self, key: str, body: bytes = b"body", **members: Any) -> str:
        return self.s3.put_object(Bucket=self.source, Key=key, Body=body, **members)["VersionId"]

    def status(self, key: str, version_id: str) -> str | None:
        head = self.s3.head_object(Bucket=self.source, Key=key, VersionId=version_id)
        return head.get("ReplicationStatus")

    def replicate(self, **wanted: Any) -> dict[str, Any]:
        """Run a job on a generated manifest, with a report of all tasks; returns the job."""
        return self.jobs.run(ManifestGenerator=generator(self.source, **wanted), Report=all_tasks(self.reports))

    def results(self, job: dict[str, Any]) -> dict[tuple[str, str], tuple[str, str]]:
        """(key, version id) -> (task status, error code) of the job's report."""
        return {(row[1], row[2]): (row[3], row[5]) for row in self.jobs.report(job)}

    def here(self) -> list[Version]:
        return listed(self.s3, self.source)

    def arrived(self) -> list[Version]:
        return listed(self.there, self.destination)


@pytest.fixture
def pair(server: Any) -> Pair:
    jobs = Jobs(server)
    return Pair(
        server,
        jobs,
        new_bucket(jobs.s3, "us-east-1"),
        new_bucket(server.client("s3", "us-west-2"), "us-west-2"),
        new_bucket(jobs.s3, "us-east-1", versioned=False),
    )


def refused(call: Callable[..., Any], **members: Any) -> tuple[str, int]:
    """(code, HTTP status) of the error that a call is answered with."""
    with pytest.raises(ClientError) as error:
        call(**members)
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


# What is replicated.


def test_existing_versions_and_markers_are_copied_with_ids_and_order(pair: Pair) -> None:
    """Versions from before the rule, also large ones; nothing moves before the job, all of it after."""
    for number in range(3):
        for key in ("a", "b/ü ?%", "c+d", "e"):
            pair.put(key, f"{key} {number}".encode(), Metadata={"n": str(number)}, Tagging=f"n={number}")
    big = os.urandom(3 * MIB)
    large = pair.put("large", big)
    pair.s3.delete_object(Bucket=pair.source, Key="e")
    put_rule(pair.s3, pair.source, pair.destination, delete_markers=True)
    assert pair.arrived() == []
    job = pair.replicate(EligibleForReplication=True)
    assert job["Status"] == "Complete" and counts(job) == (14, 14, 0)
    assert pair.arrived() == pair.here()
    assert pair.status("large", large) == "COMPLETED"
    there = pair.there.get_object(Bucket=pair.destination, Key="large", VersionId=large)
    assert there["Body"].read() == big and there["ReplicationStatus"] == "REPLICA"
    tags = pair.there.get_object_tagging(Bucket=pair.destination, Key="a")["TagSet"]
    assert tags == [{"Key": "n", "Value": "2"}]


def test_the_report_has_a_line_for_every_version_as_aws_writes_it(pair: Pair) -> None:
    """Recorded: HTTP status before error code, `success`, CR LF; keys as the manifest has them."""
    version_id = pair.put("with blank/ü")
    put_rule(pair.s3, pair.source, pair.destination)
    job = pair.replicate()
    assert pair.jobs.report(job) == [
        [pair.source, "with%20blank/%C3%BC", version_id, "succeeded", "200", "", "success"]
    ]
    listing = pair.s3.list_objects_v2(Bucket=pair.reports, Prefix=f"reports/job-{job['JobId']}/results/")
    (file,) = listing["Contents"]
    name = file["Key"].rpartition("/")[2]
    assert len(name) == 44 and name.endswith(".csv")
    body = pair.s3.get_object(Bucket=pair.reports, Key=file["Key"])["Body"].read()
    assert body.endswith(b",success\r\n")
    manifest = pair.s3.get_object(Bucket=pair.reports, Key=f"reports/job-{job['JobId']}/manifest.json")["Body"].read()
    created = json.loads(manifest)["ReportCreationDate"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created), "to the millisecond, as AWS writes it"
    assert json.loads(manifest)["ReportSchema"] == (
        "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"
    )


def test_failed_versions_are_retried_and_completed_ones_go_to_new_destinations(pair: Pair) -> None:
    """FAILED never comes by itself again; a job brings it, and brings COMPLETED versions where they lack."""
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration={"Status": "Suspended"})
    failed = pair.put("failed")
    wait_for(lambda: pair.status("failed", failed) == "FAILED", 60, "FAILED")
    enable_versioning(pair.there, pair.destination)
    completed = pair.put("completed")
    wait_for(lambda: pair.status("completed", completed) == "COMPLETED", 60, "COMPLETED")
    assert pair.arrived() == [("completed", completed, True)]
    job = pair.replicate(ObjectReplicationStatuses=["FAILED"])
    assert list(pair.results(job)) == [("failed", failed)]
    assert pair.status("failed", failed) == "COMPLETED"
    second = new_bucket(pair.there, "us-west-2")
    put_rules(pair.s3, pair.source, rule(pair.destination, priority=1), rule(second, priority=2))
    job = pair.replicate(ObjectReplicationStatuses=["COMPLETED"])
    assert counts(job) == (2, 2, 0)
    assert listed(pair.there, second) == pair.arrived() == pair.here()


def test_replicas_go_onwards_by_a_job_alone(pair: Pair) -> None:
    """A to B to C: "Batch Replication … replicate replicas", which live replication does not."""
    put_rule(pair.s3, pair.source, pair.destination)
    version_id = pair.put("k")
    wait_for(lambda: pair.arrived() == [("k", version_id, True)], 60, "the replica")
    third = new_bucket(pair.s3, "us-east-1")
    put_rule(pair.there, pair.destination, third)
    west = Jobs(pair.server, "us-west-2")
    job = west.run(ManifestGenerator=generator(pair.destination, ObjectReplicationStatuses=["REPLICA"]))
    assert counts(job) == (1, 1, 0)
    assert listed(pair.s3, third) == [("k", version_id, True)]
    assert pair.there.head_object(Bucket=pair.destination, Key="k")["ReplicationStatus"] == "REPLICA"


def test_a_replica_that_is_there_is_left_alone_and_a_hard_deleted_one_does_not_come_back(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    kept, removed = pair.put("kept"), pair.put("removed")
    large = pair.put("removed-large", os.urandom(MIB))
    wait_for(lambda: len(pair.arrived()) == 3, 60, "the replicas")
    for key, version_id in (("removed", removed), ("removed-large", large)):
        pair.there.delete_object(Bucket=pair.destination, Key=key, VersionId=version_id)
    before = pair.there.head_object(Bucket=pair.destination, Key="kept")
    job = pair.replicate(ObjectReplicationStatuses=["COMPLETED"])
    assert pair.results(job) == {
        ("kept", kept): ("succeeded", ""),
        ("removed", removed): ("failed", "DstObjectHardDeleted"),
        ("removed-large", large): ("failed", "DstObjectHardDeleted"),
    }
    assert pair.arrived() == [("kept", kept, True)]
    after = pair.there.head_object(Bucket=pair.destination, Key="kept")
    assert {name: before[name] for name in ("LastModified", "ETag")} == {
        name: after[name] for name in ("LastModified", "ETag")
    }
    assert pair.status("removed", removed) == "FAILED"


def test_null_versions_are_replicated(server: Any, pair: Pair) -> None:
    """Objects from before versioning: `null` in manifest and report, and at the destination."""
    source = new_bucket(pair.s3, "us-east-1", versioned=False)
    pair.s3.put_object(Bucket=source, Key="old", Body=b"old")
    enable_versioning(pair.s3, source)
    put_rule(pair.s3, source, pair.destination)
    job = pair.jobs.run(ManifestGenerator=generator(source), Report=all_tasks(pair.reports))
    assert pair.results(job) == {("old", "null"): ("succeeded", "")}
    assert pair.arrived() == [("old", "null", True)]


# What the manifest names, and what it cannot.


def test_a_csv_manifest_names_versions_and_each_failure_has_its_code(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, Filter={"Prefix": "in/"})
    put_rule(pair.s3, pair.source, pair.destination, Filter={"Prefix": "in/"}, Status="Disabled")
    versions = {key: pair.put(key) for key in ("in/one", "in/two words", "out/three")}
    put_rule(pair.s3, pair.source, pair.destination, Filter={"Prefix": "in/"})
    absent = versions["in/one"][::-1]
    rows = [
        (pair.source, "in/one", versions["in/one"]),
        (pair.source, "in/two+words", versions["in/two words"]),
        (pair.source, "in/two%20words", versions["in/two words"]),
        (pair.source, "out/three", versions["out/three"]),
        (pair.source, "in/one", absent),
        (pair.source, "in/none", absent),
        (pair.source, "in/empty", ""),
        ("no-such-bucket-anywhere", "k", absent),
        (pair.destination, "k", absent),
    ]
    manifest = pair.jobs.csv_manifest(pair.reports, rows)
    job = pair.jobs.run(Manifest=manifest, Report=all_tasks(pair.reports))
    found = {(row[0], row[1], row[2]): tuple(row[3:]) for row in pair.jobs.report(job)}
    assert {place: result[2] for place, result in found.items()} == {
        (pair.source, "in/one", versions["in/one"]): "",
        (pair.source, "in/two+words", versions["in/two words"]): "",
        (pair.source, "in/two%20words", versions["in/two words"]): "",
        (pair.source, "out/three", versions["out/three"]): "SrcObjectNotEligible",
        (pair.source, "in/one", absent): "SrcVersionNotFound",
        (pair.source, "in/none", absent): "SrcKeyNotFound",
        (pair.source, "in/empty", "\\N"): "SrcObjectNotFound",
        ("no-such-bucket-anywhere", "k", absent): "SrcBucketNotFound",
        (pair.destination, "k", absent): "SrcBucketInvalidRegion",
    }
    assert found[pair.source, "in/empty", "\\N"] == (
        "failed", "500", "SrcObjectNotFound", "Object versionID is invalid",
    )  # fmt: skip
    assert counts(job) == (9, 3, 6)
    assert {key for key, _, _ in pair.arrived()} == {"in/one", "in/two words"}


def test_a_csv_manifest_without_versions_means_current_ones(pair: Pair) -> None:
    pair.put("k", b"old")
    current = pair.put("k", b"new")
    put_rule(pair.s3, pair.source, pair.destination)
    rows = [("x", pair.source, "k")]
    manifest = pair.jobs.csv_manifest(pair.reports, rows, fields=("Ignore", "Bucket", "Key"))
    job = pair.jobs.run(Manifest=manifest, Report=all_tasks(pair.reports))
    assert pair.jobs.report(job) == [[pair.source, "k", "", "succeeded", "200", "", "success"]]
    assert pair.arrived() == [("k", current, True)]


def test_an_inventory_report_is_a_manifest(pair: Pair) -> None:
    """manifest.json names gzip files and their columns; other columns are ignored."""
    version_id, second = pair.put("a b"), pair.put("c")
    put_rule(pair.s3, pair.source, pair.destination)
    line = f'"{pair.source}","a%20b","{version_id}","true","4"\n"{pair.source}","c","{second}","true","4"\n'
    data = gzip.compress(line.encode())
    pair.s3.put_object(Bucket=pair.reports, Key="inventory/data/1.csv.gz", Body=data)
    described = {
        "sourceBucket": pair.source,
        "destinationBucket": f"arn:aws:s3:::{pair.reports}",
        "version": "2016-11-30",
        "creationTimestamp": "1514944800000",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, VersionId, IsLatest, Size",
        "files": [
            {
                "key": "inventory/data/1.csv.gz",
                "size": len(data),
                "MD5checksum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            }
        ],
    }
    put = pair.s3.put_object(Bucket=pair.reports, Key="inventory/manifest.json", Body=json.dumps(described).encode())
    manifest = {
        "Spec": {"Format": "S3InventoryReport_CSV_20161130"},
        "Location": {"ObjectArn": f"arn:aws:s3:::{pair.reports}/inventory/manifest.json", "ETag": put["ETag"]},
    }
    assert counts(pair.jobs.run(Manifest=manifest)) == (2, 2, 0)
    assert pair.arrived() == pair.here()


def test_a_generated_manifest_is_saved_and_can_be_used_again(pair: Pair) -> None:
    version_id = pair.put("a b")
    put_rule(pair.s3, pair.source, pair.destination)
    asked = generator(pair.source, EligibleForReplication=True)
    asked["S3JobManifestGenerator"] |= {
        "EnableManifestOutput": True,
        "ManifestOutputLocation": {
            "Bucket": f"arn:aws:s3:::{pair.reports}",
            "ManifestPrefix": "made",
            "ManifestFormat": "S3InventoryReport_CSV_20211130",
        },
    }
    job_id = pair.jobs.create(ManifestGenerator=asked, ConfirmationRequired=True)
    job = pair.jobs.wait(job_id, "Suspended")
    saved = job["GeneratedManifestDescriptor"]
    assert saved["Format"] == "S3InventoryReport_CSV_20211130"
    key = saved["Location"]["ObjectArn"].removeprefix(f"arn:aws:s3:::{pair.reports}/")
    described = json.loads(pair.s3.get_object(Bucket=pair.reports, Key=key)["Body"].read())
    (file,) = described["files"]
    data = pair.s3.get_object(Bucket=pair.reports, Key=file["key"])["Body"].read()
    assert hashlib.md5(data, usedforsecurity=False).hexdigest() == file["MD5checksum"]
    assert gzip.decompress(data).decode() == f'"{pair.source}","a%20b","{version_id}"\n'
    pair.jobs.update(job_id, "Cancelled")
    pair.jobs.wait(job_id)
    again = {"Spec": {"Format": "S3InventoryReport_CSV_20161130"}, "Location": saved["Location"]}
    assert counts(pair.jobs.run(Manifest=again)) == (1, 1, 0)


# Jobs that fail.


@pytest.mark.parametrize(
    ("spoil", "code", "reason"),
    [
        ("nothing matches", "NoKeysFound", "Manifest generation found no keys matching the filter criteria."),
        ("no manifest", "NoSuchKey", "Reading the manifest failed: NoSuchKey: The specified key does not exist."),
        ("another etag", "InvalidManifestContent", "The ETag of the manifest is "),
        ("no key column", "InvalidManifestContent", "Required fields are missing in the schema: Key"),
        ("short row", "InvalidManifestContent", "Unexpected number of task fields"),
        ("role may not read", "AccessDenied", "Reading the manifest is forbidden: AccessDenied"),
        ("no role", "AssumeRoleNotPermitted", "The job's role cannot be assumed: "),
        ("foreign owner", "AccessDenied", "Manifest generation is forbidden: AccessDenied"),
    ],
)
def test_a_job_that_cannot_have_its_manifest_fails_with_the_reason(
    pair: Pair, spoil: str, code: str, reason: str
) -> None:
    version_id = pair.put("k")
    put_rule(pair.s3, pair.source, pair.destination)
    manifest = pair.jobs.csv_manifest(pair.reports, [(pair.source, "k", version_id)])
    asked: dict[str, Any] = {"Manifest": manifest}
    match spoil:
        case "nothing matches":
            asked = {"ManifestGenerator": generator(pair.source, ObjectReplicationStatuses=["FAILED"])}
        case "no manifest":
            manifest["Location"]["ObjectArn"] += "-not"
        case "another etag":
            manifest["Location"]["ETag"] = "0" * 32
        case "no key column":
            manifest["Spec"]["Fields"] = ["Bucket", "Ignore", "VersionId"]
        case "short row":
            manifest["Spec"]["Fields"] = ["Bucket", "Key", "VersionId", "Ignore"]
        case "role may not read":
            pair.jobs.allow({"Effect": "Allow", "Action": "s3:InitiateReplication", "Resource": "*"})
        case "no role":
            asked["RoleArn"] = f"{pair.jobs.role}-not"
        case _:
            asked = {"ManifestGenerator": generator(pair.source)}
            asked["ManifestGenerator"]["S3JobManifestGenerator"]["ExpectedBucketOwner"] = "999988887777"
    job = pair.jobs.run(**asked, Report=all_tasks(pair.reports))
    assert job["Status"] == "Failed"
    (failure,) = job["FailureReasons"]
    assert failure["FailureCode"] == code and failure["FailureReason"].startswith(reason)
    assert pair.arrived() == [] and pair.status("k", version_id) is None
    assert "Contents" not in pair.s3.list_objects_v2(Bucket=pair.reports, Prefix="reports/")


def test_a_job_whose_tasks_mostly_fail_ends_after_a_thousand(pair: Pair) -> None:
    """ "If more than 50% of a job's object operations fail after more than 1,000 operations …, the job fails"."""
    put_rule(pair.s3, pair.source, pair.destination)
    rows = [(pair.source, f"absent-{number}", "null") for number in range(5000)]
    job = pair.jobs.run(Manifest=pair.jobs.csv_manifest(pair.reports, rows), Report=all_tasks(pair.reports))
    total, succeeded, failed = counts(job)
    assert job["Status"] == "Failed" and (total, succeeded) == (5000, 0) and 1000 <= failed < 5000
    assert len(pair.jobs.report(job)) == failed


def test_a_report_that_cannot_be_written_fails_a_job_whose_work_is_done(pair: Pair) -> None:
    version_id = pair.put("k")
    put_rule(pair.s3, pair.source, pair.destination)
    job = pair.jobs.run(ManifestGenerator=generator(pair.source), Report=all_tasks("no-such-bucket-for-reports"))
    assert job["Status"] == "Failed" and counts(job) == (1, 1, 0)
    assert [failure["FailureReason"] for failure in job["FailureReasons"]] == [
        "The job report could not be written to your report bucket. Please check your permissions."
    ]
    assert pair.arrived() == [("k", version_id, True)]


def test_the_role_must_be_allowed_to_initiate_the_replication_of_each_object(pair: Pair) -> None:
    """The job's role needs s3:InitiateReplication; the data itself moves under the replication role."""
    denied, allowed = pair.put("denied/k"), pair.put("allowed/k")
    put_rule(pair.s3, pair.source, pair.destination)
    no = {"Effect": "Deny", "Action": "s3:InitiateReplication", "Resource": f"arn:aws:s3:::{pair.source}/denied/*"}
    pair.jobs.allow(ALL_OF_S3, no)
    job = pair.replicate()
    assert pair.results(job) == {
        ("denied/k", denied): ("failed", "InitiateReplicationNotPermitted"),
        ("allowed/k", allowed): ("succeeded", ""),
    }
    assert pair.arrived() == [("allowed/k", allowed, True)] and pair.status("denied/k", denied) is None


# The life of a job.


def test_a_job_waits_for_its_confirmation_and_can_be_cancelled(pair: Pair) -> None:
    version_id = pair.put("k")
    put_rule(pair.s3, pair.source, pair.destination)
    asked = {"ManifestGenerator": generator(pair.source), "ConfirmationRequired": True}
    first, second = pair.jobs.create(**asked), pair.jobs.create(**asked)
    job = pair.jobs.wait(first, "Suspended")
    assert job["SuspendedCause"] == "AWAITING_CONFIRMATION" and job["SuspendedDate"] and counts(job) == (1, 0, 0)
    pair.jobs.wait(second, "Suspended")
    answer = pair.jobs.client.update_job_status(
        AccountId=pair.jobs.account, JobId=first, RequestedJobStatus="Cancelled", StatusUpdateReason="not now"
    )
    assert (answer["Status"], answer["StatusUpdateReason"]) == ("Cancelling", "not now")
    job = pair.jobs.wait(first)
    assert job["Status"] == "Cancelled" and job["StatusUpdateReason"] == "not now" and job["TerminationDate"]
    assert pair.arrived() == []
    assert pair.jobs.update(second, "Ready")["Status"] == "Ready"
    assert pair.jobs.wait(second)["Status"] == "Complete"
    assert pair.arrived() == [("k", version_id, True)]
    for job_id, wanted in ((first, "Ready"), (first, "Cancelled"), (second, "Cancelled")):
        error = refused(
            pair.jobs.client.update_job_status, AccountId=pair.jobs.account, JobId=job_id, RequestedJobStatus=wanted
        )
        assert error == ("JobStatusException", 400)


def test_a_job_without_a_word_on_confirmation_waits_for_it(pair: Pair) -> None:
    """User Guide, AWS CLI: without `--no-confirmation-required` a job stays Suspended."""
    pair.put("k")
    put_rule(pair.s3, pair.source, pair.destination)
    answer = pair.jobs.client.create_job(
        AccountId=pair.jobs.account,
        Operation={"S3ReplicateObject": {}},
        Report={"Enabled": False},
        ClientRequestToken=str(uuid.uuid4()),
        ManifestGenerator=generator(pair.source),
        Priority=1,
        RoleArn=pair.jobs.role,
    )
    assert pair.jobs.wait(answer["JobId"], "Suspended")["ConfirmationRequired"] is True
    pair.jobs.update(answer["JobId"], "Cancelled")


def test_a_token_makes_one_job(pair: Pair) -> None:
    """The same request again answers the same job; another request with the token is an IdempotencyException."""
    put_rule(pair.s3, pair.source, pair.destination)
    asked = {
        "ClientRequestToken": str(uuid.uuid4()),
        "ManifestGenerator": generator(pair.source),
        "ConfirmationRequired": True,
    }
    first = pair.jobs.create(**asked)
    assert pair.jobs.create(**asked) == first
    with pytest.raises(pair.jobs.client.exceptions.IdempotencyException):
        pair.jobs.create(**asked, Description="another")
    pair.jobs.wait(first)


def test_jobs_are_listed_by_status_page_by_page(pair: Pair) -> None:
    manifest = pair.jobs.csv_manifest(pair.reports, [(pair.source, "absent", "null")])
    put_rule(pair.s3, pair.source, pair.destination)
    made = [pair.jobs.create(Manifest=manifest, Description=f"number {number}") for number in range(3)]
    for job_id in made:
        pair.jobs.wait(job_id)
    account = pair.jobs.account
    jobs: list[dict[str, Any]] = []
    following: dict[str, str] = {}
    while not {job["JobId"] for job in jobs} >= set(made):
        page = pair.jobs.client.list_jobs(AccountId=account, JobStatuses=["Complete"], MaxResults=2, **following)
        assert len(page["Jobs"]) == 2 or "NextToken" not in page
        jobs += page["Jobs"]
        following = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
    mine = [job for job in jobs if job["JobId"] in made]
    assert [job["JobId"] for job in mine] == made[::-1]
    assert {job["Operation"] for job in mine} == {"S3ReplicateObject"} and mine[0]["Description"] == "number 2"
    failed = pair.jobs.client.list_jobs(AccountId=account, JobStatuses=["Failed"])["Jobs"]
    assert not {job["JobId"] for job in failed} & set(made)
    for token in ("?", *(base64.urlsafe_b64encode(digits).decode() for digits in (b"9" * 19, b"9" * 5000, b"-1"))):
        assert refused(pair.jobs.client.list_jobs, AccountId=account, NextToken=token)[0] == "InvalidNextTokenException"


def test_tags_and_priority_of_a_job_can_be_changed(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("k")
    client, account = pair.jobs.client, pair.jobs.account
    tags = [{"Key": "team", "Value": "a"}]
    job_id = pair.jobs.create(ManifestGenerator=generator(pair.source), ConfirmationRequired=True, Tags=tags)
    assert client.get_job_tagging(AccountId=account, JobId=job_id)["Tags"] == tags
    client.put_job_tagging(AccountId=account, JobId=job_id, Tags=[{"Key": "b", "Value": "c d"}])
    assert client.get_job_tagging(AccountId=account, JobId=job_id)["Tags"] == [{"Key": "b", "Value": "c d"}]
    client.delete_job_tagging(AccountId=account, JobId=job_id)
    assert client.get_job_tagging(AccountId=account, JobId=job_id)["Tags"] == []
    pair.jobs.wait(job_id, "Suspended")
    assert client.update_job_priority(AccountId=account, JobId=job_id, Priority=77)["Priority"] == 77
    assert pair.jobs.describe(job_id)["Priority"] == 77
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    with pytest.raises(client.exceptions.TooManyTagsException):
        client.put_job_tagging(AccountId=account, JobId=job_id, Tags=many)
    pair.jobs.update(job_id, "Cancelled")


def test_what_create_job_cannot_take_is_refused(pair: Pair) -> None:
    manifest = pair.jobs.csv_manifest(pair.reports, [(pair.source, "k", "null")])
    made = {"Manifest": manifest}
    rows: list[tuple[dict[str, Any], tuple[str, int]]] = [
        ({}, ("BadRequestException", 400)),
        (made | {"ManifestGenerator": generator(pair.source)}, ("BadRequestException", 400)),
        (made | {"Operation": {}}, ("BadRequestException", 400)),
        (made | {"Operation": {"LambdaInvoke": {"FunctionArn": "f"}}}, ("NotImplemented", 501)),
        (made | {"Operation": {"S3InitiateRestoreObject": {"ExpirationInDays": 1}}}, ("NotImplemented", 501)),
        (made | {"Report": {"Enabled": True, "Bucket": "arn:aws:s3:::b"}}, ("BadRequestException", 400)),
        (made | {"Report": all_tasks("b") | {"Format": "Report_CSV_1"}}, ("MalformedXML", 400)),
        (made | {"RoleArn": "arn:aws:iam::999988887777:role/foreign"}, ("AccessDenied", 403)),
        (made | {"RoleArn": "arn:aws:iam::999988887777:user/no-role"}, ("BadRequestException", 400)),
        (made | {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, ("BadRequestException", 400)),
        (made | {"AccountId": "999988887777"}, ("AccessDenied", 403)),
    ]
    for members, error in rows:
        assert refused(pair.jobs.create, **members) == error, members
    assert refused(pair.jobs.client.describe_job, AccountId=pair.jobs.account, JobId=str(uuid.uuid4())) == (
        "NotFoundException",
        400,
    )


def test_a_job_lives_in_the_region_that_its_request_is_signed_for(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("k")
    west = Jobs(pair.server, "us-west-2")
    job = west.run(ManifestGenerator=generator(pair.source))
    assert job["Status"] == "Failed" and job["JobArn"].startswith("arn:aws:s3:us-west-2:")
    assert "is in us-east-1" in job["FailureReasons"][0]["FailureReason"]
    assert refused(pair.jobs.client.describe_job, AccountId=west.account, JobId=job["JobId"])[0] == "NotFoundException"


# Reaching S3 Control.


def test_s3_control_is_reached_with_and_without_the_account_in_the_host(server: Any, pair: Pair) -> None:
    """The SDKs put the account before the host; with an empty user before the host they put it there instead.

    A name like 111122223333.localhost needs a resolver that knows it: here the host is told by a header, which the
    signature covers.
    """
    account = pair.jobs.account
    for endpoint, host in ((server.endpoint, ""), (f"http://localhost:{server.port}", f"{account}.localhost")):
        client = boto3.client(
            "s3control",
            region_name="us-east-1",
            endpoint_url=endpoint.replace("://", "://@"),
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
            config=Config(retries={"total_max_attempts": 1}),
        )
        if host:
            client.meta.events.register(
                "before-sign.s3-control", lambda request, host=host, **_: request.headers.add_header("Host", host)
            )
        assert "Jobs" in client.list_jobs(AccountId=account)


# Other operations.


def test_jobs_put_and_delete_tags(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    version_id = pair.put("k", Tagging="old=1")
    wait_for(lambda: pair.status("k", version_id) == "COMPLETED", 60, "COMPLETED")
    rows = [(pair.source, "k", version_id), (pair.source, "absent", version_id), (pair.source, "k", "")]
    manifest = pair.jobs.csv_manifest(pair.reports, rows)
    tags = [{"Key": "new", "Value": "2"}]
    put = {"S3PutObjectTagging": {"TagSet": tags}}
    job = pair.jobs.run(Operation=put, Manifest=manifest, Report=all_tasks(pair.reports))
    assert sorted(pair.jobs.report(job)) == sorted(
        [
            [pair.source, "k", version_id, "succeeded", "200", "", "Successful"],
            [
                pair.source,
                "absent",
                version_id,
                "failed",
                "404",
                "NoSuchVersion",
                "The specified version does not exist.",
            ],
            [pair.source, "k", "\\N", "failed", "400", "InvalidRequest", "Task failed due to missing VersionId"],
        ]
    )
    assert pair.s3.get_object_tagging(Bucket=pair.source, Key="k")["TagSet"] == tags
    wait_for(
        lambda: pair.there.get_object_tagging(Bucket=pair.destination, Key="k")["TagSet"] == tags, 60, "replicated tags"
    )
    job = pair.jobs.run(Operation={"S3DeleteObjectTagging": {}}, Manifest=manifest)
    assert counts(job) == (3, 1, 2)
    assert pair.s3.get_object_tagging(Bucket=pair.source, Key="k")["TagSet"] == []


def test_jobs_copy_objects(pair: Pair) -> None:
    target = new_bucket(pair.s3, "us-east-1")
    old = pair.put("a b", b"old", ContentType="text/plain", Metadata={"m": "1"}, Tagging="t=1")
    pair.put("a b", b"new")
    large = os.urandom(MIB)
    pair.put("large", large)
    rows = [(pair.source, "a%20b", old), (pair.source, "large", "null")]
    operation = {
        "S3PutObjectCopy": {
            "TargetResource": f"arn:aws:s3:::{target}",
            "TargetKeyPrefix": "copies",
            "StorageClass": "STANDARD_IA",
            "NewObjectTagging": [{"Key": "fresh", "Value": "a b+c"}],
        }
    }
    job = pair.jobs.run(
        Operation=operation, Manifest=pair.jobs.csv_manifest(pair.reports, rows), Report=all_tasks(pair.reports)
    )
    assert pair.results(job) == {("a%20b", old): ("succeeded", ""), ("large", "null"): ("failed", "NoSuchVersion")}
    copied = pair.s3.get_object(Bucket=target, Key="copies/a b")
    assert copied["Body"].read() == b"old" and copied["StorageClass"] == "STANDARD_IA"
    assert (copied["ContentType"], copied["Metadata"]) == ("text/plain", {"m": "1"})
    tags = pair.s3.get_object_tagging(Bucket=target, Key="copies/a b")["TagSet"]
    assert tags == [{"Key": "fresh", "Value": "a b+c"}]
    job = pair.jobs.run(
        Operation={"S3PutObjectCopy": {"TargetResource": f"arn:aws:s3:::{target}"}},
        ManifestGenerator=generator(pair.source, KeyNameConstraint={"MatchAnyPrefix": ["lar"]}),
    )
    assert counts(job) == (1, 1, 0)
    assert pair.s3.get_object(Bucket=target, Key="large")["Body"].read() == large
    elsewhere = {"S3PutObjectCopy": {"TargetResource": f"arn:aws:s3:::{pair.destination}"}}
    job = pair.jobs.run(Operation=elsewhere, ManifestGenerator=generator(pair.source))
    assert job["Status"] == "Failed" and "us-west-2" in job["FailureReasons"][0]["FailureReason"]


def test_jobs_compute_checksums(pair: Pair) -> None:
    body = os.urandom(200_000)
    version_id = pair.put("k", body)
    operation = {"S3ComputeObjectChecksum": {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"}}
    job = pair.jobs.run(Operation=operation, ManifestGenerator=generator(pair.source), Report=all_tasks(pair.reports))
    ((_, _, _, status, _, code, message),) = pair.jobs.report(job)
    found = json.loads(message)
    assert (status, code) == ("succeeded", "")
    assert found["checksum_hex"] == hashlib.sha256(body).hexdigest().upper()
    assert found["etag"] == hashlib.md5(body, usedforsecurity=False).hexdigest()
    assert pair.status("k", version_id) is None


def test_jobs_put_acls_as_put_object_acl_answers(pair: Pair) -> None:
    """Buckets enforce their owner unless they say otherwise: then an ACL of somebody else is refused, as by S3."""
    version_id = pair.put("k")
    manifest = pair.jobs.csv_manifest(pair.reports, [(pair.source, "k", version_id)])
    operation = {"S3PutObjectAcl": {"AccessControlPolicy": {"CannedAccessControlList": "bucket-owner-read"}}}
    job = pair.jobs.run(Operation=operation, Manifest=manifest, Report=all_tasks(pair.reports))
    assert pair.results(job) == {("k", version_id): ("failed", "AccessControlListNotSupported")}
    operation = {"S3PutObjectAcl": {"AccessControlPolicy": {"CannedAccessControlList": "bucket-owner-full-control"}}}
    job = pair.jobs.run(Operation=operation, Manifest=manifest, Report=all_tasks(pair.reports))
    assert pair.results(job) == {("k", version_id): ("succeeded", "")}
