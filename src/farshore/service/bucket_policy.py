"""Put, get and delete a bucket's policy, and whether it is public.

AWS: a policy that locks its own author out is taken as it is. Its reference has a header that confirms it
(x-amz-confirm-remove-self-bucket-access) and no error for who does not; tools that never send it, as Terraform, lock
themselves out. The root of the bucket's owner can always replace or delete a policy.
Source: API Reference, PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus; recorded answers.
"""

from __future__ import annotations

from farshore.auth.bucket_policy import PolicyTooLong, compile_bucket_policy, named_principals, normalized, shown
from farshore.auth.evaluate import BLOCKED
from farshore.auth.policy import Policy, PolicyError
from farshore.auth.public_access import is_public
from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.errors import (
    AccessDenied,
    MalformedPolicy,
    MethodNotAllowed,
    NoSuchBucketPolicy,
    PolicyTooLarge,
)
from farshore.model.identity import arn_parts
from farshore.service.access import access_of, block_of, bucket_for, denied_message, still
from farshore.service.bucket_access import StoredPolicy, encode_policy, stored_policy
from farshore.service.deployment import Answer, Deployment, Region, Request
from farshore.service.ownership import known_users

_POLICY_BLOCKED = "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
_SERVICE_SUFFIXES = (".amazonaws.com", ".amazon.com")


async def put_bucket_policy(request: Request) -> Answer:
    """Check the policy and put it in force for the next request."""
    region, bucket = _own_bucket(request, "s3:PutBucketPolicy")
    text: str = request.params["Policy"]
    policy = _checked(bucket, text)
    ids = _ids_of_principals(request.deployment, policy)
    if is_public(policy) and block_of(request.deployment, region, bucket).block_public_policy:
        resource = f"arn:aws:s3:::{bucket.name}"
        request.trail.note("s3:PutBucketPolicy", resource, BLOCKED)
        raise AccessDenied(denied_message(request, "s3:PutBucketPolicy", resource, _POLICY_BLOCKED))
    await _store(region, bucket, encode_policy(StoredPolicy(text=normalized(text), ids=ids)))
    return Answer(status=204)


async def get_bucket_policy(request: Request) -> Answer:
    """The document; a user or role that is gone is shown by its unique id, as AWS shows it."""
    region, bucket = _own_bucket(request, "s3:GetBucketPolicy")
    stored = _stored(region, bucket)
    gone = {arn: id_ for arn, id_ in stored.ids.items() if _id_of(request.deployment, arn) != id_}
    return Answer(output={"Policy": shown(stored.text, gone)})


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


def _checked(bucket: Bucket, text: str) -> Policy:
    try:
        return compile_bucket_policy(text, bucket.name)
    except PolicyTooLong:
        raise PolicyTooLarge() from None
    except PolicyError as error:
        raise MalformedPolicy(str(error)) from error


def _ids_of_principals(deployment: Deployment, policy: Policy) -> dict[str, str]:
    """The unique ids of the users and roles that the policy names, by ARN.

    AWS takes no principal that does not exist. Here that can be known of the deployment's own accounts alone: those of
    other accounts are taken as they are, and match nobody.

    Raises:
        MalformedPolicy: names the principal.
    """
    ids: dict[str, str] = {}
    for named in named_principals(policy):
        for arn in named.arns:
            account = arn.split(":", 5)[4]
            found = _id_of(deployment, arn)
            if found is not None:
                ids[arn] = found
            elif deployment.directory.account(account) is not None:
                raise _unknown(arn)
        for service in named.services:
            if not service.endswith(_SERVICE_SUFFIXES):
                raise _unknown(service)
        for user in named.canonical_users - known_users(deployment):
            raise _unknown(user)
    return ids


def _id_of(deployment: Deployment, arn: str) -> str | None:
    """The unique id of the user or role that has this ARN now, path included; of a session, of its role."""
    identities = deployment.directory.identities
    for kind, look in (("user", identities.user), ("role", identities.role)):
        parts = arn_parts(arn, kind)
        if parts is not None:
            found = look(parts[0], parts[2])
            return found.id if found is not None and found.arn == arn else None
    _, _, service, _, account, rest = arn.split(":", 5)
    kind, _, name = rest.partition("/")
    if service != "sts" or kind != "assumed-role":
        return None
    role = identities.role(account, name.partition("/")[0])
    return None if role is None else role.id


def _unknown(principal: str) -> MalformedPolicy:
    return MalformedPolicy("Invalid principal in policy", Detail=principal)


def _stored(region: Region, bucket: Bucket) -> StoredPolicy:
    stored = stored_policy(region.metadata.reader, bucket)
    if stored is None:
        raise NoSuchBucketPolicy(BucketName=bucket.name)
    return stored


async def _store(region: Region, bucket: Bucket, stored: bytes | None) -> None:
    def command(tx: Transaction) -> None:
        tx.put_configuration(still(tx, bucket).id, ConfigurationKind.POLICY, stored)

    await region.metadata.write(command)
