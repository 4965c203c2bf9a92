"""What the metadata port records of replication: configurations, attempts, failures by cause, lanes."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.support.metadata import OWNER, OpenStore, task, version

from farshore.metadata.sqlite_replication_records import ATTEMPTS_MAX, CHANGES_BYTES_MAX, CHANGES_MAX
from farshore.model.buckets import ConfigurationKind
from farshore.model.objects import Version
from farshore.model.replication import DestinationState, FailureCode, ReplicationStatus
from farshore.model.replication_record import AttemptOutcome, AttemptRecord, LaneRecord
from farshore.model.verification import VerificationCounts, VerificationRecord

GONE, UNVERSIONED = FailureCode.DST_BUCKET_NOT_FOUND, FailureCode.DST_BUCKET_UNVERSIONED


def change(store: OpenStore, bucket_id: int, at_us: int, document: bytes | None) -> None:
    store.write(lambda tx: tx.records.add_change(bucket_id, at_us, document))


def state(destination: str = "there", at_us: int = 1, code: FailureCode | None = None) -> DestinationState:
    """FAILED with a code, else PENDING."""
    status = ReplicationStatus.PENDING if code is None else ReplicationStatus.FAILED
    return DestinationState(destination, status, "rule", at_us, code)


def settle(store: OpenStore, row: int, *states: DestinationState) -> None:
    store.write(lambda tx: tx.set_replication(row, ReplicationStatus.FAILED, states))


def causes(store: OpenStore, bucket_id: int) -> list[tuple[str, str, int, str, str]]:
    return [
        (each.destination, each.code, each.count, each.first.key, each.last.key)
        for each in store.reader.records.failure_causes(bucket_id)
    ]


def attempt(destination: str = "there", at_us: int = 1, **more: Any) -> AttemptRecord:
    given = {"outcome": AttemptOutcome.RETRIED, "detail": "no route", "times": 1, **more}
    return AttemptRecord(destination=destination, first_us=at_us, last_us=at_us, **given)


def test_configurations_are_told_from_each_other_by_the_rows_that_were_written_before_them(store: OpenStore) -> None:
    bucket_id = store.bucket()
    change(store, bucket_id, 10, b"one")
    (written,) = store.insert(version(bucket_id))
    change(store, bucket_id, 20, b"two")
    change(store, bucket_id, 30, None)
    store.reopen()
    found = [(each.number, each.at_us, each.document) for each in store.reader.records.history(bucket_id)]
    assert found == [(1, 10, b"one"), (2, 20, b"two"), (3, 30, None)]
    assert [written.row > each.after_row for each in store.reader.records.history(bucket_id)] == [True, False, False]


def test_the_same_configuration_again_is_no_change_and_neither_is_the_removal_of_none(store: OpenStore) -> None:
    bucket_id = store.bucket()
    for at_us, document in enumerate([None, b"one", b"one", None, None, b"one"]):
        change(store, bucket_id, at_us, document)
    assert [each.at_us for each in store.reader.records.history(bucket_id)] == [1, 3, 5]


def test_the_oldest_configurations_are_forgotten_beyond_the_number(store: OpenStore) -> None:
    bucket_id, other = store.bucket(), store.bucket("other")
    change(store, other, 1, b"stays")
    for number in range(1, CHANGES_MAX + 4):
        change(store, bucket_id, number, str(number).encode())
    kept = [each.number for each in store.reader.records.history(bucket_id)]
    assert kept == list(range(4, CHANGES_MAX + 4))
    assert len(store.reader.records.history(other)) == 1


def test_the_oldest_configurations_are_forgotten_beyond_the_bytes_but_never_the_present_one(store: OpenStore) -> None:
    bucket_id = store.bucket()
    large = CHANGES_BYTES_MAX * 2 // 5
    for number in range(1, 5):
        change(store, bucket_id, number, str(number).encode() * large)
    assert [each.number for each in store.reader.records.history(bucket_id)] == [3, 4]
    change(store, bucket_id, 5, b"x" * (CHANGES_BYTES_MAX + 1))
    assert [each.number for each in store.reader.records.history(bucket_id)] == [5]


def test_what_is_recorded_of_a_bucket_goes_with_it(store: OpenStore) -> None:
    bucket_id = store.bucket()
    change(store, bucket_id, 1, b"one")
    store.write(lambda tx: tx.records.put_lane(bucket_id, LaneRecord(destination="there", error="e")))
    store.write(lambda tx: tx.delete_bucket(bucket_id))
    assert store.reader.records.history(bucket_id) == [] == store.reader.records.lanes(bucket_id)


def test_the_last_verification_of_each_destination_is_kept_and_goes_with_the_bucket(store: OpenStore) -> None:
    bucket_id, other = store.bucket(), store.bucket("other")

    def verified(destination: str, ended_us: int, of: int = bucket_id) -> None:
        record = VerificationRecord(
            destination=destination,
            began_us=1,
            ended_us=ended_us,
            deep=False,
            counts=VerificationCounts(equal=ended_us),
            digest="d",
        )
        store.write(lambda tx: tx.records.put_verification(of, record))

    verified("there", 2)
    verified("there", 3)
    verified("also", 4)
    verified("there", 5, other)
    store.reopen()
    found = [(each.destination, each.counts.equal) for each in store.reader.records.verifications(bucket_id)]
    assert found == [("also", 4), ("there", 3)]
    store.write(lambda tx: tx.delete_bucket(bucket_id))
    assert store.reader.records.verifications(bucket_id) == []
    assert len(store.reader.records.verifications(other)) == 1


def test_attempts_with_the_same_outcome_become_one_record_that_counts_them(store: OpenStore) -> None:
    (written,) = store.insert(version(store.bucket(), destinations=(state(),)))
    for each in (attempt(at_us=5), attempt(at_us=6), attempt("other", 7), attempt(at_us=8, detail="refused")):
        store.write(lambda tx, each=each: tx.records.add_attempt(written.row, each))
    found = store.reader.records.attempts(written.row)
    assert [(each.destination, each.first_us, each.last_us, each.times, each.detail) for each in found] == [
        ("other", 7, 7, 1, "no route"),
        ("there", 5, 6, 2, "no route"),
        ("there", 8, 8, 1, "refused"),
    ]


def test_the_oldest_attempts_of_a_version_and_destination_are_forgotten(store: OpenStore) -> None:
    (written,) = store.insert(version(store.bucket(), destinations=(state(),)))
    for number in range(ATTEMPTS_MAX + 3):
        each = attempt(at_us=number, detail=str(number))
        store.write(lambda tx, each=each: tx.records.add_attempt(written.row, each))
    found = [each.detail for each in store.reader.records.attempts(written.row)]
    assert found == [str(number) for number in range(3, ATTEMPTS_MAX + 3)]


def test_attempts_go_with_their_version(store: OpenStore) -> None:
    bucket_id = store.bucket()
    first, second = store.insert(
        version(bucket_id, "a", destinations=(state(),)), version(bucket_id, "b", destinations=(state(),))
    )
    for row in (first.row, second.row):
        store.write(lambda tx, row=row: tx.records.add_attempt(row, attempt()))
    store.write(lambda tx: tx.remove_version(first))
    assert store.reader.records.attempts(first.row) == []
    assert len(store.reader.records.attempts(second.row)) == 1


def test_failures_are_grouped_by_cause_with_the_first_and_the_last_by_time(store: OpenStore) -> None:
    bucket_id, other = store.bucket(), store.bucket("other")
    versions = store.insert(*(version(bucket_id, key) for key in ("z", "m", "a")), version(other, "elsewhere"))
    for number, each in enumerate(versions):
        settle(store, each.row, state(at_us=number, code=GONE), state("second", code=UNVERSIONED))
    store.reopen()
    assert causes(store, bucket_id) == [
        ("second", "DstBucketUnversioned", 3, "z", "a"),
        ("there", "DstBucketNotFound", 3, "z", "a"),
    ]
    assert causes(store, other) == [
        ("second", "DstBucketUnversioned", 1, "elsewhere", "elsewhere"),
        ("there", "DstBucketNotFound", 1, "elsewhere", "elsewhere"),
    ]


def test_failures_follow_the_states_of_their_versions(store: OpenStore) -> None:
    """Also of one that is inserted so, fails anew with another code, is driven again, or is removed."""
    bucket_id = store.bucket()
    one, two = store.insert(version(bucket_id, "a", destinations=(state(code=GONE),)), version(bucket_id, "b"))
    assert causes(store, bucket_id) == [("there", "DstBucketNotFound", 1, "a", "a")]
    settle(store, two.row, state(code=GONE))
    settle(store, one.row, state(code=UNVERSIONED))
    assert [cause[1:3] for cause in causes(store, bucket_id)] == [("DstBucketNotFound", 1), ("DstBucketUnversioned", 1)]
    settle(store, one.row, state())
    assert [cause[1:3] for cause in causes(store, bucket_id)] == [("DstBucketNotFound", 1)]
    store.write(lambda tx: tx.remove_version(two))
    assert causes(store, bucket_id) == []


def test_failures_of_one_cause_are_walked_in_order_from_a_place_and_until_a_time(store: OpenStore) -> None:
    bucket_id = store.bucket()
    versions = store.insert(*(version(bucket_id, key) for key in "abcd"))
    for each, at_us in zip(versions, (5, 5, 7, 9), strict=True):
        settle(store, each.row, state(at_us=at_us, code=GONE), state("second", at_us, GONE))

    def walk(after: tuple[int, int], until_us: int) -> list[str]:
        records = store.reader.records
        scan = records.scan_failures(bucket_id, "there", GONE, after=after, until_us=until_us)
        return [each.key for each in scan]

    assert walk((0, 0), 8) == ["a", "b", "c"]
    assert walk((5, versions[0].row), 100) == ["b", "c", "d"]
    assert walk((9, versions[3].row), 100) == []


def test_what_waits_of_a_version_is_found_by_it_and_tells_whether_a_worker_has_it(store: OpenStore) -> None:
    bucket_id = store.bucket()
    given = [task(bucket_id, "k", "there", 0), task(bucket_id, "k", "other", 9), task(bucket_id, "else", "there", 0)]
    store.write(lambda tx: tx.add_tasks([*given, msgspec.structs.replace(given[0], bucket_id=bucket_id + 1)]))

    def waiting() -> list[tuple[str, int, bool]]:
        found = store.reader.tasks_of_version(bucket_id, "k", "v")
        return [(each.destination, each.due_us, each.leased) for each in found]

    assert waiting() == [("other", 9, False), ("there", 0, False)]
    asked: dict[str, Any] = {"bucket_id": bucket_id, "destination": "there", "now_us": 5}
    claimed = store.write(lambda tx: tx.claim_tasks(**asked, lease_until_us=50, limit=1))
    assert waiting() == [("other", 9, False), ("there", 50, True)]
    store.write(lambda tx: tx.renew_tasks([claimed[0].id], 80))
    assert waiting() == [("other", 9, False), ("there", 80, True)]
    store.write(lambda tx: tx.reschedule_tasks([(claimed[0].id, 60, "slow")]))
    assert waiting() == [("other", 9, False), ("there", 60, False)]


def test_a_lane_is_replaced_as_a_whole(store: OpenStore) -> None:
    bucket_id = store.bucket()
    lane = LaneRecord(
        destination="there", since_us=1, at_us=2, operations_rate=1.5, bytes_rate=2.5, rests_until_us=3, error="e"
    )
    assert store.reader.records.lane(bucket_id, "there") == LaneRecord(destination="there")
    store.write(lambda tx: tx.records.put_lane(bucket_id, msgspec.structs.replace(lane, error="before")))
    store.write(lambda tx: tx.records.put_lane(bucket_id, lane))
    assert store.reader.records.lanes(bucket_id) == [lane] == [store.reader.records.lane(bucket_id, "there")]


def test_attributes_are_replaced_and_kept(store: OpenStore) -> None:
    (written,) = store.insert(version(store.bucket(), tags={"a": "b"}))
    attributes = msgspec.structs.replace(written.attributes, tags_at_creation={"a": "b"})
    store.write(lambda tx: tx.set_attributes(written.row, attributes))
    store.reopen()
    found = store.reader.current(written.bucket_id, "key")
    assert isinstance(found, Version) and found.attributes == attributes


def test_the_homes_of_destinations_are_remembered_until_others_take_their_place_or_the_bucket_goes(
    store: OpenStore,
) -> None:
    bucket_id, other = store.bucket(), store.bucket("other")
    store.write(lambda tx: tx.records.put_last_homes(bucket_id, {"b": "us-west-2", "a": "eu-west-1"}))
    store.write(lambda tx: tx.records.put_last_homes(other, {"b": "us-east-1"}))
    assert store.reader.records.last_homes(bucket_id) == {"a": "eu-west-1", "b": "us-west-2"}
    store.write(lambda tx: tx.records.put_last_homes(bucket_id, {"c": "us-west-2"}))
    assert store.reader.records.last_homes(bucket_id) == {"c": "us-west-2"}
    store.write(lambda tx: tx.delete_bucket(bucket_id))
    assert store.reader.records.last_homes(bucket_id) == {}
    assert store.reader.records.last_homes(other) == {"b": "us-east-1"}


def test_source_buckets_have_rules_or_failures_and_are_of_one_account_by_name(store: OpenStore) -> None:
    """A bucket whose rules are gone stays one while failures of theirs stand; one with both is told once."""
    ids = {name: store.bucket(name) for name in ("ruled", "failed", "both", "plain", "healed")}
    strangers = store.write(lambda tx: tx.create_bucket("a-stranger-s", "999988887777", 1)).id
    for each in (ids["ruled"], ids["both"], strangers):
        store.write(lambda tx, each=each: tx.put_configuration(each, ConfigurationKind.REPLICATION, b"rules"))
    store.write(lambda tx: tx.put_configuration(ids["plain"], ConfigurationKind.TAGGING, b"tags"))
    failed = store.insert(*(version(ids[name], key) for name in ("failed", "both", "healed") for key in "kl"))
    for each in failed:
        settle(store, each.row, state(code=GONE), state("elsewhere", code=UNVERSIONED))

    def names(after: str = "", limit: int = 10) -> list[str]:
        return [bucket.name for bucket in store.reader.source_buckets(OWNER, after, limit)]

    assert names() == ["both", "failed", "healed", "ruled"]
    for each in failed[-2:]:
        settle(store, each.row, state())
    assert names() == ["both", "failed", "ruled"]
    assert (names(limit=2), names(after="both"), names(after="ruled")) == (["both", "failed"], ["failed", "ruled"], [])
