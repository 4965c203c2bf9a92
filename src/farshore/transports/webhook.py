"""Events to a webhook: a POST for each message, signed with a secret that both sides know.

The signature is over the time and the body, so that a message that was overheard cannot be sent again later:
`X-Farshore-Signature: t=SECONDS,v1=HEX`, where HEX is HMAC-SHA256 of `SECONDS.BODY`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import aiohttp

from farshore.runtime.clock import Clock
from farshore.transports.event_target import Message, Rejected, Unreachable

TIMEOUT_S = 30.0
_ANSWER_BYTES = 200
"""How much of a refusal is kept, for people to read."""

_AGAIN = frozenset((408, 425, 429))
"""Refusals of the moment, not of the message."""


class WebhookTarget:
    """`EventTarget` over HTTP. A 2xx answer takes the message; 4xx rejects it; all else is trouble that passes.

    Args:
        secret: None sends unsigned.
        events_max: events in one message.
    """

    messages_max = 1

    def __init__(self, url: str, *, secret: str | None, clock: Clock, events_max: int = 100) -> None:
        self.events_max = events_max
        self._url = url
        self._secret = None if secret is None else secret.encode()
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, messages: Sequence[Message]) -> None:
        for message in messages:
            await self._post(message)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, message: Message) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), cookie_jar=aiohttp.DummyCookieJar()
            )
        try:
            async with self._session.post(
                self._url, data=message.content, headers=self._headers(message), allow_redirects=False
            ) as answer:
                status = answer.status
                if 200 <= status < 300:
                    return  # What follows the head of such an answer, or does not follow, changes nothing.
                told = (await answer.content.read(_ANSWER_BYTES)).decode("utf-8", "replace")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        what = f"status {status}: {told}" if told else f"status {status}"
        if 400 <= status < 500 and status not in _AGAIN:
            raise Rejected(what)
        raise Unreachable(what)

    def _headers(self, message: Message) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "Farshore", "X-Farshore-Message": message.name}
        if self._secret is not None:
            seconds = str(self._clock.now_us() // 1_000_000)
            digest = hmac.new(self._secret, seconds.encode() + b"." + message.content, hashlib.sha256)
            headers["X-Farshore-Signature"] = f"t={seconds},v1={digest.hexdigest()}"
        return headers
