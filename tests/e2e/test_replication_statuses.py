"""The replication status of many versions in one answer: what HeadObject says of each, to who may ask it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest
from tests.support.own_api import Refused, call
from tests.support.people import Person, allow, owner, user
from tests.support.replication import make_pair, put_rule, wait_for
from tests.support.server import Server

from farshore.api.replication_statuses_path import VERSIONS_MAX

SOURCE, DESTINATION = "statuses-source", "statuses-destination"


@pytest.fixture(scope="module")
def ids(server: Server) -> dict[str, str]:
    """A bucket with a version of each status, by key."""
    client, west = server.client(), server.client(region="us-west-2")
    make_pair(client, west, SOURCE, DESTINATION)
    made = {"before": client.put_object(Bucket=SOURCE, Key="before", Body=b"1")["VersionId"]}
    put_rule(client, SOURCE, DESTINATION)
    made |= {key: client.put_object(Bucket=SOURCE, Key=key, Body=b"1")["VersionId"] for key in ("a", "deleted")}
    wait_for(lambda: ask(server, [{"key": "a"}, {"key": "deleted"}]) == ["COMPLETED"] * 2, 60, "replicated")
    client.delete_object(Bucket=SOURCE, Key="deleted")
    west.put_bucket_versioning(Bucket=DESTINATION, VersioningConfiguration={"Status": "Suspended"})
    made["failed"] = client.put_object(Bucket=SOURCE, Key="failed", Body=b"1")["VersionId"]
    wait_for(lambda: ask(server, [{"key": "failed"}]) == ["FAILED"], 60, "failed")
    return made


def ask(
    server: Server,
    versions: Sequence[Mapping[str, str]],
    person: Person | None = None,
    bucket: str = SOURCE,
    region: str = "us-east-1",
) -> list[str | None]:
    signer = None if person is None else (person.key_id, person.secret)
    document = json.dumps({"versions": versions}).encode()
    path = "/-/replication/statuses"
    return call(server, "POST", path, document=document, signer=signer, region=region, bucket=bucket)["statuses"]


def test_each_version_is_told_of_in_the_order_of_the_question(server: Server, ids: Mapping[str, str]) -> None:
    asked = [
        {"key": "failed"},
        {"key": "before", "version_id": ids["before"]},
        {"key": "a", "version_id": ids["a"]},
        {"key": "deleted"},
        {"key": "deleted", "version_id": ids["deleted"]},
        {"key": "nowhere"},
        {"key": "a", "version_id": ids["failed"]},
    ]
    assert ask(server, asked) == ["FAILED", "NONE", "COMPLETED", None, "COMPLETED", None, None]
    assert ask(server, [{"key": "a"}], bucket=DESTINATION, region="us-west-2") == ["REPLICA"]
    assert ask(server, []) == []


def test_who_may_not_read_a_version_is_not_told(server: Server, ids: Mapping[str, str]) -> None:
    root = owner(server)
    some = user(root, "some", [allow("s3:ListBucket"), allow("s3:GetObject", f"arn:aws:s3:::{SOURCE}/a")])
    asked = [{"key": "a"}, {"key": "a", "version_id": ids["a"]}, {"key": "failed"}]
    assert ask(server, asked, some) == ["COMPLETED", None, None], "GetObjectVersion is another action"
    for thief in (user(root, "reader", [allow("s3:GetObject*")]), user(root, "thief")):
        with pytest.raises(Refused, match="403"):
            ask(server, asked, thief)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b'{"versions": [{"version_id": "x"}]}',
        b'{"versions": [{"key": "k", "version_id": "x"}]}',
        b'{"versions": [{"key": ""}]}',
        b'{"versions": [{"key": "k", "more": 1}]}',
        b'{"versions": [{"key": "\xff"}]}',
        json.dumps({"versions": [{"key": "k"}] * (VERSIONS_MAX + 1)}).encode(),
    ],
    ids=["nothing", "no object", "no key", "no version id", "empty key", "unknown member", "no text", "too many"],
)
def test_what_is_no_question_is_refused(server: Server, ids: Mapping[str, str], document: bytes) -> None:
    with pytest.raises(Refused, match="400") as refused:
        call(server, "POST", "/-/replication/statuses", document=document, bucket=SOURCE)
    assert "<Code>InvalidArgument</Code>" in refused.value.text
