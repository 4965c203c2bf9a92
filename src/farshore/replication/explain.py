"""Explain one version: which rules took it or did not and why, what became of it on its way, what holds it up now, when
it is tried next, and the one change that would mend it.

Everything is read anew, on one snapshot; nothing is changed. Whether the caller may know is decided before.
Source: S3 User Guide, "Troubleshooting replication", "Replication failure reasons".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from farshore.metadata.store import Reader
from farshore.model.buckets import Bucket, ConfigurationKind, VersioningStatus
from farshore.model.objects import NULL_VERSION, Version
from farshore.model.remedy import Remedy
from farshore.model.replication import FailureCode, ReplicationConfiguration, ReplicationStatus
from farshore.model.replication_record import AttemptRecord, LaneRecord, PendingTask
from farshore.replication.explain_destinations import Circumstances, attempts_of, explain_destination
from farshore.replication.explanation import (
    AnyReason,
    AttemptExplained,
    ConfigurationExplained,
    DestinationExplained,
    Explanation,
    Reason,
    RuleChanged,
    RuleExplained,
    Then,
)
from farshore.replication.role_steps import RoleStep, RoleSteps
from farshore.runtime.iso_time import iso_time
from farshore.semantics import replication_remedy
from farshore.semantics.replication_config import compile_configuration
from farshore.semantics.replication_eligibility import Refusal
from farshore.semantics.replication_explain import Finding, TooEarly, examine
from farshore.semantics.replication_history import Era, changes_of_rule, era_of
from farshore.semantics.replication_history import Then as InForce
from farshore.semantics.replication_remedy import Subject
from farshore.service.configurations import decode_document
from farshore.service.deployment import Deployment, Region
from farshore.service.locating import bucket_here


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the source's store says. document: the present configuration, as stored. before: the last one that there
    was, where there is none now. last_homes: as `Circumstances`."""

    version: Version | None
    key_exists: bool
    document: Mapping[str, Any] | None
    configuration: ReplicationConfiguration | None
    history: Sequence[Era]
    attempts: Sequence[AttemptRecord]
    tasks: Sequence[PendingTask]
    lanes: Sequence[LaneRecord]
    before: Mapping[str, Any] | None
    last_homes: Mapping[str, str]


async def explain(
    deployment: Deployment, region: Region, bucket: Bucket, key: str, version_id: str | None
) -> Explanation:
    """Explain a version, or the current one of the key."""
    facts = await region.metadata.read(lambda reader: read_facts(reader, bucket.id, key, version_id))
    subject = Subject(
        bucket=bucket.name,
        key=key,
        version=facts.version,
        document=facts.document,
        owner=bucket.owner,
        versioned=bucket.versioning is VersioningStatus.ENABLED,
        before=facts.before,
    )
    if facts.version is None:
        return _missing(deployment, region, subject, facts, version_id)
    around = Circumstances(
        deployment=deployment,
        region=region,
        bucket=bucket,
        subject=subject,
        configuration=facts.configuration,
        attempts=facts.attempts,
        tasks=facts.tasks,
        lanes=facts.lanes,
        role_steps=RoleSteps(deployment),
        last_homes=facts.last_homes,
    )
    return _explain_version(around, facts, facts.version)


def read_facts(reader: Reader, bucket_id: int, key: str, version_id: str | None) -> Facts:
    current = reader.current(bucket_id, key)
    version = current if version_id is None else reader.version(bucket_id, key, version_id)
    stored = reader.configuration(bucket_id, ConfigurationKind.REPLICATION)
    document = None if stored is None else decode_document(stored)
    return Facts(
        version=version,
        key_exists=current is not None,
        document=document,
        configuration=None if document is None else compile_configuration(document),
        history=read_history(reader, bucket_id),
        attempts=() if version is None else reader.records.attempts(version.row),
        tasks=() if version is None else reader.tasks_of_version(bucket_id, key, version.version_id),
        lanes=reader.records.lanes(bucket_id),
        before=_last_document(reader, bucket_id) if document is None else None,
        last_homes=reader.records.last_homes(bucket_id),
    )


def _last_document(reader: Reader, bucket_id: int) -> Mapping[str, Any] | None:
    """The last configuration that is remembered, in force or not."""
    documents = [each.document for each in reader.records.history(bucket_id) if each.document is not None]
    return decode_document(documents[-1]) if documents else None


def read_history(reader: Reader, bucket_id: int) -> list[Era]:
    """The bucket's configurations as they followed each other, compiled."""
    return [
        Era(
            number=change.number,
            at_us=change.at_us,
            after_row=change.after_row,
            configuration=None if change.document is None else compile_configuration(decode_document(change.document)),
        )
        for change in reader.records.history(bucket_id)
    ]


def _missing(
    deployment: Deployment, region: Region, subject: Subject, facts: Facts, version_id: str | None
) -> Explanation:
    named = "the key has no such version" if facts.key_exists else "the key has no version"
    reason: AnyReason = Reason.VERSION_MISSING
    summary = (
        f"{named}: it never had, or it was permanently deleted. A version that is deleted before its turn does not "
        "arrive; a permanent delete is never replicated, so that a replica that had arrived stays."
    )
    remedy = replication_remedy.upload_anew(subject)
    left = _left_replica(deployment, subject, facts, version_id)
    if left is not None:
        destination, replica = left
        reason = Refusal.PERMANENT_DELETE
        summary = (
            f"{named} any more: it was permanently deleted, and permanent deletes are never replicated. {destination} "
            f"has its replica still (version {replica.version_id})."
        )
        remedy = replication_remedy.delete_replica(subject, destination, replica.version_id)
    return Explanation(
        bucket=subject.bucket,
        region=region.name,
        key=subject.key,
        version_id=version_id,
        exists=False,
        latest=False,
        delete_marker=False,
        replica=False,
        created_at=None,
        size=0,
        storage_class=None,
        status=None,
        reason=reason,
        code=FailureCode.SRC_VERSION_NOT_FOUND if facts.key_exists else FailureCode.SRC_KEY_NOT_FOUND,
        summary=summary,
        remedy=remedy,
        configuration=_configuration(facts, InForce(known=False)),
        rules=(),
        destinations=(),
    )


def _left_replica(
    deployment: Deployment, subject: Subject, facts: Facts, version_id: str | None
) -> tuple[str, Version] | None:
    """The first destination that the rules name which has what is missing here, and what it has.

    Only a version id says that a replica is of this version: another bucket may bring the same key there. Of buckets of
    other accounts nothing is told.
    """
    if version_id is None or version_id == NULL_VERSION:
        return None
    rules = () if facts.configuration is None else facts.configuration.rules
    for destination in dict.fromkeys(rule.destination for rule in rules):
        place = bucket_here(deployment, destination)
        if place is None or place[1].owner != subject.owner:
            continue
        region, bucket = place
        found = region.metadata.reader.version(bucket.id, subject.key, version_id)
        if found is not None and found.is_replica:
            return destination, found
    return None


def _explain_version(around: Circumstances, facts: Facts, version: Version) -> Explanation:
    subject = around.subject
    in_force = era_of(facts.history, version.row)
    findings = () if facts.configuration is None else examine(facts.configuration, version, in_force)
    rules = tuple(_rule(around, facts, version, finding) for finding in findings)
    destinations = tuple(explain_destination(around, version, state, findings) for state in version.destinations)
    reason, code, remedy = _conclude(subject, facts, version, rules, destinations)
    jobs = attempts_of(facts.attempts, "")
    return Explanation(
        bucket=subject.bucket,
        region=around.region.name,
        key=version.key,
        version_id=version.version_id,
        exists=True,
        latest=version.latest,
        delete_marker=version.delete_marker,
        replica=version.is_replica,
        created_at=iso_time(version.created_us),
        size=version.size,
        storage_class=None if version.delete_marker else version.storage_class,
        status=version.replication_status,
        reason=reason,
        code=code,
        summary=_summary(reason, rules, destinations) + _of_jobs(version, jobs),
        remedy=remedy,
        configuration=_configuration(facts, in_force),
        rules=rules,
        destinations=destinations,
        jobs=jobs,
    )


def _configuration(facts: Facts, in_force: InForce) -> ConfigurationExplained | None:
    if facts.configuration is None:
        return None
    then = Then.FORGOTTEN
    if in_force.known:
        then = Then.ABSENT if in_force.configuration is None else Then.PRESENT
    return ConfigurationExplained(
        role=facts.configuration.role,
        changed_at=iso_time(facts.history[-1].at_us) if facts.history else None,
        then=then,
        then_at=None if in_force.at_us is None else iso_time(in_force.at_us),
    )


def _rule(around: Circumstances, facts: Facts, version: Version, finding: Finding) -> RuleExplained:
    rule = finding.rule
    role: tuple[RoleStep, ...] = ()
    if facts.configuration is not None and (finding.state is not None or finding.now is None):
        role = around.role_steps.steps(facts.configuration.role, (around.region, around.bucket), rule, version)
    reason: AnyReason | None = finding.reason
    if finding.state is None and reason is None:
        reason = Reason.FORGOTTEN
    return RuleExplained(
        rule=rule.id,
        priority=rule.priority,
        destination=rule.destination,
        enabled=rule.enabled,
        covers=finding.state is not None,
        status=None if finding.state is None else finding.state.status,
        reason=reason,
        detail=finding.detail,
        shadowed_by=finding.shadowed_by or None,
        takes_now=finding.now is None,
        checks=finding.checks,
        changes=tuple(
            RuleChanged(at=iso_time(change.at_us), change=change.kind)
            for change in changes_of_rule(facts.history, rule)
        ),
        role=role,
        remedy=_mend_rule(around.subject, finding),
    )


def _mend_rule(subject: Subject, finding: Finding) -> Remedy | None:
    """What would bring the version to the rule's destination. None when another rule has brought it there."""
    if finding.state is not None or (finding.reason is Refusal.SHADOWED and not finding.shadowed_by):
        return None
    version = subject.version
    assert version is not None, subject.key
    if any(state.bucket == finding.rule.destination for state in version.destinations):
        return None
    if finding.now is None or finding.now is Refusal.IS_REPLICA:
        return replication_remedy.bring_existing(subject)
    return replication_remedy.mend_refusal(subject, finding.rule, finding.now)


def _conclude(
    subject: Subject,
    facts: Facts,
    version: Version,
    rules: Sequence[RuleExplained],
    destinations: Sequence[DestinationExplained],
) -> tuple[AnyReason, FailureCode | None, Remedy | None]:
    """The reason in one word, AWS's code for it, and the one change that would mend it."""
    for status, reason in _BY_STATUS:
        worst = next((each for each in destinations if each.status is status), None)
        if worst is not None:
            remedy = worst.remedy
            if remedy is None:
                remedy = next((rule.remedy for rule in rules if rule.remedy and rule.takes_now), None)
            return reason, worst.code, remedy
    if version.is_replica:
        return Refusal.IS_REPLICA, None, _mend_replica(subject, facts, version, rules)
    if facts.configuration is None:
        remedy = replication_remedy.put_configuration(subject)
        return Refusal.NO_CONFIGURATION, FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING, remedy
    nearest = min(rules, key=_distance)
    if not any(rule.enabled for rule in rules):
        reason = nearest.reason if nearest.reason is TooEarly.OLDER_THAN_RULE else Refusal.NO_RULE_ENABLED
        return reason, FailureCode.SRC_OBJECT_NOT_ELIGIBLE, nearest.remedy
    assert nearest.reason is not None, nearest
    return nearest.reason, FailureCode.SRC_OBJECT_NOT_ELIGIBLE, nearest.remedy


_BY_STATUS = (
    (ReplicationStatus.FAILED, Reason.FAILED),
    (ReplicationStatus.PENDING, Reason.PENDING),
    (ReplicationStatus.COMPLETED, Reason.COMPLETED),
)


def _mend_replica(subject: Subject, facts: Facts, version: Version, rules: Sequence[RuleExplained]) -> Remedy | None:
    """Edits of a replica travel back under replica modification sync; the replica itself goes no further."""
    edited = version.attributes.tags_at_creation is not None
    configuration = facts.configuration
    if edited and configuration is not None:
        for rule in configuration.rules:
            if rule.enabled and not rule.replica_modifications and version.key.startswith(rule.filter.prefix):
                return replication_remedy.enable_replica_modifications(subject, rule)
    return next((rule.remedy for rule in rules if rule.remedy), None)


def _distance(rule: RuleExplained) -> tuple[int, int]:
    """How far a rule is from taking the version: what does not hold now, then what did not hold then."""
    now = sum(not check.now for check in rule.checks)
    then = sum(check.then is False for check in rule.checks)
    return now, then


def _summary(reason: AnyReason, rules: Sequence[RuleExplained], destinations: Sequence[DestinationExplained]) -> str:
    if reason in (Reason.FAILED, Reason.PENDING, Reason.COMPLETED):
        return "; ".join(_of_destination(each) for each in destinations) + "."
    if reason is Refusal.NO_CONFIGURATION:
        return "The bucket has no replication configuration."
    if reason is Refusal.NO_RULE_ENABLED:
        return "Every rule of the bucket is Disabled."
    if reason is Refusal.IS_REPLICA:
        return "The version is itself a replica, and replicas are not replicated onwards."
    if reason is Reason.FORGOTTEN:
        return "It was written before the oldest configuration that is remembered; why it was left out is forgotten."
    rule = next((each for each in rules if each.reason is reason), None)
    return "" if rule is None else f"No rule took it. Nearest is rule {rule.rule}: {rule.detail}."


def _of_jobs(version: Version, jobs: Sequence[AttemptExplained]) -> str:
    """What became of the last job for it, as long as nothing has brought the version on its way since."""
    if version.replication_status is not None or not jobs:
        return ""
    last = jobs[-1]
    return f" A job of Batch Replication failed for it at {last.last_at}: {last.code}: {last.detail}."


def _of_destination(each: DestinationExplained) -> str:
    if each.status is ReplicationStatus.COMPLETED:
        return f"{each.destination} has it since {each.at}" + (f" ({each.note})" if each.note else "")
    if each.status is ReplicationStatus.FAILED:
        detail = f": {each.detail.removesuffix('.')}" if each.detail else ""
        late = f" ({each.note})" if each.note else ""
        return f"{each.destination} refused it for good: {each.code}{detail}{late}"
    assert each.waiting is not None, each
    error = f": {each.waiting.error}" if each.waiting.error else ""
    late = ", missed threshold" if each.waiting.missed_threshold else ""
    return f"it waits for {each.destination} ({each.waiting.hold}{late}{error})"
