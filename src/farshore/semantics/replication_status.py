"""The states of `x-amz-replication-status`, and how several destinations make one of them.

Source: S3 User Guide, "Getting replication status information".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from farshore.model.objects import Version
from farshore.model.replication import DestinationState, ReplicationStatus

NEXT: Mapping[ReplicationStatus | None, frozenset[ReplicationStatus]] = {
    # A write that a rule covers, Batch Replication of an older version; the arrival of a replica.
    None: frozenset((ReplicationStatus.PENDING, ReplicationStatus.REPLICA)),
    # Every destination has it; one refused for good; an edit of a replica has travelled back.
    ReplicationStatus.PENDING: frozenset(
        (ReplicationStatus.COMPLETED, ReplicationStatus.FAILED, ReplicationStatus.REPLICA)
    ),
    # A change of its tags; Batch Replication to a destination that was added later.
    ReplicationStatus.COMPLETED: frozenset((ReplicationStatus.PENDING,)),
    # Batch Replication; a change of its tags, for the destinations that do have it. Never by itself.
    ReplicationStatus.FAILED: frozenset((ReplicationStatus.PENDING,)),
    # An edit under replica modification sync; Batch Replication onwards.
    ReplicationStatus.REPLICA: frozenset((ReplicationStatus.PENDING,)),
}
"""The state table: from a version's status (None: no status) to those that may follow. No status ever goes away."""


def may_follow(before: ReplicationStatus | None, after: ReplicationStatus | None) -> bool:
    """Whether a version's status may change so. Staying the same is no change, and allowed."""
    return before == after or after in NEXT[before]


def aggregate_status(statuses: Sequence[ReplicationStatus], *, replica: bool = False) -> ReplicationStatus:
    """Combine per-destination statuses into the version's x-amz-replication-status.

    Args:
        statuses: one per destination, at least one, any order.
        replica: the version is itself a replica, and an edit of it travels back: then REPLICA takes the place of
            COMPLETED.
    Returns:
        FAILED if any failed, else PENDING if any is pending, else COMPLETED.
    Raises:
        AssertionError: empty, or contains REPLICA (a destination's state is never that).
    Source: as the module. It does not rank FAILED against PENDING; FAILED first is our reading.
    """
    assert statuses and ReplicationStatus.REPLICA not in statuses, statuses
    if ReplicationStatus.FAILED in statuses:
        return ReplicationStatus.FAILED
    if ReplicationStatus.PENDING in statuses:
        return ReplicationStatus.PENDING
    return ReplicationStatus.REPLICA if replica else ReplicationStatus.COMPLETED


def state_of(version: Version, destination: str) -> DestinationState | None:
    """Where the destination of a version stands; None when the version does not go there."""
    return next((state for state in version.destinations if state.bucket == destination), None)


def status_of(version: Version, states: Collection[DestinationState]) -> ReplicationStatus:
    """What the status of a version becomes when its destinations stand so: `aggregate_status`.

    Raises:
        AssertionError: no such status may follow the version's present one.
    """
    status = aggregate_status([state.status for state in states], replica=version.is_replica)
    assert may_follow(version.replication_status, status), (version.version_id, version.replication_status, status)
    return status


def with_state(version: Version, new: DestinationState) -> tuple[ReplicationStatus, tuple[DestinationState, ...]]:
    """A version's status and states once one destination stands so: in its place, or last where it had none."""
    states = {state.bucket: state for state in version.destinations} | {new.bucket: new}
    return status_of(version, states.values()), tuple(states.values())
