"""Every replication rule of an account in one answer, bucket by bucket what the caller may see of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.own_api import Refused, call
from tests.support.pairs import Pair
from tests.support.people import Person, allow, deny, owner, policy, stranger, user
from tests.support.replication import put_rules, rule
from tests.support.server import Server

PATH = "/-/replication/overview"


@pytest.fixture
def alone(server_factory: Callable[..., Server]) -> Server:
    """A server whose buckets are the test's own."""
    return server_factory()


def overview(server: Server, **query: Any) -> dict[str, Any]:
    return call(server, "GET", PATH, **query)


def by_name(found: dict[str, Any]) -> dict[str, Any]:
    return {each["bucket"]: each for each in found["buckets"]}


def seen_by(person: Person) -> dict[str, Any]:
    return overview(person.server, signer=(person.key_id, person.secret))


def test_rules_of_all_regions_come_at_once_the_strongest_first_with_how_each_bucket_stands(alone: Server) -> None:
    one, two = Pair(alone), Pair(alone)
    west = alone.client(region="us-west-2")
    put_rules(
        one.s3,
        one.source,
        rule(one.destination, ID="weak", priority=1, Filter={"Prefix": "a/"}, Status="Disabled"),
        rule(one.destination, ID="strong", priority=2),
    )
    put_rules(west, two.destination, rule(two.source, ID="back"))
    one.put("k")
    assert one.settled("k") == "COMPLETED"
    found = overview(alone)
    assert (found["replicates"], found["next"]) == (True, None)
    assert [each["bucket"] for each in found["buckets"]] == sorted((one.source, two.destination))
    there = by_name(found)
    assert there[one.source]["rules"] == [
        {"rule": "strong", "priority": 2, "enabled": True, "destination": one.destination},
        {"rule": "weak", "priority": 1, "enabled": False, "destination": one.destination},
    ]
    assert (there[one.source]["region"], there[two.destination]["region"]) == ("us-east-1", "us-west-2")
    for name, region in ((one.source, "us-east-1"), (two.destination, "us-west-2")):
        told = call(alone, "GET", "/-/replication/status", region=region, bucket=name)
        status = there[name]["status"]
        assert status["destinations"][0]["completed_operations"] == (name == one.source)
        for each in (told, status):
            del each["at"], each["destinations"][0]["operations_per_s"], each["destinations"][0]["bytes_per_s"]
        assert status == told
    assert overview(alone, region="us-west-2")["buckets"][0]["bucket"] == found["buckets"][0]["bucket"]


def test_failures_of_rules_that_are_gone_are_told_until_they_are_gone_too(alone: Server) -> None:
    pair = Pair(alone)
    put_rules(pair.s3, pair.source, rule(pair.destination, ID="r"))
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration={"Status": "Suspended"})
    version_id = pair.put("k")
    assert pair.settled("k") == "FAILED"
    pair.s3.delete_bucket_replication(Bucket=pair.source)
    (bucket,) = overview(alone)["buckets"]
    assert (bucket["bucket"], bucket["rules"]) == (pair.source, [])
    (cause,) = bucket["status"]["failures"]
    assert (cause["code"], cause["destination"], cause["last_key"]) == ("DstBucketUnversioned", pair.destination, "k")
    pair.s3.delete_object(Bucket=pair.source, Key="k", VersionId=version_id)
    assert overview(alone)["buckets"] == []


def test_each_bucket_is_decided_by_the_caller_s_own_permissions(alone: Server) -> None:
    root = owner(alone)
    seen, other = Pair(alone), Pair(alone)
    for pair in (seen, other):
        put_rules(pair.s3, pair.source, rule(pair.destination, ID="r"))
    listing, rules, status = "s3:ListAllMyBuckets", "s3:GetReplicationConfiguration", "s3:ListBucketVersions"
    one = f"arn:aws:s3:::{seen.source}"
    with pytest.raises(Refused, match="ListAllMyBuckets"):
        seen_by(user(root, "no-listing", [allow([rules, status])]))
    assert seen_by(user(root, "listing-alone", [allow(listing)]))["buckets"] == []
    assert seen_by(user(root, "no-rules", [allow([listing, status])]))["buckets"] == []
    (found,) = seen_by(user(root, "one-s-rules", [allow(listing), allow(rules, one)]))["buckets"]
    assert (found["bucket"], len(found["rules"]), found["status"]) == (seen.source, 1, None)
    (found,) = seen_by(user(root, "denied", [allow([listing, rules, status]), deny(rules, one)]))["buckets"]
    assert (found["bucket"], found["status"]["failures"]) == (other.source, [])


def test_another_account_sees_none_even_of_a_bucket_that_is_open_to_all(alone: Server) -> None:
    pair = Pair(alone)
    put_rules(pair.s3, pair.source, rule(pair.destination, ID="r"))
    pair.s3.delete_public_access_block(Bucket=pair.source)
    actions = ["s3:GetReplicationConfiguration", "s3:ListBucketVersions"]
    statement = allow(actions, f"arn:aws:s3:::{pair.source}", Principal="*")
    pair.s3.put_bucket_policy(Bucket=pair.source, Policy=policy(statement))
    assert stranger(alone).client().get_bucket_replication(Bucket=pair.source)
    assert seen_by(stranger(alone))["buckets"] == []
    assert len(overview(alone)["buckets"]) == 1


def test_many_buckets_come_page_by_page_and_the_command_shows_them_all(alone: Server) -> None:
    pair = Pair(alone)
    names = [f"many-{number:03}" for number in range(103)]
    for name in names:
        pair.s3.create_bucket(Bucket=name)
        pair.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        put_rules(pair.s3, name, rule(pair.destination, ID=f"rule-of-{name}"))
    first = overview(alone)
    assert [each["bucket"] for each in first["buckets"]] == names[:100]
    rest = call(alone, "GET", f"{PATH}?from={first['next']}")
    assert ([each["bucket"] for each in rest["buckets"]], rest["next"]) == (names[100:], None)
    shown = alone.cli("replication", "status")
    assert [each["bucket"] for each in shown["buckets"]] == names
    command = [sys.executable, "-m", "farshore", "replication", "status", "--data", str(alone.data)]
    environment = {**os.environ, "COLUMNS": "200"}
    ran = subprocess.run(command, capture_output=True, timeout=120, check=False, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert all(f"rule-of-{name}" in ran.stdout for name in names)
