"""The outbox in the metadata port: claims and leases, lanes, what is due, what failed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.metadata import OpenStore, failed, task, version

from farshore.metadata.store import Transaction
from farshore.metadata.tasks import DueLane, Lane
from farshore.model.objects import Version
from farshore.model.replication import DestinationState, ReplicationStatus, ReplicationTask, TaskKind


def add(store: OpenStore, *tasks: ReplicationTask) -> list[ReplicationTask]:
    """Add tasks; returned as the store has them."""
    before = {each.id for each in store.reader.pending_tasks(0, 100_000)}
    store.write(lambda tx: tx.add_tasks(tasks))
    return [each for each in store.reader.pending_tasks(0, 100_000) if each.id not in before]


def claim(store: OpenStore, **more: Any) -> list[ReplicationTask]:
    asked = {"bucket_id": 1, "destination": "there", "now_us": 100, "lease_until_us": 500, "limit": 10, **more}
    return store.write(lambda tx: tx.claim_tasks(**asked))


def keys(tasks: list[ReplicationTask]) -> list[str]:
    return [each.key for each in tasks]


def test_a_task_comes_back_as_it_was_added_with_an_id(store: OpenStore) -> None:
    given = task(
        3,
        "ü/\U0001f600",
        "there",
        7,
        version_id="v",
        kind=TaskKind.TAGS,
        enqueued_us=5,
        size=2**40,
        attempts=3,
        last_error="it was slow",
    )
    (stored,) = add(store, given)
    assert stored.id > 0
    assert msgspec.structs.replace(stored, id=0) == given
    store.reopen()
    assert store.reader.pending_tasks(0, 10) == [stored]


def test_pending_tasks_are_paged_by_id_in_the_order_of_insertion(store: OpenStore) -> None:
    stored = add(store, *(task(1, f"k{number}", due_us=100 - number) for number in range(5)))
    assert keys(stored) == ["k0", "k1", "k2", "k3", "k4"]
    assert store.reader.pending_tasks(0, 2) == stored[:2]
    assert store.reader.pending_tasks(stored[1].id, 2) == stored[2:4]
    assert store.reader.pending_tasks(stored[4].id, 2) == []


def test_an_id_is_never_used_again(store: OpenStore) -> None:
    """A worker that settles late must not settle somebody else's task."""
    (old,) = add(store, task(1))
    store.write(lambda tx: tx.remove_tasks([old.id]))
    store.reopen()
    (new,) = add(store, task(1))
    assert new.id > old.id


def test_a_claim_takes_what_is_due_in_its_lane_oldest_first_and_leaves_the_rest(store: OpenStore) -> None:
    add(
        store,
        task(1, "later", due_us=101),
        task(1, "second", due_us=50),
        task(1, "first", due_us=0),
        task(1, "third", due_us=100),
        task(1, "elsewhere", "other", due_us=0),
        task(2, "foreign", due_us=0),
    )
    claimed = claim(store)
    assert keys(claimed) == ["first", "second", "third"]
    assert {(each.due_us, each.attempts) for each in claimed} == {(500, 1)}
    stored = {each.id: each for each in store.reader.pending_tasks(0, 10)}
    assert [stored[each.id] for each in claimed] == claimed
    untouched = [each for each in stored.values() if each not in claimed]
    assert sorted(keys(untouched)) == ["elsewhere", "foreign", "later"]
    assert {each.attempts for each in untouched} == {0}


def test_tasks_that_are_due_at_the_same_time_are_claimed_in_the_order_of_their_enqueuing(store: OpenStore) -> None:
    add(store, *(task(1, key, due_us=9, enqueued_us=at) for key, at in (("c", 3), ("a", 1), ("b", 2))))
    assert keys(claim(store)) == ["a", "b", "c"]


def test_a_claim_takes_no_more_than_its_limit(store: OpenStore) -> None:
    add(store, *(task(1, f"k{number:03}", due_us=number) for number in range(50)))
    assert keys(claim(store, limit=20)) == [f"k{number:03}" for number in range(20)]
    assert keys(claim(store, limit=20)) == [f"k{number:03}" for number in range(20, 40)]
    assert len(claim(store, limit=20)) == 10
    assert claim(store, limit=20) == []


def test_a_claimed_task_is_not_claimed_again_before_its_lease_ends(store: OpenStore) -> None:
    add(store, task(1))
    assert len(claim(store)) == 1
    assert claim(store, now_us=499) == []
    (again,) = claim(store, now_us=500, lease_until_us=900)
    assert (again.due_us, again.attempts) == (900, 2)


def test_a_rescheduled_task_is_due_when_it_says_and_remembers_its_last_error(store: OpenStore) -> None:
    first, second = add(store, task(1, "first"), task(1, "second"))
    claim(store)
    store.write(lambda tx: tx.reschedule_tasks([(first.id, 700, "slow"), (second.id, 300, "gone"), (77, 1, "none")]))
    assert claim(store, now_us=299) == []
    (again,) = claim(store, now_us=300)
    assert (again.key, again.last_error, again.attempts) == ("second", "gone", 2)
    store.write(lambda tx: tx.reschedule_tasks([]))
    assert keys(claim(store, now_us=700, lease_until_us=900)) == ["second", "first"]


def test_removed_tasks_are_gone_and_removing_them_again_is_no_error(store: OpenStore) -> None:
    stored = add(store, *(task(1, f"k{number}") for number in range(4)))
    removed = [store.write(lambda tx: tx.remove_tasks([stored[0].id, stored[2].id, 77])) for _ in range(2)]
    assert removed == [{stored[0].id, stored[2].id}, set()]
    assert store.write(lambda tx: tx.remove_tasks([])) == set()
    assert keys(store.reader.pending_tasks(0, 10)) == ["k1", "k3"]


def test_a_claim_that_is_taken_back_leaves_the_tasks_due(store: OpenStore) -> None:
    add(store, task(1))

    def command(tx: Transaction) -> None:
        tx.claim_tasks(bucket_id=1, destination="there", now_us=100, lease_until_us=500, limit=10)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(command)
    (claimed,) = claim(store)
    assert claimed.attempts == 1


def test_two_claims_share_no_task(store: OpenStore) -> None:
    add(store, *(task(1, f"k{number}") for number in range(10)))

    def command(tx: Transaction) -> list[str]:
        return keys(tx.claim_tasks(bucket_id=1, destination="there", now_us=100, lease_until_us=500, limit=4))

    claims = store.write_together(*[command] * 4)
    assert sorted(key for each in claims for key in each) == [f"k{number}" for number in range(10)]


def test_release_makes_a_lanes_waiting_tasks_due_now_up_to_a_limit(store: OpenStore) -> None:
    add(store, *(task(1, f"k{number}", due_us=1000) for number in range(5)))
    add(store, task(1, "due", due_us=3), task(1, "elsewhere", "other", due_us=1000), task(2, "foreign", due_us=1000))

    def release(limit: int) -> int:
        return store.write(lambda tx: tx.release_tasks(bucket_id=1, destination="there", now_us=50, limit=limit))

    assert release(3) == 3
    assert release(3) == 2
    assert release(3) == 0
    due = {each.key: each.due_us for each in store.reader.pending_tasks(0, 10)}
    assert due == {f"k{number}": 50 for number in range(5)} | {"due": 3, "elsewhere": 1000, "foreign": 1000}
    assert len(claim(store)) == 6


def test_lanes_add_up_what_waits_whether_it_is_due_or_not(store: OpenStore) -> None:
    assert store.reader.lanes() == []
    add(
        store,
        task(1, "a", due_us=10**15, enqueued_us=5, size=10),
        task(1, "b", enqueued_us=3, size=0),
        task(1, "c", "other", enqueued_us=9, size=7),
        task(2, "d", enqueued_us=1, size=2**40),
    )
    lanes = sorted(store.reader.lanes(), key=lambda lane: (lane.bucket_id, lane.destination))
    assert lanes == [
        Lane(bucket_id=1, destination="other", tasks=1, bytes=7, oldest_enqueued_us=9),
        Lane(bucket_id=1, destination="there", tasks=2, bytes=10, oldest_enqueued_us=3),
        Lane(bucket_id=2, destination="there", tasks=1, bytes=2**40, oldest_enqueued_us=1),
    ]


def test_due_lanes_are_those_with_tasks_and_when_the_first_of_each_is_due(store: OpenStore) -> None:
    assert store.reader.due_lanes() == []
    places = [(bucket, name) for bucket in (1, 2, 300) for name in ("a", "b", "a.b", "z")]
    for number, (bucket, name) in enumerate(places):
        add(store, *(task(bucket, f"k{each}", name, due_us=1000 + number + each) for each in range(3)))
    expected = {
        (bucket, name): DueLane(bucket_id=bucket, destination=name, due_us=1000 + number)
        for number, (bucket, name) in enumerate(places)
    }
    found = store.reader.due_lanes()
    assert {(lane.bucket_id, lane.destination): lane for lane in found} == expected
    assert len(found) == len(places)
    claim(store, bucket_id=2, destination="b", now_us=5000, lease_until_us=9000)
    claimed = {(lane.bucket_id, lane.destination): lane.due_us for lane in store.reader.due_lanes()}
    assert claimed[2, "b"] == 9000
    assert {place: store.reader.lane_due(*place) for place in places} == claimed
    ids = [each.id for each in store.reader.pending_tasks(0, 100) if each.bucket_id == 1]
    store.write(lambda tx: tx.remove_tasks(ids))
    assert {lane.bucket_id for lane in store.reader.due_lanes()} == {2, 300}
    assert store.reader.lane_due(1, "a") is None


def test_lanes_with_newer_tasks_are_told_with_the_first_of_these(store: OpenStore) -> None:
    add(store, task(1, "old", due_us=1), task(1, "old", "other", due_us=1))
    since = store.reader.newest_task()
    assert store.reader.lanes_since(since) == []
    add(store, task(1, "late", due_us=70), task(1, "soon", due_us=50, batch=True), task(2, "new", due_us=60))
    assert sorted(store.reader.lanes_since(since), key=lambda lane: lane.bucket_id) == [
        DueLane(bucket_id=1, destination="there", due_us=50),
        DueLane(bucket_id=2, destination="there", due_us=60),
    ]
    assert store.reader.lane_due(1, "there") == 1
    assert {lane.due_us for lane in store.reader.lanes_since(0)} == {1, 60}


def test_a_lane_is_due_with_its_live_tasks_or_those_of_batch_replication(store: OpenStore) -> None:
    add(store, task(1, "live", due_us=9), task(1, "batch", due_us=5, batch=True), task(2, "b", due_us=7, batch=True))
    assert (store.reader.lane_due(1, "there"), store.reader.lane_due(2, "there")) == (5, 7)


def test_failures_are_listed_newest_first_of_one_bucket_or_of_all(store: OpenStore) -> None:
    first, second = store.bucket("a"), store.bucket("b")
    waiting = DestinationState("c", ReplicationStatus.PENDING, "rule", 99)
    rows: list[Version] = [
        version(first, "one", destinations=(failed("x", 3), waiting)),
        version(first, "both", destinations=(failed("x", 9), failed("y", 1))),
        version(second, "other", destinations=(failed("x", 5),)),
        version(second, "fine", destinations=(waiting,)),
        version(second, "plain"),
    ]
    stored = store.insert(*rows)

    def listed(bucket_id: int | None, limit: int = 10) -> list[tuple[int, str, str, int]]:
        found = store.reader.failures(bucket_id, limit)
        return [(each.bucket_id, each.key, each.state.bucket, each.state.at_us) for each in found]

    everything = [(first, "both", "x", 9), (second, "other", "x", 5), (first, "one", "x", 3), (first, "both", "y", 1)]
    assert listed(None) == everything
    assert listed(None, 2) == everything[:2]
    assert listed(first) == [row for row in everything if row[0] == first]
    assert listed(second) == [row for row in everything if row[0] == second]
    (one,) = store.reader.failures(second, 1)
    assert one.state == failed("x", 5) and one.version_id == "null"
    done = (DestinationState("x", ReplicationStatus.COMPLETED, "rule", 20),)
    store.write(lambda tx: tx.set_replication(stored[2].row, ReplicationStatus.COMPLETED, done))
    assert listed(second) == []
    store.write(lambda tx: tx.set_replication(stored[3].row, ReplicationStatus.FAILED, (failed("c", 30),)))
    assert listed(None)[0] == (second, "fine", "c", 30)
    store.write(lambda tx: tx.remove_version(stored[3]))
    assert listed(second) == []


def test_thresholds_are_told_of_longest_past_first_and_the_next_one_is_known(store: OpenStore) -> None:
    add(store, task(1, "none"), *(task(1, f"k{at}", threshold_us=at) for at in (300, 100, 200)))
    assert store.reader.thresholds.next_us() == 100
    passed = store.write(lambda tx: tx.thresholds.passed(200, 10))
    assert keys(passed) == ["k100", "k200"]
    assert keys(store.write(lambda tx: tx.thresholds.passed(300, 1))) == ["k100"]
    assert store.write(lambda tx: tx.thresholds.passed(99, 10)) == []


def test_a_task_that_missed_keeps_its_threshold_and_one_that_is_untracked_does_not(store: OpenStore) -> None:
    missed, untracked, waiting = add(store, *(task(1, f"k{at}", threshold_us=at) for at in (1, 2, 3)))

    def mark(tx: Transaction) -> None:
        tx.thresholds.missed([missed.id])
        tx.thresholds.untracked([untracked.id])
        tx.thresholds.missed([])

    store.write(mark)
    assert store.reader.thresholds.next_us() == 3
    found = store.write(lambda tx: [tx.thresholds.task(each.id) for each in (missed, untracked, waiting)])
    assert [(each.threshold_us, each.missed) for each in found if each] == [(1, True), (None, False), (3, False)]
    assert keys(store.write(lambda tx: tx.thresholds.passed(9, 9))) == ["k3"]
    store.write(lambda tx: tx.remove_tasks([waiting.id]))
    assert store.reader.thresholds.next_us() is None
    assert store.write(lambda tx: tx.thresholds.task(waiting.id)) is None


def test_what_waits_of_one_version_is_removed_claimed_or_not_and_nothing_else(store: OpenStore) -> None:
    kept = (task(1, "k", version_id="w"), task(1, "l", version_id="v"), task(2, "k", version_id="v"))
    add(store, task(1, "k", version_id="v"), *kept, task(1, "k", "other", version_id="v", batch=True, job=7, place=3))
    claim(store, limit=1)

    def remove() -> list[tuple[str, int, int]]:
        removed = store.write(lambda tx: tx.remove_tasks_of_version(1, "k", "v"))
        return [(each.destination, each.attempts, each.job) for each in removed]

    assert sorted(remove()) == [("other", 0, 7), ("there", 1, 0)]
    assert remove() == []
    left = [(each.bucket_id, each.key, each.version_id) for each in store.reader.pending_tasks(0, 10)]
    assert left == [(each.bucket_id, each.key, each.version_id) for each in kept]
