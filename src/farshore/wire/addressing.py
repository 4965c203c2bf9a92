"""From a request's host, path and query to bucket, key and parameters.

Source: S3 User Guide, "Virtual hosting of general purpose buckets" and "Naming Amazon S3 objects".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from farshore.model.errors import InvalidURI
from farshore.model.query import Query

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST_CHARS_MAX = 255
_ABSOLUTE = re.compile(r"https?://[^/]*", re.IGNORECASE)


def resolve(host: str, raw_path: str, domains: Sequence[str]) -> tuple[str | None, str | None]:
    """Bucket and key of a request, decoded; None for what is not addressed.

    Path-style, unless the host is `<bucket>.<domain>`. Keys are kept as they are: `a//b`, `..`, trailing slashes, and
    `+` is a plus.

    Args:
        host: the Host header; a port and letter case do not matter.
        raw_path: percent-encoded, without query.
        domains: base domains of virtual-host style.
    Raises:
        InvalidURI: no valid percent-encoding or UTF-8, or an empty bucket name before a key.
    """
    if raw_path[:1] != "/":
        raw_path = _ABSOLUTE.sub("", raw_path, count=1) or "/"
        if raw_path[0] != "/":
            raise InvalidURI(URI=raw_path)
    bucket = bucket_of_host(host, domains)
    if bucket is not None:
        return bucket, _decode(raw_path[1:]) or None
    name, _, key = raw_path[1:].partition("/")
    if name:
        return _decode(name), _decode(key) or None
    if key:
        raise InvalidURI(URI=raw_path)
    return None, None


def parse_query(raw_query: str) -> Query:
    """A query's parameters, decoded; `+` is a space; a parameter without `=` has the value "".

    Raises:
        InvalidURI: no valid percent-encoding or UTF-8.
    """
    pairs: list[tuple[str, str]] = []
    for part in raw_query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((_decode(name.replace("+", " ")), _decode(value.replace("+", " "))))
    return Query(pairs)


def bucket_of_host(host: str, domains: Sequence[str]) -> str | None:
    """The bucket of a virtual-host style request; None where the host names none."""
    return _known_host(host, tuple(domains)) if len(host) <= _HOST_CHARS_MAX else _bucket_of_host(host, domains)


@lru_cache(maxsize=1024)
def _known_host(host: str, domains: tuple[str, ...]) -> str | None:
    return _bucket_of_host(host, domains)


def _bucket_of_host(host: str, domains: Sequence[str]) -> str | None:
    if not host or host[0] == "[":
        return None
    name = host.partition(":")[0].rstrip(".").lower()
    longest = ""
    for domain in map(str.lower, domains):
        if name == domain:
            return None
        if len(domain) > len(longest) and name.endswith(domain) and name[-len(domain) - 1] == ".":
            longest = domain
    return name[: -len(longest) - 1] or None if longest else None


def _decode(text: str) -> str:
    if "%" not in text and text.isascii():
        return text
    if _BAD_ESCAPE.search(text):
        raise InvalidURI(URI=text)
    try:
        return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode()
    except UnicodeError as error:
        raise InvalidURI(URI=text) from error
