"""Job events: what AWS records when a job of Batch Operations is made, and when its status changes.

Source: S3 User Guide, "Tracking an S3 Batch Operations job in Amazon EventBridge through AWS CloudTrail".
"""

from __future__ import annotations

from typing import Any

from farshore.model.batch import Job
from farshore.runtime.iso_time import iso_time

CREATED = "JobCreated"
STATUS_CHANGED = "JobStatusChanged"

_S3 = "s3.amazonaws.com"


def job_event(name: str, job: Job, region: str, event_id: str) -> dict[str, Any]:
    """The event as CloudTrail has it.

    Args:
        name: CREATED or STATUS_CHANGED. job: as it stands then.
    """
    failures = job.state.failures
    return {
        "eventVersion": "1.05",
        "userIdentity": {"accountId": job.account_id, "invokedBy": _S3},
        "eventTime": iso_time(job.state.since_us),
        "eventSource": _S3,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": _S3,
        "userAgent": _S3,
        "requestParameters": None,
        "responseElements": None,
        "eventID": event_id,
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "recipientAccountId": job.account_id,
        "serviceEventDetails": {
            "jobId": job.id,
            "jobArn": job.arn(region),
            "status": job.status.value,
            "jobEventId": event_id,
            "failureCodes": [failure.code for failure in failures],
            "statusChangeReason": [failure.reason for failure in failures],
        },
    }
