"""Why a rule did or did not take a version: every check in order, as it came out when the version was written, and as
it would come out for the same write now.

Source: S3 User Guide, "Troubleshooting replication", "What does Amazon S3 replicate?".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from farshore.model.objects import Version
from farshore.model.replication import DestinationState, ReplicationConfiguration, ReplicationRule
from farshore.semantics.object_attributes import ARCHIVED_STORAGE_CLASSES
from farshore.semantics.replication_eligibility import Refusal
from farshore.semantics.replication_history import Then, same_rule


class Check(StrEnum):
    """What must hold so that a rule takes a version, in the order of the checks."""

    RULE_EXISTS = "RULE_EXISTS"
    RULE_ENABLED = "RULE_ENABLED"
    PREFIX = "PREFIX"
    TAGS = "TAGS"
    NOT_A_REPLICA = "NOT_A_REPLICA"
    STRONGEST_RULE = "STRONGEST_RULE"
    DELETE_MARKER = "DELETE_MARKER"
    STORAGE_CLASS = "STORAGE_CLASS"


class TooEarly(StrEnum):
    """Why a rule did not take a version: it was not there yet. At a write there is no such refusal."""

    OLDER_THAN_RULE = "OLDER_THAN_RULE"
    DESTINATION_ADDED_LATER = "DESTINATION_ADDED_LATER"
    """The same, of a version that went to other destinations."""


class Checked(msgspec.Struct, frozen=True):
    """then: when the version was written; None where that is forgotten. now: for the same write now.

    detail: in words, where it did not hold.
    """

    check: Check
    then: bool | None
    now: bool
    detail: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule has to do with a version.

    state: of the rule's destination, when the version went there under this rule.
    reason: why it did not; None when it did, and when what decided is forgotten.
    shadowed_by: the rule that took its place.
    now: the first check that the same write would not pass now; None when the rule would take it.
    """

    rule: ReplicationRule
    state: DestinationState | None
    checks: tuple[Checked, ...]
    reason: Refusal | TooEarly | None = None
    detail: str = ""
    shadowed_by: str = ""
    now: Refusal | None = None


def examine(configuration: ReplicationConfiguration, version: Version, then: Then) -> tuple[Finding, ...]:
    """One finding for each rule of the present configuration, strongest first.

    Args:
        then: what was in force when the version was written.
    """
    return tuple(_finding(configuration, rule, version, then) for rule in configuration.rules)


def near_miss(prefix: str, key: str) -> str:
    """How a key misses a prefix by very little, in words; empty when it does not begin nearly so."""
    if key.lower().startswith(prefix.lower()):
        return "they differ in upper and lower case"
    if key.startswith("/") and key.lstrip("/").startswith(prefix):
        return "the key begins with a slash"
    if prefix.startswith("/") and key.startswith(prefix.lstrip("/")):
        return "the prefix begins with a slash, which keys rarely do"
    if prefix.endswith("/") and key == prefix.rstrip("/"):
        return "the key lacks the slash at the end"
    return ""


_REFUSALS = {
    Check.RULE_ENABLED: Refusal.RULE_DISABLED,
    Check.PREFIX: Refusal.PREFIX_DOES_NOT_MATCH,
    Check.TAGS: Refusal.TAGS_DO_NOT_MATCH,
    Check.NOT_A_REPLICA: Refusal.IS_REPLICA,
    Check.STRONGEST_RULE: Refusal.SHADOWED,
    Check.DELETE_MARKER: Refusal.DELETE_MARKERS_OFF,
    Check.STORAGE_CLASS: Refusal.ARCHIVED_STORAGE_CLASS,
}


def _finding(configuration: ReplicationConfiguration, rule: ReplicationRule, version: Version, then: Then) -> Finding:
    was = same_rule(then.configuration, rule)
    checks = _checks(configuration, rule, version, then, was)
    refused_now = next((each.check for each in checks if not each.now), None)
    finding = Finding(
        rule=rule,
        state=None,
        checks=checks,
        now=None if refused_now is None else _refusal(refused_now, version),
    )
    state = next((state for state in version.destinations if state.bucket == rule.destination), None)
    if state is not None:
        if state.rule_id in (rule.id, None if was is None else was.id):
            return msgspec.structs.replace(finding, state=state)
        detail = f"rule {state.rule_id} took the version to {rule.destination}"
        return msgspec.structs.replace(finding, reason=Refusal.SHADOWED, detail=detail, shadowed_by=state.rule_id)
    failed = next((each for each in checks if (each.then if then.known else each.now) is False), None)
    if failed is None:
        return finding
    if failed.check is Check.RULE_EXISTS:
        late = TooEarly.DESTINATION_ADDED_LATER if version.destinations else TooEarly.OLDER_THAN_RULE
        nor = next((f"; nor would it take it now: {each.detail}" for each in checks if not each.now), "")
        return msgspec.structs.replace(finding, reason=late, detail=failed.detail + nor)
    reason = _refusal(failed.check, version)
    stronger = None
    if reason is Refusal.SHADOWED:
        stronger = _stronger(then.configuration if then.known else configuration, was or rule, version, _tags(version))
    return msgspec.structs.replace(
        finding, reason=reason, detail=failed.detail, shadowed_by="" if stronger is None else stronger.id
    )


def _checks(
    configuration: ReplicationConfiguration,
    rule: ReplicationRule,
    version: Version,
    then: Then,
    was: ReplicationRule | None,
) -> tuple[Checked, ...]:
    checks: list[Checked] = []
    for check in Check:
        held = _holds(check, then.configuration, was, version, _tags(version)) if then.known else None
        holds = _holds(check, configuration, rule, version, version.tags)
        if held is False:
            detail = _detail(check, was or rule, version, _tags(version))
        elif not holds:
            detail = _detail(check, rule, version, version.tags)
        else:
            detail = ""
        checks.append(Checked(check, held, holds is not False, detail))
    return tuple(checks)


def _tags(version: Version) -> Mapping[str, str]:
    """The tags that the version was written with, which decided."""
    written_with = version.attributes.tags_at_creation
    return version.tags if written_with is None else written_with


def _refusal(check: Check, version: Version) -> Refusal:
    if check is Check.TAGS and version.delete_marker:
        return Refusal.DELETE_MARKERS_HAVE_NO_TAGS
    return _REFUSALS[check]


def _holds(
    check: Check,
    configuration: ReplicationConfiguration | None,
    rule: ReplicationRule | None,
    version: Version,
    tags: Mapping[str, str],
) -> bool | None:
    """Whether a check holds for a rule as it stands in a configuration. None: there is no rule to ask."""
    match check:
        case Check.RULE_EXISTS:
            return rule is not None
        case Check.NOT_A_REPLICA:
            return not version.is_replica
        case Check.STORAGE_CLASS:
            return version.storage_class not in ARCHIVED_STORAGE_CLASSES
        case _ if rule is None:
            return None
        case Check.RULE_ENABLED:
            return rule.enabled
        case Check.PREFIX:
            return version.key.startswith(rule.filter.prefix)
        case Check.TAGS:
            return _tags_match(rule, version, tags)
        case Check.STRONGEST_RULE:
            return _stronger(configuration, rule, version, tags) is None
        case Check.DELETE_MARKER:
            return rule.delete_markers or not version.delete_marker


def _tags_match(rule: ReplicationRule, version: Version, tags: Mapping[str, str]) -> bool:
    carried = {} if version.delete_marker else tags
    return all(carried.get(name) == value for name, value in rule.filter.tags)


def _stronger(
    configuration: ReplicationConfiguration | None, rule: ReplicationRule, version: Version, tags: Mapping[str, str]
) -> ReplicationRule | None:
    """The rule that takes the version to the same destination in this one's place."""
    assert configuration is not None, rule.id
    for each in configuration.rules:
        if each.id == rule.id:
            return None
        if (
            each.enabled
            and each.destination == rule.destination
            and version.key.startswith(each.filter.prefix)
            and _tags_match(each, version, tags)
        ):
            return each
    return None


def _detail(check: Check, rule: ReplicationRule, version: Version, tags: Mapping[str, str]) -> str:
    """What did not hold, in words."""
    match check:
        case Check.RULE_EXISTS:
            return "the version was written before the rule was made"
        case Check.RULE_ENABLED:
            return "the rule was Disabled"
        case Check.PREFIX:
            miss = near_miss(rule.filter.prefix, version.key)
            return f"the key does not begin with {rule.filter.prefix!r}" + (f": {miss}" if miss else "")
        case Check.TAGS if version.delete_marker:
            return "delete markers have no tags, so that a rule with tags never takes one"
        case Check.TAGS:
            return _tags_detail(rule, version, tags)
        case Check.NOT_A_REPLICA:
            return "the version is itself a replica, and replicas are not replicated onwards"
        case Check.STRONGEST_RULE:
            return f"a rule of higher priority goes to {rule.destination} too, and covers the version"
        case Check.DELETE_MARKER:
            return "the rule does not replicate delete markers"
        case Check.STORAGE_CLASS:
            return f"versions in {version.storage_class} are not replicated"


def _tags_detail(rule: ReplicationRule, version: Version, tags: Mapping[str, str]) -> str:
    """Which tag is missing or differs; a tag that is there now came too late."""
    late = _tags_match(rule, version, version.tags)
    lower = {name.lower(): name for name in tags}
    parts: list[str] = []
    for name, value in rule.filter.tags:
        if name in tags and tags[name] != value:
            parts.append(f"tag {name} was {tags[name]!r}, the rule wants {value!r}")
        elif name not in tags:
            other = lower.get(name.lower())
            parts.append(f"tag {name}={value} was missing" + (f" ({other} is another tag)" if other else ""))
    text = "; ".join(parts)
    return f"{text}; it was tagged so only after it was written" if late and parts else text
