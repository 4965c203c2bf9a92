"""Whether who asks for an explanation may make the change that it names: decided as the request for it would be.

What such a request brings along (tags, headers, another source address) is not known here, so that conditions on it may
still decide otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from farshore.model.buckets import Bucket
from farshore.model.errors import NoSuchBucket, PermanentRedirect
from farshore.model.identity import arn_parts
from farshore.model.objects import Version
from farshore.model.remedy import Action, Permission, Remedy
from farshore.replication.explanation import Explanation
from farshore.service.access import decide, may_in_account
from farshore.service.deployment import Region, Request
from farshore.service.locating import find_bucket
from farshore.service.pass_role import PASS_ROLE, may_pass_role
from farshore.service.roles import S3_SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was explained to whom. key: of the object; version: the existing one, for conditions on its tags.

    role: that the bucket's configuration names; None without one.
    """

    request: Request
    region: Region
    bucket: Bucket
    key: str
    version: Version | None
    role: str | None


def with_permissions(asked: Asked, found: Explanation) -> Explanation:
    """The explanation, with what the caller lacks for each of its remedies."""

    def decided(remedy: Remedy | None) -> Remedy | None:
        return None if remedy is None else msgspec.structs.replace(remedy, lacks=_lacks(asked, remedy))

    return msgspec.structs.replace(
        found,
        remedy=decided(found.remedy),
        rules=tuple(msgspec.structs.replace(each, remedy=decided(each.remedy)) for each in found.rules),
        destinations=tuple(msgspec.structs.replace(each, remedy=decided(each.remedy)) for each in found.destinations),
    )


def _lacks(asked: Asked, remedy: Remedy) -> tuple[Permission, ...] | None:
    """None where nothing is decided here: no request makes the change, or its bucket is not to be found here."""
    needs = _NEEDS.get(remedy.action)
    if needs is None:
        return None
    try:
        return tuple(needs(asked, remedy))
    except (NoSuchBucket, PermanentRedirect):
        return None


def _on_bucket(action: str) -> Callable[[Asked, Remedy], Iterator[Permission]]:
    """On the remedy's bucket, which may be another than the one that was asked about."""

    def needs(asked: Asked, remedy: Remedy) -> Iterator[Permission]:
        yield from _unless_allowed(asked, remedy.bucket, action, None)

    return needs


def _on_object(*actions: str) -> Callable[[Asked, Remedy], Iterator[Permission]]:
    """On the object's key in the remedy's bucket."""

    def needs(asked: Asked, remedy: Remedy) -> Iterator[Permission]:
        for action in actions:
            yield from _unless_allowed(asked, remedy.bucket, action, asked.key)

    return needs


def _put_configuration(asked: Asked, remedy: Remedy) -> Iterator[Permission]:
    yield from _unless_allowed(asked, remedy.bucket, "s3:PutReplicationConfiguration", None)
    if asked.role is None:
        return
    owner = asked.bucket.owner
    if not may_pass_role(asked.request, asked.role, account=owner, service=S3_SERVICE):
        yield Permission(action=PASS_ROLE, resource=asked.role, own=_is_own(asked, owner))


def _copy(asked: Asked, remedy: Remedy) -> Iterable[Permission]:
    """With a rule: with its tags, which are put along."""
    actions = ("s3:PutObject",) if not remedy.rule else ("s3:PutObject", "s3:PutObjectTagging")
    return _on_object(*actions)(asked, remedy)


def _on_role(action: str) -> Callable[[Asked, Remedy], Iterator[Permission]]:
    """On the replication role."""

    def needs(asked: Asked, _: Remedy) -> Iterator[Permission]:
        role = asked.role or ""
        parts = arn_parts(role, "role")
        if parts is None:
            return
        own = _is_own(asked, parts[0])
        if not own or not may_in_account(asked.request, action, role):
            yield Permission(action=action, resource=role, own=own)

    return needs


def _create_job(asked: Asked, remedy: Remedy) -> Iterator[Permission]:
    """The job is of the account that owns the bucket."""
    own = _is_own(asked, asked.bucket.owner)
    if not own or not may_in_account(asked.request, "s3:CreateJob", "*"):
        yield Permission(action="s3:CreateJob", resource=f"arn:aws:s3:::{remedy.bucket}", own=own)


def _create_bucket(asked: Asked, remedy: Remedy) -> Iterator[Permission]:
    resource = f"arn:aws:s3:::{remedy.bucket}"
    if not may_in_account(asked.request, "s3:CreateBucket", resource):
        yield Permission(action="s3:CreateBucket", resource=resource, own=True)


def _unless_allowed(asked: Asked, name: str, action: str, key: str | None) -> Iterator[Permission]:
    """Raises NoSuchBucket, PermanentRedirect."""
    region, bucket, version = asked.region, asked.bucket, asked.version
    if name != bucket.name:
        (region, bucket), version = find_bucket(asked.request.deployment, name), None
    decision, resource = decide(asked.request, region, bucket, action, key=key, version=version, params={})
    if not decision.allowed:
        yield Permission(action=action, resource=resource, own=_is_own(asked, bucket.owner))


def _is_own(asked: Asked, account: str) -> bool:
    return asked.request.principal.account_id == account


_NEEDS: Mapping[Action, Callable[[Asked, Remedy], Iterable[Permission]]] = {
    Action.PUT_BUCKET_REPLICATION: _put_configuration,
    Action.ENABLE_RULE: _put_configuration,
    Action.ADD_RULE: _put_configuration,
    Action.RAISE_PRIORITY: _put_configuration,
    Action.ENABLE_DELETE_MARKERS: _put_configuration,
    Action.ENABLE_REPLICA_MODIFICATIONS: _put_configuration,
    Action.CREATE_BUCKET: _create_bucket,
    Action.ENABLE_VERSIONING: _on_bucket("s3:PutBucketVersioning"),
    Action.PUT_BUCKET_POLICY: _on_bucket("s3:PutBucketPolicy"),
    Action.MEND_ROLE: _on_role("iam:PutRolePolicy"),
    Action.CREATE_ROLE: _on_role("iam:CreateRole"),
    Action.MEND_TRUST: _on_role("iam:UpdateAssumeRolePolicy"),
    Action.OWN_OBJECTS: _on_bucket("s3:PutBucketOwnershipControls"),
    Action.PUT_TAGS: _on_object("s3:GetObjectTagging", "s3:PutObjectTagging"),
    Action.BATCH_REPLICATION: _create_job,
    Action.COPY_ONTO_ITSELF: _copy,
    Action.COPY_TO_STANDARD: _on_object("s3:PutObject"),
    Action.UPLOAD_AGAIN: _on_object("s3:PutObject"),
    Action.DELETE_AT_DESTINATION: _on_object("s3:DeleteObject"),
    Action.DELETE_REPLICA: _on_object("s3:DeleteObjectVersion"),
    Action.RETRY: _on_object("s3:InitiateReplication"),
    Action.VERIFY: _on_object("s3:InitiateReplication"),
}
"""Of actions that are not here nothing is decided: they are no requests to this server."""
