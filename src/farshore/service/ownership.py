"""Who will own an object that is written, under which ACL, and what the writer must be permitted.

Source: S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket", "Required permissions for
Amazon S3 API operations".
"""

from __future__ import annotations

from farshore.auth.evaluate import BLOCKED
from farshore.model.access import canonical_user_id
from farshore.model.access_control import Grant, ObjectOwnership, PublicAccessBlock
from farshore.model.buckets import Bucket
from farshore.model.errors import AccessDenied
from farshore.semantics import access_control
from farshore.service.access import access_of, denied_message
from farshore.service.deployment import Deployment, Params, Region, Request

_ACLS_BLOCKED = "because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."


def write_actions(params: Params) -> tuple[str, ...]:
    """What a caller must be permitted to write an object as a request describes it."""
    if "Tagging" not in params and not access_control.has_acl(params):
        return ("s3:PutObject",)
    tagged = ("s3:PutObjectTagging",) if "Tagging" in params else ()
    return "s3:PutObject", *tagged, *(("s3:PutObjectAcl",) if access_control.has_acl(params) else ())


def owner_and_acl(request: Request, region: Region, bucket: Bucket) -> tuple[str, tuple[Grant, ...] | None]:
    """The account that will own a new object, and its ACL (None: full control to the owner, and no more).

    Raises:
        AccessControlListNotSupported, InvalidArgument, InvalidRequest: an ACL that the bucket does not take, or none.
        AccessDenied: a public one, which BlockPublicAcls keeps out.
    """
    params = request.params
    access = access_of(request.deployment, region, bucket)
    if access.ownership is ObjectOwnership.BUCKET_OWNER_ENFORCED:
        access_control.check_object_acl(params, by_owner=request.principal.account_id == bucket.owner)
        return bucket.owner, None
    writer = request.principal.account_id
    given_up = params.get("ACL") == "bucket-owner-full-control"
    owner = bucket.owner if given_up and access.ownership is ObjectOwnership.BUCKET_OWNER_PREFERRED else writer
    grants = access_control.object_grants(
        params,
        owner=canonical_user_id(owner),
        bucket_owner=canonical_user_id(bucket.owner),
        is_known=known_users(request.deployment).__contains__,
    )
    check_public_acl(request, bucket, access.block, grants, "s3:PutObject", params["Key"])
    return owner, grants


def check_public_acl(
    request: Request,
    bucket: Bucket,
    block: PublicAccessBlock,
    grants: tuple[Grant, ...] | None,
    action: str,
    key: str | None = None,
) -> None:
    """Refuse a public ACL where BlockPublicAcls is on. Raises AccessDenied, in AWS's words."""
    if grants is None or not block.block_public_acls or not any(grant.is_public for grant in grants):
        return
    resource = f"arn:aws:s3:::{bucket.name}" if key is None else f"arn:aws:s3:::{bucket.name}/{key}"
    request.trail.note(action, resource, BLOCKED)
    if request.principal.account_id != bucket.owner:
        raise AccessDenied()
    raise AccessDenied(denied_message(request, action, resource, _ACLS_BLOCKED))


def known_users(deployment: Deployment) -> frozenset[str]:
    """The canonical user ids of every account of the deployment."""

    def answer() -> frozenset[str]:
        return frozenset(canonical_user_id(account.id) for account in deployment.directory.accounts())

    return deployment.identities.remember(("known users",), answer)
