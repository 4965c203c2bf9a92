"""Failures in the log: once for what is new of a cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.logs import Logs, captured_logs
from tests.support.ways import Ways, on_ways

from farshore.maintenance.failure_notices import FailureNotices


def test_new_failures_of_a_cause_are_one_line(tmp_path: Path) -> None:
    async def test(ways: Ways) -> None:
        notices = FailureNotices(ways.deployed.stores["us-east-1"])
        assert await told(notices) == []
        await ways.put("one", "two")
        home = ways.deployed.directory.bucket_home("there")
        assert home is not None
        await ways.deployed.directory.release_bucket(home)
        await ways.run()
        expected = {"bucket": "source", "destination": "there", "code": "DstBucketNotFound", "log_level": "warning"}
        (line,) = await told(notices)
        assert line | expected | {"failed": 2} == line
        assert await told(notices) == [], "nothing is new"
        ways.clock.move(1)
        await ways.put("three")
        await ways.run()
        (line,) = await told(notices)
        assert (line["failed"], line["last_key"]) == (3, "three")
        (again,) = await told(FailureNotices(ways.deployed.stores["us-east-1"]))
        assert again["failed"] == 3, "a new process tells what stands"

    on_ways(tmp_path, test)


async def told(notices: FailureNotices) -> list[dict[str, Any]]:
    with captured_logs() as logs:
        assert await notices.look() == 0
    return lines_of(logs)


def lines_of(logs: Logs) -> list[dict[str, Any]]:
    return [dict(line) for line in logs.entries if line["event"] == "replication has failed"]
