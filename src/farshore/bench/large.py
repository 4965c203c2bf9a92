"""Large objects: how fast they go up and down, and how much memory that takes."""

from __future__ import annotations

from collections.abc import Sequence

from farshore.bench import processes
from farshore.bench.context import Context, values
from farshore.bench.floors import MIB
from farshore.bench.loads import Measurement
from farshore.bench.plan import size_name
from farshore.bench.results import Row
from farshore.bench.subject import Subject


async def measure_large(context: Context) -> None:
    """PUT and GET of large objects, one at a time, on one process that does everything."""
    size_bytes, rounds = context.plan.large_bytes, context.plan.large_rounds
    name = size_name(size_bytes)
    context.say(f"objects of {name}")
    async with context.servers.start(workers=0) as subject:
        bucket = await context.make_bucket(subject, "large")
        targets = [f"/{bucket}/{number:04d}" for number in range(rounds)]
        await context.load(subject, "PUT", [f"/{bucket}/warm"], 1, body_bytes=size_bytes)
        put = await context.load(subject, "PUT", targets, 1, body_bytes=size_bytes, answer_bytes=0)
        get = await context.load(subject, "GET", targets, 1, answer_bytes=size_bytes)
    floors = context.floors
    bare_put = await context.bare_load("PUT", "/0", 1, body_bytes=size_bytes, answer_bytes=0)
    bare_get = await context.bare_load("GET", "/file", 1, answer_bytes=size_bytes)
    slower_mib_s = min(floors.md5_mib_s, floors.write_mib_s)
    for method, measured, bare, floor_mib_s in (
        ("PUT", put, bare_put, slower_mib_s),
        ("GET", get, bare_get, mib_s(bare_get, size_bytes)),
    ):
        context.rows.append(
            Row(
                section="large",
                name=f"{method} {name}",
                values=values(measured, mib_s=mib_s(measured, size_bytes)),
                floors=values(bare) | {"mib_s": floor_mib_s},
            )
        )
    found = {"mib_s": mib_s(bare_put, size_bytes)}
    context.rows.append(Row(section="floors", name=f"bare server, PUT {name}", values=found))


async def measure_memory(context: Context) -> None:
    """Peak memory of each process while a very large object goes up and comes down."""
    size_bytes = context.plan.memory_bytes
    name = size_name(size_bytes)
    context.say(f"memory, with an object of {name}")
    async with context.servers.start(workers=context.workers) as subject:
        bucket = await context.make_bucket(subject, "memory")
        processes.forget_peak_memory(subject.pids)
        targets = [f"/{bucket}/object"]
        put = await context.load(subject, "PUT", targets, 1, body_bytes=size_bytes, answer_bytes=0)
        get = await context.load(subject, "GET", targets, 1, answer_bytes=size_bytes)
        context.rows += memory_rows("memory", f"PUT and GET {name}", subject)
    for method, measured in (("PUT", put), ("GET", get)):
        found = values(measured, mib_s=mib_s(measured, size_bytes))
        context.rows.append(Row(section="memory", name=f"{method} {name}", values=found))


def memory_rows(section: str, name: str, subject: Subject) -> list[Row]:
    """The peak of each process since `forget_peak_memory`."""
    return [
        Row(
            section=section,
            name=f"{name}: {role}",
            values={"memory_mib": processes.peak_memory_bytes(pid) / MIB},
        )
        for role, pid in zip(_roles(subject.pids), subject.pids, strict=True)
    ]


def mib_s(measurement: Measurement, size_bytes: int) -> float:
    return measurement.outcome.per_s * size_bytes / MIB


def _roles(pids: Sequence[int]) -> list[str]:
    """What the processes of a server of our own are, in the order of their start."""
    if len(pids) == 1:
        return ["server"]
    return ["supervisor", *(f"api {number}" for number in range(1, len(pids) - 1)), "background"]
