"""A source and a destination in two regions, and what is explained of them."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.own_api import call
from tests.support.replication import make_pair, wait_for
from tests.support.server import Server

ARRIVAL_S = 60.0
_numbers = itertools.count()


class Pair:
    """A source in us-east-1 and a destination in us-west-2, both versioned."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.s3 = server.client("s3")
        self.there = server.client("s3", "us-west-2")
        number = next(_numbers)
        self.source = f"explain-{os.getpid()}-{number}"
        self.destination = f"explain-{os.getpid()}-{number}-there"
        make_pair(self.s3, self.there, self.source, self.destination)

    def put(self, key: str, **members: Any) -> str:
        return self.s3.put_object(Bucket=self.source, Key=key, Body=b"x", **members)["VersionId"]

    def settled(self, key: str) -> str:
        def status() -> Any:
            found = self.s3.head_object(Bucket=self.source, Key=key).get("ReplicationStatus")
            return found != "PENDING" and found

        return wait_for(status, ARRIVAL_S, f"an end for {key}")

    def explain(self, key: str, bucket: str | None = None, **query: Any) -> dict[str, Any]:
        region = "us-east-1" if bucket is None else "us-west-2"
        return call(self.server, "GET", "/-/explain", region=region, bucket=bucket or self.source, key=key, **query)

    def shell(self, line: str, **environment: str) -> None:
        """Paste a line into a shell, whose PATH has the programs of this environment."""
        self._run(["bash", "-c", line], PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}", **environment)

    def _run(self, command: list[str], **more: str) -> None:
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": self.server.endpoint,
            "AWS_ACCESS_KEY_ID": self.server.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.server.secret_access_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            **more,
        }
        done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr.decode()

    def mends(self, remedy: dict[str, Any], key: str) -> None:
        """The commands of a remedy bring the key to the destination."""
        for command in (remedy["command"], remedy["then"]):
            if command:
                self.shell(command)
        assert self.settled(key) == "COMPLETED"
