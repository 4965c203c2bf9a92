"""Times as people and programs read them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def iso_time(at_us: int) -> str:
    """Microseconds since the epoch as ISO 8601 in UTC, to the millisecond: `2026-03-01T12:00:00.000+00:00`."""
    return f"{_millisecond(at_us // 1000)}+00:00"


def zulu_time(at_us: int) -> str:
    """As `iso_time`, as AWS writes it in events and reports: `2026-03-01T12:00:00.000Z`."""
    return f"{_millisecond(at_us // 1000)}Z"


@lru_cache(maxsize=64)  # Of what is busy many things happen in a millisecond.
def _millisecond(at_ms: int) -> str:
    second, rest_ms = divmod(at_ms, 1000)
    return f"{_second(second)}.{rest_ms:03d}"


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
