"""Multipart uploads, garbage and hard-deleted replicas in the metadata port."""

from __future__ import annotations

import pytest
from tests.support.metadata import OpenStore, upload, version

from farshore.model.objects import Attributes, Checksum, ChecksumType, Part


def test_an_upload_comes_back_as_it_was_created(store: OpenStore) -> None:
    bucket = store.bucket()
    given = upload(
        bucket,
        "u",
        "ü/k",
        5,
        storage_class="GLACIER_IR",
        checksum_algorithm="SHA256",
        checksum_type=ChecksumType.COMPOSITE,
        attributes=Attributes(headers={"ContentType": "a/b"}, metadata={"m": "v"}),
        tags={"t": "1"},
    )
    plain = upload(bucket, "plain")
    store.write(lambda tx: tx.create_upload(given))
    store.write(lambda tx: tx.create_upload(plain))
    assert store.reader.upload(bucket, "ü/k", "u") == given
    assert store.reader.upload(bucket, "key", "plain") == plain


def test_an_upload_is_found_by_bucket_key_and_id_together(store: OpenStore) -> None:
    bucket, other = store.bucket("a"), store.bucket("b")
    store.write(lambda tx: tx.create_upload(upload(bucket, "u", "k")))
    for where in ((bucket, "other", "u"), (other, "k", "u"), (bucket, "k", "U"), (bucket, "k", "")):
        assert store.reader.upload(*where) is None


def test_uploads_are_scanned_by_key_then_oldest_first_then_by_id(store: OpenStore) -> None:
    bucket = store.bucket()
    rows = [("b", 2, "x"), ("b", 1, "z"), ("a", 9, "q"), ("b", 2, "a"), ("\U0001f600", 1, "e"), ("\ufffd", 1, "f")]
    for key, created_us, name in rows:
        store.create_upload(upload(bucket, name, key, created_us))

    def scanned(start: bytes, inclusive: bool) -> list[str]:
        return [each.upload_id for each in store.reader.scan_uploads(bucket, start, inclusive)]

    assert scanned(b"", True) == ["q", "z", "a", "x", "f", "e"]
    assert scanned(b"b", True) == ["z", "a", "x", "f", "e"]
    assert scanned(b"b", False) == ["f", "e"]
    assert list(store.reader.scan_uploads(bucket + 1, b"", True)) == []


def test_parts_are_listed_by_number_and_replaced_by_number(store: OpenStore) -> None:
    bucket = store.bucket()
    store.create_upload(upload(bucket, "u"))
    parts = [Part(number, number * 10, f"e{number}", f"blob-{number}", None, 7) for number in (3, 1, 10_000, 2)]
    for part in parts:
        store.write(lambda tx, part=part: tx.put_part("u", part))
    ordered = sorted(parts, key=lambda part: part.number)
    assert store.reader.parts("u", 0, 100) == ordered
    assert store.reader.parts("u", 1, 2) == ordered[1:3]
    assert store.reader.parts("u", 10_000, 5) == []
    assert store.reader.parts("u", 0, 0) == []
    assert store.reader.parts("other", 0, 5) == []
    again = Part(2, 0, "again", None, Checksum("CRC32", "AAAAAA=="), 9)
    store.write(lambda tx: tx.put_part("u", again))
    assert store.reader.parts("u", 1, 1) == [again]
    assert len(store.reader.parts("u", 0, 100)) == 4


def test_the_state_of_parts_changes_with_every_part_that_comes_or_is_replaced(store: OpenStore) -> None:
    store.create_upload(upload(store.bucket(), "u"))
    seen = [store.reader.parts_state("u")]
    puts = [
        Part(1, 5, "e", "blob", None, 7),
        Part(3, 5, "e", "blob", None, 7),
        Part(2, 0, "e", None, None, 7),
        Part(2, 0, "e", None, None, 8),
        Part(1, 5, "other", "blob", None, 7),
        Part(1, 5, "other", "another", None, 7),
    ]
    for part in puts:
        store.write(lambda tx, part=part: tx.put_part("u", part))
        seen.append(store.reader.parts_state("u"))
        assert store.reader.parts_state("u") == seen[-1]
    store.write(lambda tx: tx.put_part("other", Part(1, 5, "e", "else", None, 7)))
    assert store.reader.parts_state("u") == seen[-1]
    assert len(set(seen)) == len(seen)


def test_with_an_upload_go_its_parts_and_no_others(store: OpenStore) -> None:
    bucket = store.bucket()
    for name in ("u", "w"):
        store.create_upload(upload(bucket, name))
        store.write(lambda tx, name=name: tx.put_part(name, Part(1, 1, "e", f"blob-{name}")))
    blobs = ["blob-u", "blob-w"]
    assert store.run(lambda: store.port.referenced_blobs(blobs)) == set(blobs)
    store.write(lambda tx: tx.remove_upload("u"))
    assert store.reader.upload(bucket, "key", "u") is None
    assert store.reader.parts("u", 0, 10) == []
    assert store.run(lambda: store.port.referenced_blobs(blobs)) == {"blob-w"}
    store.write(lambda tx: tx.remove_upload("u"))


def test_a_part_that_was_replaced_no_longer_refers_to_its_blob(store: OpenStore) -> None:
    bucket = store.bucket()
    store.create_upload(upload(bucket, "u"))
    for blob in ("old", "new"):
        store.write(lambda tx, blob=blob: tx.put_part("u", Part(1, 1, "e", blob)))
    assert store.run(lambda: store.port.referenced_blobs(["old", "new"])) == {"new"}


def test_garbage_is_listed_from_the_oldest_before_a_time_and_forgotten_by_name(store: OpenStore) -> None:
    def add(blobs: list[str], since_us: int) -> None:
        store.write(lambda tx: tx.add_garbage(blobs, since_us))

    def garbage(before_us: int, limit: int = 10) -> list[str]:
        return store.write(lambda tx: tx.garbage(before_us, limit))

    add(["c", "a"], 5)
    add(["b"], 3)
    add([], 1)
    assert garbage(3) == []
    assert garbage(4) == ["b"]
    assert garbage(6) == ["b", "a", "c"]
    assert garbage(6, 2) == ["b", "a"]
    store.write(lambda tx: tx.remove_garbage(["a", "never"]))
    assert garbage(6) == ["b", "c"]


def test_a_blob_that_is_garbage_already_keeps_its_time(store: OpenStore) -> None:
    store.write(lambda tx: tx.add_garbage(["a"], 5))
    store.write(lambda tx: tx.add_garbage(["a", "b"], 9))
    assert store.write(lambda tx: tx.garbage(6, 10)) == ["a"]
    assert store.write(lambda tx: tx.garbage(10, 10)) == ["a", "b"]


def test_a_hard_deleted_replica_is_remembered_by_bucket_key_and_id(store: OpenStore) -> None:
    bucket, other = store.bucket("a"), store.bucket("b")
    for _ in range(2):
        store.write(lambda tx: tx.remember_hard_deleted(bucket, "k", "v"))
    rows = [(bucket, "k", "v"), (bucket, "K", "v"), (bucket, "k", "w"), (other, "k", "v")]
    assert store.write(lambda tx: [tx.is_hard_deleted(*row) for row in rows]) == [True, False, False, False]


def test_removing_a_version_leaves_its_blobs_to_the_caller(store: OpenStore) -> None:
    bucket = store.bucket()
    (stored,) = store.insert(version(bucket, blob="s"))
    store.write(lambda tx: tx.remove_version(stored))
    assert store.write(lambda tx: tx.garbage(2**62, 10)) == []


@pytest.mark.parametrize("count", [1, 3000])
def test_many_blobs_are_asked_for_at_once(store: OpenStore, count: int) -> None:
    bucket = store.bucket()
    store.insert(*(version(bucket, f"k{number}", blob=f"b{number}") for number in range(0, count, 2)))
    asked = [f"b{number}" for number in range(count)]
    assert store.run(lambda: store.port.referenced_blobs(asked)) == set(asked[::2])
