"""How long and how large: one plan for a look in passing, one for every day, one for the record."""

from __future__ import annotations

from dataclasses import dataclass

from farshore.bench.floors import MIB

KIB = 1024
GIB = 1024 * MIB

SECTIONS = ("requests", "processes", "large", "list", "replication", "observing", "batch", "verify", "memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured, and how much of it.

    load_s, floor_s: length of each load on the server, and on the bare server.
    list_few, list_many: keys of the two buckets whose listings are compared; multiples of 1,000.
    fill_directly: put the keys to list into the store while no server runs, instead of by requests.
    replicated: objects of 1 KiB, and as many that wait.
    manifest_versions, existing: versions of a generated manifest; objects that a job replicates.
    verified: versions of a bucket that is verified and previewed.
    """

    name: str
    load_s: float
    floor_s: float
    concurrencies: tuple[int, ...] = (1, 16, 64)
    sizes_bytes: tuple[int, ...] = (KIB, 64 * KIB)
    large_bytes: int = 64 * MIB
    large_rounds: int = 8
    list_few: int = 10_000
    list_many: int = 100_000
    fill_directly: bool = False
    replicated: int = 10_000
    replicated_bytes: int = GIB
    manifest_versions: int = 200_000
    existing: int = 20_000
    verified: int = 100_000
    memory_bytes: int = GIB


QUICK = Plan(
    name="quick",
    load_s=0.2,
    floor_s=0.2,
    concurrencies=(1, 64),
    large_rounds=2,
    list_few=2_000,
    list_many=8_000,
    replicated=2_000,
    replicated_bytes=64 * MIB,
    manifest_versions=20_000,
    existing=2_000,
    verified=10_000,
    memory_bytes=128 * MIB,
)
DEFAULT = Plan(name="default", load_s=2.0, floor_s=1.0)
FULL = Plan(
    name="full",
    load_s=5.0,
    floor_s=2.0,
    large_rounds=16,
    list_many=1_000_000,
    manifest_versions=1_000_000,
    existing=100_000,
    verified=1_000_000,
    fill_directly=True,
    memory_bytes=5 * GIB,
)


def size_name(size_bytes: int) -> str:
    """65536 -> "64 KiB". Whole KiB, MiB or GiB only."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size_bytes % unit == 0:
            return f"{size_bytes // unit} {name}"
    raise AssertionError(size_bytes)
