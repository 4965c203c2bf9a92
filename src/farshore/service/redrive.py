"""Failed deliveries, driven again: their versions become PENDING, with tasks, in one command.

AWS leaves what FAILED to Batch Replication. This is the same for what is asked for by cause and prefix: the role and
the rules decide anew at delivery, live changes have their share, and what was permanently deleted at the destination
stays deleted.
Source: S3 User Guide, "Replicating existing objects with Batch Replication".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from farshore.metadata.store import Reader, Transaction
from farshore.model.objects import Version
from farshore.model.replication import (
    DestinationState,
    FailureCode,
    ReplicationConfiguration,
    ReplicationRule,
    ReplicationStatus,
)
from farshore.model.replication_record import FailedVersion
from farshore.semantics.replication_eligibility import recheck_at_delivery
from farshore.semantics.replication_status import with_state
from farshore.service.outbox import again_task, kind_of


@dataclass(slots=True)
class Redriven:
    """What became of failures. left: those that no rule would take now, by the code that they would fail with."""

    count: int = 0
    bytes: int = 0
    left: Counter[str] = field(default_factory=Counter[str])


def redrive(
    tx: Transaction,
    configuration: ReplicationConfiguration | None,
    bucket_id: int,
    failures: Sequence[FailedVersion],
    now_us: int,
) -> Redriven:
    """Inside a command: drive failures of a bucket again. Those that stand otherwise by now are left alone."""
    done = Redriven()
    for failure in failures:
        found = _look_up(tx, configuration, bucket_id, failure)
        if found is None:
            continue
        version, state, rule = found
        if isinstance(rule, FailureCode):
            done.left[rule.value] += 1
            continue
        set_pending(tx, version, state, rule, now_us)
        done.count += 1
        done.bytes += version.size
    return done


def would_go(
    reader: Reader, configuration: ReplicationConfiguration | None, bucket_id: int, failure: FailedVersion
) -> bool:
    """Whether `redrive` would drive it again: it stands FAILED, and a rule takes it."""
    found = _look_up(reader, configuration, bucket_id, failure)
    return found is not None and not isinstance(found[2], FailureCode)


def set_pending(tx: Transaction, version: Version, state: DestinationState, rule: ReplicationRule, now_us: int) -> None:
    """Inside a command: let a version go again to a destination where it stands settled.

    Only what failed goes again, unless what failed is that the replica is not there: then all of the version does.
    """
    changed = () if state.reason is FailureCode.DST_VERSION_NOT_FOUND else state.changed
    if state.status is not ReplicationStatus.FAILED:
        changed = ()
    pending = msgspec.structs.replace(
        state,
        status=ReplicationStatus.PENDING,
        rule_id=rule.id,
        at_us=max(now_us, state.at_us + 1),
        reason=None,
        detail="",
        changed=changed,
    )
    tx.set_replication(version.row, *with_state(version, pending))
    kind = changed[0] if changed else kind_of(version)
    note = "" if state.reason is None else f"driven again after {state.reason.value}"
    tx.add_tasks([again_task(version, rule, kind, now_us, note)])


def _look_up(
    reader: Reader, configuration: ReplicationConfiguration | None, bucket_id: int, failure: FailedVersion
) -> tuple[Version, DestinationState, ReplicationRule | FailureCode] | None:
    """A failure as it stands, and the rule that takes it now, or why none does. None when it stands otherwise."""
    version = reader.version(bucket_id, failure.key, failure.version_id)
    state = None if version is None else _failed_state(version, failure)
    if version is None or state is None:
        return None
    return version, state, recheck_at_delivery(configuration, version, state.bucket)


def _failed_state(version: Version, failure: FailedVersion) -> DestinationState | None:
    for state in version.destinations:
        if (
            state.bucket == failure.destination
            and state.status is ReplicationStatus.FAILED
            and (state.reason or "") == failure.code
        ):
            return state
    return None
