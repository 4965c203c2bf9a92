"""The policy of one bucket: IAM's grammar, and what Amazon S3 asks beyond it.

Whether the principals that it names exist is not known here; `named_principals` lists them.
Source: API Reference, PutBucketPolicy; S3 User Guide, "Policies and permissions in Amazon S3", "Bucket policies".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from farshore.auth import wildcards
from farshore.auth.policy import Pattern, Policy, PolicyError, PolicyKind, Principals, Statement, parse_policy
from farshore.auth.s3_actions import kinds_of
from farshore.auth.wildcards import Variable

SOURCE = "the bucket policy"
BYTES_MAX = 20 * 1024
"""Of the document without the white space between its elements."""

_ARN_PREFIX = "arn:aws:s3:::"


class PolicyTooLong(Exception):  # noqa: N818 - named for what is so, as S3 names its errors.
    """More than `BYTES_MAX`."""


def compile_bucket_policy(text: str, bucket: str) -> Policy:
    """Check and compile a policy that is put to a bucket.

    Raises:
        PolicyError: with AWS's message. PolicyTooLong.
    """
    if not text.startswith("{"):
        raise PolicyError("Policies must be valid JSON and the first byte must be '{'")
    policy = parse_policy(text, PolicyKind.RESOURCE, source=SOURCE)
    if len(normalized(text).encode()) > BYTES_MAX:
        raise PolicyTooLong(bucket)
    for statement in policy.statements:
        _check_resources(statement, bucket)
        _check_actions(statement)
        _check_conditions(statement)
    return policy


def normalized(text: str) -> str:
    """The document as S3 keeps and shows it: no white space, statements in a list, accounts as ARNs of their roots."""
    document = cast("dict[str, Any]", json.loads(text))
    statements: object = document.get("Statement")
    if not isinstance(statements, list):
        document["Statement"] = statements = [statements]
    _change_principals(document, _as_arn)
    return _compact(document)


def bound(policy: Policy, ids: Mapping[str, str]) -> Policy:
    """The policy with the unique ids of the users and roles that its ARNs mean."""
    if not ids:
        return policy
    return Policy(
        policy.source,
        tuple(
            replace(
                statement,
                principals=_bound(statement.principals, ids),
                not_principals=_bound(statement.not_principals, ids),
            )
            for statement in policy.statements
        ),
    )


def shown(text: str, gone: Mapping[str, str]) -> str:
    """The document as it is shown, with unique ids in the place of the ARNs of those who are gone."""
    if not gone:
        return text
    document = cast("dict[str, Any]", json.loads(text))
    _change_principals(document, lambda named: gone.get(named, named))
    return _compact(document)


def named_principals(policy: Policy) -> Iterator[Principals]:
    """The principals of every statement."""
    for statement in policy.statements:
        for named in (statement.principals, statement.not_principals):
            if named is not None:
                yield named


def _bound(named: Principals | None, ids: Mapping[str, str]) -> Principals | None:
    if named is None:
        return None
    return replace(named, ids={arn: ids[arn] for arn in named.arns if arn in ids})


def _change_principals(document: dict[str, Any], change: Callable[[str], str]) -> None:
    """Replace the texts that stand under `AWS` in a checked document."""
    for statement in cast("list[dict[str, Any]]", document["Statement"]):
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, dict) and "AWS" in named:
                texts = cast("list[str] | str", named["AWS"])
                named["AWS"] = change(texts) if isinstance(texts, str) else [change(text) for text in texts]


def _as_arn(named: str) -> str:
    """An account as the ARN of its root."""
    return f"arn:aws:iam::{named}:root" if named.isascii() and named.isdigit() else named


def _compact(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _check_resources(statement: Statement, bucket: str) -> None:
    """Every resource must be this bucket's, or able to match it."""
    for pattern in statement.resources or statement.not_resources or ():
        if pattern.text != "*" and not _may_match(pattern, bucket):
            raise PolicyError("Policy has invalid resource")


def _may_match(pattern: Pattern, bucket: str) -> bool:
    if not pattern.text.startswith(_ARN_PREFIX):
        return False
    name, _, _ = pattern.text.removeprefix(_ARN_PREFIX).partition("/")
    pieces = wildcards.split(name, with_variables=True)
    return any(isinstance(piece, Variable) for piece in pieces) or wildcards.like(pieces)(bucket)


def _check_actions(statement: Statement) -> None:
    """Every action must be one of S3's, and apply to some resource of its statement."""
    if statement.actions is None:
        return
    on_bucket, on_object = _resource_kinds(statement)
    for action in statement.actions:
        test = action.test
        assert test is not None, action
        bucket_action, object_action = kinds_of(test)
        if not bucket_action and not object_action:
            raise PolicyError("Policy has invalid action")
        if not (bucket_action and on_bucket) and not (object_action and on_object):
            raise PolicyError("Action does not apply to any resource(s) in statement")


def _resource_kinds(statement: Statement) -> tuple[bool, bool]:
    """Whether the statement's resources can be the bucket, and can be objects."""
    if statement.resources is None:
        return True, True
    texts = [pattern.text for pattern in statement.resources]
    on_object = any("/" in text or text.endswith("*") for text in texts)
    return any("/" not in text for text in texts), on_object


def _check_conditions(statement: Statement) -> None:
    for condition in statement.conditions:
        service, colon, name = condition.key.partition(":")
        if not colon or not name or (service == "s3" and name.partition("/")[0] not in _S3_KEYS):
            raise PolicyError("Policy has an invalid condition key")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_S3_KEYS = _names(
    "accessgrantsinstancearn accesspointnetworkorigin authtype buckettag dataaccesspointaccount dataaccesspointarn "
    "delimiter destinationregion existingjoboperation existingjobpriority existingobjecttag if-match if-none-match "
    "inventoryaccessibleoptionalfields jobsuspendedcause locationconstraint max-keys object-lock-legal-hold "
    "object-lock-mode object-lock-remaining-retention-days object-lock-retain-until-date objectcreationoperation "
    "prefix requestjoboperation requestjobpriority requestobjecttag requestobjecttagkeys resourceaccount "
    "signatureage signatureversion tlsversion versionid x-amz-acl x-amz-content-sha256 x-amz-copy-source "
    "x-amz-grant-full-control x-amz-grant-read x-amz-grant-read-acp x-amz-grant-write x-amz-grant-write-acp "
    "x-amz-metadata-directive x-amz-object-ownership x-amz-server-side-encryption "
    "x-amz-server-side-encryption-aws-kms-key-id x-amz-server-side-encryption-customer-algorithm "
    "x-amz-storage-class x-amz-website-redirect-location"
)
