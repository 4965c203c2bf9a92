"""Which versions of a bucket a generated manifest has: S3JobManifestGenerator's filter, compiled.

All criteria that are given must hold. What is about size, storage class or encryption holds for no delete marker.
Source: API Reference, "JobManifestGeneratorFilter" (S3 Control); User Guide, "Replicating existing objects with Batch
Replication".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from farshore.model.batch import Candidate, Document
from farshore.model.replication import ReplicationConfiguration, ReplicationStatus
from farshore.semantics.object_attributes import ARCHIVED_STORAGE_CLASSES
from farshore.semantics.replication_match import winning_rules

Test = Callable[[Candidate], bool]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENCRYPTIONS: Mapping[str, frozenset[str]] = {
    "SSES3": frozenset(("", "AES256")),  # Every object has at least this one.
    "SSEKMS": frozenset(("aws:kms",)),
    "DSSEKMS": frozenset(("aws:kms:dsse",)),
    "SSEC": frozenset(("SSE-C",)),
    "NOTSSE": frozenset(),
}


def compile_filter(wanted: Document, configuration: ReplicationConfiguration | None, *, replicates: bool) -> Test:
    """The test that a version must pass to be in the manifest.

    Args:
        wanted: the JobManifestGeneratorFilter.
        configuration: the bucket's rules, as they are now.
        replicates: the manifest is for Batch Replication, which takes noncurrent versions and delete markers too, and
            no archived ones; else it has the current objects.
    """
    tests: list[Test] = []
    if replicates:
        tests.append(_is_not_archived)
    else:
        tests.append(_is_current_object)
    for member, make in _CRITERIA.items():
        if member in wanted:
            tests.append(make(wanted[member]))
    if wanted.get("EligibleForReplication"):
        tests.append(_eligible(configuration))
    return _all_of(tests)


def asks_for_encryption(wanted: Document) -> bool:
    """Whether candidates must be read with their encryption."""
    return bool(wanted.get("MatchAnyObjectEncryption"))


def common_prefix(wanted: Document) -> bytes:
    """What every key of the manifest begins with: only these need to be read."""
    prefixes: list[str] = wanted.get("KeyNameConstraint", {}).get("MatchAnyPrefix", [])
    return prefixes[0].encode() if len(prefixes) == 1 else b""


def _all_of(tests: list[Test]) -> Test:
    def test(candidate: Candidate) -> bool:
        for each in tests:  # noqa: SIM110 - a generator for each of millions of versions is twice as slow.
            if not each(candidate):
                return False
        return True

    return tests[0] if len(tests) == 1 else test


def _is_current_object(candidate: Candidate) -> bool:
    return candidate.latest and not candidate.delete_marker


def _is_not_archived(candidate: Candidate) -> bool:
    return candidate.storage_class not in ARCHIVED_STORAGE_CLASSES


def _created_after(at: datetime) -> Test:
    at_us = (at - _EPOCH) // _MICROSECOND
    return lambda candidate: candidate.created_us > at_us


def _created_before(at: datetime) -> Test:
    at_us = (at - _EPOCH) // _MICROSECOND
    return lambda candidate: candidate.created_us < at_us


def _statuses(names: list[str]) -> Test:
    allowed = frozenset(None if name == "NONE" else ReplicationStatus(name) for name in names)
    return lambda candidate: candidate.status in allowed


def _larger_than(size: int) -> Test:
    return lambda candidate: candidate.size > size and not candidate.delete_marker


def _smaller_than(size: int) -> Test:
    return lambda candidate: candidate.size < size and not candidate.delete_marker


def _storage_classes(names: list[str]) -> Test:
    allowed = frozenset(names)
    return lambda candidate: candidate.storage_class in allowed and not candidate.delete_marker


def _encryption(wanted: list[Document]) -> Test:
    allowed = frozenset(name for each in wanted for member in each for name in _ENCRYPTIONS[member])
    return lambda candidate: candidate.encryption in allowed and not candidate.delete_marker


def _key_names(constraint: Mapping[str, list[str]]) -> Test:
    prefixes, suffixes, parts = (
        tuple(text.encode() for text in constraint.get(member, ()))
        for member in ("MatchAnyPrefix", "MatchAnySuffix", "MatchAnySubstring")
    )

    def test(candidate: Candidate) -> bool:
        key = candidate.key
        if prefixes and not key.startswith(prefixes):
            return False
        if suffixes and not key.endswith(suffixes):
            return False
        return not parts or any(part in key for part in parts)

    return test


_CRITERIA: Mapping[str, Callable[..., Test]] = {
    "CreatedAfter": _created_after,
    "CreatedBefore": _created_before,
    "ObjectReplicationStatuses": _statuses,
    "KeyNameConstraint": _key_names,
    "ObjectSizeGreaterThanBytes": _larger_than,
    "ObjectSizeLessThanBytes": _smaller_than,
    "MatchAnyStorageClass": _storage_classes,
    "MatchAnyObjectEncryption": _encryption,
}


def _eligible(configuration: ReplicationConfiguration | None) -> Test:
    """Whether an enabled rule takes the version. Replicas are eligible: Batch Replication takes them onwards."""
    if configuration is None:
        return lambda _candidate: False
    rules = tuple(rule for rule in configuration.rules if rule.enabled)
    if any(rule.filter.tags for rule in rules):
        return lambda candidate: _matches(configuration, candidate)
    prefixes = tuple({rule.filter.prefix.encode() for rule in rules})

    def test(candidate: Candidate) -> bool:
        if candidate.delete_marker:
            return _matches(configuration, candidate)
        return candidate.key.startswith(prefixes)

    return test


def _matches(configuration: ReplicationConfiguration, candidate: Candidate) -> bool:
    marker = candidate.delete_marker
    rules = winning_rules(configuration, candidate.key.decode(), {} if marker else candidate.tags)
    return any(rule.delete_markers for rule in rules) if marker else bool(rules)
