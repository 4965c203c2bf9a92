"""Versions in the metadata port: found by every road, in one order, with what belongs to them."""

from __future__ import annotations

import base64
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.metadata import OpenStore, SqlitePlace, failed, multipart, version, with_row

from farshore.metadata.store import Reader
from farshore.model.access_control import Grant, Permission
from farshore.model.objects import Attributes, Checksum, ChecksumType, Modified, Part, Version
from farshore.model.replication import DestinationState, ReplicationStatus
from farshore.runtime.ids import version_id


def full(bucket_id: int) -> Version:
    """A version that says something in every field."""
    return version(
        bucket_id,
        "ü/\U0001f600\u0001",
        created_us=1_700_000_000_123_456,
        version_id="v1",
        latest=True,
        size=7,
        etag="e-2",
        storage_class="STANDARD_IA",
        attributes=Attributes(
            headers={"ContentType": "text/plain", "Expires": "never"},
            metadata={"author": "mé"},
            checksum=Checksum("CRC32C", "AAAAAA==-2", ChecksumType.COMPOSITE),
            parts=(Part(1, 5, "a", "blob-a", Checksum("CRC32C", "AAAAAA=="), 3), Part(9, 2, "b", "blob-b")),
            server_side_encryption="aws:kms",
            replica=True,
        ),
        tags={"b": "2", "a": ""},
        replication_status=ReplicationStatus.FAILED,
        destinations=(DestinationState("one", ReplicationStatus.COMPLETED, "r", 5), failed("two", 6)),
    )


def test_every_road_to_a_version_shows_all_that_it_has(store: OpenStore) -> None:
    bucket = store.bucket()
    (stored,) = store.insert(full(bucket))
    assert stored.row > 0
    reader = store.reader
    roads = [
        reader.current(bucket, stored.key),
        reader.version(bucket, stored.key, "v1"),
        reader.find("bucket", stored.key, None)[1],
        reader.find("bucket", stored.key, "v1")[1],
        *reader.scan_current(bucket, b"", True),
        *reader.scan_versions(bucket, b"", True),
        *reader.scan_versions_after(bucket, b"", 0, ""),
    ]
    assert roads == [stored] * 7
    assert list(stored.tags) == ["b", "a"]
    assert store.write(lambda tx: tx.version(bucket, stored.key, "v1")) == stored


def test_a_plain_version_comes_back_with_its_defaults(store: OpenStore) -> None:
    bucket = store.bucket()
    (stored,) = store.insert(version(bucket))
    assert store.reader.current(bucket, "key") == stored
    assert (stored.tags, stored.destinations, stored.attributes) == ({}, (), Attributes())


def test_what_is_not_there_is_not_found(store: OpenStore) -> None:
    bucket = store.bucket()
    store.insert(version(bucket, "key", version_id="v"))
    reader = store.reader
    assert reader.find("no-bucket", "key", None) == (None, None)
    assert reader.find("bucket", "other", None) == (reader.bucket("bucket"), None)
    for absent in ("w", "null", version_id(1), "_" * 32, "", "\u0000"):
        assert reader.find("bucket", "key", absent) == (reader.bucket("bucket"), None)
        assert reader.version(bucket, "key", absent) is None
    assert reader.version(bucket, "Key", "v") is None
    assert reader.version(bucket + 1, "key", "v") is None
    assert reader.current(bucket + 1, "key") is None
    assert not reader.has_versions(bucket + 1)
    assert reader.has_versions(bucket)


def our_id(created_us: int, seed: int) -> str:
    raw = created_us.to_bytes(8, "big") + random.Random(seed).randbytes(16)
    return base64.b64encode(raw, altchars=b"._").decode()


@pytest.mark.parametrize(
    ("created_us", "name"),
    [
        (1_700_000_000_000_000, our_id(1_700_000_000_000_000, 1)),  # an id that tells the time of its version
        (1_700_000_000_000_000, our_id(1_600_000_000_000_000, 1)),  # another time than its version's
        (1_700_000_000_000_000, our_id(2**64 - 1, 1)),  # no time that a column holds
        (1, "null"),
        (1, "3/L4kqtJlcpXroDTDmpUMLUo"),
        (0, "v"),
        (2**62, "v" * 1024),
    ],
)
def test_a_version_is_found_by_its_id_whatever_the_id_says(store: OpenStore, created_us: int, name: str) -> None:
    bucket = store.bucket()
    others = [version(bucket, "key", created_us + 1, "newer"), version(bucket, "other", created_us, name)]
    (stored, newer, _) = store.insert(version(bucket, "key", created_us, name, latest=False), *others)

    def check(stored: Version) -> None:
        assert store.reader.version(bucket, "key", name) == stored
        assert store.reader.versions([(bucket, "key", name)]) == {(bucket, "key", name): stored}
        assert store.reader.find("bucket", "key", name) == (store.reader.bucket("bucket"), stored)

    check(stored)
    store.write(lambda tx: (tx.remove_version(newer), tx.set_latest(stored.row, True)))
    latest = msgspec.structs.replace(stored, latest=True)
    check(latest)
    store.write(lambda tx: (tx.set_latest(stored.row, False), tx.insert_version(newer, None)))
    check(stored)
    store.write(lambda tx: tx.remove_version(stored))
    assert store.reader.version(bucket, "key", name) is None


def test_the_current_version_is_the_newest_and_may_be_a_delete_marker(store: OpenStore) -> None:
    bucket = store.bucket()
    store.insert(version(bucket, "k", 5, "b"), version(bucket, "k", 7, "a", delete_marker=True))
    store.insert(version(bucket, "k", 6, "z"), version(bucket, "k", 5, "c"))
    current = store.reader.current(bucket, "k")
    assert current is not None and (current.version_id, current.delete_marker) == ("a", True)
    assert store.reader.find("bucket", "k", None)[1] == current
    assert [row.version_id for row in store.reader.scan_versions(bucket, b"", True)] == ["a", "z", "c", "b"]


def test_the_same_place_in_the_order_is_taken_once(store: OpenStore) -> None:
    bucket = store.bucket()
    (stored,) = store.insert(version(bucket, "k", 5, "v", etag="first"))
    with pytest.raises(AssertionError, match="exists"):
        store.insert(version(bucket, "k", 5, "v", etag="second"))
    assert list(store.reader.scan_versions(bucket, b"", True)) == [stored]
    store.insert(version(bucket, "k", 6, "v2"), version(bucket, "K", 5, "v"))


def test_a_body_is_kept_beside_its_version_and_goes_with_it(store: OpenStore) -> None:
    bucket = store.bucket()
    body = random.Random(1).randbytes(200_000)
    inline = version(bucket, "inline", inline=True, size=len(body))
    row = store.write(lambda tx: tx.insert_version(inline, body))
    (bare,) = store.insert(version(bucket, "bare"))
    assert store.reader.body(row) == body
    with pytest.raises(KeyError):
        store.reader.body(bare.row)
    store.write(lambda tx: tx.remove_version(with_row(inline, row)))
    with pytest.raises(KeyError):
        store.reader.body(row)
    assert store.reader.current(bucket, "inline") is None


@pytest.mark.parametrize(("inline", "body"), [(True, None), (False, b"")])
def test_a_body_comes_with_an_inline_version_and_with_no_other(
    store: OpenStore, inline: bool, body: bytes | None
) -> None:
    bucket = store.bucket()
    with pytest.raises(AssertionError):
        store.write(lambda tx: tx.insert_version(version(bucket, inline=inline), body))
    assert not store.reader.has_versions(bucket)


def test_a_row_is_never_used_again(store: OpenStore) -> None:
    """A reader that looked a version up before it was replaced must find its body gone, not another's."""
    bucket = store.bucket()
    (old,) = store.insert(version(bucket, "old", inline=True))
    store.write(lambda tx: tx.remove_version(old))
    store.reopen()
    (new,) = store.insert(version(bucket, "new", inline=True))
    assert new.row > old.row
    with pytest.raises(KeyError):
        store.reader.body(old.row)


def test_changes_of_a_version_stand_alone(store: OpenStore) -> None:
    bucket = store.bucket()
    stored, other = store.insert(full(bucket), version(bucket, "other", version_id="v1"))
    states = (DestinationState("one", ReplicationStatus.PENDING, "r", 9),)
    modified = Modified(tags_us=7, acl_us=8)
    acl = (Grant("someone", Permission.READ),)
    store.write(lambda tx: tx.set_tags(stored.row, {"new": "tag"}, modified))
    store.write(lambda tx: tx.set_acl(stored.row, acl, modified))
    store.write(lambda tx: tx.set_latest(stored.row, False))
    store.write(lambda tx: tx.set_replication(stored.row, ReplicationStatus.PENDING, states))
    changed = store.reader.version(bucket, stored.key, "v1")
    assert changed is not None
    assert (changed.tags, changed.latest) == ({"new": "tag"}, False)
    assert (changed.acl, changed.modified) == (acl, modified)
    assert (changed.replication_status, changed.destinations) == (ReplicationStatus.PENDING, states)
    assert (changed.attributes, changed.etag, changed.row) == (stored.attributes, stored.etag, stored.row)
    store.write(lambda tx: tx.set_tags(stored.row, {}, Modified()))
    store.write(lambda tx: tx.set_acl(stored.row, None, Modified()))
    store.write(lambda tx: tx.set_replication(stored.row, None, ()))
    changed = store.reader.version(bucket, stored.key, "v1")
    assert changed is not None
    assert (changed.tags, changed.replication_status, changed.destinations) == ({}, None, ())
    assert (changed.acl, changed.modified) == (None, Modified())
    assert store.reader.current(bucket, "other") == other


KEYS = ["", "a", "a/", "a/b", "a0", "b", "e\u0301", "z" * 1024, "é", "\ufffd", "\U0001f600"]
"""In the order of their UTF-8 bytes; their UTF-16 code units come in another."""


def test_keys_are_scanned_in_the_order_of_their_bytes(store: OpenStore) -> None:
    bucket, other = store.bucket("a"), store.bucket("b")
    shuffled = random.Random(1).sample(KEYS, len(KEYS))
    store.insert(*(version(bucket, key) for key in shuffled), version(other, "foreign"))
    for scan in (store.reader.scan_current, store.reader.scan_versions):
        assert [row.key for row in scan(bucket, b"", True)] == KEYS
        for place, key in enumerate(KEYS):
            assert [row.key for row in scan(bucket, key.encode(), True)] == KEYS[place:]
            assert [row.key for row in scan(bucket, key.encode(), False)] == KEYS[place + 1 :]
        assert [row.key for row in scan(bucket, b"a/\xff", True)] == KEYS[4:]
        assert list(scan(bucket, b"\xff", True)) == []
        assert list(scan(77, b"", True)) == []


def test_a_scan_of_current_objects_passes_old_versions_and_delete_markers_over(store: OpenStore) -> None:
    bucket = store.bucket()
    store.insert(
        version(bucket, "both", 1, "old", latest=False, size=100),
        version(bucket, "both", 2, "new", size=3),
        version(bucket, "deleted", 1, "old", latest=False, size=100),
        version(bucket, "deleted", 2, "marker", delete_marker=True),
        version(bucket, "one", 1, "v", size=4),
    )
    assert [(row.key, row.version_id) for row in store.reader.scan_current(bucket, b"", True)] == [
        ("both", "new"),
        ("one", "v"),
    ]
    assert store.reader.counts(bucket) == (2, 7)
    assert store.reader.counts(77) == (0, 0)


VERSIONS = st.lists(
    st.tuples(
        st.sampled_from(["a", "a/b", "b"]), st.integers(0, 4), st.sampled_from(["null", "A", "a", "é", "z", "zz"])
    ),
    unique=True,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(rows=VERSIONS, data=st.data())
def test_versions_are_scanned_by_key_then_newest_first_from_any_place(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, str]], data: st.DataObject
) -> None:
    """Newest is by time, then by id; a place need not hold a version."""

    def place_of(row: tuple[str, int, str]) -> tuple[bytes, int, list[int]]:
        key, created_us, name = row
        return key.encode(), -created_us, [-byte for byte in name.encode()] + [1]

    def seen(reader: Reader, after: tuple[str, int, str]) -> tuple[list[tuple[str, int, str]], ...]:
        key, created_us, name = after
        scans = (
            reader.scan_versions(bucket, b"", True),
            reader.scan_versions(bucket, key.encode(), True),
            reader.scan_versions_after(bucket, key.encode(), created_us, name),
        )
        return tuple([(row.key, row.created_us, row.version_id) for row in scan] for scan in scans)

    store = OpenStore(SqlitePlace(str(tmp_path_factory.mktemp("order") / "region.db")))
    try:
        bucket = store.bucket()
        store.insert(*(version(bucket, *row) for row in rows))
        after = data.draw(st.tuples(st.sampled_from(["a", "a/b", "b", "0"]), st.integers(0, 4), st.just("b")))
        if rows and data.draw(st.booleans()):
            after = data.draw(st.sampled_from(rows))
        ordered = sorted(rows, key=place_of)
        expected = (
            ordered,
            [row for row in ordered if row[0] >= after[0]],
            [row for row in ordered if place_of(row) > place_of(after)],
        )
        assert seen(store.reader, after) == expected
        assert store.read(lambda reader: seen(reader, after)) == expected
        assert store.write(lambda tx: seen(tx, after)) == expected
    finally:
        store.close()


def test_blobs_are_referred_to_by_versions_and_by_parts(store: OpenStore) -> None:
    bucket = store.bucket()
    single, parts, twin = store.insert(
        version(bucket, "single", blob="s"),
        multipart(bucket, "p1", "p2", key="parts"),
        multipart(bucket, "p2", "p3", key="twin"),
    )

    def referenced() -> set[str]:
        return store.run(lambda: store.port.referenced_blobs(["s", "p1", "p2", "p3", "u1", "none", "s"]))

    assert referenced() == {"s", "p1", "p2", "p3"}
    store.write(lambda tx: tx.remove_version(parts))
    assert referenced() == {"s", "p2", "p3"}
    store.write(lambda tx: tx.remove_version(twin))
    store.write(lambda tx: tx.remove_version(single))
    assert referenced() == set()
    assert store.run(lambda: store.port.referenced_blobs([])) == set()
