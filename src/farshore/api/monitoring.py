"""`/-/metrics`: what Prometheus reads. Closed, unless a token is set or this machine is trusted."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from pathlib import Path

import structlog
from aiohttp import web

from farshore.blobs.store import BlobsUnavailable
from farshore.metadata.store import StoreUnavailable
from farshore.runtime.counters import read_counters
from farshore.service.deployment import Deployment
from farshore.service.exposition import exposition
from farshore.wire.prometheus_text import CONTENT_TYPE, write

_CLOSED = (
    "Metrics are closed. Set FARSHORE_METRICS_TOKEN and send it as `Authorization: Bearer TOKEN`, or set "
    "FARSHORE_METRICS_ON_LOOPBACK=true to open them to this machine.\n"
)
_NO_TOKEN = "A token is needed: send that of FARSHORE_METRICS_TOKEN as `Authorization: Bearer TOKEN`.\n"
_OTHER_TOKEN = "This is not the token of FARSHORE_METRICS_TOKEN, as `Authorization: Bearer TOKEN`.\n"

log = structlog.get_logger()


class Monitoring:
    """Answers for all processes of the server.

    Args:
        folder: where the processes count; None shows this one's counters alone.
        token: None when none is set.
        on_loopback: whether requests from this machine need none. A proxy's requests come from its machine.
    """

    def __init__(self, deployment: Deployment, *, folder: Path | None, token: str | None, on_loopback: bool) -> None:
        self._deployment = deployment
        self._folder = folder
        self._token = token
        self._on_loopback = on_loopback

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        if not self._may(http):
            if self._token is None:
                return web.Response(status=403, text=_CLOSED)
            text = _OTHER_TOKEN if "Authorization" in http.headers else _NO_TOKEN
            return web.Response(status=401, text=text, headers={"WWW-Authenticate": "Bearer"})
        counted = self._deployment.counters.read() if self._folder is None else read_counters(self._folder)
        try:
            families = await exposition(self._deployment, counted)
        except (StoreUnavailable, BlobsUnavailable) as error:
            log.warning("metrics cannot be read", error=str(error))
            return web.Response(status=503, text="A store is unavailable.\n")
        return web.Response(body=write(families).encode(), headers={"Content-Type": CONTENT_TYPE})

    def _may(self, http: web.BaseRequest) -> bool:
        scheme, _, given = http.headers.get("Authorization", "").partition(" ")
        if self._token is not None and scheme.lower() == "bearer":
            return hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), self._token.encode())
        return self._on_loopback and _is_loopback(http.remote)


def _is_loopback(remote: str | None) -> bool:
    try:
        address = ip_address(remote or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
