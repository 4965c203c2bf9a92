"""PutBucketReplication's document: validate it as AWS does, and compile it for use.

A document is a dict with botocore's member names (Role, Rules, Filter, …); absent elements are absent, empty ones `{}`
or "". What `validate` returns is what GetBucketReplication answers: the document as submitted, with generated rule ids.
Order of checks: schema, role, each rule, rules against each other. The checks that look at buckets come after, in
`check_source_versioning` and `check_destinations`. AWS does not document its order.
Source: API Reference, PutBucketReplication and ReplicationConfiguration; S3 User Guide, "Replication configuration file
elements"; API Reference, "Error responses", replication-related error codes. Row numbers are those of the tests.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from farshore.model.buckets import VersioningStatus
from farshore.model.errors import InvalidArgument, InvalidRequest, MalformedXML
from farshore.model.replication import ReplicationConfiguration, ReplicationRule, RuleFilter
from farshore.semantics.replication_rule import bucket_of_arn, check_rule, check_rule_schema, filter_parts

Document = dict[str, Any]

RULES_MAX = 1000
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+")


class DestinationFacts(msgspec.Struct, frozen=True):
    """What a configuration needs to know of a bucket it names. owner: account id."""

    owner: str
    versioning: VersioningStatus


def validate(document: Mapping[str, Any], *, source_bucket: str, new_rule_id: Callable[[], str]) -> Document:
    """Check a configuration by itself, and give rules without an id one.

    Args:
        source_bucket: name of the bucket it is put on.
        new_rule_id: makes an id that no rule has.
    Returns:
        The document to store and to answer.
    Raises:
        MalformedXML, InvalidRequest, InvalidArgument: with AWS's messages.
    """
    rules: Sequence[Mapping[str, Any]] = document.get("Rules") or ()
    role = document.get("Role")
    if role is None or not rules:
        raise MalformedXML(member="Role" if role is None else "Rules")
    if len(rules) > RULES_MAX:
        raise InvalidRequest(f"Number of rules {len(rules)} exceeds the allowed limit of {RULES_MAX}")
    for number, rule in enumerate(rules):
        try:
            check_rule_schema(rule)
        except MalformedXML as error:
            error.inside(f"Rules[{number}]")
            raise
    v1 = _is_v1(rules)
    if not _ROLE.fullmatch(role):
        raise InvalidArgument(
            "Invalid Role specified in replication configuration", ArgumentName="Role", ArgumentValue=role
        )
    for rule in rules:
        check_rule(rule, v1=v1, source_bucket=source_bucket)
    _check_ids(rules)
    _check_priorities(rules)
    if v1 and len({rule["Destination"]["Bucket"] for rule in rules}) > 1:
        raise InvalidRequest("Number of distinct destination bucket ARNs cannot exceed 1")
    stored: Document = {"Role": role, "Rules": [copy.deepcopy(dict(rule)) for rule in rules]}
    for rule in stored["Rules"]:
        if not rule.get("ID"):
            rule["ID"] = new_rule_id()
    return stored


def check_source_versioning(status: VersioningStatus) -> None:
    """Refuse a source bucket whose versioning is not enabled, also when every rule is disabled.

    Raises:
        InvalidRequest.
    """
    if status is not VersioningStatus.ENABLED:
        raise InvalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration")


def check_destinations(document: Mapping[str, Any], lookup: Callable[[str], DestinationFacts | None]) -> None:
    """Check the buckets that a valid configuration names, those of disabled rules too.

    Args:
        lookup: from a bucket name to what is known of it; None when there is no such bucket. Called once for each.
    Raises:
        InvalidRequest: it does not exist, or its versioning is not enabled.
        InvalidArgument: Account is not its owner.
    """
    facts: dict[str, DestinationFacts] = {}
    for rule in document["Rules"]:
        destination = rule["Destination"]
        name = bucket_of_arn(destination["Bucket"])
        if name not in facts:
            found = lookup(name)
            if found is None:
                raise InvalidRequest("Destination bucket must exist.")
            if found.versioning is not VersioningStatus.ENABLED:
                raise InvalidRequest("Destination bucket must have versioning enabled.")
            facts[name] = found
        account = destination.get("Account")
        if account is not None and account != facts[name].owner:
            raise InvalidArgument(
                "The AWS account specified in the <Account> element must match the destination bucket owner",
                ArgumentName="Account",
                ArgumentValue=account,
            )


def compile_configuration(document: Mapping[str, Any]) -> ReplicationConfiguration:
    """A stored document as rules to match with, strongest first: by priority, or in the document's order for V1."""
    rules = [_compile_rule(rule) for rule in document["Rules"]]
    v1 = _is_v1(document["Rules"])
    if not v1:
        rules.sort(key=lambda rule: rule.priority, reverse=True)
    return ReplicationConfiguration(role=document["Role"], rules=tuple(rules), v1=v1)


def _is_v1(rules: Sequence[Mapping[str, Any]]) -> bool:
    """A configuration is V2 when its rules have a Filter, V1 when they have none.

    Raises:
        MalformedXML: some have, some have not.
    """
    with_filter = sum("Filter" in rule for rule in rules)
    if 0 < with_filter < len(rules):
        raise MalformedXML(member="Filter")
    return with_filter == 0


def _check_ids(rules: Sequence[Mapping[str, Any]]) -> None:
    seen: set[str] = set()
    for rule in rules:
        rule_id = rule.get("ID")
        if rule_id and rule_id in seen:
            raise InvalidArgument("Rule Id must be unique.", ArgumentName="ID", ArgumentValue=rule_id)
        seen.add(rule_id or "")


def _check_priorities(rules: Sequence[Mapping[str, Any]]) -> None:
    seen: set[int] = set()
    for rule in rules:
        priority = rule.get("Priority")
        if priority is not None:
            if priority in seen:
                raise InvalidRequest(f"Found duplicate priority {priority}.")
            seen.add(priority)


def _compile_rule(rule: Mapping[str, Any]) -> ReplicationRule:
    destination = rule["Destination"]
    criteria = rule.get("SourceSelectionCriteria", {})
    prefix, tags = filter_parts(rule.get("Filter", {"Prefix": rule.get("Prefix", "")}))
    return ReplicationRule(
        id=rule["ID"],
        priority=rule.get("Priority", 0),
        enabled=_enabled(rule),
        filter=RuleFilter(prefix, tuple(tags)),
        destination=bucket_of_arn(destination["Bucket"]),
        destination_account=destination.get("Account"),
        storage_class=destination.get("StorageClass"),
        owner_override="AccessControlTranslation" in destination,
        # V1 has no switch: delete markers that users make are always replicated.
        delete_markers=_enabled(rule["DeleteMarkerReplication"]) if "DeleteMarkerReplication" in rule else True,
        replica_modifications=_enabled(criteria.get("ReplicaModifications")),
        sse_kms=_enabled(criteria.get("SseKmsEncryptedObjects")),
        metrics=_enabled(destination.get("Metrics")),
        replication_time=_enabled(destination.get("ReplicationTime")),
    )


def _enabled(element: Mapping[str, Any] | None) -> bool:
    return element is not None and element["Status"] == "Enabled"
