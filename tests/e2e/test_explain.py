"""Every reason for which a version is not at a destination is brought about, and explained.

Rows are those of the S3 User Guide, "Troubleshooting replication", and "What does Amazon S3 replicate?"; each test says
in its first sentence what an explanation must tell.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.dating import TIMED, date_back
from tests.support.own_api import Refused, call
from tests.support.pairs import ARRIVAL_S, Pair
from tests.support.replication import enable_versioning, put_rule, put_rules, rule, wait_for
from tests.support.server import Server

_numbers = itertools.count()


@pytest.fixture
def pair(server: Server) -> Pair:
    return Pair(server)


def failed_checks(found: dict[str, Any], *, number: int = 0) -> list[str]:
    return [check["check"] for check in found["rules"][number]["checks"] if check["then"] is False]


def test_a_missing_bucket_is_answered_as_by_s3(pair: Pair) -> None:
    with pytest.raises(Refused) as refused:
        call(pair.server, "GET", "/-/explain", bucket="no-such-bucket-anywhere", key="k")
    assert refused.value.status == 404 and "<Code>NoSuchBucket</Code>" in refused.value.text


@pytest.mark.parametrize("path", ["/-/explain", "/-/replication/wait"])
def test_a_version_id_without_a_key_is_refused_by_the_name_of_what_is_missing(pair: Pair, path: str) -> None:
    for query in ({"version_id": "null"}, {}) if path == "/-/explain" else ({"version_id": "null"},):
        with pytest.raises(Refused) as refused:
            call(pair.server, "GET", path, bucket=pair.source, **query)
        assert refused.value.status == 400 and "<ArgumentName>key</ArgumentName>" in refused.value.text


def test_a_bucket_without_configuration_is_told_so_with_the_code_of_batch_replication(pair: Pair) -> None:
    pair.put("k")
    found = pair.explain("k")
    assert (found["status"], found["reason"], found["code"]) == (
        None,
        "NO_CONFIGURATION",
        "SrcBucketReplicationConfigMissing",
    )
    assert found["remedy"]["action"] == "PutBucketReplication" and found["rules"] == []


def test_a_version_that_never_was_or_was_deleted_for_good_is_missing(pair: Pair) -> None:
    """Permanent deletes are never replicated: the replica stays."""
    put_rule(pair.s3, pair.source, pair.destination)
    version_id = pair.put("k")
    pair.settled("k")
    pair.s3.delete_object(Bucket=pair.source, Key="k", VersionId=version_id)
    found = pair.explain("k", version_id=version_id)
    assert (found["exists"], found["reason"], found["code"]) == (False, "PERMANENT_DELETE", "SrcKeyNotFound")
    assert "never replicated" in found["summary"] and found["remedy"]["bucket"] == pair.destination
    never = pair.explain("never")
    assert (never["exists"], never["reason"], never["code"]) == (False, "VERSION_MISSING", "SrcKeyNotFound")
    pair.put("k")
    assert pair.explain("k", version_id=version_id)["code"] == "SrcVersionNotFound"
    assert pair.explain("k", bucket=pair.destination, version_id=version_id)["status"] == "REPLICA"


def test_what_another_bucket_brought_to_the_destination_is_no_replica_of_what_is_missing_here(pair: Pair) -> None:
    other = Pair(pair.server)
    put_rule(other.s3, other.source, pair.destination)
    put_rule(pair.s3, pair.source, pair.destination)
    other.put("k")
    assert other.settled("k") == "COMPLETED"
    found = pair.explain("k")
    assert (found["reason"], found["remedy"]["action"]) == ("VERSION_MISSING", "UploadAgain")


def test_a_version_older_than_the_rule_is_told_when_the_rule_came_and_how_to_bring_it_over(pair: Pair) -> None:
    pair.put("k", Metadata={"a": "b"})
    put_rule(pair.s3, pair.source, pair.destination, ID="late")
    found = pair.explain("k")
    assert (found["status"], found["reason"], found["code"]) == (None, "OLDER_THAN_RULE", "SrcObjectNotEligible")
    (late,) = found["rules"]
    assert (late["covers"], late["takes_now"]) == (False, True)
    assert [change["change"] for change in late["changes"]] == ["CREATED"]
    assert late["changes"][0]["at"] > found["created_at"]
    assert found["configuration"]["then"] == "ABSENT"
    assert found["remedy"]["action"] == "BatchReplication"
    pair.shell(found["remedy"]["instead"])
    assert pair.settled("k") == "COMPLETED"
    assert pair.s3.head_object(Bucket=pair.source, Key="k")["Metadata"] == {"a": "b"}


def test_a_version_written_while_the_rule_was_disabled_is_told_since_when_and_until_when(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, ID="r")
    put_rule(pair.s3, pair.source, pair.destination, ID="r", Status="Disabled")
    pair.put("gap")
    found = pair.explain("gap")
    assert (found["reason"], found["remedy"]["action"]) == ("NO_RULE_ENABLED", "EnableRule")
    put_rule(pair.s3, pair.source, pair.destination, ID="r")
    found = pair.explain("gap")
    assert (found["reason"], found["status"]) == ("RULE_DISABLED", None)
    assert failed_checks(found) == ["RULE_ENABLED"]
    assert [change["change"] for change in found["rules"][0]["changes"]] == ["CREATED", "DISABLED", "ENABLED"]
    assert found["remedy"]["action"] == "BatchReplication"


@pytest.mark.parametrize(
    ("prefix", "key", "hint"),
    [
        ("logs/", "photos/a", "does not begin with 'logs/'"),
        ("logs/", "Logs/a", "upper and lower case"),
        ("logs/", "/logs/a", "the key begins with a slash"),
        ("/logs/", "logs/a", "the prefix begins with a slash"),
        ("logs/", "logs", "lacks the slash at the end"),
    ],
)
def test_a_key_outside_the_prefix_is_told_by_how_much_it_misses(pair: Pair, prefix: str, key: str, hint: str) -> None:
    put_rule(pair.s3, pair.source, pair.destination, Filter={"Prefix": prefix})
    pair.put(key)
    found = pair.explain(key)
    assert (found["reason"], found["code"]) == ("PREFIX_DOES_NOT_MATCH", "SrcObjectNotEligible")
    assert hint in found["rules"][0]["detail"]
    assert failed_checks(found) == ["PREFIX"]


def test_a_replica_is_not_replicated_onwards(pair: Pair) -> None:
    third = Pair(pair.server)
    put_rule(pair.s3, pair.source, pair.destination)
    put_rule(pair.there, pair.destination, third.destination)
    pair.put("k")
    pair.settled("k")
    found = pair.explain("k", bucket=pair.destination)
    assert (found["status"], found["reason"], found["replica"]) == ("REPLICA", "IS_REPLICA", True)
    assert failed_checks(found) == ["NOT_A_REPLICA"]


def test_a_rule_shadowed_by_a_stronger_one_to_the_same_destination_names_it(pair: Pair) -> None:
    put_rules(
        pair.s3,
        pair.source,
        rule(pair.destination, ID="weak", priority=1),
        rule(pair.destination, ID="strong", priority=2, Filter={"Prefix": "k"}),
    )
    pair.put("k")
    pair.settled("k")
    found = pair.explain("k")
    by_id = {each["rule"]: each for each in found["rules"]}
    assert [each["rule"] for each in found["rules"]] == ["strong", "weak"]
    assert (by_id["strong"]["covers"], by_id["strong"]["status"]) == (True, "COMPLETED")
    assert (by_id["weak"]["reason"], by_id["weak"]["shadowed_by"]) == ("SHADOWED", "strong")
    assert (found["reason"], found["remedy"]) == ("COMPLETED", None)


def test_an_archived_storage_class(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("k", StorageClass="GLACIER")
    found = pair.explain("k")
    assert (found["reason"], found["remedy"]["action"]) == ("ARCHIVED_STORAGE_CLASS", "CopyToStandard")
    assert failed_checks(found) == ["STORAGE_CLASS"]


def test_a_destination_bucket_that_is_gone_and_when_it_is_back(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.delete_bucket(Bucket=pair.destination)
    pair.put("k")
    assert pair.settled("k") == "FAILED"
    found = pair.explain("k")
    (there,) = found["destinations"]
    assert (found["reason"], found["code"], there["cause_gone"]) == ("FAILED", "DstBucketNotFound", False)
    assert (found["remedy"]["action"], found["remedy"]["bucket"]) == ("CreateBucket", pair.destination)
    assert [(each["outcome"], each["code"], each["times"]) for each in there["attempts"]] == [
        ("FAILED", "DstBucketNotFound", 1)
    ]
    assert "in us-west-2, as it was" in found["remedy"]["text"]
    pair.shell(found["remedy"]["command"])
    assert pair.there.get_bucket_location(Bucket=pair.destination)["LocationConstraint"] == "us-west-2"
    found = pair.explain("k")
    assert found["destinations"][0]["cause_gone"] is True
    assert found["remedy"]["command"] == f"farshore replication retry {pair.source} --cause DstBucketNotFound"


def test_a_destination_whose_versioning_is_suspended_and_when_it_is_enabled_again(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    suspended = {"Status": "Suspended"}
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration=suspended)
    pair.put("k")
    assert pair.settled("k") == "FAILED"
    found = pair.explain("k")
    assert (found["code"], found["remedy"]["action"]) == ("DstBucketUnversioned", "EnableVersioning")
    assert found["remedy"]["command"].startswith("aws s3api put-bucket-versioning ")
    enable_versioning(pair.there, pair.destination)
    found = pair.explain("k")
    assert (found["destinations"][0]["cause_gone"], found["remedy"]["action"]) == (True, "Retry")


def test_a_destination_that_was_added_later(pair: Pair) -> None:
    other = Pair(pair.server)
    put_rule(pair.s3, pair.source, pair.destination, ID="first")
    pair.put("k")
    pair.settled("k")
    put_rules(
        pair.s3,
        pair.source,
        rule(pair.destination, ID="first", priority=1),
        rule(other.destination, ID="second", priority=2),
    )
    found = pair.explain("k")
    second = next(each for each in found["rules"] if each["rule"] == "second")
    assert (found["status"], second["reason"]) == ("COMPLETED", "DESTINATION_ADDED_LATER")
    assert second["remedy"]["action"] == "BatchReplication"


def test_an_edit_of_a_replica_that_does_not_travel_back(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    put_rule(pair.there, pair.destination, pair.source, ID="back")
    pair.put("k")
    pair.settled("k")
    edit = {"TagSet": [{"Key": "edited", "Value": "there"}]}
    pair.there.put_object_tagging(Bucket=pair.destination, Key="k", Tagging=edit)
    found = pair.explain("k", bucket=pair.destination)
    assert (found["status"], found["reason"]) == ("REPLICA", "IS_REPLICA")
    assert (found["remedy"]["action"], found["remedy"]["rule"]) == ("EnableReplicaModifications", "back")


@pytest.fixture
def stopped(server_factory: Callable[..., Server]) -> Server:
    """A server that does not replicate yet."""
    return server_factory(environment={"FARSHORE_REPLICATE": "false"})


def test_a_server_whose_replication_is_stopped_says_so(stopped: Server) -> None:
    pair = Pair(stopped)
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("k")
    found = pair.explain("k")
    assert (found["status"], found["reason"]) == ("PENDING", "PENDING")
    waiting = found["destinations"][0]["waiting"]
    assert (waiting["hold"], waiting["attempts"], waiting["next_try_at"]) == ("STOPPED", 0, None)
    assert found["remedy"]["action"] == "StartReplication"


def test_a_failure_that_missed_the_threshold_says_that_too(stopped: Server) -> None:
    pair = Pair(stopped)
    put_rule(pair.s3, pair.source, pair.destination, Destination=TIMED)
    pair.put("k")
    date_back(stopped, 1200.0)
    waiting = pair.explain("k")["destinations"][0]["waiting"]
    assert waiting["missed_threshold"]
    suspended = {"Status": "Suspended"}
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration=suspended)
    stopped.stop()
    working = Server(stopped.data)
    working.start()
    try:
        pair.server, pair.s3 = working, working.client("s3")
        assert pair.settled("k") == "FAILED"
        found = pair.explain("k")
        (there,) = found["destinations"]
        assert (found["code"], there["attempts"][0]["outcome"]) == ("DstBucketUnversioned", "FAILED_LATE")
        late = f"after the threshold: it ought to have arrived by {waiting['threshold']}"
        assert there["note"].startswith("refused at ") and there["note"].endswith(late)
        assert "DstBucketUnversioned" in found["summary"] and late in found["summary"]
    finally:
        working.kill()


@pytest.mark.parametrize(
    ("change", "code", "action"),
    [
        ("disable", "SrcObjectNotEligible", "EnableRule"),
        ("delete", "SrcBucketReplicationConfigMissing", "PutBucketReplication"),
    ],
)
def test_a_rule_that_went_before_the_delivery(stopped: Server, change: str, code: str, action: str) -> None:
    pair = Pair(stopped)
    put_rule(pair.s3, pair.source, pair.destination, ID="r")
    pair.put("k")
    if change == "disable":
        put_rule(pair.s3, pair.source, pair.destination, ID="r", Status="Disabled")
    else:
        pair.s3.delete_bucket_replication(Bucket=pair.source)
    stopped.stop()
    working = Server(stopped.data)
    working.start()
    try:
        pair.server, pair.s3 = working, working.client("s3")
        assert pair.settled("k") == "FAILED"
        found = pair.explain("k")
        assert (found["code"], found["remedy"]["action"]) == (code, action)
        assert found["remedy"]["then"] == f"farshore replication retry {pair.source} --cause {code}"
        pair.shell(found["remedy"]["command"])
        pair.shell(found["remedy"]["then"])
        assert pair.settled("k") == "COMPLETED"
    finally:
        working.kill()


def test_an_unreachable_destination_is_told_with_what_was_tried_and_when_it_is_tried_next(
    server_factory: Callable[..., Server],
) -> None:
    """Its region is not served; it stays PENDING, and arrives by itself when the region is back."""
    before = server_factory(environment={"FARSHORE_REPLICATE": "false"})
    pair = Pair(before)
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("k")
    before.stop()
    alone = server_factory(data=before.data, environment={"FARSHORE_REGIONS": "us-east-1"})
    pair.server, pair.s3 = alone, alone.client("s3")

    def tried_twice() -> Any:
        found = pair.explain("k")
        attempts = found["destinations"][0]["attempts"]
        return attempts and attempts[-1]["times"] >= 2 and found

    found = wait_for(tried_twice, ARRIVAL_S, "a second attempt")
    (there,) = found["destinations"]
    assert (found["status"], found["reason"]) == ("PENDING", "PENDING")
    assert there["waiting"]["hold"] in ("BACKING_OFF", "DESTINATION_RESTS", "BEING_TRIED", "QUEUED")
    assert [(each["outcome"], each["detail"]) for each in there["attempts"]] == [
        ("RETRIED", "region us-west-2 is not served here")
    ]
    assert there["attempts"][0]["first_at"] < there["attempts"][0]["last_at"]
    resting = wait_for(
        lambda: (now := pair.explain("k")["destinations"][0]["waiting"])["next_try_at"] and now, ARRIVAL_S, "a rest"
    )
    assert "not served here" in resting["error"]
    assert found["remedy"]["action"] in ("ReachDestination", "Wait")
    alone.stop()
    back = server_factory(data=before.data)
    pair.server, pair.s3 = back, back.client("s3")
    assert pair.settled("k") == "COMPLETED"
    outcomes = [each["outcome"] for each in pair.explain("k")["destinations"][0]["attempts"]]
    assert outcomes == ["RETRIED", "DELIVERED"]


def test_who_may_not_read_the_object_learns_nothing(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.put("secret")
    stranger = pair.server.cli("account", "create", f"stranger-{os.getpid()}-{next(_numbers)}")
    signer = (stranger["access_key_id"], stranger["secret_access_key"])
    answers = set()
    for name in ("secret", "absent"):
        with pytest.raises(Refused) as refused:
            call(pair.server, "GET", "/-/explain", signer=signer, bucket=pair.source, key=name)
        answers.add((refused.value.status, "<Code>AccessDenied</Code>" in refused.value.text))
    assert answers == {(403, True)}


def test_the_command_says_it_in_words_and_as_json(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, Filter={"Prefix": "logs/"}, ID="logs-only")
    pair.put("photos/a")
    uri = f"s3://{pair.source}/photos/a"
    assert pair.server.cli("explain", uri)["reason"] == "PREFIX_DOES_NOT_MATCH"
    command = [sys.executable, "-m", "farshore", "explain", uri, "--data", str(pair.server.data)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False, text=True)
    assert done.returncode == 0, done.stderr
    for part in ("Status none: PREFIX_DOES_NOT_MATCH", "logs-only (priority 1)", "To mend it: add a rule", "aws s3api"):
        assert part in done.stdout
