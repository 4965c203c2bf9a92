"""What is replicated and what is not, each refusal by its name.

Two questions: where a change goes when it happens (`eligible_destinations`, which can also say why it goes nowhere
else), and whether it may still go there when its turn comes (`recheck_at_delivery`).
Source: S3 User Guide, "What does Amazon S3 replicate?", "Troubleshooting replication".
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from farshore.model.objects import Version
from farshore.model.replication import (
    FailureCode,
    ReplicationConfiguration,
    ReplicationRule,
    ReplicationStatus,
)
from farshore.semantics.object_attributes import ARCHIVED_STORAGE_CLASSES
from farshore.semantics.replication_match import matches, winning_rules
from farshore.semantics.replication_status import state_of


class Cause(StrEnum):
    """What happened to a version."""

    WRITE = "WRITE"
    """PutObject, POST, CopyObject, CompleteMultipartUpload."""
    DELETE = "DELETE"
    """A DELETE without versionId made a delete marker."""
    PERMANENT_DELETE = "PERMANENT_DELETE"
    """A DELETE with versionId removed an object version or a delete marker."""
    LIFECYCLE = "LIFECYCLE"
    """A lifecycle rule did it: transition, expiration, its delete markers."""
    METADATA = "METADATA"
    """The tags of an existing version changed."""
    ACL = "ACL"
    """The ACL of an existing version changed."""
    REPLICA = "REPLICA"
    """Replication wrote it here."""
    BATCH = "BATCH"
    """A job of Batch Replication asks for a version, whatever its status: replicas go onwards only so."""


class Refusal(StrEnum):
    """Why something is not replicated."""

    NO_CONFIGURATION = "NO_CONFIGURATION"
    NO_RULE_ENABLED = "NO_RULE_ENABLED"
    RULE_DISABLED = "RULE_DISABLED"
    PREFIX_DOES_NOT_MATCH = "PREFIX_DOES_NOT_MATCH"
    TAGS_DO_NOT_MATCH = "TAGS_DO_NOT_MATCH"
    SHADOWED = "SHADOWED"
    """A stronger rule to the same destination applies instead."""
    IS_REPLICA = "IS_REPLICA"
    """Replicas are not replicated onwards: A to B to C does not chain, and two-way rules do not loop."""
    REPLICA_MODIFICATIONS_OFF = "REPLICA_MODIFICATIONS_OFF"
    DELETE_MARKERS_OFF = "DELETE_MARKERS_OFF"
    DELETE_MARKERS_HAVE_NO_TAGS = "DELETE_MARKERS_HAVE_NO_TAGS"
    PERMANENT_DELETE = "PERMANENT_DELETE"
    LIFECYCLE_ACTION = "LIFECYCLE_ACTION"
    ARCHIVED_STORAGE_CLASS = "ARCHIVED_STORAGE_CLASS"
    NEVER_REPLICATED = "NEVER_REPLICATED"
    """A change of a version that no rule covered when it was created."""
    REPLICA_MISSING = "REPLICA_MISSING"
    """A change of a version whose own replication to that destination failed."""
    OWNER_OVERRIDDEN = "OWNER_OVERRIDDEN"
    """A change of the ACL of a version whose replica was given to the destination's owner: they are apart for good."""
    NO_RULE_LEFT = "NO_RULE_LEFT"
    """A change of a version that was replicated under a rule which has since been disabled, narrowed or deleted."""


class Refused(msgspec.Struct, frozen=True):
    """One refusal. rule_id and destination are empty when it concerns the version whatever the rule."""

    reason: Refusal
    rule_id: str = ""
    destination: str = ""


class Eligibility(msgspec.Struct, frozen=True):
    """rules: under which it goes, one for each destination. refusals: why not elsewhere."""

    rules: tuple[ReplicationRule, ...]
    refusals: tuple[Refused, ...] = ()


def eligible_destinations(
    configuration: ReplicationConfiguration | None, version: Version, *, cause: Cause, explain: bool = False
) -> Eligibility:
    """Decide where live replication takes a change.

    Args:
        version: as the change makes it; its status and destinations as they were before.
        cause: what happened.
        explain: also list, in `refusals`, the rules that do not apply. Without it they hold only what stopped the
            version or a rule that does apply: a PUT has no use for more.
    """
    if configuration is None or not configuration.rules:
        reason = _NEVER.get(cause, Refusal.NO_CONFIGURATION)
        return Eligibility((), (Refused(reason),))
    reason = _refusal_of_version(configuration, version, cause)
    if reason is not None:
        return Eligibility((), (Refused(reason),))
    if cause in _OF_METADATA and not version.is_replica:
        return _follow_replicas(configuration, version, cause)
    winners = winning_rules(configuration, version.key, {} if version.delete_marker else version.tags)
    rules: list[ReplicationRule] = []
    refusals: list[Refused] = []
    for rule in winners:
        reason = _refusal_of_rule(rule, version, cause)
        if reason is None:
            rules.append(rule)
        else:
            refusals.append(Refused(reason, rule.id, rule.destination))
    if explain:
        refusals.extend(_refusals_of_losers(configuration, version, winners))
    return Eligibility(tuple(rules), tuple(refusals))


def recheck_at_delivery(
    configuration: ReplicationConfiguration | None, version: Version, destination: str
) -> ReplicationRule | FailureCode:
    """The rule under which a pending version goes to the destination now, or why it does not go any more.

    The configuration may have changed since the version was written. The rule that won then stays in force while it is
    enabled, names the destination and covers the key; else the strongest rule that matches now takes its place. The
    tags of the rule that won are not compared again: what counts are the tags given when the version was created, so an
    object whose tags changed meanwhile still goes.

    Returns:
        SRC_BUCKET_REPLICATION_CONFIG_MISSING without configuration, SRC_OBJECT_NOT_ELIGIBLE when no rule is left.
    Source: AWS does not say what becomes of pending versions then; this is our reading of "What does Amazon S3
        replicate?".
    """
    if configuration is None:
        return FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING
    rule = _rule_in_force(configuration, version, destination)
    if rule is None or (version.delete_marker and not rule.delete_markers):
        return FailureCode.SRC_OBJECT_NOT_ELIGIBLE
    state = state_of(version, destination)
    if version.is_replica and state is not None and state.changed and not rule.replica_modifications:
        return FailureCode.SRC_OBJECT_NOT_ELIGIBLE
    return rule


_NEVER = {
    Cause.PERMANENT_DELETE: Refusal.PERMANENT_DELETE,
    Cause.LIFECYCLE: Refusal.LIFECYCLE_ACTION,
    Cause.REPLICA: Refusal.IS_REPLICA,
}
"""Causes that no configuration ever replicates."""

_OF_METADATA = (Cause.METADATA, Cause.ACL)


def _refusal_of_version(configuration: ReplicationConfiguration, version: Version, cause: Cause) -> Refusal | None:
    """Why no rule can help."""
    if cause in _NEVER:
        return _NEVER[cause]
    if not any(rule.enabled for rule in configuration.rules):
        return Refusal.NO_RULE_ENABLED
    if cause in _OF_METADATA:
        if cause is Cause.ACL and version.attributes.owner_overridden:
            return Refusal.OWNER_OVERRIDDEN
        return Refusal.NEVER_REPLICATED if version.replication_status is None else None
    if version.is_replica and cause is not Cause.BATCH:
        return Refusal.IS_REPLICA
    if version.storage_class in ARCHIVED_STORAGE_CLASSES:
        return Refusal.ARCHIVED_STORAGE_CLASS
    return None


def _refusal_of_rule(rule: ReplicationRule, version: Version, cause: Cause) -> Refusal | None:
    """Why a rule that matches does not take it."""
    if version.delete_marker and not rule.delete_markers:
        return Refusal.DELETE_MARKERS_OFF
    if cause in _OF_METADATA and not rule.replica_modifications:
        return Refusal.REPLICA_MODIFICATIONS_OFF
    if cause is Cause.ACL and rule.owner_override:
        return Refusal.OWNER_OVERRIDDEN
    return None


def _refusals_of_losers(
    configuration: ReplicationConfiguration, version: Version, winners: tuple[ReplicationRule, ...]
) -> Iterable[Refused]:
    for rule in configuration.rules:
        if rule in winners:
            continue
        if not rule.enabled:
            reason = Refusal.RULE_DISABLED
        elif not version.key.startswith(rule.filter.prefix):
            reason = Refusal.PREFIX_DOES_NOT_MATCH
        elif version.delete_marker and rule.filter.tags:
            reason = Refusal.DELETE_MARKERS_HAVE_NO_TAGS
        elif not matches(rule.filter, version.key, version.tags):
            reason = Refusal.TAGS_DO_NOT_MATCH
        else:
            reason = Refusal.SHADOWED
        yield Refused(reason, rule.id, rule.destination)


def _follow_replicas(configuration: ReplicationConfiguration, version: Version, cause: Cause) -> Eligibility:
    """A change of a source version goes where the version went, as long as a rule still says so.

    The owner override counts as it was when the version went there, whatever the rule says now.
    """
    rules: list[ReplicationRule] = []
    refusals: list[Refused] = []
    for state in version.destinations:
        rule = _rule_in_force(configuration, version, state.bucket)
        if state.status is ReplicationStatus.FAILED and not state.changed:
            refusals.append(Refused(Refusal.REPLICA_MISSING, state.rule_id, state.bucket))
        elif rule is None:
            refusals.append(Refused(Refusal.NO_RULE_LEFT, state.rule_id, state.bucket))
        elif cause is Cause.ACL and state.owner_override:
            refusals.append(Refused(Refusal.OWNER_OVERRIDDEN, state.rule_id, state.bucket))
        else:
            rules.append(rule)
    return Eligibility(tuple(rules), tuple(refusals))


def _rule_in_force(
    configuration: ReplicationConfiguration, version: Version, destination: str
) -> ReplicationRule | None:
    """The rule that won for this destination if it still covers the key, else the strongest that matches now."""
    candidates = [rule for rule in configuration.rules if rule.enabled and rule.destination == destination]
    won = state_of(version, destination)
    for rule in candidates:
        if won is not None and rule.id == won.rule_id and version.key.startswith(rule.filter.prefix):
            return rule
    tags = {} if version.delete_marker else version.tags
    return next((rule for rule in candidates if matches(rule.filter, version.key, tags)), None)
