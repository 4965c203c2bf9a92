"""Lines of server access logs, field for field as the User Guide's "Amazon S3 server access log format" has them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import pytest

from farshore.api.dispatch import S3
from farshore.model.access import canonical_user_id
from farshore.model.access_log import AccessLogging, PartitionDate
from farshore.model.audit import AuditRecord, Verdict
from farshore.model.errors import MalformedXML, S3Error
from farshore.semantics.access_log import copy_source_line, deleted_line, line, operation_name
from farshore.semantics.bucket_logging import check_logging, compile_logging, object_key

AT_US = 1_549_411_238_000_000  # 06/Feb/2019:00:00:38
OWNER = "111122223333"


def record(**more: Any) -> AuditRecord:
    given: dict[str, Any] = {
        "time": "",
        "request_id": "3E57427F3EXAMPLE",
        "host_id": "farshore/3E57427F3EXAMPLE",
        "service": "s3",
        "operation": "GetObject",
        "account": OWNER,
        "principal": f"arn:aws:iam::{OWNER}:root",
        "source_ip": "192.0.2.3",
        "bucket": "shelf",
        "bucket_owner": OWNER,
        "key": "photos/2019/a b.jpg",
        "method": "GET",
        "uri": "/shelf/photos/2019/a%20b.jpg",
        "protocol": "HTTP/1.1",
        "host": "s3.example.com",
        "status": 200,
        "decision": Verdict.ALLOW,
        "bytes_sent": 2662992,
        "object_bytes": 3462992,
        "total_us": 70_900,
        "turnaround_us": 10_100,
        "user_agent": "curl/7.15.1",
        "signature_version": "SigV4",
        "auth_type": "AuthHeader",
    }
    return AuditRecord(**given | more)


def written(each: AuditRecord) -> str:
    return line(each, AT_US, bucket_owner=OWNER, bucket="shelf")


def test_every_field_in_its_place() -> None:
    id_ = canonical_user_id(OWNER)
    assert written(record()) == (
        f"{id_} shelf [06/Feb/2019:00:00:38 +0000] 192.0.2.3 {id_} 3E57427F3EXAMPLE REST.GET.OBJECT "
        'photos/2019/a%2520b.jpg "GET /shelf/photos/2019/a%20b.jpg HTTP/1.1" 200 - 2662992 3462992 70 10 "-" '
        '"curl/7.15.1" - farshore/3E57427F3EXAMPLE SigV4 - AuthHeader s3.example.com - - - -\n'
    )


def test_what_a_request_of_another_kind_shows() -> None:
    user = f"arn:aws:iam::{OWNER}:user/ana"
    fields = written(
        record(
            principal=user,
            operation="GetBucketPolicy",
            key="",
            status=404,
            code="NoSuchBucketPolicy",
            bytes_sent=0,
            object_bytes=None,
            uri="/shelf?policy",
            referer='http://example.com/"x" y',
            cipher_suite="TLS_AES_128_GCM_SHA256",
            tls_version="TLSv1.3",
            acl_required=True,
        )
    )
    assert f" {user} 3E57427F3EXAMPLE REST.GET.BUCKETPOLICY - " in fields
    assert ' "GET /shelf?policy HTTP/1.1" 404 NoSuchBucketPolicy - - 70 10 ' in fields
    assert ' "http://example.com/%22x%22 y" ' in fields
    assert fields.endswith(" SigV4 TLS_AES_128_GCM_SHA256 AuthHeader s3.example.com TLSv1.3 - Yes -\n")


def test_nobody_is_named_for_who_sent_no_credentials() -> None:
    anonymous = written(record(account="", principal="anonymous", signature_version="", auth_type=""))
    assert " 192.0.2.3 - 3E57427F3EXAMPLE " in anonymous


def test_a_version_is_shown_where_the_request_named_one() -> None:
    assert ' "curl/7.15.1" - ' in written(record(version_id="made-by-the-request"))
    named = record(version_id="v1", uri="/shelf/k?versionId=v1")
    assert ' "curl/7.15.1" v1 ' in written(named)


def test_a_copy_leaves_a_line_for_what_it_read() -> None:
    copy = record(operation="CopyObject", method="PUT", key="to")
    assert " REST.COPY.OBJECT to " in written(copy)
    source = copy_source_line(copy, AT_US, bucket_owner="444455556666", bucket="from", key="k", version_id="v")
    assert source.startswith(f"{canonical_user_id('444455556666')} from [")
    assert " REST.COPY.OBJECT_GET k " in source


def test_each_entry_of_delete_objects_has_a_line() -> None:
    each = deleted_line(
        record(operation="DeleteObjects"), AT_US, key="k", version_id="", status=403, code="AccessDenied"
    )
    assert ' BATCH.DELETE.OBJECT k - 403 AccessDenied - - - - "-" "curl/7.15.1" - ' in each


@pytest.mark.parametrize("key", ["a b/ü+%20", "100%", "a%2Fb", "x/y.z", "é\n"])
def test_keys_are_encoded_twice_but_those_of_delete_objects_once(key: str) -> None:
    """As AWS was observed to, so that what decodes AWS's lines finds the same keys in these."""
    copied = copy_source_line(
        record(operation="CopyObject"), AT_US, bucket_owner=OWNER, bucket="b", key=key, version_id=""
    )
    for each in (written(record(key=key)), copied):
        assert unquote(unquote(each.split(" ")[8])) == key
        assert unquote(each.split(" ")[8]) == quote(key)
    deleted = deleted_line(record(), AT_US, key=key, version_id="", status=204, code="")
    assert unquote(deleted.split(" ")[8]) == key


@pytest.mark.parametrize(
    ("operation", "method", "name"),
    [
        ("HeadObject", "HEAD", "REST.HEAD.OBJECT"),
        ("ListObjectsV2", "GET", "REST.GET.BUCKET"),
        ("CreateBucket", "PUT", "REST.PUT.BUCKET"),
        ("GetBucketVersioning", "GET", "REST.GET.VERSIONING"),
        ("GetBucketLocation", "GET", "REST.GET.LOCATION"),
        ("PutBucketOwnershipControls", "PUT", "REST.PUT.OWNERSHIP_CONTROLS"),
        ("ListObjectVersions", "GET", "REST.GET.BUCKETVERSIONS"),
        ("UploadPart", "PUT", "REST.PUT.PART"),
        ("UploadPartCopy", "PUT", "REST.COPY.PART"),
        ("CompleteMultipartUpload", "POST", "REST.POST.UPLOAD"),
        ("DeleteObjects", "POST", "REST.POST.MULTI_OBJECT_DELETE"),
        ("GetObjectTagging", "GET", "REST.GET.OBJECT_TAGGING"),
        ("GetBucketTagging", "GET", "REST.GET.TAGGING"),
        ("", "GET", "REST.GET.OBJECT"),
    ],
)
def test_operations_by_the_log_s_names(operation: str, method: str, name: str) -> None:
    assert operation_name(operation, method, key=True) == name


def test_every_operation_on_buckets_has_a_name_of_its_own_sub_resource() -> None:
    """What is added to the dispatch table must not be logged as a read of the bucket."""
    plain = {"CreateBucket", "DeleteBucket", "HeadBucket", "ListBuckets", "ListObjects", "ListObjectsV2"}
    found = {name for name in S3 if operation_name(name, "GET", key=False) == "REST.GET.BUCKET"}
    assert found <= plain


LOGGING = {"TargetBucket": "logs", "TargetPrefix": "to/"}


def key_of(format_: dict[str, Any] | None) -> str:
    enabled = LOGGING if format_ is None else {**LOGGING, "TargetObjectKeyFormat": format_}
    assert check_logging({"LoggingEnabled": enabled}, lambda _: True) == enabled
    return object_key(
        compile_logging(enabled),
        account=OWNER,
        region="us-west-2",
        bucket="shelf",
        day="2019-02-05",
        delivered_us=AT_US,
        unique="ABC",
    )


def test_keys_of_log_objects() -> None:
    simple = "to/2019-02-06-00-00-38-ABC"
    assert key_of(None) == key_of({"SimplePrefix": {}}) == simple
    by_event = f"to/{OWNER}/us-west-2/shelf/2019/02/05/2019-02-05-00-00-00-ABC"
    assert key_of({"PartitionedPrefix": {}}) == key_of({"PartitionedPrefix": {"PartitionDateSource": "EventTime"}})
    assert key_of({"PartitionedPrefix": {}}) == by_event
    delivered = f"to/{OWNER}/us-west-2/shelf/2019/02/06/2019-02-06-00-00-38-ABC"
    assert key_of({"PartitionedPrefix": {"PartitionDateSource": "DeliveryTime"}}) == delivered


GROUP = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}


def test_what_is_compiled() -> None:
    enabled = {**LOGGING, "TargetGrants": [{"Grantee": GROUP, "Permission": "READ_ACP"}]}
    compiled = compile_logging(enabled)
    assert compiled == AccessLogging(target="logs", prefix="to/", grants=compiled.grants)
    assert [grant.grantee for grant in compiled.grants] == [GROUP["URI"]]
    assert compile_logging({**LOGGING, "TargetObjectKeyFormat": {"PartitionedPrefix": {}}}).partitioned is (
        PartitionDate.EVENT_TIME
    )


def test_an_empty_status_ends_logging() -> None:
    assert check_logging({}, lambda _: True) is None


@pytest.mark.parametrize(
    "enabled",
    [
        {"TargetPrefix": ""},
        {"TargetBucket": "logs"},
        {**LOGGING, "TargetObjectKeyFormat": {}},
        {**LOGGING, "TargetObjectKeyFormat": {"SimplePrefix": {}, "PartitionedPrefix": {}}},
        {**LOGGING, "TargetGrants": [{"Grantee": GROUP}]},
        {**LOGGING, "TargetGrants": [{"Permission": "READ"}]},
        {**LOGGING, "TargetGrants": [{"Grantee": GROUP, "Permission": "EAT"}]},
    ],
)
def test_documents_that_are_none(enabled: dict[str, Any]) -> None:
    with pytest.raises(MalformedXML):
        check_logging({"LoggingEnabled": enabled}, lambda _: True)


def test_a_grantee_that_is_nobody() -> None:
    nobody = {"Grantee": {"Type": "CanonicalUser", "ID": "0" * 64}, "Permission": "READ"}
    with pytest.raises(S3Error) as caught:
        check_logging({"LoggingEnabled": {**LOGGING, "TargetGrants": [nobody]}}, lambda _: False)
    assert caught.value.code == "InvalidArgument"


@pytest.mark.parametrize("said", ["v\n79a5 evil -", 'a b " c', "v\r\n", "v x", "é", "\x00"])
def test_nothing_that_a_client_says_ends_a_field_or_a_line(said: str) -> None:
    plain = written(record(uri="/shelf/k?versionId=v1", version_id="v1", host="h"))
    line = written(record(uri="/shelf/k?versionId=v1", version_id=said, host=said))
    deleted = deleted_line(
        record(operation="DeleteObjects"), AT_US, key=said, version_id=said, status=403, code="AccessDenied"
    )
    for each in (line, deleted):
        assert each.count("\n") == 1 and each.endswith("\n") and each.isascii(), each
        assert len(each.split(" ")) == len(plain.split(" ")) or each is deleted
    assert len(deleted.split(" ")) == len(
        deleted_line(record(), AT_US, key="k", version_id="v", status=403, code="AccessDenied").split(" ")
    )
