"""Whether one decision on an action holds for every object of a bucket, so that it need be made only once for many.

Conservative: where it cannot tell, it says no, and each object is decided by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from farshore.auth.policy import Pattern, Policy, Statement
from farshore.auth.wildcards import Variable

_BUCKETS = "arn:aws:s3:::"
_VARYING = frozenset(("aws:currenttime", "aws:epochtime", "s3:requestobjecttagkeys", "s3:versionid"))
_VARYING_TAGS = ("s3:existingobjecttag/", "s3:requestobjecttag/")


def decided_alike(policies: Iterable[Policy], actions: Iterable[str], bucket: str) -> bool:
    """Whether no statement that speaks of the actions tells one object of the bucket from another, or one time.

    Args:
        policies: every policy that has a say: the caller's and the bucket's.
        bucket: its name.
    """
    named = tuple(actions)
    return all(
        _is_alike(statement, bucket)
        for policy in policies
        for action in named
        for statements in policy.candidates(action)
        for statement in statements
    )


def _is_alike(statement: Statement, bucket: str) -> bool:
    patterns = statement.resources or statement.not_resources or ()
    return all(_takes_all_or_none(pattern, bucket) for pattern in patterns) and not any(
        varies(condition.key)
        or any(isinstance(piece, Variable) and varies(piece.name) for pieces in condition.variables for piece in pieces)
        for condition in statement.conditions
    )


def varies(key: str) -> bool:
    """Whether a condition key, in lower case, may have another value for another object, or at another time."""
    return key in _VARYING or key.startswith(_VARYING_TAGS)


def _takes_all_or_none(pattern: Pattern, bucket: str) -> bool:
    """Whether a pattern matches every object of the bucket, or not one of them."""
    text = pattern.text
    if text == "*":
        return True
    if pattern.test is None or not text.startswith(_BUCKETS):
        return False
    resource = text.removeprefix(_BUCKETS)
    objects = f"{bucket}/"
    literal = resource[: min((place for sign in "*?" if (place := resource.find(sign)) >= 0), default=len(resource))]
    if not literal.startswith(objects) and not objects.startswith(literal):
        return True
    if literal == resource:
        # A text without wildcards is one object, or the bucket itself.
        return not literal.startswith(objects)
    return resource == f"{literal}*" and objects.startswith(literal)
