"""Block Public Access of buckets, Object Ownership and ACLs, end to end."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from tests.support.people import Person, allow, anonymous, policy
from tests.support.refusals import fails, objects, refused
from tests.support.server import Server

from farshore.model.access import canonical_user_id

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
NOTHING = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)


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
