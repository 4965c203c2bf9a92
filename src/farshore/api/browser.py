"""Browsers that open a bucket's objects, or the server itself, as pages.

Objects under path-style addresses are served from the console's origin. Whoever may write an object could so put a
script next to a signed-in console; a browser is told to give such a page an origin of its own. Clients of S3 are no
browsers, so what they are answered stays S3's alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from farshore.wire.addressing import bucket_of_host

ORIGIN_OF_ITS_OWN = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"
"""A Content-Security-Policy: scripts run, but reach nothing of the origin that the object was loaded from."""

_TOLD_BY_BROWSERS = ("Sec-Fetch-Dest", "Sec-Fetch-Mode")
_BROWSERS_AGENT = "Mozilla/"


def opens_page(method: str, headers: Mapping[str, str], domains: Sequence[str]) -> bool:
    """Whether a browser asks for a page of the server's own host; a bucket's host is an origin of its own already."""
    if method != "GET" or "text/html" not in headers.get("Accept", ""):
        return False
    return bucket_of_host(headers.get("Host", ""), domains) is None


def may_become_page(method: str, headers: Mapping[str, str], domains: Sequence[str]) -> bool:
    """Whether a browser asks for an object from the server's own host, for whatever.

    `opens_page` does not know all that ends as a page: `<object>` shows one without asking for HTML (Fetch Standard,
    "Fetching", of the Accept header), and what a script has fetched may be shown out of the browser's cache.
    """
    if method != "GET" or bucket_of_host(headers.get("Host", ""), domains) is not None:
        return False
    return (
        "text/html" in headers.get("Accept", "")
        or headers.get("User-Agent", "").startswith(_BROWSERS_AGENT)
        or any(name in headers for name in _TOLD_BY_BROWSERS)
    )
