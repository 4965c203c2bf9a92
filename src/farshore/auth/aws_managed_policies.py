"""AWS's own managed policies, those that say something about what Farshore serves. Every account may attach them.

Source: AWS Managed Policy Reference Guide, the pages of these names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from farshore.model.identity import AWS_ACCOUNT, ManagedPolicy, PolicyVersion


@dataclass(frozen=True, slots=True)
class AwsPolicy:
    """A policy and its default version, which is the only one that Farshore knows."""

    policy: ManagedPolicy
    version: PolicyVersion


def _policy(
    name: str, policy_id: str, description: str, *, created: str, edited: str, version: int, actions: str | list[str]
) -> AwsPolicy:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    policy = ManagedPolicy(
        id=policy_id,
        account_id=AWS_ACCOUNT,
        name=name,
        path="/",
        created_us=_at(created),
        updated_us=_at(edited),
        default_version=version,
        last_version=version,
        description=description,
    )
    text = json.dumps(document, indent=4)
    return AwsPolicy(policy, PolicyVersion(policy_id=policy_id, number=version, document=text, created_us=_at(edited)))


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


_ALL = (
    _policy(
        "AdministratorAccess",
        "ANPAIWMBCKSKIEE64ZLYK",
        "Provides full access to AWS services and resources.",
        created="2015-02-06 18:39",
        edited="2015-02-06 18:39",
        version=1,
        actions="*",
    ),
    _policy(
        "AmazonS3FullAccess",
        "ANPAIFIR6V6BVTRAHWINE",
        "Provides full access to all buckets via the AWS Management Console.",
        created="2015-02-06 18:40",
        edited="2021-09-27 20:16",
        version=2,
        actions=["s3:*", "s3-object-lambda:*"],
    ),
    _policy(
        "AmazonS3ReadOnlyAccess",
        "ANPAIZTJ4DXE7G6AGAE6M",
        "Provides read only access to all buckets via the AWS Management Console.",
        created="2015-02-06 18:40",
        edited="2023-08-10 21:31",
        version=3,
        actions=["s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"],
    ),
    _policy(
        "IAMFullAccess",
        "ANPAI7XKCFMBPM3QQRRVQ",
        "Provides full access to IAM via the AWS Management Console.",
        created="2015-02-06 18:40",
        edited="2019-06-21 19:40",
        version=2,
        actions=[
            "iam:*",
            "organizations:DescribeAccount",
            "organizations:DescribeOrganization",
            "organizations:DescribeOrganizationalUnit",
            "organizations:DescribePolicy",
            "organizations:ListChildren",
            "organizations:ListParents",
            "organizations:ListPoliciesForTarget",
            "organizations:ListRoots",
            "organizations:ListPolicies",
            "organizations:ListTargetsForPolicy",
        ],
    ),
    _policy(
        "IAMReadOnlyAccess",
        "ANPAJKSO7NDY4T57MWDSQ",
        "Provides read only access to IAM via the AWS Management Console.",
        created="2015-02-06 18:40",
        edited="2018-01-25 19:11",
        version=4,
        actions=[
            "iam:GenerateCredentialReport",
            "iam:GenerateServiceLastAccessedDetails",
            "iam:Get*",
            "iam:List*",
            "iam:SimulateCustomPolicy",
            "iam:SimulatePrincipalPolicy",
        ],
    ),
)

AWS_MANAGED: Mapping[str, AwsPolicy] = {entry.policy.arn: entry for entry in _ALL}
"""By ARN, in the order of their names."""
