"""What every section of a run works with: the plan, the servers, the generator, the floors, and where results go."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from farshore.bench.floors import Floors
from farshore.bench.loads import Cpu, Endpoint, Generator, Load, Measurement
from farshore.bench.plan import Plan
from farshore.bench.results import Row
from farshore.bench.subject import DESTINATION_REGION, SOURCE_REGION, Subject, own_server
from farshore.semantics.replication_role import RolePlan, role_policy, trust_policy

_DELETE_KEYS = 1_000
_ROLE_POLICY = "replication"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where to measure: on servers that we start on a data folder, or on one that runs already."""

    data: Path
    running: Subject | None = None

    @property
    def own(self) -> bool:
        return self.running is None

    def start(
        self, *, workers: int, replicate: bool = True, environment: Mapping[str, str] = {}
    ) -> AbstractAsyncContextManager[Subject]:
        """A server while the context is open; the one that runs already is taken as it is.

        Args:
            environment: more settings.
        """
        if self.running is not None:
            return contextlib.nullcontext(self.running)
        return own_server(self.data, workers=workers, replicate=replicate, environment=environment)


@dataclass(slots=True, kw_only=True)
class Context:
    """One run. workers: API processes of the servers that serve as they do by default.

    bare, bare_cpu: the bare HTTP server. say: tells the person who waits what is being done.
    """

    plan: Plan
    servers: Servers
    workers: int
    generator: Generator
    floors: Floors
    bare: Endpoint
    bare_cpu: Cpu
    say: Callable[[str], None]
    rows: list[Row] = field(default_factory=list[Row])
    _name: str = field(default_factory=lambda: f"bench-{secrets.token_hex(4)}")
    _buckets: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    _roles: list[str] = field(default_factory=list[str])
    _bare_loads: dict[tuple[str, str, int, int], Measurement] = field(
        default_factory=dict[tuple[str, str, int, int], Measurement]
    )

    async def make_bucket(
        self, subject: Subject, name: str, *, region: str = SOURCE_REGION, versioned: bool = False
    ) -> str:
        """Make a bucket of this run; returns its whole name."""
        bucket = f"{self._name}-{name}"
        self._buckets.append((region, bucket))
        await asyncio.to_thread(_make_bucket, subject.client(region), region, bucket, versioned)
        return bucket

    async def replicated_buckets(self, subject: Subject, name: str, **destination_members: Any) -> tuple[str, str]:
        """A bucket, and one of another region that all its objects replicate to.

        Args:
            destination_members: more members of the rule's Destination.
        """
        source = await self.make_bucket(subject, f"{name}-source", versioned=True)
        destination = await self.make_bucket(subject, f"{name}-destination", region=DESTINATION_REGION, versioned=True)
        role = await asyncio.to_thread(_make_role, subject.client(service="iam"), source, destination)
        self._roles.append(role)
        await asyncio.to_thread(_put_rule, subject.client(), source, destination, role, destination_members)
        return source, destination

    async def load(
        self, subject: Subject, method: str, targets: Sequence[str], concurrency: int, **more: Any
    ) -> Measurement:
        """Load a server. more: members of `Load`."""
        load = Load(endpoint=subject.endpoint(), method=method, targets=list(targets), concurrency=concurrency, **more)
        return await self.generator.run(load, subject.cpu)

    async def bare_load(
        self, method: str, path: str, concurrency: int, *, body_bytes: int = 0, answer_bytes: int | None = None
    ) -> Measurement:
        """The same load on the bare server; measured once in a run.

        Args:
            path: `/SIZE` or `/file`.
        """
        key = (method, path, concurrency, body_bytes)
        found = self._bare_loads.get(key)
        if found is None:
            load = Load(
                endpoint=self.bare,
                method=method,
                targets=[f"{path}/bench-00000000-requests/{number:08d}" for number in range(1_000)],
                concurrency=concurrency,
                seconds=self.plan.floor_s,
                cycle=True,
                body_bytes=body_bytes,
                status=204 if method == "DELETE" else 200,
                answer_bytes=answer_bytes,
            )
            found = self._bare_loads[key] = await self.generator.run(load, self.bare_cpu)
        return found

    @contextlib.asynccontextmanager
    async def clean_up(self) -> AsyncGenerator[None]:
        """Remove the buckets of this run from a server that goes on running, whatever happened."""
        try:
            yield
        finally:
            running = self.servers.running
            if running is not None:
                self.say("removing what was stored")
                for region, bucket in self._buckets:
                    await asyncio.to_thread(_remove_bucket, running.client(region), bucket)
                for role in self._roles:
                    await asyncio.to_thread(_remove_role, running.client(service="iam"), role)


def values(measurement: Measurement, **more: float) -> dict[str, float]:
    """A load's measures by name, as rows have them."""
    outcome = measurement.outcome
    found = {
        "per_s": outcome.per_s,
        "p50_ms": outcome.p50_ms,
        "p99_ms": outcome.p99_ms,
        "max_ms": outcome.max_ms,
        "client_us": outcome.client_cpu_s * 1e6 / outcome.requests,
    }
    if measurement.cpu_us is not None:
        found["cpu_us"] = measurement.cpu_us
    return found | more


def _make_bucket(client: Any, region: str, bucket: str, versioned: bool) -> None:
    elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client.create_bucket(Bucket=bucket, **elsewhere)
    if versioned:
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def _make_role(iam: Any, source: str, destination: str) -> str:
    """A role for replicating between two buckets; returns its ARN."""
    plan = RolePlan(source=source, destinations=(destination,), delete_markers=False)
    made = iam.create_role(RoleName=source, AssumeRolePolicyDocument=json.dumps(trust_policy()))
    iam.put_role_policy(RoleName=source, PolicyName=_ROLE_POLICY, PolicyDocument=json.dumps(role_policy(plan)))
    return made["Role"]["Arn"]


def _remove_role(iam: Any, arn: str) -> None:
    name = arn.rpartition("/")[2]
    iam.delete_role_policy(RoleName=name, PolicyName=_ROLE_POLICY)
    iam.delete_role(RoleName=name)


def _put_rule(client: Any, source: str, destination: str, role: str, members: Mapping[str, Any]) -> None:
    rule = {
        "ID": "bench",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}", **members},
    }
    client.put_bucket_replication(Bucket=source, ReplicationConfiguration={"Role": role, "Rules": [rule]})


def _remove_bucket(client: Any, bucket: str) -> None:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [
            {"Key": version["Key"], "VersionId": version["VersionId"]}
            for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        if versions:
            client.delete_objects(Bucket=bucket, Delete={"Objects": versions[:_DELETE_KEYS], "Quiet": True})
    client.delete_bucket(Bucket=bucket)
