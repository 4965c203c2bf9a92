"""Replication statuses. Source: S3 User Guide, "Getting replication status information"."""

from __future__ import annotations

import itertools

import pytest

from farshore.model.objects import Version
from farshore.model.replication import DestinationState, ReplicationStatus
from farshore.semantics.replication_status import NEXT, aggregate_status, may_follow, with_state

PENDING, COMPLETED = ReplicationStatus.PENDING, ReplicationStatus.COMPLETED
FAILED, REPLICA = ReplicationStatus.FAILED, ReplicationStatus.REPLICA

ALLOWED = {
    (None, PENDING),
    (None, REPLICA),
    (PENDING, COMPLETED),
    (PENDING, FAILED),
    (PENDING, REPLICA),
    (COMPLETED, PENDING),
    (FAILED, PENDING),
    (REPLICA, PENDING),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product([None, *ReplicationStatus], repeat=2)))
def test_the_state_table_allows_these_changes_and_no_others(
    before: ReplicationStatus | None, after: ReplicationStatus | None
) -> None:
    assert may_follow(before, after) is (before == after or (before, after) in ALLOWED)


def test_every_status_has_a_successor_and_every_one_but_none_a_predecessor() -> None:
    assert NEXT.keys() == {None, *ReplicationStatus}
    assert frozenset().union(*NEXT.values()) == frozenset(ReplicationStatus)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([COMPLETED], COMPLETED),
        ([PENDING], PENDING),
        ([FAILED], FAILED),
        ([COMPLETED, COMPLETED], COMPLETED),
        ([COMPLETED, PENDING], PENDING),
        ([COMPLETED, FAILED], FAILED),
        ([PENDING, FAILED, COMPLETED], FAILED),
    ],
)
def test_one_status_of_several_destinations(statuses: list[ReplicationStatus], expected: ReplicationStatus) -> None:
    for order in itertools.permutations(statuses):
        assert aggregate_status(order) is expected


def test_a_replica_whose_edit_travelled_back_is_a_replica_again() -> None:
    assert aggregate_status([COMPLETED], replica=True) is REPLICA
    assert aggregate_status([COMPLETED, PENDING], replica=True) is PENDING
    assert aggregate_status([COMPLETED, FAILED], replica=True) is FAILED


@pytest.mark.parametrize("statuses", [[], [REPLICA], [COMPLETED, REPLICA]])
def test_there_is_no_status_of_no_destinations_or_of_replicas(statuses: list[ReplicationStatus]) -> None:
    with pytest.raises(AssertionError):
        aggregate_status(statuses)


def stands(status: ReplicationStatus | None, *destinations: ReplicationStatus) -> Version:
    states = tuple(DestinationState(f"d{place}", each, "r", 1) for place, each in enumerate(destinations))
    return Version(
        bucket_id=1,
        key="k",
        version_id="v",
        created_us=1,
        owner="o",
        replication_status=status,
        destinations=states,
    )


def test_a_destination_that_settles_takes_the_version_along_the_state_table() -> None:
    settled = DestinationState("d0", COMPLETED, "r", 2)
    assert with_state(stands(PENDING, PENDING), settled) == (COMPLETED, (settled,))
    failed = stands(FAILED, PENDING, FAILED)
    assert with_state(failed, settled) == (FAILED, (settled, failed.destinations[1]))


@pytest.mark.parametrize(
    ("before", "new"),
    [
        (stands(COMPLETED, COMPLETED), FAILED),
        (stands(FAILED, FAILED), COMPLETED),
        (stands(None), FAILED),
    ],
    ids=lambda value: value.name if isinstance(value, ReplicationStatus) else None,
)
def test_a_status_that_must_not_follow_is_a_broken_invariant(before: Version, new: ReplicationStatus) -> None:
    with pytest.raises(AssertionError):
        with_state(before, DestinationState("d0", new, "r", 2))
