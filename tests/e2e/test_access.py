"""Who may, end to end: users of the owner's account, conditions, two accounts."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from tests.support.people import Person, allow, anonymous, deny, policy, user
from tests.support.refusals import bucket_arn, fails, objects, refused
from tests.support.server import Server

from farshore.model.access import canonical_user_id

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
