"""One decision is made for all objects of a bucket only where no policy tells them apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.access import OWNER, asked, bucket_policy, identity, statement, user

from farshore.auth.alike import decided_alike
from farshore.auth.evaluate import IdentityPolicies, evaluate

SHELF = "arn:aws:s3:::shelf"
GET = "s3:GetObject"

ALIKE: list[dict[str, Any]] = [
    {"Resource": "*"},
    {"Resource": "arn:aws:s3:::*"},
    {"Resource": f"{SHELF}/*"},
    {"Resource": f"{SHELF}*"},
    {"Resource": "arn:aws:s3:::she*"},
    {"Resource": SHELF},
    {"Resource": ["arn:aws:s3:::other/a/*", "arn:aws:s3:::shelves/*", f"{SHELF}/*"]},
    {"NotResource": f"{SHELF}/*"},
    {"Condition": {"StringEquals": {"aws:PrincipalAccount": "1", "s3:prefix": "absent"}}},
    {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    {"Condition": {"StringEquals": {"aws:PrincipalArn": "${aws:userid}"}}},
]
APART: list[dict[str, Any]] = [
    {"Resource": f"{SHELF}/a*"},
    {"Resource": f"{SHELF}/a"},
    {"Resource": [f"{SHELF}/*", f"{SHELF}/a/*"]},
    {"NotResource": f"{SHELF}/a/*"},
    {"Resource": f"{SHELF}/*.jpg"},
    {"Resource": "arn:aws:s3:::*/a"},
    {"Resource": "arn:aws:s3:::sh?lf/*"},
    {"Resource": SHELF + "/${aws:userid}/*"},
    {"Resource": "arn:aws:*:::shelf/*"},
    {"Condition": {"StringEquals": {"s3:ExistingObjectTag/a": "1"}}},
    {"Condition": {"StringEquals": {"s3:VersionId": "1"}}},
    {"Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}},
    {"Condition": {"StringEquals": {"aws:PrincipalArn": "${s3:ExistingObjectTag/a}"}}},
]


@pytest.mark.parametrize("elements", ALIKE, ids=str)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_these_statements_tell_no_object_from_another(effect: str, elements: dict[str, Any]) -> None:
    assert decided_alike([identity(statement(effect, GET, **elements))], [GET], "shelf")


@pytest.mark.parametrize("elements", APART, ids=str)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_these_statements_may_tell_objects_apart(effect: str, elements: dict[str, Any]) -> None:
    policy = identity(statement(effect, GET, **elements))
    assert not decided_alike([identity(statement("Allow", GET)), policy], [GET], "shelf")
    assert not decided_alike([policy], ["s3:PutObject", GET], "shelf")


def test_statements_about_other_actions_do_not_count() -> None:
    policy = identity(statement("Allow", GET, Resource=f"{SHELF}/a/*"))
    assert decided_alike([policy], ["s3:PutObject"], "shelf")


def test_the_policy_of_a_bucket_counts_as_well() -> None:
    policy = bucket_policy(statement("Deny", GET, principal="*", Resource=f"{SHELF}/a/*"))
    assert not decided_alike([identity(statement("Allow", GET)), policy], [GET], "shelf")


STATEMENTS = st.builds(
    lambda effect, elements: statement(effect, GET, **elements),
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(ALIKE + APART),
)


@given(st.lists(STATEMENTS, min_size=1, max_size=4))
def test_where_it_says_alike_every_object_is_decided_so(statements: list[dict[str, Any]]) -> None:
    policy = identity(*statements)
    if not decided_alike([policy], [GET], "shelf"):
        return
    decisions = {
        evaluate(
            asked(
                user(OWNER),
                IdentityPolicies(identity=(policy,)),
                action=GET,
                resource=f"{SHELF}/{key}",
                context={"s3:existingobjecttag/a": (tag,), "s3:versionid": (tag,), "aws:userid": ("a",)},
            )
        ).allowed
        for key in ("a", "a/b", "b", "b.jpg", "c/a")
        for tag in ("1", "2")
    }
    assert len(decisions) == 1
