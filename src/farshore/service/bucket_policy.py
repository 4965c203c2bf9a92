"""Put, get and delete a bucket's policy, and whether it is public.

AWS: a policy that locks its own author out is taken as it is (the header that confirms it asks for no more than is done
anyway), and the root of the bucket's owner can always replace or delete it.
Source: API Reference, PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus; recorded answers.
"""

from __future__ import annotations

from farshore.auth.bucket_policy import PolicyTooLong, compile_bucket_policy, named_principals, normalized
from farshore.auth.policy import Policy, PolicyError, Principals
from farshore.auth.public_access import is_public
from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.errors import (
    AccessDenied,
    MalformedPolicy,
    MethodNotAllowed,
    NoSuchBucket,
    NoSuchBucketPolicy,
    PolicyTooLarge,
)
from farshore.model.identity import arn_parts
from farshore.service.access import access_of, bucket_for, denied_message
from farshore.service.deployment import Answer, Deployment, Region, Request
from farshore.service.ownership import known_users

_POLICY_BLOCKED = "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
_SERVICE_SUFFIXES = (".amazonaws.com", ".amazon.com")


async def put_bucket_policy(request: Request) -> Answer:
    """Check the policy and put it in force for the next request."""
    region, bucket = _own_bucket(request, "s3:PutBucketPolicy")
    text: str = request.params["Policy"]
    policy = _checked(request.deployment, bucket, text)
    if is_public(policy) and access_of(request.deployment, region, bucket).block.block_public_policy:
        resource = f"arn:aws:s3:::{bucket.name}"
        raise AccessDenied(denied_message(request, "s3:PutBucketPolicy", resource, _POLICY_BLOCKED))
    await _store(region, bucket, normalized(text).encode())
    return Answer(status=204)


async def get_bucket_policy(request: Request) -> Answer:
    region, bucket = _own_bucket(request, "s3:GetBucketPolicy")
    return Answer(output={"Policy": _stored(region, bucket).decode()})


async def delete_bucket_policy(request: Request) -> Answer:
    """Remove the policy; 204 also when there is none."""
    region, bucket = _own_bucket(request, "s3:DeleteBucketPolicy")
    await _store(region, bucket, None)
    return Answer()


async def get_bucket_policy_status(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:GetBucketPolicyStatus")
    _stored(region, bucket)
    public = access_of(request.deployment, region, bucket).policy_public
    return Answer(output={"PolicyStatus": {"IsPublic": public}})


def _own_bucket(request: Request, action: str) -> tuple[Region, Bucket]:
    """The bucket, for its owner's account alone. AWS: a permitted caller of another account gets 405."""
    region, bucket = bucket_for(request, action)
    if request.principal.account_id != bucket.owner:
        raise MethodNotAllowed(Method=action.removeprefix("s3:")[:3].upper(), ResourceType="BUCKETPOLICY")
    return region, bucket


def _checked(deployment: Deployment, bucket: Bucket, text: str) -> Policy:
    try:
        policy = compile_bucket_policy(text, bucket.name)
    except PolicyTooLong:
        raise PolicyTooLarge() from None
    except PolicyError as error:
        raise MalformedPolicy(str(error)) from error
    for named in named_principals(policy):
        _check_principals(deployment, named)
    return policy


def _check_principals(deployment: Deployment, named: Principals) -> None:
    """AWS takes no principal that does not exist. Raises MalformedPolicy, which names the one."""
    directory = deployment.directory
    for account in named.accounts:
        if directory.account(account) is None:
            raise _unknown(account)
    for arn in named.arns:
        if not _exists(deployment, arn):
            raise _unknown(arn)
    for service in named.services:
        if not service.endswith(_SERVICE_SUFFIXES):
            raise _unknown(service)
    for user in named.canonical_users - known_users(deployment):
        raise _unknown(user)


def _exists(deployment: Deployment, arn: str) -> bool:
    """Whether a user or role of this ARN is there, path included; of a session, its role."""
    identities = deployment.directory.identities
    user = arn_parts(arn, "user")
    if user is not None:
        found = identities.user(user[0], user[2])
        return found is not None and found.arn == arn
    role = arn_parts(arn, "role")
    if role is not None:
        found = identities.role(role[0], role[2])
        return found is not None and found.arn == arn
    service, account, rest = arn.split(":", 5)[2], arn.split(":", 5)[4], arn.split(":", 5)[5]
    kind, _, name = rest.partition("/")
    if service != "sts" or kind != "assumed-role":
        return False
    return identities.role(account, name.partition("/")[0]) is not None


def _unknown(principal: str) -> MalformedPolicy:
    return MalformedPolicy("Invalid principal in policy", Detail=principal)


def _stored(region: Region, bucket: Bucket) -> bytes:
    stored = region.metadata.reader.configuration(bucket.id, ConfigurationKind.POLICY)
    if stored is None:
        raise NoSuchBucketPolicy(BucketName=bucket.name)
    return stored


async def _store(region: Region, bucket: Bucket, stored: bytes | None) -> None:
    def command(tx: Transaction) -> None:
        if tx.bucket_by_id(bucket.id) is None:
            raise NoSuchBucket(BucketName=bucket.name)
        tx.put_configuration(bucket.id, ConfigurationKind.POLICY, stored)

    await region.metadata.write(command)
