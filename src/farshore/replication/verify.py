"""Verify a destination: compare what is stored there with what its source says ought to be there, whatever the
statuses say; with repair, let go again what is missing or differs.

The versions of the source are walked in order, piece by piece. Of each piece both sides make a digest; where the two
are equal nothing more is read. Only one piece is held at a time; every read is one of a thread, on a snapshot of its
own; what replication changes meanwhile is no difference (`judgement`). Versions that are extra in the destination are
reported and left.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from farshore.metadata.store import Reader, Transaction
from farshore.model.access_control import ObjectOwnership
from farshore.model.buckets import Bucket
from farshore.model.objects import Version
from farshore.model.replication import FailureCode
from farshore.model.verification import VerificationCounts, VerificationRecord, found_equal
from farshore.replication.body_check import damaged_bodies
from farshore.replication.expectation import Expectation, Receiver
from farshore.replication.explain import read_history
from farshore.replication.judgement import Differs, Equal, Judge, Name, Pending, bodies_damaged
from farshore.replication.outcome import Failed
from farshore.replication.role import Roles
from farshore.replication.sides import (
    Destination,
    Piece,
    Place,
    SourcePiece,
    in_order,
    read_source,
)
from farshore.replication.verified import Begun, Difference, Kind, Line, Progress, Repair, Result, Why
from farshore.runtime.slices import slices
from farshore.semantics.key_ranges import prefix_end
from farshore.semantics.replica_comparison import digest_of, row_of
from farshore.service.bucket_access import stored_ownership
from farshore.service.deployment import Deployment, Region
from farshore.service.repair import Fault, Repaired, repair

PIECE_VERSIONS = 512

PROGRESS_S = 1.0

REPAIRED_AT_ONCE = 100
"""Versions let go again in one command, during which others wait."""

_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be verified.

    prefix: of keys; empty for all. deep: read the bodies too. piece_versions: versions of one piece.
    permitted: whether the caller may let a version go again (key, version id); None without repair.
    """

    prefix: str = ""
    deep: bool = False
    piece_versions: int = PIECE_VERSIONS
    permitted: Callable[[str, str], bool] | None = None


Side = tuple[Region, Bucket]


async def verify(deployment: Deployment, source: Side, destination: Side, asked: Asked) -> AsyncGenerator[Line]:
    """Verify one destination of a source bucket: a line when it begins, for each difference, now and then, at the end.

    Ends early, with a result that is not complete, when the server drains; leave it where it stands by closing it.
    The result of a whole bucket is kept for `bucket_status`.

    Raises:
        StoreUnavailable, BlobsUnavailable: of either side.
    """
    async for line in _Walk(deployment, source, destination, asked).run():
        yield line


async def led_there(region: Region, bucket: Bucket, destination: str) -> bool:
    """Whether a rule of the source bucket names the destination, or did, or anything of it ever went there."""

    def read(reader: Reader) -> bool:
        configurations = (era.configuration for era in read_history(reader, bucket.id))
        rules = (rule for each in configurations if each is not None for rule in each.rules)
        if any(rule.destination == destination for rule in rules):
            return True
        routes = (account.route for account in reader.metrics.accounts())
        return any(route.bucket_id == bucket.id and route.destination == destination for route in routes)

    return await region.metadata.read(read)


class _Walk:
    """One verification on its way."""

    def __init__(self, deployment: Deployment, source: Side, destination: Side, asked: Asked) -> None:
        self._deployment = deployment
        self._source, self._bucket = source
        self._there, self._replicas = destination
        self._asked = asked
        self._counts = VerificationCounts()
        self._compared, self._found, self._damaged = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
        self._expectation = _expectation(deployment, source, destination)
        self._side = Destination(self._replicas.id, self._expectation.ranges, self._bucket.name)
        self._judge = Judge(
            source=self._source.metadata,
            source_id=self._bucket.id,
            source_name=self._bucket.name,
            destination=self._there.metadata,
            destination_id=self._replicas.id,
            destination_name=self._replicas.name,
            expectation=self._expectation,
        )

    async def run(self) -> AsyncGenerator[Line]:
        began_us, began = self._deployment.clock.now_us(), time.monotonic()
        piece = Piece(start=self._asked.prefix.encode(), end=prefix_end(self._asked.prefix))
        yield await self._begun(piece)
        told, complete = began, False
        while not complete and not self._deployment.watches[self._source.name].ended:
            after, differences = await self._verify_piece(piece)
            for difference in differences:
                yield difference
            complete = after is None
            piece = replace(piece, after=after)
            if time.monotonic() - told >= PROGRESS_S:
                told = time.monotonic()
                yield Progress(destination=self._replicas.name, counts=msgspec.structs.replace(self._counts))
        if complete and not self._asked.prefix:
            await self._keep(began_us)
        yield Result(
            destination=self._replicas.name,
            complete=complete,
            equal=complete and found_equal(self._counts),
            counts=self._counts,
            took_s=round(time.monotonic() - began, 3),
            digest=self._digest(),
        )

    async def _begun(self, piece: Piece) -> Begun:
        versions = await self._source.metadata.read(
            lambda reader: reader.survey.versions(self._bucket.id, piece.start, piece.end)
        )
        return Begun(
            bucket=self._bucket.name,
            region=self._source.name,
            destination=self._replicas.name,
            destination_region=self._there.name,
            prefix=self._asked.prefix,
            deep=self._asked.deep,
            versions=versions,
        )

    async def _verify_piece(self, piece: Piece) -> tuple[Place | None, Sequence[Difference]]:
        """Verify the next piece; returns where it ended (None: with the bucket) and the differences in it."""
        size = self._asked.piece_versions
        found = await self._read_source(piece, size)
        piece = replace(piece, upto=found.upto)
        there = await self._there.metadata.read(lambda reader: self._side.digest(reader, piece, 2 * size))
        if there.cut is not None:
            piece = replace(piece, upto=there.cut)
            found = await self._read_source(piece, size + 1)
        self._counts.versions += found.versions
        self._counts.not_expected += found.versions - len(found.expected)
        self._compared.update(b"".join(found.rows))
        if there.cut is None and there.digest == digest_of(found.rows) and not self._asked.deep:
            self._counts.equal += len(found.expected)
            return piece.upto, ()
        differences = await self._compare(found, piece)
        for each in differences:
            (self._damaged if each.damaged else self._found).update(_encode(each))
        if self._asked.permitted is not None:
            differences = await self._repair(differences)
        return piece.upto, differences

    async def _read_source(self, piece: Piece, limit: int) -> SourcePiece:
        return await self._source.metadata.read(
            lambda reader: read_source(reader, self._bucket.id, self._expectation, piece, limit)
        )

    async def _compare(self, found: SourcePiece, piece: Piece) -> list[Difference]:
        """List a piece of the destination, and judge what is not alike."""
        listed = await self._there.metadata.read(lambda reader: self._side.list(reader, piece))
        rows = {(each.version.key, each.version.version_id): each for each in listed}
        alike: list[Equal] = []
        doubtful: list[Version] = []
        for expected, row in zip(found.expected, found.rows, strict=True):
            replica = rows.pop((expected.version.key, expected.version.version_id), None)
            if replica is not None and row_of(replica.version, in_order=replica.in_order) == row:
                alike.append(Equal(expected, replica.version))
            else:
                doubtful.append(expected.version)
        doubtful += [each.version for each in rows.values()]
        judged = await self._judge.judge([(each.key, each.version_id) for each in in_order(doubtful)])
        differences: list[Difference] = []
        for name, verdict in judged.items():
            if name in rows:
                # What the source has elsewhere in the order, or has had since, is told where it stands there.
                if isinstance(verdict, Differs) and verdict.difference.kind is Kind.EXTRA:
                    differences.append(verdict.difference)
            elif isinstance(verdict, Differs):
                differences.append(verdict.difference)
            elif isinstance(verdict, Equal):
                alike.append(verdict)
            elif isinstance(verdict, Pending):
                self._counts.pending += 1
        if self._asked.deep:
            sound, damaged = await self._read_bodies(alike)
            alike = sound
            differences += damaged
        self._counts.equal += len(alike)
        for each in differences:
            self._count(each)
        return differences

    async def _read_bodies(self, alike: Sequence[Equal]) -> tuple[list[Equal], list[Difference]]:
        """Read both bodies of versions that are alike in all else."""
        sources = await damaged_bodies(self._source, [each.expected.version for each in alike])
        replicas = await damaged_bodies(self._there, [each.replica for each in alike])
        self._counts.bytes += 2 * sum(each.replica.size for each in alike)
        source_rows, replica_rows = {each.row for each in sources}, {each.row for each in replicas}
        sound: list[Equal] = []
        damaged: list[Difference] = []
        for each in alike:
            sides = (each.expected.version.row in source_rows, each.replica.row in replica_rows)
            if any(sides):
                damaged.append(bodies_damaged(each, self._replicas.name, source=sides[0], replica=sides[1]))
            else:
                sound.append(each)
        return sound, damaged

    def _count(self, difference: Difference) -> None:
        match difference.kind:
            case Kind.MISSING:
                self._counts.missing += 1
            case Kind.DIFFERENT:
                self._counts.different += 1
            case Kind.EXTRA:
                self._counts.extra += 1
            case Kind.SOURCE_DAMAGED:
                self._counts.source_damaged += 1

    async def _repair(self, differences: Sequence[Difference]) -> list[Difference]:
        """Let go again what can be; each with what becomes of it."""
        assert self._asked.permitted is not None
        left: dict[Name, FailureCode | None] = {}
        faults: list[Fault] = []
        for each in differences:
            name = (each.key, each.version_id)
            if each.kind in (Kind.EXTRA, Kind.SOURCE_DAMAGED):
                left[name] = None
            elif each.why is Why.DELETED_THERE:
                left[name] = FailureCode.DST_OBJECT_HARD_DELETED
            else:
                faults.append(Fault(key=each.key, version_id=each.version_id, fields=each.fields))
        going: set[Name] = set()
        for some in slices(faults, REPAIRED_AT_ONCE):
            permitted = [each for each in some if self._asked.permitted(each.key, each.version_id)]
            left |= {
                (each.key, each.version_id): FailureCode.INITIATE_REPLICATION_NOT_PERMITTED
                for each in some
                if each not in permitted
            }
            done = await self._source.metadata.write(lambda tx, some=permitted: self._let_go(tx, some))
            going |= done.going
            left |= done.left
        if going:
            self._deployment.ring(self._source.name)
        self._counts.repaired += len(going)
        self._counts.left += len(left)
        return [_with_repair(each, going, left) for each in differences]

    def _let_go(self, tx: Transaction, faults: Sequence[Fault]) -> Repaired:
        bucket = tx.bucket_by_id(self._bucket.id)
        if bucket is None:
            return Repaired()
        configuration = self._deployment.configurations.get(tx, bucket)
        now_us = self._deployment.clock.now_us()
        return repair(tx, configuration, bucket.id, self._replicas.name, faults, now_us)

    def _digest(self) -> str:
        """The same of two verifications that compared and found the same, whatever their pieces were."""
        parts = (self._compared, self._found, self._damaged)
        return hashlib.sha256(b"".join(part.digest() for part in parts)).hexdigest()

    async def _keep(self, began_us: int) -> None:
        record = VerificationRecord(
            destination=self._replicas.name,
            began_us=began_us,
            ended_us=self._deployment.clock.now_us(),
            deep=self._asked.deep,
            counts=self._counts,
            digest=self._digest(),
        )

        def command(tx: Transaction) -> None:
            if tx.bucket_by_id(self._bucket.id) is not None:
                tx.records.put_verification(self._bucket.id, record)

        await self._source.metadata.write(command)


def _with_repair(difference: Difference, going: set[Name], left: Mapping[Name, FailureCode | None]) -> Difference:
    name = (difference.key, difference.version_id)
    if name in going:
        return msgspec.structs.replace(difference, repair=Repair.ON_ITS_WAY)
    if name in left:
        return msgspec.structs.replace(difference, repair=Repair.LEFT, code=left[name] or difference.code)
    return difference  # It is gone since.


def _expectation(deployment: Deployment, source: Side, destination: Side) -> Expectation:
    """Everything that decides what ought to be there, as it is now."""
    (region, bucket), (there, replicas) = source, destination
    reader = region.metadata.reader
    configuration = deployment.configurations.get(reader, bucket)
    permissions = None
    if configuration is not None:
        found = Roles(deployment).permissions(configuration.role, source, destination)
        permissions = None if isinstance(found, Failed) else found
    ownership = stored_ownership(there.metadata.reader, replicas)
    receiver = Receiver(
        name=replicas.name, owner=replicas.owner, enforced=ownership is ObjectOwnership.BUCKET_OWNER_ENFORCED
    )
    return Expectation(configuration, read_history(reader, bucket.id), receiver, permissions)
