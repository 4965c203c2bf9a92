"""What a failed delivery asks for: the one change that mends its cause, and the retry that follows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from farshore.model.identity import arn_parts
from farshore.model.remedy import Action, Remedy
from farshore.model.replication import FailureCode, ReplicationConfiguration, ReplicationRule
from farshore.semantics.replication_remedy import (
    Subject,
    aws_command,
    enable_versioning,
    put_configuration,
    tags_command,
    upload_again,
    write_again,
)
from farshore.semantics.replication_role import (
    RolePlan,
    bucket_policy,
    default_role_name,
    role_policy,
    trust_policy,
)
from farshore.semantics.shell import shell_words

_DEFAULT_REGION = "us-east-1"


class Lack(StrEnum):
    """Why the replication role may not do something."""

    ROLE = "ROLE"
    """There is no such role."""
    TRUST = "TRUST"
    """The role's trust policy does not let S3 assume it."""
    PERMISSION = "PERMISSION"
    """What the role brings along does not allow it."""
    BOUNDARY = "BOUNDARY"
    """The role's permissions boundary does not allow it."""
    OBJECT_ACL = "OBJECT_ACL"
    """The object is another account's, and its ACL does not let the bucket's owner in."""
    BUCKET_POLICY = "BUCKET_POLICY"
    """The destination is another account's, and its policy does not let the role in."""
    DENIED = "DENIED"
    """A statement denies it."""


def mend_failure(subject: Subject, destination: str, code: FailureCode | None, region: str | None = None) -> Remedy:
    """What a failure's cause asks for; a retry follows.

    Args:
        region: where the destination is, or was last known to be.
    """
    retried = retry_command(subject.bucket, code)
    match code:
        case FailureCode.DST_BUCKET_NOT_FOUND:
            return _create_bucket(destination, region, retried)
        case FailureCode.DST_BUCKET_UNVERSIONED:
            return Remedy(
                action=Action.ENABLE_VERSIONING,
                bucket=destination,
                text=f"enable versioning on {destination}, then retry",
                command=enable_versioning(destination),
                then=retried,
            )
        case FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING:
            return msgspec.structs.replace(put_configuration(subject), then=retried)
        case FailureCode.DST_OBJECT_HARD_DELETED:
            return bring_anew(subject)
        case FailureCode.SRC_OBJECT_NOT_FOUND:
            return Remedy(
                action=Action.UPLOAD_AGAIN,
                bucket=subject.bucket,
                text="upload the object again: its stored bytes are lost or damaged",
                command=upload_again(subject),
            )
        case _:
            return Remedy(action=Action.RETRY, bucket=subject.bucket, text="retry it", command=retried)


def bring_anew(subject: Subject) -> Remedy:
    """The replica was permanently deleted: this version does not come back, a new one arrives."""
    marker = subject.version is not None and subject.version.delete_marker
    return Remedy(
        action=Action.DELETE_AT_DESTINATION if marker else Action.COPY_ONTO_ITSELF,
        bucket=subject.bucket,
        text=("delete the object once more" if marker else "copy the object onto itself")
        + ": the replica of this version was permanently deleted, and does not come back; a new version does arrive",
        command=write_again(subject),
    )


def create_role(subject: Subject, configuration: ReplicationConfiguration, code: FailureCode | None) -> Remedy:
    """The configuration names a role that is not there: make it."""
    return Remedy(
        action=Action.CREATE_ROLE,
        bucket=subject.bucket,
        text=f"make the role {configuration.role}, then retry",
        command=role_command(subject, configuration),
        then=retry_command(subject.bucket, code),
    )


def mend_trust(subject: Subject, configuration: ReplicationConfiguration, code: FailureCode | None) -> Remedy:
    """S3 may not assume the role: give it a trust policy that lets it."""
    return Remedy(
        action=Action.MEND_TRUST,
        bucket=subject.bucket,
        text="let Amazon S3 assume the replication role, then retry (the command replaces the trust policy: add the "
        "statement where others are to assume the role too)",
        command=aws_command(
            "iam",
            "update-assume-role-policy",
            role_name=_role_name(subject, configuration),
            policy_document=json.dumps(trust_policy(), separators=(",", ":")),
        ),
        then=retry_command(subject.bucket, code),
    )


def grant_role(subject: Subject, configuration: ReplicationConfiguration, code: FailureCode | None) -> Remedy:
    """Give the role a policy with what the configuration asks of it, beside those that it has."""
    return Remedy(
        action=Action.MEND_ROLE,
        bucket=subject.bucket,
        text="give the replication role what it lacks, then retry",
        command=_grant_command(subject, configuration),
        then=retry_command(subject.bucket, code),
    )


def widen_boundary(subject: Subject, statement: str, code: FailureCode | None) -> Remedy:
    """What the role is given besides does not count."""
    return Remedy(
        action=Action.MEND_ROLE,
        bucket=subject.bucket,
        text=f"widen the role's permissions boundary, then retry: {statement.removesuffix('.')}",
        then=retry_command(subject.bucket, code),
    )


def own_objects(subject: Subject, code: FailureCode | None) -> Remedy:
    """Another account wrote the object, and did not let the bucket's owner read it."""
    owner = "" if subject.version is None else f" {subject.version.owner}"
    return Remedy(
        action=Action.OWN_OBJECTS,
        bucket=subject.bucket,
        text=f"let the bucket own its objects (Bucket owner enforced: ACLs no longer count), or have the object's "
        f"owner, account{owner}, give it the ACL bucket-owner-full-control; then retry",
        command=aws_command(
            "s3api",
            "put-bucket-ownership-controls",
            bucket=subject.bucket,
            ownership_controls="Rules=[{ObjectOwnership=BucketOwnerEnforced}]",
        ),
        then=retry_command(subject.bucket, code),
    )


def allow_again(subject: Subject, statement: str, code: FailureCode | None) -> Remedy:
    """A statement denies it: no permission of the role outweighs that."""
    return Remedy(
        action=Action.MEND_ROLE,
        bucket=subject.bucket,
        text=f"take away or narrow what denies it, then retry: {statement.removesuffix('.')}",
        then=retry_command(subject.bucket, code),
    )


def let_role_in(subject: Subject, role: str, rule: ReplicationRule, code: FailureCode | None) -> Remedy:
    """The destination is another account's: its owner lets the role in by the bucket's policy."""
    plan = RolePlan(
        source=subject.bucket,
        destinations=(rule.destination,),
        delete_markers=rule.delete_markers,
        owner_override=rule.owner_override,
    )
    policy = bucket_policy(plan, rule.destination, role)
    return Remedy(
        action=Action.PUT_BUCKET_POLICY,
        bucket=rule.destination,
        rule=rule.id,
        text=f"let the role in by {rule.destination}'s bucket policy, which its owner does (DESTINATION-OWNER is a "
        "profile of theirs; where the bucket has a policy, add the statement to it: the command replaces it); then "
        "retry",
        command=aws_command(
            "s3api",
            "put-bucket-policy",
            profile="DESTINATION-OWNER",
            bucket=rule.destination,
            policy=json.dumps(policy, separators=(",", ":")),
        ),
        then=retry_command(subject.bucket, code),
    )


def name_owner(subject: Subject, rule: ReplicationRule, code: FailureCode | None) -> Remedy:
    """The rule names an account, and the destination is another's: it may have been made anew by somebody else."""
    return Remedy(
        action=Action.PUT_BUCKET_REPLICATION,
        bucket=subject.bucket,
        rule=rule.id,
        text=f"point rule {rule.id} to a bucket of account {rule.destination_account}, or let its Account name who "
        f"owns {rule.destination} now, if they are to have the objects; then retry",
        then=retry_command(subject.bucket, code),
    )


_TAGS_AGAIN = "put the version's tags again: a change of tags is replicated by itself"


def bring_tags(subject: Subject) -> Remedy:
    """The replica went without its tags, which the role may bring by now: put them once more."""
    return Remedy(action=Action.PUT_TAGS, bucket=subject.bucket, text=_TAGS_AGAIN, command=tags_command(subject))


def grant_tags(subject: Subject, configuration: ReplicationConfiguration) -> Remedy:
    """As `bring_tags`, when the role lacks what it needs to bring them."""
    return Remedy(
        action=Action.MEND_ROLE,
        bucket=subject.bucket,
        text=f"let the replication role bring tags, then {_TAGS_AGAIN}",
        command=_grant_command(subject, configuration),
        then=tags_command(subject),
    )


def allow_tags(subject: Subject, statement: str) -> Remedy:
    """As `bring_tags`, when a statement denies it to the role, or its boundary does not allow it."""
    return Remedy(
        action=Action.MEND_ROLE,
        bucket=subject.bucket,
        text=f"take away or narrow what refuses it ({statement.removesuffix('.')}), then {_TAGS_AGAIN}",
        then=tags_command(subject),
    )


def retry(subject: Subject, code: FailureCode | None) -> Remedy:
    """The cause is gone; what failed is not tried again by itself."""
    return Remedy(
        action=Action.RETRY,
        bucket=subject.bucket,
        text="what made it fail is mended, but a failure is final until it is driven again: retry",
        command=retry_command(subject.bucket, code),
    )


def retry_command(bucket: str, code: FailureCode | None) -> str:
    return shell_words("farshore", "replication", "retry", bucket, *(() if code is None else ("--cause", code.value)))


def role_command(subject: Subject, configuration: ReplicationConfiguration) -> str:
    """The command that makes the configuration's own role, for every destination that it names."""
    plan, name = _plan(subject, configuration), _role_name(subject, configuration)
    _, path, _ = arn_parts(configuration.role, "role") or ("", "/", "")
    options: list[str] = []
    if name != default_role_name(subject.bucket):
        options += ["--name", name]
    if path != "/":
        options += ["--path", path]
    if plan.owner_override:
        options.append("--owner-override")
    words = ("farshore", "replication", "role", subject.bucket, *plan.destinations, *options, "--create")
    return shell_words(*words)


def _grant_command(subject: Subject, configuration: ReplicationConfiguration) -> str:
    return aws_command(
        "iam",
        "put-role-policy",
        role_name=_role_name(subject, configuration),
        policy_name=f"replication-of-{subject.bucket}",
        policy_document=json.dumps(role_policy(_plan(subject, configuration)), separators=(",", ":")),
    )


def _role_name(subject: Subject, configuration: ReplicationConfiguration) -> str:
    parts = arn_parts(configuration.role, "role")
    return default_role_name(subject.bucket) if parts is None else parts[2]


def _plan(subject: Subject, configuration: ReplicationConfiguration) -> RolePlan:
    """All that the configuration asks of its role."""
    return RolePlan(
        source=subject.bucket,
        destinations=tuple(dict.fromkeys(rule.destination for rule in configuration.rules)),
        owner_override=any(rule.owner_override for rule in configuration.rules),
    )


def _create_bucket(destination: str, region: str | None, retried: str) -> Remedy:
    """Make it where it was, as far as that is known."""
    place = region or "REGION"
    constraint: Mapping[str, str] = {"create_bucket_configuration": f"LocationConstraint={place}"}
    known = f"in {region}, as it was" if region else "in the REGION of your choice (where it was is not known)"
    return Remedy(
        action=Action.CREATE_BUCKET,
        bucket=destination,
        text=f"make bucket {destination} again {known}, with versioning, or point the rule elsewhere; then retry",
        command=aws_command(
            "s3api",
            "create-bucket",
            bucket=destination,
            region=place,
            **({} if region == _DEFAULT_REGION else constraint),
        ),
        then=f"{enable_versioning(destination, region=place)} && {retried}",
    )
