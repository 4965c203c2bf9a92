"""Replication configurations: every validation of PutBucketReplication, with what must be accepted beside it.

Sources, named in each row: API = API Reference (PutBucketReplication, ReplicationRule, Destination); GUIDE = S3 User
Guide, "Replication configuration file elements"; ERRORS = API Reference, "Error responses", replication-related error
codes; RECORDED = answers recorded on AWS; OBSERVED = messages quoted from AWS in public issue trackers; OURS = AWS says
nothing, or sources disagree.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from farshore.model.buckets import VersioningStatus
from farshore.model.errors import (
    InvalidArgument,
    InvalidRequest,
    InvalidStorageClass,
    InvalidTag,
    MalformedXML,
    NotImplemented,
    S3Error,
)
from farshore.model.replication import ReplicationRule, RuleFilter
from farshore.semantics.replication_config import (
    DestinationFacts,
    check_destinations,
    check_source_versioning,
    compile_configuration,
    validate,
)

Document = dict[str, Any]
Edit = Callable[[Document], Any]

ROLE = "arn:aws:iam::111122223333:role/service-role/replication"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/134f2428-cec1-4b25-a1ae-9048164dba47"
GUIDE = (
    " for this version of Cross Region Replication configuration schema. "
    "Please refer to S3 Developer Guide for more information."
)
FIFTEEN = {"Minutes": 15}


def rule(number: int = 1, **members: Any) -> Document:
    """A V2 rule."""
    return {
        "ID": f"rule-{number}",
        "Priority": number,
        "Filter": {},
        "Status": "Enabled",
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::destination"},
        **members,
    }


def old_rule(number: int = 1, **members: Any) -> Document:
    """A V1 rule."""
    return {
        "ID": f"rule-{number}",
        "Prefix": f"p{number}",
        "Status": "Enabled",
        "Destination": {"Bucket": "arn:aws:s3:::destination"},
        **members,
    }


def document(*rules: Document) -> Document:
    return {"Role": ROLE, "Rules": list(rules)}


def to(**destination: Any) -> Document:
    """A V2 rule with these members of Destination."""
    return rule(Destination={"Bucket": "arn:aws:s3:::destination", **destination})


def validated(given: Document) -> Document:
    names = iter(f"generated-{number}" for number in range(10))
    return validate(given, source_bucket="source", new_rule_id=lambda: next(names))


TAG = {"Key": "a", "Value": "b"}
TIME = {"Status": "Enabled", "Time": FIFTEEN}
METRICS = {"Status": "Enabled", "EventThreshold": FIFTEEN}
KMS = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}

ACCEPTED: dict[str, Document] = {
    "RECORDED: prefix filter": document(rule(Filter={"Prefix": "Tax"})),
    "RECORDED: empty filter, priority 0, disabled, with time control": document(
        rule(Priority=0, Status="Disabled", Destination=to(ReplicationTime=TIME, Metrics=METRICS)["Destination"])
    ),
    "GUIDE: tag filter": document(rule(Filter={"Tag": TAG})),
    "GUIDE: And of prefix and tags": document(rule(Filter={"And": {"Prefix": "p", "Tags": [TAG]}})),
    "GUIDE: And of tags": document(rule(Filter={"And": {"Tags": [TAG, {"Key": "c", "Value": ""}]}})),
    "GUIDE: delete markers with a prefix": document(
        rule(Filter={"Prefix": "p"}, DeleteMarkerReplication={"Status": "Enabled"})
    ),
    "GUIDE: V1": document(old_rule(1), old_rule(2, Prefix="")),
    "GUIDE: several destinations": document(rule(1), rule(2, Destination={"Bucket": "arn:aws:s3:::other"})),
    "GUIDE: two rules to one destination": document(rule(1), rule(2)),
    "OBSERVED: metrics without time control": document(to(Metrics={"Status": "Enabled"})),
    "OBSERVED: time control disabled beside enabled metrics": document(
        to(ReplicationTime={"Status": "Disabled", "Time": FIFTEEN}, Metrics={"Status": "Enabled"})
    ),
    "GUIDE: replica modifications alone": document(
        rule(SourceSelectionCriteria={"ReplicaModifications": {"Status": "Enabled"}})
    ),
    "GUIDE: owner override": document(
        to(Account="444455556666", AccessControlTranslation={"Owner": "Destination"}, StorageClass="STANDARD_IA")
    ),
    "API: encrypted objects": document(
        {**to(EncryptionConfiguration={"ReplicaKmsKeyID": KEY}), "SourceSelectionCriteria": KMS}
    ),
    "API: id and prefix of the greatest length": document(rule(ID="i" * 255, Filter={"Prefix": "é" * 1024})),
    "API: greatest priority": document(rule(Priority=2**31 - 1)),
    "GUIDE: 1,000 rules": document(*(rule(number) for number in range(1000))),
    "OURS: other partitions": {
        "Role": "arn:aws-cn:iam::111122223333:role/r",
        "Rules": [rule(Destination={"Bucket": "arn:aws-cn:s3:::destination"})],
    },
}


@pytest.mark.parametrize("row", ACCEPTED)
def test_a_valid_configuration_comes_back_as_submitted(row: str) -> None:
    given = ACCEPTED[row]
    before = copy.deepcopy(given)
    stored = validated(given)
    assert stored == before
    assert given == before
    stored["Rules"][0]["Destination"]["Bucket"] = "changed"
    assert given == before


@pytest.mark.parametrize("absent", [{}, {"ID": ""}])
def test_a_rule_without_id_gets_one(absent: Document) -> None:
    """RECORDED: an ID is generated and returned by GetBucketReplication."""
    bare = {name: value for name, value in rule(1).items() if name != "ID"} | absent
    stored = validated(document(bare, rule(2)))
    assert [stored_rule["ID"] for stored_rule in stored["Rules"]] == ["generated-0", "rule-2"]
    assert "ID" not in bare or bare["ID"] == ""


def without(element: Document, *names: str) -> Document:
    return {name: value for name, value in element.items() if name not in names}


R = InvalidRequest
A = InvalidArgument
REFUSED: list[tuple[str, Document, type[S3Error], str | None, dict[str, str]]] = [
    ("4 RECORDED: no rules", document(), MalformedXML, None, {}),
    ("4 API: Rules missing", {"Role": ROLE}, MalformedXML, None, {}),
    ("4 API: Role missing", {"Rules": [rule()]}, MalformedXML, None, {}),
    ("4 API: Status missing", document(without(rule(), "Status")), MalformedXML, None, {}),
    ("4 API: Status misspelt", document(rule(Status="enabled")), MalformedXML, None, {}),
    ("4 API: Destination missing", document(without(rule(), "Destination")), MalformedXML, None, {}),
    ("4 API: Bucket missing", document(rule(Destination={})), MalformedXML, None, {}),
    ("4 API: marker status missing", document(rule(DeleteMarkerReplication={})), MalformedXML, None, {}),
    ("4 API: Owner misspelt", document(to(AccessControlTranslation={"Owner": "Me"})), MalformedXML, None, {}),
    ("4 API: Owner missing", document(to(AccessControlTranslation={})), MalformedXML, None, {}),
    ("4 API: class unknown", document(to(StorageClass="COLD")), MalformedXML, None, {}),
    ("4 API: metrics status misspelt", document(to(Metrics={"Status": "On"})), MalformedXML, None, {}),
    (
        "4 API: criterion without status",
        document(rule(SourceSelectionCriteria={"ReplicaModifications": {}})),
        MalformedXML,
        None,
        {},
    ),
    (
        "4 OBSERVED: ExistingObjectReplication",
        document(rule(ExistingObjectReplication={"Status": "Disabled"})),
        MalformedXML,
        None,
        {},
    ),
    ("4 GUIDE: two children of Filter", document(rule(Filter={"Prefix": "p", "Tag": TAG})), MalformedXML, None, {}),
    ("4 API: And of nothing", document(rule(Filter={"And": {}})), MalformedXML, None, {}),
    ("4 API: tag without value", document(rule(Filter={"Tag": {"Key": "a"}})), MalformedXML, None, {}),
    ("4 OURS: newer filter elements", document(rule(Filter={"Not": {"Prefix": "p"}})), NotImplemented, None, {}),
    ("GUIDE: Prefix and Filter", document(rule(Prefix="p")), MalformedXML, None, {}),
    ("GUIDE: neither Prefix nor Filter", document(without(rule(), "Filter")), MalformedXML, None, {}),
    ("OURS: V1 and V2 rules mixed", document(rule(1), old_rule(2)), MalformedXML, None, {}),
    (
        "5 API: 1,001 rules",
        document(*(rule(number) for number in range(1001))),
        R,
        "Number of rules 1001 exceeds the allowed limit of 1000",
        {},
    ),
    (
        "9 OBSERVED: V2 without DeleteMarkerReplication",
        document(without(rule(), "DeleteMarkerReplication")),
        R,
        "DeleteMarkerReplication must be specified" + GUIDE,
        {},
    ),
    (
        "10 GUIDE: V2 without Priority",
        document(without(rule(), "Priority")),
        R,
        "Priority must be specified" + GUIDE,
        {},
    ),
    ("11 OBSERVED: V1 with Priority", document(old_rule(Priority=1)), R, "Priority cannot be used" + GUIDE, {}),
    (
        "11 OBSERVED: V1 with DeleteMarkerReplication",
        document(old_rule(DeleteMarkerReplication={"Status": "Enabled"})),
        R,
        "DeleteMarkerReplication cannot be used" + GUIDE,
        {},
    ),
    (
        "12 OBSERVED: V1 with two destinations",
        document(old_rule(1), old_rule(2, Destination={"Bucket": "arn:aws:s3:::other"})),
        R,
        "Number of distinct destination bucket ARNs cannot exceed 1",
        {},
    ),
    ("13 GUIDE: priority twice", document(rule(1), rule(2, Priority=1)), R, "Found duplicate priority 1.", {}),
    (
        "13 OURS: priority twice, of two destinations",
        document(rule(1), rule(2, Priority=1, Destination={"Bucket": "arn:aws:s3:::other"})),
        R,
        "Found duplicate priority 1.",
        {},
    ),
    ("14 API: negative priority", document(rule(Priority=-1)), R, "Priority must be between 0 and 2147483647.", {}),
    (
        "14 API: priority of 32 bits",
        document(rule(Priority=2**31)),
        R,
        "Priority must be between 0 and 2147483647.",
        {},
    ),
    (
        "15 API: id twice",
        document(rule(1), rule(2, ID="rule-1")),
        A,
        "Rule Id must be unique.",
        {"ArgumentName": "ID", "ArgumentValue": "rule-1"},
    ),
    (
        "16 API: long id",
        document(rule(ID="i" * 256)),
        A,
        "Rule Id cannot be greater than 255",
        {"ArgumentName": "ID", "ArgumentValue": "i" * 256},
    ),
    (
        "17 ERRORS: id not ASCII",
        document(rule(ID="é")),
        A,
        "Rule ID must not contain non-ASCII characters",
        {"ArgumentName": "ID", "ArgumentValue": "é"},
    ),
    *(
        (
            f"18 GUIDE: delete markers with {name}",
            document(rule(Filter=element, DeleteMarkerReplication={"Status": "Enabled"})),
            R,
            "Delete marker replication is not supported if any Tag filter is specified. "
            "Please refer to S3 Developer Guide for more information.",
            {},
        )
        for name, element in (("Tag", {"Tag": TAG}), ("And", {"And": {"Prefix": "p", "Tags": [TAG]}}))
    ),
    (
        "19 ERRORS: time control without metrics",
        document(to(ReplicationTime=TIME)),
        R,
        "Replication destination must contain both ReplicationTime and Metrics or neither.",
        {},
    ),
    (
        "20 ERRORS: time control with disabled metrics",
        document(to(ReplicationTime=TIME, Metrics={"Status": "Disabled", "EventThreshold": FIFTEEN})),
        R,
        "ReplicationTime and Metrics must have the same status.",
        {},
    ),
    (
        "21 ERRORS: time control without threshold",
        document(to(ReplicationTime=TIME, Metrics={"Status": "Enabled"})),
        A,
        "ReplicationMetrics must contain an EventThreshold",
        {"ArgumentName": "Metrics"},
    ),
    *(
        (
            f"22 OBSERVED: threshold, time control {name}",
            document(to(Metrics=METRICS, **time)),
            A,
            "Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled",
            {"ArgumentName": "Metrics"},
        )
        for name, time in (
            ("absent", {}),
            ("disabled", {"ReplicationTime": {"Status": "Disabled", "Time": FIFTEEN}}),
        )
    ),
    (
        "23 ERRORS: time of 20 minutes",
        document(to(ReplicationTime={"Status": "Enabled", "Time": {"Minutes": 20}}, Metrics=METRICS)),
        A,
        "ReplicationTime Time Minutes value must be 15",
        {"ArgumentName": "Minutes"},
    ),
    (
        "23 ERRORS: threshold of 20 minutes",
        document(to(ReplicationTime=TIME, Metrics={"Status": "Enabled", "EventThreshold": {"Minutes": 20}})),
        A,
        "Metrics EventThreshold Minutes value must be 15",
        {"ArgumentName": "Minutes"},
    ),
    *(
        (
            f"23 ERRORS: time control without {name}",
            document(to(ReplicationTime=without(TIME, name), Metrics=METRICS)),
            A,
            "ReplicationTime must contain a Status and a Time",
            {"ArgumentName": "ReplicationTime"},
        )
        for name in ("Status", "Time")
    ),
    (
        "23 ERRORS: metrics without status",
        document(to(Metrics={})),
        A,
        "Metrics must contain a Status",
        {"ArgumentName": "Metrics"},
    ),
    (
        "25 API: owner override without account",
        document(to(AccessControlTranslation={"Owner": "Destination"})),
        R,
        "Account must be specified if the Owner in AccessControlTranslation has a value",
        {},
    ),
    *(
        (
            f"26 ERRORS: account {account!r}",
            document(to(Account=account)),
            A,
            "Account must contain a valid account ID",
            {"ArgumentName": "Account", "ArgumentValue": account},
        )
        for account in ("", "12345", "11112222333x")
    ),
    *(
        (
            f"28 OBSERVED: encrypted objects, key {name}",
            document({**to(**encryption), "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": status}}}),
            R,
            "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.",
            {},
        )
        for name, status, encryption in (
            ("absent", "Enabled", {}),
            ("absent though disabled", "Disabled", {}),
            ("empty", "Enabled", {"EncryptionConfiguration": {}}),
        )
    ),
    (
        "29 OBSERVED: key without encrypted objects",
        document(to(EncryptionConfiguration={"ReplicaKmsKeyID": KEY})),
        R,
        "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.",
        {},
    ),
    (
        "30 API: empty criteria",
        document(rule(SourceSelectionCriteria={})),
        R,
        "SourceSelectionCriteria cannot be empty.",
        {},
    ),
    (
        "31 API: key no ARN",
        document({**to(EncryptionConfiguration={"ReplicaKmsKeyID": "my-key"}), "SourceSelectionCriteria": KMS}),
        A,
        "Invalid ReplicaKmsKeyID ARN.",
        {"ArgumentName": "ReplicaKmsKeyID", "ArgumentValue": "my-key"},
    ),
    *(
        (
            f"32 API: role {role!r}",
            {"Role": role, "Rules": [rule()]},
            A,
            "Invalid Role specified in replication configuration",
            {"ArgumentName": "Role", "ArgumentValue": role},
        )
        for role in ("", "replication", "arn:aws:iam::111122223333:user/me", "arn:aws:iam::1:role/r")
    ),
    *(
        (
            f"33 API: bucket {arn!r}",
            document(rule(Destination={"Bucket": arn})),
            A,
            "Invalid bucket ARN.",
            {"ArgumentName": "Bucket", "ArgumentValue": arn},
        )
        for arn in (
            "",
            "destination",
            "arn:aws:s3:::",
            "arn:aws:s3:::Destination",
            "arn:aws:s3:::destination/key",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap",
        )
    ),
    (
        "34 GUIDE: destination is the source",
        document(rule(Destination={"Bucket": "arn:aws:s3:::source"})),
        R,
        "Destination bucket cannot be the same as the source bucket.",
        {},
    ),
    (
        "36 GUIDE: V1 with replica modifications",
        document(old_rule(SourceSelectionCriteria={"ReplicaModifications": {"Status": "Enabled"}})),
        R,
        "ReplicaModifications cannot be used" + GUIDE,
        {},
    ),
    (
        "37 API: long prefix",
        document(rule(Filter={"Prefix": "p" * 1025})),
        R,
        "The maximum size of a prefix is 1024.",
        {},
    ),
    ("37 API: long V1 prefix", document(old_rule(Prefix="p" * 1025)), R, "The maximum size of a prefix is 1024.", {}),
    (
        "API: tag key twice",
        document(rule(Filter={"And": {"Tags": [TAG, {"Key": "a", "Value": "c"}]}})),
        R,
        "Duplicate Tag Keys are not allowed.",
        {},
    ),
    (
        "API: tag key too long",
        document(rule(Filter={"Tag": {"Key": "k" * 129, "Value": ""}})),
        InvalidTag,
        None,
        {"TagKey": "k" * 129},
    ),
    (
        "API: class that replicas cannot have",
        document(to(StorageClass="FSX_OPENZFS")),
        InvalidStorageClass,
        None,
        {"StorageClassRequested": "FSX_OPENZFS"},
    ),
]


@pytest.mark.parametrize(
    ("given", "error", "message", "details"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_an_invalid_configuration_is_refused_in_aws_s_words(
    given: Document, error: type[S3Error], message: str | None, details: dict[str, str]
) -> None:
    with pytest.raises(S3Error) as refused:
        validated(given)
    assert type(refused.value) is error
    if message is not None:
        assert refused.value.message == message
    assert refused.value.details == details


def test_a_disabled_rule_is_validated_too() -> None:
    """RECORDED: a disabled rule whose destination was unversioned was refused."""
    with pytest.raises(InvalidRequest):
        validated(document(rule(1), rule(2, Status="Disabled", SourceSelectionCriteria={})))


def test_schema_comes_before_role_and_role_before_rules() -> None:
    """OURS: AWS does not document the order."""
    broken = {"Role": "x", "Rules": [rule(Status="x", ID="é")]}
    with pytest.raises(MalformedXML):
        validated(broken)
    broken["Rules"] = [rule(ID="é")]
    with pytest.raises(InvalidArgument, match="Invalid Role"):
        validated(broken)


@pytest.mark.parametrize("status", [VersioningStatus.UNVERSIONED, VersioningStatus.SUSPENDED])
def test_the_source_must_have_versioning_enabled(status: VersioningStatus) -> None:
    """Row 6, RECORDED."""
    check_source_versioning(VersioningStatus.ENABLED)
    with pytest.raises(InvalidRequest) as refused:
        check_source_versioning(status)
    assert refused.value.message == ("Versioning must be 'Enabled' on the bucket to apply a replication configuration")


FACTS = {
    "destination": DestinationFacts("444455556666", VersioningStatus.ENABLED),
    "suspended": DestinationFacts("444455556666", VersioningStatus.SUSPENDED),
    "unversioned": DestinationFacts("444455556666", VersioningStatus.UNVERSIONED),
}


def test_destinations_that_exist_and_are_versioned_are_accepted_and_looked_up_once() -> None:
    asked: list[str] = []

    def lookup(name: str) -> DestinationFacts | None:
        asked.append(name)
        return FACTS.get(name)

    check_destinations(document(rule(1), to(Account="444455556666")), lookup)
    assert asked == ["destination"]


@pytest.mark.parametrize(
    ("bucket", "status", "message"),
    [
        ("missing", "Enabled", "Destination bucket must exist."),
        ("suspended", "Enabled", "Destination bucket must have versioning enabled."),
        ("unversioned", "Enabled", "Destination bucket must have versioning enabled."),
        ("unversioned", "Disabled", "Destination bucket must have versioning enabled."),
    ],
)
def test_a_destination_that_is_missing_or_not_versioned_is_refused(bucket: str, status: str, message: str) -> None:
    """Row 7 OBSERVED, row 8 RECORDED (of a disabled rule too)."""
    given = document(rule(1), rule(2, Status=status, Destination={"Bucket": f"arn:aws:s3:::{bucket}"}))
    with pytest.raises(InvalidRequest) as refused:
        check_destinations(given, FACTS.get)
    assert refused.value.message == message


def test_the_account_must_be_the_destination_s_owner() -> None:
    """Row 27, ERRORS."""
    with pytest.raises(InvalidArgument, match="must match the destination bucket owner") as refused:
        check_destinations(document(to(Account="111122223333")), FACTS.get)
    assert refused.value.details == {"ArgumentName": "Account", "ArgumentValue": "111122223333"}


def test_a_v2_configuration_is_compiled_strongest_first() -> None:
    given = document(
        rule(1, Filter={"And": {"Prefix": "p", "Tags": [TAG]}}),
        rule(
            5,
            Status="Disabled",
            Filter={"Prefix": "q"},
            DeleteMarkerReplication={"Status": "Enabled"},
            SourceSelectionCriteria={"ReplicaModifications": {"Status": "Enabled"}, **KMS},
            Destination={
                "Bucket": "arn:aws:s3:::other",
                "Account": "444455556666",
                "StorageClass": "GLACIER_IR",
                "AccessControlTranslation": {"Owner": "Destination"},
                "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY},
                "ReplicationTime": TIME,
                "Metrics": METRICS,
            },
        ),
        rule(3, Filter={"Tag": TAG}),
    )
    compiled = compile_configuration(validated(given))
    assert (compiled.role, compiled.v1) == (ROLE, False)
    assert compiled.rules == (
        ReplicationRule(
            id="rule-5",
            priority=5,
            enabled=False,
            filter=RuleFilter("q"),
            destination="other",
            destination_account="444455556666",
            storage_class="GLACIER_IR",
            owner_override=True,
            delete_markers=True,
            replica_modifications=True,
            sse_kms=True,
            metrics=True,
            replication_time=True,
        ),
        ReplicationRule(
            id="rule-3",
            priority=3,
            enabled=True,
            filter=RuleFilter("", (("a", "b"),)),
            destination="destination",
        ),
        ReplicationRule(
            id="rule-1",
            priority=1,
            enabled=True,
            filter=RuleFilter("p", (("a", "b"),)),
            destination="destination",
        ),
    )


def test_a_v1_configuration_keeps_its_order_and_always_replicates_delete_markers() -> None:
    """GUIDE, "Delete marker replication": with V1, delete markers that users make are replicated."""
    compiled = compile_configuration(validated(document(old_rule(2, Prefix="x"), old_rule(1, Prefix=""))))
    assert compiled.v1
    assert [(r.id, r.filter.prefix, r.delete_markers) for r in compiled.rules] == [
        ("rule-2", "x", True),
        ("rule-1", "", True),
    ]
