"""Buckets and their configurations in the metadata port, and the generation that caches go by."""

from __future__ import annotations

import pytest
from tests.support.metadata import OWNER, OpenStore, task, upload, version

from farshore.metadata.store import StoreUnavailable, Transaction
from farshore.model.buckets import Bucket, ConfigurationKind, VersioningStatus

TAGGING, REPLICATION = ConfigurationKind.TAGGING, ConfigurationKind.REPLICATION


def test_a_new_bucket_is_as_it_was_asked_for(store: OpenStore) -> None:
    made = store.write(lambda tx: tx.create_bucket("a", OWNER, 42))
    assert made == Bucket(id=made.id, name="a", owner=OWNER, created_us=42)
    assert made.versioning is VersioningStatus.UNVERSIONED
    for found in (store.reader.bucket("a"), store.reader.bucket_by_id(made.id), *store.reader.buckets()):
        assert found == made


def test_its_time_may_be_set_anew(store: OpenStore) -> None:
    made = store.write(lambda tx: tx.create_bucket("a", OWNER, 42))
    store.write(lambda tx: tx.set_created(made.id, 43))
    assert store.reader.bucket("a") == Bucket(id=made.id, name="a", owner=OWNER, created_us=43)


def test_what_is_not_there_is_none(store: OpenStore) -> None:
    assert store.reader.bucket("a") is None
    assert store.reader.bucket_by_id(1) is None
    assert store.reader.configuration(1, TAGGING) is None
    assert store.reader.buckets() == []


def test_buckets_are_listed_by_name(store: OpenStore) -> None:
    for name in ("b.c", "a", "b-c", "b"):
        store.bucket(name)
    assert [bucket.name for bucket in store.reader.buckets()] == ["a", "b", "b-c", "b.c"]


def test_a_name_is_taken_once_and_an_id_is_never_used_again(store: OpenStore) -> None:
    first = store.bucket("a")
    with pytest.raises(AssertionError, match="exists"):
        store.bucket("a")
    store.write(lambda tx: tx.delete_bucket(first))
    assert store.reader.bucket("a") is None
    assert store.bucket("a") > first


def test_a_bucket_that_is_in_use_is_not_deleted(store: OpenStore) -> None:
    bucket = store.bucket()
    (stored,) = store.insert(version(bucket))
    with pytest.raises(AssertionError, match="versions"):
        store.write(lambda tx: tx.delete_bucket(bucket))
    store.write(lambda tx: tx.remove_version(stored))
    store.write(lambda tx: tx.create_upload(upload(bucket, "u")))
    with pytest.raises(AssertionError, match="uploads"):
        store.write(lambda tx: tx.delete_bucket(bucket))
    store.write(lambda tx: tx.remove_upload("u"))
    store.write(lambda tx: tx.delete_bucket(bucket))
    assert store.reader.buckets() == []


def test_with_a_bucket_go_its_configurations_and_what_was_hard_deleted_there_but_not_its_tasks(
    store: OpenStore,
) -> None:
    bucket, other = store.bucket("a"), store.bucket("b")

    def fill(tx: Transaction) -> None:
        for each in (bucket, other):
            tx.put_configuration(each, TAGGING, b"tags")
            tx.put_configuration(each, REPLICATION, b"rules")
            tx.remember_hard_deleted(each, "k", "v")
            tx.add_tasks([task(each)])

    store.write(fill)
    store.write(lambda tx: tx.delete_bucket(bucket))
    assert [store.reader.configuration(bucket, kind) for kind in (TAGGING, REPLICATION)] == [None, None]
    assert [store.reader.configuration(other, kind) for kind in (TAGGING, REPLICATION)] == [b"tags", b"rules"]
    assert store.write(lambda tx: [tx.is_hard_deleted(each, "k", "v") for each in (bucket, other)]) == [False, True]
    assert len(store.reader.pending_tasks(0, 10)) == 2


def test_a_document_is_kept_as_it_was_put_replaced_and_removed(store: OpenStore) -> None:
    bucket = store.bucket()
    document = bytes(range(256)) * 100
    for given in (document, b"", b"second", None, None, b"third"):
        store.write(lambda tx, given=given: tx.put_configuration(bucket, TAGGING, given))
        assert store.reader.configuration(bucket, TAGGING) == given
        assert store.reader.configuration(bucket, REPLICATION) is None


def test_every_change_of_a_configuration_raises_the_generation_and_shows_in_every_store(store: OpenStore) -> None:
    bucket = store.bucket()
    other = OpenStore(store.place)
    try:
        seen = [store.reader.bucket_by_id(bucket)]
        for change in (
            lambda tx: tx.set_versioning(bucket, VersioningStatus.ENABLED),
            lambda tx: tx.put_configuration(bucket, TAGGING, b"one"),
            lambda tx: tx.put_configuration(bucket, TAGGING, b"one"),
            lambda tx: tx.put_configuration(bucket, REPLICATION, None),
            lambda tx: tx.set_versioning(bucket, VersioningStatus.SUSPENDED),
        ):
            store.write(change)
            assert store.reader.bucket("bucket") == store.reader.bucket_by_id(bucket) == other.reader.bucket("bucket")
            assert store.reader.find("bucket", "k", None)[0] == store.reader.bucket("bucket")
            seen.append(store.reader.bucket_by_id(bucket))
        generations = [each.generation for each in seen if each is not None]
        assert generations == sorted(set(generations)) and len(generations) == 6
        assert seen[-1] is not None and seen[-1].versioning is VersioningStatus.SUSPENDED
    finally:
        other.close()


def test_a_write_of_an_object_leaves_the_generation_alone(store: OpenStore) -> None:
    bucket = store.bucket()
    before = store.reader.bucket_by_id(bucket)
    store.insert(version(bucket))
    assert store.reader.bucket_by_id(bucket) == before


def test_a_generation_that_was_taken_back_never_comes_again(store: OpenStore) -> None:
    """A cache may have been filled by the number, inside the transaction that then failed."""
    bucket = store.bucket()
    seen: list[Bucket | None] = []

    def put(document: bytes) -> None:
        def command(tx: Transaction) -> None:
            tx.put_configuration(bucket, REPLICATION, document)
            seen.append(tx.bucket_by_id(bucket))

        store.write(command)

    with store.place.refusing(), pytest.raises(StoreUnavailable):
        put(b"x" * 100_000)
    put(b"rules")
    assert len(seen) == 2
    assert seen[0] != seen[1]


@pytest.mark.parametrize("kind", ["configuration", "versioning"])
def test_a_configuration_of_no_bucket_is_a_broken_invariant(store: OpenStore, kind: str) -> None:
    def command(tx: Transaction) -> None:
        if kind == "configuration":
            tx.put_configuration(77, TAGGING, b"x")
        else:
            tx.set_versioning(77, VersioningStatus.ENABLED)

    with pytest.raises(AssertionError, match="77"):
        store.write(command)
    assert store.reader.configuration(77, TAGGING) is None
