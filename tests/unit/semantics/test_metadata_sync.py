"""Of two edits the later one stands, and both sides agree which one that is."""

from __future__ import annotations

import msgspec
import pytest

from farshore.model.access_control import Grant, Permission
from farshore.model.objects import Modified, Version
from farshore.model.replication import TaskKind
from farshore.semantics.metadata_sync import edited, is_later, taken_over

VERSION = Version(bucket_id=1, key="k", version_id="v", created_us=1, owner="o", modified=Modified(tags_us=5, acl_us=6))
ONE, TWO = (Grant("one", Permission.READ),), (Grant("two", Permission.READ),)


def tagged(tags: dict[str, str], at_us: int) -> Version:
    return msgspec.structs.replace(VERSION, tags=tags, modified=Modified(tags_us=at_us, acl_us=99))


def granted(acl: tuple[Grant, ...] | None, at_us: int) -> Version:
    return msgspec.structs.replace(VERSION, acl=acl, modified=Modified(tags_us=99, acl_us=at_us))


PAIRS = [
    (TaskKind.TAGS, tagged({"b": "1"}, 8), tagged({"a": "1"}, 7)),
    (TaskKind.TAGS, tagged({}, 8), tagged({"a": "1"}, 7)),
    (TaskKind.TAGS, tagged({"b": "1"}, 7), tagged({"a": "1"}, 7)),
    (TaskKind.TAGS, tagged({"a": "1"}, 7), tagged({}, 7)),
    (TaskKind.ACL, granted(ONE, 8), granted(TWO, 7)),
    (TaskKind.ACL, granted(None, 8), granted(TWO, 7)),
    (TaskKind.ACL, granted(TWO, 7), granted(ONE, 7)),
]


@pytest.mark.parametrize(("kind", "later", "earlier"), PAIRS)
def test_one_of_two_edits_is_later_and_the_other_is_not(kind: TaskKind, later: Version, earlier: Version) -> None:
    assert is_later(later, earlier, kind) and not is_later(earlier, later, kind)


@pytest.mark.parametrize("kind", [TaskKind.TAGS, TaskKind.ACL])
def test_an_edit_is_not_later_than_itself(kind: TaskKind) -> None:
    reordered = tagged({"b": "2", "a": "1"}, 7)
    assert not is_later(tagged({"a": "1", "b": "2"}, 7), reordered, kind)


@pytest.mark.parametrize(("now_us", "at_us"), [(10, 10), (6, 6), (5, 6), (1, 6)])
def test_an_edit_is_later_than_what_stands_whatever_the_clock_says(now_us: int, at_us: int) -> None:
    assert edited(VERSION, TaskKind.TAGS, now_us) == Modified(tags_us=at_us, acl_us=6)


def test_times_of_one_kind_leave_the_other_alone() -> None:
    assert edited(VERSION, TaskKind.ACL, 10) == Modified(tags_us=5, acl_us=10)
    assert taken_over(VERSION, tagged({}, 3), TaskKind.TAGS) == Modified(tags_us=3, acl_us=6)
    assert taken_over(VERSION, granted(None, 4), TaskKind.ACL) == Modified(tags_us=5, acl_us=4)
