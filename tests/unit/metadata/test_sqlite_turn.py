"""Whose turn it is to write to a database file: one at a time, in order, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from farshore.metadata.sqlite_file import prepare
from farshore.metadata.sqlite_session import connect
from farshore.metadata.sqlite_transaction import SqliteTransaction
from farshore.metadata.sqlite_turn import FileTurn, TurnTaken
from farshore.metadata.sqlite_writer import GroupWriter
from farshore.metadata.store import StoreUnavailable

WAIT_S_MAX = 30.0
SOON_S = 0.02
HOLDER = """
import pathlib, sys
from farshore.metadata.sqlite_turn import FileTurn
turn = FileTurn(pathlib.Path(sys.argv[1]))
turn.take()
print("taken", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def another_process_has_it(path: Path) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        yield process


def test_a_turn_is_held_by_one_and_free_when_it_is_given_up(tmp_path: Path) -> None:
    first, second = FileTurn(tmp_path / "f"), FileTurn(tmp_path / "f")
    other = FileTurn(tmp_path / "g")
    assert first.take_if_free()
    assert not second.take_if_free()
    assert other.take_if_free()
    first.release()
    with second:
        assert not first.take_if_free()
    assert first.take_if_free()
    for turn in (first, second, other):
        turn.close()


def test_a_turn_that_is_closed_is_given_up(tmp_path: Path) -> None:
    first, second = FileTurn(tmp_path / "f"), FileTurn(tmp_path / "f")
    first.take()
    first.close()
    assert second.take_if_free()
    second.close()


def test_whoever_waits_has_the_turn_before_its_holder_has_it_again(tmp_path: Path) -> None:
    holder, waiter = FileTurn(tmp_path / "f"), FileTurn(tmp_path / "f")
    order: list[str] = []
    had = threading.Event()

    def wait() -> None:
        with waiter:
            order.append("waiter")
            had.wait(WAIT_S_MAX)

    holder.take()
    thread = threading.Thread(target=wait)
    thread.start()
    until_queued(tmp_path / "f")
    holder.release()
    assert not holder.take_if_free()
    had.set()
    holder.take()
    order.append("holder")
    thread.join(WAIT_S_MAX)
    assert order == ["waiter", "holder"]
    for turn in (holder, waiter):
        turn.close()


def until_queued(path: Path) -> None:
    """Until somebody waits for the turn: the kernel says so by a lock, and tells nobody when."""
    descriptor = os.open(path.with_name(f"{path.name}.next"), os.O_RDWR)
    deadline = time.monotonic() + WAIT_S_MAX
    try:
        while True:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            assert time.monotonic() < deadline, "nobody queues"
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)


def test_the_turn_of_a_killed_process_is_free(tmp_path: Path) -> None:
    turn = FileTurn(tmp_path / "f")
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "f")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        assert not turn.take_if_free()
        process.kill()
        turn.take()
    turn.close()


def test_the_error_of_a_turn_that_does_not_come_names_who_has_it_and_what_to_do(tmp_path: Path) -> None:
    turn = FileTurn(tmp_path / "f")
    with another_process_has_it(tmp_path / "f") as process:
        with pytest.raises(TurnTaken) as raised:
            turn.take(SOON_S)
        process.kill()
    named = "PID" if "fuser" in str(raised.value) else str(process.pid)  # The kernel does not tell it everywhere.
    for words in (f"write to {tmp_path / 'f'} for more than 0.02 s", f"kill -CONT {named}", f"kill -KILL {named}"):
        assert words in str(raised.value)
    turn.take(WAIT_S_MAX)
    turn.close()


def test_a_turn_that_was_given_up_is_nobodys_when_it_comes(tmp_path: Path) -> None:
    holder, hasty, other = (FileTurn(tmp_path / "f") for _ in range(3))
    holder.take()
    for _ in range(3):
        with pytest.raises(TurnTaken):
            hasty.take(SOON_S)
    holder.release()
    other.take(WAIT_S_MAX)
    assert not hasty.take_if_free()
    other.release()
    hasty.take(WAIT_S_MAX)
    assert not other.take_if_free()
    for turn in (holder, hasty, other):
        turn.close()


def test_writes_are_refused_while_another_process_keeps_the_turn_and_go_on_after_it(tmp_path: Path) -> None:
    path = tmp_path / "region.db"
    prepare(path, "region")

    async def run() -> None:
        writer = GroupWriter(path, SqliteTransaction, turn_s_max=SOON_S)
        with another_process_has_it(path) as process:
            for _ in range(2):
                made = [writer.write(lambda tx, name=name: tx.create_bucket(name, "o", 1)) for name in ("a", "b")]
                refused = await asyncio.gather(*made, return_exceptions=True)
                assert [type(each) for each in refused] == [StoreUnavailable, StoreUnavailable]
                assert all("the turn to write" in str(each) for each in refused)
            process.kill()
        deadline = time.monotonic() + WAIT_S_MAX
        bucket = None
        while bucket is None:
            assert time.monotonic() < deadline, "the turn does not come"
            with contextlib.suppress(StoreUnavailable):
                bucket = await writer.write(lambda tx: tx.create_bucket("c", "o", 1))
        assert await writer.write(lambda tx: [each.name for each in tx.buckets()]) == ["c"]
        await writer.close()

    asyncio.run(run())


def test_a_writer_is_closed_though_another_process_keeps_the_turn(tmp_path: Path) -> None:
    path = tmp_path / "region.db"
    prepare(path, "region")

    async def run() -> None:
        writer = GroupWriter(path, SqliteTransaction, turn_s_max=SOON_S)
        with another_process_has_it(path) as process:
            made = asyncio.ensure_future(writer.write(lambda tx: tx.create_bucket("a", "o", 1)))
            await asyncio.sleep(0)
            async with asyncio.timeout(WAIT_S_MAX):
                await writer.close()
            with pytest.raises(StoreUnavailable, match="the turn to write"):
                await made
            process.kill()

    asyncio.run(run())


def test_what_is_closed_leaves_its_log_in_the_file_though_another_process_keeps_the_turn(tmp_path: Path) -> None:
    """Under the turn only the rest is moved: a long log on a slow disk would keep every other writer waiting."""
    path = tmp_path / "region.db"
    prepare(path, "region")

    async def run() -> None:
        writer = GroupWriter(path, SqliteTransaction, turn_s_max=SOON_S)
        before = path.read_bytes()
        await writer.write(lambda tx: tx.create_bucket("a-name-to-look-for", "o", 1))
        assert path.read_bytes() == before
        with another_process_has_it(path) as process:
            await writer.close()
            assert b"a-name-to-look-for" in path.read_bytes()
            process.kill()

    reader = connect(path)  # The last connection that is closed moves everything.
    try:
        asyncio.run(run())
    finally:
        reader.close()
