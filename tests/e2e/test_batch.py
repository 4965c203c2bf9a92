"""What Batch Replication replicates, and what manifests name, by boto3, on a running server.

Each test names the AWS behaviour that it shows (S3 User Guide, "Replicating existing objects with Batch Replication";
reports recorded on AWS).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from typing import Any

import pytest
from tests.support.batch import Jobs, all_tasks, counts, generator, listed, new_bucket
from tests.support.batch_pairs import BatchPair
from tests.support.replication import enable_versioning, put_rule, put_rules, rule, wait_for

MIB = 1024 * 1024


@pytest.fixture
def pair(server: Any) -> BatchPair:
    return BatchPair.make(server)


# What is replicated.


def test_existing_versions_and_markers_are_copied_with_ids_and_order(pair: BatchPair) -> None:
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


def test_the_report_has_a_line_for_every_version_as_aws_writes_it(pair: BatchPair) -> None:
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


def test_failed_versions_are_retried_and_completed_ones_go_to_new_destinations(pair: BatchPair) -> None:
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


def test_replicas_go_onwards_by_a_job_alone(pair: BatchPair) -> None:
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


def test_a_replica_that_is_there_is_left_alone_and_a_hard_deleted_one_does_not_come_back(pair: BatchPair) -> None:
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


def test_null_versions_are_replicated(server: Any, pair: BatchPair) -> None:
    """Objects from before versioning: `null` in manifest and report, and at the destination."""
    source = new_bucket(pair.s3, "us-east-1", versioned=False)
    pair.s3.put_object(Bucket=source, Key="old", Body=b"old")
    enable_versioning(pair.s3, source)
    put_rule(pair.s3, source, pair.destination)
    job = pair.jobs.run(ManifestGenerator=generator(source), Report=all_tasks(pair.reports))
    assert pair.results(job) == {("old", "null"): ("succeeded", "")}
    assert pair.arrived() == [("old", "null", True)]


# What the manifest names, and what it cannot.


def test_a_csv_manifest_names_versions_and_each_failure_has_its_code(pair: BatchPair) -> None:
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


def test_a_csv_manifest_without_versions_means_current_ones(pair: BatchPair) -> None:
    pair.put("k", b"old")
    current = pair.put("k", b"new")
    put_rule(pair.s3, pair.source, pair.destination)
    rows = [("x", pair.source, "k")]
    manifest = pair.jobs.csv_manifest(pair.reports, rows, fields=("Ignore", "Bucket", "Key"))
    job = pair.jobs.run(Manifest=manifest, Report=all_tasks(pair.reports))
    assert pair.jobs.report(job) == [[pair.source, "k", "", "succeeded", "200", "", "success"]]
    assert pair.arrived() == [("k", current, True)]


def test_an_inventory_report_is_a_manifest(pair: BatchPair) -> None:
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


def test_a_generated_manifest_is_saved_and_can_be_used_again(pair: BatchPair) -> None:
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
