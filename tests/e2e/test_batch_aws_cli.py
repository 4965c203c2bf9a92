"""The walk of docs/batch-replication.md, by the unmodified AWS CLI and by `farshore batch`."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.batch import account_of, listed, new_bucket, without_account_in_host
from tests.support.replication import wait_for
from tests.support.shell import Shell

OBJECTS = 2000
JOB_S_MAX = 120
LATER = 25


@dataclass
class Walk:
    """Buckets without a rule, the names of roles that are not made yet, and a shell with the AWS CLI."""

    shell: Shell
    account: str
    source: str
    destination: str
    reports: str
    replication_role: str
    job_role: str

    def aws(self, *arguments: str) -> Any:
        """What the AWS CLI prints, as JSON; None when it prints nothing."""
        printed = self.shell.aws(*arguments, "--output", "json")
        return json.loads(printed) if printed.strip() else None

    def make_role(self, name: str, service: str) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        made = self.aws("iam", "create-role", "--role-name", name, "--assume-role-policy-document", document(trust))
        return made["Role"]["Arn"]

    def allow(self, name: str, *statements: dict[str, Any]) -> None:
        self.aws(
            "iam", "put-role-policy", "--role-name", name, "--policy-name", "only",
            "--policy-document", document(*statements),
        )  # fmt: skip

    def let_replicate(self, *, objects: bool = True) -> None:
        """Give the replication role what it needs. objects: with s3:ReplicateObject."""
        self.allow(
            self.replication_role,
            allowed(["s3:GetReplicationConfiguration", "s3:ListBucket"], self.source),
            allowed(
                ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
                f"{self.source}/*",
            ),
            allowed(["s3:ReplicateDelete", *(["s3:ReplicateObject"] if objects else [])], f"{self.destination}/*"),
        )

    def put_rule(self, role: str, status: str = "Enabled") -> None:
        rule = {
            "Status": status,
            "Priority": 1,
            "Filter": {},
            "DeleteMarkerReplication": {"Status": "Enabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{self.destination}"},
        }
        self.aws(
            "s3api", "put-bucket-replication", "--bucket", self.source,
            "--replication-configuration", json.dumps({"Role": role, "Rules": [rule]}),
        )  # fmt: skip

    def run_job(self, *statuses: str) -> dict[str, Any]:
        """Create a job with a generated manifest and a report, wait for its end, and describe it."""
        chosen = {
            "SourceBucket": f"arn:aws:s3:::{self.source}",
            "EnableManifestOutput": False,
            "Filter": {"EligibleForReplication": True, "ObjectReplicationStatuses": statuses},
        }
        report = {
            "Enabled": True,
            "Bucket": f"arn:aws:s3:::{self.reports}",
            "Prefix": "jobs",
            "Format": "Report_CSV_20180820",
            "ReportScope": "AllTasks",
        }
        job_id: str = self.aws(
            "s3control", "create-job", "--account-id", self.account, "--no-confirmation-required",
            "--priority", "10", "--client-request-token", str(uuid.uuid4()),
            "--operation", '{"S3ReplicateObject": {}}',
            "--manifest-generator", json.dumps({"S3JobManifestGenerator": chosen}),
            "--report", json.dumps(report),
            "--role-arn", f"arn:aws:iam::{self.account}:role/{self.job_role}",
        )["JobId"]  # fmt: skip

        def ended() -> dict[str, Any] | None:
            job = self.aws("s3control", "describe-job", "--account-id", self.account, "--job-id", job_id)["Job"]
            return job if job["Status"] in ("Complete", "Failed", "Cancelled") else None

        return wait_for(ended, JOB_S_MAX, "the job's end")

    def report(self, job: dict[str, Any]) -> list[list[str]]:
        """The rows of the job's report, copied to a folder by `aws s3 cp`."""
        self.shell.aws(
            "s3", "cp", "--recursive", "--quiet", f"s3://{self.reports}/jobs/job-{job['JobId']}", job["JobId"]
        )
        folder = self.shell.home / job["JobId"]
        rows: list[list[str]] = []
        for result in json.loads((folder / "manifest.json").read_bytes())["Results"]:
            content = (folder / "results" / Path(result["Key"]).name).read_bytes()
            assert hashlib.md5(content, usedforsecurity=False).hexdigest() == result["MD5Checksum"]
            rows += csv.reader(io.StringIO(content.decode(), newline=""))
        return rows


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allowed(actions: list[str], *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": [f"arn:aws:s3:::{name}" for name in resources]}


@pytest.fixture
def walk(server: Any, tmp_path: Path) -> Walk:
    here, there = server.client("s3"), server.client("s3", "us-west-2")
    shell = Shell(server, tmp_path)
    shell.environment["AWS_ENDPOINT_URL"] = without_account_in_host(server.endpoint)
    unique = uuid.uuid4().hex[:12]
    return Walk(
        shell,
        account_of(server),
        new_bucket(here, "us-east-1"),
        new_bucket(there, "us-west-2"),
        new_bucket(here, "us-east-1", versioned=False),
        f"replication-{unique}",
        f"jobs-{unique}",
    )


def fill(server: Any, bucket: str) -> None:
    """2,000 objects: every tenth key with three versions, every twentieth with a delete marker, some with tags."""
    s3 = server.client("s3", max_pool_connections=8)

    def put(number: int) -> None:
        key = f"{number % 7}/object {number:04}"
        for version in range(3 if number % 10 == 0 else 1):
            tags = {"Tagging": f"number={number}&version={version}"} if number % 5 == 0 else {}
            s3.put_object(Bucket=bucket, Key=key, Body=f"{number} {version}".encode(), **tags)
        if number % 20 == 0:
            s3.delete_object(Bucket=bucket, Key=key)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(OBJECTS)))


def test_existing_objects_are_replicated_by_a_job_of_the_aws_cli(server: Any, walk: Walk) -> None:
    """Fill, put the rule, see nothing copied, run the job, read the report; break a permission, mend it, run again."""
    here, there = server.client("s3"), server.client("s3", "us-west-2")
    fill(server, walk.source)
    rule_role = walk.make_role(walk.replication_role, "s3.amazonaws.com")
    walk.let_replicate()
    walk.make_role(walk.job_role, "batchoperations.s3.amazonaws.com")
    walk.allow(
        walk.job_role,
        allowed(["s3:InitiateReplication"], f"{walk.source}/*"),
        allowed(["s3:GetReplicationConfiguration", "s3:PutInventoryConfiguration"], walk.source),
        allowed(["s3:PutObject"], f"{walk.reports}/*"),
    )
    walk.put_rule(rule_role)
    assert listed(there, walk.destination) == []

    job = walk.run_job("NONE")
    versions = listed(here, walk.source)
    count = OBJECTS + 2 * (OBJECTS // 10) + OBJECTS // 20
    assert len(versions) == count
    assert job["Status"] == "Complete"
    assert [job["ProgressSummary"][f"NumberOfTasks{end}"] for end in ("Succeeded", "Failed")] == [count, 0]
    assert listed(there, walk.destination) == versions
    rows = walk.report(job)
    assert Counter((row[2], *row[3:]) for row in rows) == Counter(
        (version_id, "succeeded", "200", "", "success") for _, version_id, _ in versions
    )
    for number in (5, 15):
        (tagged,) = [version for version in versions if version[0] == f"{number % 7}/object {number:04}"]
        place = {"Key": tagged[0], "VersionId": tagged[1]}
        found = there.get_object_tagging(Bucket=walk.destination, **place)["TagSet"]
        assert {tag["Key"]: tag["Value"] for tag in found} == {"number": str(number), "version": "0"}
        assert here.head_object(Bucket=walk.source, **place)["ReplicationStatus"] == "COMPLETED"
        assert there.head_object(Bucket=walk.destination, **place)["ReplicationStatus"] == "REPLICA"

    walk.put_rule(rule_role, "Disabled")
    later = {here.put_object(Bucket=walk.source, Key=f"later/{n}", Body=b"later")["VersionId"] for n in range(LATER)}
    walk.let_replicate(objects=False)
    walk.put_rule(rule_role)
    failed = walk.run_job("NONE")
    assert failed["Status"] == "Complete" and failed["ProgressSummary"]["NumberOfTasksFailed"] == LATER
    assert {(row[2], row[3], row[4], row[5]) for row in walk.report(failed)} == {
        (version_id, "failed", "500", "DstPutObjectNotPermitted") for version_id in later
    }
    assert here.head_object(Bucket=walk.source, Key="later/0")["ReplicationStatus"] == "FAILED"
    assert len(listed(there, walk.destination)) == count

    walk.let_replicate()
    mended = walk.run_job("FAILED")
    assert mended["Status"] == "Complete" and mended["ProgressSummary"]["NumberOfTasksSucceeded"] == LATER
    assert {row[2] for row in walk.report(mended)} == later
    assert listed(there, walk.destination) == listed(here, walk.source)


def test_the_program_makes_a_job_and_the_role_that_it_needs_and_waits(server: Any, walk: Walk) -> None:
    """`farshore batch`: the least that a job needs, progress to the end, and exit codes that say how it went."""
    here, there = server.client("s3"), server.client("s3", "us-west-2")
    for key in ("in/a", "in/b", "out"):
        here.put_object(Bucket=walk.source, Key=key, Body=b"body")
    role = server.cli("replication", "role", walk.source, walk.destination, "--create")["role_arn"]
    walk.put_rule(role)
    place = f"{walk.reports}/of/jobs"
    job = server.cli(
        "batch", "replicate", walk.source, "--prefix", "in/", "--status", "NONE,FAILED", "--report", place, "--wait"
    )
    assert (job["status"], job["tasks"], job["succeeded"], job["failed"]) == ("Complete", 2, 2, 0)
    assert [key for key, _, _ in listed(there, walk.destination)] == ["in/a", "in/b"]
    bucket, _, key = job["report"].removeprefix("s3://").partition("/")
    assert json.loads(here.get_object(Bucket=bucket, Key=key)["Body"].read())["Results"]
    assert server.cli("batch", "show", job["job_id"]) == job
    assert job["job_id"] in {listed_job["job_id"] for listed_job in server.cli("batch", "list")}

    waits = server.cli("batch", "replicate", walk.source, "--created-before", "2999-01-01", "--confirm", "--wait")
    assert (waits["status"], waits["tasks"]) == ("Suspended", 3)
    done = server.cli("batch", "confirm", waits["job_id"], "--wait")
    assert (done["status"], done["succeeded"]) == ("Complete", 3)
    assert listed(there, walk.destination) == listed(here, walk.source)

    cancelled = server.cli("batch", "replicate", walk.source, "--confirm", "--wait")["job_id"]
    code, printed, _ = run(server, "batch", "cancel", cancelled)
    assert (code, printed) == (0, "")
    code, _, said = run(server, "batch", "confirm", cancelled)
    assert (code, said.count("\n")) == (1, 1) and said.startswith("farshore: refused: JobStatusException: ")
    code, printed, _ = run(server, "batch", "show", cancelled, "--wait")
    assert code == 1 and printed.splitlines()[0] == f"{cancelled}  Cancelled"
    nothing = ("--status", "REPLICA", "--report", walk.source, "--wait")
    code, printed, _ = run(server, "batch", "replicate", walk.source, *nothing)
    assert code == 1 and "Manifest generation found no keys matching the filter criteria." in printed
    assert "report:" not in printed, "nothing was done, so none was written"
    code, printed, said = run(server, "batch", "replicate", walk.source, "--report", "s3://misspelt-bucket/jobs")
    assert (code, printed, said) == (1, "", "farshore: --report: bucket misspelt-bucket does not exist\n")
    code, printed, _ = run(server, "batch", "replicate", walk.source, "--report", f"s3://{walk.source}/jobs", "--wait")
    assert code == 0 and f"report: s3://{walk.source}/jobs/job-" in printed
    assert run(server, "batch", "list")[1].splitlines()[0].split() == [
        "job", "created", "region", "operation", "status", "priority", "tasks", "done", "failed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("replicate", "no-such-bucket-of-anyone"), 1, "refused: NoSuchBucket: The specified bucket does not exist"),
        (("show", "00000000-0000-0000-0000-000000000000"), 1, "there is no job 00000000-0000-0000-0000-000000000000"),
        (("replicate", "b", "--status", "none,lost"), 2, "--status: 'LOST' is none of NONE, FAILED, COMPLETED, REPLI"),
        (("replicate", "b", "--created-after", "noon"), 2, "--created-after: 'noon' is no time, as 2026-11-24 or "),
    ],
)
def test_what_the_program_cannot_do_it_says_in_a_line(
    server: Any, arguments: tuple[str, ...], code: int, words: str
) -> None:
    ended, printed, said = run(server, "batch", *arguments)
    assert (ended, printed) == (code, "")
    assert said.startswith(f"farshore: {words}") and said.count("\n") == 1


def run(server: Any, *arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a command of the program."""
    command = [sys.executable, "-m", "farshore", *arguments, "--data", str(server.data)]
    done = subprocess.run(
        command, env=server.environment, capture_output=True, text=True, timeout=JOB_S_MAX, check=False
    )
    return done.returncode, done.stdout, done.stderr
