"""What is replicated and, above all, what is not.

Sources, named in each row: WHAT = S3 User Guide, "What does Amazon S3 replicate?"; MARKERS = "Replicating delete
markers between buckets"; SYNC = "Replicating metadata changes with replica modification sync"; OWNER = "Changing the
replica owner"; ELEMENTS = "Replication configuration file elements"; TROUBLE = "Troubleshooting replication"; OURS =
AWS does not say.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farshore.model.objects import Attributes, Version
from farshore.model.replication import (
    DestinationState,
    FailureCode,
    ReplicationConfiguration,
    ReplicationRule,
    ReplicationStatus,
    RuleFilter,
    TaskKind,
)
from farshore.semantics.replication_eligibility import (
    Cause,
    Eligibility,
    Refusal,
    Refused,
    eligible_destinations,
    recheck_at_delivery,
)

PENDING, COMPLETED = ReplicationStatus.PENDING, ReplicationStatus.COMPLETED
FAILED, REPLICA = ReplicationStatus.FAILED, ReplicationStatus.REPLICA

VERSION = Version(bucket_id=1, key="k", version_id="v", created_us=1, owner="o", tags={"a": "b"})
MARKER = msgspec.structs.replace(VERSION, delete_marker=True, tags={})


def version(**changes: Any) -> Version:
    return msgspec.structs.replace(VERSION, **changes)


def rule(
    priority: int = 1, destination: str = "d", prefix: str = "", tags: dict[str, str] | None = None, **flags: bool
) -> ReplicationRule:
    return ReplicationRule(
        id=f"r{priority}",
        priority=priority,
        enabled=flags.pop("enabled", True),
        filter=RuleFilter(prefix, tuple((tags or {}).items())),
        destination=destination,
        **flags,
    )


def configuration(*rules: ReplicationRule) -> ReplicationConfiguration:
    return ReplicationConfiguration("role", tuple(sorted(rules, key=lambda r: -r.priority)))


ALL = configuration(rule())
MARKERS_TOO = configuration(rule(delete_markers=True))
SYNCED = configuration(rule(replica_modifications=True))


def state(destination: str, status: ReplicationStatus, rule_id: str = "r1", **more: Any) -> DestinationState:
    return DestinationState(destination, status, rule_id, 1, **more)


REPLICATED: list[tuple[str, ReplicationConfiguration, Version, Cause, list[str]]] = [
    ("WHAT: a new object", ALL, VERSION, Cause.WRITE, ["d"]),
    ("WHAT: its tags match", configuration(rule(tags={"a": "b"})), VERSION, Cause.WRITE, ["d"]),
    ("WHAT: an object in GLACIER_IR", ALL, version(storage_class="GLACIER_IR"), Cause.WRITE, ["d"]),
    ("WHAT: an object in INTELLIGENT_TIERING", ALL, version(storage_class="INTELLIGENT_TIERING"), Cause.WRITE, ["d"]),
    ("WHAT: a null version", ALL, version(version_id="null"), Cause.WRITE, ["d"]),
    ("ELEMENTS: several destinations", configuration(rule(1, "x"), rule(2, "y")), VERSION, Cause.WRITE, ["y", "x"]),
    ("ELEMENTS: the stronger rule of one", configuration(rule(1), rule(2)), VERSION, Cause.WRITE, ["d"]),
    ("MARKERS: with the switch", MARKERS_TOO, MARKER, Cause.DELETE, ["d"]),
    (
        "MARKERS: a rule with tags does not shadow one that takes it",
        configuration(rule(1, delete_markers=True), rule(2, tags={"a": "b"})),
        MARKER,
        Cause.DELETE,
        ["d"],
    ),
    (
        "WHAT: new tags go where the object went",
        configuration(rule(1, "x"), rule(2, "y")),
        version(replication_status=COMPLETED, destinations=(state("x", COMPLETED),)),
        Cause.METADATA,
        ["x"],
    ),
    (
        "WHAT: new tags of an object still on its way",
        ALL,
        version(replication_status=PENDING, destinations=(state("d", PENDING),)),
        Cause.METADATA,
        ["d"],
    ),
    (
        "WHAT: new tags that the rule's own filter no longer matches",
        configuration(rule(tags={"a": "before"})),
        version(replication_status=COMPLETED, destinations=(state("d", COMPLETED),)),
        Cause.METADATA,
        ["d"],
    ),
    ("SYNC: an edit of a replica", SYNCED, version(replication_status=REPLICA), Cause.METADATA, ["d"]),
    ("SYNC: a new ACL of a replica", SYNCED, version(replication_status=REPLICA), Cause.ACL, ["d"]),
    (
        "OWNER: a new ACL of an object from before the override was switched on",
        configuration(rule(owner_override=True)),
        version(replication_status=COMPLETED, destinations=(state("d", COMPLETED),)),
        Cause.ACL,
        ["d"],
    ),
    (
        "OWNER: new tags of an object that was given away",
        ALL,
        version(replication_status=COMPLETED, destinations=(state("d", COMPLETED, owner_override=True),)),
        Cause.METADATA,
        ["d"],
    ),
    (
        "OURS: new tags of an object whose earlier tags were refused",
        ALL,
        version(replication_status=FAILED, destinations=(state("d", FAILED, changed=(TaskKind.TAGS,)),)),
        Cause.METADATA,
        ["d"],
    ),
]


@pytest.mark.parametrize(
    ("rules", "changed", "cause", "destinations"), [row[1:] for row in REPLICATED], ids=[row[0] for row in REPLICATED]
)
def test_these_changes_are_replicated(
    rules: ReplicationConfiguration, changed: Version, cause: Cause, destinations: list[str]
) -> None:
    found = eligible_destinations(rules, changed, cause=cause)
    assert [applied.destination for applied in found.rules] == destinations
    assert found.refusals == ()


NOT_REPLICATED: list[tuple[str, ReplicationConfiguration | None, Version, Cause, Refused]] = [
    ("WHAT: no configuration", None, VERSION, Cause.WRITE, Refused(Refusal.NO_CONFIGURATION)),
    (
        "TROUBLE: every rule disabled",
        configuration(rule(enabled=False)),
        VERSION,
        Cause.WRITE,
        Refused(Refusal.NO_RULE_ENABLED),
    ),
    (
        "TROUBLE: one of two disabled",
        configuration(rule(1, enabled=False), rule(2, "e", "p")),
        VERSION,
        Cause.WRITE,
        Refused(Refusal.RULE_DISABLED, "r1", "d"),
    ),
    (
        "TROUBLE: key outside the prefix",
        configuration(rule(prefix="/k")),
        VERSION,
        Cause.WRITE,
        Refused(Refusal.PREFIX_DOES_NOT_MATCH, "r1", "d"),
    ),
    (
        "WHAT: tags given at creation do not match",
        configuration(rule(tags={"a": "B"})),
        VERSION,
        Cause.WRITE,
        Refused(Refusal.TAGS_DO_NOT_MATCH, "r1", "d"),
    ),
    (
        "ELEMENTS: shadowed",
        configuration(rule(1), rule(2)),
        VERSION,
        Cause.WRITE,
        Refused(Refusal.SHADOWED, "r1", "d"),
    ),
    ("WHAT: replicas do not chain", ALL, VERSION, Cause.REPLICA, Refused(Refusal.IS_REPLICA)),
    ("WHAT: replicated delete markers do not chain", MARKERS_TOO, MARKER, Cause.REPLICA, Refused(Refusal.IS_REPLICA)),
    (
        "WHAT: a version that is a replica",
        ALL,
        version(replication_status=REPLICA),
        Cause.WRITE,
        Refused(Refusal.IS_REPLICA),
    ),
    ("WHAT: GLACIER", ALL, version(storage_class="GLACIER"), Cause.WRITE, Refused(Refusal.ARCHIVED_STORAGE_CLASS)),
    (
        "WHAT: DEEP_ARCHIVE",
        ALL,
        version(storage_class="DEEP_ARCHIVE"),
        Cause.WRITE,
        Refused(Refusal.ARCHIVED_STORAGE_CLASS),
    ),
    ("MARKERS: switched off", ALL, MARKER, Cause.DELETE, Refused(Refusal.DELETE_MARKERS_OFF, "r1", "d")),
    (
        "MARKERS: rule with tags",
        configuration(rule(tags={"a": "b"})),
        MARKER,
        Cause.DELETE,
        Refused(Refusal.DELETE_MARKERS_HAVE_NO_TAGS, "r1", "d"),
    ),
    (
        "OURS: a stronger rule without the switch shadows one with it",
        configuration(rule(1, delete_markers=True), rule(2)),
        MARKER,
        Cause.DELETE,
        Refused(Refusal.DELETE_MARKERS_OFF, "r2", "d"),
    ),
    ("WHAT: deletes of versions", MARKERS_TOO, VERSION, Cause.PERMANENT_DELETE, Refused(Refusal.PERMANENT_DELETE)),
    ("WHAT: deletes of markers", MARKERS_TOO, MARKER, Cause.PERMANENT_DELETE, Refused(Refusal.PERMANENT_DELETE)),
    ("WHAT: lifecycle's delete markers", MARKERS_TOO, MARKER, Cause.LIFECYCLE, Refused(Refusal.LIFECYCLE_ACTION)),
    ("WHAT: lifecycle's transitions", ALL, VERSION, Cause.LIFECYCLE, Refused(Refusal.LIFECYCLE_ACTION)),
    (
        "WHAT: new tags that match, of an object from before the rule",
        ALL,
        VERSION,
        Cause.METADATA,
        Refused(Refusal.NEVER_REPLICATED),
    ),
    (
        "TROUBLE: new tags of an object that failed",
        ALL,
        version(replication_status=FAILED, destinations=(state("d", FAILED),)),
        Cause.METADATA,
        Refused(Refusal.REPLICA_MISSING, "r1", "d"),
    ),
    (
        "OWNER: a new ACL of an object that was given away, also when the override is off again",
        ALL,
        version(replication_status=COMPLETED, destinations=(state("d", COMPLETED, owner_override=True),)),
        Cause.ACL,
        Refused(Refusal.OWNER_OVERRIDDEN, "r1", "d"),
    ),
    (
        "OWNER: a new ACL of a replica that was given away",
        SYNCED,
        version(replication_status=REPLICA, attributes=Attributes(replica=True, owner_overridden=True)),
        Cause.ACL,
        Refused(Refusal.OWNER_OVERRIDDEN),
    ),
    (
        "OWNER: a new ACL of a replica, by a rule back that gives objects away",
        configuration(rule(replica_modifications=True, owner_override=True)),
        version(replication_status=REPLICA),
        Cause.ACL,
        Refused(Refusal.OWNER_OVERRIDDEN, "r1", "d"),
    ),
    (
        "SYNC: a new ACL of a replica, without the switch",
        ALL,
        version(replication_status=REPLICA),
        Cause.ACL,
        Refused(Refusal.REPLICA_MODIFICATIONS_OFF, "r1", "d"),
    ),
    (
        "OURS: new tags after the rule was narrowed",
        configuration(rule(prefix="p")),
        version(replication_status=COMPLETED, destinations=(state("d", COMPLETED),)),
        Cause.METADATA,
        Refused(Refusal.NO_RULE_LEFT, "r1", "d"),
    ),
    (
        "SYNC: an edit of a replica, without the switch",
        ALL,
        version(replication_status=REPLICA),
        Cause.METADATA,
        Refused(Refusal.REPLICA_MODIFICATIONS_OFF, "r1", "d"),
    ),
]


@pytest.mark.parametrize(
    ("rules", "changed", "cause", "refused"),
    [row[1:] for row in NOT_REPLICATED],
    ids=[row[0] for row in NOT_REPLICATED],
)
def test_these_changes_are_not_replicated_and_it_is_said_why(
    rules: ReplicationConfiguration | None, changed: Version, cause: Cause, refused: Refused
) -> None:
    found = eligible_destinations(rules, changed, cause=cause, explain=True)
    assert refused in found.refusals
    assert refused.rule_id not in {applied.id for applied in found.rules}
    quick = eligible_destinations(rules, changed, cause=cause)
    assert quick.rules == found.rules
    assert set(quick.refusals) <= set(found.refusals)


@pytest.mark.parametrize("cause", [Cause.PERMANENT_DELETE, Cause.LIFECYCLE, Cause.REPLICA])
@pytest.mark.parametrize("rules", [None, ALL, MARKERS_TOO, SYNCED])
@pytest.mark.parametrize("changed", [VERSION, MARKER])
def test_some_causes_are_never_replicated(
    cause: Cause, rules: ReplicationConfiguration | None, changed: Version
) -> None:
    assert eligible_destinations(rules, changed, cause=cause).rules == ()


def test_every_refusal_has_a_row() -> None:
    assert {row[4].reason for row in NOT_REPLICATED} == set(Refusal)


def test_a_failed_destination_does_not_keep_a_change_from_the_others() -> None:
    changed = version(replication_status=FAILED, destinations=(state("x", FAILED), state("y", COMPLETED, "r2")))
    rules = configuration(rule(1, "x"), rule(2, "y"))
    assert eligible_destinations(rules, changed, cause=Cause.METADATA) == Eligibility(
        (rules.rules[0],), (Refused(Refusal.REPLICA_MISSING, "r1", "x"),)
    )


WAITING = version(replication_status=PENDING, destinations=(state("d", PENDING),))
WAITING_MARKER = msgspec.structs.replace(MARKER, replication_status=PENDING, destinations=WAITING.destinations)
DELIVERED: list[tuple[str, ReplicationConfiguration, Version, str]] = [
    ("WHAT: nothing changed", ALL, WAITING, "r1"),
    ("WHAT: tags changed meanwhile", configuration(rule(tags={"a": "before"})), WAITING, "r1"),
    ("OURS: a stronger rule came", configuration(rule(1), rule(2)), WAITING, "r1"),
    ("OURS: the rule gave way to another", configuration(rule(2)), WAITING, "r2"),
    ("OURS: it was disabled, another is there", configuration(rule(1, enabled=False), rule(2)), WAITING, "r2"),
    ("MARKERS: the switch is still on", MARKERS_TOO, WAITING_MARKER, "r1"),
]


@pytest.mark.parametrize(
    ("rules", "waiting", "rule_id"), [row[1:] for row in DELIVERED], ids=[row[0] for row in DELIVERED]
)
def test_a_pending_version_still_goes(rules: ReplicationConfiguration, waiting: Version, rule_id: str) -> None:
    found = recheck_at_delivery(rules, waiting, "d")
    assert isinstance(found, ReplicationRule)
    assert found.id == rule_id


NOT_DELIVERED: list[tuple[str, ReplicationConfiguration | None, Version, FailureCode]] = [
    ("configuration deleted", None, WAITING, FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING),
    ("rule disabled", configuration(rule(enabled=False)), WAITING, FailureCode.SRC_OBJECT_NOT_ELIGIBLE),
    ("rule deleted", configuration(rule(2, "e")), WAITING, FailureCode.SRC_OBJECT_NOT_ELIGIBLE),
    ("rule has another destination", configuration(rule(1, "e")), WAITING, FailureCode.SRC_OBJECT_NOT_ELIGIBLE),
    ("rule narrowed", configuration(rule(prefix="p")), WAITING, FailureCode.SRC_OBJECT_NOT_ELIGIBLE),
    (
        "another rule wants other tags",
        configuration(rule(2, tags={"a": "B"})),
        WAITING,
        FailureCode.SRC_OBJECT_NOT_ELIGIBLE,
    ),
    ("delete markers switched off", ALL, WAITING_MARKER, FailureCode.SRC_OBJECT_NOT_ELIGIBLE),
    (
        "replica modification sync switched off",
        ALL,
        version(
            replication_status=PENDING,
            attributes=Attributes(replica=True),
            destinations=(state("d", PENDING, changed=(TaskKind.TAGS,)),),
        ),
        FailureCode.SRC_OBJECT_NOT_ELIGIBLE,
    ),
    (
        "another rule has tags, of a delete marker",
        configuration(rule(2, tags={"a": "b"}, delete_markers=True)),
        WAITING_MARKER,
        FailureCode.SRC_OBJECT_NOT_ELIGIBLE,
    ),
]


@pytest.mark.parametrize(
    ("rules", "waiting", "code"), [row[1:] for row in NOT_DELIVERED], ids=[row[0] for row in NOT_DELIVERED]
)
def test_a_pending_version_that_no_rule_covers_any_more_fails_with_a_code(
    rules: ReplicationConfiguration | None, waiting: Version, code: FailureCode
) -> None:
    """OURS: AWS does not say what becomes of it."""
    assert recheck_at_delivery(rules, waiting, "d") is code
