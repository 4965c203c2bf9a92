"""The audit log on a file: whole lines, rotated by renaming, and never in the way of who records."""

from __future__ import annotations

import asyncio
import json
import os
import resource
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from tests.support.deployment import MovedLoop
from tests.support.logs import captured_logs

from farshore.model.audit import AuditRecord, Decided, Verdict
from farshore.runtime.counters import Counters
from farshore.transports import audit_log
from farshore.transports.audit_log import AUDIT, AUDIT_SLOTS, GATHER_S, WAITING_BYTES_MAX, AuditLog


def record(name: str) -> AuditRecord:
    return AuditRecord(
        time="t",
        request_id=name,
        host_id="h",
        service="s3",
        status=200,
        decision=Verdict.ALLOW,
        by=Decided(allowed=True, reason="root_of_owner"),
    )


class Kept:
    """An audit log in a test's loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counters = Counters()
        self.log = AuditLog(path, self.counters)

    def record(self, *names: str) -> None:
        for name in names:
            self.log.record(record(name))

    def counted(self) -> dict[str, int]:
        return dict(zip(AUDIT_SLOTS, self.counters.read()[AUDIT], strict=False))

    async def until_counted(self, total: int) -> None:
        """Until so many were written or lost."""
        for _ in range(10_000_000):
            if sum(self.counted().values()) >= total:
                return
            await asyncio.sleep(0)
        raise AssertionError(self.counted())

    def move(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MovedLoop)
        loop.move(seconds)


def names(path: Path) -> list[str]:
    return [json.loads(line)["request_id"] for line in path.read_text().splitlines()]


def keeping(path: Path, test: Callable[[Kept], Awaitable[None]]) -> None:
    async def run() -> None:
        await test(Kept(path))

    with asyncio.Runner(loop_factory=MovedLoop) as runner:
        runner.run(run())


def test_records_are_lines_in_order_and_closing_writes_what_waits(tmp_path: Path) -> None:
    async def test(kept: Kept) -> None:
        kept.record("a", "b")
        kept.move(GATHER_S)
        await kept.until_counted(2)
        assert names(kept.path) == ["a", "b"]
        kept.record("c")
        await kept.log.close()
        assert names(kept.path) == ["a", "b", "c"]
        assert kept.counted() == {"written": 3, "lost": 0}
        assert kept.path.stat().st_mode & 0o777 == 0o600

    keeping(tmp_path / "logs" / "audit.jsonl", test)


def test_text_that_is_none_is_written_in_escapes(tmp_path: Path) -> None:
    async def test(kept: Kept) -> None:
        kept.record("a\udcff", "b")
        await kept.log.close()
        assert names(kept.path) == ["a\udcff", "b"]

    keeping(tmp_path / "audit.jsonl", test)


def test_a_file_that_was_renamed_is_made_anew(tmp_path: Path) -> None:
    async def test(kept: Kept) -> None:
        kept.record("a")
        kept.move(GATHER_S)
        await kept.until_counted(1)
        rotated = kept.path.rename(tmp_path / "rotated")
        kept.record("b")
        await kept.log.close()
        assert (names(rotated), names(kept.path)) == (["a"], ["b"])

    keeping(tmp_path / "audit.jsonl", test)


def test_two_processes_share_a_file(tmp_path: Path) -> None:
    async def test(kept: Kept) -> None:
        other = Kept(kept.path)
        for number in range(300):
            kept.record(f"a{number}")
            other.record(f"b{number}")
        await asyncio.gather(kept.log.close(), other.log.close())
        found = names(kept.path)
        assert [name for name in found if name[0] == "a"] == [f"a{number}" for number in range(300)]
        assert len(found) == 600

    keeping(tmp_path / "audit.jsonl", test)


def test_a_full_disk_loses_records_and_says_so_once() -> None:
    async def test(kept: Kept) -> None:
        with captured_logs() as logs:
            for number in range(3):
                kept.record("a", "b")
                kept.move(GATHER_S)
                await kept.until_counted(2 * number + 2)
        assert kept.counted() == {"written": 0, "lost": 6}
        assert [(each["event"], each["lost"]) for each in logs.entries] == [("audit log cannot be written", 2)]
        assert "No space left on device" in logs.entries[0]["error"]
        await kept.log.close()

    keeping(Path("/dev/full"), test)


def test_a_line_that_the_disk_broke_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    async def test(kept: Kept) -> None:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        with captured_logs() as logs:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20, before[1]))
            try:
                kept.record("a")
                kept.move(GATHER_S)
                await kept.until_counted(1)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
            kept.record("b")
            await kept.log.close()
        torn, whole = kept.path.read_text().splitlines()
        assert len(torn) == 20 and json.loads(whole)["request_id"] == "b"
        assert kept.counted() == {"written": 1, "lost": 1}
        assert logs.events == ["audit log cannot be written", "audit log is written again"]

    keeping(tmp_path / "audit.jsonl", test)


def test_who_records_never_waits_for_a_writer_that_is_stuck(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)  # To open it waits for a reader, who does not come.

    async def test(kept: Kept) -> None:
        kept.record("a")
        kept.move(GATHER_S)
        for _ in range(3):
            await asyncio.sleep(0)
        size = len(msgspec.json.encode(record("b"))) + 1
        kept.record(*["b"] * (WAITING_BYTES_MAX // size + 5))
        assert kept.counted() == {"written": 0, "lost": 5}
        closing = asyncio.ensure_future(kept.log.close())
        await asyncio.sleep(0)
        kept.move(audit_log.CLOSE_S_MAX)
        await closing

    keeping(path, test)
