"""Whether who asks may make the change that an explanation names: told with it, decided as the request would be."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.own_api import call
from tests.support.pairs import Pair
from tests.support.people import Person, allow, deny, owner, policy, stranger, user
from tests.support.replication import enable_versioning, put_rule, put_rules, rule
from tests.support.server import Server

READ = ["s3:GetObject", "s3:GetReplicationConfiguration", "s3:ListBucket"]


@pytest.fixture
def pair(server: Server) -> Pair:
    return Pair(server)


def remedy(pair: Pair, person: Person, key: str = "k") -> dict[str, Any]:
    signer = (person.key_id, person.secret)
    return call(pair.server, "GET", "/-/explain", signer=signer, bucket=pair.source, key=key)["remedy"]


def lacks(found: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(each["action"], each["resource"], each["own"]) for each in found["lacks"]]


def may(person: Person, *statements: dict[str, Any]) -> None:
    """Give a user these permissions besides those to read."""
    name = person.arn.rpartition("/")[2]
    iam = owner(person.server).client("iam")
    iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=policy(allow(READ), *statements))


def suspended(pair: Pair) -> None:
    """The version k has failed, since the destination keeps no versions."""
    put_rule(pair.s3, pair.source, pair.destination, ID="r")
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration={"Status": "Suspended"})
    pair.put("k")
    assert pair.settled("k") == "FAILED"


def test_what_is_lacking_at_the_destination_and_then_for_a_retry(pair: Pair) -> None:
    suspended(pair)
    reader = user(owner(pair.server), "reader", [allow(READ)])
    there, key = f"arn:aws:s3:::{pair.destination}", f"arn:aws:s3:::{pair.source}/k"
    found = remedy(pair, reader)
    assert (found["action"], lacks(found)) == ("EnableVersioning", [("s3:PutBucketVersioning", there, True)])
    may(reader, allow("s3:PutBucketVersioning", there))
    assert remedy(pair, reader)["lacks"] == []
    assert pair.explain("k")["remedy"]["lacks"] == []
    enable_versioning(pair.there, pair.destination)
    found = remedy(pair, reader)
    assert (found["action"], lacks(found)) == ("Retry", [("s3:InitiateReplication", key, True)])
    may(reader, allow("s3:InitiateReplication", key))
    assert remedy(pair, reader)["lacks"] == []
    may(reader, allow("s3:*"), deny("s3:InitiateReplication", key))
    assert lacks(remedy(pair, reader)) == [("s3:InitiateReplication", key, True)]


def test_a_rule_is_changed_by_who_may_put_the_configuration_and_pass_its_role(pair: Pair) -> None:
    put_rules(pair.s3, pair.source, rule(pair.destination, ID="r", Status="Disabled"))
    pair.put("k")
    role = pair.s3.get_bucket_replication(Bucket=pair.source)["ReplicationConfiguration"]["Role"]
    reader = user(owner(pair.server), "reader", [allow(READ)])
    here = f"arn:aws:s3:::{pair.source}"
    found = remedy(pair, reader)
    assert found["action"] == "EnableRule"
    assert lacks(found) == [("s3:PutReplicationConfiguration", here, True), ("iam:PassRole", role, True)]
    may(reader, allow("s3:PutReplicationConfiguration", here))
    assert lacks(remedy(pair, reader)) == [("iam:PassRole", role, True)]
    may(reader, allow("s3:PutReplicationConfiguration", here), allow("iam:PassRole", role))
    assert remedy(pair, reader)["lacks"] == []


def test_an_object_is_copied_onto_itself_by_who_may_write_its_key_and_its_tags(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, ID="r", Filter={"Tag": {"Key": "a", "Value": "b"}})
    pair.put("k")
    reader = user(owner(pair.server), "reader", [allow(READ)])
    key = f"arn:aws:s3:::{pair.source}/k"
    found = remedy(pair, reader)
    both = [("s3:PutObject", key, True), ("s3:PutObjectTagging", key, True)]
    assert (found["action"], lacks(found)) == ("CopyOntoItself", both)
    may(reader, allow(["s3:PutObject", "s3:PutObjectTagging"], f"arn:aws:s3:::{pair.source}/other"))
    assert lacks(remedy(pair, reader)) == both
    may(reader, allow("s3:PutObject", key))
    assert lacks(remedy(pair, reader)) == both[1:]
    may(reader, allow(["s3:PutObject", "s3:PutObjectTagging"], key))
    assert remedy(pair, reader)["lacks"] == []


def test_a_job_is_made_by_who_may_make_jobs(pair: Pair) -> None:
    pair.put("k")
    put_rule(pair.s3, pair.source, pair.destination, ID="r")
    reader = user(owner(pair.server), "reader", [allow(READ)])
    found = remedy(pair, reader)
    here = f"arn:aws:s3:::{pair.source}"
    assert (found["action"], lacks(found)) == ("BatchReplication", [("s3:CreateJob", here, True)])
    may(reader, allow("s3:CreateJob"))
    assert remedy(pair, reader)["lacks"] == []


def test_what_another_account_has_to_do_is_told_as_theirs(pair: Pair) -> None:
    """Even the root of the source's account lacks it."""
    theirs, name = stranger(pair.server).client(), f"{pair.destination}-theirs"
    theirs.create_bucket(Bucket=name)
    enable_versioning(theirs, name)
    put_rule(pair.s3, pair.source, name, ID="out")
    pair.put("k")
    assert pair.settled("k") == "FAILED"
    found = pair.explain("k")["remedy"]
    assert found["action"] == "PutBucketPolicy"
    assert lacks(found) == [("s3:PutBucketPolicy", f"arn:aws:s3:::{name}", False)]
