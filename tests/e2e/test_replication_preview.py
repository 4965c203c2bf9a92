"""A replication configuration is previewed: what S3 would say of it and what it would cover. Nothing is changed."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.own_api import Refused, ask, call
from tests.support.people import owner, user
from tests.support.replication import enable_versioning, ensure_role, rule
from tests.support.server import Server

from farshore.cli.replication_preview import as_xml

_numbers = itertools.count()


class Shelf:
    """A versioned source, empty, and two versioned destinations."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.s3 = server.client("s3")
        name = f"preview-{os.getpid()}-{next(_numbers)}"
        self.source, self.near, self.far = name, f"{name}-near", f"{name}-far"
        for bucket in (self.source, self.near):
            self.s3.create_bucket(Bucket=bucket)
            enable_versioning(self.s3, bucket)
        far = server.client("s3", "us-west-2")
        far.create_bucket(Bucket=self.far, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        enable_versioning(far, self.far)

    def put(self, key: str, size: int = 1, **members: Any) -> None:
        self.s3.put_object(Bucket=self.source, Key=key, Body=b"x" * size, **members)

    def preview(self, *rules: dict[str, Any]) -> dict[str, Any]:
        document = as_xml(json.dumps({"Role": ensure_role(self.s3), "Rules": rules}))
        return call(self.server, "POST", "/-/replication/preview", bucket=self.source, document=document)


@pytest.fixture
def shelf(server: Server) -> Shelf:
    return Shelf(server)


def test_each_rule_is_told_what_it_would_take_and_each_destination_what_it_would_get(shelf: Shelf) -> None:
    for number in range(7):
        shelf.put(f"logs/{number}", 100)
    shelf.put("logs/0", 50)
    shelf.put("photos/a", 1000, Tagging="keep=yes")
    shelf.put("photos/b", 2000)
    shelf.put("photos/gone", 1)
    shelf.s3.delete_object(Bucket=shelf.source, Key="photos/gone")
    shelf.put("photos/old", 4000, StorageClass="GLACIER")
    tags = [{"Key": "keep", "Value": "yes"}]
    found = shelf.preview(
        rule(shelf.near, ID="all", priority=1, delete_markers=True),
        rule(shelf.near, ID="logs", priority=2, Filter={"Prefix": "logs/"}),
        rule(shelf.far, ID="kept", priority=3, Filter={"And": {"Prefix": "photos/", "Tags": tags}}),
    )  # fmt: skip
    assert (found["valid"], found["errors"]) == (True, [])
    assert (found["scanned"]["versions"], found["scanned"]["complete"]) == (13, True)
    by_id = {each["rule"]: each for each in found["rules"]}
    assert [each["rule"] for each in found["rules"]] == ["kept", "logs", "all"]
    assert by_id["logs"]["covers"] == {
        "objects": 7, "object_bytes": 650, "versions": 8, "bytes": 750, "delete_markers": 0, "by_status": {"NONE": 8},
    }  # fmt: skip
    assert by_id["all"]["covers"] == {
        "objects": 2, "object_bytes": 3000, "versions": 3, "bytes": 3001, "delete_markers": 1, "by_status": {"NONE": 3},
    }  # fmt: skip
    assert (by_id["kept"]["covers"]["objects"], by_id["kept"]["covers"]["bytes"]) == (1, 1000)
    assert by_id["logs"]["samples_in"] == [f"logs/{number}" for number in range(5)]
    assert {"key": "photos/a", "reason": "PREFIX_DOES_NOT_MATCH"} in by_id["logs"]["samples_out"]
    assert by_id["kept"]["samples_in"] == ["photos/a"]
    assert {"key": "photos/b", "reason": "TAGS_DO_NOT_MATCH"} in by_id["kept"]["samples_out"]
    (overlap,) = found["overlaps"]
    assert (overlap["winner"], overlap["loser"], overlap["counts"]["versions"]) == ("logs", "all", 8)
    destinations = {each["destination"]: each for each in found["destinations"]}
    assert destinations[shelf.near]["covers"]["versions"] == 11
    assert (destinations[shelf.far]["region"], destinations[shelf.far]["rules"]) == ("us-west-2", ["kept"])
    (left,) = found["left_out"]
    assert (left["reason"], left["counts"]["bytes"], left["samples"]) == (
        "ARCHIVED_STORAGE_CLASS",
        4000,
        ["photos/old"],
    )


def test_nothing_is_changed(shelf: Shelf) -> None:
    shelf.put("k")
    assert shelf.preview(rule(shelf.near))["valid"]
    with pytest.raises(shelf.s3.exceptions.ClientError) as error:
        shelf.s3.get_bucket_replication(Bucket=shelf.source)
    assert error.value.response["Error"]["Code"] == "ReplicationConfigurationNotFoundError"
    assert "ReplicationStatus" not in shelf.s3.head_object(Bucket=shelf.source, Key="k")


def test_what_would_be_taken_is_told_by_its_present_status(shelf: Shelf) -> None:
    shelf.put("before")
    configuration = {"Role": ensure_role(shelf.s3), "Rules": [rule(shelf.near, Filter={"Prefix": "after"})]}
    shelf.s3.put_bucket_replication(Bucket=shelf.source, ReplicationConfiguration=configuration)
    shelf.put("after")
    (found,) = shelf.preview(rule(shelf.far))["rules"]
    assert sum(found["covers"]["by_status"].values()) == 2
    assert found["covers"]["by_status"]["NONE"] == 1


def test_what_goes_nowhere_is_told_by_the_nearest_reason(shelf: Shelf) -> None:
    shelf.put("Logs/a", Tagging="keep=no")
    shelf.put("x")
    off = rule(shelf.near, Status="Disabled")
    assert [each["reason"] for each in shelf.preview(off)["left_out"]] == ["NO_RULE_ENABLED"]
    tagged = rule(shelf.near, Filter={"And": {"Prefix": "Logs/", "Tags": [{"Key": "keep", "Value": "yes"}]}})
    found = {each["reason"]: each["samples"] for each in shelf.preview(tagged)["left_out"]}
    assert found == {"TAGS_DO_NOT_MATCH": ["Logs/a"], "PREFIX_DOES_NOT_MATCH": ["x"]}


@pytest.mark.parametrize(("key", "prefix"), [("Logs/a", "logs/"), ("/logs/a", "logs/"), ("logs/a", "/logs/")])
def test_a_prefix_that_no_key_has_is_told_of_one_that_keys_do_have(shelf: Shelf, key: str, prefix: str) -> None:
    shelf.put(key)
    (found,) = shelf.preview(rule(shelf.near, Filter={"Prefix": prefix}))["rules"]
    assert found["hint"] == f"no key begins with {prefix!r}, but keys begin with {key[:-1]!r}"


def test_errors_are_those_of_put_bucket_replication_and_what_can_be_counted_is(shelf: Shelf) -> None:
    shelf.put("k", 5)
    shelf.s3.put_bucket_versioning(Bucket=shelf.source, VersioningConfiguration={"Status": "Suspended"})
    found = shelf.preview(rule("no-such-bucket-anywhere"))
    assert not found["valid"]
    assert [each["message"] for each in found["errors"]] == [
        "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
        "Destination bucket must exist.",
    ]
    assert found["rules"][0]["covers"]["bytes"] == 5
    assert (found["destinations"][0]["exists"], found["destinations"][0]["region"]) == (False, None)


def test_a_configuration_that_cannot_be_read_is_told_its_first_error(shelf: Shelf) -> None:
    found = shelf.preview(rule(shelf.near, priority=1), rule(shelf.far, priority=1))
    assert (found["valid"], found["rules"]) == (False, [])
    assert found["errors"][0] == {
        "code": "InvalidRequest",
        "message": "Found duplicate priority 1.",
        "status": 400,
        "details": {},
        "member": "",
    }


def test_no_document_at_all_is_refused_as_s3_refuses_it(shelf: Shelf) -> None:
    with pytest.raises(Refused, match="MissingRequestBodyError"):
        call(shelf.server, "POST", "/-/replication/preview", bucket=shelf.source, document=b"")


RULE = "<Rule><Status>Enabled</Status><Prefix/><Destination><Bucket>arn:aws:s3:::b</Bucket></Destination></Rule>"


@pytest.mark.parametrize(
    ("document", "member"),
    [
        ("<Nonsense/>", "Nonsense"),
        ("no XML", ""),
        ("<ReplicationConfiguration/>", "Role"),
        ("<ReplicationConfiguration><Role>r</Role></ReplicationConfiguration>", "Rules"),
        (f"<ReplicationConfiguration><Role>r</Role>{RULE}<Rule/></ReplicationConfiguration>", "Rules[1].Status"),
        (
            f"<ReplicationConfiguration><Role>r</Role>{RULE.replace('<Prefix/>', '<Priority>x</Priority>')}"
            "</ReplicationConfiguration>",
            "Rules[0].Priority",
        ),
        (
            f"<ReplicationConfiguration><Role>r</Role>{RULE.replace('Enabled', 'Perhaps')}</ReplicationConfiguration>",
            "Rules[0].Status",
        ),
        (
            f"<ReplicationConfiguration><Role>r</Role>{RULE.replace('Prefix', 'Colour')}</ReplicationConfiguration>",
            "Rules[0].Colour",
        ),
    ],
)
def test_a_document_that_the_schema_refuses_is_told_with_the_member_at_fault(
    shelf: Shelf, document: str, member: str
) -> None:
    found = call(shelf.server, "POST", "/-/replication/preview", bucket=shelf.source, document=document.encode())
    assert (found["valid"], found["rules"]) == (False, [])
    assert [(each["code"], each["status"], each["member"]) for each in found["errors"]] == [
        ("MalformedXML", 400, member)
    ]


def test_who_may_not_list_the_bucket_learns_nothing(shelf: Shelf) -> None:
    stranger = shelf.server.cli("account", "create", f"peeper-{os.getpid()}-{next(_numbers)}")
    signer = (stranger["access_key_id"], stranger["secret_access_key"])
    document = as_xml(json.dumps({"Role": ensure_role(shelf.s3), "Rules": [rule(shelf.near)]}))
    with pytest.raises(Refused) as refused:
        call(
            shelf.server,
            "POST",
            "/-/replication/preview",
            signer=signer,
            bucket=shelf.source,
            document=document,
        )
    assert refused.value.status == 403


def test_who_may_nothing_is_told_the_same_permission_first_by_all_that_show_replication(shelf: Shelf) -> None:
    person = user(owner(shelf.server), f"peeps-{shelf.source}")
    signer = (person.key_id, person.secret)
    missing: list[str] = []
    for method, path in (("GET", "status"), ("POST", "preview"), ("POST", "verify")):
        with pytest.raises(Refused, match="AccessDenied") as refused:
            ask(shelf.server, method, f"/-/replication/{path}", signer=signer, bucket=shelf.source)
        missing += re.findall(r"perform: (\S+) ", refused.value.text)
    assert missing == ["s3:GetReplicationConfiguration"] * 3


def test_the_command_takes_json_and_xml_and_exits_with_1_when_s3_would_refuse(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("logs/a", 1500)
    good = {"Role": ensure_role(shelf.s3), "Rules": [rule(shelf.near, ID="logs", Filter={"Prefix": "logs/"})]}
    bad = {"Role": ensure_role(shelf.s3), "Rules": [rule(shelf.near, Filter={"Prefix": "x"}, Status="Perhaps")]}
    as_put, printed, refused, nonsense = (
        tmp_path / name for name in ("put.json", "printed.json", "bad.json", "no.json")
    )
    as_put.write_text(json.dumps(good))
    printed.write_text(json.dumps({"ReplicationConfiguration": good}))
    refused.write_text(json.dumps(bad))
    nonsense.write_text(json.dumps({"Roll": 1}))
    xml = tmp_path / "put.xml"
    xml.write_bytes(as_xml(as_put.read_text()))
    for path in (as_put, printed, xml):
        found = shelf.server.cli("replication", "preview", shelf.source, "--configuration", str(path))
        assert found["rules"][0]["samples_in"] == ["logs/a"]

    def run(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "farshore", "replication", "preview", shelf.source]
        command += ["--configuration", str(path), "--data", str(shelf.server.data)]
        return subprocess.run(command, capture_output=True, timeout=120, check=False, text=True)

    shown = run(as_put)
    assert shown.returncode == 0, shown.stderr
    assert f"logs (priority 1) to {shelf.near}: 1 objects (1.5 KiB), 1 versions (1.5 KiB)" in shown.stdout
    assert run(refused).returncode == 1
    told = run(nonsense)
    assert told.returncode == 1
    assert 'Unknown parameter in ReplicationConfiguration: "Roll"' in told.stdout
    assert "(at Rules)" in told.stdout


@pytest.mark.parametrize(
    ("configuration", "code", "members"),
    [
        ({"Role": "x", "Rules": []}, "MalformedXML", ["Rules"]),
        ({"Rules": []}, "ParamValidation", ["Role"]),
        (
            {"Role": "x", "Rules": [{"Status": 3, "Destination": {}}]},
            "ParamValidation",
            ["Rules[0].Status", "Rules[0].Destination.Bucket"],
        ),
    ],
)
def test_the_command_prints_what_the_schema_refuses_as_json_too(
    shelf: Shelf, tmp_path: Path, configuration: dict[str, Any], code: str, members: list[str]
) -> None:
    path = tmp_path / "configuration.json"
    path.write_text(json.dumps(configuration))
    command = [sys.executable, "-m", "farshore", "replication", "preview", shelf.source, "--json"]
    command += ["--configuration", str(path), "--data", str(shelf.server.data)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False, text=True)
    found = json.loads(done.stdout)
    assert (done.returncode, found["valid"]) == (1, False)
    assert [(each["code"], each["member"]) for each in found["errors"]] == [(code, member) for member in members]
