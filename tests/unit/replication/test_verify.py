"""A verification reports exactly what differs between two stores, whatever is in them, in pieces of any size."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.delivery import deliver, put_rule
from tests.support.deployment import ACCOUNT, EAST, START_US, WEST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata
from tests.support.verifying import run_verification

from farshore.model.objects import Attributes, Checksum, Version
from farshore.model.replication import DestinationState, ReplicationStatus, ReplicationTask, TaskKind
from farshore.model.verification import Field
from farshore.replication.verified import Difference, Kind, Result, Why
from farshore.replication.verify import Asked, verify
from farshore.service.deployment import Region

RULE = "rule"
KEYS = ("in/a", "in/a/b", "in/b", "in/\u00e9", "in/\U0001f600", "in/\uffee", "out/a")
"""In no order. What is under `out/` no rule takes."""

MISSING, EXTRA = Kind.MISSING, Kind.EXTRA
CHANGES: dict[Field, dict[str, Any]] = {
    Field.SIZE: {"size": 77},
    Field.ETAG: {"etag": "another"},
    Field.STORAGE_CLASS: {"storage_class": "STANDARD_IA"},
    Field.TAGS: {"tags": {"by": "hand"}},
    Field.OWNER: {"owner": "999999999999"},
    Field.CHECKSUM: {"attributes": Attributes(metadata={"k": "v"}, replica=True)},
    Field.METADATA: {"attributes": Attributes(checksum=Checksum("CRC32", "AAAAAA=="), replica=True)},
    Field.DELETE_MARKER: {"delete_marker": True},
}

FATES = ("equal", "pending", MISSING, EXTRA, *CHANGES, Field.VERSION_TIME)


@dataclass(frozen=True)
class Given:
    """A version, and what has become of it there: equal, on its way, missing, extra, or the field that differs."""

    key: str
    fate: Any


Names = set[tuple[Kind, str, str, tuple[Field, ...]]]


def named(differences: Sequence[Difference]) -> Names:
    return {(each.kind, each.key, each.version_id, each.fields) for each in differences}


def stacked(versions: list[Version]) -> Iterator[Version]:
    """With the newest of each key as the current one."""
    for _, of_key in itertools.groupby(sorted(versions, key=lambda each: each.key), key=lambda each: each.key):
        newest_first = sorted(of_key, key=lambda each: (each.created_us, each.version_id), reverse=True)
        for place, each in enumerate(newest_first):
            yield msgspec.structs.replace(each, latest=place == 0)


class Stores:
    """The two sides of an example, written straight into the stores."""

    def __init__(self, deployed: Deployed, number: int) -> None:
        self.deployed = deployed
        self.source, self.destination = f"source-{number}", f"source-{number}-there"
        self.expected: Names = set()
        self.pending = self.equal = 0

    async def fill(self, given: Sequence[Given]) -> None:
        ids = (await self.deployed.bucket(self.source), await self.deployed.bucket(self.destination, WEST))
        await put_rule(self.deployed, self.source, self.destination, ID=RULE, Filter={"Prefix": "in/"})
        here: list[Version] = []
        there: list[Version] = []
        tasks: list[ReplicationTask] = []
        for number, each in enumerate(given):
            version = self._version(ids[0], each.key, number)
            replica = msgspec.structs.replace(
                version,
                bucket_id=ids[1],
                attributes=msgspec.structs.replace(version.attributes, replica=True),
                replication_status=ReplicationStatus.REPLICA,
                destinations=(),
            )
            covered = each.key.startswith("in/")
            if each.fate == "pending" and covered:
                state = msgspec.structs.replace(version.destinations[0], status=ReplicationStatus.PENDING)
                version = msgspec.structs.replace(version, destinations=(state,))
                tasks.append(_task(version, self.destination))
                self.pending += 1
            if each.fate != EXTRA:
                here.append(version if covered else msgspec.structs.replace(version, destinations=()))
            if each.fate in CHANGES:
                replica = msgspec.structs.replace(replica, **CHANGES[each.fate])
            if each.fate is Field.VERSION_TIME:
                replica = msgspec.structs.replace(replica, created_us=version.created_us + 4)
            if each.fate not in (MISSING, "pending"):
                there.append(replica)
            if covered:
                self._expect(each, version.version_id)
        await self._write(EAST, list(stacked(here)), tasks)
        await self._write(WEST, list(stacked(there)), [])

    def _version(self, bucket_id: int, key: str, number: int) -> Version:
        """Some versions of a key have one time; then their ids tell their order."""
        at_us = START_US + number // 3
        return Version(
            bucket_id=bucket_id,
            key=key,
            version_id=f"v{number:04}",
            created_us=at_us,
            owner=ACCOUNT,
            size=number,
            etag=f"etag-{number}",
            attributes=Attributes(metadata={"k": "v"}, checksum=Checksum("CRC32", "AAAAAA==")),
            tags={"number": str(number)} if number % 2 else {},
            replication_status=ReplicationStatus.COMPLETED,
            destinations=(DestinationState(self.destination, ReplicationStatus.COMPLETED, RULE, at_us),),
        )

    def _expect(self, given: Given, version_id: str) -> None:
        if given.fate in (MISSING, EXTRA):
            self.expected.add((given.fate, given.key, version_id, ()))
        elif isinstance(given.fate, Field):
            self.expected.add((Kind.DIFFERENT, given.key, version_id, (given.fate,)))
        elif given.fate == "equal":
            self.equal += 1

    async def _write(self, region: str, versions: list[Version], tasks: list[ReplicationTask]) -> None:
        def command(tx: Any) -> None:
            for version in versions:
                tx.insert_version(version, None)
            tx.add_tasks(tasks)

        await self.deployed.stores[region].metadata.write(command)


def _task(version: Version, destination: str) -> ReplicationTask:
    return ReplicationTask(
        bucket_id=version.bucket_id,
        key=version.key,
        version_id=version.version_id,
        destination=destination,
        kind=TaskKind.OBJECT,
        enqueued_us=1,
        due_us=1,
        rule_id=RULE,
    )


def test_exactly_what_was_made_to_differ_is_reported_in_pieces_of_any_size(tmp_path: Path) -> None:
    numbers = itertools.count()
    versions = st.lists(st.builds(Given, st.sampled_from(KEYS), st.sampled_from(FATES)), max_size=24)
    with asyncio.Runner() as runner:
        deployed = runner.run(_made(tmp_path))

        async def hold(given_versions: list[Given], piece_versions: int) -> None:
            stores = Stores(deployed, next(numbers))
            await stores.fill(given_versions)
            asked = {"piece_versions": piece_versions}
            result, differences = await run_verification(
                deployed.deployment, stores.source, stores.destination, **asked
            )
            assert named(differences) == stores.expected
            assert len(differences) == len(stores.expected), "each is told once"
            counts = result.counts
            assert (counts.equal, counts.pending) == (stores.equal, stores.pending)
            assert counts.missing + counts.different + counts.extra == len(differences)
            assert result.equal == (not differences)
            again, _ = await run_verification(
                deployed.deployment, stores.source, stores.destination, piece_versions=1000
            )
            assert (again.counts, again.digest) == (counts, result.digest)

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(versions, st.integers(1, 6))
        def holds(given_versions: list[Given], piece_versions: int) -> None:
            runner.run(hold(given_versions, piece_versions))

        try:
            holds()
        finally:
            runner.run(deployed.close())


async def _made(folder: Path) -> Deployed:
    deployed = Deployed(folder)
    await deployed.make_role()
    return deployed


def test_while_a_slow_destination_is_waited_for_nothing_is_a_difference(tmp_path: Path) -> None:
    """What is written, and an edit of tags, hang in the destination's writer while both sides are compared."""

    async def test(deployed: Deployed) -> None:
        await deployed.bucket("source")
        await deployed.bucket("there", WEST)
        await put_rule(deployed, "source", "there")
        await deployed.put("source", "edited")
        await deliver(deployed)
        for number in range(5):
            await deployed.put("source", f"new-{number}")
        tagging = {"TagSet": [{"Key": "team", "Value": "red"}]}
        await deployed.s3("PutObjectTagging", Bucket="source", Key="edited", Tagging=tagging)
        west = deployed.stores[WEST]
        slow = FaultyMetadata(west.metadata)
        held, go_on = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            held.set()
            await go_on.wait()

        slow.before_write = hold
        through = deployed.deployment_of({**deployed.stores, WEST: Region(WEST, slow, west.blobs)})
        delivering = asyncio.create_task(deliver(deployed, through))
        await held.wait()
        result, differences = await run_verification(deployed.deployment, "source", "there")
        assert (differences, result.counts.pending, result.equal) == ([], 6, True)
        go_on.set()
        await delivering
        result, differences = await run_verification(deployed.deployment, "source", "there")
        assert (differences, result.counts.equal) == ([], 6)

    in_deployment(tmp_path, test)


def test_a_version_that_a_rule_took_but_that_does_not_say_so_is_expected(tmp_path: Path) -> None:
    """By the configuration that was in force when it was written, as long as the present one takes it too."""

    async def test(deployed: Deployed) -> None:
        bucket_id = await deployed.bucket("source")
        await deployed.bucket("there", WEST)
        before = await deployed.put("source", "before")
        await put_rule(deployed, "source", "there", ID="one", Filter={"Prefix": ""})
        after = await deployed.put("source", "after")
        store = deployed.stores[EAST].metadata

        def forget(tx: Any) -> None:
            for key, version_id in (("before", before), ("after", after)):
                version = tx.version(bucket_id, key, version_id)
                tx.set_replication(version.row, None, ())
            tx.remove_tasks([task.id for task in tx.pending_tasks(0, 10)])

        await store.write(forget)
        result, differences = await run_verification(deployed.deployment, "source", "there")
        assert [(each.key, each.why) for each in differences] == [("after", Why.UNRECORDED)]
        assert result.counts.not_expected == 1
        _, (repaired,) = await run_verification(
            deployed.deployment, "source", "there", permitted=lambda _key, _version_id: True
        )
        await deliver(deployed)
        result, differences = await run_verification(deployed.deployment, "source", "there")
        assert (differences, result.counts.equal, repaired.repair) == ([], 1, "ON_ITS_WAY")
        await put_rule(deployed, "source", "there", ID="one", Filter={"Prefix": "elsewhere/"})
        assert (await run_verification(deployed.deployment, "source", "there"))[0].counts.equal == 1, "it went there"

    in_deployment(tmp_path, test)


def test_a_verification_ends_early_when_the_server_drains_and_is_then_not_kept(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        bucket_id = await deployed.bucket("source")
        await deployed.bucket("there", WEST)
        await put_rule(deployed, "source", "there")
        for number in range(4):
            await deployed.put("source", str(number))
        regions = deployed.stores
        here, there = regions[EAST].metadata.reader.bucket("source"), regions[WEST].metadata.reader.bucket("there")
        assert here is not None
        assert there is not None
        lines = verify(deployed.deployment, (regions[EAST], here), (regions[WEST], there), Asked(piece_versions=1))
        await anext(lines)
        deployed.deployment.watches[EAST].end()
        (result,) = [line async for line in lines]
        assert isinstance(result, Result)
        assert (result.complete, result.equal) == (False, False)
        assert regions[EAST].metadata.reader.records.verifications(bucket_id) == []

    in_deployment(tmp_path, test)
