"""Bucket policies, end to end: kept as they were put, refused in AWS's words, and in force for the next request."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.support.people import Person, allow, deny, policy, user
from tests.support.refusals import bucket_arn, fails, objects, refused
from tests.support.server import Server


def test_a_bucket_policy_is_kept_shown_and_deleted(s3: Any, bucket: str, me: Person) -> None:
    error = fails("NoSuchBucketPolicy", lambda: s3.get_bucket_policy(Bucket=bucket))
    assert error["BucketName"] == bucket
    assert error["Message"] == "The bucket policy does not exist"
    fails("NoSuchBucketPolicy", lambda: s3.get_bucket_policy_status(Bucket=bucket))
    statement = allow("s3:GetObject", objects(bucket), Principal={"AWS": me.account_id})
    put = s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 204
    shown = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    root = {"AWS": f"arn:aws:iam::{me.account_id}:root"}
    assert shown == {"Version": "2012-10-17", "Statement": [{**statement, "Principal": root}]}
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    for _ in range(2):
        assert s3.delete_bucket_policy(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    fails("NoSuchBucketPolicy", lambda: s3.get_bucket_policy(Bucket=bucket))


MALFORMED = [
    # the policy, or how its one statement differs; AWS's message
    ("[]", "Policies must be valid JSON and the first byte must be '{'"),
    (' {"Version": "2012-10-17"}', "Policies must be valid JSON and the first byte must be '{'"),
    ('{"Version": "2012-10-17"', "This policy contains invalid Json"),
    ('{"Version": "2012-10-17"}', "Missing required field Statement"),
    ('{"Version": "2012-10-17", "Statement": []}', "Could not parse the policy: Statement is empty!"),
    ({"Version": "2011-01-01"}, "The policy must contain a valid version string"),
    ({"Resource": "arn:aws:s3:::another/*"}, "Policy has invalid resource"),
    ({"Resource": "arn:aws:sqs:us-east-1:111111111111:q"}, "Policy has invalid resource"),
    ({"Resource": "BUCKET"}, "Action does not apply to any resource(s) in statement"),
    ({"Action": "s3:ListBucket"}, "Action does not apply to any resource(s) in statement"),
    ({"Action": "s3:FetchObject"}, "Policy has invalid action"),
    ({"Action": "ec2:RunInstances"}, "Policy has invalid action"),
    ({"Principal": {"AWS": "arn:aws:iam::ACCOUNT:user/nobody"}}, "Invalid principal in policy"),
    ({"Principal": {"Service": "s3.example.com"}}, "Invalid principal in policy"),
    ({"Principal": {"CanonicalUser": "0" * 64}}, "Invalid principal in policy"),
    ({"Principal": None}, "Missing required field Principal"),
    ({"Resource": None}, "Missing required field Resource"),
    ({"Action": None}, "Missing required field Action"),
    ({"Condition": {"StringEquals": {"s3:Preefix": "a"}}}, "Policy has an invalid condition key"),
    ({"Condition": {"StringSimilar": {"s3:prefix": "a"}}}, "Invalid Condition type : StringSimilar"),
]


@pytest.mark.parametrize(("written", "message"), MALFORMED)
def test_a_malformed_policy_is_refused_in_aws_s_words(
    s3: Any, bucket: str, me: Person, written: str | dict[str, Any], message: str
) -> None:
    text = written
    if isinstance(written, dict):
        statement = allow("s3:GetObject", objects(bucket), Principal={"AWS": me.account_id})
        document = {"Version": written.get("Version", "2012-10-17"), "Statement": [statement]}
        statement |= {name: value for name, value in written.items() if name != "Version"}
        statement = {name: value for name, value in statement.items() if value is not None}
        document["Statement"] = [statement]
        text = json.dumps(document).replace("BUCKET", bucket_arn(bucket)).replace("ACCOUNT", me.account_id)
    assert fails("MalformedPolicy", lambda: s3.put_bucket_policy(Bucket=bucket, Policy=text))["Message"] == message


def test_a_policy_is_at_most_20_kb_without_white_space(s3: Any, bucket: str, me: Person) -> None:
    def sized(keys: int) -> str:
        resources = [f"{bucket_arn(bucket)}/{number:05}{'x' * 60}" for number in range(keys)]
        statement = allow("s3:GetObject", resources, Principal={"AWS": me.account_id})
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=8)

    s3.put_bucket_policy(Bucket=bucket, Policy=sized(160))
    assert len(sized(160)) > 20 * 1024
    fails("PolicyTooLarge", lambda: s3.put_bucket_policy(Bucket=bucket, Policy=sized(240)))


def test_the_owner_s_root_is_bound_by_a_policy_but_can_always_replace_it(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    everything = deny("s3:*", [bucket_arn(bucket), objects(bucket)], Principal="*", Sid="NoOne")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(everything))
    message = refused(lambda: s3.get_object(Bucket=bucket, Key="k"))
    assert message.endswith("with an explicit deny in a resource-based policy")
    refused(lambda: s3.delete_object(Bucket=bucket, Key="k"))
    refused(lambda: s3.list_objects_v2(Bucket=bucket))
    assert "NoOne" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize("confirmed", [None, False, True])
def test_a_policy_that_locks_its_author_out_is_taken_as_aws_takes_it(
    s3: Any, bucket: str, me: Person, confirmed: bool | None
) -> None:
    """AWS's reference has a header to confirm it; policies without it are taken all the same."""
    ana = user(me, "ana", [allow("s3:*")])
    no_more = deny(["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"], bucket_arn(bucket), Principal={"AWS": ana.arn})
    header = {} if confirmed is None else {"ConfirmRemoveSelfBucketAccess": confirmed}
    ana.client().put_bucket_policy(Bucket=bucket, Policy=policy(no_more), **header)
    refused(lambda: ana.client().put_bucket_policy(Bucket=bucket, Policy=policy(no_more)))
    refused(lambda: ana.client().delete_bucket_policy(Bucket=bucket))
    everyone = {**no_more, "Principal": "*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(everyone))
    s3.delete_bucket_policy(Bucket=bucket)
    ana.client().put_bucket_policy(Bucket=bucket, Policy=policy(no_more))


def test_a_change_of_policy_holds_for_the_next_request(server: Server, s3: Any, bucket: str, me: Person) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    ana = user(me, "ana")
    for _ in range(3):
        refused(lambda: ana.client().get_object(Bucket=bucket, Key="k"))
        s3.put_bucket_policy(
            Bucket=bucket, Policy=policy(allow("s3:GetObject", objects(bucket), Principal={"AWS": ana.arn}))
        )
        ana.client().get_object(Bucket=bucket, Key="k")
        s3.delete_bucket_policy(Bucket=bucket)


def test_a_policy_means_who_had_the_name_when_it_was_put(s3: Any, bucket: str, me: Person) -> None:
    """Source: IAM User Guide, "AWS JSON policy elements: Principal"."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    iam = me.client("iam")
    ana = user(me, "ana")
    name = ana.arn.rpartition("/")[2]
    unique_id = iam.get_user(UserName=name)["User"]["UserId"]
    s3.put_bucket_policy(
        Bucket=bucket, Policy=policy(allow("s3:GetObject", objects(bucket), Principal={"AWS": ana.arn}))
    )
    ana.client().get_object(Bucket=bucket, Key="k")
    iam.delete_access_key(UserName=name, AccessKeyId=ana.key_id)
    iam.delete_user(UserName=name)
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    namesake = replace(ana, key_id=key["AccessKeyId"], secret=key["SecretAccessKey"])
    refused(lambda: namesake.client().get_object(Bucket=bucket, Key="k"))
    shown = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert shown["Statement"][0]["Principal"] == {"AWS": unique_id}
    fails("MalformedPolicy", lambda: s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(shown)))


def test_principals_of_accounts_elsewhere_are_taken_and_match_nobody(s3: Any, bucket: str, other: Person) -> None:
    named = ["999999999999", "arn:aws:iam::999999999999:role/loader"]
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow("s3:GetObject", objects(bucket), Principal={"AWS": named})))
    refused(lambda: other.client().get_object(Bucket=bucket, Key="k"))


def test_a_permitted_caller_of_another_account_may_still_not_touch_the_policy(
    s3: Any, bucket: str, other: Person
) -> None:
    grant = allow("s3:*BucketPolicy", bucket_arn(bucket), Principal={"AWS": other.account_id})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(grant))
    theirs = other.client()
    fails("MethodNotAllowed", lambda: theirs.get_bucket_policy(Bucket=bucket))
    fails("MethodNotAllowed", lambda: theirs.put_bucket_policy(Bucket=bucket, Policy=policy(grant)))
    fails("MethodNotAllowed", lambda: theirs.delete_bucket_policy(Bucket=bucket))
