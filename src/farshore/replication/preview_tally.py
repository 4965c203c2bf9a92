"""Count what a configuration would take, piece by piece. Every decision is that of a write, `eligible_destinations`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from farshore.metadata.store import Reader
from farshore.metadata.survey import Counted
from farshore.model.objects import Version
from farshore.model.replication import ReplicationConfiguration, ReplicationRule, ReplicationStatus
from farshore.replication.previewed import Counts, LeftOut, Overlap, RulePreview, SampleOut
from farshore.semantics.key_ranges import prefix_end
from farshore.semantics.replication_eligibility import Cause, Eligibility, Refusal, eligible_destinations

SAMPLES_MAX = 5


@dataclass(slots=True)
class _Covered:
    counts: Counts = field(default_factory=Counts)
    inside: list[str] = field(default_factory=list[str])
    outside: dict[Refusal, list[str]] = field(default_factory=dict[Refusal, list[str]])
    hint: str = ""


@dataclass(slots=True)
class _Group:
    counts: Counts = field(default_factory=Counts)
    samples: list[str] = field(default_factory=list[str])


class Tally:
    """Used by one read at a time."""

    def __init__(self, configuration: ReplicationConfiguration, bucket_id: int) -> None:
        self.versions = 0
        self.bytes = 0
        self._configuration = configuration
        self._bucket_id = bucket_id
        self._tags = sorted({tag for rule in configuration.rules for tag in rule.filter.tags})
        self._rules = {rule.id: _Covered() for rule in configuration.rules}
        self._destinations: dict[str, Counts] = {rule.destination: Counts() for rule in configuration.rules}
        self._overlaps: dict[tuple[str, str, str], _Group] = {}
        self._left_out: dict[Refusal, _Group] = {}

    def add(self, reader: Reader, start: bytes, end: bytes) -> None:
        """Count a range of keys that begin with the same prefixes of rules."""
        decided: dict[object, Eligibility] = {}
        for counted in reader.survey.count(self._bucket_id, start, end, self._tags):
            kind = counted.kind
            replica = kind.status is ReplicationStatus.REPLICA
            same = (kind.delete_marker, kind.storage_class, replica, tuple(kind.tags.items()))
            found = decided.get(same)
            if found is None:
                found = decided[same] = self._decide(counted)
            self._count(counted, found)
            if kind.latest and not kind.delete_marker:
                asked = (self._bucket_id, start, end, kind, self._tags, SAMPLES_MAX)
                self._sample(found, _Samples(lambda asked=asked: reader.survey.keys(*asked)))

    def hint(self, reader: Reader) -> None:
        """Look for what rules that take nothing may have meant."""
        for rule in self._configuration.rules:
            covered = self._rules[rule.id]
            if not covered.counts.versions and rule.enabled and rule.filter.prefix:
                covered.hint = _hint(reader, self._bucket_id, rule.filter.prefix)

    def rules(self) -> Iterator[RulePreview]:
        """Strongest first."""
        for rule in self._configuration.rules:
            covered = self._rules[rule.id]
            yield RulePreview(
                rule=rule.id,
                priority=rule.priority,
                destination=rule.destination,
                enabled=rule.enabled,
                prefix=rule.filter.prefix,
                tags=dict(rule.filter.tags),
                covers=covered.counts,
                samples_in=tuple(covered.inside),
                samples_out=tuple(islice(_in_turn(covered.outside), SAMPLES_MAX)),
                hint=covered.hint,
            )

    def overlaps(self) -> Iterator[Overlap]:
        for (destination, winner, loser), group in self._overlaps.items():
            yield Overlap(
                destination=destination,
                winner=winner,
                loser=loser,
                counts=group.counts,
                samples=tuple(group.samples),
            )

    def left_out(self) -> Iterator[LeftOut]:
        for reason, group in self._left_out.items():
            yield LeftOut(reason=reason, counts=group.counts, samples=tuple(group.samples))

    def of_destination(self, name: str) -> Counts:
        return self._destinations[name]

    def rules_to(self, destination: str) -> Iterator[str]:
        return (rule.id for rule in self._configuration.rules if rule.destination == destination)

    def _decide(self, counted: Counted) -> Eligibility:
        kind = counted.kind
        version = Version(
            bucket_id=self._bucket_id,
            key=counted.key,
            version_id="",
            created_us=0,
            owner="",
            delete_marker=kind.delete_marker,
            storage_class=kind.storage_class,
            tags=kind.tags,
            replication_status=kind.status if kind.status is ReplicationStatus.REPLICA else None,
        )
        cause = Cause.DELETE if kind.delete_marker else Cause.WRITE
        return eligible_destinations(self._configuration, version, cause=cause, explain=True)

    def _count(self, counted: Counted, found: Eligibility) -> None:
        self.versions += counted.versions
        self.bytes += counted.bytes
        for rule in found.rules:
            _add(self._rules[rule.id].counts, counted)
            _add(self._destinations[rule.destination], counted)
        for winner, loser in _shadows(found):
            group = self._overlaps.setdefault((winner.destination, winner.id, loser), _Group())
            _add(group.counts, counted)
        if not found.rules:
            _add(self._left_out.setdefault(_nearest(found), _Group()).counts, counted)

    def _sample(self, found: Eligibility, samples: _Samples) -> None:
        for rule in found.rules:
            samples.fill(self._rules[rule.id].inside)
        for winner, loser in _shadows(found):
            samples.fill(self._overlaps[winner.destination, winner.id, loser].samples)
        if not found.rules:
            samples.fill(self._left_out[_nearest(found)].samples)
        for refused in found.refusals:
            for rule_id in (refused.rule_id,) if refused.rule_id else self._rules:
                samples.fill(self._rules[rule_id].outside.setdefault(refused.reason, []))


class _Samples:
    """Keys of one kind in one range, read when they are asked for."""

    def __init__(self, read: Callable[[], list[str]]) -> None:
        self._read = read
        self._keys: list[str] | None = None

    def keys(self) -> list[str]:
        if self._keys is None:
            self._keys = self._read()
        return self._keys

    def fill(self, into: list[str]) -> None:
        if len(into) < SAMPLES_MAX:
            into += self.keys()[: SAMPLES_MAX - len(into)]


_NEAREST = (
    Refusal.IS_REPLICA,
    Refusal.ARCHIVED_STORAGE_CLASS,
    Refusal.NO_RULE_ENABLED,
    Refusal.DELETE_MARKERS_OFF,
    Refusal.DELETE_MARKERS_HAVE_NO_TAGS,
    Refusal.TAGS_DO_NOT_MATCH,
    Refusal.RULE_DISABLED,
    Refusal.PREFIX_DOES_NOT_MATCH,
)
"""When nothing takes a version, the reason to tell: of the rule that it comes nearest to."""


def _in_turn(outside: dict[Refusal, list[str]]) -> Iterator[SampleOut]:
    """One of each reason, then a second one of each, and so on."""
    for place in range(SAMPLES_MAX):
        for reason, keys in outside.items():
            if place < len(keys):
                yield SampleOut(keys[place], reason)


def _nearest(found: Eligibility) -> Refusal:
    reasons = {refused.reason for refused in found.refusals}
    return next((reason for reason in _NEAREST if reason in reasons), found.refusals[0].reason)


def _shadows(found: Eligibility) -> Iterator[tuple[ReplicationRule, str]]:
    """(rule that takes it, rule to the same destination that would, were it not for that one)."""
    for refused in found.refusals:
        if refused.reason is Refusal.SHADOWED:
            for rule in found.rules:
                if rule.destination == refused.destination:
                    yield rule, refused.rule_id


def _add(counts: Counts, counted: Counted) -> None:
    kind = counted.kind
    if kind.delete_marker:
        counts.delete_markers += counted.versions
        return
    counts.versions += counted.versions
    counts.bytes += counted.bytes
    if kind.latest:
        counts.objects += counted.versions
        counts.object_bytes += counted.bytes
    status = "NONE" if kind.status is None else kind.status.value
    counts.by_status[status] = counts.by_status.get(status, 0) + counted.versions


def _hint(reader: Reader, bucket_id: int, prefix: str) -> str:
    """A prefix that keys do have, and that differs from this one in case or in a slash at its beginning."""
    other = prefix.lstrip("/") if prefix.startswith("/") else f"/{prefix}"
    variants = (prefix.lower(), prefix.upper(), prefix[:1].swapcase() + prefix[1:], prefix.title(), other)
    for variant in dict.fromkeys(variants):
        if variant and variant != prefix:
            first = reader.survey.first_key(bucket_id, variant.encode())
            if first is not None and variant.encode() <= first < prefix_end(variant):
                return f"no key begins with {prefix!r}, but keys begin with {variant!r}"
    return f"no key begins with {prefix!r}"
