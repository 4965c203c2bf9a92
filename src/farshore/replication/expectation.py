"""What ought to be in a destination: for each version of a source, by what went there, and by the configurations.

A version is expected when it has a state of the destination, whatever that state says; and when it has none, but the
configuration that was in force when it was written took it, and the present one still does: then the state was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from farshore.model.objects import Version
from farshore.model.replication import (
    DestinationState,
    ReplicationConfiguration,
    ReplicationRule,
    RuleFilter,
    TaskKind,
)
from farshore.replication.role import Permissions
from farshore.semantics.key_ranges import KeyRanges, prefix_end
from farshore.semantics.replica_comparison import NO_LATITUDE, Latitude
from farshore.semantics.replication_eligibility import Cause, eligible_destinations
from farshore.semantics.replication_history import Era, era_of
from farshore.semantics.replication_status import state_of
from farshore.service.replicas import as_replica

_DECIDED_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """The destination bucket. enforced: it enforces its owner, so that everything there is its owner's."""

    name: str
    owner: str
    enforced: bool


class Expected(NamedTuple):
    """A version that ought to be in the destination. replica: what it ought to be there."""

    version: Version
    replica: Version
    state: DestinationState | None


class _Terms(NamedTuple):
    """Under what a version goes: the rule, and the storage classes that rules ever said (None: the version's own)."""

    rule: ReplicationRule
    classes: frozenset[str | None] | None


class Expectation:
    """Decides for versions of one source bucket and one destination. Used by one read at a time.

    Args:
        history: the source's configurations as they followed each other.
        permissions: of the replication role; None when it cannot be assumed, or there is none.
    """

    def __init__(
        self,
        configuration: ReplicationConfiguration | None,
        history: Sequence[Era],
        receiver: Receiver,
        permissions: Permissions | None,
    ) -> None:
        self._configuration = configuration
        self._history = history
        self._receiver = receiver
        self._permissions = permissions
        rules = list(self._all_rules())
        self._edges = KeyRanges(rule.filter.prefix for rule in rules)
        self._tags = {tag for rule in rules for tag in rule.filter.tags}
        self._classes = frozenset(rule.storage_class for rule in rules)
        self._terms: dict[tuple[str, bool], _Terms] = {}
        self._decided: dict[object, ReplicationRule | None] = {}
        self.ranges = merged_ranges(rule.filter.prefix for rule in rules)
        """Ranges of keys that rules ever took to the destination, ascending; they do not touch."""

    def of(self, version: Version) -> Expected | None:
        """What ought to be in the destination of a version; None for nothing."""
        state = state_of(version, self._receiver.name)
        if state is not None:
            rule = self._terms_of(state).rule
        else:
            decided = self._unrecorded(version)
            if decided is None:
                return None
            rule = decided
        return Expected(version, self._replica(version, rule), state)

    def latitude(self, expected: Expected) -> Latitude:
        """What else would be right of it in the destination."""
        if expected.state is None:
            return NO_LATITUDE
        terms = self._terms_of(expected.state)
        owners = {expected.version.owner, self._receiver.owner}
        classes = terms.classes
        return Latitude(
            storage_classes=None
            if classes is None
            else frozenset(expected.version.storage_class if each is None else each for each in classes),
            owners=frozenset(owners),
            without_tags=not self._carries_tags(expected.version, terms.rule),
        )

    def _replica(self, version: Version, rule: ReplicationRule) -> Version:
        replica = as_replica(version, rule, with_tags=not version.tags or self._carries_tags(version, rule))
        if self._receiver.enforced:
            return msgspec.structs.replace(replica, owner=self._receiver.owner, acl=None)
        return replica

    def _carries_tags(self, version: Version, rule: ReplicationRule) -> bool:
        if self._permissions is None:
            return True
        return self._permissions.verdict(version, (TaskKind.OBJECT,), rule).with_tags

    def _terms_of(self, state: DestinationState) -> _Terms:
        key = (state.rule_id, state.owner_override)
        found = self._terms.get(key)
        if found is None:
            found = self._terms[key] = self._find_terms(state)
        return found

    def _find_terms(self, state: DestinationState) -> _Terms:
        """The rule as it is, else as it last was; what it said of the owner counts as it was at the delivery."""
        known = next((rule for rule in self._all_rules() if rule.id == state.rule_id), None)
        rule = known or ReplicationRule(
            id=state.rule_id, priority=0, enabled=False, filter=RuleFilter(), destination=state.bucket
        )
        if state.owner_override:
            account = rule.destination_account or self._receiver.owner
            rule = msgspec.structs.replace(rule, owner_override=True, destination_account=account)
        return _Terms(rule, None if known is None else self._classes)

    def _unrecorded(self, version: Version) -> ReplicationRule | None:
        """The rule of the present that takes a version which has no state, and whose time had one that took it."""
        if version.is_replica or self._configuration is None:
            return None
        then = era_of(self._history, version.row)
        if not then.known or then.configuration is None:
            return None
        written_with = version.attributes.tags_at_creation
        tags = version.tags if written_with is None else written_with
        key = (
            then.at_us,
            self._edges.end_of(version.key.encode()),
            version.delete_marker,
            version.storage_class,
            tuple(sorted(self._tags.intersection(tags.items()))),
        )
        if key not in self._decided:
            if len(self._decided) >= _DECIDED_MAX:
                self._decided.clear()
            written = msgspec.structs.replace(version, tags=tags)
            took = self._takes(then.configuration, written)
            self._decided[key] = None if took is None else self._takes(self._configuration, written)
        return self._decided[key]

    def _takes(self, configuration: ReplicationConfiguration, version: Version) -> ReplicationRule | None:
        cause = Cause.DELETE if version.delete_marker else Cause.WRITE
        rules = eligible_destinations(configuration, version, cause=cause).rules
        return next((rule for rule in rules if rule.destination == self._receiver.name), None)

    def _all_rules(self) -> Iterator[ReplicationRule]:
        """Every rule to the destination: those of now, then those before them, the latest first."""
        eras = [era.configuration for era in reversed(self._history)]
        for configuration in (self._configuration, *eras):
            for rule in () if configuration is None else configuration.rules:
                if rule.destination == self._receiver.name:
                    yield rule


def merged_ranges(prefixes: Iterable[str]) -> list[tuple[bytes, bytes]]:
    """The ranges of keys that begin with one of the prefixes, ascending; they do not touch each other."""
    merged: list[tuple[bytes, bytes]] = []
    for start, end in sorted({(prefix.encode(), prefix_end(prefix)) for prefix in prefixes}):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
