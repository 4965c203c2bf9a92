"""The floors: what this machine can do at best, measured in the same run as the server."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from farshore.bench import processes
from farshore.bench.loads import Cpu, Endpoint

MIB = 1024 * 1024
_PAGE_BYTES = 4096
_START_S_MAX = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Floors:
    """fsync_ms: one page appended to a file and flushed, median. The write's rate includes one flush at its end."""

    fsync_ms: float
    md5_mib_s: float
    write_mib_s: float


def measure(folder: Path, *, size_bytes: int, rounds: int) -> Floors:
    """Measure disk and digest.

    Args:
        folder: on the file system that the server's data is on.
        size_bytes: to hash and to write, in each round.
    """
    block = random.Random(0).randbytes(MIB)
    blocks = max(1, size_bytes // MIB)
    hashing_s = statistics.median(_timed_s(lambda: _hash(block, blocks)) for _ in range(rounds))
    writing_s = statistics.median(_timed_s(lambda: _write(folder / "floor", block, blocks)) for _ in range(rounds))
    return Floors(
        fsync_ms=_fsync_s(folder / "floor", 40 * rounds) * 1e3,
        md5_mib_s=blocks / hashing_s,
        write_mib_s=blocks / writing_s,
    )


@asynccontextmanager
async def bare_server(file: Path) -> AsyncGenerator[tuple[Endpoint, Cpu]]:
    """The bare server of `bare_server.py`, in a process of its own; `file` is what `/file/` sends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "farshore.bench.bare_server",
        str(file),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_START_S_MAX):
            port = int(await process.stdout.readline())
        endpoint = Endpoint(host="127.0.0.1", port=port, access_key_id="bare", secret="bare", region="us-east-1")
        yield endpoint, lambda: processes.cpu_s([process.pid])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _timed_s(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _hash(block: bytes, blocks: int) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    for _ in range(blocks):
        digest.update(block)


def _write(path: Path, block: bytes, blocks: int) -> None:
    """A new file each time, as every blob is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        for _ in range(blocks):
            os.write(descriptor, block)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
        path.unlink()


def _fsync_s(path: Path, count: int) -> float:
    page = bytes(_PAGE_BYTES)
    times_s: list[float] = []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        for _ in range(count):
            os.write(descriptor, page)
            times_s.append(_timed_s(lambda: os.fsync(descriptor)))
    finally:
        os.close(descriptor)
        path.unlink()
    return statistics.median(times_s)
