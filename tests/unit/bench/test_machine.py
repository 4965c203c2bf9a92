"""What is read from the machine: processes, its facts, its floors."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from farshore.bench import environment, floors, processes
from farshore.bench.listings import keys


def test_cpu_time_is_of_the_whole_process() -> None:
    before_s, before = processes.cpu_s([os.getpid()]), time.process_time()
    while time.process_time() - before < 0.05:
        pass
    assert 0.05 <= processes.cpu_s([os.getpid()]) - before_s <= 1.0


def test_a_family_is_a_process_and_all_below_it() -> None:
    program = (
        "import subprocess; child = subprocess.Popen(['cat'], stdin=subprocess.PIPE); print(child.pid, flush=True);"
        "input(); child.communicate()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert processes.family(parent.pid) == [parent.pid, child]
        parent.communicate(b"\n")


def test_peak_memory_begins_anew() -> None:
    own = os.getpid()
    block = bytearray(b"x") * (64 << 20)
    high = processes.peak_memory_bytes(own)
    assert high > len(block)
    del block
    processes.forget_peak_memory([own])
    assert processes.peak_memory_bytes(own) < high


def test_facts_name_the_machine_and_the_libraries(tmp_path: Path) -> None:
    facts = environment.facts(tmp_path)
    assert int(facts["cores"]) >= 1
    for name in ("processor", "system", "file system", "python", "sqlite", "aiohttp", "uvloop"):
        assert facts[name] not in ("", "unknown"), facts


def test_floors_are_measured_and_leave_nothing_behind(tmp_path: Path) -> None:
    found = floors.measure(tmp_path, size_bytes=2 * floors.MIB, rounds=1)
    assert found.fsync_ms > 0
    assert found.md5_mib_s > 0
    assert found.write_mib_s > 0
    assert list(tmp_path.iterdir()) == []


def test_keys_to_list_are_ascending_and_as_many_under_each_prefix() -> None:
    found = list(keys(3_000))
    assert found == sorted(found)
    assert len(set(found)) == 3_000
    assert found[:4] == ["0000/00000000", "0000/00000001", "0000/00000002", "0001/00000000"]
    assert len({key.partition("/")[0] for key in found}) == 1_000
