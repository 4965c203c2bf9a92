"""Policy documents of a request: IAM's grammar and its size limits.

Sizes count characters without white space. Source: IAM User Guide, "IAM and AWS STS quotas"; answers recorded on AWS.
"""

from __future__ import annotations

import re

from farshore.auth.policy import Policy, PolicyError, PolicyKind, parse_policy
from farshore.auth.trust_policy import named_principals
from farshore.metadata.directory import Directory
from farshore.metadata.identities import IdentityReader
from farshore.model.identity import arn_parts
from farshore.model.query_errors import LimitExceeded, MalformedPolicyDocument
from farshore.service.iam import quotas

_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.amazonaws\.com(?:\.cn)?")
_SPACE = re.compile(r"\s+")


def size_of(document: str) -> int:
    return len(_SPACE.sub("", document))


def check_identity_policy(document: str) -> Policy:
    """Raises MalformedPolicyDocument."""
    return _parse(document, PolicyKind.IDENTITY)


def check_managed_policy(document: str) -> None:
    """Raises MalformedPolicyDocument, LimitExceeded."""
    check_identity_policy(document)
    if size_of(document) > quotas.POLICY_SIZE:
        raise LimitExceeded(f"Cannot exceed quota for PolicySize: {quotas.POLICY_SIZE}")


def check_trust_policy(document: str, directory: Directory) -> None:
    """A role's AssumeRolePolicyDocument.

    AWS refuses principals that do not exist. Here that can be known of the deployment's own accounts alone: principals
    of other accounts are taken as they are, and match nobody.

    Raises:
        MalformedPolicyDocument, LimitExceeded.
    """
    policy = _parse(document, PolicyKind.TRUST)
    for statement in policy.statements:
        for pattern in (*(statement.actions or ()), *(statement.not_actions or ())):
            if not pattern.text.lower().startswith("sts:"):
                raise MalformedPolicyDocument("AssumeRole policy may only specify STS AssumeRole actions.")
    for kind, text in named_principals(document):
        if not _exists(directory, kind, text):
            raise MalformedPolicyDocument(f'Invalid principal in policy: "{kind.upper()}":"{text}"')
    if size_of(document) > quotas.TRUST_SIZE:
        raise LimitExceeded(f"Cannot exceed quota for ACLSizePerRole: {quotas.TRUST_SIZE}")


def _parse(document: str, kind: PolicyKind) -> Policy:
    try:
        return parse_policy(document, kind, source="the document")
    except PolicyError as error:
        raise MalformedPolicyDocument(str(error)) from error


def _exists(directory: Directory, kind: str, text: str) -> bool:
    if kind == "Service":
        return _SERVICE.fullmatch(text) is not None
    reader = directory.identities
    return _identity_exists(directory, reader, text, "user") and _identity_exists(directory, reader, text, "role")


def _identity_exists(directory: Directory, reader: IdentityReader, arn: str, kind: str) -> bool:
    """Whether the ARN is of an identity that exists, or says nothing of this kind in an account that is ours."""
    parts = arn_parts(arn, kind)
    if parts is None or directory.account(parts[0]) is None:
        return True
    found = reader.user(parts[0], parts[2]) if kind == "user" else reader.role(parts[0], parts[2])
    return found is not None and found.arn == arn
