"""Jobs of Batch Operations as values, for tests that need no server."""

from __future__ import annotations

from typing import Any

from farshore.model.batch import Job, JobRequest, JobState, JobStatus, OperationName

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/jobs"


def request_of(**members: Any) -> JobRequest:
    """A request to replicate what a generator finds in the bucket `source`, unless members say otherwise."""
    asked: dict[str, Any] = {
        "token": "token",
        "digest": b"",
        "operation": OperationName.REPLICATE,
        "parameters": {},
        "role_arn": ROLE,
        "confirmation_required": False,
        "report": {"Enabled": False},
    }
    if "manifest" not in members:
        asked["generator"] = {
            "S3JobManifestGenerator": {"SourceBucket": "arn:aws:s3:::source", "EnableManifestOutput": False}
        }
    return JobRequest(**(asked | members))


def job_of(**members: Any) -> Job:
    """A new job, unless members say otherwise. number: of which its id is made. request: members of the request."""
    given: dict[str, Any] = {
        "id": f"job-{members.get('number', 0)}",
        "account_id": ACCOUNT,
        "created_us": 1,
        "status": JobStatus.NEW,
        "priority": 10,
        "state": JobState(since_us=1),
        "request": request_of(),
    }
    return Job(**(given | members))
