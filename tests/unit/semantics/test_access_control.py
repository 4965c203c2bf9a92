"""ACLs under Bucket owner enforced. Source: S3 User Guide, "Controlling ownership of objects and disabling ACLs for
your bucket"; answers recorded on AWS."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from farshore.model.errors import (
    AccessControlListNotSupported,
    InvalidArgument,
    InvalidBucketAclWithObjectOwnership,
    InvalidRequest,
)
from farshore.semantics.access_control import bucket_grants, check_bucket_acl, check_object_acl


@pytest.mark.parametrize(
    ("params", "by_owner"),
    [
        ({}, True),
        ({}, False),
        ({"ACL": "bucket-owner-full-control"}, True),
        ({"ACL": "bucket-owner-full-control"}, False),
        ({"ACL": "private"}, True),
    ],
)
def test_an_object_s_acl_may_say_what_holds_anyway(params: dict[str, str], by_owner: bool) -> None:
    """`private` says so too where the writer is the bucket owner, and only there."""
    check_object_acl(params, by_owner=by_owner)


@pytest.mark.parametrize(
    ("params", "by_owner"),
    [
        ({"ACL": "private"}, False),
        ({"ACL": "public-read"}, True),
        ({"ACL": "bucket-owner-read"}, True),
        ({"GrantRead": 'id="x"'}, True),
        ({"ACL": "public-read"}, False),
    ],
)
def test_an_object_has_no_other_acl(params: dict[str, str], by_owner: bool) -> None:
    with pytest.raises(AccessControlListNotSupported):
        check_object_acl(params, by_owner=by_owner)


@pytest.mark.parametrize("params", [{}, {"ACL": "private"}])
def test_a_bucket_s_acl_may_say_what_holds_anyway(params: dict[str, str]) -> None:
    check_bucket_acl(params)


@pytest.mark.parametrize("params", [{"ACL": "public-read"}, {"ACL": "authenticated-read"}, {"GrantWrite": 'id="x"'}])
def test_a_bucket_has_no_other_acl(params: dict[str, str]) -> None:
    with pytest.raises(InvalidBucketAclWithObjectOwnership):
        check_bucket_acl(params)


@pytest.mark.parametrize("check", [partial(check_object_acl, by_owner=True), check_bucket_acl])
def test_an_acl_that_does_not_exist_is_an_invalid_argument_without_message(
    check: Callable[[dict[str, Any]], None],
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check({"ACL": "fake-acl"})
    assert refused.value.message == ""
    assert refused.value.details == {"ArgumentName": "x-amz-acl", "ArgumentValue": "fake-acl"}


@pytest.mark.parametrize("check", [partial(check_object_acl, by_owner=True), check_bucket_acl])
def test_canned_acl_and_grants_do_not_go_together(check: Callable[[dict[str, Any]], None]) -> None:
    with pytest.raises(InvalidRequest, match="Specifying both Canned ACLs and Header Grants is not allowed"):
        check({"ACL": "private", "GrantRead": 'id="x"'})


@pytest.mark.parametrize(
    "text",
    ['id="x"', "id=x", ' id = "x" ', "ID=x", 'Id="x', "id= x\t", 'id="x" , id="y"'],
)
def test_a_grantee_in_a_header_is_read_as_loosely_as_it_is_written(text: str) -> None:
    grants = bucket_grants({"GrantRead": text}, owner="o", is_known={"x", "y"}.__contains__)
    assert grants is not None and [grant.grantee for grant in grants] == ["x", "y"][: len(grants)]


BLANKS = " " * 30_000


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "id",
        "",
        "name=x",
        'id="x"y',
        'id=""x"',
        "id=x,",
        f'id={BLANKS}""x',
        f'id="{BLANKS}"{BLANKS}x',
        f"id{BLANKS}x",
    ],
)
def test_a_header_that_names_no_grantee_is_refused_at_once(text: str) -> None:
    before = time.process_time()
    with pytest.raises(InvalidArgument, match="Argument format not recognized"):
        bucket_grants({"GrantRead": text}, owner="o", is_known=bool)
    assert time.process_time() - before < 0.1
