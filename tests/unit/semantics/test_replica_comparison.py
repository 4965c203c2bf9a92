"""A replica is compared with what its source makes, field by field; a digest of rows tells the same of many."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farshore.model.access_control import Grant, Permission
from farshore.model.objects import Attributes, Checksum, ChecksumType, Modified, Part, Version
from farshore.model.replication import DestinationState, ReplicationStatus
from farshore.model.verification import Field
from farshore.semantics.replica_comparison import Latitude, differing, digest_of, row_of

CHECKSUM = Checksum("CRC32", "AAAAAA==")
PARTS = (Part(1, 5, "e1", "blob1", CHECKSUM, 7), Part(2, 3, "e2", "blob2", CHECKSUM, 8))
ACL = (Grant("a" * 64, Permission.READ),)
ATTRIBUTES = Attributes(
    headers={"ContentType": "text/css", "CacheControl": "no-store"},
    metadata={"k": "v", "z": "1"},
    checksum=Checksum("CRC32", "BBBBBB==-2", ChecksumType.COMPOSITE),
    parts=PARTS,
    replica=True,
)
REPLICA = Version(
    bucket_id=1,
    key="k",
    version_id="v1",
    created_us=1_000,
    owner="111122223333",
    size=8,
    etag="e-2",
    attributes=ATTRIBUTES,
    tags={"team": "red", "cost": "1"},
    replication_status=ReplicationStatus.REPLICA,
)


def replica(**members: Any) -> Version:
    return msgspec.structs.replace(REPLICA, **members)


def with_attributes(**members: Any) -> Version:
    return replica(attributes=msgspec.structs.replace(ATTRIBUTES, **members))


DIFFERENT = {
    Field.VERSION_TIME: replica(created_us=1_001),
    Field.DELETE_MARKER: replica(delete_marker=True),
    Field.SIZE: replica(size=9),
    Field.ETAG: replica(etag="e-3"),
    Field.CHECKSUM: with_attributes(checksum=None),
    Field.PARTS: with_attributes(parts=PARTS[:1]),
    Field.HEADERS: with_attributes(headers={"ContentType": "text/css"}),
    Field.METADATA: with_attributes(metadata={"k": "V", "z": "1"}),
    Field.STORAGE_CLASS: replica(storage_class="STANDARD_IA"),
    Field.ENCRYPTION: with_attributes(server_side_encryption="aws:kms"),
    Field.TAGS: replica(tags={"team": "blue", "cost": "1"}),
    Field.ACL: replica(acl=ACL),
    Field.OWNER: replica(owner="444455556666"),
    Field.REPLICA: with_attributes(replica=False),
}
SAME = {
    "where it is stored": replica(bucket_id=2, row=9, blob="other", inline=True),
    "where its parts are": with_attributes(parts=tuple(msgspec.structs.replace(each, blob="x") for each in PARTS)),
    "when its parts came": with_attributes(parts=tuple(msgspec.structs.replace(each, created_us=0) for each in PARTS)),
    "the order of its tags": replica(tags={"cost": "1", "team": "red"}),
    "the order of its metadata": with_attributes(metadata={"z": "1", "k": "v"}),
    "the tags of its creation": with_attributes(tags_at_creation={"a": "b"}),
    "when its tags were edited": replica(modified=Modified(tags_us=5)),
    "where it goes": replica(
        destinations=(DestinationState("back", ReplicationStatus.PENDING, "rule", 1),),
        replication_status=ReplicationStatus.PENDING,
    ),
}


@pytest.mark.parametrize("field", [field for field in Field if field not in (Field.LATEST, Field.BODY)])
def test_each_field_that_differs_is_named_alone_and_changes_the_row(field: Field) -> None:
    other = DIFFERENT[field]
    if field is Field.REPLICA:
        other = msgspec.structs.replace(other, replication_status=None)
    assert differing(REPLICA, other) == (field,)
    assert row_of(other) != row_of(REPLICA)


@pytest.mark.parametrize("what", SAME)
def test_what_is_each_sides_own_is_not_compared(what: str) -> None:
    assert differing(REPLICA, SAME[what]) == ()
    assert row_of(SAME[what]) == row_of(REPLICA)


def test_the_mark_of_the_current_version_counts_by_its_place_and_not_by_the_other_side() -> None:
    """A version that is current here may be old there, where something newer is."""
    assert differing(REPLICA, replica(latest=False)) == ()
    assert differing(REPLICA, REPLICA, in_order=False) == (Field.LATEST,)
    assert row_of(REPLICA, in_order=False) != row_of(REPLICA)


LATITUDE = Latitude(storage_classes=frozenset(("GLACIER_IR",)), owners=frozenset(("444455556666",)), without_tags=True)


@pytest.mark.parametrize(
    ("other", "latitude", "fields"),
    [
        (replica(storage_class="GLACIER_IR"), LATITUDE, ()),
        (replica(storage_class="STANDARD_IA"), LATITUDE, (Field.STORAGE_CLASS,)),
        (replica(storage_class="STANDARD_IA"), Latitude(storage_classes=None), ()),
        (replica(owner="444455556666"), LATITUDE, ()),
        (replica(owner="444455556666", acl=ACL), LATITUDE, ()),
        (replica(owner="777788889999"), LATITUDE, (Field.OWNER,)),
        (replica(tags={}), LATITUDE, ()),
        (replica(tags={"team": "red"}), LATITUDE, (Field.TAGS,)),
        (with_attributes(owner_overridden=True), Latitude(), ()),
    ],
)
def test_what_a_delivery_decided_otherwise_is_right_too(
    other: Version, latitude: Latitude, fields: tuple[Field, ...]
) -> None:
    assert differing(REPLICA, other, latitude=latitude) == fields


def test_acls_of_an_overridden_owner_are_apart() -> None:
    overridden = msgspec.structs.replace(with_attributes(owner_overridden=True), acl=ACL)
    assert differing(REPLICA, overridden) == ()


def test_a_digest_tells_rows_and_their_order_apart() -> None:
    rows = [row_of(replica(version_id=str(number))) for number in range(3)]
    assert digest_of(rows) == digest_of(list(rows))
    assert len({digest_of(rows), digest_of(rows[::-1]), digest_of(rows[:2]), digest_of([]), digest_of(rows * 2)}) == 5
