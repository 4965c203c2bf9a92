"""Whether a caller may do what it asks for on a bucket and its objects, as `auth.evaluate` decides.

Object operations are decided on the object's ARN, others on the bucket's; a request for several things (an object and
its tags) is decided for each. The root of a bucket's owner, where there is no bucket policy, is let through without
anything being read or compiled.
Source: S3 User Guide, "Required permissions for Amazon S3 API operations"; "How Amazon S3 authorizes a request".
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from farshore.auth.evaluate import NO_POLICIES, AccessRequest, Decision, ResourceAccess, evaluate
from farshore.auth.public_access import most_restrictive
from farshore.auth.request_credentials import wrong_region
from farshore.metadata.store import Transaction
from farshore.model.access import PrincipalKind
from farshore.model.access_control import NOTHING_BLOCKED, Grant, ObjectOwnership, Permission, PublicAccessBlock
from farshore.model.buckets import Bucket
from farshore.model.errors import AccessDenied, InvalidBucketOwnerAWSAccountID, NoSuchBucket
from farshore.model.objects import Version
from farshore.semantics.versioning import check_version_id
from farshore.service.access_context import context_of
from farshore.service.bucket_access import owner_grants
from farshore.service.deployment import Deployment, Params, Region, Request
from farshore.service.locating import find_bucket, find_version
from farshore.service.trail import CopySource

ALL_BUCKETS = "arn:aws:s3:::*"
"""What `s3:ListAllMyBuckets` is done on."""

SEES_REPLICATION = ("s3:GetReplicationConfiguration", "s3:ListBucketVersions")
"""On a bucket, to be told how its replication stands: what waits names destinations, and failures name keys."""

_ENFORCED = ObjectOwnership.BUCKET_OWNER_ENFORCED
_WRITE_GRANTS = frozenset((Permission.WRITE, Permission.FULL_CONTROL))
_WRITES = frozenset(("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"))
"""Actions that a bucket's ACL permits on objects that are the caller's own, or not there yet."""

log = structlog.get_logger()


def bucket_for(request: Request, *actions: str) -> tuple[Region, Bucket]:
    """The addressed bucket, which the caller may do the actions on (`s3:PutReplicationConfiguration`, …).

    The actions are on the object where the request names one (`Key`).

    Raises:
        NoSuchBucket, PermanentRedirect, AccessDenied, AuthorizationHeaderMalformed, InvalidBucketOwnerAWSAccountID.
    """
    region, bucket = find_bucket(request.deployment, request.params["Bucket"])
    _authorize(request, region, bucket, None, actions)
    return region, bucket


def version_for(request: Request, *actions: str) -> tuple[Region, Bucket, Version | None]:
    """As `bucket_for`, with the addressed version (or current one, or None), in one read.

    Args:
        actions: as they are named where no version is addressed (`object_action`).
    Raises:
        InvalidArgument: a VersionId that is none.
    """
    params = request.params
    version_id: str | None = params.get("VersionId")
    if version_id is not None:
        check_version_id(version_id)
        actions = tuple(object_action(action, version_id) for action in actions)
    region, bucket, version = find_version(request.deployment, params["Bucket"], params["Key"], version_id)
    _authorize(request, region, bucket, version, actions)
    return region, bucket, version


def object_action(action: str, version_id: str | None) -> str:
    """An action on an object, as it is named where a version is addressed: `s3:GetObject` -> `s3:GetObjectVersion`."""
    return action if version_id is None else action.replace("Object", "ObjectVersion", 1)


def copy_source_for(
    request: Request, name: str, key: str, version_id: str | None
) -> tuple[Region, Bucket, Version | None]:
    """The bucket and version that a copy reads, which the caller may read. It may be in any region, as on AWS.

    Raises:
        NoSuchBucket, PermanentRedirect, AccessDenied.
    """
    region, bucket, version = find_version(request.deployment, name, key, version_id)
    request.trail.source = CopySource(region=region.name, bucket=bucket, key=key, version_id=version_id)
    source: Params = {} if version_id is None else {"VersionId": version_id}
    action = object_action("s3:GetObject", version_id)
    require(request, region, bucket, action, key=key, version=version, params=source)
    check_owner(request, bucket, request.params.get("ExpectedSourceBucketOwner"))
    return region, bucket, version


def require(
    request: Request,
    region: Region,
    bucket: Bucket,
    action: str,
    *,
    key: str | None = None,
    version: Version | None = None,
    params: Params | None = None,
) -> None:
    """Refuse a caller who may not do one action.

    Args:
        key: of the object that the action is on; None for an action on the bucket.
        version: the existing object, where its ACL, owner or tags may count.
        params: what condition keys are taken from, where they are not the request's own.
    Raises:
        AccessDenied: in AWS's words: why, to callers of the bucket's account; nothing more to others.
    """
    decision, resource = decide(request, region, bucket, action, key=key, version=version, params=params)
    request.trail.note(action, resource, decision)
    if not decision.allowed:
        refused = refusal(request, bucket.owner, decision, action, resource)
        if request.operation == "HeadBucket":
            # AWS: clients of other accounts learn the region even so.
            refused.headers["x-amz-bucket-region"] = region.name
        raise refused


def may(
    request: Request,
    region: Region,
    bucket: Bucket,
    action: str,
    *,
    key: str | None = None,
    version: Version | None = None,
) -> bool:
    """Whether the caller may do one action."""
    return decide(request, region, bucket, action, key=key, version=version)[0].allowed


def decide(
    request: Request,
    region: Region,
    bucket: Bucket,
    action: str,
    *,
    key: str | None = None,
    version: Version | None = None,
    params: Params | None = None,
) -> tuple[Decision, str]:
    """The decision on one action, and the ARN of the resource that it was made on."""
    resource = f"arn:aws:s3:::{bucket.name}" if key is None else f"arn:aws:s3:::{bucket.name}/{key}"
    access = access_of(request.deployment, region, bucket)
    if key is not None and access.ownership is not _ENFORCED:
        access = _with_object(request, region, bucket, access, action, key, version)
    members = request.params if params is None else params
    asked = AccessRequest(
        principal=request.principal,
        policies=request.policies,
        action=action,
        resource=resource,
        resource_account=bucket.owner,
        context=context_of(request, bucket.owner, version=version, version_id=members.get("VersionId"), params=members),
    )
    return evaluate(asked, access), resource


def access_of(deployment: Deployment, region: Region, bucket: Bucket) -> ResourceAccess:
    """The bucket's own say: policy, public access, ownership, ACL.

    What is blocked is the account's say too, which is read only where it can matter: where the policy is public or ACLs
    count. What may be put is asked of `block_of`.
    """
    access = deployment.bucket_access.get(region.metadata.reader, bucket)
    if access.ownership is _ENFORCED and not access.policy_public:
        return access
    of_account = deployment.identities.block_of(bucket.owner)
    if of_account == NOTHING_BLOCKED:
        return access
    return replace(access, block=most_restrictive(access.block, of_account))


def block_of(deployment: Deployment, region: Region, bucket: Bucket) -> PublicAccessBlock:
    """What Block Public Access of the bucket and of its account keep out together."""
    access = deployment.bucket_access.get(region.metadata.reader, bucket)
    return most_restrictive(access.block, deployment.identities.block_of(bucket.owner))


def require_in_account(request: Request, action: str, resource: str, about: Params | None = None) -> None:
    """Refuse a caller who may not do an action that is on no bucket yet, or on all: it is on the caller's account.

    Args:
        about: what condition keys are taken from, where they are not the request's own members.
    """
    if request.principal.anonymous:
        request.trail.refuse("anonymous", action, resource)
        raise AccessDenied()
    decision = _decide_in_account(request, action, resource, about)
    request.trail.note(action, resource, decision)
    if not decision.allowed:
        raise refusal(request, request.principal.account_id, decision, action, resource)


def may_in_account(request: Request, action: str, resource: str) -> bool:
    """Whether a caller with an account may do an action on it; nothing is refused, nor recorded."""
    return not request.principal.anonymous and _decide_in_account(request, action, resource, None).allowed


def _decide_in_account(request: Request, action: str, resource: str, about: Params | None) -> Decision:
    account = request.principal.account_id
    asked = AccessRequest(
        principal=request.principal,
        policies=request.policies,
        action=action,
        resource=resource,
        resource_account=account,
        context=context_of(request, account, params=about),
    )
    return evaluate(asked)


def refusal(request: Request, owner: str, decision: Decision, action: str, resource: str) -> AccessDenied:
    """The error of a refusal, which is also logged: it is the security record of who was kept from what, and why."""
    principal = request.principal
    log.info(
        "access denied",
        request_id=request.request_id,
        principal=principal.arn or "anonymous",
        action=action,
        resource=resource,
        decision="deny",
        reason=decision.sentence(action),
    )
    if principal.account_id != owner:
        return AccessDenied()
    return AccessDenied(denied_message(request, action, resource, decision.because(action)))


def denied_message(request: Request, action: str, resource: str, because: str) -> str:
    """AWS's words to a caller of the bucket's own account."""
    named = "" if resource == ALL_BUCKETS else f' on resource: "{resource}"'
    return f"User: {request.principal.arn} is not authorized to perform: {action}{named} {because}"


def still(tx: Transaction, bucket: Bucket) -> Bucket:
    """Inside a command: the bucket as it is now. Raises NoSuchBucket when it was deleted meanwhile."""
    now = tx.bucket_by_id(bucket.id)
    if now is None:
        raise NoSuchBucket(BucketName=bucket.name)
    return now


def check_owner(request: Request, bucket: Bucket, expected: str | None) -> None:
    """`x-amz-expected-bucket-owner` and `x-amz-source-expected-bucket-owner`.

    Raises:
        InvalidBucketOwnerAWSAccountID: no account id. AccessDenied: another account's.
    """
    if expected is None or expected == bucket.owner:
        return
    if len(expected) != 12 or not (expected.isascii() and expected.isdigit()):
        raise InvalidBucketOwnerAWSAccountID(
            f"The value of the expected bucket owner parameter must be an AWS Account ID... [{expected}]"
        )
    request.trail.refuse("expected_bucket_owner", resource=f"arn:aws:s3:::{bucket.name}")
    raise AccessDenied()


def enforced_owner(deployment: Deployment, region: Region, bucket: Bucket) -> str | None:
    """The account that owns all objects of the bucket; None where each belongs to its writer (`Version.owner`)."""
    return bucket.owner if access_of(deployment, region, bucket).ownership is _ENFORCED else None


def _authorize(
    request: Request, region: Region, bucket: Bucket, version: Version | None, actions: tuple[str, ...]
) -> None:
    """Raises AuthorizationHeaderMalformed for a request signed for another region than the bucket's, as AWS does."""
    trail = request.trail
    trail.region, trail.bucket = region.name, bucket
    if request.region_signed and request.region != region.name:
        raise wrong_region(request.region, region.name, presigned=request.presigned, of_bucket=True)
    key: str | None = request.params.get("Key")
    if _is_owner_root(request, region, bucket, version):
        trail.by_root, trail.key = actions, key
    else:
        for action in actions:
            require(request, region, bucket, action, key=key, version=version)
    check_owner(request, bucket, request.params.get("ExpectedBucketOwner"))


def _is_owner_root(request: Request, region: Region, bucket: Bucket, version: Version | None) -> bool:
    """The case that needs no decision: nothing can keep the root of the owner from a bucket without a policy."""
    principal = request.principal
    if (
        principal.account_id != bucket.owner
        or principal.kind is not PrincipalKind.ROOT
        or request.policies is not NO_POLICIES
    ):
        return False
    access = access_of(request.deployment, region, bucket)
    if access.policy is not None:
        return False
    return access.ownership is _ENFORCED or version is None or version.owner == bucket.owner


def _with_object(
    request: Request,
    region: Region,
    bucket: Bucket,
    access: ResourceAccess,
    action: str,
    key: str,
    version: Version | None,
) -> ResourceAccess:
    """The bucket's say with that of the object, where ACLs count."""
    if version is None and action in _WRITES and request.principal.account_id != bucket.owner:
        version = region.metadata.reader.current(bucket.id, key)
        if version is None or version.delete_marker:
            # Nothing stands there: what would be written is the caller's own.
            return replace(access, object_owner=request.principal.account_id)
    if version is None and action == "s3:PutObjectAcl":
        # A write that brings an ACL: who may write by the bucket's ACL owns what it writes, and so says who else may.
        writers = (grant for grant in access.bucket_grants if grant.permission in _WRITE_GRANTS)
        return replace(access, object_grants=tuple(Grant(grant.grantee, Permission.WRITE_ACP) for grant in writers))
    if version is None:
        return access
    grants = owner_grants(version.owner) if version.acl is None else version.acl
    return replace(access, object_grants=grants, object_owner=version.owner)
