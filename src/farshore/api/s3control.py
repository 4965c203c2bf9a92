"""S3 Control on the port of S3: which requests are its, and the functions that serve them.

A request is S3 Control's when it names an account (`x-amz-account-id`) and its path begins with the API's version. The
SDKs also put the account before the host's name (`111122223333.s3.example.com`); it may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from farshore.service import account_blocks, batch_jobs
from farshore.service.deployment import Answer, Request

ACCOUNT_HEADER = "x-amz-account-id"

_VERSION = "v20180820"
_ACCOUNT = re.compile(r"[0-9]{12}")

OPERATIONS: dict[str, Callable[[Request], Awaitable[Answer]]] = {
    "CreateJob": batch_jobs.create_job,
    "DeleteJobTagging": batch_jobs.delete_job_tagging,
    "DeletePublicAccessBlock": account_blocks.delete_public_access_block,
    "DescribeJob": batch_jobs.describe_job,
    "GetJobTagging": batch_jobs.get_job_tagging,
    "GetPublicAccessBlock": account_blocks.get_public_access_block,
    "ListJobs": batch_jobs.list_jobs,
    "PutJobTagging": batch_jobs.put_job_tagging,
    "PutPublicAccessBlock": account_blocks.put_public_access_block,
    "UpdateJobPriority": batch_jobs.update_job_priority,
    "UpdateJobStatus": batch_jobs.update_job_status,
}
"""Operation name -> the service function that serves it. What is not here answers NotImplemented, by name."""


def is_control(headers: Mapping[str, str], bucket: str | None, key: str | None) -> bool:
    """Whether a request is S3 Control's.

    Args:
        bucket, key: as `resolve` reads them for S3: the account of the host, or the path's first part, is a bucket.
    """
    if ACCOUNT_HEADER not in headers or bucket is None:
        return False
    if bucket == _VERSION:
        return True
    return _ACCOUNT.fullmatch(bucket) is not None and key is not None and key.partition("/")[0] == _VERSION
