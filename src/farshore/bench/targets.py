"""The targets: what the product promises of its speed, as bounds on what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from farshore.bench.results import Row, Target

MEMORY_MIB_MAX = 150


def judge(rows: Sequence[Row]) -> list[Target]:
    """The targets for which these rows have the measures, in the order of the documentation."""
    return [
        *_requests(rows),
        *_processes(rows),
        *_listings(rows),
        *_large(rows),
        *_replication(rows),
        *_observing(rows),
        *_batch(rows),
        *_verify(rows),
    ]


def _requests(rows: Sequence[Row]) -> Iterable[Target]:
    for method, bound in (("GET", 3.0), ("HEAD", 3.0), ("PUT", 4.0)):
        row = _row(rows, "requests", f"{method} 1 KiB × 64")
        yield from _at_most(
            f"{method} 1 KiB × 64: server CPU, as a multiple of the bare server's", bound, row, "cpu_us"
        )
    put = _row(rows, "requests", "PUT 1 KiB × 64")
    if put is not None and "fsyncs_per_put" in put.values:
        yield _target("PUT 1 KiB × 64: fsyncs per PUT", 0.1, put.values["fsyncs_per_put"], at_least=False)
    for method, bound in (("GET", 10_000), ("PUT", 5_000)):
        row = _row(rows, "requests", f"{method} 1 KiB × 64")
        if row is not None:
            name = f"{method} 1 KiB × 64: requests a second of one process (for orientation)"
            yield _target(name, bound, row.values["per_s"], at_least=True)


def _processes(rows: Sequence[Row]) -> Iterable[Target]:
    for row in rows:
        growth = row.ratio("per_s")
        if row.section == "processes" and growth is not None:
            yield _target(f"{row.name}: requests a second, as a multiple of one process", 1.6, growth, at_least=True)


def _listings(rows: Sequence[Row]) -> Iterable[Target]:
    for row in rows:
        if row.section == "list" and "cost_ratio" in row.values:
            yield _target(row.name, 1.3, row.values["cost_ratio"], at_least=False)


def _large(rows: Sequence[Row]) -> Iterable[Target]:
    floors = {"PUT": "the slower of raw MD5 and raw write", "GET": "the bare server"}
    for row in rows:
        share = row.ratio("mib_s")
        floor = floors.get(row.name.partition(" ")[0])
        if row.section == "large" and share is not None and floor is not None:
            yield _target(f"{row.name}: share of {floor}", 0.6, share, at_least=True)
    for row in rows:
        if row.section == "memory" and "memory_mib" in row.values:
            yield _target(f"{row.name}: peak memory, MiB", MEMORY_MIB_MAX, row.values["memory_mib"], at_least=False)


def _replication(rows: Sequence[Row]) -> Iterable[Target]:
    for row in rows:
        if row.section != "replication":
            continue
        if "lag_p99_s" in row.values:
            yield _target(f"{row.name}: lag p99, s", 2.0, row.values["lag_p99_s"], at_least=False)
        if "drained_per_s" in row.values:
            yield _target(f"{row.name}: objects a second", 6_000, row.values["drained_per_s"], at_least=True)


def _observing(rows: Sequence[Row]) -> Iterable[Target]:
    for row in rows:
        if row.section == "observing":
            yield _target(f"{row.name}: share of the rate without", 0.95, row.values["rate_ratio"], at_least=True)


def _batch(rows: Sequence[Row]) -> Iterable[Target]:
    for row in rows:
        if row.section != "batch":
            continue
        manifest = "manifest of" in row.name
        if "per_s" in row.values and not row.name.startswith("CSV"):
            bound = 100_000 if manifest else 5_000
            yield _target(f"{row.name}: versions a second", bound, row.values["per_s"], at_least=True)
        if manifest and "memory_mib" in row.values and row.name.endswith(": background"):
            yield _target(f"{row.name}: peak memory, MiB", MEMORY_MIB_MAX, row.values["memory_mib"], at_least=False)


def _at_most(name: str, bound: float, row: Row | None, measure: str) -> Iterable[Target]:
    ratio = None if row is None else row.ratio(measure)
    if ratio is not None:
        yield _target(name, bound, ratio, at_least=False)


def _target(name: str, bound: float, value: float, *, at_least: bool) -> Target:
    return Target(name=name, bound=bound, at_least=at_least, value=value)


def _verify(rows: Sequence[Row]) -> Iterable[Target]:
    """A million versions are to be verified in 60 s, and previewed in 10."""
    for row in rows:
        if row.section == "verify" and "seconds" in row.values:
            bound = 1_000_000 / (60 if row.name.startswith("verify") else 10)
            yield _target(f"{row.name}: versions a second", bound, row.values["per_s"], at_least=True)


def _row(rows: Sequence[Row], section: str, name: str) -> Row | None:
    return next((row for row in rows if row.section == section and row.name == name), None)
