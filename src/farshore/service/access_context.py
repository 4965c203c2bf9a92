"""The condition keys of Amazon S3's requests, each computed when a policy asks for it.

Source: Service Authorization Reference, "Condition keys for Amazon S3"; S3 User Guide, "Bucket policy examples using
condition keys".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from farshore.auth.context import LazyContext, Values, global_values, tag_values
from farshore.model.errors import S3Error
from farshore.model.objects import Version
from farshore.semantics import tagging
from farshore.service.circumstances import circumstances_of
from farshore.service.deployment import Params, Request

_EXISTING_TAG = "s3:existingobjecttag/"
_REQUEST_TAG = "s3:requestobjecttag/"
_ALGORITHM = "AWS4-HMAC-SHA256"


def context_of(
    request: Request,
    owner: str,
    *,
    version: Version | None = None,
    version_id: str | None = None,
    params: Params | None = None,
) -> LazyContext:
    """The context of a request.

    Args:
        owner: account of the bucket.
        version: the existing object that is addressed.
        version_id: named by the request; None when it names none.
        params: that the keys are taken from, where they are not the request's own (a copy's source has none).
    """
    members = request.params if params is None else params
    circumstances = circumstances_of(request, owner)

    def lookup(key: str) -> Values:
        if key.startswith("aws:"):
            return global_values(circumstances, key)
        if key.startswith(_EXISTING_TAG):
            return tag_values({} if version is None else version.tags, key.removeprefix(_EXISTING_TAG))
        if key.startswith(_REQUEST_TAG):
            return tag_values(_request_tags(members), key.removeprefix(_REQUEST_TAG))
        if key == "s3:requestobjecttagkeys":
            return tuple(_request_tags(members))
        if key == "s3:versionid":
            return () if version_id is None else (version_id,)
        if key == "s3:resourceaccount":
            return (owner,)
        member = _MEMBERS.get(key)
        if member is not None:
            value = members.get(member)
            return () if value is None else (str(value),)
        special = _SPECIAL.get(key)
        value = None if special is None else special(request)
        return () if value is None else (value,)

    return LazyContext(lookup)


def _request_tags(members: Params) -> dict[str, str]:
    """The tags that a request brings, in a header or as its document; none when they are malformed (refused later)."""
    tags = members.get("Tagging")
    if isinstance(tags, str):
        try:
            return tagging.parse_tagging_header(tags)
        except S3Error:
            return {}
    if isinstance(tags, dict):
        listed: list[dict[str, str]] = tags.get("TagSet", [])
        return {entry.get("Key", ""): entry.get("Value", "") for entry in listed}
    return {}


def _signature_version(request: Request) -> str | None:
    """Presigned URLs of the older version (`AWS`) are the only signed requests that name no region."""
    if request.principal.anonymous:
        return None
    return _ALGORITHM if request.region_signed else "AWS"


def _auth_type(request: Request) -> str | None:
    if request.principal.anonymous:
        return None
    return "REST-QUERY-STRING" if request.presigned or not request.region_signed else "REST-HEADER"


_MEMBERS: Mapping[str, str] = {
    "iam:passedtoservice": "PassedToService",
    "s3:delimiter": "Delimiter",
    "s3:existingjoboperation": "ExistingJobOperation",
    "s3:existingjobpriority": "ExistingJobPriority",
    "s3:if-match": "IfMatch",
    "s3:if-none-match": "IfNoneMatch",
    "s3:jobsuspendedcause": "JobSuspendedCause",
    "s3:max-keys": "MaxKeys",
    "s3:prefix": "Prefix",
    "s3:requestjoboperation": "RequestJobOperation",
    "s3:requestjobpriority": "RequestJobPriority",
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-copy-source": "CopySource",
    "s3:x-amz-grant-full-control": "GrantFullControl",
    "s3:x-amz-grant-read": "GrantRead",
    "s3:x-amz-grant-read-acp": "GrantReadACP",
    "s3:x-amz-grant-write": "GrantWrite",
    "s3:x-amz-grant-write-acp": "GrantWriteACP",
    "s3:x-amz-metadata-directive": "MetadataDirective",
    "s3:x-amz-object-ownership": "ObjectOwnership",
    "s3:x-amz-server-side-encryption": "ServerSideEncryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "s3:x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "s3:x-amz-storage-class": "StorageClass",
    "s3:x-amz-website-redirect-location": "WebsiteRedirectLocation",
}
"""Keys that are a member of the request, by AWS's name."""
_SPECIAL: Mapping[str, Callable[[Request], str | None]] = {
    "s3:authtype": _auth_type,
    "s3:locationconstraint": lambda request: request.params.get("CreateBucketConfiguration", {}).get(
        "LocationConstraint"
    ),
    "s3:signatureversion": _signature_version,
    "s3:x-amz-content-sha256": lambda request: request.headers.get("x-amz-content-sha256"),
}
