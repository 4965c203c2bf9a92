"""The policies of a replication role: what Amazon S3 needs to replicate from one bucket to others, and nothing more.

Source: S3 User Guide, "Setting up permissions for live replication", "Changing the replica owner". Unlike AWS's samples
these have no `s3:ReplicateTags` (`s3:ReplicateObject` implies it) and, on a destination of another account, none of the
bucket permissions, which replication itself does not use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

SERVICE = "s3.amazonaws.com"
ROLE_NAME_MAX = 64
_VERSION = "2012-10-17"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePlan:
    """What a role is to be able to do.

    source, destinations: bucket names; at least one destination.
    delete_markers: some rule replicates them. owner_override: some rule gives replicas to the destination's owner.
    """

    source: str
    destinations: tuple[str, ...]
    delete_markers: bool = True
    owner_override: bool = False


def default_role_name(source: str) -> str:
    """Of the role that is made for a source bucket, unless another name is given."""
    return f"s3-replication-{source}"[:ROLE_NAME_MAX].rstrip("-.")


def trust_policy() -> Document:
    """Who may assume the role: Amazon S3."""
    return _document(
        {"Sid": "AmazonS3", "Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
    )


def role_policy(plan: RolePlan) -> Document:
    """The role's permissions: read the rules and the versions of the source, write replicas into the destinations."""
    source = bucket_arn(plan.source)
    reading_rules = ["s3:GetReplicationConfiguration", *(["s3:ListBucket"] if plan.delete_markers else [])]
    reading = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    objects = [f"{bucket_arn(name)}/*" for name in plan.destinations]
    return _document(
        _allow("ReadTheRules", reading_rules, [source]),
        _allow("ReadTheVersions", reading, [f"{source}/*"]),
        _allow("WriteReplicas", destination_actions(plan), objects),
    )


def bucket_policy(plan: RolePlan, destination: str, role_arn: str) -> Document:
    """What a destination of another account must say, as a bucket policy of its own."""
    return _document(bucket_statement(plan, destination, role_arn))


def bucket_statement(plan: RolePlan, destination: str, role_arn: str) -> Document:
    """The one statement of `bucket_policy`, to be added to a policy that is there already."""
    return {
        **_allow(
            f"ReplicationFrom{_letters(plan.source)}", destination_actions(plan), [f"{bucket_arn(destination)}/*"]
        ),
        "Principal": {"AWS": role_arn},
    }


def destination_actions(plan: RolePlan) -> list[str]:
    """What is done to a destination's objects."""
    actions = ["s3:ReplicateObject"]
    if plan.delete_markers:
        actions.append("s3:ReplicateDelete")
    if plan.owner_override:
        actions.append("s3:ObjectOwnerOverrideToBucketOwner")
    return actions


def bucket_arn(name: str) -> str:
    return f"arn:aws:s3:::{name}"


def _document(*statements: Document) -> Document:
    return {"Version": _VERSION, "Statement": list(statements)}


def _allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> Document:
    return {"Sid": sid, "Effect": "Allow", "Action": _one_or_more(actions), "Resource": _one_or_more(resources)}


def _one_or_more(texts: Sequence[str]) -> str | list[str]:
    """A single text by itself, as AWS's documents have it."""
    return texts[0] if len(texts) == 1 else list(texts)


def _letters(name: str) -> str:
    """A bucket's name as part of a Sid, which has letters and digits only: `my-photos` -> `MyPhotos`."""
    return "".join(word.capitalize() for word in name.replace(".", "-").split("-"))
