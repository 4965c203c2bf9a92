"""Policies of browser-based uploads. What AWS answered (recorded) is compared in tests/e2e/test_post_object.py."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farshore.model.errors import AccessDenied, EntityTooLarge, EntityTooSmall, InvalidPolicyDocument
from farshore.semantics.post_policy import SizeRange, check_fields, read_policy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = (NOW + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def encoded(document: Any) -> str:
    return base64.b64encode(json.dumps(document).encode()).decode()


def allowed(conditions: list[Any], fields: dict[str, str], *, expires: str = LATER) -> SizeRange:
    policy = read_policy(encoded({"expiration": expires, "conditions": conditions}))
    return check_fields(policy, fields, "bucket", NOW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("not base64!", "Invalid JSON."),
        (base64.b64encode(b"{").decode(), "Invalid JSON."),
        (base64.b64encode(b"[" * 100_000).decode(), "Invalid JSON."),
        (encoded([]), "Invalid JSON."),
        (encoded({"conditions": []}), "Policy missing expiration."),
        (encoded({"expiration": LATER}), "Policy missing conditions."),
        (encoded({"expiration": LATER, "conditions": {}}), "Policy missing conditions."),
        (encoded({"expiration": "soon", "conditions": []}), "Invalid 'expiration' value: 'soon'"),
        (encoded({"expiration": 7, "conditions": []}), "Invalid 'expiration' value: '7'"),
        (encoded({"expiration": LATER, "conditions": ["x"]}), "Invalid Condition."),
        (encoded({"expiration": LATER, "conditions": [["eq", "$key"]]}), "Invalid Condition."),
        (encoded({"expiration": LATER, "conditions": [["ends-with", "$key", "x"]]}), "Invalid Condition."),
        (encoded({"expiration": LATER, "conditions": [["eq", "$key", 1]]}), "Invalid Condition."),
    ],
)
def test_a_document_that_is_no_policy(text: str, why: str) -> None:
    with pytest.raises(InvalidPolicyDocument) as refused:
        read_policy(text)
    assert refused.value.message == f"Invalid Policy: {why}"


@pytest.mark.parametrize(
    ("conditions", "fields"),
    [
        ([], {}),
        ([{"key": "a"}], {"key": "a"}),
        ([{"KEY": "a"}], {"key": "a"}),
        ([["starts-with", "$key", "a/"]], {"key": "a/b"}),
        ([["STARTS-WITH", "$key", ""]], {"key": "a/b"}),
        ([{"bucket": "bucket"}], {}),
        ([{"acl": ""}], {}),
        ([], {"x-ignore-this": "x", "policy": "p", "x-amz-signature": "s", "awsaccesskeyid": "a"}),
    ],
)
def test_a_form_that_its_policy_allows(conditions: list[Any], fields: dict[str, str]) -> None:
    assert allowed(conditions, fields) == SizeRange()


@pytest.mark.parametrize(
    ("conditions", "fields"),
    [
        ([{"key": "a"}], {"key": "b"}),
        ([{"key": "a"}], {"key": "A"}),
        ([{"key": "a"}], {}),
        ([["starts-with", "$key", "a/"]], {"key": "a"}),
        ([["eq", "key", "a"]], {"key": "a"}),
        ([{"bucket": "other"}], {}),
        ([{"bucket": "other"}], {"bucket": "other"}),
        ([], {"key": "a"}),
        ([{"key": "a"}], {"key": "a", "x-amz-algorithm": "b"}),
        ([["content-length-range", 0, 1e400]], {}),
        ([["content-length-range", 0, "9" * 5000]], {}),
    ],
)
def test_a_form_that_its_policy_refuses(conditions: list[Any], fields: dict[str, str]) -> None:
    with pytest.raises(AccessDenied):
        allowed(conditions, fields)


def test_a_policy_ends_with_its_last_moment() -> None:
    moment = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    with pytest.raises(AccessDenied, match="Policy expired"):
        allowed([], {}, expires=moment)
    assert allowed([], {}, expires="2026-01-01T00:00:00.001Z") == SizeRange()


def test_every_condition_of_a_size_holds() -> None:
    ranges = [["content-length-range", 0, 10], ["content-length-range", 5, 1000]]
    assert allowed(ranges, {}) == SizeRange(5, 10)


def test_both_bounds_of_a_size_are_allowed() -> None:
    size = allowed([["content-length-range", 5, "10"]], {})
    for allowed_size in (5, 10):
        size.check(allowed_size)
    with pytest.raises(EntityTooSmall):
        size.check(4)
    with pytest.raises(EntityTooLarge):
        size.check(11)
