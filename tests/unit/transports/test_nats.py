"""Events to a NATS server that is not there: told at once and by name, so that the backlog says why it waits."""

from __future__ import annotations

import asyncio
import socket

import pytest

from farshore.transports.event_target import Message, Unreachable
from farshore.transports.nats import NatsTarget

MESSAGE = Message(region="us-east-1", first_id=1, last_id=1, content=b"{}")
PROMPTLY_S = 30
"""Far more than a refused connection takes, far less than the client's own perseverance of two minutes."""


def test_a_server_that_is_not_there_is_unreachable_at_once_and_by_its_own_error() -> None:
    async def main(port: int) -> None:
        target = NatsTarget(f"nats://127.0.0.1:{port}", "s3.told")
        for _ in range(2):  # A target that has failed once is as good as a new one.
            with pytest.raises(Unreachable, match=f"Connect call failed .*{port}"):
                await asyncio.wait_for(target.deliver([MESSAGE]), PROMPTLY_S)
        await target.close()

    with socket.socket() as taken:  # Bound and not listening: whoever connects is refused.
        taken.bind(("127.0.0.1", 0))
        asyncio.run(main(taken.getsockname()[1]))
