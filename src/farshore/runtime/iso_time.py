"""Times as people and programs read them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def iso_time(at_us: int) -> str:
    """Microseconds since the epoch as ISO 8601 in UTC, to the millisecond."""
    second, rest_us = divmod(at_us, 1_000_000)
    return f"{_second(second)}.{rest_us // 1000:03d}+00:00"


@lru_cache(maxsize=16)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
