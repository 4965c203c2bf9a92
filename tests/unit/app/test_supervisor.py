"""The supervisor, over stand-ins for the server's processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from tests.support.replication import wait_for
from tests.support.server import running

PROGRAM = Path(__file__).with_name("supervised.py")
END_S_MAX = 120


class Supervised:
    """The running program, and what it prints."""

    def __init__(self, *roles: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *roles], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.out: IO[str] = self.process.stdout

    def line(self) -> str:
        return self.out.readline().strip()

    def children(self) -> set[int]:
        return {
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        }

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """The exit code, once it has ended; its other output is `rest`."""
        if not self.out.closed:
            self.rest, self.errors = self.process.communicate(timeout=END_S_MAX)
        return self.process.returncode


Start = Callable[..., Supervised]


@pytest.fixture
def supervised() -> Iterator[Start]:
    started: list[Supervised] = []

    def start(*roles: str) -> Supervised:
        started.append(Supervised(*roles))
        return started[-1]

    yield start
    for program in started:
        program.process.kill()
        program.end()


def test_told_to_end_it_lets_its_processes_finish_and_ends_well(supervised: Start) -> None:
    program = supervised("draining", "draining")
    assert program.line() == "up"
    program.send(signal.SIGTERM)
    assert program.end() == 0
    assert program.rest.split() == ["released", "drained", "drained"]


def test_a_second_signal_kills_what_does_not_finish(supervised: Start) -> None:
    program = supervised("stubborn")
    assert program.line() == "up"
    program.send(signal.SIGINT)
    assert [program.line(), program.line()] == ["released", "told"]
    children = program.children()
    program.send(signal.SIGINT)
    assert program.end() == 1
    assert children
    assert not any(running(pid) for pid in children)


def test_a_process_that_dies_is_replaced_and_the_others_stay(supervised: Start) -> None:
    program = supervised("draining", "draining")
    assert program.line() == "up"
    before = program.children()
    dead = min(before)
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: len(program.children() - before) == 1 and not running(dead), END_S_MAX, "a new process")
    assert len(program.children() & before) == 1
    program.send(signal.SIGTERM)
    program.end()
    assert "killed by SIGKILL" in program.errors + program.rest


def test_a_process_that_does_not_come_up_ends_the_start(supervised: Start) -> None:
    program = supervised("draining", "failing")
    assert program.end() == 1
    assert program.rest.strip() == "the failing process ended at its start (exit code 3)"


def test_its_processes_end_when_it_is_killed(supervised: Start) -> None:
    program = supervised("obedient", "obedient")
    assert program.line() == "up"
    children = program.children()
    assert len(children) == 2
    program.send(signal.SIGKILL)
    wait_for(lambda: not any(running(pid) for pid in children), END_S_MAX, "the end of the children")
