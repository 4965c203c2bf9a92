"""A whole run: the floors, then the sections that were asked for, then the judgement."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

from farshore.bench import (
    batch,
    environment,
    floors,
    large,
    listings,
    observing,
    replication,
    requests,
    targets,
    verification,
)
from farshore.bench.context import Context, Servers
from farshore.bench.floors import MIB, Floors
from farshore.bench.loads import Generator
from farshore.bench.plan import Plan
from farshore.bench.results import Results, Row
from farshore.bench.subject import Subject

Section = Callable[[Context], Awaitable[None]]

_SECTIONS: dict[str, Section] = {
    "requests": requests.measure_requests,
    "processes": requests.measure_processes,
    "large": large.measure_large,
    "list": listings.measure_listings,
    "replication": replication.measure_replication,
    "observing": observing.measure_observing,
    "batch": batch.measure_batch,
    "verify": verification.measure_verify,
    "memory": large.measure_memory,
}


async def run(
    plan: Plan,
    *,
    sections: Collection[str],
    folder: Path,
    workers: int,
    running: Subject | None,
    say: Callable[[str], None],
) -> Results:
    """Measure.

    Args:
        sections: names of `plan.SECTIONS`.
        folder: where a temporary folder for data is made.
        workers: API processes of the servers that serve as they do by default, at least 1.
        running: a server to measure, else servers of our own; what needs those is then left out.
    Raises:
        CannotMeasure, UnexpectedAnswer.
    """
    with tempfile.TemporaryDirectory(prefix="farshore-bench-", dir=folder) as made:
        place = Path(made)
        say("floors")
        file = place / "file"
        file.write_bytes(random.Random(0).randbytes(plan.large_bytes))
        found = floors.measure(place, size_bytes=plan.large_bytes, rounds=plan.large_rounds)
        async with floors.bare_server(file) as (bare, bare_cpu), Generator() as generator:
            context = Context(
                plan=plan,
                servers=Servers(place / "data", running),
                workers=workers,
                generator=generator,
                floors=found,
                bare=bare,
                bare_cpu=bare_cpu,
                say=say,
                rows=_floor_rows(found, plan),
            )
            async with context.clean_up():
                for name, section in _SECTIONS.items():
                    if name in sections and not (name == "processes" and (running is not None or workers < 2)):
                        await section(context)
        return Results(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            plan=plan.name,
            environment=environment.facts(place),
            rows=context.rows,
            targets=targets.judge(context.rows),
        )


def _floor_rows(found: Floors, plan: Plan) -> list[Row]:
    size = f"{plan.large_bytes // MIB} MiB"
    return [
        Row(section="floors", name="one fsync of 4 KiB", values={"p50_ms": found.fsync_ms}),
        Row(section="floors", name="MD5", values={"mib_s": found.md5_mib_s}),
        Row(section="floors", name=f"write {size} and fsync", values={"mib_s": found.write_mib_s}),
    ]
