"""Time that has passed for what waits in a server's store, without waiting for it."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path

from farshore.metadata.sqlite_session import connect
from farshore.metadata.sqlite_turn import FileTurn
from tests.support.server import Server

TIMED = {
    "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
    "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
}
"""Of a rule's Destination, with Replication Time Control."""


def metadata(server: Server, region: str) -> Path:
    return server.data / "regions" / region / "metadata.sqlite"


@contextlib.contextmanager
def turn(path: Path) -> Generator[None]:
    """Nobody else writes to a store meanwhile."""
    held = FileTurn(path)
    try:
        with held:
            yield
    finally:
        held.close()


def date_back(server: Server, seconds: float) -> None:
    """What waits in the source's store has waited so much longer."""
    path = metadata(server, "us-east-1")
    with turn(path), contextlib.closing(connect(path, writer=True)) as store:
        store.execute(
            "UPDATE replication_task SET enqueued_us = enqueued_us - ?1, threshold_us = threshold_us - ?1",
            (int(seconds * 1e6),),
        )
