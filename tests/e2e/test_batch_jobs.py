"""Jobs of S3 Batch Operations: how they fail, their life, and how S3 Control is reached, by boto3, on a running server.

Source: S3 User Guide, "Managing S3 Batch Operations jobs".
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.batch import ALL_OF_S3, Jobs, all_tasks, counts, generator
from tests.support.batch_pairs import BatchPair
from tests.support.replication import put_rule


@pytest.fixture
def pair(server: Any) -> BatchPair:
    return BatchPair.make(server)


def refused(call: Callable[..., Any], **members: Any) -> tuple[str, int]:
    """(code, HTTP status) of the error that a call is answered with."""
    with pytest.raises(ClientError) as error:
        call(**members)
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


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
    pair: BatchPair, spoil: str, code: str, reason: str
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


def test_a_job_whose_tasks_mostly_fail_ends_after_a_thousand(pair: BatchPair) -> None:
    """ "If more than 50% of a job's object operations fail after more than 1,000 operations …, the job fails"."""
    put_rule(pair.s3, pair.source, pair.destination)
    rows = [(pair.source, f"absent-{number}", "null") for number in range(5000)]
    job = pair.jobs.run(Manifest=pair.jobs.csv_manifest(pair.reports, rows), Report=all_tasks(pair.reports))
    total, succeeded, failed = counts(job)
    assert job["Status"] == "Failed" and (total, succeeded) == (5000, 0) and 1000 <= failed < 5000
    assert len(pair.jobs.report(job)) == failed


def test_a_report_that_cannot_be_written_fails_a_job_whose_work_is_done(pair: BatchPair) -> None:
    version_id = pair.put("k")
    put_rule(pair.s3, pair.source, pair.destination)
    job = pair.jobs.run(ManifestGenerator=generator(pair.source), Report=all_tasks("no-such-bucket-for-reports"))
    assert job["Status"] == "Failed" and counts(job) == (1, 1, 0)
    assert [failure["FailureReason"] for failure in job["FailureReasons"]] == [
        "The job report could not be written to your report bucket. Please check your permissions."
    ]
    assert pair.arrived() == [("k", version_id, True)]


def test_the_role_must_be_allowed_to_initiate_the_replication_of_each_object(pair: BatchPair) -> None:
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


def test_a_job_waits_for_its_confirmation_and_can_be_cancelled(pair: BatchPair) -> None:
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


def test_a_job_without_a_word_on_confirmation_waits_for_it(pair: BatchPair) -> None:
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


def test_a_token_makes_one_job(pair: BatchPair) -> None:
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


def test_jobs_are_listed_by_status_page_by_page(pair: BatchPair) -> None:
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


def test_tags_and_priority_of_a_job_can_be_changed(pair: BatchPair) -> None:
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


def test_what_create_job_cannot_take_is_refused(pair: BatchPair) -> None:
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


def test_a_job_lives_in_the_region_that_its_request_is_signed_for(pair: BatchPair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("k")
    west = Jobs(pair.server, "us-west-2")
    job = west.run(ManifestGenerator=generator(pair.source))
    assert job["Status"] == "Failed" and job["JobArn"].startswith("arn:aws:s3:us-west-2:")
    assert "is in us-east-1" in job["FailureReasons"][0]["FailureReason"]
    assert refused(pair.jobs.client.describe_job, AccountId=west.account, JobId=job["JobId"])[0] == "NotFoundException"


# Reaching S3 Control.


def test_s3_control_is_reached_with_and_without_the_account_in_the_host(server: Any, pair: BatchPair) -> None:
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
