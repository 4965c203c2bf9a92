"""Counters in shared memory: what one process counts another sees, whatever becomes of the first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farshore.runtime.counters import BLOCKS_MAX, OVERFLOW, SLOTS, Counters, read_counters


def test_what_processes_count_is_added_up(tmp_path: Path) -> None:
    for number, path in enumerate((tmp_path / "a", tmp_path / "b"), 1):
        pid = os.fork()
        if not pid:
            counters = Counters(path)
            block = counters.block("requests", "Püt", "200")
            for _ in range(1000):
                block[3] += number
            counters.block(f"own {number}")[0] += 7
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    found = read_counters(tmp_path)
    assert found["requests", "Püt", "200"][3] == 3000
    assert found[("own 1",)][0] == found[("own 2",)][0] == 7


def test_a_process_counts_on_where_an_earlier_one_ended(tmp_path: Path) -> None:
    for _ in range(3):
        Counters(tmp_path / "a").block("x")[SLOTS - 1] += 1
        Counters(tmp_path / "a").block("y")[0] += 1
    assert read_counters(tmp_path) == {("x",): [0] * (SLOTS - 1) + [3], ("y",): [3] + [0] * (SLOTS - 1)}


def test_counters_without_a_file_are_seen_by_their_process(tmp_path: Path) -> None:
    counters = Counters()
    counters.block("x")[0] = 2**64 - 1
    assert counters.read() == {("x",): [2**64 - 1] + [0] * (SLOTS - 1)}


def test_names_beyond_the_table_share_its_last_block(tmp_path: Path) -> None:
    counters = Counters(tmp_path / "a")
    for number in range(BLOCKS_MAX + 10):
        counters.block("n", str(number))[0] += 1
    counters.block("x" * 1000)[0] += 1
    found = read_counters(tmp_path)
    assert len(found) == BLOCKS_MAX
    assert found[OVERFLOW][0] == BLOCKS_MAX + 10 - (BLOCKS_MAX - 1) + 1
    assert sum(values[0] for values in found.values()) == BLOCKS_MAX + 11


def test_files_that_are_not_whole_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "begun").write_bytes(b"abc")
    assert read_counters(tmp_path) == {}
    assert read_counters(tmp_path / "nothing") == {}


@pytest.mark.parametrize("name", [("",), ("a", ""), ("a", "", "", "b")])
def test_empty_parts_of_names_are_kept(tmp_path: Path, name: tuple[str, ...]) -> None:
    Counters(tmp_path / "a").block("first", *name)[0] = 1
    assert read_counters(tmp_path) == {("first", *name): [1] + [0] * (SLOTS - 1)}
