"""What remedies say and leave behind, beside that they mend (test_explain_rows.py)."""

from __future__ import annotations

import pytest
from tests.support.pairs import Pair
from tests.support.replication import put_rule, put_rules, rule
from tests.support.server import Server


@pytest.fixture
def pair(server: Server) -> Pair:
    return Pair(server)


def test_a_configuration_that_was_deleted_is_put_again_as_the_remedy_says(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, ID="was-here")
    pair.s3.delete_bucket_replication(Bucket=pair.source)
    pair.put("k")
    remedy = pair.explain("k")["remedy"]
    assert "again" in remedy["text"]
    pair.mends(remedy, "k")
    rules = pair.s3.get_bucket_replication(Bucket=pair.source)["ReplicationConfiguration"]["Rules"]
    assert [each["ID"] for each in rules] == ["was-here"]


def test_a_version_older_than_a_rule_that_would_not_take_it_now_either_is_told_both(pair: Pair) -> None:
    pair.put("photos/a")
    put_rule(pair.s3, pair.source, pair.destination, Filter={"Prefix": "logs/"})
    found = pair.explain("photos/a")
    assert (found["reason"], found["remedy"]["action"]) == ("OLDER_THAN_RULE", "AddRule")
    assert "does not begin with 'logs/'" in found["summary"]
    pair.mends(found["remedy"], "photos/a")


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
    # Of the one the tags are right by now, and it goes as it is; of the other they are not.
    assert found["remedy"]["action"] == "BatchReplication"
    assert pair.explain("other")["remedy"]["action"] == "CopyOntoItself"


def test_a_rule_that_a_stronger_one_keeps_from_a_delete_marker_is_raised_above_it(pair: Pair) -> None:
    """The stronger rule decides alone, and leaves delete markers out: either rule can be changed."""
    put_rules(
        pair.s3,
        pair.source,
        rule(pair.destination, ID="weak", priority=1, delete_markers=True),
        rule(pair.destination, ID="strong", priority=2),
    )
    pair.put("k")
    assert pair.settled("k") == "COMPLETED"
    marker = pair.s3.delete_object(Bucket=pair.source, Key="k")["VersionId"]
    found = pair.explain("k")
    weak = next(each for each in found["rules"] if each["rule"] == "weak")
    assert (weak["reason"], weak["shadowed_by"]) == ("SHADOWED", "strong")
    assert weak["remedy"]["action"] == "RaisePriority"
    assert (found["reason"], found["remedy"]["action"]) == ("DELETE_MARKERS_OFF", "EnableDeleteMarkerReplication")
    for command in (weak["remedy"]["command"], weak["remedy"]["then"]):
        pair.shell(command)
    found = pair.explain("k", version_id=marker)
    assert [(each["rule"], each["status"]) for each in found["destinations"]] == [("weak", "COMPLETED")]


def test_what_is_older_than_all_that_is_remembered_of_the_rules_is_brought_over_by_a_job(pair: Pair) -> None:
    """Fifty configurations are remembered: why a version was left out before them is forgotten, and is not guessed."""
    put_rule(pair.s3, pair.source, pair.destination, ID="r", Status="Disabled")
    pair.put("k")
    for number in range(51):
        put_rule(pair.s3, pair.source, pair.destination, ID="r", priority=number + 1)
    found = pair.explain("k")
    (only,) = found["rules"]
    assert (found["status"], found["reason"], found["code"]) == (None, "FORGOTTEN", "SrcObjectNotEligible")
    assert (found["configuration"]["then"], only["reason"], only["takes_now"]) == ("FORGOTTEN", "FORGOTTEN", True)
    assert {check["then"] for check in only["checks"] if check["check"].startswith("RULE_")} == {None}
    assert found["remedy"]["action"] == "BatchReplication"
    pair.mends(found["remedy"], "k")
