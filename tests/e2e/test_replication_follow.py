"""`farshore replication status --follow`: how it stands now, again and again, until it is interrupted."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from typing import IO, Any

import pytest
from tests.support.pairs import ARRIVAL_S, Pair
from tests.support.replication import put_rule
from tests.support.server import START_S_MAX, Server


@pytest.fixture
def pair(server: Server) -> Pair:
    made = Pair(server)
    put_rule(made.s3, made.source, made.destination)
    return made


@contextlib.contextmanager
def following(pair: Pair, *options: str, output: int) -> Generator[subprocess.Popen[bytes]]:
    """The command on its way. It is ended after a time in which everything has happened, however slow the machine is:
    whoever reads from it then sees the end."""
    command = [sys.executable, "-m", "farshore", "replication", "status", pair.source, "--follow", *options]
    process = subprocess.Popen(
        [*command, "--data", str(pair.server.data)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    watchdog = threading.Timer(START_S_MAX + ARRIVAL_S, process.kill)
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def interrupted(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(START_S_MAX)


def break_and_write(pair: Pair, key: str) -> None:
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration={"Status": "Suspended"})
    pair.put(key)


def test_every_look_is_a_line_of_json_that_shows_what_has_changed_since(pair: Pair) -> None:
    with following(pair, "--json", output=subprocess.PIPE) as process:
        assert process.stdout is not None
        looks = looks_of(process.stdout)
        first = looks()
        assert first["failures"] == []
        break_and_write(pair, "k")
        while not (look := looks())["failures"]:
            continue
        assert (look["failures"][0]["code"], look["failures"][0]["last_key"]) == ("DstBucketUnversioned", "k")
        assert look["at"] > first["at"]
        assert interrupted(process) == 0
        process.stdout.close()


def looks_of(lines: IO[bytes]) -> Callable[[], dict[str, Any]]:
    def look() -> dict[str, Any]:
        line = lines.readline()
        assert line, "the command ended"
        return json.loads(line)

    return look


def test_on_a_terminal_the_table_is_drawn_anew_and_no_key_commands_the_terminal(pair: Pair) -> None:
    ours, theirs = pty.openpty()
    try:
        with following(pair, output=theirs) as process:
            os.close(theirs)
            drawn = until(ours, b"time left", b"")
            assert b"DstBucketUnversioned" not in drawn
            break_and_write(pair, "a\x1b]0;owned\x07b")
            drawn = until(ours, b"DstBucketUnversioned", drawn)
            drawn = until(ours, rb"a\u001b]0;owned\u0007b", drawn)
            assert b"\x1b]0;owned" not in drawn
            assert interrupted(process) == 0
    finally:
        os.close(ours)


def until(terminal: int, text: bytes, drawn: bytes) -> bytes:
    """All that was drawn, once the text is among it."""
    while text not in drawn:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # The other side is closed.
            piece = b""
        assert piece, drawn[-2000:]
        drawn += piece
    return drawn
