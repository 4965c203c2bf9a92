"""Histories of a replicated bucket: what clients, rules, faults and crashes do, and what must hold all along.

A model says where each version was ever to go; what is stored is compared with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from farshore.metadata.store import StoreUnavailable
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationStatus
from farshore.replication.lane import LEASE_S, Lane
from farshore.replication.replicate import Replicator
from farshore.replication.retry import Place, Selection, retry_failures
from farshore.replication.verified import Kind
from farshore.semantics.replication_status import aggregate_status, state_of
from farshore.service import outbox
from farshore.service.bodies import INLINE_BYTES_MAX
from farshore.service.deployment import Region
from tests.support.bodies import FaultyBlobs
from tests.support.delivery import find, replace_bucket
from tests.support.deployment import ACCOUNT, EAST, ROLE, STRANGER, WEST, Deployed
from tests.support.faults import FaultyMetadata
from tests.support.verifying import run_verification

PENDING, COMPLETED = ReplicationStatus.PENDING, ReplicationStatus.COMPLETED
DESTINATIONS = {"there": WEST, "beside": EAST}
KEYS = ("a", "c")
LARGE = INLINE_BYTES_MAX + 1
BACKOFF_S = 60


def _rule(number: int, destination: str, prefix: str = "", *, markers: bool = False, enabled: bool = True) -> Any:
    return {
        "ID": f"rule-{number}",
        "Status": "Enabled" if enabled else "Disabled",
        "Priority": number,
        "Filter": {"Prefix": prefix},
        "DeleteMarkerReplication": {"Status": "Enabled" if markers else "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}"},
    }


RULES: dict[str, list[Any]] = {
    "none": [],
    "all": [_rule(1, "there", markers=True)],
    "prefix": [_rule(1, "there", "a")],
    "both": [_rule(1, "there", "a"), _rule(2, "beside", markers=True)],
    "disabled": [_rule(1, "there", enabled=False), _rule(2, "beside", "c", markers=True)],
}
COVERED: dict[str, dict[str, tuple[tuple[str, bool], ...]]] = {
    "none": {},
    "all": dict.fromkeys(KEYS, (("there", True),)),
    "prefix": {"a": (("there", False),)},
    "both": {
        "a": (("there", False), ("beside", True)),
        "c": (("beside", True),),
    },
    "disabled": {"c": (("beside", True),)},
}
"""Of each set of rules: for a new version of a key its destinations, and whether a delete marker goes there too."""

FAULTS = ("none", "dead", "no answer", "settling fails", "no space", "killed", "new tags", "removal", "another's")
"""What happens during a delivery; the last three are changes that clients make then. In the last a destination is
deleted, and another account makes a bucket of its name; or that one's is, and it is its first owner's again."""


@dataclass(slots=True)
class Known:
    """What the history says of a version of the source. sent: destinations that it was ever to go to; apart: those of
    them that new tags did not go to, since no rule said so then."""

    body: bytes | None
    sent: set[str]
    apart: set[str] = field(default_factory=set[str])


class History:
    """A deployment whose stores fail when told to, and what was done in it."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.reader = deployed.stores[EAST].metadata.reader
        self.metadata = {name: FaultyMetadata(deployed.stores[name].metadata) for name in (EAST, WEST)}
        self.blobs = {name: FaultyBlobs(deployed.stores[name].blobs) for name in (EAST, WEST)}
        self.deployment = deployed.deployment_of(
            {name: Region(name, self.metadata[name], self.blobs[name]) for name in (EAST, WEST)}
        )
        self.rules = "none"
        self.known: dict[tuple[str, str], Known] = {}
        self.removed_there: set[tuple[str, str, str]] = set()
        self.arrived_before: set[tuple[str, str, str]] = set()
        self.owner_there = ACCOUNT
        self.was_anothers = False
        self.written = 0

    async def prepare(self) -> None:
        self.source_id = await self.deployed.bucket("source", EAST)
        self.ids = {name: await self.deployed.bucket(name, region) for name, region in DESTINATIONS.items()}

    def versions(self, bucket_id: int, region: str, key: str | None = None) -> list[Version]:
        """Of each key newest first."""
        reader = self.deployed.stores[region].metadata.reader
        return [each for each in reader.scan_versions(bucket_id, b"", True) if key in (None, each.key)]

    async def put(self, key: str, size: int) -> None:
        self.written += 1
        body = (b"%d " % self.written * size)[:size]
        version_id = await self.deployed.put("source", key, body)
        self._expect(key, version_id, body)

    async def delete(self, key: str) -> None:
        output = await self.deployed.s3("DeleteObject", Bucket="source", Key=key)
        self._expect(key, output["VersionId"], None)

    async def remove(self, key: str, number: int) -> None:
        found = self._pick("source", key, number)
        if found is not None:
            await self._remove("source", EAST, found)

    async def remove_there(self, destination: str, key: str, number: int) -> None:
        found = self._pick(destination, key, number)
        if found is not None:
            await self._remove(destination, DESTINATIONS[destination], found)
            self.removed_there.add((destination, key, found.version_id))

    async def replace_there(self) -> None:
        """What has arrived in the bucket is gone with it, and so is its memory of what was removed there."""
        self.was_anothers = True
        self.owner_there = STRANGER if self.owner_there == ACCOUNT else ACCOUNT
        held = await replace_bucket(self.deployed, WEST, "there", self.owner_there)
        removed = {each for each in self.removed_there if each[0] == "there"}
        self.arrived_before |= {("there", each.key, each.version_id) for each in held} | removed
        self.removed_there -= removed
        made = self.deployed.stores[WEST].metadata.reader.bucket("there")
        assert made is not None
        self.ids["there"] = made.id

    async def tag(self, key: str, number: int, value: str) -> None:
        found = self._pick("source", key, number)
        if found is not None and not found.delete_marker:
            names = {"Bucket": "source", "Key": key, "VersionId": found.version_id}
            tagging = {"TagSet": [{"Key": "tag", "Value": value}]}
            await self.deployed.s3("PutObjectTagging", **names, Tagging=tagging)
            states = self.reader.find("source", key, found.version_id)[1]
            assert states is not None
            apart = {state.bucket for state in states.destinations if state.status is not PENDING}
            self.known[key, found.version_id].apart |= apart

    async def set_rules(self, name: str) -> None:
        self.rules = name
        if not RULES[name]:
            await self.deployed.s3("DeleteBucketReplication", Bucket="source")
            return
        await self.deployed.s3(
            "PutBucketReplication",
            Bucket="source",
            ReplicationConfiguration={"Role": ROLE, "Rules": RULES[name]},
        )

    async def batch(self, key: str, number: int) -> None:
        """As a job of Batch Replication does with a row of its manifest."""
        found = self._pick("source", key, number)
        bucket = self.reader.bucket_by_id(self.source_id)
        assert bucket is not None
        configuration = self.deployment.configurations.get(self.reader, bucket)
        if found is None or configuration is None:
            return
        planned = outbox.plan_batch(configuration, found, self.deployed.clock.tick())

        def command(tx: Any) -> None:
            assert planned is not None
            tx.set_replication(found.row, planned.status, planned.destinations)
            tx.add_tasks(planned.tasks)

        if planned is not None and planned.tasks:
            await self.deployed.stores[EAST].metadata.write(command)
            self.known[key, found.version_id].sent |= {state.bucket for state in planned.destinations}

    async def retry(self) -> None:
        region = self.deployed.stores[EAST]
        bucket = self.reader.bucket_by_id(self.source_id)
        assert bucket is not None
        place = Place(self.deployed.clock.tick())
        await retry_failures(
            self.deployment, region, bucket, Selection(), place, permitted=lambda _key, _id: True, dry_run=False
        )

    async def deliver(self, fault: str, count: int) -> None:
        """Every lane once, as new processes would: what the last ones held becomes due when its leases end.

        Args:
            fault: what goes wrong. count: at which command, where it goes wrong at one.
        """
        self.deployed.clock.move(max(LEASE_S, BACKOFF_S) + 1)
        killed = self._break(fault, count)
        replicator = Replicator(self.deployment)
        source = self.deployment.regions[EAST]
        lanes = [
            Lane(replicator, source, due.bucket_id, due.destination, clock=self.deployed.clock, random=lambda: 0.5)
            for due in self.reader.due_lanes()
        ]
        running = asyncio.gather(*(lane.run(asyncio.Event()) for lane in lanes), return_exceptions=True)
        dying = asyncio.create_task(killed.wait())
        await asyncio.wait((running, dying), return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        running.cancel()
        outcomes, *_ = await asyncio.gather(running, return_exceptions=True)
        for outcome in outcomes if isinstance(outcomes, list) else []:
            assert outcome is None or isinstance(outcome, StoreUnavailable), outcome
        self._mend()

    def check(self) -> None:
        """What holds after every step."""
        waiting: list[tuple[str, str, str]] = [
            (task.key, task.version_id, task.destination)
            for task in self.reader.pending_tasks(0, 10_000)
            if self.reader.version(task.bucket_id, task.key, task.version_id) is not None
        ]
        pending: list[tuple[str, str, str]] = []
        for version in self.versions(self.source_id, EAST):
            states = version.destinations
            pending += [(version.key, version.version_id, each.bucket) for each in states if each.status is PENDING]
            expected = aggregate_status([each.status for each in states], replica=False) if states else None
            assert version.replication_status is expected, version
        assert sorted(waiting) == sorted(pending)
        if self.owner_there == STRANGER:
            assert self.versions(self.ids["there"], WEST) == []

    async def check_end(self) -> None:
        """What holds once everything has gone."""
        assert self.reader.due_lanes() == []
        for version in self.versions(self.source_id, EAST):
            for state in version.destinations:
                assert state.status is not PENDING, version
                if state.status is not COMPLETED:
                    assert state.reason in _HONEST or (self.was_anothers and state.reason in _REPLACED), version
                elif (state.bucket, version.key, version.version_id) not in self.removed_there | self.arrived_before:
                    await self._check_replica(version, state.bucket)
        for name, region in DESTINATIONS.items():
            for replica in self.versions(self.ids[name], region):
                assert replica.replication_status is ReplicationStatus.REPLICA
                assert name in self.known[replica.key, replica.version_id].sent, "it was never to go there"
                assert (name, replica.key, replica.version_id) not in self.removed_there, "it came back"
            self._check_stacks(self.ids[name], region)
            await self._check_verification(name, region)
        self._check_stacks(self.source_id, EAST)

    async def _check_verification(self, name: str, region: str) -> None:
        """Verification trusts no status, and comes to the same."""
        result, found = await run_verification(self.deployed.deployment, "source", name, (EAST, region), deep=True)
        assert result.complete
        here = {(each.key, each.version_id): each for each in self.versions(self.source_id, EAST)}
        there = {(each.key, each.version_id) for each in self.versions(self.ids[name], region)}
        sent = {each for each, version in here.items() if state_of(version, name) is not None}
        kinds = {(each.key, each.version_id): each.kind for each in found}
        assert {each for each, kind in kinds.items() if kind is Kind.MISSING} == sent - there
        assert {each for each, kind in kinds.items() if kind is Kind.EXTRA} <= there - here.keys()
        for each, kind in kinds.items():
            if kind not in (Kind.MISSING, Kind.EXTRA):
                state = state_of(here[each], name)
                assert state is not None
                failed = state.status is ReplicationStatus.FAILED  # Of what came last; the replica may be there.
                assert kind is Kind.DIFFERENT, (each, kind)
                assert failed or name in self.known[each].apart, (each, state)

    async def _check_replica(self, version: Version, destination: str) -> None:
        region = DESTINATIONS[destination]
        replica = find(self.deployed, region, destination, version.key, version.version_id)
        assert replica is not None, (destination, version)
        alike = ("created_us", "delete_marker", "size", "etag", "owner")
        assert [getattr(replica, name) for name in alike] == [getattr(version, name) for name in alike]
        if destination not in self.known[version.key, version.version_id].apart:
            assert replica.tags == version.tags
        if not replica.delete_marker:
            assert await self._body(region, replica) == self.known[version.key, version.version_id].body

    async def _body(self, region: str, version: Version) -> bytes:
        store = self.deployed.stores[region]
        if version.inline:
            return store.metadata.reader.body(version.row)
        pieces = [bytes(piece) for blob in version.blobs async for piece in store.blobs.read(blob, 0, version.size)]
        return b"".join(pieces)

    def _check_stacks(self, bucket_id: int, region: str) -> None:
        """Of each key exactly the newest version is the latest."""
        stacks: dict[str, list[Version]] = {}
        for version in self.versions(bucket_id, region):
            stacks.setdefault(version.key, []).append(version)
        for stack in stacks.values():
            assert stack == sorted(stack, key=lambda each: (each.created_us, each.version_id), reverse=True)
            assert [each.latest for each in stack] == [True] + [False] * (len(stack) - 1)

    def _expect(self, key: str, version_id: str, body: bytes | None) -> None:
        """A new version goes where the rules of this moment say."""
        covered = COVERED[self.rules].get(key, ())
        sent = {destination for destination, markers in covered if body is not None or markers}
        stored = find(self.deployed, EAST, "source", key, version_id)
        assert stored is not None
        assert {state.bucket for state in stored.destinations} == sent
        self.known[key, version_id] = Known(body, sent)

    def _pick(self, bucket: str, key: str, number: int) -> Version | None:
        bucket_id = self.source_id if bucket == "source" else self.ids[bucket]
        found = self.versions(bucket_id, DESTINATIONS.get(bucket, EAST), key)
        return found[number % len(found)] if found else None

    async def _remove(self, bucket: str, region: str, version: Version) -> None:
        names = {"Bucket": bucket, "Key": version.key, "VersionId": version.version_id}
        await self.deployed.s3("DeleteObject", region=region, **names)

    def _break(self, fault: str, count: int) -> asyncio.Event:
        """Let it go wrong. The event is set when the process is to die."""
        killed = asyncio.Event()
        left = count

        def lose_answer() -> None:
            raise StoreUnavailable("the answer is lost")

        def fail(*_: Any, **__: Any) -> Exception | None:
            nonlocal left
            left -= 1
            return StoreUnavailable("the disk is gone") if left < 0 else None

        async def die() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                killed.set()
                await asyncio.Event().wait()

        async def change() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                for key in KEYS:
                    if fault == "removal":
                        await self.remove(key, count)
                    elif fault == "new tags":
                        await self.tag(key, 0, f"{count}")
                if fault == "another's":
                    await self.replace_there()

        match fault:
            case "dead":
                self.metadata[WEST].unavailable = True
            case "no answer":
                self.metadata[WEST].after_write = lose_answer
            case "settling fails":
                self.metadata[EAST].faults = {"set_replication": fail}
            case "no space":
                self.blobs[WEST].fails = {"write 0" if count % 2 else "commit"}
            case "killed":
                for store in self.metadata.values():
                    store.before_write = die
            case "new tags" | "removal" | "another's":
                for store in self.metadata.values():
                    store.before_write = change
            case _:
                pass
        return killed

    def _mend(self) -> None:
        for store in self.metadata.values():
            store.unavailable, store.faults, store.before_write, store.after_write = False, {}, None, None
        for blobs in self.blobs.values():
            blobs.fails = set()


_HONEST: Mapping[FailureCode | None, str] = {
    FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING: "the rules were removed before its turn came",
    FailureCode.SRC_OBJECT_NOT_ELIGIBLE: "the rules were changed before its turn came",
    FailureCode.DST_OBJECT_HARD_DELETED: "it was removed at the destination, and asked for again",
    FailureCode.DST_VERSION_NOT_FOUND: "new tags, of what was removed at the destination",
}
"""Why something may end FAILED here."""

_REPLACED = (
    FailureCode.DST_BUCKET_NOT_FOUND,
    FailureCode.DST_PUT_OBJECT_NOT_PERMITTED,
    FailureCode.DST_DEL_OBJ_NOT_PERMITTED,
    FailureCode.DST_PUT_TAGGING_NOT_PERMITTED,
)
"""And why where the destination was deleted, and another account's then."""
