"""A bucket's replication configurations as they followed each other: which was in force when a version was written, and
what became of one rule."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from farshore.model.replication import ReplicationConfiguration, ReplicationRule


class Era(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration in force. after_row: versions with a greater `Version.row` were written under it or later.

    configuration: None while there was none.
    """

    number: int
    at_us: int
    after_row: int
    configuration: ReplicationConfiguration | None


class Then(msgspec.Struct, frozen=True, kw_only=True):
    """What was in force when a version was written.

    known: False when that configuration is forgotten: the version is older than all that is remembered.
    """

    known: bool
    at_us: int | None = None
    configuration: ReplicationConfiguration | None = None


class RuleChangeKind(StrEnum):
    CREATED = "CREATED"
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    CHANGED = "CHANGED"
    """Its filter, priority, destination or options."""
    REMOVED = "REMOVED"


class RuleChange(msgspec.Struct, frozen=True):
    at_us: int
    kind: RuleChangeKind


def era_of(history: Sequence[Era], row: int) -> Then:
    """The configuration under which the version of this row was written.

    Args:
        history: oldest first; the first remembered change has number 1 when nothing is forgotten.
    """
    for era in reversed(history):
        if row > era.after_row:
            return Then(known=True, at_us=era.at_us, configuration=era.configuration)
    return Then(known=not history or history[0].number == 1)


def same_rule(configuration: ReplicationConfiguration | None, rule: ReplicationRule) -> ReplicationRule | None:
    """The rule as it stands in another configuration: by its id, else one that differs in nothing but the id.

    Rules that are put without ids get new ones with every PutBucketReplication.
    """
    if configuration is None:
        return None
    by_id = next((each for each in configuration.rules if each.id == rule.id), None)
    if by_id is not None:
        return by_id
    return next(
        (
            each
            for each in configuration.rules
            if msgspec.structs.replace(each, id=rule.id, enabled=rule.enabled) == rule
        ),
        None,
    )


def changes_of_rule(history: Sequence[Era], rule: ReplicationRule) -> list[RuleChange]:
    """What became of a rule, oldest first. Begins with CREATED unless its beginning is forgotten."""
    changes: list[RuleChange] = []
    before: ReplicationRule | None = None
    for era in history:
        now = same_rule(era.configuration, rule)
        kind = _kind(before, now)
        forgotten = era is history[0] and era.number > 1
        if kind is not None and not forgotten:
            changes.append(RuleChange(era.at_us, kind))
        before = now
    return changes


def _kind(before: ReplicationRule | None, now: ReplicationRule | None) -> RuleChangeKind | None:
    if now is None:
        return None if before is None else RuleChangeKind.REMOVED
    if before is None:
        return RuleChangeKind.CREATED
    if before.enabled != now.enabled:
        return RuleChangeKind.ENABLED if now.enabled else RuleChangeKind.DISABLED
    return None if msgspec.structs.replace(before, id=now.id) == now else RuleChangeKind.CHANGED
