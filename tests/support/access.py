"""Principals and policies of two accounts, for tests of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from farshore.auth.evaluate import NO_POLICIES, AccessRequest, IdentityPolicies
from farshore.auth.policy import Policy, PolicyKind, compile_policy
from farshore.model.access import Principal, PrincipalKind

OWNER = "111111111111"
OTHER = "222222222222"
OBJECT = "arn:aws:s3:::shelf/reports/may.csv"


def root(account: str) -> Principal:
    return Principal(account_id=account, arn=f"arn:aws:iam::{account}:root", access_key_id="AKIAROOT")


def user(account: str, name: str = "ana") -> Principal:
    return Principal(
        account_id=account,
        arn=f"arn:aws:iam::{account}:user/{name}",
        access_key_id="AKIAUSER",
        kind=PrincipalKind.USER,
        unique_id=f"AIDA{name.upper()}",
        name=name,
    )


def session(account: str, role: str = "reader", name: str = "night", path: str = "/") -> Principal:
    return Principal(
        account_id=account,
        arn=f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        access_key_id="ASIASESSION",
        kind=PrincipalKind.ASSUMED_ROLE,
        unique_id=f"AROA{role.upper()}:{name}",
        role_arn=f"arn:aws:iam::{account}:role{path}{role}",
    )


def statement(effect: str, action: str | list[str] = "s3:GetObject", **elements: Any) -> dict[str, Any]:
    """A statement; a resource's policy names its `principal` as a text (an ARN, an account or `*`)."""
    written: dict[str, Any] = {"Effect": effect, "Action": action}
    if "NotResource" not in elements:
        written["Resource"] = "*"
    for name, value in elements.items():
        if name == "principal":
            written["Principal"] = value if value == "*" else {"AWS": value}
        else:
            written[name] = value
    return written


def identity(*statements: dict[str, Any]) -> Policy:
    return compile_policy(_document(statements), PolicyKind.IDENTITY, source="identity policy")


def bucket_policy(*statements: dict[str, Any]) -> Policy:
    return compile_policy(_document(statements), PolicyKind.RESOURCE, source="bucket policy")


def trust(*statements: dict[str, Any]) -> Policy:
    bare = [{name: value for name, value in each.items() if name != "Resource"} for each in statements]
    return compile_policy(_document(bare), PolicyKind.TRUST, source="trust policy")


def asked(
    principal: Principal,
    policies: IdentityPolicies = NO_POLICIES,
    *,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    account: str = OWNER,
    context: Mapping[str, Sequence[str]] | None = None,
) -> AccessRequest:
    return AccessRequest(
        principal=principal,
        policies=policies,
        action=action,
        resource=resource,
        resource_account=account,
        context=context or {},
    )


def _document(statements: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
