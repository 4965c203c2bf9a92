"""Explain where one destination of a version stands: attempts, what holds it up, whether the cause of a failure is
gone, and what would mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.objects import Version
from farshore.model.replication import DestinationState, FailureCode, ReplicationConfiguration, ReplicationStatus
from farshore.model.replication_record import AttemptRecord, LaneRecord, PendingTask
from farshore.replication.explanation import AttemptExplained, DestinationExplained, Hold, Waiting
from farshore.replication.role_steps import RoleSteps
from farshore.runtime.iso_time import iso_time
from farshore.semantics import replication_remedy
from farshore.semantics.replication_eligibility import recheck_at_delivery
from farshore.semantics.replication_explain import Finding
from farshore.semantics.replication_remedy import Action, Remedy, Subject
from farshore.service.bucket_replication import destination_facts
from farshore.service.deployment import Deployment, Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known around a version."""

    deployment: Deployment
    region: Region
    bucket: Bucket
    subject: Subject
    configuration: ReplicationConfiguration | None
    attempts: Sequence[AttemptRecord]
    tasks: Sequence[PendingTask]
    lanes: Sequence[LaneRecord]
    role_steps: RoleSteps


def explain_destination(
    around: Circumstances, version: Version, state: DestinationState, findings: Sequence[Finding]
) -> DestinationExplained:
    """Explain one destination.

    Args:
        findings: of every rule of the present configuration.
    """
    waiting = _waiting(around, state) if state.status is ReplicationStatus.PENDING else None
    gone = cause_gone(around, version, state) if state.status is ReplicationStatus.FAILED else None
    home = around.deployment.directory.bucket_home(state.bucket)
    return DestinationExplained(
        destination=state.bucket,
        region=None if home is None else home.region,
        rule=state.rule_id,
        status=state.status,
        at=iso_time(state.at_us),
        code=state.reason,
        detail=state.detail,
        cause_gone=gone,
        attempts=tuple(_attempt(each) for each in around.attempts if each.destination == state.bucket),
        waiting=waiting,
        remedy=_remedy(around, state, waiting, gone, findings),
    )


def cause_gone(around: Circumstances, version: Version, state: DestinationState) -> bool | None:
    """Whether what made a delivery fail is mended by now; None where only another attempt can tell."""
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
    rule = recheck_at_delivery(around.configuration, version, state.bucket)
    if isinstance(rule, FailureCode) or around.configuration is None:
        return None
    source = (around.region, around.bucket)
    steps = around.role_steps.steps(around.configuration.role, source, rule, version, state.changed)
    return all(step.allowed for step in steps) if steps else None


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


def _remedy(
    around: Circumstances,
    state: DestinationState,
    waiting: Waiting | None,
    gone: bool | None,
    findings: Sequence[Finding],
) -> Remedy | None:
    subject = around.subject
    if waiting is not None:
        return _mend_waiting(subject, state, waiting)
    if state.status is not ReplicationStatus.FAILED:
        return None
    if gone:
        return replication_remedy.retry(subject, state.reason)
    if state.reason is FailureCode.SRC_OBJECT_NOT_ELIGIBLE:
        return _mend_rules(around, state, findings)
    if state.reason is FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING and around.configuration is not None:
        return replication_remedy.mend_role(subject, state.bucket, state.reason)
    remedy = replication_remedy.mend_failure(subject, state.bucket, state.reason)
    if remedy.action is Action.MEND_ROLE and state.detail:
        return msgspec.structs.replace(remedy, text=f"{remedy.text}: {state.detail.removesuffix('.')}")
    return remedy


def _mend_rules(around: Circumstances, state: DestinationState, findings: Sequence[Finding]) -> Remedy:
    """No rule covered the version any more when its turn came: make one cover it again, then retry."""
    retry = replication_remedy.retry_command(around.subject.bucket, state.reason)
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
