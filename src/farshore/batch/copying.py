"""S3PutObjectCopy: each object is copied into the job's target bucket, which is in the job's region.

Source: S3 User Guide, "Copy objects" (Batch Operations); API Reference, "S3CopyObjectOperation".
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, urlencode

from farshore.batch.job import JobFails
from farshore.batch.job_role import JobRole
from farshore.batch.object_task import SUCCESSFUL, ObjectTask
from farshore.model.batch import Document
from farshore.semantics.batch_request import bucket_of_arn
from farshore.service.copy_object import copy_object
from farshore.service.deployment import Params
from farshore.wire.timestamps import http_date

_MEMBERS = {
    "CannedAccessControlList": "ACL",
    "ChecksumAlgorithm": "ChecksumAlgorithm",
    "MetadataDirective": "MetadataDirective",
    "ModifiedSinceConstraint": "CopySourceIfModifiedSince",
    "RedirectLocation": "WebsiteRedirectLocation",
    "StorageClass": "StorageClass",
    "UnModifiedSinceConstraint": "CopySourceIfUnmodifiedSince",
}
"""Members of the operation that are CopyObject's under another name."""

_METADATA = {
    "CacheControl": "CacheControl",
    "ContentDisposition": "ContentDisposition",
    "ContentEncoding": "ContentEncoding",
    "ContentLanguage": "ContentLanguage",
    "ContentType": "ContentType",
    "UserMetadata": "Metadata",
}


def check_target(role: JobRole, parameters: Document) -> None:
    """Raises JobFails when the target bucket is not in the job's region."""
    name = bucket_of_arn(parameters["TargetResource"])
    home = role.deployment.directory.bucket_home(name)
    if home is None or home.region != role.region:
        where = "does not exist" if home is None else f"is in {home.region}, and the job in {role.region}"
        raise JobFails("InvalidTarget", f"The target bucket {name} {where}")


async def copy(role: JobRole, task: ObjectTask) -> None:
    """Copy one object; the task ends in the command that stores the copy."""
    request = role.request("CopyObject", copy_params(task))
    request.also = lambda tx: task.end(tx, SUCCESSFUL)
    await copy_object(request)


def copy_params(task: ObjectTask) -> Params:
    """The members of the CopyObject request that a task means."""
    parameters = task.parameters
    prefix: str | None = parameters.get("TargetKeyPrefix")
    source = f"{task.bucket}/{quote(task.key, safe='/~')}"
    if task.version_id is not None:
        source += f"?versionId={quote(task.version_id)}"
    params: Params = {
        "Bucket": bucket_of_arn(parameters["TargetResource"]),
        "Key": task.key if prefix is None else f"{prefix}/{task.key}",
        "CopySource": source,
    }
    params |= {_MEMBERS[name]: value for name, value in parameters.items() if name in _MEMBERS}
    metadata: Document | None = parameters.get("NewObjectMetadata")
    if metadata is not None:
        params.setdefault("MetadataDirective", "REPLACE")
        params |= {_METADATA[name]: value for name, value in metadata.items() if name in _METADATA}
        expires: datetime | None = metadata.get("HttpExpiresDate")
        if expires is not None:
            params["Expires"] = http_date(expires)
    if "NewObjectTagging" in parameters:
        params["TaggingDirective"] = "REPLACE"
        params["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in parameters["NewObjectTagging"]})
    return params
