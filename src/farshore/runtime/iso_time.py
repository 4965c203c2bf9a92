"""Times as people and programs read them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_time(at_us: int) -> str:
    """Microseconds since the epoch as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="milliseconds")
