"""From a bucket name to its region and row, and whether the caller may.

A bucket belongs to one account, and only that account's principals may use it: bucket policies and roles are decided
in the same place once they exist.
"""

from __future__ import annotations

from farshore.model.access import Principal
from farshore.model.buckets import Bucket
from farshore.model.errors import (
    AccessDenied,
    AuthorizationHeaderMalformed,
    AuthorizationQueryParametersError,
    NoSuchBucket,
    PermanentRedirect,
)
from farshore.model.objects import Version
from farshore.service.deployment import Deployment, Region, Request

_LOCATED_MAX = 100_000


def bucket_for(request: Request, action: str) -> tuple[Region, Bucket]:
    """The addressed bucket, which the caller may do `action` on (`s3:PutReplicationConfiguration`, …).

    Raises:
        NoSuchBucket, PermanentRedirect, AccessDenied, AuthorizationHeaderMalformed.
    """
    name: str = request.params["Bucket"]
    region = locate(request.deployment, name)
    bucket = region.metadata.reader.bucket(name)
    if bucket is None:
        region, bucket = _locate_again(request.deployment, name)
    authorize(request, region, bucket, action)
    return region, bucket


def version_for(request: Request, action: str) -> tuple[Region, Bucket, Version | None]:
    """As `bucket_for`, with the addressed version (or current one, or None), in one read."""
    params = request.params
    name: str = params["Bucket"]
    region = locate(request.deployment, name)
    bucket, version = region.metadata.reader.find(name, params["Key"], params.get("VersionId"))
    if bucket is None:
        region, bucket = _locate_again(request.deployment, name)
        _, version = region.metadata.reader.find(name, params["Key"], params.get("VersionId"))
    authorize(request, region, bucket, action)
    return region, bucket, version


def locate(deployment: Deployment, name: str) -> Region:
    """The region where the bucket was last seen, or that the directory names."""
    region = deployment.located.get(name)
    if region is not None:
        return region
    home = deployment.directory.bucket_home(name)
    if home is None:
        raise NoSuchBucket(BucketName=name)
    region = deployment.regions.get(home.region)
    if region is None:
        raise PermanentRedirect(headers={"x-amz-bucket-region": home.region}, Bucket=name, Endpoint=home.region)
    if len(deployment.located) >= _LOCATED_MAX:
        deployment.located.clear()
    deployment.located[name] = region
    return region


def authorize(request: Request, region: Region, bucket: Bucket, action: str) -> None:
    """Refuse a caller who may not do `action` on the bucket.

    Raises:
        AccessDenied: anonymous, another account, or x-amz-expected-bucket-owner is another account.
        AuthorizationHeaderMalformed: signed for another region than the bucket's, which AWS refuses too.
    """
    if request.region_signed and request.region != region.name:
        raise _wrong_region(request, region.name)
    if not may(request.principal, bucket, action):
        raise AccessDenied()
    expected = request.params.get("ExpectedBucketOwner")
    if expected is not None and expected != bucket.owner:
        raise AccessDenied()


def may(principal: Principal, bucket: Bucket, action: str) -> bool:
    """Whether the principal may do the action on the bucket or on its objects."""
    del action  # The owner may do everything, nobody else anything: no action is special yet.
    return principal.account_id == bucket.owner


def copy_source_for(request: Request, name: str) -> tuple[Region, Bucket]:
    """The bucket that a copy reads from. It may be in any region of this deployment, as on AWS."""
    region = locate(request.deployment, name)
    bucket = region.metadata.reader.bucket(name)
    if bucket is None:
        region, bucket = _locate_again(request.deployment, name)
    if not may(request.principal, bucket, "s3:GetObject"):
        raise AccessDenied()
    expected = request.params.get("ExpectedSourceBucketOwner")
    if expected is not None and expected != bucket.owner:
        raise AccessDenied()
    return region, bucket


def _locate_again(deployment: Deployment, name: str) -> tuple[Region, Bucket]:
    """The hint was stale (bucket deleted, perhaps made anew elsewhere), or the name has no bucket (yet)."""
    deployment.located.pop(name, None)
    region = locate(deployment, name)
    bucket = region.metadata.reader.bucket(name)
    if bucket is None:
        deployment.located.pop(name, None)
        raise NoSuchBucket(BucketName=name)
    return region, bucket


def _wrong_region(request: Request, expected: str) -> Exception:
    headers = {"x-amz-bucket-region": expected}
    if request.presigned:
        return AuthorizationQueryParametersError(
            f"Error parsing the X-Amz-Credential parameter; the region '{request.region}' is wrong; "
            f"expecting '{expected}'",
            headers=headers,
            Region=expected,
        )
    return AuthorizationHeaderMalformed(
        f"The authorization header is malformed; the region '{request.region}' is wrong; expecting '{expected}'",
        headers=headers,
        Region=expected,
    )
