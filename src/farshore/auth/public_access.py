"""Whether a bucket policy is public, by Block Public Access's definition.

A policy counts as public until it is shown not to be: every permission must go to fixed principals, or be conditioned
on fixed values of keys that say who or where the caller is.
Source: S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of 'public'".
"""

from __future__ import annotations

import ipaddress

from farshore.auth.conditions import Condition, Qualifier
from farshore.auth.policy import Policy, Statement
from farshore.model.access_control import PublicAccessBlock

_FIXED_KEYS = frozenset(
    (
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalservicename",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:userid",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
    )
)
_EQUALITY = frozenset(("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"))
_IPV4_BITS_MIN, _IPV6_BITS_MIN = 8, 32
"""A range that is wider than this is the public."""
_ROLE_SESSION = "aroa"


def is_public(policy: Policy) -> bool:
    """Whether any Allow statement lets the public in."""
    return any(statement.allow and _is_public(statement) for statement in policy.statements)


def most_restrictive(bucket: PublicAccessBlock, account: PublicAccessBlock) -> PublicAccessBlock:
    """What is blocked by the bucket's settings and its account's together."""
    return PublicAccessBlock(
        block_public_acls=bucket.block_public_acls or account.block_public_acls,
        ignore_public_acls=bucket.ignore_public_acls or account.ignore_public_acls,
        block_public_policy=bucket.block_public_policy or account.block_public_policy,
        restrict_public_buckets=bucket.restrict_public_buckets or account.restrict_public_buckets,
    )


def _is_public(statement: Statement) -> bool:
    if statement.principals is not None and not statement.principals.everyone:
        return False
    return not any(_limits(condition) for condition in statement.conditions)


def _limits(condition: Condition) -> bool:
    """Whether a condition keeps the public out: its operator must demand the key, its values must be fixed."""
    if condition.if_exists or condition.negated or condition.qualifier is Qualifier.FOR_ALL_VALUES:
        return False
    operator = condition.operator.rpartition(":")[2]
    if condition.key == "aws:sourceip":
        return operator == "IpAddress" and all(_is_narrow(value) for value in condition.values)
    if condition.key == "aws:principalisawsservice":
        return operator == "Bool" and all(value.lower() == "true" for value in condition.values)
    if condition.key not in _FIXED_KEYS or operator not in _EQUALITY:
        return False
    return all(_is_fixed(condition.key, operator, value) for value in condition.values)


def _is_fixed(key: str, operator: str, value: str) -> bool:
    """No wildcard and no policy variable, but where AWS allows one: behind an account that is fixed."""
    if "${" in value:
        return False
    if key == "aws:userid" and value.lower().startswith(_ROLE_SESSION):
        return "*" not in value and "?" not in value and ":" in value and not value.endswith(":")
    if operator in ("StringEquals", "StringEqualsIgnoreCase"):
        return True
    if key == "s3:dataaccesspointarn" or (key == "aws:principalarn" and operator.startswith("Arn")):
        parts = value.split(":", 5)
        return len(parts) == 6 and not any("*" in part or "?" in part for part in parts[:5])
    return "*" not in value and "?" not in value


def _is_narrow(value: str) -> bool:
    network = ipaddress.ip_network(value, strict=False)
    if network.version == 6:
        return network.prefixlen >= _IPV6_BITS_MIN
    return network.prefixlen >= _IPV4_BITS_MIN or network.is_private
