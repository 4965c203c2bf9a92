"""The commands of remedies, pasted as they are: each brings the object to its destination."""

from __future__ import annotations

import pytest
from tests.support.pairs import ARRIVAL_S, Pair
from tests.support.replication import put_rule, wait_for
from tests.support.server import Server


@pytest.fixture
def pair(server: Server) -> Pair:
    return Pair(server)


def test_the_remedy_of_a_bucket_without_configuration_is_complete_but_for_the_destinations_name(pair: Pair) -> None:
    pair.put("k")
    remedy = pair.explain("k")["remedy"]
    assert remedy["command"].count("DESTINATION") == 2
    pair.shell(remedy["command"].replace("DESTINATION", pair.destination))
    pair.shell(remedy["then"])
    assert pair.settled("k") == "COMPLETED"


def test_a_configuration_that_was_deleted_is_put_again_as_the_remedy_says(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, ID="was-here")
    pair.s3.delete_bucket_replication(Bucket=pair.source)
    pair.put("k")
    remedy = pair.explain("k")["remedy"]
    assert "again" in remedy["text"]
    pair.mends(remedy, "k")
    rules = pair.s3.get_bucket_replication(Bucket=pair.source)["ReplicationConfiguration"]["Rules"]
    assert [each["ID"] for each in rules] == ["was-here"]


def test_the_two_commands_for_a_bucket_that_is_gone_bring_the_object_over(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.delete_bucket(Bucket=pair.destination)
    pair.put("k")
    assert pair.settled("k") == "FAILED"
    remedy = pair.explain("k")["remedy"]
    pair.shell(remedy["command"])
    pair.shell(remedy["then"])
    assert pair.settled("k") == "COMPLETED"


def test_a_version_older_than_a_rule_that_would_not_take_it_now_either_is_told_both(pair: Pair) -> None:
    pair.put("photos/a")
    put_rule(pair.s3, pair.source, pair.destination, Filter={"Prefix": "logs/"})
    found = pair.explain("photos/a")
    assert (found["reason"], found["remedy"]["action"]) == ("OLDER_THAN_RULE", "AddRule")
    assert "does not begin with 'logs/'" in found["summary"]
    pair.mends(found["remedy"], "photos/a")


def test_enabling_the_rule_as_the_remedy_says_mends_it(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, Status="Disabled")
    pair.put("k")
    pair.mends(pair.explain("k")["remedy"], "k")


def test_adding_a_rule_for_the_folder_as_the_remedy_says_mends_a_key_outside_the_prefix(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, Filter={"Prefix": "logs/"}, ID="logs")
    pair.put("photos/a b")
    found = pair.explain("photos/a b")
    assert found["remedy"]["action"] == "AddRule"
    pair.mends(found["remedy"], "photos/a b")
    rules = pair.s3.get_bucket_replication(Bucket=pair.source)["ReplicationConfiguration"]["Rules"]
    assert [each["Filter"]["Prefix"] for each in rules] == ["logs/", "photos/"]


def test_tags_count_as_they_were_when_the_version_was_written(pair: Pair) -> None:
    """A tag that was put later, or has another value or case, does not make a rule take a version."""
    put_rule(pair.s3, pair.source, pair.destination, Filter={"Tag": {"Key": "keep", "Value": "yes"}})
    pair.put("late")
    pair.put("other", Tagging="Keep=yes&keep=Yes")
    found = pair.explain("other")
    assert found["reason"] == "TAGS_DO_NOT_MATCH" and "'Yes'" in found["rules"][0]["detail"]
    tags = {"TagSet": [{"Key": "keep", "Value": "yes"}]}
    pair.s3.put_object_tagging(Bucket=pair.source, Key="late", Tagging=tags)
    found = pair.explain("late")
    assert found["reason"] == "TAGS_DO_NOT_MATCH"
    assert [check["check"] for check in found["rules"][0]["checks"] if check["then"] is False] == ["TAGS"]
    assert "only after it was written" in found["rules"][0]["detail"]
    assert found["remedy"]["action"] == "CopyOntoItself"
    pair.mends(found["remedy"], "late")
    pair.mends(pair.explain("other")["remedy"], "other")


def test_a_delete_marker_under_a_rule_that_leaves_them_out(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, ID="r")
    pair.put("k")
    pair.settled("k")
    marker = pair.s3.delete_object(Bucket=pair.source, Key="k")["VersionId"]
    found = pair.explain("k")
    assert (found["version_id"], found["delete_marker"], found["reason"]) == (marker, True, "DELETE_MARKERS_OFF")
    assert found["remedy"]["action"] == "EnableDeleteMarkerReplication"
    for command in (found["remedy"]["command"], found["remedy"]["then"]):
        pair.run(command)
    marker = pair.explain("k")["version_id"]
    wait_for(lambda: pair.explain("k")["status"] == "COMPLETED", ARRIVAL_S, "the marker's arrival")
    markers = pair.there.list_object_versions(Bucket=pair.destination)["DeleteMarkers"]
    assert [each["VersionId"] for each in markers] == [marker]


def test_a_change_of_tags_whose_replica_is_gone(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    version_id = pair.put("k")
    pair.settled("k")
    pair.there.delete_object(Bucket=pair.destination, Key="k", VersionId=version_id)
    pair.s3.put_object_tagging(Bucket=pair.source, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert pair.settled("k") == "FAILED"
    found = pair.explain("k")
    assert (found["code"], found["reason"]) == ("DstVersionNotFound", "FAILED")
    assert (found["destinations"][0]["cause_gone"], found["remedy"]["action"]) == (False, "CopyOntoItself")
    pair.mends(found["remedy"], "k")
