"""Signed GETs whose answers are read: for what is watched while a load runs, cheaply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from farshore.bench.client import Connection, Exchange, connect
from farshore.bench.loads import Endpoint
from farshore.bench.signing import Signer

_ANSWER_S_MAX = 60.0


class Fetcher:
    """One connection. Made by `open_fetcher`; one GET at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._connection: Connection | None = None
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def get(self, target: str) -> bytes:
        """The body of the answer. Raises UnexpectedAnswer unless its status is 200."""
        endpoint = self._endpoint
        host = f"{endpoint.host}:{endpoint.port}"
        signer = Signer(
            access_key_id=endpoint.access_key_id,
            secret=endpoint.secret,
            region=endpoint.region,
            host=host,
            now=datetime.now(UTC),
        )
        self._answer = asyncio.get_running_loop().create_future()
        if self._connection is None:
            self._connection = await connect(endpoint.host, endpoint.port, self._done, self._failed)
        self._connection.start(Exchange(head=signer.request("GET", target), keep=True))
        async with asyncio.timeout(_ANSWER_S_MAX):
            return await self._answer

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _done(self, _connection: Connection, body: bytes) -> None:
        self._answer.set_result(body)

    def _failed(self, reason: Exception) -> None:
        self._connection = None
        if not self._answer.done():
            self._answer.set_exception(reason)


@asynccontextmanager
async def open_fetcher(endpoint: Endpoint) -> AsyncGenerator[Fetcher]:
    fetcher = Fetcher(endpoint)
    try:
        yield fetcher
    finally:
        fetcher.close()
