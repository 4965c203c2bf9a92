"""Times on the wire: RFC 9110 dates in headers, ISO 8601 in bodies.

Answers take a time as integer microseconds since the epoch (the fast way) or as an aware datetime.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY_S = 86_400
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTES = tuple(f"{minute // 60:02}:{minute % 60:02}:" for minute in range(1440))
_SECONDS = tuple(f"{second:02}" for second in range(60))


def http_date(at: int | datetime) -> str:
    """`Tue, 24 Nov 2026 14:00:00 GMT`."""
    day, second = divmod(_microseconds(at) // 1_000_000, _DAY_S)
    minute, second = divmod(second, 60)
    return f"{_day_names(day)[0]} {_MINUTES[minute]}{_SECONDS[second]} GMT"


def iso_seconds(at: int | datetime) -> str:
    """`2026-11-24T14:00:00.000Z`, cut to whole seconds, as S3 shows the times that it keeps."""
    day, second = divmod(_microseconds(at) // 1_000_000, _DAY_S)
    minute, second = divmod(second, 60)
    return f"{_day_names(day)[1]}{_MINUTES[minute]}{_SECONDS[second]}.000Z"


def iso_milliseconds(at: int | datetime) -> str:
    """`2026-11-24T14:00:00.123Z`, as times that clients give (retention, lifecycle dates) are shown again."""
    milliseconds = _microseconds(at) // 1000
    return f"{iso_seconds(milliseconds * 1000)[:-4]}{milliseconds % 1000:03}Z"


def iso_whole_seconds(at: int | datetime) -> str:
    """`2026-11-24T14:00:00Z`, as IAM and STS show times."""
    return f"{iso_seconds(at)[:-5]}Z"


def parse_timestamp(text: str) -> datetime:
    """An aware UTC datetime from a date in any form of RFC 9110, or ISO 8601.

    Raises:
        ValueError: in neither form, or out of range. A time without an offset is taken as UTC.
    """
    text = text.strip()
    try:
        parsed = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"out of range: {text}") from error


def _microseconds(at: int | datetime) -> int:
    return at if isinstance(at, int) else (at - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=4096)
def _day_names(day: int) -> tuple[str, str]:
    """A day since the epoch as `Tue, 24 Nov 2026` and `2026-11-24T`."""
    date = _EPOCH + timedelta(days=day)
    weekday, month = _WEEKDAYS[date.weekday()], _MONTHS[date.month - 1]
    return f"{weekday}, {date.day:02} {month} {date.year:04}", f"{date.year:04}-{date.month:02}-{date.day:02}T"
