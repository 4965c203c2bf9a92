"""Time that has passed for what waits in a server's store, without waiting for it."""

from __future__ import annotations

from tests.support.damage import change
from tests.support.server import Server

TIMED = {
    "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
    "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
}
"""Of a rule's Destination, with Replication Time Control."""


def date_back(server: Server, seconds: float) -> None:
    """What waits in the store of the source's region, us-east-1, has waited so much longer."""
    us = int(seconds * 1e6)
    dated = "UPDATE replication_task SET enqueued_us = enqueued_us - ?1, threshold_us = threshold_us - ?1"
    change(server.data, "us-east-1", dated, us)
