"""Uploads by browsers' forms: what AWS answered to them (recorded), and what S3's documents say besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from tests.e2e.recorded_answers import Recorded, document, shown
from tests.support.replication import enable_versioning, put_rule, wait_for

FIELD = "test-body-tagging"
REDIRECT = "http://localhost.test/random"
_OF_ONE_RUN = ("RequestId", "HostId", "StringToSign", "StringToSignBytes", "SignatureProvided", "AWSAccessKeyId")

Fields = dict[str, str]


def recorded(test: str) -> Recorded:
    return Recorded("posts", test)


@pytest.fixture
def client(server: Any) -> Any:
    return lambda version="s3v4": boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
        config=Config(signature_version=version, s3={"addressing_style": "path"}),
    )


def signed(client: Any, bucket: str, key: str = "key", fields: Fields | None = None, **more: Any) -> tuple[str, Fields]:
    """A form for an upload, as boto3 makes it: conditions are those of its fields and `Conditions`."""
    conditions = [{name: value} for name, value in (fields or {}).items()] + more.pop("Conditions", [])
    made = client.generate_presigned_post(bucket, key, Fields=fields, Conditions=conditions, **more)
    return made["url"], made["fields"]


def post(url: str, fields: Mapping[str, Any], body: str | bytes = FIELD, filename: str | None = "my-file") -> Any:
    file = (filename, body) if filename is not None else body
    return urllib3.request("POST", url, fields=[*fields.items(), ("file", file)], redirect=False)


def said(answer: Any) -> Any:
    """An error as it is recorded."""
    members = document(answer.data)
    return {"Error": {name: value for name, value in members["Error"].items() if name not in _OF_ONE_RUN}}


def with_status(answer: Any) -> Any:
    return {**said(answer), "status": answer.status}


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_form_that_is_not_signed_as_it_should_be(client: Any, bucket: str, version: str) -> None:
    url, fields = signed(client(version), bucket)
    signature, first = ("signature", "AWSAccessKeyId") if version == "s3" else ("x-amz-signature", "x-amz-algorithm")
    with recorded(f"test_post_request_malformed_policy[{version}]") as aws:
        aws.compare("exception-policy", with_status(post(url, {**fields, "policy": "invalid"})))
    with recorded(f"test_post_request_missing_signature[{version}]") as aws:
        without = {name: value for name, value in fields.items() if name != signature}
        aws.compare("exception-missing-signature", with_status(post(url, without)))
    with recorded(f"test_post_request_missing_fields[{version}]") as aws:
        without = {name: value for name, value in fields.items() if name != first}
        aws.compare("exception-missing-fields", with_status(post(url, without)))
        aws.compare("exception-no-sig-related-fields", with_status(post(url, {"key": "key"})))


def test_a_policy_that_has_expired(client: Any, bucket: str) -> None:
    url, fields = signed(client(), bucket, ExpiresIn=-1)
    with recorded("test_post_request_expires") as aws:
        aws.compare("exception", with_status(post(url, fields)))


@pytest.mark.parametrize(
    ("kind", "tagging"),
    [
        ("single", "<Tagging><TagSet><Tag><Key>TagName</Key><Value>TagValue</Value></Tag></TagSet></Tagging>"),
        (
            "list",
            "<Tagging><TagSet><Tag><Key>TagName</Key><Value>TagValue</Value></Tag>"
            "<Tag><Key>TagName2</Key><Value>TagValue2</Value></Tag></TagSet></Tagging>",
        ),
        ("invalid", "<InvalidXmlTagging></InvalidXmlTagging>"),
        ("notxml", "not-xml"),
    ],
)
def test_tags(client: Any, s3: Any, bucket: str, kind: str, tagging: str) -> None:
    url, fields = signed(client(), bucket, fields={"tagging": tagging})
    answer = post(url, fields)
    with recorded(f"test_post_object_with_tags[{kind}]") as aws:
        if kind == "notxml":
            aws.compare("tagging-error", said(answer))
        else:
            assert answer.status == 204
            aws("get-tagging", s3.get_object_tagging, Bucket=bucket, Key="key")


def test_metadata_and_headers(client: Any, s3: Any, bucket: str) -> None:
    more = {
        "x-amz-meta-test-1": "test-meta-1",
        "x-amz-meta-TEST-2": "test-meta-2",
        "Content-Type": "text/plain",
        "Expires": "Wed, 21 Oct 2015 07:28:00 GMT",
    }
    url, fields = signed(client(), bucket, fields=more)
    assert post(url, fields).status == 204
    with recorded("test_post_object_with_metadata") as aws:
        aws("head-object", s3.head_object, Bucket=bucket, Key="key")


def test_metadata_beyond_ascii(client: Any, s3: Any, bucket: str) -> None:
    """What looks like an encoded word in a form is one as it stands."""
    more = {
        "x-amz-meta-nonascii": "ÄMÄZÕÑ S3",
        "x-amz-meta-q-encoded": "=?UTF-8?Q?actually-ascii?=",
        "x-amz-meta-b-encoded": "=?UTF-8?B?YWJj?=",
        "success_action_status": "201",
    }
    url, fields = signed(client(), bucket, "${filename}", fields=more)
    answer = post(url, fields, filename="test_unicode—_file.pdf")
    aws = recorded("test_post_object_with_unicode_metadata")
    expected = aws.recorded("post-object")["PostResponse"]
    found = document(answer.data)["PostResponse"]
    assert (found["Key"], found["ETag"], found["Bucket"]) == (expected["Key"], expected["ETag"], bucket)
    assert found["Location"] == f"{url.rstrip('/')}/test_unicode%E2%80%94_file.pdf" == answer.headers["Location"]
    stored = s3.head_object(Bucket=bucket, Key=found["Key"])["Metadata"]
    head = aws.recorded("head-object")["Metadata"]
    assert stored == {name: head[name] for name in ("nonascii", "q-encoded", "b-encoded")}


def test_storage_classes(client: Any, s3: Any, bucket: str) -> None:
    aws = recorded("test_post_object_with_storage_class")
    url, fields = signed(client(), bucket, fields={"x-amz-storage-class": "STANDARD_IA"})
    assert post(url, fields).status == 204
    assert s3.head_object(Bucket=bucket, Key="key")["StorageClass"] == aws.recorded("head-object")["StorageClass"]
    url, fields = signed(client(), bucket, fields={"x-amz-storage-class": "FakeClass"})
    aws.compare("invalid-storage-error", said(post(url, fields)))


def test_what_is_no_form(client: Any, bucket: str) -> None:
    url, _ = signed(client(), bucket)
    with recorded("test_post_object_with_wrong_content_type") as aws:
        answer = urllib3.request("POST", url, body=b"text", headers={"Content-Type": "text/html"})
        aws.compare("invalid-content-type-error", said(answer))
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    for body in (b"", b"text", b"--b\r\nno head", b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk'):
        answer = urllib3.request("POST", url, body=body, headers=form)
        assert answer.status == 400, (body, answer.data)


def test_sizes(client: Any, s3: Any, bucket: str) -> None:
    limited = [["content-length-range", 5, 10]]
    with recorded("test_post_object_policy_validation_size") as aws:
        url, fields = signed(client(), bucket, Conditions=limited)
        aws.compare("invalid-content-length-too-big", said(post(url, fields, "a" * 12)))
        aws.compare("invalid-content-length-too-small", said(post(url, fields, "a")))
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
        assert post(url, fields, "a" * 10).status == 204
        aws("final-object", s3.get_object, Bucket=bucket, Key="key", ChecksumMode="ENABLED")
        url, fields = signed(client(), bucket, Conditions=[["content-length-range", "test", 10]])
        aws.compare("invalid-content-length-wrong-type", said(post(url, fields, "a" * 10)))


def test_conditions_of_equality(client: Any, s3: Any, bucket: str) -> None:
    given = {"success_action_redirect": REDIRECT}

    def answer(condition: Any, value: str = REDIRECT) -> Any:
        made = client().generate_presigned_post(bucket, "key", Conditions=[condition])
        return post(made["url"], {**made["fields"], "success_action_redirect": value}, "abcdef")

    with recorded("test_post_object_policy_conditions_validation_eq") as aws:
        equal = ["eq", "$success_action_redirect", REDIRECT]
        aws.compare("invalid-condition-eq", said(answer(equal, "http://wrong.location.com")))
        aws.compare("invalid-condition-missing-prefix", said(answer(["eq", "success_action_redirect", REDIRECT])))
        aws.compare("invalid-condition-wrong-condition", said(answer({"bucket": bucket, **given})))
        other = ["eq", "$success_action_redirect", REDIRECT.replace("http", "HTTP")]
        aws.compare("invalid-condition-wrong-value-casing", said(answer(other)))
        done = answer(["eq", "$success_Action_REDIRECT", REDIRECT])
        assert done.status == 303
        assert done.headers["Location"].startswith(f"{REDIRECT}?bucket={bucket}&key=key&etag=")
        more = {
            "Content-Type": "text/plain",
            "Expires": "Wed, 21 Oct 2015 07:28:00 GMT",
            "x-amz-meta-test-1": "test-meta-1",
            "x-amz-meta-test-2": "test-meta-2",
        }
        url, fields = signed(client(), bucket, fields=more)
        assert post(url, fields, "abcdef").status == 204
        aws("head-object-metadata", s3.head_object, Bucket=bucket, Key="key")
        assert answer(equal).status == 303
        aws("final-object", s3.get_object, Bucket=bucket, Key="key", ChecksumMode="ENABLED")


def test_conditions_of_prefixes(client: Any, s3: Any, bucket: str) -> None:
    def answer(start: str, value: str, body: str) -> Any:
        condition = ["starts-with", "$success_action_redirect", start]
        made = client().generate_presigned_post(bucket, "key", Conditions=[condition])
        return post(made["url"], {**made["fields"], "success_action_redirect": value}, body)

    wrong = "http://wrong.location.test/random"
    with recorded("test_post_object_policy_conditions_validation_starts_with") as aws:
        aws.compare("invalid-condition-starts-with", said(answer("http://localhost", wrong, "abcdef")))
        casing = answer("http://localhost", REDIRECT.replace("http", "HTTP"), "abcdef")
        aws.compare("invalid-condition-starts-with-casing", said(casing))
        assert answer("http://localhost", REDIRECT, "abcdef").status == 303
        aws("get-object-1", s3.get_object, Bucket=bucket, Key="key", ChecksumMode="ENABLED")
        assert answer("", wrong, "manual value to change ETag").status == 303
        aws("get-object-2", s3.get_object, Bucket=bucket, Key="key", ChecksumMode="ENABLED")


def test_the_default_checksum(client: Any, s3: Any, bucket: str) -> None:
    url, fields = signed(client(), bucket)
    answer = post(url, fields)
    with recorded("test_post_object_default_checksum") as aws:
        aws("head-object", s3.head_object, Bucket=bucket, Key="key", ChecksumMode="ENABLED")
    assert answer.headers["x-amz-checksum-crc64nvme"] == aws.recorded("head-object")["ChecksumCRC64NVME"]
    assert answer.headers["x-amz-checksum-type"] == "FULL_OBJECT"


def test_a_redirect_that_no_header_can_hold_is_none(client: Any, bucket: str) -> None:
    url, fields = signed(client(), bucket, Conditions=[["starts-with", "$success_action_redirect", ""]])
    for redirect in ("http://a/\r\nSet-Cookie: b=c", "http://ä/", "/relative", "javascript:alert(1)"):
        assert post(url, {**fields, "success_action_redirect": redirect}).status == 204, redirect


def test_a_field_that_the_policy_does_not_name_is_refused(client: Any, s3: Any, bucket: str) -> None:
    url, fields = signed(client(), bucket)
    answer = post(url, {**fields, "x-amz-meta-more": "x"})
    assert said(answer)["Error"]["Message"] == "Invalid according to Policy: Extra input fields: x-amz-meta-more"
    assert post(url, {**fields, "x-ignore-more": "x"}).status == 204
    other = f"{bucket}-other"
    s3.create_bucket(Bucket=other)
    refused = said(post(url.replace(bucket, other), fields))["Error"]
    assert refused["Message"] == f'Invalid according to Policy: Policy Condition failed: ["eq", "$bucket", "{bucket}"]'


def test_fields_before_the_file_are_bounded(client: Any, bucket: str) -> None:
    url, fields = signed(client(), bucket)
    answer = post(url, {**fields, "x-ignore-long": "x" * 20_000})
    assert said(answer)["Error"]["Code"] == "MaxPostPreDataLengthExceededError"
    names_alone = said(post(url, {**fields, **{f"x-ignore-{number:0200}": "" for number in range(100)}}))
    assert names_alone["Error"]["Code"] == "MaxPostPreDataLengthExceededError"
    without = said(urllib3.request("POST", url, fields=fields))["Error"]
    assert (without["Code"], without["ArgumentName"]) == ("InvalidArgument", "file")


def test_a_large_file_is_streamed_and_replicated(server: Any, client: Any, s3: Any, bucket: str) -> None:
    west, there = server.client("s3", "us-west-2"), f"{bucket}-there"
    west.create_bucket(Bucket=there, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    for each, name in ((s3, bucket), (west, there)):
        enable_versioning(each, name)
    put_rule(s3, bucket, there)
    body = bytes(range(256)) * 20_000 + b"\r\n--not the boundary\r\n" * 1000
    url, fields = signed(client(), bucket, "up/${filename}")
    answer = post(url, fields, body, "C:\\pictures\\a b.jpg")
    assert answer.status == 204
    names = {"Bucket": bucket, "Key": "up/a b.jpg"}
    assert s3.head_object(**names)["VersionId"] == answer.headers["x-amz-version-id"]
    wait_for(lambda: s3.head_object(**names)["ReplicationStatus"] == "COMPLETED", 60, "it arrives")
    assert west.get_object(Bucket=there, Key="up/a b.jpg")["Body"].read() == body


def test_nobody_uploads_by_a_form_without_permission(client: Any, s3: Any, bucket: str) -> None:
    """An unsigned form is anonymous; a signed one is its signer's, whatever its policy says."""
    url, _ = signed(client(), bucket)
    assert post(url, {"key": "key"}).status == 403
    stranger = boto3.client(
        "s3", endpoint_url=client().meta.endpoint_url, region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="wrong",
    )  # fmt: skip
    url, fields = signed(stranger, bucket)
    assert said(post(url, fields))["Error"]["Code"] == "InvalidAccessKeyId"
    assert shown(s3.list_objects_v2(Bucket=bucket))["KeyCount"] == 0
