"""What the kernel knows of processes: CPU time, memory, children (Linux)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def family(pid: int) -> list[int]:
    """The process and everything below it."""
    pids = [pid]
    for each in pids:
        for thread in Path(f"/proc/{each}/task").iterdir():
            pids += map(int, (thread / "children").read_text().split())
    return pids


def cpu_s(pids: Iterable[int]) -> float:
    """CPU time that the processes have used, in all threads, user and kernel; exact to the scheduler's own account."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)  # As clock_getcpuclockid(3) makes clock ids.


def forget_peak_memory(pids: Iterable[int]) -> None:
    """Let the peak of resident memory begin anew from what is resident now."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_memory_bytes(pid: int) -> int:
    """The most memory that was resident since the process began, or since `forget_peak_memory`."""
    found = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    assert found is not None, pid
    return int(found[1]) * 1024


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace").replace("\0", " ").strip()
