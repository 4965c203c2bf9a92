"""What a bucket policy must be beyond IAM's grammar, and how it is shown. (End to end: e2e/test_bucket_policies.)"""

from __future__ import annotations

import json
from typing import Any

import pytest

from farshore.auth.bucket_policy import BYTES_MAX, PolicyTooLong, compile_bucket_policy, normalized
from farshore.auth.policy import PolicyError

NOT_APPLYING = "Action does not apply to any resource(s) in statement"
ACCEPTED: list[tuple[Any, Any]] = [
    ("s3:GetObject", "arn:aws:s3:::shelf/*"),
    ("s3:ListBucket", "arn:aws:s3:::shelf"),
    ("s3:*", "arn:aws:s3:::shelf"),
    ("s3:*", "arn:aws:s3:::shelf/*"),
    ("*", "arn:aws:s3:::shelf/x"),
    ("s3:Get*", ["arn:aws:s3:::shelf", "arn:aws:s3:::shelf/*"]),
    (["s3:ListBucket", "s3:GetObject"], ["arn:aws:s3:::shelf", "arn:aws:s3:::shelf/*"]),
    ("s3:GetObject", "arn:aws:s3:::shelf*"),
    ("s3:GetObject", "arn:aws:s3:::sh?lf/*"),
    ("s3:GetObject", "*"),
    ("s3:GetObject", "arn:aws:s3:::${aws:username}/*"),
    ("s3:replicateobject", "arn:aws:s3:::shelf/*"),
]
REFUSED: list[tuple[Any, Any, str]] = [
    ("s3:GetObject", "arn:aws:s3:::shelves/*", "Policy has invalid resource"),
    ("s3:GetObject", ["arn:aws:s3:::shelf/*", "arn:aws:s3:::other/*"], "Policy has invalid resource"),
    ("s3:GetObject", "arn:aws:s3:us-east-1::shelf/*", "Policy has invalid resource"),
    ("s3:ListBucket", "arn:aws:s3:::shelf/*", NOT_APPLYING),
    (
        ["s3:ListBucket", "s3:GetObject"],
        "arn:aws:s3:::shelf/*",
        NOT_APPLYING,
    ),
    ("s3:ListAllMyBuckets", "arn:aws:s3:::shelf", "Policy has invalid action"),
    ("sts:AssumeRole", "arn:aws:s3:::shelf", "Policy has invalid action"),
]


def text(action: Any, resource: Any, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(("action", "resource"), ACCEPTED)
def test_actions_and_resources_that_fit_are_taken(action: Any, resource: Any) -> None:
    assert len(compile_bucket_policy(text(action, resource), "shelf").statements) == 1


@pytest.mark.parametrize(("action", "resource", "message"), REFUSED)
def test_actions_and_resources_that_do_not_fit_are_refused(action: Any, resource: Any, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        compile_bucket_policy(text(action, resource), "shelf")
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        ("s3:prefix", True),
        ("s3:ExistingObjectTag/team", True),
        ("aws:PrincipalTag/team", True),
        ("aws:AnythingNew", True),
        ("s3:Prefixes", False),
        ("prefix", False),
        ("s3:", False),
    ],
)
def test_condition_keys_of_s3_must_be_known(key: str, taken: bool) -> None:
    written = text("s3:ListBucket", "arn:aws:s3:::shelf", Condition={"StringEquals": {key: "a"}})
    if taken:
        compile_bucket_policy(written, "shelf")
    else:
        with pytest.raises(PolicyError, match="Policy has an invalid condition key"):
            compile_bucket_policy(written, "shelf")


def test_it_is_shown_without_white_space_with_statements_listed_and_accounts_as_arns() -> None:
    document = {"Statement": {"Principal": {"AWS": ["111111111111", "*"]}, "Sid": "é"}, "Version": "2012-10-17"}
    assert normalized(json.dumps(document, indent=4)) == (
        '{"Statement":[{"Principal":{"AWS":["arn:aws:iam::111111111111:root","*"]},"Sid":"é"}],"Version":"2012-10-17"}'
    )


def test_20_kb_is_the_limit_without_white_space() -> None:
    def padded(sid: int) -> str:
        return text("s3:GetObject", "arn:aws:s3:::shelf/*", Sid="s" * sid)

    bare = len(normalized(padded(0)))
    compile_bucket_policy(" ".join([padded(BYTES_MAX - bare)[:-1], " " * 5000, "}"]), "shelf")
    with pytest.raises(PolicyTooLong):
        compile_bucket_policy(padded(BYTES_MAX - bare + 1), "shelf")
