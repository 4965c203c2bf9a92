"""Judge what seemed to differ: read it anew on both sides, until the source stands still meanwhile.

Both sides are read one after the other while replication goes on. What changes in between is no difference: a verdict
stands when the source says the same before and after the destination was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from farshore.metadata.store import MetadataStore, Reader
from farshore.model.objects import Version
from farshore.model.replication import DestinationState, ReplicationStatus
from farshore.model.verification import Field
from farshore.replication.expectation import Expectation, Expected
from farshore.replication.verified import Damaged, Difference, Kind, Shown, Why
from farshore.runtime.iso_time import iso_time
from farshore.semantics.replica_comparison import differing
from farshore.semantics.replication_status import state_of

ROUNDS_MAX = 8
"""A version that changes as often as it is read is not judged: it is on its way."""

_OF_METADATA = frozenset((Field.TAGS, Field.ACL))

Name = tuple[str, str]
"""(key, version id)."""


class Equal(NamedTuple):
    expected: Expected
    replica: Version


class Pending(NamedTuple):
    """A task brings it, or an edit of it, or it changes all the time."""


class Differs(NamedTuple):
    """expected: None for what is extra."""

    difference: Difference
    expected: Expected | None


Verdict = Equal | Pending | Differs | None
"""None: there is nothing to be said: it is not expected, or gone from both sides."""


class _Source(NamedTuple):
    version: Version | None
    has_task: bool


class _There(NamedTuple):
    version: Version | None
    in_order: bool
    hard_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Of one source bucket and one destination."""

    source: MetadataStore
    source_id: int
    source_name: str
    destination: MetadataStore
    destination_id: int
    destination_name: str
    expectation: Expectation

    async def judge(self, names: Sequence[Name]) -> dict[Name, Verdict]:
        """A verdict for each, in the order of the names."""
        verdicts: dict[Name, Verdict] = dict.fromkeys(names)
        if not verdicts:
            return verdicts
        left = list(verdicts)
        before = await self.source.read(lambda reader: self._of_source(reader, left))
        for _ in range(ROUNDS_MAX):
            there = await self.destination.read(lambda reader, left=left: self._of_destination(reader, left))
            after = await self.source.read(lambda reader, left=left: self._of_source(reader, left))
            changed: list[Name] = []
            for name in left:
                if before[name] == after[name]:
                    verdicts[name] = self._verdict(name, after[name], there[name])
                else:
                    verdicts[name] = Pending()
                    changed.append(name)
            if not changed:
                break
            left, before = changed, after
        return verdicts

    def _of_source(self, reader: Reader, names: Sequence[Name]) -> dict[Name, _Source]:
        found: dict[Name, _Source] = {}
        for key, version_id in names:
            version = reader.version(self.source_id, key, version_id)
            state = None if version is None else state_of(version, self.destination_name)
            has_task = (
                state is not None
                and state.status is ReplicationStatus.PENDING
                and any(
                    task.destination == self.destination_name
                    for task in reader.tasks_of_version(self.source_id, key, version_id)
                )
            )
            found[key, version_id] = _Source(version, has_task)
        return found

    def _of_destination(self, reader: Reader, names: Sequence[Name]) -> dict[Name, _There]:
        found: dict[Name, _There] = {}
        for key, version_id in names:
            version = reader.version(self.destination_id, key, version_id)
            in_order = hard_deleted = False
            if version is None:
                hard_deleted = reader.is_hard_deleted(self.destination_id, key, version_id)
            else:
                newest = reader.current(self.destination_id, key)
                in_order = version.latest == (newest is not None and newest.row == version.row)
            found[key, version_id] = _There(version, in_order, hard_deleted)
        return found

    def _verdict(self, name: Name, source: _Source, there: _There) -> Verdict:
        if source.version is None:
            return None if there.version is None else Differs(self._extra(name, there.version), None)
        expected = self.expectation.of(source.version)
        if expected is None:
            return None
        fields: tuple[Field, ...] = ()
        if there.version is not None:
            fields = differing(
                expected.replica,
                there.version,
                latitude=self.expectation.latitude(expected),
                in_order=there.in_order,
            )
            if source.version.is_replica and state_of(there.version, self.source_name) is not None:
                # It is what the source has a replica of: changes of metadata are all that travel back to it. Whether
                # the two are alike otherwise, the direction that brought the replica tells.
                fields = tuple(field for field in fields if field in _OF_METADATA)
            if not fields:
                return Equal(expected, there.version)
        if _is_on_its_way(expected.state, source.has_task, fields) or self._travels_back(there.version, fields):
            return Pending()
        return Differs(self._difference(expected, source, there, fields), expected)

    def _travels_back(self, replica: Version | None, fields: Sequence[Field]) -> bool:
        """Whether what differs is an edit of the replica that is on its way to the source."""
        if replica is None or not _OF_METADATA.issuperset(fields):
            return False
        state = state_of(replica, self.source_name)
        return state is not None and state.status is ReplicationStatus.PENDING

    def _extra(self, name: Name, version: Version) -> Difference:
        return Difference(
            destination=self.destination_name,
            kind=Kind.EXTRA,
            key=name[0],
            version_id=name[1],
            found=shown(version),
            why=None if version.is_replica else Why.WRITTEN_THERE,
        )

    def _difference(self, expected: Expected, source: _Source, there: _There, fields: tuple[Field, ...]) -> Difference:
        version, state = expected.version, expected.state
        return Difference(
            destination=self.destination_name,
            kind=Kind.MISSING if there.version is None else Kind.DIFFERENT,
            key=version.key,
            version_id=version.version_id,
            fields=fields,
            source=shown(version),
            found=None if there.version is None else shown(there.version),
            status=None if state is None else state.status,
            code=None if state is None else state.reason,
            why=_why(state, source.has_task, there),
        )


def shown(version: Version) -> Shown:
    return Shown(
        last_modified=iso_time(version.created_us),
        latest=version.latest,
        delete_marker=version.delete_marker,
        size=version.size,
        etag=version.etag,
        storage_class=version.storage_class,
    )


def bodies_damaged(equal: Equal, destination: str, *, source: bool, replica: bool) -> Difference:
    """Stored bytes are damaged, all else being right: those of the source, of the replica, or both."""
    state = equal.expected.state
    sides = ((Damaged.SOURCE, source), (Damaged.DESTINATION, replica))
    return Difference(
        destination=destination,
        kind=Kind.SOURCE_DAMAGED if source else Kind.DIFFERENT,
        key=equal.expected.version.key,
        version_id=equal.expected.version.version_id,
        fields=(Field.BODY,),
        damaged=tuple(side for side, is_damaged in sides if is_damaged),
        source=shown(equal.expected.version),
        found=shown(equal.replica),
        status=None if state is None else state.status,
    )


def _is_on_its_way(state: DestinationState | None, has_task: bool, fields: Sequence[Field]) -> bool:
    """Whether a task brings what is missing or differs: the version itself, or edits of it alone."""
    if state is None or not has_task:
        return False
    return not state.changed or bool(fields and _OF_METADATA.issuperset(fields))


def _why(state: DestinationState | None, has_task: bool, there: _There) -> Why | None:
    if state is None:
        return Why.UNRECORDED
    if there.hard_deleted:
        return Why.DELETED_THERE
    if state.status is ReplicationStatus.PENDING:
        return None if has_task else Why.NO_TASK
    return Why.REFUSED if state.status is ReplicationStatus.FAILED else None
