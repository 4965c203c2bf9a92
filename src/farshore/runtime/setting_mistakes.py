"""Mistakes in settings, in words: which value, and what is allowed in its place."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

import msgspec

ALLOWED = {
    "data": "the path of a folder",
    "host": "an address or the name of this machine",
    "port": "a whole number from 0 to 65535",
    "regions": "at least one name such as us-east-1",
    "regions[]": "a name such as us-east-1: lower-case letters, digits, hyphens between them",
    "workers": "a whole number from 0 to 256",
    "domains": "host names such as s3.example.com",
    "domains[]": "a host name in lower case, such as s3.example.com",
    "replicate": "true or false",
    "batch_share": "a number above 0, 1 at most",
    "retry_when_mended": "true or false",
    "metrics_on_loopback": "true or false",
    "events": "a list of destinations",
    "events[].arn": "the ARN of a queue, topic or function: arn:aws:sqs:REGION:ACCOUNT:NAME",
    "events[].events_max": "a whole number from 1 to 1000",
    "events[].accounts": "a list of account ids",
    "events[].accounts[]": "an account id: 12 digits",
    "event_retention_days": "a number of days above 0",
    "event_backlog_max": "a whole number above 0",
    "audit_log": "off, stdout, file or an absolute path",
    "access_log_every_s": "a number of seconds above 0",
    "drain_s": "a number of seconds, 0 or more",
    "log_format": "auto, text or json",
    "log_level": "debug, info, warning or error",
}
"""By setting; `[]` is any entry of a list."""

_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_FIELD = re.compile(r"(unknown|missing required) field `([^`]+)`")
_STEP = re.compile(r"\w+|\[\d+\]")


def mistake(error: msgspec.ValidationError, value: Any, name: str = "") -> tuple[str, str]:
    """Where a value is wrong (`regions[0]`; empty for a key that is none), and what is wrong, in words.

    Args:
        value: what was converted. name: of the setting that it is; empty where it is the whole of them.
    """
    found = _PLACE.search(str(error))
    inside = "" if found is None else found[1]
    place = f"{name}{inside}" if not name or not inside or inside[0] == "[" else f"{name}.{inside}"
    field = _FIELD.search(str(error))
    if field is not None and field[1] == "unknown":
        return place, _no_such(field[2])
    if field is not None:
        return place, f"{field[2]} is missing"
    allowed = ALLOWED.get(re.sub(r"\[\d+\]", "[]", place))
    if allowed is None:
        return place, str(error).partition(" - at ")[0]
    return place, f"{_at(value, inside)!r} is not allowed; it takes {allowed}"


def nearest(name: str, known: Collection[str], prefix: str = "") -> str:
    """`; do you mean …?` for a name that is nearly one of the known, else nothing. prefix: of what is meant."""
    close = get_close_matches(name, known, 1)
    return f"; do you mean {prefix}{close[0]}?" if close else ""


def _no_such(name: str) -> str:
    settings = {place for place in ALLOWED if "[" not in place}
    return f"there is no setting {name}{nearest(name, settings)}"


def _at(value: Any, path: str) -> Any:
    """The value at a path such as `.regions[0]`."""
    for step in _STEP.findall(path):
        value = value[int(step[1:-1]) if step[0] == "[" else step]
    return value
