"""What an explanation says: the answer of `/-/explain`, of which docs/explain.md is the description.

Times are ISO 8601 texts in UTC. What does not apply is null or an empty list.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from farshore.model.remedy import Remedy
from farshore.model.replication import FailureCode, ReplicationStatus
from farshore.model.replication_record import AttemptOutcome
from farshore.replication.role_steps import RoleStep
from farshore.semantics.replication_eligibility import Refusal
from farshore.semantics.replication_explain import Checked, TooEarly
from farshore.semantics.replication_history import RuleChangeKind


class Reason(StrEnum):
    """In one word, where a version stands. Besides these, every `Refusal` and `TooEarly` is a reason."""

    COMPLETED = "COMPLETED"
    PENDING = "PENDING"
    FAILED = "FAILED"
    VERSION_MISSING = "VERSION_MISSING"
    """There is no such version: it never was, or it was permanently deleted, which is never replicated."""
    FORGOTTEN = "FORGOTTEN"
    """The version is older than the oldest configuration that is remembered, and every rule would take it now."""


AnyReason = Reason | Refusal | TooEarly


class Hold(StrEnum):
    """What holds up a pending change now."""

    QUEUED = "QUEUED"
    """It is due, and is taken when its turn comes."""
    BEING_TRIED = "BEING_TRIED"
    """A worker has it."""
    BACKING_OFF = "BACKING_OFF"
    """It met transient trouble, and waits before it is tried again."""
    DESTINATION_RESTS = "DESTINATION_RESTS"
    """Everything for this destination met transient trouble; all of it waits."""
    STOPPED = "STOPPED"
    """The server was started with replication stopped."""
    LOST = "LOST"
    """No task waits for it. Reconciliation, and verify with repair, find such versions and make their tasks anew."""


class Then(StrEnum):
    """Whether there was a configuration when the version was written."""

    PRESENT = "PRESENT"
    ABSENT = "ABSENT"
    FORGOTTEN = "FORGOTTEN"


class ConfigurationExplained(msgspec.Struct, frozen=True, kw_only=True):
    """changed_at: when it was last put. then: whether there was one when the version was written, since then_at."""

    role: str
    changed_at: str | None
    then: Then
    then_at: str | None


class RuleChanged(msgspec.Struct, frozen=True, kw_only=True):
    at: str
    change: RuleChangeKind


class RuleExplained(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule has to do with the version. Rules are those of the present configuration, strongest first.

    covers: the version went to the rule's destination under it; status is then how that stands.
    reason, detail: why it did not.
    takes_now: the rule would take the same write now.
    changes: what became of the rule; begins with CREATED unless that is forgotten.
    role: what the replication role may do now for a delivery under the rule, where it covers or would take the version.
    """

    rule: str
    priority: int
    destination: str
    enabled: bool
    covers: bool
    status: ReplicationStatus | None
    reason: AnyReason | None
    detail: str
    shadowed_by: str | None
    takes_now: bool
    checks: tuple[Checked, ...]
    changes: tuple[RuleChanged, ...]
    role: tuple[RoleStep, ...]
    remedy: Remedy | None


class AttemptExplained(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts with the same outcome that followed each other. A plain first success is not recorded."""

    first_at: str
    last_at: str
    times: int
    outcome: AttemptOutcome
    code: FailureCode | None
    detail: str


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """How a pending change waits.

    next_try_at: not before then; null when nothing is planned. threshold: when Replication Time Control wants it to
    have arrived; null without. missed_threshold: that time has passed.
    """

    hold: Hold
    since: str
    next_try_at: str | None
    attempts: int
    error: str
    threshold: str | None = None
    missed_threshold: bool = False


class DestinationExplained(msgspec.Struct, frozen=True, kw_only=True):
    """Where a destination of the version stands. cause_gone: of a failure, whether what caused it is mended by now;
    null where that cannot be told. note: what else is to be known of a replica that arrived, or of a
    failure; empty when nothing is."""

    destination: str
    region: str | None
    rule: str
    status: ReplicationStatus
    at: str
    code: FailureCode | None
    detail: str
    note: str
    cause_gone: bool | None
    attempts: tuple[AttemptExplained, ...]
    waiting: Waiting | None
    remedy: Remedy | None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """status: `x-amz-replication-status`. code: AWS's failure code, where there is one for the reason. jobs: of Batch
    Replication that failed before the version was on its way."""

    bucket: str
    region: str
    key: str
    version_id: str | None
    exists: bool
    latest: bool
    delete_marker: bool
    replica: bool
    created_at: str | None
    size: int
    storage_class: str | None
    status: ReplicationStatus | None
    reason: AnyReason
    code: FailureCode | None
    summary: str
    remedy: Remedy | None
    configuration: ConfigurationExplained | None
    rules: tuple[RuleExplained, ...]
    destinations: tuple[DestinationExplained, ...]
    jobs: tuple[AttemptExplained, ...] = ()
