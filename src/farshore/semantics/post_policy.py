"""The policy of a browser-based upload: the document that says what a signed form may send.

Source: API Reference, "Browser-Based Uploads Using POST", "POST Policy"; answers recorded on AWS.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from farshore.model.errors import AccessDenied, EntityTooLarge, EntityTooSmall, InvalidPolicyDocument

_UNNAMED = frozenset(("x-amz-signature", "signature", "awsaccesskeyid", "file", "policy", "bucket"))
"""Fields that no condition need name."""

_IGNORED = "x-ignore-"
_SIZE = "content-length-range"


class PostPolicy(msgspec.Struct, frozen=True):
    """A policy as read. conditions: each as it is shown in errors, an operator and what it compares."""

    expires: datetime
    conditions: tuple[tuple[Any, ...], ...]


class SizeRange(msgspec.Struct, frozen=True):
    """How many bytes a policy lets the file have; both bounds are allowed."""

    least: int = 0
    most: int | None = None

    def within(self, other: SizeRange) -> SizeRange:
        """What both allow."""
        bounds = [most for most in (self.most, other.most) if most is not None]
        return SizeRange(max(self.least, other.least), min(bounds, default=None))

    def check_growing(self, size: int) -> bool:
        """Whether a file of this size so far may still be taken."""
        return self.most is None or size <= self.most

    def check(self, size: int) -> None:
        """Refuse a file. Raises EntityTooLarge, EntityTooSmall."""
        if not self.check_growing(size):
            raise EntityTooLarge(ProposedSize=size, MaxSizeAllowed=self.most)
        if size < self.least:
            raise EntityTooSmall(ProposedSize=size, MinSizeAllowed=self.least)


def read_policy(text: str) -> PostPolicy:
    """Read the form's `policy` field.

    Args:
        text: base64 of a JSON document.
    Raises:
        InvalidPolicyDocument: what is wrong with it.
    """
    try:
        document: Any = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, RecursionError) as error:
        raise InvalidPolicyDocument("Invalid Policy: Invalid JSON.") from error
    if not isinstance(document, dict):
        raise InvalidPolicyDocument("Invalid Policy: Invalid JSON.")
    members = cast("dict[str, Any]", document)
    if "expiration" not in members:
        raise InvalidPolicyDocument("Invalid Policy: Policy missing expiration.")
    conditions = members.get("conditions")
    if not isinstance(conditions, list):
        raise InvalidPolicyDocument("Invalid Policy: Policy missing conditions.")
    return PostPolicy(_expiration(members["expiration"]), tuple(map(_condition, cast("list[Any]", conditions))))


def check_fields(policy: PostPolicy, fields: Mapping[str, str], bucket: str, now: datetime) -> SizeRange:
    """Hold a form against its policy.

    Args:
        fields: by their names in lower case, without the file.
        bucket: that the form is sent to.
    Returns:
        what the policy says of the file's size.
    Raises:
        AccessDenied: expired, a condition that does not hold, or a field that no condition names.
    """
    if now >= policy.expires:
        raise AccessDenied("Invalid according to Policy: Policy expired.")
    values = {**fields, "bucket": bucket}
    size, named = SizeRange(), set[str]()
    for condition in policy.conditions:
        if condition[0] == _SIZE:
            size = size.within(_size_range(condition))
            continue
        name = condition[1][1:].lower() if condition[1].startswith("$") else ""
        named.add(name)
        if not name or not _holds(condition[0], values.get(name, ""), condition[2]):
            raise _failed(condition)
    for name in fields:
        if name not in named and name not in _UNNAMED and not name.startswith(_IGNORED):
            raise AccessDenied(f"Invalid according to Policy: Extra input fields: {name}")
    return size


def _holds(operator: str, value: str, wanted: str) -> bool:
    return value.startswith(wanted) if operator == "starts-with" else value == wanted


def _condition(condition: Any) -> tuple[Any, ...]:
    if isinstance(condition, dict):
        simple = cast("dict[str, Any]", condition)
        if len(simple) != 1:
            raise InvalidPolicyDocument(
                "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
            )
        ((name, value),) = simple.items()
        if not isinstance(value, str):
            raise InvalidPolicyDocument("Invalid Policy: Invalid Simple-Condition: value must be a string.")
        return "eq", f"${name}", value
    if isinstance(condition, list):
        parts: list[Any] = condition
        operator = str(parts[0]).lower() if parts else ""
        if len(parts) == 3 and operator == _SIZE:
            return operator, parts[1], parts[2]
        if len(parts) == 3 and operator in ("eq", "starts-with") and all(isinstance(part, str) for part in parts):
            return operator, parts[1], parts[2]
    raise InvalidPolicyDocument("Invalid Policy: Invalid Condition.")


def _size_range(condition: Sequence[Any]) -> SizeRange:
    try:
        least, most = int(condition[1]), int(condition[2])
    except (TypeError, ValueError, OverflowError) as error:
        raise _failed(condition) from error
    return SizeRange(least, most)


def _expiration(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise InvalidPolicyDocument(f"Invalid Policy: Invalid 'expiration' value: '{value}'") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _failed(condition: Sequence[Any]) -> AccessDenied:
    shown = json.dumps([str(part) for part in condition])
    return AccessDenied(f"Invalid according to Policy: Policy Condition failed: {shown}")
