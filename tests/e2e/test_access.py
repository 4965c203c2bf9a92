"""Who may, end to end: bucket policies, users' policies, two accounts, public access, ownership and ACLs."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from tests.support.people import Person, allow, anonymous, deny, owner, policy, stranger, user
from tests.support.server import Server

from farshore.model.access import canonical_user_id

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
NOTHING = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)


@pytest.fixture(scope="module")
def me(server: Server) -> Person:
    return owner(server)


@pytest.fixture(scope="module")
def other(server: Server) -> Person:
    return stranger(server)


@pytest.fixture
def bucket(server: Server) -> Iterator[str]:
    name = f"access-{uuid4().hex[:12]}"
    server.client().create_bucket(Bucket=name)
    yield name


@pytest.fixture
def s3(server: Server) -> Any:
    return server.client()


def refused(call: Callable[[], Any]) -> str:
    """The message of an AccessDenied."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "403"), error
    return error["Message"]


def fails(code: str, call: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    return error


def objects(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}/*"


def bucket_arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"


# --- Bucket policies.


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

    s3.put_bucket_policy(Bucket=bucket, Policy=sized(180))
    assert len(sized(180)) > 20 * 1024
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


# --- Users of the owner's account, and what a refusal says.


def test_a_refusal_names_user_action_resource_and_reason_within_the_account(
    server: Server, s3: Any, bucket: str, me: Person
) -> None:
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    ana = user(me, "ana")
    message = refused(lambda: ana.client().get_object(Bucket=bucket, Key="a/b"))
    assert message == (
        f'User: {ana.arn} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::{bucket}/a/b" '
        "because no identity-based policy allows the s3:GetObject action"
    )
    message = refused(lambda: ana.client().list_buckets())
    assert message == (
        f"User: {ana.arn} is not authorized to perform: s3:ListAllMyBuckets "
        "because no identity-based policy allows the s3:ListAllMyBuckets action"
    )
    ben = user(me, "ben", [allow("s3:*"), deny("s3:PutObject")])
    ben.client().get_object(Bucket=bucket, Key="a/b")
    message = refused(lambda: ben.client().put_object(Bucket=bucket, Key="a/b", Body=b"y"))
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_a_refusal_tells_other_accounts_nothing(server: Server, s3: Any, bucket: str, other: Person) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert refused(lambda: other.client().get_object(Bucket=bucket, Key="k")) == "Access Denied"
    assert refused(lambda: anonymous(server).get_object(Bucket=bucket, Key="k")) == "Access Denied"


def test_head_bucket_names_the_region_even_to_whom_it_refuses(server: Server, other: Person) -> None:
    name = f"access-{uuid4().hex[:12]}"
    west = server.client(region="us-west-2")
    west.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    with pytest.raises(ClientError) as caught:
        other.client(region="us-west-2").head_bucket(Bucket=name)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "us-west-2"


def test_clients_set_to_a_region_that_is_none_here_are_led_to_the_buckets_own(server: Server) -> None:
    name = f"access-{uuid4().hex[:12]}"
    west = server.client(region="us-west-2")
    west.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    elsewhere = server.client(region="eu-central-1")
    elsewhere.put_object(Bucket=name, Key="k", Body=b"x")
    # An answer to HEAD has no body: the header alone leads there. Each is a client that remembers no region yet.
    assert server.client(region="eu-central-1").head_object(Bucket=name, Key="k")["ContentLength"] == 1
    assert server.client(region="eu-central-1").head_bucket(Bucket=name)["BucketRegion"] == "us-west-2"
    # Of no bucket, there is nowhere to lead to.
    error = fails("AuthorizationHeaderMalformed", elsewhere.list_buckets)
    assert error["Region"] == "us-east-1"


def test_refusals_are_logged_with_principal_action_and_reason_and_no_secret(
    server: Server, bucket: str, me: Person
) -> None:
    ana = user(me, "ana")
    refused(lambda: ana.client().get_bucket_location(Bucket=bucket))
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if ana.arn in line]
    (line,) = [line for line in lines if line.get("action") == "s3:GetBucketLocation" and bucket in line["resource"]]
    assert (line["event"], line["principal"], line["decision"]) == ("access denied", ana.arn, "deny")
    assert line["reason"] == "s3:GetBucketLocation is not allowed by any policy."
    assert ana.secret not in server.log.read_text()


def test_only_who_may_list_learns_that_a_key_is_missing(server: Server, s3: Any, bucket: str, me: Person) -> None:
    """Source: API Reference, GetObject, "Permissions"."""
    reader = user(me, "reader", [allow("s3:GetObject*")]).client()
    message = refused(lambda: reader.get_object(Bucket=bucket, Key="gone"))
    assert "s3:ListBucket" in message
    refused(lambda: reader.head_object(Bucket=bucket, Key="gone"))
    refused(lambda: reader.get_object_tagging(Bucket=bucket, Key="gone"))
    lister = user(me, "lister", [allow(["s3:GetObject*", "s3:ListBucket"])]).client()
    fails("NoSuchKey", lambda: lister.get_object(Bucket=bucket, Key="gone"))
    fails("404", lambda: lister.head_object(Bucket=bucket, Key="gone"))


def test_versions_have_actions_of_their_own(server: Server, s3: Any, bucket: str, me: Person) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"1", Tagging="a=b")["VersionId"]
    current = user(me, "current", [allow(["s3:GetObject", "s3:GetObjectTagging", "s3:DeleteObject"])])
    past = user(
        me,
        "past",
        [allow(["s3:GetObjectVersion", "s3:GetObjectVersionTagging", "s3:DeleteObjectVersion"])],
    )
    for person, may_current, may_version in ((current, True, False), (past, False, True)):
        client = person.client()
        for call in (client.get_object, client.get_object_tagging):
            for named, permitted in (({}, may_current), ({"VersionId": version}, may_version)):
                if permitted:
                    call(Bucket=bucket, Key="k", **named)
                else:
                    refused(lambda call=call, named=named: call(Bucket=bucket, Key="k", **named))
    refused(lambda: current.client().delete_object(Bucket=bucket, Key="k", VersionId=version))
    refused(lambda: past.client().delete_object(Bucket=bucket, Key="k"))
    past.client().delete_object(Bucket=bucket, Key="k", VersionId=version)


def test_delete_objects_decides_every_entry(server: Server, s3: Any, bucket: str, me: Person) -> None:
    for key in ("mine/1", "theirs/1"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    ana = user(me, "ana", [allow("s3:DeleteObject", f"{bucket_arn(bucket)}/mine/*")])
    done = ana.client().delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "mine/1"}, {"Key": "theirs/1"}]})
    assert [entry["Key"] for entry in done["Deleted"]] == ["mine/1"]
    assert [(entry["Key"], entry["Code"]) for entry in done["Errors"]] == [("theirs/1", "AccessDenied")]
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["theirs/1"]


def test_tags_and_acls_on_a_write_need_permissions_of_their_own(
    server: Server, s3: Any, bucket: str, me: Person
) -> None:
    writer = user(me, "writer", [allow("s3:PutObject")]).client()
    writer.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert "s3:PutObjectTagging" in refused(lambda: writer.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=b"))
    assert "s3:PutObjectAcl" in refused(
        lambda: writer.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="bucket-owner-full-control")
    )
    refused(lambda: writer.create_multipart_upload(Bucket=bucket, Key="k", Tagging="a=b"))
    tagger = user(me, "tagger", [allow(["s3:PutObject", "s3:PutObjectTagging"])]).client()
    tagger.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=b")


def test_a_copy_reads_its_source_and_its_tags(server: Server, s3: Any, bucket: str, me: Person) -> None:
    s3.put_object(Bucket=bucket, Key="plain", Body=b"x")
    s3.put_object(Bucket=bucket, Key="tagged", Body=b"x", Tagging="a=b")
    to = f"{bucket_arn(bucket)}/copies/*"
    blind = user(me, "blind", [allow("s3:PutObject*", to)]).client()
    refused(lambda: blind.copy_object(Bucket=bucket, Key="copies/1", CopySource=f"{bucket}/plain"))
    seeing = user(me, "seeing", [allow("s3:PutObject*", to), allow("s3:GetObject", objects(bucket))]).client()
    seeing.copy_object(Bucket=bucket, Key="copies/1", CopySource=f"{bucket}/plain")
    message = refused(lambda: seeing.copy_object(Bucket=bucket, Key="copies/2", CopySource=f"{bucket}/tagged"))
    assert "s3:GetObjectTagging" in message
    seeing.copy_object(Bucket=bucket, Key="copies/2", CopySource=f"{bucket}/tagged", TaggingDirective="REPLACE")
    upload = seeing.create_multipart_upload(Bucket=bucket, Key="copies/3")["UploadId"]
    seeing.upload_part_copy(Bucket=bucket, Key="copies/3", UploadId=upload, PartNumber=1, CopySource=f"{bucket}/tagged")
    part = {"Bucket": bucket, "Key": "copies/3", "UploadId": upload, "PartNumber": 1}
    refused(lambda: seeing.upload_part_copy(CopySource=f"{bucket}/copies/none", **part))


# --- Conditions.


def test_conditions_see_the_request(server: Server, s3: Any, bucket: str, me: Person) -> None:
    s3.put_object(Bucket=bucket, Key="home/a", Body=b"x", Tagging="team=crane")
    arn, inside = bucket_arn(bucket), objects(bucket)

    def permitted(statement: dict[str, Any], call: Callable[[Any], Any]) -> bool:
        client = user(me, "cond", [statement]).client()
        try:
            call(client)
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("AccessDenied", "403"), error
            return False
        return True

    def when(action: str, resource: str, operator: str, key: str, value: Any) -> dict[str, Any]:
        return allow(action, resource, Condition={operator: {key: value}})

    def listed(**given: Any) -> Callable[[Any], Any]:
        return lambda client: client.list_objects_v2(Bucket=bucket, **given)

    def got(client: Any) -> Any:
        return client.get_object(Bucket=bucket, Key="home/a")

    def put(**given: Any) -> Callable[[Any], Any]:
        return lambda client: client.put_object(Bucket=bucket, Key="home/new", Body=b"x", **given)

    both = ["s3:PutObject", "s3:PutObjectTagging"]
    table = [
        (when("s3:ListBucket", arn, "StringLike", "s3:prefix", "home/*"), listed(Prefix="home/"), True),
        (when("s3:ListBucket", arn, "StringLike", "s3:prefix", "home/*"), listed(Prefix="other/"), False),
        (when("s3:ListBucket", arn, "StringLike", "s3:prefix", "home/*"), listed(), False),
        (when("s3:ListBucket", arn, "StringEquals", "s3:delimiter", "/"), listed(Delimiter="/"), True),
        (when("s3:ListBucket", arn, "NumericLessThanEquals", "s3:max-keys", "10"), listed(MaxKeys=10), True),
        (when("s3:ListBucket", arn, "NumericLessThanEquals", "s3:max-keys", "10"), listed(MaxKeys=11), False),
        (when("s3:GetObject", inside, "StringEquals", "s3:ExistingObjectTag/team", "crane"), got, True),
        (when("s3:GetObject", inside, "StringEquals", "s3:ExistingObjectTag/team", "heron"), got, False),
        (when("s3:GetObject", inside, "IpAddress", "aws:SourceIp", "127.0.0.0/8"), got, True),
        (when("s3:GetObject", inside, "IpAddress", "aws:SourceIp", "10.0.0.0/8"), got, False),
        (when("s3:GetObject", inside, "Bool", "aws:SecureTransport", "true"), got, False),
        (when("s3:GetObject", inside, "Bool", "aws:SecureTransport", "false"), got, True),
        (when("s3:GetObject", inside, "DateGreaterThan", "aws:CurrentTime", "2024-01-01T00:00:00Z"), got, True),
        (when("s3:GetObject", inside, "StringEquals", "aws:RequestedRegion", "us-east-1"), got, True),
        (when("s3:GetObject", inside, "StringEquals", "aws:ResourceAccount", me.account_id), got, True),
        (when("s3:GetObject", inside, "StringLike", "aws:username", "cond-*"), got, True),
        (when("s3:GetObject", inside, "ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/cond-*"), got, True),
        (when("s3:GetObject", inside, "StringEquals", "aws:PrincipalType", "User"), got, True),
        (when("s3:GetObject", inside, "StringLike", "aws:userid", "AIDA*"), got, True),
        (when("s3:GetObject", inside, "StringEquals", "s3:signatureversion", "AWS4-HMAC-SHA256"), got, True),
        (when("s3:GetObject", inside, "StringEquals", "s3:authType", "REST-QUERY-STRING"), got, False),
        (when("s3:PutObject", inside, "StringEquals", "s3:x-amz-storage-class", "STANDARD_IA"), put(), False),
        (
            when("s3:PutObject", inside, "StringEquals", "s3:x-amz-storage-class", "STANDARD_IA"),
            put(StorageClass="STANDARD_IA"),
            True,
        ),
        (
            allow(both, inside, Condition={"StringEquals": {"s3:RequestObjectTag/team": "crane"}}),
            put(Tagging="team=crane"),
            True,
        ),
        (
            allow(both, inside, Condition={"StringEquals": {"s3:RequestObjectTag/team": "crane"}}),
            put(Tagging="team=heron"),
            False,
        ),
        (
            allow(both, inside, Condition={"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["team"]}}),
            put(Tagging="team=x&size=y"),
            False,
        ),
        (
            when("s3:PutObject*", inside, "StringEquals", "s3:x-amz-acl", "bucket-owner-full-control"),
            put(ACL="bucket-owner-full-control"),
            True,
        ),
        (when("s3:PutObject*", inside, "StringEquals", "s3:x-amz-acl", "bucket-owner-full-control"), put(), False),
        (when("s3:PutObject", inside, "StringEquals", "s3:if-none-match", "*"), put(), False),
    ]
    outcomes = [(statement.get("Condition"), permitted(statement, call)) for statement, call, _ in table]
    assert outcomes == [(statement.get("Condition"), expected) for statement, _, expected in table]


def test_a_presigned_url_is_decided_for_who_signed_it(server: Server, s3: Any, bucket: str, me: Person) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    statement = allow("s3:GetObject", Condition={"StringEquals": {"s3:authType": "REST-QUERY-STRING"}})
    ana = user(me, "ana", [statement])
    url = ana.client(signature_version="s3v4").generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k"}
    )
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"x"
    refused(lambda: ana.client().get_object(Bucket=bucket, Key="k"))


OVERRIDES = (
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
)


@pytest.mark.parametrize("override", OVERRIDES)
def test_who_does_not_sign_may_not_choose_the_headers_of_the_answer(
    server: Server, s3: Any, bucket: str, override: str
) -> None:
    """Else anyone could have a public object run as a page. Whoever signs, even a URL, may."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"<script>", ContentType="text/plain")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow("s3:GetObject", objects(bucket), Principal="*")))
    value = "Thu, 01 Jan 2026 00:00:00 GMT" if override == "response-expires" else "text/html"
    member = {"".join(part.title() for part in override.split("-")): value}
    nobody = anonymous(server)
    assert nobody.get_object(Bucket=bucket, Key="k")["ContentType"] == "text/plain"
    with pytest.raises(ClientError) as error:
        nobody.get_object(Bucket=bucket, Key="k", **member)
    answer = error.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]) == (
        400,
        "InvalidRequest",
        "Request specific response headers cannot be used for anonymous GET requests.",
    )
    with pytest.raises(ClientError) as error:
        nobody.head_object(Bucket=bucket, Key="k", **member)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    s3.get_object(Bucket=bucket, Key="k", **member)
    with urllib.request.urlopen(
        s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k", **member})
    ) as sent:
        assert sent.headers[override.removeprefix("response-")] == value


# --- Two accounts.


def test_another_account_needs_both_sides(server: Server, s3: Any, bucket: str, other: Person) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    willing = user(other, "willing", [allow("s3:GetObject")])
    without = user(other, "without")
    for person in (other, willing, without):
        refused(lambda person=person: person.client().get_object(Bucket=bucket, Key="k"))
    grant = allow("s3:GetObject", objects(bucket), Principal={"AWS": other.account_id})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(grant))
    other.client().get_object(Bucket=bucket, Key="k")
    willing.client().get_object(Bucket=bucket, Key="k")
    refused(lambda: without.client().get_object(Bucket=bucket, Key="k"))
    refused(lambda: other.client().put_object(Bucket=bucket, Key="k", Body=b"y"))
    refused(lambda: anonymous(server).get_object(Bucket=bucket, Key="k"))


def test_what_another_account_writes_belongs_to_the_bucket_s_owner(
    s3: Any, bucket: str, me: Person, other: Person
) -> None:
    grant = allow(["s3:PutObject", "s3:PutObjectAcl"], objects(bucket), Principal={"AWS": other.account_id})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(grant))
    other.client().put_object(Bucket=bucket, Key="k", Body=b"x", ACL="bucket-owner-full-control")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    acl = s3.get_object_acl(Bucket=bucket, Key="k")
    assert acl["Owner"]["ID"] == canonical_user_id(me.account_id)
    refused(lambda: other.client().get_object(Bucket=bucket, Key="k"))
    fails(
        "AccessControlListNotSupported",
        lambda: other.client().put_object(Bucket=bucket, Key="k", Body=b"x", ACL="private"),
    )


def test_the_expected_owner_is_checked_everywhere(s3: Any, bucket: str, me: Person, other: Person) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ExpectedBucketOwner=me.account_id)
    calls: list[Callable[[str], Any]] = [
        lambda id: s3.get_object(Bucket=bucket, Key="k", ExpectedBucketOwner=id),
        lambda id: s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner=id),
        lambda id: s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]}, ExpectedBucketOwner=id),
        lambda id: s3.get_bucket_policy(Bucket=bucket, ExpectedBucketOwner=id),
        lambda id: s3.put_bucket_tagging(
            Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}, ExpectedBucketOwner=id
        ),
        lambda id: s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k", ExpectedSourceBucketOwner=id),
    ]
    for call in calls:
        assert refused(lambda call=call: call(other.account_id)) == "Access Denied"
        for wrong in ("0000", "0000000000020", "abcd", "aa000000000$"):
            error = fails("InvalidBucketOwnerAWSAccountID", lambda call=call, wrong=wrong: call(wrong))
            expected = f"The value of the expected bucket owner parameter must be an AWS Account ID... [{wrong}]"
            assert error["Message"] == expected
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


# --- Public access.


def test_a_new_bucket_blocks_all_public_access_until_told_otherwise(server: Server, s3: Any, bucket: str) -> None:
    shown = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert shown == dict.fromkeys(NOTHING, True)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    public = policy(allow("s3:GetObject", objects(bucket), Principal="*"))
    message = refused(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=public))
    assert message.endswith(
        f's3:PutBucketPolicy on resource: "arn:aws:s3:::{bucket}" because public policies are prevented by the '
        "BlockPublicPolicy setting in S3 Block Public Access."
    )
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**NOTHING, "RestrictPublicBuckets": True})
    s3.put_bucket_policy(Bucket=bucket, Policy=public)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": True}
    nobody = anonymous(server)
    refused(lambda: nobody.get_object(Bucket=bucket, Key="k"))
    s3.delete_public_access_block(Bucket=bucket)
    fails("NoSuchPublicAccessBlockConfiguration", lambda: s3.get_public_access_block(Bucket=bucket))
    assert nobody.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    refused(lambda: nobody.put_object(Bucket=bucket, Key="k", Body=b"y"))
    refused(lambda: nobody.list_objects_v2(Bucket=bucket))


def test_restricting_public_buckets_keeps_out_other_accounts_too(s3: Any, bucket: str, other: Person) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_public_access_block(Bucket=bucket)
    statements = [allow("s3:GetObject", objects(bucket), Principal=who) for who in ("*", {"AWS": other.account_id})]
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(*statements))
    other.client().get_object(Bucket=bucket, Key="k")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**NOTHING, "RestrictPublicBuckets": True})
    assert refused(lambda: other.client().get_object(Bucket=bucket, Key="k")) == "Access Denied"


# --- Ownership and ACLs.


def test_a_new_bucket_enforces_its_owner_and_takes_no_acl(s3: Any, bucket: str, me: Person) -> None:
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for acl in ("public-read", "private"):
        fails("AccessControlListNotSupported", lambda acl=acl: s3.put_bucket_acl(Bucket=bucket, ACL=acl))
    fails("AccessControlListNotSupported", lambda: s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read"))
    same = {name: value for name, value in s3.get_bucket_acl(Bucket=bucket).items() if name in ("Owner", "Grants")}
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=same)
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")
    full = {"Grantee": {"Type": "CanonicalUser", "ID": canonical_user_id(me.account_id)}, "Permission": "FULL_CONTROL"}
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"] == [full]
    assert s3.get_object_acl(Bucket=bucket, Key="k")["Grants"] == [full]


def writers_bucket(s3: Any, ownership: str = "ObjectWriter") -> str:
    name = f"acl-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, ObjectOwnership=ownership)
    s3.delete_public_access_block(Bucket=name)
    return name


def test_public_acls_are_kept_out_while_they_are_blocked(server: Server, s3: Any) -> None:
    name = writers_bucket(s3)
    s3.put_object(Bucket=name, Key="k", Body=b"x", ACL="public-read")
    nobody = anonymous(server)
    assert nobody.get_object(Bucket=name, Key="k")["Body"].read() == b"x"
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={**NOTHING, "IgnorePublicAcls": True})
    refused(lambda: nobody.get_object(Bucket=name, Key="k"))
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={**NOTHING, "BlockPublicAcls": True})
    nobody.get_object(Bucket=name, Key="k")
    for call, action in (
        (lambda: s3.put_object_acl(Bucket=name, Key="k", ACL="public-read"), "PutObjectAcl"),
        (lambda: s3.put_object(Bucket=name, Key="n", Body=b"x", ACL="authenticated-read"), "PutObject"),
        (lambda: s3.put_bucket_acl(Bucket=name, ACL="public-read"), "PutBucketAcl"),
    ):
        message = refused(call)
        assert f"s3:{action} on" in message
        assert message.endswith(
            "because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."
        )
    error = fails(
        "InvalidBucketAclWithBlockPublicAccessError",
        lambda: s3.create_bucket(Bucket=f"acl-{uuid4().hex[:8]}", ObjectOwnership="ObjectWriter", ACL="public-read"),
    )
    assert error["Message"] == "Bucket cannot have public ACLs set with BlockPublicAccess enabled"


def test_bucket_acls_are_kept_and_count(server: Server, s3: Any, me: Person, other: Person) -> None:
    """Recorded answers: TestS3::test_s3_bucket_acl."""
    name = writers_bucket(s3)
    owner_id, other_id = canonical_user_id(me.account_id), canonical_user_id(other.account_id)
    full = {"Grantee": {"ID": owner_id, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    everyone = {"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "READ"}
    s3.put_bucket_acl(Bucket=name, ACL="public-read")
    acl = s3.get_bucket_acl(Bucket=name)
    assert (acl["Owner"], acl["Grants"]) == ({"ID": owner_id}, [full, everyone])
    anonymous(server).list_objects_v2(Bucket=name)
    refused(lambda: anonymous(server).put_object(Bucket=name, Key="k", Body=b"x"))
    s3.put_bucket_acl(Bucket=name, GrantRead=f'id="{other_id}"')
    refused(lambda: anonymous(server).list_objects_v2(Bucket=name))
    other.client().list_objects_v2(Bucket=name)
    refused(lambda: other.client().get_bucket_acl(Bucket=name))
    granted = {"Grantee": {"ID": other_id, "Type": "CanonicalUser"}, "Permission": "WRITE"}
    s3.put_bucket_acl(Bucket=name, AccessControlPolicy={"Owner": {"ID": owner_id}, "Grants": [full, granted]})
    assert s3.get_bucket_acl(Bucket=name)["Grants"] == [full, granted]
    other.client().put_object(Bucket=name, Key="theirs", Body=b"x")
    s3.put_object(Bucket=name, Key="mine", Body=b"x")
    refused(lambda: other.client().put_object(Bucket=name, Key="mine", Body=b"y"))
    refused(lambda: other.client().delete_object(Bucket=name, Key="mine"))
    other.client().delete_object(Bucket=name, Key="theirs")
    fails(
        "InvalidBucketAclWithObjectOwnership",
        lambda: s3.put_bucket_ownership_controls(
            Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        ),
    )


def test_an_object_belongs_to_its_writer_where_ownership_says_so(
    server: Server, s3: Any, me: Person, other: Person
) -> None:
    name = writers_bucket(s3)
    s3.put_bucket_policy(
        Bucket=name, Policy=policy(allow("s3:PutObject*", objects(name), Principal={"AWS": other.account_id}))
    )
    theirs = other.client()
    theirs.put_object(Bucket=name, Key="k", Body=b"x")
    assert theirs.get_object(Bucket=name, Key="k")["Body"].read() == b"x"
    message = refused(lambda: s3.get_object(Bucket=name, Key="k"))
    assert "s3:GetObject" in message
    theirs.put_object_acl(Bucket=name, Key="k", ACL="bucket-owner-read")
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == b"x"
    refused(lambda: s3.get_object_acl(Bucket=name, Key="k"))
    s3.delete_object(Bucket=name, Key="k")
    for ownership, readable in (("ObjectWriter", True), ("BucketOwnerPreferred", True)):
        controls = {"Rules": [{"ObjectOwnership": ownership}]}
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=controls)
        theirs.put_object(Bucket=name, Key="k", Body=b"x", ACL="bucket-owner-full-control")
        s3.get_object(Bucket=name, Key="k")
        owned_by_bucket = ownership == "BucketOwnerPreferred"
        shown = s3.get_object_acl(Bucket=name, Key="k")["Owner"]["ID"]
        assert shown == canonical_user_id(me.account_id if owned_by_bucket else other.account_id)
        assert readable
    upload = theirs.create_multipart_upload(Bucket=name, Key="m", ACL="bucket-owner-full-control")["UploadId"]
    part = theirs.upload_part(Bucket=name, Key="m", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    theirs.complete_multipart_upload(Bucket=name, Key="m", UploadId=upload, MultipartUpload=parts)
    assert s3.get_object_acl(Bucket=name, Key="m")["Owner"]["ID"] == canonical_user_id(me.account_id)


def test_enforcing_the_owner_takes_over_what_others_wrote(s3: Any, me: Person, other: Person) -> None:
    name = writers_bucket(s3)
    s3.put_bucket_policy(
        Bucket=name, Policy=policy(allow("s3:PutObject", objects(name), Principal={"AWS": other.account_id}))
    )
    other.client().put_object(Bucket=name, Key="k", Body=b"x")

    def listed() -> list[str]:
        found = s3.list_objects_v2(Bucket=name, FetchOwner=True)["Contents"]
        found += s3.list_objects(Bucket=name)["Contents"] + s3.list_object_versions(Bucket=name)["Versions"]
        return [entry["Owner"]["ID"] for entry in found]

    assert listed() == [canonical_user_id(other.account_id)] * 3
    refused(lambda: s3.get_object(Bucket=name, Key="k"))
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=enforced)
    assert listed() == [canonical_user_id(me.account_id)] * 3
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == b"x"
    refused(lambda: other.client().get_object(Bucket=name, Key="k"))


def test_the_anonymous_writer_s_objects_are_its_own_and_it_may_delete_them(server: Server, s3: Any) -> None:
    """Recorded answers: TestS3::test_s3_batch_delete_public_objects_using_requests."""
    name = writers_bucket(s3)
    s3.put_bucket_acl(Bucket=name, ACL="public-read-write")
    nobody = anonymous(server)
    for key in ("1", "2"):
        nobody.put_object(Bucket=name, Key=key, Body=b"x", ACL="public-read-write")
    done = nobody.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "1"}, {"Key": "2"}]})
    assert sorted(entry["Key"] for entry in done["Deleted"]) == ["1", "2"]
    assert "Errors" not in done


def test_object_acls_are_kept_and_shown(s3: Any, me: Person) -> None:
    """Recorded answers: TestS3::test_s3_object_acl, test_s3_multipart_upload_acls."""
    name = writers_bucket(s3)
    owner_id = canonical_user_id(me.account_id)
    full = {"Grantee": {"ID": owner_id, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    assert s3.get_object_acl(Bucket=name, Key="k")["Grants"] == [full]
    s3.put_object_acl(Bucket=name, Key="k", ACL="public-read-write")
    everyone = [{"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": each} for each in ("READ", "WRITE")]
    assert s3.get_object_acl(Bucket=name, Key="k")["Grants"] == [full, *everyone]
    logs = "http://acs.amazonaws.com/groups/s3/LogDelivery"
    s3.put_object_acl(Bucket=name, Key="k", GrantRead=f'uri="{logs}"')
    acl = s3.get_object_acl(Bucket=name, Key="k")
    assert acl["Grants"] == [{"Grantee": {"Type": "Group", "URI": logs}, "Permission": "READ"}]
    s3.copy_object(Bucket=name, Key="copy", CopySource=f"{name}/k")
    assert s3.get_object_acl(Bucket=name, Key="copy")["Grants"] == [full]


REFUSED_ACLS = [
    # what is put, the error's code, what it says
    ({"ACL": "fake-acl"}, "InvalidArgument", {"ArgumentName": "x-amz-acl", "ArgumentValue": "fake-acl"}),
    (
        {"GrantWrite": 'uri="http://acs.amazonaws.com/groups/s3/FakeGroup"'},
        "InvalidArgument",
        {"ArgumentName": "uri", "Message": "Invalid group uri"},
    ),
    (
        {"GrantWrite": 'fakekey="1234"'},
        "InvalidArgument",
        {
            "ArgumentName": "x-amz-grant-write",
            "ArgumentValue": 'fakekey="1234"',
            "Message": "Argument format not recognized",
        },
    ),
    ({"GrantWrite": 'id="wrong-id"'}, "InvalidArgument", {"ArgumentName": "id", "Message": "Invalid id"}),
    ({"GrantRead": 'emailAddress="a@example.com"'}, "UnresolvableGrantByEmailAddress", {}),
    ({"AccessControlPolicy": {"Grants": []}}, "MalformedACLError", {}),
    ({"AccessControlPolicy": {}}, "MalformedACLError", {}),
    (
        {"AccessControlPolicy": {"Owner": {"ID": "wrong-id"}, "Grants": []}},
        "InvalidArgument",
        {"ArgumentName": "CanonicalUser/ID", "ArgumentValue": "wrong-id", "Message": "Invalid id"},
    ),
    ({}, "MissingSecurityHeader", {"MissingHeaderName": "x-amz-acl"}),
    (
        {"ACL": "private", "GrantRead": f'uri="{ALL_USERS}"'},
        "InvalidRequest",
        {"Message": "Specifying both Canned ACLs and Header Grants is not allowed"},
    ),
]


@pytest.mark.parametrize(("given", "code", "says"), REFUSED_ACLS)
def test_acls_that_aws_refuses(s3: Any, given: dict[str, Any], code: str, says: dict[str, str]) -> None:
    """Recorded answers: TestS3::test_s3_bucket_acl_exceptions, test_s3_object_acl_exceptions."""
    name = writers_bucket(s3)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    for call in (
        lambda: s3.put_bucket_acl(Bucket=name, **given),
        lambda: s3.put_object_acl(Bucket=name, Key="k", **given),
    ):
        error = fails(code, call)
        assert {member: error.get(member) for member in says} == says


def test_a_canned_acl_and_a_document_do_not_go_together(s3: Any, me: Person) -> None:
    name = writers_bucket(s3)
    document = {"Owner": {"ID": canonical_user_id(me.account_id)}, "Grants": []}
    call = lambda: s3.put_bucket_acl(Bucket=name, ACL="private", AccessControlPolicy=document)  # noqa: E731
    assert fails("UnexpectedContent", call)["Message"] == "This request does not support content"


def test_ownership_controls_are_set_shown_and_deleted(s3: Any) -> None:
    name = writers_bucket(s3, "BucketOwnerPreferred")
    controls = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    for wrong in ([], [{"ObjectOwnership": "Nobody"}], [{"ObjectOwnership": "ObjectWriter"}] * 2):
        fails(
            "MalformedXML",
            lambda wrong=wrong: s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": wrong}),
        )
    s3.delete_bucket_ownership_controls(Bucket=name)
    fails("OwnershipControlsNotFoundError", lambda: s3.get_bucket_ownership_controls(Bucket=name))
    s3.put_object(Bucket=name, Key="k", Body=b"x", ACL="public-read")
    fails("InvalidArgument", lambda: s3.create_bucket(Bucket=f"acl-{uuid4().hex[:8]}", ObjectOwnership="Nobody"))
    fails(
        "InvalidBucketAclWithObjectOwnership",
        lambda: s3.create_bucket(Bucket=f"acl-{uuid4().hex[:8]}", ACL="public-read"),
    )
