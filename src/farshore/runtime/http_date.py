"""HTTP's date form (RFC 9110, IMF-fixdate)."""

from __future__ import annotations

from email.utils import formatdate


def http_date(at_us: int) -> str:
    """Microseconds since the epoch as `Tue, 24 Nov 2026 14:00:00 GMT`."""
    return formatdate(at_us // 1_000_000, usegmt=True)
