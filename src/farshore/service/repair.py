"""Replicas that are missing or differ go again: their versions become PENDING, with tasks, in one command.

The ordinary engine does the rest, under the role and the rules as they are then. What only lacks an edit of its tags or
ACL gets the edit; what is damaged is made anew in its place (`DestinationState.replace`), never taken away before its
successor is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.objects import Version
from farshore.model.replication import (
    DestinationState,
    FailureCode,
    ReplicationConfiguration,
    ReplicationRule,
    ReplicationStatus,
    TaskKind,
)
from farshore.model.verification import Field
from farshore.semantics.metadata_sync import edited
from farshore.semantics.replication_eligibility import recheck_at_delivery
from farshore.semantics.replication_status import state_of, with_state
from farshore.service.outbox import again_task, kind_of

NOTE = "verification found the replica missing or different"

_KINDS = {Field.TAGS: TaskKind.TAGS, Field.ACL: TaskKind.ACL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A version whose replica is missing (no fields), or differs in these."""

    key: str
    version_id: str
    fields: tuple[Field, ...]


@dataclass(slots=True)
class Repaired:
    """What became of faults. going: those that are on their way now. left: why others are not."""

    going: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    left: dict[tuple[str, str], FailureCode] = field(default_factory=dict[tuple[str, str], FailureCode])


def repair(
    tx: Transaction,
    configuration: ReplicationConfiguration | None,
    bucket_id: int,
    destination: str,
    faults: Sequence[Fault],
    now_us: int,
) -> Repaired:
    """Inside a command of the source's region: let versions go again. Those that are gone by now are in neither."""
    done = Repaired()
    for fault in faults:
        version = tx.version(bucket_id, fault.key, fault.version_id)
        if version is None:
            continue
        rule = recheck_at_delivery(configuration, version, destination)
        if isinstance(rule, FailureCode):
            done.left[fault.key, fault.version_id] = rule
            continue
        _let_go(tx, version, rule, fault.fields, now_us)
        done.going.add((fault.key, fault.version_id))
    return done


def _let_go(tx: Transaction, version: Version, rule: ReplicationRule, fields: Sequence[Field], now_us: int) -> None:
    before = state_of(version, rule.destination)
    edits = tuple(_KINDS[each] for each in fields if each in _KINDS)
    changed = edits if len(edits) == len(fields) else ()
    if changed and rule.replica_modifications:
        version = _edit_again(tx, version, changed, now_us)
    state = DestinationState(
        rule.destination,
        ReplicationStatus.PENDING,
        rule.id,
        now_us if before is None else max(now_us, before.at_us + 1),
        changed=changed,
        owner_override=before is not None and bool(changed) and before.owner_override,
        replace=bool(fields) and not changed,
    )
    tx.set_replication(version.row, *with_state(version, state))
    waiting = tx.tasks_of_version(version.bucket_id, version.key, version.version_id)
    if not any(task.destination == rule.destination for task in waiting):
        kind = changed[0] if changed else kind_of(version)
        tx.add_tasks([again_task(version, rule, kind, now_us, NOTE)])


def _edit_again(tx: Transaction, version: Version, changed: Sequence[TaskKind], now_us: int) -> Version:
    """Where the later edit of both sides stands, make the source's the later one."""
    for kind in changed:
        modified = edited(version, kind, now_us)
        if kind is TaskKind.TAGS:
            tx.set_tags(version.row, version.tags, modified)
        else:
            tx.set_acl(version.row, version.acl, modified)
        version = msgspec.structs.replace(version, modified=modified)
    return version
