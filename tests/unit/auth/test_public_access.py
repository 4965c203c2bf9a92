"""When a bucket policy is public. Source: S3 User Guide, "The meaning of 'public'"."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.access import OTHER, bucket_policy, statement, user

from farshore.auth.public_access import is_public, most_restrictive
from farshore.model.access_control import PublicAccessBlock

CONDITIONS: list[tuple[dict[str, Any], bool]] = [
    # the condition of a statement that allows everyone, whether the policy is public
    ({}, True),
    ({"StringEquals": {"aws:PrincipalAccount": OTHER}}, False),
    ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
    ({"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}}, False),
    ({"StringLike": {"aws:SourceVpc": "vpc-*"}}, True),
    ({"StringLike": {"aws:SourceVpc": "vpc-1"}}, False),
    ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, True),
    ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, True),
    ({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}, True),
    ({"ForAnyValue:StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
    ({"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}, True),
    ({"StringEquals": {"aws:username": "ana"}}, True),
    ({"StringLike": {"aws:Referer": "https://example.com/*"}}, True),
    ({"StringEquals": {"s3:prefix": "public/"}}, True),
    ({"Bool": {"aws:SecureTransport": "true"}}, True),
    ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, False),
    ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, True),
    ({"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:us-east-1:{OTHER}:topic"}}, False),
    ({"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{OTHER}:topic"}}, True),
    ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}}, False),
    ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/reader"}}, True),
    ({"StringLike": {"aws:userid": "AROAEXAMPLE:*"}}, True),
    ({"StringEquals": {"aws:userid": "AIDAEXAMPLE"}}, False),
    ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
    ({"IpAddress": {"aws:SourceIp": "203.0.0.0/8"}}, False),
    ({"IpAddress": {"aws:SourceIp": "128.0.0.0/1"}}, True),
    ({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}}, True),
    ({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}, False),
    ({"IpAddress": {"aws:SourceIp": "2001::/16"}}, True),
    ({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
    # One condition that keeps the public out is enough.
    ({"StringEquals": {"s3:prefix": "a", "aws:PrincipalAccount": OTHER}}, False),
]


@pytest.mark.parametrize(("condition", "public"), CONDITIONS)
def test_everyone_is_the_public_unless_a_fixed_value_says_who_or_where(condition: dict[str, Any], public: bool) -> None:
    conditioned = {"Condition": condition} if condition else {}
    assert is_public(bucket_policy(statement("Allow", principal="*", **conditioned))) is public


def test_named_principals_are_not_the_public() -> None:
    named = [OTHER, user(OTHER).arn]
    assert not is_public(bucket_policy(*(statement("Allow", principal=who) for who in named)))
    assert not is_public(bucket_policy(statement("Allow", Principal={"Service": "logging.s3.amazonaws.com"})))


def test_one_public_statement_is_enough() -> None:
    assert is_public(bucket_policy(statement("Allow", principal=OTHER), statement("Allow", principal=[OTHER, "*"])))


def test_allowing_all_but_some_is_public_and_denying_is_not() -> None:
    assert is_public(bucket_policy(statement("Allow", NotPrincipal={"AWS": OTHER})))
    assert not is_public(bucket_policy(statement("Deny", principal="*")))


SWITCHES = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")


@pytest.mark.parametrize("switch", SWITCHES)
def test_what_either_blocks_is_blocked_and_nothing_else(switch: str) -> None:
    one, nothing = PublicAccessBlock(**{switch: True}), PublicAccessBlock()
    assert most_restrictive(one, nothing) == most_restrictive(nothing, one) == most_restrictive(one, one) == one
    assert most_restrictive(nothing, nothing) == nothing
