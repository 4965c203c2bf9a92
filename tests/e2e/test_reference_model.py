"""After every operation the server shows what a reference model in dictionaries shows."""

from __future__ import annotations

import time
import uuid
from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.e2e.reference_bucket import ReferenceBucket
from tests.support.replication import put_rules

KEYS = st.sampled_from(["a", "a/b", "a/b/c", "a//", "b/../x", "logs/1", "logs/2", "ü/é", "z\u0001", "a b+c%", "中"])
KEYS_IN_XML = KEYS.filter(lambda key: "\u0001" not in key)
"""Multipart answers name the key in XML 1.0, where a control character cannot stand: clients fail, on AWS too."""
BODIES = st.binary(max_size=40)
TAGS = st.dictionaries(st.sampled_from(["k", "team"]), st.sampled_from(["", "v", "blue"]), max_size=2)
ARRIVAL_S_MAX = 60.0
NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class ServerAndModel(RuleBasedStateMachine):
    """One source bucket with versioning in any state, one destination in another region."""

    s3: Any
    west: Any

    def __init__(self) -> None:
        super().__init__()
        name = f"model-{uuid.uuid4().hex[:20]}"
        self.source, self.destination = f"{name}-a", f"{name}-b"
        self.s3.create_bucket(Bucket=self.source)
        self.west.create_bucket(Bucket=self.destination, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        _enable(self.west, self.destination)
        self.replica = ReferenceBucket(versioning="Enabled")
        self.model = ReferenceBucket(replica=self.replica)

    @rule(key=KEYS, body=BODIES, tags=TAGS)
    def put(self, key: str, body: bytes, tags: dict[str, str]) -> None:
        tagging = "&".join(f"{name}={value}" for name, value in tags.items())
        answer = self.s3.put_object(Bucket=self.source, Key=key, Body=body, Tagging=tagging)
        assert ("VersionId" in answer) == (self.model.versioning == "Enabled")
        self.model.put(key, answer.get("VersionId"), body, tags)

    @rule(key=KEYS, to=KEYS)
    def copy(self, key: str, to: str) -> None:
        current = self.model.current().get(key)
        if current is None or key == to:
            return
        answer = self.s3.copy_object(Bucket=self.source, Key=to, CopySource={"Bucket": self.source, "Key": key})
        assert current.body is not None
        self.model.put(to, answer.get("VersionId"), current.body, current.tags)

    @rule(key=KEYS_IN_XML, body=BODIES)
    def upload_in_parts(self, key: str, body: bytes) -> None:
        names = {"Bucket": self.source, "Key": key}
        upload = self.s3.create_multipart_upload(**names)["UploadId"]
        part = self.s3.upload_part(**names, UploadId=upload, PartNumber=7, Body=body)
        listed = {"Parts": [{"PartNumber": 7, "ETag": part["ETag"]}]}
        answer = self.s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload=listed)
        self.model.put(key, answer.get("VersionId"), body, {})

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        answer = self.s3.delete_object(Bucket=self.source, Key=key)
        assert answer.get("DeleteMarker", False) == (self.model.versioning != "")
        self.model.delete(key, answer.get("VersionId"))

    @rule(data=st.data())
    def delete_a_version(self, data: st.DataObject) -> None:
        listed = self.model.versions()
        if listed:
            key, version_id, _, _ = data.draw(st.sampled_from(listed))
            self.s3.delete_object(Bucket=self.source, Key=key, VersionId=version_id)
            self.model.delete_version(key, version_id)

    @rule(data=st.data())
    def delete_a_replica(self, data: st.DataObject) -> None:
        listed = self.replica.versions()
        if listed:
            key, version_id, _, _ = data.draw(st.sampled_from(listed))
            self.west.delete_object(Bucket=self.destination, Key=key, VersionId=version_id)
            self.replica.delete_version(key, version_id)

    @rule(data=st.data(), tags=TAGS)
    def tag_a_version(self, data: st.DataObject, tags: dict[str, str]) -> None:
        listed = [row for row in self.model.versions() if not row[2]]
        if listed:
            key, version_id, _, _ = data.draw(st.sampled_from(listed))
            tag_set = [{"Key": name, "Value": value} for name, value in tags.items()]
            self.s3.put_object_tagging(Bucket=self.source, Key=key, VersionId=version_id, Tagging={"TagSet": tag_set})
            self.model.set_tags(key, version_id, tags)

    @rule(prefix=st.sampled_from(["", "a", "logs/"]), markers=st.booleans())
    @precondition(lambda self: self.model.versioning == "Enabled")
    def put_rule(self, prefix: str, markers: bool) -> None:
        listed = {
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {"Prefix": prefix},
            "DeleteMarkerReplication": {"Status": "Enabled" if markers else "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{self.destination}"},
        }
        put_rules(self.s3, self.source, listed)
        self.model.rule = (prefix, markers)

    @rule()
    def delete_rule(self) -> None:
        self.s3.delete_bucket_replication(Bucket=self.source)
        self.model.rule = None

    @rule(status=st.sampled_from(["Enabled", "Enabled", "Suspended"]))
    def set_versioning(self, status: str) -> None:
        change = {"Status": status}
        if status == "Suspended" and self.model.rule is not None:
            with pytest.raises(self.s3.exceptions.ClientError, match="InvalidBucketState"):
                self.s3.put_bucket_versioning(Bucket=self.source, VersioningConfiguration=change)
            return
        self.s3.put_bucket_versioning(Bucket=self.source, VersioningConfiguration=change)
        self.model.versioning = status

    @invariant()
    def all_agrees(self) -> None:
        """In this order: the first waits for what replication has still to bring."""
        self.versions_agree()
        self.current_objects_agree()
        self.versions_carry_what_was_put()

    def versions_agree(self) -> None:
        assert _versions(self.s3, self.source) == self.model.versions()
        deadline = time.monotonic() + ARRIVAL_S_MAX
        while _versions(self.west, self.destination) != self.replica.versions():
            assert time.monotonic() < deadline, (_versions(self.west, self.destination), self.replica.versions())
            time.sleep(0.005)

    def current_objects_agree(self) -> None:
        for client, bucket, model in (
            (self.s3, self.source, self.model),
            (self.west, self.destination, self.replica),
        ):
            for prefix, delimiter in (("", ""), ("", "/"), ("a/", "/")):
                assert _listing(client, bucket, prefix, delimiter) == model.listing(prefix, delimiter)

    def versions_carry_what_was_put(self) -> None:
        for client, bucket, model in (
            (self.s3, self.source, self.model),
            (self.west, self.destination, self.replica),
        ):
            for key, version_id, marker, _ in model.versions():
                if not marker:
                    _assert_same(client, {"Bucket": bucket, "Key": key, "VersionId": version_id}, model)


def _enable(client: Any, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def _assert_same(client: Any, names: dict[str, str], model: ReferenceBucket) -> None:
    entry = model.entry(names["Key"], names["VersionId"])
    assert entry is not None
    deadline = time.monotonic() + ARRIVAL_S_MAX
    while True:
        answer = client.get_object(**names)
        tags = {tag["Key"]: tag["Value"] for tag in client.get_object_tagging(**names)["TagSet"]}
        if (answer.get("ReplicationStatus"), tags) == (entry.status, entry.tags) or time.monotonic() > deadline:
            break
        time.sleep(0.005)
    assert answer["Body"].read() == entry.body
    assert (answer.get("ReplicationStatus"), tags) == (entry.status, entry.tags), names


def _versions(client: Any, bucket: str) -> list[tuple[str, str, bool, bool]]:
    """All entries in the order of the wire (the SDK splits versions and markers), by threes, to walk the markers."""
    found: list[tuple[str, str, bool, bool]] = []
    markers: dict[str, str] = {}

    def keep_order(response_dict: dict[str, Any], **_: Any) -> None:
        for element in ElementTree.fromstring(response_dict["body"]):
            kind = element.tag.removeprefix(NAMESPACE)
            if kind in ("Version", "DeleteMarker"):
                entry = {child.tag.removeprefix(NAMESPACE): child.text or "" for child in element}
                latest = entry["IsLatest"] == "true"
                found.append((unquote_plus(entry["Key"]), entry["VersionId"], kind == "DeleteMarker", latest))

    client.meta.events.register("before-parse.s3.ListObjectVersions", keep_order)
    try:
        while True:
            page = client.list_object_versions(Bucket=bucket, MaxKeys=3, **markers)
            if not page["IsTruncated"]:
                return found
            markers = {"KeyMarker": page["NextKeyMarker"]}
            if "NextVersionIdMarker" in page:
                markers["VersionIdMarker"] = page["NextVersionIdMarker"]
    finally:
        client.meta.events.unregister("before-parse.s3.ListObjectVersions", keep_order)


def _listing(client: Any, bucket: str, prefix: str, delimiter: str) -> tuple[list[str], list[str]]:
    keys: list[str] = []
    prefixes: list[str] = []
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, Delimiter=delimiter, PaginationConfig={"PageSize": 2}
    )
    for page in pages:
        keys += [entry["Key"] for entry in page.get("Contents", [])]
        prefixes += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
    return keys, prefixes


def test_the_server_agrees_with_the_reference_model(server: Any) -> None:
    """Operations in any order, on keys of every kind: versions, listings, bodies, tags, statuses and replicas agree."""
    machine = type("Machine", (ServerAndModel,), {"s3": server.client("s3"), "west": server.client("s3", "us-west-2")})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
