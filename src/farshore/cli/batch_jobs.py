"""S3 Control for the commands: jobs of the caller's account, in whatever region they are."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
import uuid
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import typer

from farshore.cli.connection import Connection
from farshore.cli.output import DID_NOT_HOLD, fail

LOOK_EVERY_S = 0.25
_AT_REST = frozenset(("Suspended", "Complete", "Failed", "Cancelled"))
_ROLE_NAME_MAX = 64
_DIGEST = 12


class Jobs:
    """Jobs on one server. What is refused ends the command with the server's words."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        status = connection.get_json("/-/status")
        self._account: str = status["account"]
        self._regions: list[str] = [region["region"] for region in status["regions"]]

    def replicate(
        self,
        bucket: str,
        wanted: Mapping[str, Any],
        *,
        report: str | None,
        role: str | None,
        priority: int,
        confirm: bool,
    ) -> str:
        """Create a job that replicates a bucket's versions; returns its id.

        Args:
            wanted: AWS's filter. report: `BUCKET[/PREFIX]`. role: its ARN; None makes one.
        """
        with _refusals():
            region = self._region_of(bucket)
            self._require_configuration(region, bucket)
            report_bucket = None if report is None else report.partition("/")[0]
            if report_bucket is not None:
                self._require_bucket(report_bucket)
            asked = {
                "AccountId": self._account,
                "ConfirmationRequired": confirm,
                "Operation": {"S3ReplicateObject": {}},
                "Report": {"Enabled": False} if report is None else _report(report),
                "ClientRequestToken": str(uuid.uuid4()),
                "ManifestGenerator": {
                    "S3JobManifestGenerator": {
                        "SourceBucket": f"arn:aws:s3:::{bucket}",
                        "EnableManifestOutput": False,
                        "Filter": dict(wanted),
                    }
                },
                "Description": f"Batch Replication of {bucket}",
                "Priority": priority,
                "RoleArn": role or self._make_role(region, bucket, report_bucket),
            }
            return self._control(region).create_job(**asked)["JobId"]

    def listed(self) -> list[dict[str, Any]]:
        """Every job, with its `Region`, the newest first."""
        found: list[dict[str, Any]] = []
        with _refusals():
            for region in self._regions:
                control, following = self._control(region), {}
                while True:
                    page = control.list_jobs(AccountId=self._account, **following)
                    found += [job | {"Region": region} for job in page["Jobs"]]
                    if "NextToken" not in page:
                        break
                    following = {"NextToken": page["NextToken"]}
        return sorted(found, key=lambda job: job["CreationTime"], reverse=True)

    def describe(self, job_id: str) -> dict[str, Any]:
        """A job, with its `Region`."""
        with _refusals():
            return self._find(job_id)[1]

    def update(self, job_id: str, status: str) -> None:
        """Confirm (Ready) or cancel (Cancelled) a job."""
        with _refusals():
            control, _ = self._find(job_id)
            control.update_job_status(AccountId=self._account, JobId=job_id, RequestedJobStatus=status)

    def watched(self, job_id: str) -> Iterator[dict[str, Any]]:
        """A job again and again, until it has ended or is suspended."""
        with _refusals():
            control, job = self._find(job_id)
            while True:
                yield job
                if job["Status"] in _AT_REST:
                    return
                time.sleep(LOOK_EVERY_S)
                job = control.describe_job(AccountId=self._account, JobId=job_id)["Job"]

    def _find(self, job_id: str) -> tuple[Any, dict[str, Any]]:
        """The client of the region that has the job, and the job."""
        for region in self._regions:
            control = self._control(region)
            with contextlib.suppress(control.exceptions.NotFoundException):
                job = control.describe_job(AccountId=self._account, JobId=job_id)["Job"]
                return control, job | {"Region": region}
        return fail(f"there is no job {job_id}: `farshore batch list` shows those there are", DID_NOT_HOLD)

    def _control(self, region: str) -> Any:
        return self._connection.client(region, "s3control")

    def _region_of(self, bucket: str) -> str:
        answer = self._connection.client(self._connection.region).get_bucket_location(Bucket=bucket)
        return answer.get("LocationConstraint") or "us-east-1"

    def _require_configuration(self, region: str, bucket: str) -> None:
        """End the command before anything is made, when the bucket has no rules to replicate by."""
        client = self._connection.client(region)
        try:
            client.get_bucket_replication(Bucket=bucket)
        except client.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ReplicationConfigurationNotFoundError":
                fail(
                    f"{bucket} has no replication configuration, and Batch Replication goes by its rules: put one "
                    f"first (aws s3api put-bucket-replication --bucket {bucket} --replication-configuration …)",
                    DID_NOT_HOLD,
                )
            if code != "AccessDenied":  # The job's role may read it where the caller may not.
                raise

    def _require_bucket(self, bucket: str) -> None:
        """End the command before anything is made, when the report would have nowhere to go.

        The job would run to its end, and fail there. Whose bucket it is, and who may write, the job finds out.
        """
        client = self._connection.client(self._connection.region)
        try:
            client.head_bucket(Bucket=bucket)
        except client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                fail(f"--report: bucket {bucket} does not exist", DID_NOT_HOLD)

    def _make_role(self, region: str, bucket: str, report: str | None) -> str:
        """A role that may replicate the bucket's objects and write the report; made anew, or brought up to date."""
        from farshore.semantics.batch_role import replicate_policy, report_policy, trust_policy

        iam = self._connection.client(region, "iam")
        name = _role_name(bucket)
        trust = trust_policy()
        try:
            role = iam.get_role(RoleName=name)["Role"]
        except iam.exceptions.NoSuchEntityException:
            role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
            typer.echo(f"made the role {role['Arn']}", err=True)
        if role["AssumeRolePolicyDocument"] != trust:
            fail(f"{role['Arn']} is there already, with another trust policy: give a --role", DID_NOT_HOLD)
        # A policy for each report's bucket: jobs that run under the role already keep what they need.
        policies = {"replicate": replicate_policy(bucket)}
        if report is not None:
            policies[f"report-{report}"] = report_policy(report)
        for policy, document in policies.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
        return role["Arn"]


def _role_name(bucket: str) -> str:
    """The same for the same bucket, and another for another, however long its name."""
    name = f"s3-batch-replication-{bucket}"
    if len(name) <= _ROLE_NAME_MAX:
        return name
    digest = hashlib.sha256(bucket.encode()).hexdigest()[:_DIGEST]
    return f"{name[: _ROLE_NAME_MAX - _DIGEST - 1]}-{digest}"


def _report(place: str) -> dict[str, Any]:
    bucket, _, prefix = place.partition("/")
    report: dict[str, Any] = {
        "Enabled": True,
        "Bucket": f"arn:aws:s3:::{bucket}",
        "Format": "Report_CSV_20180820",
        "ReportScope": "AllTasks",
    }
    return report | ({"Prefix": prefix} if prefix else {})


@contextlib.contextmanager
def _refusals() -> Generator[None]:
    """End the command in the words of whoever refused, or did not answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        refused = error.response["Error"]
        fail(f"refused: {refused['Code']}: {refused.get('Message', '')}", DID_NOT_HOLD)
    except BotoCoreError as error:
        fail(error, DID_NOT_HOLD)
