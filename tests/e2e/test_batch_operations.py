"""The jobs of S3 Batch Operations that are no Batch Replication, by boto3, on a running server.

Source: S3 User Guide, "Operations supported by S3 Batch Operations".
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import pytest
from tests.support.batch import all_tasks, counts, generator, new_bucket
from tests.support.batch_pairs import BatchPair
from tests.support.replication import put_rule, wait_for

MIB = 1024 * 1024


@pytest.fixture
def pair(server: Any) -> BatchPair:
    return BatchPair.make(server)


def test_jobs_put_and_delete_tags(pair: BatchPair) -> None:
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


def test_jobs_copy_objects(pair: BatchPair) -> None:
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


def test_jobs_compute_checksums(pair: BatchPair) -> None:
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


def test_jobs_put_acls_as_put_object_acl_answers(pair: BatchPair) -> None:
    """Buckets enforce their owner unless they say otherwise: then an ACL of somebody else is refused, as by S3."""
    version_id = pair.put("k")
    manifest = pair.jobs.csv_manifest(pair.reports, [(pair.source, "k", version_id)])
    operation = {"S3PutObjectAcl": {"AccessControlPolicy": {"CannedAccessControlList": "bucket-owner-read"}}}
    job = pair.jobs.run(Operation=operation, Manifest=manifest, Report=all_tasks(pair.reports))
    assert pair.results(job) == {("k", version_id): ("failed", "AccessControlListNotSupported")}
    operation = {"S3PutObjectAcl": {"AccessControlPolicy": {"CannedAccessControlList": "bucket-owner-full-control"}}}
    job = pair.jobs.run(Operation=operation, Manifest=manifest, Report=all_tasks(pair.reports))
    assert pair.results(job) == {("k", version_id): ("succeeded", "")}
