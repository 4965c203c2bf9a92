"""Several processes on one store, and what is left of one that was killed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.support.metadata import OpenStore, StorePlace
from tests.support.metadata_process import BUCKET

from farshore.model.buckets import ConfigurationKind

END_S_MAX = 120


@contextmanager
def process(place: StorePlace, name: str, count: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.support.metadata_process", place.name, place.address, name, str(count)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        try:
            yield running
        finally:
            running.kill()


def check(store: OpenStore, answered: set[int]) -> int:
    """Every answered addition is there, none came twice, and no half of one. Returns how many there are."""
    bucket = store.reader.bucket(BUCKET)
    assert bucket is not None
    total = int(store.reader.configuration(bucket.id, ConfigurationKind.TAGGING) or b"0")
    rows = list(store.reader.scan_versions(bucket.id, b"", True))
    assert [row.key for row in rows] == [f"{number:06}" for number in range(1, total + 1)]
    assert all(store.reader.body(row.row) == f"{row.version_id} {row.created_us}".encode() for row in rows)
    assert "never" not in {row.version_id for row in rows}
    assert answered <= set(range(1, total + 1))
    return total


def test_processes_that_read_then_change_lose_no_change(store: OpenStore) -> None:
    """Each addition reads the number and writes the next one: two at once would lose one."""
    store.bucket(BUCKET)
    with process(store.place, "a", 150) as first, process(store.place, "b", 150) as second:
        texts = [running.communicate(timeout=END_S_MAX)[0] for running in (first, second)]
        assert (first.returncode, second.returncode) == (0, 0)
    answered = [int(line) for text in texts for line in text.split()]
    assert sorted(answered) == list(range(1, 301))
    assert check(store, set(answered)) == 300


@pytest.mark.parametrize("round_number", range(3))
def test_a_process_that_is_killed_loses_nothing_it_answered_and_holds_up_nobody(
    store: OpenStore, round_number: int
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    store.bucket(BUCKET)
    with process(store.place, "killed", 1_000_000) as running, process(store.place, "other", 60) as other:
        assert running.stdout is not None
        answered = {int(running.stdout.readline()) for _ in range(random.Random(seed).randrange(1, 60))}
        running.kill()
        answered |= {int(line) for line in running.stdout.read().split("\n")[:-1]}
        running.wait(END_S_MAX)
        answered |= {int(line) for line in other.communicate(timeout=END_S_MAX)[0].split()}
        assert other.returncode == 0
    before = check(store, answered)
    assert before >= len(answered)
    with process(store.place, "after", 10) as later:
        later.communicate(timeout=END_S_MAX)
        assert later.returncode == 0
    assert check(store, answered) == before + 10


def test_a_store_that_everybody_left_by_a_kill_opens_with_all_that_was_answered(place: StorePlace) -> None:
    first = OpenStore(place)
    first.bucket(BUCKET)
    first.close()
    with process(place, "killed", 1_000_000) as running:
        assert running.stdout is not None
        answered = {int(running.stdout.readline()) for _ in range(50)}
        running.kill()
        answered |= {int(line) for line in running.stdout.read().split("\n")[:-1]}
        running.wait(END_S_MAX)
    store = OpenStore(place)
    try:
        assert check(store, answered) >= 50
        store.bucket("later")
    finally:
        store.close()
