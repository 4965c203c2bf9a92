"""What the metadata port tells of a whole bucket, range by range, and of versions that wait without a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.support.metadata import OpenStore, task, version

from farshore.metadata.survey import KEYS_END, Tag
from farshore.model.replication import DestinationState, ReplicationStatus

PENDING, FAILED, COMPLETED = ReplicationStatus.PENDING, ReplicationStatus.FAILED, ReplicationStatus.COMPLETED


def counted(store: OpenStore, bucket_id: int, tags: Sequence[Tag], start: bytes = b"", end: bytes = KEYS_END) -> Any:
    found = store.reader.survey.count(bucket_id, start, end, tags)
    return sorted((sorted(each.kind.tags.items()), each.versions, each.bytes, each.key) for each in found)


@pytest.fixture
def tagged(store: OpenStore) -> tuple[OpenStore, int]:
    bucket_id = store.bucket()
    store.insert(
        version(bucket_id, "a", size=1),
        version(bucket_id, "b", size=2, tags={"team": "red", "id": "1"}),
        version(bucket_id, "c", size=4, tags={"id": "2", "team": "red"}),
        version(bucket_id, "d", size=8, tags={"id": "team"}),
        version(store.bucket("other"), "b", size=99, tags={"team": "red"}),
    )
    return store, bucket_id


def test_versions_are_counted_apart_by_the_tags_that_are_asked_for_alone(tagged: tuple[OpenStore, int]) -> None:
    """Also where a tag stands in another's value, or the tags are in another order."""
    store, bucket_id = tagged
    red, one = ("team", "red"), ("id", "1")
    assert counted(store, bucket_id, ()) == [([], 4, 15, "a")]
    assert counted(store, bucket_id, (red,)) == [([], 2, 9, "a"), ([red], 2, 6, "b")]
    assert counted(store, bucket_id, (("nobody", "red"),)) == [([], 4, 15, "a")]
    assert counted(store, bucket_id, (red, one)) == [([], 2, 9, "a"), ([one, red], 1, 2, "b"), ([red], 1, 4, "c")]
    assert counted(store, bucket_id, (red,), b"b", b"c") == [([red], 1, 2, "b")]


def test_values_that_nobody_asks_for_are_no_kinds(store: OpenStore) -> None:
    """Each version may have a value of its own: a thousand would else be a thousand kinds."""
    bucket_id = store.bucket()
    store.insert(*(version(bucket_id, f"k{number:04}", tags={"order": f"{number}"}) for number in range(1000)))
    found = counted(store, bucket_id, (("order", "7"), ("order", "none"), ("rder", "17")))
    assert [(tags, versions) for tags, versions, _, _ in found] == [([], 999), ([("order", "7")], 1)]


def test_keys_of_a_kind_are_found_by_the_tags_that_it_was_counted_with(tagged: tuple[OpenStore, int]) -> None:
    store, bucket_id = tagged
    keys = {}
    red = (("team", "red"),)
    for each in store.reader.survey.count(bucket_id, b"", KEYS_END, red):
        found = store.reader.survey.keys(bucket_id, b"", KEYS_END, each.kind, red, 5)
        keys[each.kind.tags.get("team")] = found
    assert keys == {"red": ["b", "c"], None: ["a", "d"]}
    (all_of_them,) = store.reader.survey.count(bucket_id, b"", KEYS_END, ())
    assert store.reader.survey.keys(bucket_id, b"b", b"d", all_of_them.kind, (), 1) == ["b"]


def test_the_versions_of_a_range_are_numbered(tagged: tuple[OpenStore, int]) -> None:
    store, bucket_id = tagged
    store.insert(version(bucket_id, "b", 9, "v2", latest=False))
    assert store.reader.survey.versions(bucket_id, b"", KEYS_END) == 5
    assert store.reader.survey.versions(bucket_id, b"b", b"c") == 2
    assert store.reader.survey.versions(bucket_id, b"x", KEYS_END) == 0


def test_versions_that_wait_without_a_task_are_found_by_their_rows(store: OpenStore) -> None:
    assert store.reader.survey.newest_row() == 0
    bucket_id = store.bucket()

    def states(*statuses: ReplicationStatus) -> dict[str, Any]:
        destinations = tuple(DestinationState(f"d{place}", each, "r", 1) for place, each in enumerate(statuses))
        return {"destinations": destinations, "replication_status": FAILED if FAILED in statuses else statuses[0]}

    rows = store.insert(
        version(bucket_id, "lost", 1, "v", **states(PENDING)),
        version(bucket_id, "waits", 1, "v", **states(PENDING)),
        version(bucket_id, "arrived", 1, "v", **states(COMPLETED)),
        version(bucket_id, "failed", 1, "v", **states(FAILED)),
        version(bucket_id, "hidden", 1, "v", **states(FAILED, PENDING)),
        version(bucket_id, "none"),
    )
    store.write(lambda tx: tx.add_tasks([task(bucket_id, "waits", "d0", 0)]))
    newest = store.reader.survey.newest_row()
    assert newest == rows[-1].row

    def found(after: int, up_to: int) -> list[str]:
        return [each.key for each in store.reader.survey.doubtful_pending(after, up_to)]

    assert found(0, newest) == ["lost", "hidden"]
    assert found(rows[0].row, newest) == ["hidden"]
    assert found(0, rows[3].row) == ["lost"]
