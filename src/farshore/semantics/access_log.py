"""A record of a request as a line of Amazon S3's server access log.

Source: S3 User Guide, "Amazon S3 server access log format".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from farshore.model.access import canonical_user_id
from farshore.model.audit import AuditRecord

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOTHING = "-"
_DAY_US = 86_400_000_000
_PLAIN = re.compile(r"[A-Za-z0-9._~/-]*")
"""Keys that encoding leaves as they are."""

_RESOURCES: Mapping[str, str] = {
    "AbortMultipartUpload": "UPLOAD",
    "CompleteMultipartUpload": "UPLOAD",
    "CreateMultipartUpload": "UPLOADS",
    "DeleteObjects": "MULTI_OBJECT_DELETE",
    "GetBucketLogging": "LOGGING_STATUS",
    "GetBucketPolicy": "BUCKETPOLICY",
    "DeleteBucketPolicy": "BUCKETPOLICY",
    "PutBucketPolicy": "BUCKETPOLICY",
    "GetBucketPolicyStatus": "POLICY_STATUS",
    "GetBucketAccelerateConfiguration": "ACCELERATE",
    "GetBucketLifecycleConfiguration": "LIFECYCLE",
    "PutBucketLifecycleConfiguration": "LIFECYCLE",
    "DeleteBucketLifecycle": "LIFECYCLE",
    "GetBucketNotificationConfiguration": "NOTIFICATION",
    "PutBucketNotificationConfiguration": "NOTIFICATION",
    "GetBucketRequestPayment": "REQUEST_PAYMENT",
    "GetObjectAcl": "ACL",
    "PutObjectAcl": "ACL",
    "GetObjectAttributes": "OBJECT_ATTRIBUTES",
    "GetObjectLockConfiguration": "OBJECT_LOCK_CONFIGURATION",
    "PutObjectLockConfiguration": "OBJECT_LOCK_CONFIGURATION",
    "GetObjectTagging": "OBJECT_TAGGING",
    "PutObjectTagging": "OBJECT_TAGGING",
    "DeleteObjectTagging": "OBJECT_TAGGING",
    "GetPublicAccessBlock": "PUBLIC_ACCESS_BLOCK",
    "PutPublicAccessBlock": "PUBLIC_ACCESS_BLOCK",
    "DeletePublicAccessBlock": "PUBLIC_ACCESS_BLOCK",
    "ListBucketAnalyticsConfigurations": "ANALYTICS",
    "ListBucketIntelligentTieringConfigurations": "INTELLIGENT_TIERING",
    "ListBucketInventoryConfigurations": "INVENTORY",
    "ListBucketMetricsConfigurations": "METRICS",
    "ListMultipartUploads": "UPLOADS",
    "ListObjectVersions": "BUCKETVERSIONS",
    "ListObjects": "BUCKET",
    "ListObjectsV2": "BUCKET",
    "ListParts": "UPLOAD",
    "PutBucketLogging": "LOGGING_STATUS",
    "UploadPart": "PART",
}
"""Resource types that do not follow from the operation's name."""

_COPIES: Mapping[str, str] = {"CopyObject": "OBJECT", "UploadPartCopy": "PART"}


@lru_cache(maxsize=1024)
def operation_name(operation: str, method: str, *, key: bool) -> str:
    """`REST.GET.OBJECT`: what the log calls an operation. key: the request names one, where no operation is known."""
    if operation in _COPIES:
        return f"REST.COPY.{_COPIES[operation]}"
    return f"REST.{method}.{_resource(operation, key=key)}"


def line(record: AuditRecord, at_us: int, *, bucket_owner: str, bucket: str) -> str:
    """The line of a request to a bucket, with its line end. at_us: when the request came."""
    return _line(
        record,
        at_us,
        operation=operation_name(record.operation, record.method, key=bool(record.key)),
        bucket_owner=bucket_owner,
        bucket=bucket,
        key=record.key,
        request=f"{record.method} {record.uri} {record.protocol}",
        version_id=record.version_id if "versionId" in record.uri else "",
    )


def copy_source_line(
    record: AuditRecord, at_us: int, *, bucket_owner: str, bucket: str, key: str, version_id: str
) -> str:
    """The line of the read that a copy makes, for the log of its source's bucket."""
    return _line(
        record,
        at_us,
        operation=f"REST.COPY.{_COPIES[record.operation]}_GET",
        bucket_owner=bucket_owner,
        bucket=bucket,
        key=key,
        request=f"{record.method} {record.uri} {record.protocol}",
        version_id=version_id,
    )


def deleted_line(record: AuditRecord, at_us: int, *, key: str, version_id: str, status: int, code: str) -> str:
    """The line of one entry of DeleteObjects."""
    return _line(
        record,
        at_us,
        operation="BATCH.DELETE.OBJECT",
        bucket_owner=record.bucket_owner,
        bucket=record.bucket,
        key=key,
        request="",
        version_id=version_id,
        outcome=(status, code),
    )


def day(at_us: int) -> str:
    """YYYY-MM-DD of a moment."""
    return _day(at_us // _DAY_US)


@lru_cache(maxsize=16)
def _day(number: int) -> str:
    return f"{datetime.fromtimestamp(number * 86_400, UTC):%Y-%m-%d}"


def _line(
    record: AuditRecord,
    at_us: int,
    *,
    operation: str,
    bucket_owner: str,
    bucket: str,
    key: str,
    request: str,
    version_id: str,
    outcome: tuple[int, str] | None = None,
) -> str:
    status, code = outcome or (record.status, record.code)
    # Of an entry of DeleteObjects nothing is known that is the request's.
    # AWS: its key is encoded once, that of every other line twice (the User Guide says nothing of it; observed by Yelp
    # Engineering, "S3 server access logs at scale").
    whole = outcome is None
    fields = (
        canonical_user_id(bucket_owner),
        bucket,
        _moment(at_us // 1_000_000),
        record.source_ip,
        _requester(record),
        record.request_id,
        operation,
        _bare(_bare(key)) if whole else _bare(key),
        _quoted(request) if request else "",
        str(status) if status else "",
        code,
        str(record.bytes_sent) if record.bytes_sent and whole else "",
        str(record.object_bytes) if record.object_bytes is not None and whole else "",
        str(record.total_us // 1000) if whole else "",
        str(record.turnaround_us // 1000) if whole else "",
        _quoted(record.referer or _NOTHING),
        _quoted(record.user_agent or _NOTHING),
        _bare(version_id),
        record.host_id,
        record.signature_version,
        record.cipher_suite,
        record.auth_type,
        _bare(record.host, safe=":[]"),
        record.tls_version,
        "",  # The ARN of an access point: there are none.
        "Yes" if record.acl_required else "",
        "",  # The Region that the request came from is not known.
    )
    return " ".join([field or _NOTHING for field in fields]) + "\n"


def _bare(text: str, *, safe: str = "/") -> str:
    """What a client says, in a field without quotes: nothing in it ends the field, or the line."""
    return text if _PLAIN.fullmatch(text) else quote(text, safe=safe, errors="surrogateescape")


def _resource(operation: str, *, key: bool) -> str:
    """The resource type: of the table, else by the name (`PutBucketVersioning` is about VERSIONING)."""
    if operation in _RESOURCES:
        return _RESOURCES[operation]
    for verb in ("Get", "Put", "Delete", "Head", "Create", "List"):
        rest = operation.removeprefix(verb)
        if rest != operation and rest.startswith("Bucket") and len(rest) > len("Bucket"):
            return _in_capitals(rest.removeprefix("Bucket"))
        if rest in ("Bucket", "Object"):
            return rest.upper()
    return "OBJECT" if key else "BUCKET"


def _in_capitals(name: str) -> str:
    """OwnershipControls -> OWNERSHIP_CONTROLS."""
    return "".join(f"_{letter}" if letter.isupper() and place else letter for place, letter in enumerate(name)).upper()


@lru_cache(maxsize=16)
def _moment(second: int) -> str:
    moment = datetime.fromtimestamp(second, UTC)
    # strftime's names of months would be those of the server's locale.
    return f"[{moment.day:02d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000]"


def _requester(record: AuditRecord) -> str:
    """The canonical user of an account's root, the ARN of a user or a session, nothing of the anonymous."""
    if not record.account:
        return ""
    return canonical_user_id(record.account) if record.principal.endswith(":root") else record.principal


def _quoted(text: str) -> str:
    """In quotes. A quote inside is encoded, so that it cannot end the field."""
    return '"' + text.replace('"', "%22") + '"'
