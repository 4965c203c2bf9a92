"""Loads: run by a process of its own against a server, and counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from farshore.bench import floors
from farshore.bench.client import UnexpectedAnswer
from farshore.bench.generator import percentile
from farshore.bench.loads import Endpoint, Generator, Load, Measurement


def measure(tmp_path: Path, *loads: Load) -> list[Measurement]:
    """Run loads, one after another, on the bare server; their endpoint is put in."""

    async def main() -> list[Measurement]:
        file = tmp_path / "file"
        file.write_bytes(bytes(1_000_000))
        async with floors.bare_server(file) as (endpoint, cpu), Generator() as generator:
            return [await generator.run(msgspec.structs.replace(load, endpoint=endpoint), cpu) for load in loads]

    return asyncio.run(main())


NOWHERE = Endpoint(host="127.0.0.1", port=1, access_key_id="key", secret="secret", region="us-east-1")


def test_a_load_makes_each_request_once_and_cycles_when_told(tmp_path: Path) -> None:
    targets = [f"/1024/{number}" for number in range(300)]
    once, cycled, sent = measure(
        tmp_path,
        Load(endpoint=NOWHERE, method="GET", targets=targets, concurrency=16, answer_bytes=1024, timed=True),
        Load(endpoint=NOWHERE, method="GET", targets=["/file"], concurrency=2, seconds=0.2, cycle=True,
             answer_bytes=1_000_000),
        Load(endpoint=NOWHERE, method="PUT", targets=targets, concurrency=16, body_bytes=1024, answer_bytes=0),
    )  # fmt: skip
    assert once.outcome.requests == sent.outcome.requests == 300
    assert len(once.outcome.answered_ns) == 300
    assert all(once.outcome.answered_ns)
    assert cycled.outcome.requests > 2
    assert cycled.outcome.seconds >= 0.2
    assert once.outcome.p50_ms <= once.outcome.p99_ms <= once.outcome.max_ms
    assert once.cpu_us is not None
    assert once.cpu_us > 0


def test_an_unexpected_answer_is_shown(tmp_path: Path) -> None:
    load = Load(endpoint=NOWHERE, method="GET", targets=["/10/a"], concurrency=1, status=404)
    with pytest.raises(UnexpectedAnswer, match=r"GET /10/a HTTP/1\.1\nHTTP/1\.1 200 OK"):
        measure(tmp_path, load)


@pytest.mark.parametrize(
    ("ascending", "share", "value"),
    [([7], 0.99, 7), ([1, 2], 0.5, 1), ([1, 2, 3], 0.5, 2), (range(1, 101), 0.99, 99), (range(1, 102), 0.99, 100)],
)
def test_a_percentile_is_a_value_that_was_measured(ascending: Sequence[float], share: float, value: float) -> None:
    assert percentile(ascending, share) == value
