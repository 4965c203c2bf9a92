"""Notification configurations: validated with AWS's codes, compiled, matched.

Source: API Reference, PutBucketNotificationConfiguration, NotificationConfiguration; S3 User Guide, "Configuring event
notifications using object key name filtering"; answers recorded on AWS, messages quoted from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from farshore.model import errors
from farshore.model.errors import InvalidArgument, MalformedXML, S3Error
from farshore.model.events import EventName, NotificationConfiguration, NotificationRule

Document = dict[str, Any]

CONFIGURATIONS_MAX = 100
_ID_MAX = 255
_FILTER_VALUE_BYTES_MAX = 1024
_ARN = re.compile(r"arn:aws[a-z-]*:(sqs|sns|lambda):([a-z0-9-]+):([0-9]{12}):(.+)")


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of destination. member: of the document; arn: of an entry; element: as AWS's errors name it."""

    member: str
    arn: str
    element: str
    service: str
    missing: str

    def missing_argument(self, arn: str) -> tuple[str, str]:
        """ArgumentName and ArgumentValue of the refusal of a destination that is not there."""
        if self.service == "lambda":
            return f"{arn}, null", f"Not authorized to invoke function [{arn}]"
        return arn, self.missing


_KINDS = (
    _Kind("TopicConfigurations", "TopicArn", "Topic", "sns", "The destination topic does not exist"),
    _Kind("QueueConfigurations", "QueueArn", "Queue", "sqs", "The destination queue does not exist"),
    _Kind("LambdaFunctionConfigurations", "LambdaFunctionArn", "CloudFunction", "lambda", ""),
)

_NEVER_HAPPEN = (
    "IntelligentTiering",
    "LifecycleExpiration:Delete",
    "LifecycleExpiration:DeleteMarkerCreated",
    "LifecycleTransition",
    "ObjectAnnotation:Delete",
    "ObjectAnnotation:Put",
    "ObjectRestore:Completed",
    "ObjectRestore:Delete",
    "ObjectRestore:Post",
    "ObjectRetention:Put",
    "ReducedRedundancyLostObject",
)
"""Events of features that are not here: they may be asked for, and do not come."""

_HAPPEN = [name.value for name in EventName if name is not EventName.TEST]
_EVENTS: Mapping[str, frozenset[str]] = {
    **{f"s3:{name}": frozenset((name,)) for name in (*_HAPPEN, *_NEVER_HAPPEN)},
    **{
        f"s3:{group}:*": frozenset(name for name in (*_HAPPEN, *_NEVER_HAPPEN) if name.startswith(f"{group}:"))
        for group in sorted({name.partition(":")[0] for name in (*_HAPPEN, *_NEVER_HAPPEN) if ":" in name})
    },
}
"""An event of a configuration -> the events that it means."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination as its ARN says."""

    arn: str
    region: str
    account: str


class Reachable:
    """How a destination stands for a bucket. MISSING: nothing is set up for its ARN."""

    YES = "yes"
    MISSING = "missing"
    FORBIDDEN = "forbidden"


def validate(
    document: Mapping[str, Any],
    *,
    region: str,
    new_id: Callable[[], str],
    reachable: Callable[[Destination], str] | None,
) -> Document:
    """Check a configuration as PutBucketNotificationConfiguration does.

    Args:
        region: of the bucket. new_id: makes ids for configurations that come without one.
        reachable: tells (`Reachable`) of a destination; None skips that (x-amz-skip-destination-validation).
    Returns:
        The document as it is stored and answered: with ids, filter names spelled as AWS answers them.
    Raises:
        MalformedXML, InvalidArgument. NotImplemented: EventBridge.
    """
    if "EventBridgeConfiguration" in document:
        raise errors.NotImplemented("EventBridgeConfiguration is not implemented")
    stored: Document = {}
    destinations: list[tuple[_Kind, Destination]] = []
    for kind in _KINDS:
        entries = [_check_entry(entry, kind, new_id) for entry in document.get(kind.member, ())]
        if entries:
            stored[kind.member] = entries
        destinations += [(kind, _parse_arn(entry[kind.arn], kind)) for entry in entries]
    if len(destinations) > CONFIGURATIONS_MAX:
        raise InvalidArgument(f"A bucket cannot have more than {CONFIGURATIONS_MAX} notification configurations")
    entries = [entry for kind in _KINDS for entry in stored.get(kind.member, ())]
    _check_ids(entries)
    _check_overlaps(entries)
    for kind, destination in destinations:
        if destination.region != region:
            raise _argument(
                "The notification destination service region is not valid for the bucket location constraint",
                kind.element,
                destination.arn,
            )
    if reachable is not None:
        _check_reachable(destinations, reachable)
    return stored


def compile_notifications(document: Mapping[str, Any]) -> NotificationConfiguration:
    """The rules of a stored document by events, those left out that never happen here."""
    rules: dict[EventName, list[NotificationRule]] = {}
    for kind in _KINDS:
        for entry in document.get(kind.member, ()):
            prefix, suffix = _filters(entry)
            rule = NotificationRule(id=entry["Id"], destination=entry[kind.arn], prefix=prefix, suffix=suffix)
            for name in frozenset[str]().union(*(_EVENTS[event] for event in entry["Events"])):
                if name not in _NEVER_HAPPEN:
                    rules.setdefault(EventName(name), []).append(rule)
    return rules


def listening(configuration: NotificationConfiguration, name: EventName, key: str) -> NotificationRule | None:
    """The rule by which an event of a key is told: there is at most one, since overlaps are refused."""
    for rule in configuration.get(name, ()):
        if key.startswith(rule.prefix) and key.endswith(rule.suffix):
            return rule
    return None


def destinations_of(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(configuration id, destination ARN) of every entry."""
    return [(entry["Id"], entry[kind.arn]) for kind in _KINDS for entry in document.get(kind.member, ())]


def _check_entry(entry: Mapping[str, Any], kind: _Kind, new_id: Callable[[], str]) -> Document:
    arn, events = entry.get(kind.arn), entry.get("Events")
    if not arn or not events:
        raise MalformedXML()
    for event in events:
        if event not in _EVENTS:
            raise _argument("A specified event is not supported for notifications.", "Event", event)
    checked: Document = {**entry, "Id": entry.get("Id") or new_id(), "Events": list(events)}
    if len(checked["Id"]) > _ID_MAX:
        raise _argument(f"The length of an Id cannot exceed {_ID_MAX}", "Id", checked["Id"])
    rules: Sequence[Mapping[str, str]] = entry.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    if "Filter" in entry:
        checked["Filter"] = {"Key": {"FilterRules": [_check_filter(rule) for rule in rules]}}
        names = [rule["Name"] for rule in checked["Filter"]["Key"]["FilterRules"]]
        for name in ("Prefix", "Suffix"):
            if names.count(name) > 1:
                word = name.lower()
                raise _argument(f"Cannot specify more than one {word} rule in a filter.", "FilterRule.Name", word)
    return checked


def _check_filter(rule: Mapping[str, str]) -> dict[str, str]:
    name, value = rule.get("Name"), rule.get("Value")
    if name is None or value is None:
        raise MalformedXML()
    if name.lower() not in ("prefix", "suffix"):
        raise _argument("filter rule name must be either prefix or suffix", "FilterRule.Name", name)
    if len(value.encode()) > _FILTER_VALUE_BYTES_MAX:
        raise _argument(
            f"Size of filter rule value cannot exceed {_FILTER_VALUE_BYTES_MAX} bytes in UTF-8 representation",
            "FilterRule.Value",
            value,
        )
    return {"Name": name.capitalize(), "Value": value}


def _parse_arn(arn: str, kind: _Kind) -> Destination:
    match = _ARN.fullmatch(arn)
    if match is None or match[1] != kind.service:
        raise _argument("The ARN could not be parsed", kind.element, arn)
    return Destination(arn, match[2], match[3])


def _check_ids(entries: Sequence[Document]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry["Id"] in seen:
            raise _argument("Same ID used for multiple configurations. IDs must be unique", "Id", entry["Id"])
        seen.add(entry["Id"])


def _check_overlaps(entries: Sequence[Document]) -> None:
    """Two configurations may share an event only where no key can match both."""
    for number, one in enumerate(entries):
        for other in entries[:number]:
            shared = frozenset().union(*(_EVENTS[event] for event in one["Events"])) & frozenset().union(
                *(_EVENTS[event] for event in other["Events"])
            )
            if not shared or not _filters_overlap(_filters(one), _filters(other)):
                continue
            if "Filter" not in one and "Filter" not in other:
                raise _argument(
                    "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
                    "Event",
                    ", ".join((*other["Events"], *one["Events"])),
                )
            raise InvalidArgument(
                "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes "
                "are overlapping for the same event type."
            )


def _filters_overlap(one: tuple[str, str], other: tuple[str, str]) -> bool:
    (prefix, suffix), (other_prefix, other_suffix) = one, other
    prefixes = prefix.startswith(other_prefix) or other_prefix.startswith(prefix)
    return prefixes and (suffix.endswith(other_suffix) or other_suffix.endswith(suffix))


def _filters(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Prefix and suffix of an entry, as keys have them.

    AWS: values are URL-encoded, a blank as a plus; a character that ought to be encoded and is not matches nothing
    there (aws/aws-cdk pull request 28012), and itself here.
    """
    rules: Sequence[Mapping[str, str]] = entry.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    # What is encoded may end within a character; such a value matches no key.
    found = {rule["Name"]: unquote_plus(rule["Value"], errors="surrogateescape") for rule in rules}
    return found.get("Prefix", ""), found.get("Suffix", "")


def _check_reachable(
    destinations: Sequence[tuple[_Kind, Destination]], reachable: Callable[[Destination], str]
) -> None:
    """All destinations that cannot be used are named in one refusal, by numbered arguments."""
    faults: list[tuple[str, str]] = []
    for kind, destination in destinations:
        match reachable(destination):
            case Reachable.MISSING:
                faults.append(kind.missing_argument(destination.arn))
            case Reachable.FORBIDDEN:
                what = kind.element.lower() if kind.service != "lambda" else "function"
                told = (
                    f"Permissions on the destination {what} do not allow S3 to publish notifications from this bucket"
                )
                faults.append((destination.arn, told))
            case _:
                continue
    if faults:
        details: dict[str, str | int | None] = {}
        for number, (name, value) in enumerate(faults, 1):
            details |= {f"ArgumentName{number}": name, f"ArgumentValue{number}": value}
        raise InvalidArgument("Unable to validate the following destination configurations", headers=None, **details)


def _argument(message: str, name: str, value: str) -> S3Error:
    return InvalidArgument(message, ArgumentName=name, ArgumentValue=value)
