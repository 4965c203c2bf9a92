"""How replication of a bucket stands: by destination, failures by cause, and driving failures again."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.own_api import Refused, call
from tests.support.pairs import ARRIVAL_S, Pair
from tests.support.replication import enable_versioning, iam_client, put_rule, put_rules, rule, wait_for
from tests.support.server import Server

_numbers = itertools.count()
SUSPENDED = {"Status": "Suspended"}


@pytest.fixture
def pair(server: Server) -> Pair:
    return Pair(server)


def status(pair: Pair, bucket: str | None = None) -> dict[str, Any]:
    return call(pair.server, "GET", "/-/replication/status", bucket=bucket or pair.source)


def suspend(pair: Pair) -> None:
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration=SUSPENDED)


def fail(pair: Pair, *keys: str) -> None:
    """Write keys that end FAILED since versioning is suspended at the destination."""
    for key in keys:
        pair.put(key)
    for key in keys:
        assert pair.settled(key) == "FAILED"


def asked(client: Any, operation: str) -> None:
    """Let a client ask for the state of every destination."""

    def ask(request: Any, **_: Any) -> None:
        request.headers["x-farshore-replication-status"] = "true"

    client.meta.events.register(f"before-sign.s3.{operation}", ask)


def told(answer: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Destination -> members of its header."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    found = {}
    for name in sorted(headers):
        if name.startswith("x-farshore-replication-"):
            members = dict(part.split("=", 1) for part in headers[name].split("; "))
            found[members.pop("destination")] = members
    return found


def test_headers_tell_of_every_destination_who_asks_for_them(pair: Pair) -> None:
    other = Pair(pair.server)
    put_rules(
        pair.s3,
        pair.source,
        rule(pair.destination, ID="good", priority=1),
        rule(other.destination, ID="bad one", priority=2),
    )
    suspend(other)
    pair.put("k")
    wait_for(lambda: pair.explain("k")["destinations"][0]["status"] != "PENDING", ARRIVAL_S, "an end")
    wait_for(lambda: pair.explain("k")["destinations"][1]["status"] != "PENDING", ARRIVAL_S, "an end")
    assert told(pair.s3.head_object(Bucket=pair.source, Key="k")) == {}
    client = pair.server.client("s3")
    for operation in ("HeadObject", "GetObject"):
        asked(client, operation)
    for answer in (client.head_object(Bucket=pair.source, Key="k"), client.get_object(Bucket=pair.source, Key="k")):
        found = told(answer)
        assert set(found) == {pair.destination, other.destination}
        assert found[pair.destination]["status"] == "COMPLETED" and found[pair.destination]["rule"] == "good"
        assert found[other.destination]["status"] == "FAILED" and found[other.destination]["rule"] == "bad%20one"
        assert found[other.destination]["reason"] == "DstBucketUnversioned"
        assert found[other.destination]["at"].endswith("+00:00")


def test_a_version_that_goes_nowhere_has_no_such_headers(pair: Pair) -> None:
    pair.put("k")
    client = pair.server.client("s3")
    asked(client, "HeadObject")
    assert told(client.head_object(Bucket=pair.source, Key="k")) == {}


def test_what_is_deleted_for_good_before_its_turn_does_not_count_as_pending(
    server_factory: Callable[..., Server],
) -> None:
    """However long its destination cannot be reached: nothing is tried here, and nothing waits any more."""
    pair = Pair(server_factory(environment={"FARSHORE_REPLICATE": "false"}))
    put_rule(pair.s3, pair.source, pair.destination, delete_markers=True)
    versions = [("one", pair.put("one")), ("two", pair.put("two")), ("stays", pair.put("stays"))]
    versions.insert(2, ("two", pair.s3.delete_object(Bucket=pair.source, Key="two")["VersionId"]))
    pending = ("pending_operations", "pending_bytes")
    (there,) = status(pair)["destinations"]
    assert [there[name] for name in pending] == [4, 3]
    pair.s3.delete_object(Bucket=pair.source, Key="one", VersionId=versions[0][1])
    listed = [{"Key": key, "VersionId": version_id} for key, version_id in versions[1:3]]
    pair.s3.delete_objects(Bucket=pair.source, Delete={"Objects": listed})
    (there,) = status(pair)["destinations"]
    assert [there[name] for name in pending] == [1, 1]
    assert pair.explain("one", version_id=versions[0][1])["code"] == "SrcKeyNotFound"


def test_the_status_tells_what_arrived_what_failed_and_why(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, ID="r")
    for number in range(3):
        pair.put(f"good/{number}")
        assert pair.settled(f"good/{number}") == "COMPLETED"
    suspend(pair)
    fail(pair, "bad/b", "bad/a", "bad/c")
    found = status(pair)
    (there,) = found["destinations"]
    assert (found["region"], found["replicates"], there["region"]) == ("us-east-1", True, "us-west-2")
    assert (there["pending_operations"], there["pending_bytes"], there["oldest_at"]) == (0, 0, None)
    assert (there["completed_operations"], there["completed_bytes"], there["failed"]) == (3, 3, 3)
    assert there["operations_per_s"] > 0 and there["time_left_s"] == 0
    (cause,) = found["failures"]
    assert (cause["destination"], cause["code"], cause["count"]) == (pair.destination, "DstBucketUnversioned", 3)
    assert {cause["first_key"], cause["last_key"]} <= {"bad/a", "bad/b", "bad/c"}
    assert cause["since"] <= cause["last_at"]


def test_what_waits_is_counted_by_rule_with_the_age_of_the_oldest(server_factory: Callable[..., Server]) -> None:
    pair = Pair(server_factory(environment={"FARSHORE_REPLICATE": "false"}))
    put_rules(
        pair.s3,
        pair.source,
        rule(pair.destination, ID="logs", priority=2, Filter={"Prefix": "logs/"}),
        rule(pair.destination, ID="rest", priority=1),
    )
    for key in ("logs/a", "logs/b", "other"):
        pair.put(key)
    found = status(pair)
    (there,) = found["destinations"]
    assert (found["replicates"], there["pending_operations"], there["pending_bytes"]) == (False, 3, 3)
    assert {each["rule"]: each["operations"] for each in there["rules"]} == {"logs": 2, "rest": 1}
    assert there["oldest_age_s"] > 0 and there["time_left_s"] is None
    shown = pair.server.cli("replication", "status", pair.source)
    assert shown["destinations"][0]["pending_operations"] == 3


def test_no_time_left_is_told_while_replication_is_stopped(server_factory: Callable[..., Server]) -> None:
    """What was going on a moment ago has a rate still."""
    server = server_factory()
    pair = Pair(server)
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("before")
    assert pair.settled("before") == "COMPLETED"
    server.stop()
    server.environment["FARSHORE_REPLICATE"] = "false"
    server.start()
    pair.put("after")
    (there,) = status(pair)["destinations"]
    assert there["pending_operations"] == 1 and there["operations_per_s"] > 0
    assert there["time_left_s"] is None


def test_failures_are_driven_again_by_cause_and_prefix_once_the_cause_is_mended(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    suspend(pair)
    fail(pair, "a/1", "a/2", "b/1")
    enable_versioning(pair.there, pair.destination)
    post = "/-/replication/retry"
    dry = call(pair.server, "POST", post, bucket=pair.source, dry_run="true")
    assert (dry["matched"], dry["retried"], dry["by_cause"]) == (3, 0, {"DstBucketUnversioned": 3})
    assert call(pair.server, "POST", post, bucket=pair.source, cause="DstBucketNotFound")["matched"] == 0
    assert pair.settled("a/1") == "FAILED"
    done = call(pair.server, "POST", post, bucket=pair.source, cause="DstBucketUnversioned", prefix="a/")
    assert (done["matched"], done["retried"], done["bytes"], done["left"], done["next"]) == (2, 2, 2, {}, None)
    assert [pair.settled(key) for key in ("a/1", "a/2", "b/1")] == ["COMPLETED", "COMPLETED", "FAILED"]
    attempts = pair.explain("a/1")["destinations"][0]["attempts"]
    assert [(each["outcome"], each["code"]) for each in attempts] == [
        ("FAILED", "DstBucketUnversioned"),
        ("DELIVERED", None),
    ]
    (cause,) = status(pair)["failures"]
    assert (cause["count"], cause["first_key"], cause["last_key"]) == (1, "b/1", "b/1")


def test_one_version_is_driven_again_and_no_other_that_begins_like_it(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    suspend(pair)
    old = pair.put("k")
    assert pair.settled("k") == "FAILED"
    fail(pair, "k", "k/longer")
    enable_versioning(pair.there, pair.destination)
    post = "/-/replication/retry"
    done = call(pair.server, "POST", post, bucket=pair.source, key="k", version_id=old)
    assert (done["matched"], done["retried"], done["next"]) == (1, 1, None)
    wait_for(
        lambda: pair.s3.head_object(Bucket=pair.source, Key="k", VersionId=old)["ReplicationStatus"] == "COMPLETED",
        ARRIVAL_S,
        "the old version",
    )
    assert (pair.settled("k"), pair.settled("k/longer")) == ("FAILED", "FAILED")
    assert call(pair.server, "POST", post, bucket=pair.source, key="k", cause="DstBucketNotFound")["matched"] == 0
    assert pair.server.cli("replication", "retry", pair.source, "--key", "k")["retried"] == 1
    assert (pair.settled("k"), pair.settled("k/longer")) == ("COMPLETED", "FAILED")
    assert call(pair.server, "POST", post, bucket=pair.source, key="nowhere")["matched"] == 0
    for wrong in ({"version_id": old}, {"key": "k", "prefix": "k"}, {"key": "k", "version_id": "x"}):
        with pytest.raises(Refused, match="400"):
            call(pair.server, "POST", post, bucket=pair.source, **wrong)


def test_a_failure_whose_cause_is_not_mended_fails_again(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    suspend(pair)
    fail(pair, "k")
    assert call(pair.server, "POST", "/-/replication/retry", bucket=pair.source)["retried"] == 1
    attempts = wait_for(
        lambda: (found := pair.explain("k"))["status"] == "FAILED" and found["destinations"][0]["attempts"],
        ARRIVAL_S,
        "the second failure",
    )
    assert [(each["outcome"], each["times"]) for each in attempts] == [("FAILED", 2)]


def test_failures_that_no_rule_would_take_are_left_and_told(server_factory: Callable[..., Server]) -> None:
    pair = Pair(server_factory())
    put_rule(pair.s3, pair.source, pair.destination, ID="r")
    suspend(pair)
    fail(pair, "k")
    enable_versioning(pair.there, pair.destination)
    put_rule(pair.s3, pair.source, pair.destination, ID="r", Status="Disabled")
    done = call(pair.server, "POST", "/-/replication/retry", bucket=pair.source)
    assert (done["retried"], done["left"]) == (0, {"SrcObjectNotEligible": 1})
    command = [sys.executable, "-m", "farshore", "replication", "retry", pair.source, "--data", str(pair.server.data)]
    ran = subprocess.run(command, capture_output=True, timeout=120, check=False, text=True)
    assert (ran.returncode, "left as they are: SrcObjectNotEligible" in ran.stdout) == (1, True)
    assert pair.settled("k") == "FAILED"


def test_a_change_of_tags_whose_replica_was_gone_brings_the_whole_version_when_it_is_driven_again(pair: Pair) -> None:
    """But not where the replica was permanently deleted: it must not come back."""
    put_rule(pair.s3, pair.source, pair.destination)
    version_id = pair.put("k")
    pair.settled("k")
    pair.there.delete_object(Bucket=pair.destination, Key="k", VersionId=version_id)
    pair.s3.put_object_tagging(Bucket=pair.source, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert pair.settled("k") == "FAILED"
    call(pair.server, "POST", "/-/replication/retry", bucket=pair.source)
    found = wait_for(
        lambda: (now := pair.explain("k"))["code"] == "DstObjectHardDeleted" and now, ARRIVAL_S, "the refusal"
    )
    assert found["status"] == "FAILED" and found["remedy"]["action"] == "CopyOntoItself"


def test_what_a_user_may_not_initiate_is_not_driven_again(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    suspend(pair)
    fail(pair, "open/1", "closed/1")
    enable_versioning(pair.there, pair.destination)
    iam, name = iam_client(pair.s3), f"mender-{os.getpid()}-{next(_numbers)}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    signer = (key["AccessKeyId"], key["SecretAccessKey"])
    post = "/-/replication/retry"

    def may(*statements: dict[str, Any]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)

    with pytest.raises(Refused, match="AccessDenied"):
        call(pair.server, "POST", post, signer=signer, bucket=pair.source)
    everywhere = {"Effect": "Allow", "Action": "s3:InitiateReplication", "Resource": f"arn:aws:s3:::{pair.source}/*"}
    may({**everywhere, "Resource": f"arn:aws:s3:::{pair.source}/open/*"})
    with pytest.raises(Refused, match="AccessDenied"):
        call(pair.server, "POST", post, signer=signer, bucket=pair.source)
    done = call(pair.server, "POST", post, signer=signer, bucket=pair.source, prefix="open/")
    assert (done["matched"], done["retried"]) == (1, 1)
    assert pair.settled("open/1") == "COMPLETED"
    may(everywhere, {**everywhere, "Effect": "Deny", "Resource": f"arn:aws:s3:::{pair.source}/closed/*"})
    done = call(pair.server, "POST", post, signer=signer, bucket=pair.source)
    assert (done["retried"], done["left"]) == (0, {"InitiateReplicationNotPermitted": 1})
    with pytest.raises(Refused, match="AccessDenied"):
        call(pair.server, "GET", "/-/replication/status", signer=signer, bucket=pair.source)


def test_a_failure_whose_cause_is_gone_goes_again_by_itself_where_the_deployment_says_so(server_factory: Any) -> None:
    """Without the setting it does not, as on AWS, however often the server starts."""
    server: Server = server_factory()
    pair = Pair(server)
    put_rule(pair.s3, pair.source, pair.destination)
    suspend(pair)
    fail(pair, "k")
    enable_versioning(pair.there, pair.destination)

    def start_anew() -> None:
        server.stop()
        server.start()
        pair.s3, pair.there = server.client("s3"), server.client("s3", "us-west-2")

    start_anew()
    pair.put("later")
    assert pair.settled("later") == "COMPLETED", "so that everything runs"
    assert pair.settled("k") == "FAILED"
    server.environment["FARSHORE_RETRY_WHEN_MENDED"] = "true"
    start_anew()
    wait_for(lambda: pair.settled("k") == "COMPLETED", ARRIVAL_S, "the failure to go again by itself")
    assert pair.there.head_object(Bucket=pair.destination, Key="k")["ReplicationStatus"] == "REPLICA"
    assert status(pair)["failures"] == []


def test_the_commands_show_it_in_words(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    suspend(pair)
    fail(pair, "some[bold]key")
    enable_versioning(pair.there, pair.destination)
    base = [sys.executable, "-m", "farshore", "replication"]
    where = [pair.source, "--data", str(pair.server.data)]
    environment = {**os.environ, "COLUMNS": "200"}

    def run(*words: str) -> str:
        ran = subprocess.run(
            [*base, words[0], *where, *words[1:]],
            capture_output=True,
            timeout=120,
            check=False,
            text=True,
            env=environment,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    shown = run("status")
    assert "DstBucketUnversioned" in shown and "some[bold]key" in shown
    assert run("retry", "--dry-run") == "1 failures would be tried again: 1 DstBucketUnversioned.\n"
    assert run("retry", "--cause", "DstBucketUnversioned") == (
        "1 of 1 failures are pending again (1 DstBucketUnversioned).\n"
    )
    assert pair.settled("some[bold]key") == "COMPLETED"
