"""The checks of one rule of a replication configuration; `replication_config` has the whole.

Source: API Reference, ReplicationRule and Destination; S3 User Guide, "Replication configuration file elements";
API Reference, "Error responses", replication-related error codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from farshore.model import errors
from farshore.model.errors import (
    InvalidArgument,
    InvalidBucketName,
    InvalidRequest,
    InvalidStorageClass,
    MalformedXML,
    S3Error,
)
from farshore.semantics.naming import check_bucket_name
from farshore.semantics.object_attributes import STORAGE_CLASSES
from farshore.semantics.tagging import check_tag

Element = Mapping[str, Any]

_STATUSES = ("Enabled", "Disabled")
_BUCKET_ARN = re.compile(r"arn:aws[a-z-]*:s3:::([^/:]+)")
_KMS_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(?:key|alias)/.+")
_ACCOUNT = re.compile(r"[0-9]{12}")
_OTHER_STORAGE_CLASSES = frozenset(
    (
        "OUTPOSTS",
        "SNOW",
        "EXPRESS_ONEZONE",
        "FSX_OPENZFS",
        "FSX_ONTAP",
        "AWS_BACKUP_WARM",
        "AWS_BACKUP_LOW_COST_WARM",
    )
)
"""In AWS's model, but no class of a general purpose bucket's objects."""
_PRIORITY_MAX = 2**31 - 1
_ID_MAX = 255
_PREFIX_MAX = 1024
_MINUTES = 15
_SEE_GUIDE = (
    "this version of Cross Region Replication configuration schema. "
    "Please refer to S3 Developer Guide for more information."
)


def check_rule_schema(rule: Element) -> None:
    """Check what AWS's XML schema demands: required elements, enumerations, choices.

    Raises:
        MalformedXML. NotImplemented: filter elements that AWS added later (Not, Or).
    """
    destination = rule.get("Destination")
    if destination is None or destination.get("Bucket") is None:
        raise MalformedXML(member="Destination" if destination is None else "Destination.Bucket")
    if "ExistingObjectReplication" in rule:
        raise MalformedXML(member="ExistingObjectReplication")
    _check_status(rule, "Status")
    if "DeleteMarkerReplication" in rule:
        _check_status(rule["DeleteMarkerReplication"], "DeleteMarkerReplication.Status")
    for name, criterion in rule.get("SourceSelectionCriteria", {}).items():
        _check_status(criterion, f"SourceSelectionCriteria.{name}.Status")
    if destination.get("AccessControlTranslation", {"Owner": "Destination"}).get("Owner") != "Destination":
        raise MalformedXML(member="Destination.AccessControlTranslation.Owner")
    storage_class = destination.get("StorageClass")
    if storage_class is not None and storage_class not in STORAGE_CLASSES | _OTHER_STORAGE_CLASSES:
        raise MalformedXML(member="Destination.StorageClass")
    for name in ("ReplicationTime", "Metrics"):
        if destination.get(name, {}).get("Status", "Enabled") not in _STATUSES:
            raise MalformedXML(member=f"Destination.{name}.Status")
    if ("Prefix" in rule) == ("Filter" in rule):
        raise MalformedXML(member="Filter")
    _check_filter_schema(rule.get("Filter", {}))


def check_rule(rule: Element, *, v1: bool, source_bucket: str) -> None:
    """Check the meaning of a rule that the schema admits.

    Raises:
        InvalidRequest, InvalidArgument, InvalidTag, InvalidStorageClass.
    """
    _check_id(rule.get("ID"))
    _check_version_of_schema(rule, v1)
    _check_filter(rule)
    destination = rule["Destination"]
    _check_destination(destination, source_bucket)
    _check_time_and_metrics(destination)
    _check_owner(destination)
    _check_encryption(rule)


def filter_parts(element: Element) -> tuple[str, list[tuple[str, str]]]:
    """Prefix and (key, value) tags of a Filter, whichever form it has."""
    both = element.get("And")
    if both is not None:
        return both.get("Prefix", ""), [(tag["Key"], tag["Value"]) for tag in both.get("Tags", ())]
    tag = element.get("Tag")
    return element.get("Prefix", ""), [(tag["Key"], tag["Value"])] if tag is not None else []


def bucket_of_arn(arn: str) -> str:
    """The name in `arn:aws:s3:::name`.

    Raises:
        InvalidArgument: not a bucket's ARN.
    """
    match = _BUCKET_ARN.fullmatch(arn)
    try:
        if match is not None:
            check_bucket_name(match[1])
            return match[1]
    except InvalidBucketName:
        pass
    raise InvalidArgument("Invalid bucket ARN.", ArgumentName="Bucket", ArgumentValue=arn)


def _check_status(element: Element, member: str) -> None:
    if element.get("Status") not in _STATUSES:
        raise MalformedXML(member=member)


def _check_filter_schema(element: Element) -> None:
    if len(element) > 1:
        raise MalformedXML(member="Filter")
    both = element.get("And")
    if both is not None and not both.get("Tags") and "Prefix" not in both:
        raise MalformedXML(member="Filter.And")
    if "Not" in element or "Not" in (both or ()):
        raise errors.NotImplemented("Filter elements Not and Or are not implemented")
    tags = both.get("Tags", ()) if both is not None else [element["Tag"]] if "Tag" in element else ()
    if any(tag.get("Key") is None or tag.get("Value") is None for tag in tags):
        raise MalformedXML(member="Filter.Tag")


def _check_id(rule_id: str | None) -> None:
    if not rule_id:
        return
    if not rule_id.isascii():
        raise _argument("Rule ID must not contain non-ASCII characters", "ID", rule_id)
    if len(rule_id) > _ID_MAX:
        raise _argument(f"Rule Id cannot be greater than {_ID_MAX}", "ID", rule_id)


def _check_version_of_schema(rule: Element, v1: bool) -> None:
    """V1 has rule-level Prefix and none of the newer elements; V2 needs two of them."""
    if v1:
        for name, element in (
            ("Priority", rule),
            ("DeleteMarkerReplication", rule),
            ("ReplicaModifications", rule.get("SourceSelectionCriteria", {})),
        ):
            if name in element:
                raise InvalidRequest(f"{name} cannot be used for {_SEE_GUIDE}")
        return
    for name in ("DeleteMarkerReplication", "Priority"):
        if name not in rule:
            raise InvalidRequest(f"{name} must be specified for {_SEE_GUIDE}")
    if not 0 <= rule["Priority"] <= _PRIORITY_MAX:
        raise InvalidRequest(f"Priority must be between 0 and {_PRIORITY_MAX}.")


def _check_filter(rule: Element) -> None:
    prefix, tags = filter_parts(rule.get("Filter", {"Prefix": rule.get("Prefix", "")}))
    if len(prefix) > _PREFIX_MAX:
        raise InvalidRequest(f"The maximum size of a prefix is {_PREFIX_MAX}.")
    for key, value in tags:
        check_tag(key, value)
    if len({key for key, _ in tags}) < len(tags):
        raise InvalidRequest("Duplicate Tag Keys are not allowed.")
    if tags and rule["DeleteMarkerReplication"]["Status"] == "Enabled":
        raise InvalidRequest(
            "Delete marker replication is not supported if any Tag filter is specified. "
            "Please refer to S3 Developer Guide for more information."
        )


def _check_destination(destination: Element, source_bucket: str) -> None:
    if bucket_of_arn(destination["Bucket"]) == source_bucket:
        raise InvalidRequest("Destination bucket cannot be the same as the source bucket.")
    storage_class = destination.get("StorageClass")
    if storage_class in _OTHER_STORAGE_CLASSES:
        raise InvalidStorageClass(StorageClassRequested=storage_class)


def _check_time_and_metrics(destination: Element) -> None:
    """Replication Time Control needs metrics with a threshold; metrics alone have none.

    # AWS: the error list says "both or neither" and "the same status", yet metrics alone, and Replication Time Control
    # disabled beside enabled metrics, are accepted.
    """
    time, metrics = destination.get("ReplicationTime"), destination.get("Metrics")
    if metrics is not None and "Status" not in metrics:
        raise _argument("Metrics must contain a Status", "Metrics")
    if time is not None:
        if "Status" not in time or "Time" not in time:
            raise _argument("ReplicationTime must contain a Status and a Time", "ReplicationTime")
        if time["Time"].get("Minutes") != _MINUTES:
            raise _argument(f"ReplicationTime Time Minutes value must be {_MINUTES}", "Minutes")
        if metrics is None:
            raise InvalidRequest("Replication destination must contain both ReplicationTime and Metrics or neither.")
    if metrics is None:
        return
    controlled = time is not None and time["Status"] == "Enabled"
    if controlled and metrics["Status"] != "Enabled":
        raise InvalidRequest("ReplicationTime and Metrics must have the same status.")
    if controlled and "EventThreshold" not in metrics:
        raise _argument("ReplicationMetrics must contain an EventThreshold", "Metrics")
    if not controlled and "EventThreshold" in metrics:
        raise _argument(
            "Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled", "Metrics"
        )
    if controlled and metrics["EventThreshold"].get("Minutes") != _MINUTES:
        raise _argument(f"Metrics EventThreshold Minutes value must be {_MINUTES}", "Minutes")


def _check_owner(destination: Element) -> None:
    account = destination.get("Account")
    if account is None:
        if "AccessControlTranslation" in destination:
            raise InvalidRequest("Account must be specified if the Owner in AccessControlTranslation has a value")
    elif not _ACCOUNT.fullmatch(account):
        raise _argument("Account must contain a valid account ID", "Account", account)


def _check_encryption(rule: Element) -> None:
    """The opt-in for objects encrypted with KMS and the key of their replicas go together. The key is not looked up."""
    criteria = rule.get("SourceSelectionCriteria")
    if criteria is not None and not criteria:
        raise InvalidRequest("SourceSelectionCriteria cannot be empty.")
    encryption = rule["Destination"].get("EncryptionConfiguration")
    selected = criteria is not None and "SseKmsEncryptedObjects" in criteria
    key = encryption.get("ReplicaKmsKeyID") if encryption is not None else None
    if selected and not key:
        raise InvalidRequest("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")
    if encryption is not None and not selected:
        raise InvalidRequest("SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.")
    if key is not None and not _KMS_ARN.fullmatch(key):
        raise _argument("Invalid ReplicaKmsKeyID ARN.", "ReplicaKmsKeyID", key)


def _argument(message: str, name: str, value: str | None = None) -> S3Error:
    return InvalidArgument(message, ArgumentName=name, ArgumentValue=value)
