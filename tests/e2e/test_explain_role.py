"""Failures for which the replication role is to blame, explained: every step of a delivery, and what decided.

Rows are those of the S3 User Guide, "Setting up permissions for live replication", "Replication failure reasons".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.own_api import call
from tests.support.pairs import ARRIVAL_S
from tests.support.people import stranger
from tests.support.replication import enable_versioning, rule, wait_for
from tests.support.roled import ALL, Roled
from tests.support.server import Server

from farshore.cli.replication_preview import as_xml
from farshore.semantics.replication_role import trust_policy


@pytest.fixture
def roled(server: Server) -> Roled:
    return Roled(server)


def refused(found: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(step["action"], step["code"]) for step in found["rules"][0]["role"] if not step["allowed"]]


def test_a_role_that_s3_may_not_assume(roled: Roled) -> None:
    trust = trust_policy()
    trust["Statement"][0]["Principal"] = {"Service": "ec2.amazonaws.com"}
    roled.iam.update_assume_role_policy(RoleName=roled.role, PolicyDocument=json.dumps(trust))
    roled.put_rule()
    roled.put("k")
    found = roled.failed("k")
    assert (found["code"], found["remedy"]["action"]) == ("AssumeRoleNotPermitted", "UpdateAssumeRolePolicy")
    assert refused(found) == [("sts:AssumeRole", "AssumeRoleNotPermitted")]
    assert found["destinations"][0]["cause_gone"] is False
    roled.iam.update_assume_role_policy(RoleName=roled.role, PolicyDocument=json.dumps(trust_policy()))
    found = roled.explain("k")
    assert (found["destinations"][0]["cause_gone"], found["remedy"]["action"]) == (True, "Retry")


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("s3:GetReplicationConfiguration", "SrcBucketReplicationConfigMissing"),
        ("s3:GetObjectVersionForReplication", "SrcGetObjectNotPermitted"),
        ("s3:GetObjectVersionAcl", "SrcGetAclNotPermitted"),
        ("s3:ReplicateObject", "DstPutObjectNotPermitted"),
    ],
)
def test_a_permission_that_the_role_lacks_is_named_with_what_decided(roled: Roled, action: str, code: str) -> None:
    """And when it is given back, the failure stays, and the remedy is to retry."""
    roled.without(action)
    roled.put_rule()
    roled.put("k")
    found = roled.failed("k")
    assert (found["code"], found["remedy"]["action"]) == (code, "MendRole")
    assert found["remedy"]["command"].startswith(f"aws iam put-role-policy --role-name {roled.role} --policy-name ")
    assert refused(found) == [(action, code)]
    (step,) = (step for step in found["rules"][0]["role"] if step["action"] == action)
    assert roled.source in step["resource"] and action in step["statement"]
    allowed = next(step for step in found["rules"][0]["role"] if step["action"].startswith("s3:") and step["allowed"])
    assert "Needed" in allowed["statement"]
    assert found["destinations"][0]["cause_gone"] is False
    roled.allow(*ALL)
    found = roled.explain("k")
    assert (found["status"], found["destinations"][0]["cause_gone"]) == ("FAILED", True)
    assert found["remedy"] == {
        "action": "Retry",
        "bucket": roled.source,
        "rule": "",
        "text": found["remedy"]["text"],
        "command": f"farshore replication retry {roled.source} --cause {code}",
        "then": None,
        "instead": None,
        "lacks": [],
    }


@pytest.mark.parametrize("action", ["s3:ReplicateDelete", "s3:ListBucket"])
def test_a_delete_marker_that_the_role_may_not_see_or_bring(roled: Roled, action: str) -> None:
    code = "DstDelObjNotPermitted" if action == "s3:ReplicateDelete" else "SrcHeadObjectNotPermitted"
    roled.without(action)
    roled.put_rule(delete_markers=True)
    roled.put("k")
    assert roled.settled("k") == "COMPLETED"
    roled.s3.delete_object(Bucket=roled.source, Key="k")
    found = roled.failed("k")
    assert (found["delete_marker"], found["code"], refused(found)) == (True, code, [(action, code)])


def test_a_change_of_tags_that_the_role_may_not_read(roled: Roled) -> None:
    roled.put_rule()
    roled.put("k")
    roled.settled("k")
    roled.without("s3:GetObjectVersionTagging")
    roled.s3.put_object_tagging(Bucket=roled.source, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    found = roled.failed("k")
    assert (found["code"], found["destinations"][0]["cause_gone"]) == ("SrcGetTaggingNotPermitted", False)
    roled.allow(*ALL)
    assert roled.explain("k")["destinations"][0]["cause_gone"] is True


def test_an_explicit_deny_in_the_destinations_policy_is_what_decides(roled: Roled) -> None:
    deny = {
        "Sid": "NoReplicas",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:ReplicateObject",
        "Resource": f"arn:aws:s3:::{roled.destination}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    roled.there.put_bucket_policy(Bucket=roled.destination, Policy=policy)
    roled.put_rule()
    roled.put("k")
    found = roled.failed("k")
    assert refused(found) == [("s3:ReplicateObject", "DstPutObjectNotPermitted")]
    (step,) = (step for step in found["rules"][0]["role"] if not step["allowed"])
    assert ("NoReplicas" in step["statement"], step["lack"]) == (True, "DENIED")
    assert "NoReplicas" in found["remedy"]["text"] and found["remedy"]["command"] is None
    roled.there.delete_bucket_policy(Bucket=roled.destination)
    assert roled.explain("k")["remedy"]["action"] == "Retry"


def test_a_destination_of_another_account_that_does_not_let_the_role_in(roled: Roled, tmp_path: Path) -> None:
    """The remedy is its bucket policy, which its owner puts; the role is as it should be."""
    other = stranger(roled.server)
    theirs, client = f"{roled.destination}-theirs", other.client("s3")
    client.create_bucket(Bucket=theirs)
    enable_versioning(client, theirs)
    configuration = {"Role": roled.arn, "Rules": [rule(theirs, ID="out")]}
    roled.s3.put_bucket_replication(Bucket=roled.source, ReplicationConfiguration=configuration)
    roled.put("k")
    found = roled.failed("k")
    (step,) = (step for step in found["rules"][0]["role"] if not step["allowed"])
    assert (step["action"], step["lack"]) == ("s3:ReplicateObject", "BUCKET_POLICY")
    assert (found["remedy"]["action"], found["remedy"]["bucket"]) == ("PutBucketPolicy", theirs)
    assert f"let the role in by {theirs}'s bucket policy" in found["remedy"]["text"]
    assert found["summary"].endswith(f"bucket {theirs}).") and ")." not in found["summary"][:-2]
    credentials = tmp_path / "credentials"
    credentials.write_text(f"[theirs]\naws_access_key_id = {other.key_id}\naws_secret_access_key = {other.secret}\n")
    command = found["remedy"]["command"].replace("DESTINATION-OWNER", "theirs")
    roled.shell(command, AWS_SHARED_CREDENTIALS_FILE=str(credentials))
    roled.shell(found["remedy"]["then"])
    assert roled.settled("k") == "COMPLETED"


def test_an_owner_override_that_the_role_may_not_make(roled: Roled) -> None:
    """In a bucket that does not enforce its owner: elsewhere there is nothing to override."""
    other = stranger(roled.server)
    theirs, client = f"{roled.destination}-owned", other.client("s3")
    client.create_bucket(Bucket=theirs, ObjectOwnership="ObjectWriter")
    enable_versioning(client, theirs)
    let_in = {
        "Effect": "Allow",
        "Principal": {"AWS": roled.arn},
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{theirs}/*",
    }
    client.put_bucket_policy(Bucket=theirs, Policy=json.dumps({"Version": "2012-10-17", "Statement": [let_in]}))
    owned = {"Account": other.account_id, "AccessControlTranslation": {"Owner": "Destination"}}
    configuration = {"Role": roled.arn, "Rules": [rule(theirs, ID="out", Destination=owned)]}
    roled.s3.put_bucket_replication(Bucket=roled.source, ReplicationConfiguration=configuration)
    roled.without("s3:ObjectOwnerOverrideToBucketOwner")
    roled.put("k")
    found = roled.failed("k")
    assert (found["code"], refused(found)) == (
        "DstPutObjectNotPermitted",
        [("s3:ObjectOwnerOverrideToBucketOwner", "DstPutObjectNotPermitted")],
    )
    assert "s3:ObjectOwnerOverrideToBucketOwner" in found["remedy"]["text"]
    roled.allow(*ALL)
    found = roled.explain("k")
    assert (found["destinations"][0]["cause_gone"], found["remedy"]["action"]) == (True, "Retry")


def test_a_destination_that_another_account_made_anew_is_not_the_one_that_the_rule_names(roled: Roled) -> None:
    """However willing its owner is: no retry is offered, and nothing goes there."""
    account = roled.arn.split(":")[4]
    configured = rule(roled.destination, ID="mine")
    configured["Destination"]["Account"] = account
    roled.s3.put_bucket_replication(
        Bucket=roled.source, ReplicationConfiguration={"Role": roled.arn, "Rules": [configured]}
    )
    roled.there.delete_bucket(Bucket=roled.destination)
    taker = stranger(roled.server).client("s3")
    taker.create_bucket(Bucket=roled.destination)
    enable_versioning(taker, roled.destination)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": roled.arn},
        "Action": "s3:Replicate*",
        "Resource": f"arn:aws:s3:::{roled.destination}/*",
    }
    taker.put_bucket_policy(
        Bucket=roled.destination, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    roled.put("k")
    found = roled.failed("k")
    assert (found["code"], found["destinations"][0]["cause_gone"]) == ("DstPutObjectNotPermitted", False)
    assert (found["remedy"]["action"], found["remedy"]["command"]) == ("PutBucketReplication", None)
    assert account in found["remedy"]["text"]
    assert taker.list_object_versions(Bucket=roled.destination).get("Versions") is None


def test_a_replica_that_went_without_its_tags_is_told_so(roled: Roled) -> None:
    """It is COMPLETED, as on AWS: the note says what is missing, and the remedy brings the tags."""
    roled.without("s3:GetObjectVersionTagging")
    roled.put_rule()
    roled.put("k", Tagging="a=b")
    assert roled.settled("k") == "COMPLETED"
    found = roled.explain("k")
    assert "s3:GetObjectVersionTagging" in found["destinations"][0]["note"] and "none of the" in found["summary"]
    assert found["remedy"]["action"] == "MendRole"
    roled.allow(*ALL)
    found = roled.explain("k")
    assert (found["remedy"]["action"], "s3:" in found["destinations"][0]["note"]) == ("PutObjectTagging", False)
    roled.shell(found["remedy"]["command"])
    wait_for(lambda: roled.explain("k")["destinations"][0]["note"] == "", ARRIVAL_S, "the tags")
    there = roled.there.get_object_tagging(Bucket=roled.destination, Key="k")["TagSet"]
    assert (there, roled.explain("k")["remedy"]) == ([{"Key": "a", "Value": "b"}], None)


def test_a_preview_shows_what_the_role_may_do(roled: Roled) -> None:
    roled.without("s3:ReplicateObject")
    configuration = {"Role": roled.arn, "Rules": [rule(roled.destination, Filter={"Prefix": "in/"})]}
    document = as_xml(json.dumps(configuration))
    found = call(roled.server, "POST", "/-/replication/preview", bucket=roled.source, document=document)
    steps = {step["action"]: step for step in found["destinations"][0]["role"]}
    assert [action for action, step in steps.items() if not step["allowed"]] == ["s3:ReplicateObject"]
    assert steps["s3:ReplicateObject"]["resource"] == f"arn:aws:s3:::{roled.destination}/in/example"
