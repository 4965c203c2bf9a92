"""Changes of tags and ACLs on both sides of a replication: which of two stands, so that both sides come to be alike.

Source: S3 User Guide, "Replicating metadata changes with replica modification sync". AWS does not say what becomes of
edits on both sides at the same time; the later one of each kind standing is our reading.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from farshore.model.access_control import Grant
from farshore.model.objects import Modified, Version
from farshore.model.replication import TaskKind

METADATA = (TaskKind.TAGS, TaskKind.ACL)
"""The kinds of change that make no new version."""


def edited(version: Version, kind: TaskKind, now_us: int) -> Modified:
    """The version's times after an edit, which is later than every edit that it shows, whatever the clock says."""
    if kind is TaskKind.TAGS:
        return msgspec.structs.replace(version.modified, tags_us=max(now_us, version.modified.tags_us + 1))
    assert kind is TaskKind.ACL, kind
    return msgspec.structs.replace(version.modified, acl_us=max(now_us, version.modified.acl_us + 1))


def taken_over(standing: Version, arriving: Version, kind: TaskKind) -> Modified:
    """The times of a version whose tags, or ACL, come from its other side."""
    if kind is TaskKind.TAGS:
        return msgspec.structs.replace(standing.modified, tags_us=arriving.modified.tags_us)
    assert kind is TaskKind.ACL, kind
    return msgspec.structs.replace(standing.modified, acl_us=arriving.modified.acl_us)


def is_later(arriving: Version, standing: Version, kind: TaskKind) -> bool:
    """Whether the tags, or the ACL, of the arriving version take the place of those that stand.

    Edits of the same microsecond are told apart by what they say, so that both sides choose the same one.
    """
    if kind is TaskKind.TAGS:
        return (arriving.modified.tags_us, sorted(arriving.tags.items())) > (
            standing.modified.tags_us,
            sorted(standing.tags.items()),
        )
    assert kind is TaskKind.ACL, kind
    return (arriving.modified.acl_us, _comparable(arriving.acl)) > (standing.modified.acl_us, _comparable(standing.acl))


def _comparable(acl: Sequence[Grant] | None) -> list[tuple[str, str]]:
    return sorted((grant.grantee, grant.permission.value) for grant in acl or ())
