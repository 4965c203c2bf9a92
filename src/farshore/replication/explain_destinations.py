"""Explain where one destination of a version stands: attempts, what holds it up, whether the cause of a failure is
gone, and what would mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.objects import NULL_VERSION, Version
from farshore.model.remedy import Action, Remedy
from farshore.model.replication import (
    DestinationState,
    FailureCode,
    ReplicationConfiguration,
    ReplicationRule,
    ReplicationStatus,
)
from farshore.model.replication_record import AttemptOutcome, AttemptRecord, LaneRecord, PendingTask
from farshore.replication.explanation import AttemptExplained, DestinationExplained, Hold, Waiting
from farshore.replication.role_steps import RoleStep, RoleSteps
from farshore.runtime.iso_time import iso_time
from farshore.semantics import replication_failure_remedy as failure_remedy
from farshore.semantics import replication_remedy
from farshore.semantics.replication_eligibility import recheck_at_delivery
from farshore.semantics.replication_explain import Finding
from farshore.semantics.replication_failure_remedy import Lack
from farshore.semantics.replication_remedy import Subject
from farshore.service.bucket_replication import destination_facts
from farshore.service.deployment import Deployment, Region
from farshore.service.locating import bucket_here


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known around a version.

    last_homes: by destination, the region where it was when the configuration was put.
    """

    deployment: Deployment
    region: Region
    bucket: Bucket
    subject: Subject
    configuration: ReplicationConfiguration | None
    attempts: Sequence[AttemptRecord]
    tasks: Sequence[PendingTask]
    lanes: Sequence[LaneRecord]
    role_steps: RoleSteps
    last_homes: Mapping[str, str]


def explain_destination(
    around: Circumstances, version: Version, state: DestinationState, findings: Sequence[Finding]
) -> DestinationExplained:
    """Explain one destination.

    Args:
        findings: of every rule of the present configuration.
    """
    waiting = _waiting(around, state) if state.status is ReplicationStatus.PENDING else None
    gone: bool | None = None
    note, remedy = "", None
    if waiting is not None:
        remedy = _mend_waiting(around.subject, state, waiting)
    elif state.status is ReplicationStatus.FAILED:
        gone = cause_gone(around, version, state)
        remedy = _mend_failed(around, version, state, gone, findings)
        note = _late(around, state, AttemptOutcome.FAILED_LATE)
    elif state.status is ReplicationStatus.COMPLETED:
        without, remedy = _without_tags(around, version, state)
        note = "; ".join(each for each in (_late(around, state, AttemptOutcome.DELIVERED_LATE), without) if each)
    home = around.deployment.directory.bucket_home(state.bucket)
    return DestinationExplained(
        destination=state.bucket,
        region=None if home is None else home.region,
        rule=state.rule_id,
        status=state.status,
        at=iso_time(state.at_us),
        code=state.reason,
        detail=state.detail,
        note=note,
        cause_gone=gone,
        attempts=attempts_of(around.attempts, state.bucket),
        waiting=waiting,
        remedy=remedy,
    )


def cause_gone(around: Circumstances, version: Version, state: DestinationState) -> bool | None:
    """Whether what made a delivery fail is mended by now; None where only another attempt can tell.

    What was permanently deleted at the destination does not come back, whatever else is mended.
    """
    gone = _own_cause_gone(around, version, state)
    return False if gone is not False and _deleted_there(around, version, state) else gone


def _own_cause_gone(around: Circumstances, version: Version, state: DestinationState) -> bool | None:
    match state.reason:
        case FailureCode.DST_BUCKET_NOT_FOUND:
            return destination_facts(around.deployment, state.bucket) is not None
        case FailureCode.DST_BUCKET_UNVERSIONED:
            facts = destination_facts(around.deployment, state.bucket)
            return facts is not None and facts.versioning is VersioningStatus.ENABLED
        case FailureCode.SRC_OBJECT_NOT_ELIGIBLE | FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING:
            rule = recheck_at_delivery(around.configuration, version, state.bucket)
            # The latter is also the code of a role that may not read the rules.
            return not isinstance(rule, FailureCode) and _role_may(around, version, state) is not False
        case FailureCode.DST_VERSION_NOT_FOUND:
            return True  # A retry brings the whole version.
        case FailureCode() as code if code in ROLE_CODES:
            return _role_may(around, version, state)
        case _:
            return None


ROLE_CODES = frozenset(
    code for code in FailureCode if code is FailureCode.ASSUME_ROLE_NOT_PERMITTED or code.value.endswith("NotPermitted")
)
"""Failures that the role, or what lets it in, is to blame for."""


def _role_may(around: Circumstances, version: Version, state: DestinationState) -> bool | None:
    """Whether the role may now do all that a delivery takes; None where no rule or no destination is there to ask."""
    rule, steps = _role_steps(around, version, state)
    if rule is not None and _is_anothers(around, state, rule):
        return False
    return all(step.allowed for step in steps) if steps else None


def _role_steps(
    around: Circumstances, version: Version, state: DestinationState
) -> tuple[ReplicationRule | None, tuple[RoleStep, ...]]:
    """The rule that takes the version there now, and the steps of its role; none where there is nothing to ask."""
    rule = recheck_at_delivery(around.configuration, version, state.bucket)
    if isinstance(rule, FailureCode) or around.configuration is None:
        return None, ()
    source = (around.region, around.bucket)
    return rule, around.role_steps.steps(around.configuration.role, source, rule, version, state.changed)


def _is_anothers(around: Circumstances, state: DestinationState, rule: ReplicationRule) -> bool:
    """Whether the rule names an account that does not own the destination."""
    there = bucket_here(around.deployment, state.bucket)
    return there is not None and rule.destination_account not in (None, there[1].owner)


def _deleted_there(around: Circumstances, version: Version, state: DestinationState) -> bool:
    """Whether the destination remembers that its replica was permanently deleted."""
    there = bucket_here(around.deployment, state.bucket)
    if there is None or version.version_id == NULL_VERSION:
        return False
    region, bucket = there
    return region.metadata.reader.is_hard_deleted(bucket.id, version.key, version.version_id)


def _late(around: Circumstances, state: DestinationState, outcome: AttemptOutcome) -> str:
    """A note when it ended so after the threshold of Replication Time Control, as far as attempts are remembered."""
    late = [each for each in around.attempts if each.destination == state.bucket and each.outcome is outcome]
    if not late:
        return ""
    ended = "replicated" if outcome is AttemptOutcome.DELIVERED_LATE else "refused"
    return f"{ended} at {iso_time(late[-1].last_us)}, after the threshold: {late[-1].detail}"


def _without_tags(around: Circumstances, version: Version, state: DestinationState) -> tuple[str, Remedy | None]:
    """A note, and what to do, when the replica went without the tags that the version has.

    AWS: a version is replicated without its tags where the role may not read them, and is COMPLETED.
    """
    there = bucket_here(around.deployment, state.bucket)
    if there is None or not version.tags or around.configuration is None:
        return "", None
    region, bucket = there
    replica = region.metadata.reader.version(bucket.id, version.key, version.version_id)
    rule = recheck_at_delivery(around.configuration, version, state.bucket)
    if replica is None or replica.tags or isinstance(rule, FailureCode):
        return "", None
    source = (around.region, around.bucket)
    refused = around.role_steps.tags_refused(around.configuration.role, source, rule, version)
    note = "the replica has none of the version's tags"
    if refused is None:
        return note, failure_remedy.bring_tags(around.subject)
    note += f": the replication role may not do {refused.action}"
    if refused.lack in (Lack.DENIED, Lack.BOUNDARY):
        return note, failure_remedy.allow_tags(around.subject, refused.statement)
    return note, failure_remedy.grant_tags(around.subject, around.configuration)


def attempts_of(attempts: Sequence[AttemptRecord], destination: str) -> tuple[AttemptExplained, ...]:
    """What is remembered of the attempts for a destination; of jobs that got as far as none, for the empty one."""
    return tuple(_attempt(each) for each in attempts if each.destination == destination)


def _attempt(record: AttemptRecord) -> AttemptExplained:
    return AttemptExplained(
        first_at=iso_time(record.first_us),
        last_at=iso_time(record.last_us),
        times=record.times,
        outcome=record.outcome,
        code=record.code,
        detail=record.detail,
    )


def _waiting(around: Circumstances, state: DestinationState) -> Waiting:
    task = next((each for each in around.tasks if each.destination == state.bucket), None)
    if task is None:
        return Waiting(hold=Hold.LOST, since=iso_time(state.at_us), next_try_at=None, attempts=0, error="")
    lane = next((each for each in around.lanes if each.destination == state.bucket), None)
    now_us = around.deployment.clock.now_us()
    rests_until_us = 0 if lane is None else lane.rests_until_us
    next_try_us: int | None = max(task.due_us, rests_until_us)
    error = task.last_error if task.attempts else ""  # Before the first attempt it says why it goes again.
    if not around.deployment.replicates:
        hold, next_try_us = Hold.STOPPED, None
    elif task.leased and task.due_us > now_us:
        hold, next_try_us = Hold.BEING_TRIED, None
    elif lane is not None and rests_until_us > max(now_us, task.due_us):
        hold, error = Hold.DESTINATION_RESTS, lane.error or error
    elif task.due_us > now_us:
        hold = Hold.BACKING_OFF
    else:
        hold = Hold.QUEUED
    return Waiting(
        hold=hold,
        since=iso_time(task.enqueued_us),
        next_try_at=None if next_try_us is None else iso_time(next_try_us),
        attempts=task.attempts,
        error=error,
        threshold=None if task.threshold_us is None else iso_time(task.threshold_us),
        missed_threshold=task.threshold_us is not None and task.threshold_us <= now_us,
    )


def _mend_failed(
    around: Circumstances,
    version: Version,
    state: DestinationState,
    gone: bool | None,
    findings: Sequence[Finding],
) -> Remedy:
    subject, configuration = around.subject, around.configuration
    if gone:
        return failure_remedy.retry(subject, state.reason)
    if state.reason is FailureCode.SRC_OBJECT_NOT_ELIGIBLE:
        return _mend_rules(around, state, findings)
    role_matters = state.reason in ROLE_CODES or state.reason is FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING
    if role_matters and configuration is None:
        put = replication_remedy.put_configuration(subject)
        return msgspec.structs.replace(put, then=failure_remedy.retry_command(subject.bucket, state.reason))
    if role_matters and configuration is not None:
        mended = _mend_role(around, version, state, configuration)
        if mended is not None:
            return mended
    if _deleted_there(around, version, state):
        return failure_remedy.bring_anew(subject)
    home = around.deployment.directory.bucket_home(state.bucket)
    region = around.last_homes.get(state.bucket) if home is None else home.region
    return failure_remedy.mend_failure(subject, state.bucket, state.reason, region)


def _mend_role(
    around: Circumstances, version: Version, state: DestinationState, configuration: ReplicationConfiguration
) -> Remedy | None:
    """What lets the role do what it may not; None when it may do all."""
    code = state.reason
    rule, steps = _role_steps(around, version, state)
    if rule is not None and _is_anothers(around, state, rule):
        return failure_remedy.name_owner(around.subject, rule, code)
    refused = next((step for step in steps if not step.allowed), None)
    if refused is None:
        return None if steps else _with_detail(failure_remedy.grant_role(around.subject, configuration, code), state)
    match refused.lack:
        case Lack.DENIED:
            return failure_remedy.allow_again(around.subject, refused.statement, code)
        case Lack.BOUNDARY:
            return failure_remedy.widen_boundary(around.subject, refused.statement, code)
        case Lack.BUCKET_POLICY if rule is not None:
            return failure_remedy.let_role_in(around.subject, configuration.role, rule, code)
        case Lack.OBJECT_ACL:
            return failure_remedy.own_objects(around.subject, code)
        case Lack.ROLE:
            return failure_remedy.create_role(around.subject, configuration, code)
        case Lack.TRUST:
            return _with_detail(failure_remedy.mend_trust(around.subject, configuration, code), state)
        case _:
            return _with_detail(failure_remedy.grant_role(around.subject, configuration, code), state)


def _with_detail(remedy: Remedy, state: DestinationState) -> Remedy:
    """The remedy, with what the refusal said."""
    detail = state.detail.removesuffix(".")
    return msgspec.structs.replace(remedy, text=f"{remedy.text}: {detail}") if detail else remedy


def _mend_rules(around: Circumstances, state: DestinationState, findings: Sequence[Finding]) -> Remedy:
    """No rule covered the version any more when its turn came: make one cover it again, then retry."""
    retry = failure_remedy.retry_command(around.subject.bucket, state.reason)
    candidates = [each for each in findings if each.rule.destination == state.bucket and each.now is not None]
    own_first = sorted(candidates, key=lambda each: each.rule.id != state.rule_id)
    for finding in own_first:
        assert finding.now is not None
        remedy = replication_remedy.mend_refusal(around.subject, finding.rule, finding.now)
        if remedy is not None:
            return msgspec.structs.replace(remedy, then=retry)
    return Remedy(
        action=Action.PUT_BUCKET_REPLICATION,
        bucket=around.subject.bucket,
        text=f"put a rule to {state.bucket} that covers the key, then retry",
        then=retry,
    )


def _mend_waiting(subject: Subject, state: DestinationState, waiting: Waiting) -> Remedy:
    if waiting.hold is Hold.STOPPED:
        return Remedy(
            action=Action.START_REPLICATION,
            text="start the server with the setting replicate = true",
        )
    if waiting.hold is Hold.LOST:
        return Remedy(
            action=Action.VERIFY,
            bucket=subject.bucket,
            text="no task waits for it, which should not be: reconciliation makes a new one, at every start of the "
            "server and every hour; verify with repair does it now",
            command=replication_remedy.repair_command(subject, state.bucket),
        )
    if waiting.error:
        return Remedy(
            action=Action.REACH_DESTINATION,
            bucket=state.bucket,
            text=f"make {state.bucket} reachable: {waiting.error}. It is tried again by itself",
        )
    return Remedy(
        action=Action.WAIT,
        bucket=subject.bucket,
        text="wait: nothing is wrong",
        command=replication_remedy.wait_command(subject),
    )
